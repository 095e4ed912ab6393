"""What a person has chosen for good: a theme, and keys by the names of the bindings. A file that is broken is told of, and the rest counts.

theme = "ansi-dark"

[keys]
again = "ctrl+g"
stop = "escape,ctrl+k"
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path


@dataclass(frozen=True)
class Preferences:
    """A theme, "" for the usual one; keys by the id of their binding; and what is wrong with the file."""

    theme: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()


def read(path: Path, themes: Iterable[str], bindings: Iterable[str]) -> Preferences:
    """The preferences in the file at `path`, if there is one, as far as there are such themes and bindings."""
    try:
        stored = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Preferences()
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return Preferences(troubles=(f"{path}: cannot be read, so nothing in it counts: {reason}",))
    theme, keys, themes, bindings = stored.pop("theme", ""), stored.pop("keys", {}), [*themes], [*bindings]
    troubles = [f"there is no setting called “{name}”; there are theme and [keys]" for name in stored]
    if theme and theme not in themes:
        troubles.append(f"there is no theme “{theme}”{_nearest(theme, themes)}")
    if not isinstance(keys, dict):
        keys = {}
        troubles.append("keys is not a table; write [keys] and a line for each")
    known = {name: key for name, key in keys.items() if name in bindings and isinstance(key, str) and key and key.isprintable()}
    troubles += [f"keys: “{name}” has no key, or is no name of one{_nearest(name, bindings)}" for name in keys if name not in known]
    return Preferences(theme if theme in themes else "", known, tuple(f"{path}: {trouble}" for trouble in troubles))


def _nearest(name: object, among: Iterable[str]) -> str:
    nearest = get_close_matches(str(name), among, 1)
    return f"; did you mean {nearest[0]}?" if nearest else ""
