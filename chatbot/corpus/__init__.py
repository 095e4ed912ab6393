"""Pairs of utterance and reply: files, topics, the split."""
