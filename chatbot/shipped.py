"""What travels with the program: corpora and trained bundles, in the wheel or in the source tree."""

from pathlib import Path

BUNDLES = ("small-talk", "small-talk.ko")  # the first is talked with by default

_PACKAGE = Path(__file__).parent


def shipped(kind: str) -> Path:
    """The folder of the shipped `models` or `corpora`."""
    packed = _PACKAGE / "shipped" / kind
    return packed if packed.is_dir() else _PACKAGE.parent / kind
