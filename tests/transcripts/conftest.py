"""These transcripts are played by tests/test_transcripts_shipped.py, each folder with the bundle of its name."""

collect_ignore_glob = ["*.chat"]
