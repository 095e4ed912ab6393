"""How the person left the panel: so the next talk begins."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from chatbot.files import write_whole


@dataclass(frozen=True)
class Remembered:
    """Whether the panel is open, and whether its ladder is drawn while the person types."""

    compare: bool = False
    live_ladder: bool = False


def recall(path: Path | None) -> Remembered:
    """What was kept at `path`, if that is not broken. In the first talk of all the panel is open: who does not know of it would not look for it."""
    if path is None:
        return Remembered()
    try:
        stored = json.loads(path.read_bytes())
        return Remembered(stored["compare"] is True, stored["live_ladder"] is True)
    except FileNotFoundError:
        return Remembered(compare=True)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Remembered()


def keep(path: Path | None, remembered: Remembered) -> None:
    """Notes it at `path`, if there is one that can be written: nobody is bothered where not."""
    if path is not None:
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(path, json.dumps(asdict(remembered)).encode())
