"""A conversation on disk: one file of JSON lines, each written and flushed when it is said.

The first line is the head; `own` is how the bundle replies where nobody wishes anything. Every other line is a turn that was answered, numbered from 1; `after` is the number of the turn that it followed, 0 for none,
so that a question asked again, or changed and asked from an earlier turn, stands beside the first one and nothing is lost:

    {"chatbot_session": 1, "bundle": "small-talk", "fingerprint": "3e76…", "started": "2026-11-21T16:30:00+00:00",
     "own": {"known_replies": true, "unsure": "What do you mean?"}}
    {"turn": 1, "after": 0, "utterance": "hello", "reply": "Hello.", "decoding": {"strategy": "greedy", "seed": 0, …}, "facts": {"pieces": 3, …}}
"""

import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from chatbot.errors import OptionError, SessionError
from chatbot.records import Decoding, Planned, Reply
from chatbot.safe_text import safe_json

FORMAT = 1
LARGEST = 64 * 2**20  # bytes of a file that is read
OWN = ("known_replies", "unsure")  # what a bundle says of its decoding

Record = TypeVar("Record", Decoding, Reply, Planned)


@dataclass(frozen=True)
class Told:
    """A turn that was answered: all that the reply depended on, the bundle apart, and the reply."""

    utterance: str
    decoding: Decoding
    reply: Reply
    after: int = 0  # the number of the turn before it; 0: none


@dataclass
class Session:
    """The turns of a conversation with one bundle. With a `folder` they are kept in a file of their own there, from the first one on."""

    bundle: str
    fingerprint: str
    folder: Path | None = None
    turns: list[Told] = field(default_factory=list)
    path: Path | None = None
    trouble: str = ""  # what was wrong with the file that it was read from
    own: Decoding | None = None  # how the bundle replies where nobody wishes anything, if that is known
    _size: int = 0  # bytes of the file, as far as it is ours

    def add(self, told: Told) -> int:
        """Notes a turn and returns its number. Raises SessionError when it cannot be written: it is noted all the same, and nothing is written from then on."""
        self.turns.append(told)
        if self.folder is not None:
            try:
                self._write(self.folder)
            except OSError as error:
                place, self.folder = error.filename or self.folder, None
                raise SessionError(f"the conversation is not kept any more: {error.strerror}", place=place, remedy="/export saves what was said") from None
        return len(self.turns)

    def thread(self, number: int) -> list[int]:
        """The numbers of the turns that lead to turn `number`, that one included, from the first on."""
        numbers = []
        while number:
            numbers.append(number)
            number = self.turns[number - 1].after
        return numbers[::-1]

    def history(self, number: int) -> tuple[tuple[str, str], ...]:
        """What had been said when turn `number` was answered: (utterance, reply), from the first on."""
        return tuple((self.turns[one - 1].utterance, self.turns[one - 1].reply.text) for one in self.thread(number))

    def alternatives(self, number: int) -> list[int]:
        """The numbers of the turns in which the question of turn `number` was asked: that one, and those in which it was asked again."""
        asked = self.turns[number - 1]
        return [one for one, told in enumerate(self.turns, 1) if (told.utterance, told.after) == (asked.utterance, asked.after)]

    def _write(self, folder: Path) -> None:
        """Appends the last turn; where the file is not what we left, or is none, writes all of them to a new one."""
        if self.path is not None and self.path.is_file() and self.path.stat().st_size == self._size:
            lines = [self._line(len(self.turns))]
        else:
            self.path = _claimed(folder, self.bundle)
            head = {"chatbot_session": FORMAT, "bundle": self.bundle, "fingerprint": self.fingerprint, "started": _now()}
            if self.own:
                head["own"] = {name: getattr(self.own, name) for name in OWN}
            lines = [safe_json(head), *(self._line(number) for number in range(1, len(self.turns) + 1))]
        with open(self.path, "ab") as file:
            file.write("".join(f"{line}\n" for line in lines).encode())
            file.flush()
            self._size = os.fstat(file.fileno()).st_size

    def facts(self, number: int) -> dict[str, Any]:
        """Turn `number` as its line has it."""
        told = self.turns[number - 1]
        facts = asdict(told.reply)
        return {"turn": number, "after": told.after, "utterance": told.utterance, "reply": facts.pop("text"), "decoding": asdict(told.decoding), "facts": facts}

    def _line(self, number: int) -> str:
        return safe_json(self.facts(number))


def newest(folder: Path) -> Path:
    """The conversation that was begun last. Raises SessionError when there is none."""
    found = max(folder.glob("*.jsonl"), default=None)  # the name begins with the time
    if found is None:
        raise SessionError("no conversation has been kept yet", place=folder, remedy="leave out --resume")
    return found


def read(path: Path) -> Session:
    """The conversation in the file at `path`, to be gone on with in it.

    Of a broken one what stands before the broken line is read; `trouble` says what is wrong, and what is said next goes to another file. Raises SessionError
    when there is no such file, or no conversation in it.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise SessionError(f"larger than {LARGEST >> 20} MiB", place=path, remedy="name a file that `chatbot talk` has written")
        content = path.read_bytes()
    except OSError as error:
        raise SessionError(f"cannot be read: {error.strerror}", place=path, remedy="name a file that `chatbot talk` has written") from None
    lines = content.removesuffix(b"\n").split(b"\n")
    name, key, own = _head(lines[0], path)
    session = Session(name, key, path.parent, path=path, own=own, _size=len(content))
    try:
        for line in lines[1:]:
            session.turns.append(_turn(line, len(session.turns) + 1))
        broken = "" if content.endswith(b"\n") else "the end of this line is missing"
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, OptionError):
        broken = "not a turn of this conversation"
    if broken:
        session.trouble = str(SessionError(broken, place=f"{path}:{len(session.turns) + 2}:1", remedy="what stands before it was read"))
        session.path = None
    return session


def _head(line: bytes, path: Path) -> tuple[str, str, Decoding | None]:
    """Name and fingerprint of the bundle, and how it replies by itself."""
    try:
        head = json.loads(line)
        if head["chatbot_session"] == FORMAT:
            own = _like(Decoding(), head["own"]) if "own" in head else None
            return _text(head["bundle"]), _text(head["fingerprint"]), own
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OptionError):
        pass
    raise SessionError("not a conversation that this program has written", place=f"{path}:1:1", remedy="name another file")


def _turn(line: bytes, number: int) -> Told:
    """A turn. Raises whatever its being no turn comes to."""
    stored: dict[str, Any] = json.loads(line)
    after, facts = stored["after"], stored["facts"]
    doubted, plan = facts.pop("instead_of"), facts.pop("plan", None)
    planned = None if plan is None else _like(Planned(0, 0.0, 0.0), plan)
    reply = _like(Reply(_text(stored["reply"]), 0.0, 0, 0.0, instead_of=None if doubted is None else _text(doubted), plan=planned), facts)
    told = Told(_text(stored["utterance"]), _like(Decoding(), stored["decoding"]), reply, after)
    if stored["turn"] != number or not isinstance(after, int) or not 0 <= after < number or reply.probability < 0:
        raise ValueError
    return told


def _like(record: Record, stored: dict[str, Any]) -> Record:
    """`record` with the values that are `stored`. Raises TypeError for one of another kind."""
    values = {}
    for name, value in stored.items():
        kind = type(getattr(record, name))
        if not isinstance(value, {float: int | float, tuple: list}.get(kind, kind)) or (kind is tuple and not all(isinstance(one, int) for one in value)):
            raise TypeError
        values[name] = kind(value)
    return replace(record, **values)


def _text(value: object) -> str:
    """`value`, if it is a text that can be written."""
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return value


def _claimed(folder: Path, bundle: str) -> Path:
    """A new file in `folder`, empty and ours alone, however many begin at once: the time, then the bundle."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = f"{datetime.now():%Y-%m-%dT%H%M%S}-{re.sub(r'[^A-Za-z0-9.-]+', '-', bundle)[:60]}"
    path, number = folder / f"{stem}.jsonl", 1
    while True:
        with suppress(FileExistsError):
            path.touch(exist_ok=False)
            return path
        number += 1
        path = folder / f"{stem}-{number}.jsonl"


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
