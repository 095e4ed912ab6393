"""All that decides what a run of `chatbot train` comes to, the corpus apart: what must be the same for an interrupted run to go on."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from chatbot.options import NetworkOptions, TrainingOptions, VocabularyOptions

_FLAGS = {"kind": "vocabulary", "size": "vocab-size", "waits": "wait", "bidirectional": "bidirectional/--one-directional", "tied": "tied/--untied"}


@dataclass(frozen=True)
class Sources:
    """The files of a run."""

    corpora: tuple[Path, ...]
    valid: Path | None = None  # None: a part of the corpora
    mix: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options of a run, each with the value that it has in effect."""

    vocabulary: VocabularyOptions
    network: NetworkOptions
    training: TrainingOptions
    waits: tuple[int, ...]
    history: int
    private: bool
    device: str
    threads: int
    processes: int
    start_from: str | None = None
    known_replies: bool = False
    unsure: str = ""

    def facts(self) -> dict[str, Any]:
        """The settings by the name of their option, fit for JSON."""
        groups = asdict(self)
        flat = {**groups.pop("vocabulary"), **groups.pop("network"), **groups.pop("training"), **groups}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in flat.items()}

    def at(self, threads: int) -> "Settings":
        """The same on that many threads, unless the person has named a number."""
        return self if self.threads else replace(self, threads=max(1, threads))

    def changed_from(self, before: Mapping[str, Any]) -> str:
        """Each option that is not what it was `before`, in words; empty when there is none."""
        return ", ".join(_changed(before, self.facts()))


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What was `before`, and what is there `now`, of each setting that differs."""
    for name in now:
        if name == "processes" and before.get(name) != now[name]:
            yield f"{before.get(name)} processes, not {now[name]}"
        elif name not in before or before[name] != now[name]:
            yield f"--{_FLAGS.get(name, name).replace('_', '-')} {_told(before.get(name))}, not {_told(now[name])}"


def _told(value: Any) -> str:
    """A value as one types it."""
    if isinstance(value, list):
        return ",".join(map(_told, value)) or "none"
    return {True: "on", False: "off", None: "none"}.get(value, str(value)) if isinstance(value, bool | None) else str(value)
