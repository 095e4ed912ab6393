"""Pairs of utterance and reply, read as a stream from TSV files: UTF-8, exactly one tab a line, no quoting, ever."""

import codecs
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from chatbot.corpus.folding import fold
from chatbot.errors import CorpusError

LONGEST_LINE = 64 * 1024  # bytes; a longer line is no utterance but a file of another kind


class Group(NamedTuple):
    """What `NAME.groups.tsv` says of a line: its topic and, in a late-cue topic, its pair and label."""

    topic: str
    pair: str = ""
    label: str = ""

    @property
    def unit(self) -> str:
        """What the split keeps together: all pairs of a topic with the same filler words."""
        return self.pair.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Pair:
    """An utterance and one reply to it; `history` holds the (utterance, reply) turns before, oldest first."""

    utterance: str
    reply: str
    place: str = ""  # path:line
    history: tuple[tuple[str, str], ...] = ()
    group: Group | None = None


def read_pairs(path: Path, *, history: int = 0) -> Iterator[Pair]:
    """Yields the pairs of one TSV file, each with up to `history` turns of its conversation before it.

    Byte order marks, CRLF and blank lines are accepted. Raises CorpusError, at `file:line:column`, for anything else that is not a pair,
    for a file without pairs, and, with `history`, for a file without blank lines between its conversations.
    """
    groups = read_groups(path)
    turns: deque[tuple[str, str]] = deque(maxlen=history)
    found = conversations = 0
    for number, line in numbered_lines(path):
        if not line.strip(" "):
            turns.clear()
            conversations += 1
            continue
        utterance, reply = _sides(line, f"{path}:{number}")
        found += 1
        yield Pair(utterance, reply, f"{path}:{number}", tuple(turns), groups.get(number))
        turns.append((utterance, reply))
    if not found:
        raise CorpusError("no pairs in it", place=path, remedy="write one pair a line: utterance, a tab, reply")
    if history and not conversations:
        raise CorpusError("no blank line in it, so no conversations", place=path, remedy="end each conversation with a blank line, or leave out --history")


def groups_path(path: Path) -> Path:
    """Where the groups of a corpus stand: NAME.groups.tsv beside NAME.tsv."""
    return path.with_suffix(".groups.tsv")


def read_groups(path: Path) -> dict[int, Group]:
    """The groups of the corpus at `path` by line number; empty when there is no NAME.groups.tsv beside it."""
    if not path.name or not os.path.isfile(beside := groups_path(path)):
        return {}
    groups = {}
    for number, line in numbered_lines(beside):
        fields = line.split("\t")
        if len(fields) != 4 or not fields[0].isdecimal():
            raise CorpusError("not `line, topic, pair, label`", place=f"{beside}:{number}:1", remedy="run `chatbot corpus expand` again, or delete this file")
        groups[int(fields[0])] = Group(*fields[1:])
    return groups


def _sides(line: str, place: str) -> tuple[str, str]:
    """The two sides of a line."""
    first = line.find("\t")
    if first < 0:
        raise CorpusError("no tab", place=f"{place}:{len(line) + 1}", remedy="a line is an utterance, a tab and a reply")
    second = line.find("\t", first + 1)
    if second >= 0:
        raise CorpusError("a second tab", place=f"{place}:{second + 1}", remedy="a line is an utterance, one tab and a reply; write blanks elsewhere")
    utterance, reply = fold(line[:first]), fold(line[first + 1 :])
    if not utterance:
        raise CorpusError("nothing before the tab", place=f"{place}:1", remedy="write the utterance there, or delete the line")
    if not reply:
        raise CorpusError("nothing after the tab", place=f"{place}:{first + 2}", remedy="write the reply there, or delete the line")
    return utterance, reply


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a text file without their ends. Only a line feed ends a line: U+2028 stands inside of one."""
    try:
        with open(path, "rb") as file:
            number = 0
            while raw := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(raw) > LONGEST_LINE:
                    raise CorpusError(
                        f"a line of more than {LONGEST_LINE:,} bytes", place=f"{path}:{number}:1", remedy="is this a TSV file of short utterances?"
                    )
                yield number, _decode(raw, path, number)
    except FileNotFoundError:
        raise CorpusError("no such file", place=path, remedy="check the path") from None
    except IsADirectoryError:
        raise CorpusError("a folder, not a file", place=path, remedy="name a .tsv file, or run `chatbot corpus expand` on a folder of topics") from None
    except OSError as error:
        raise CorpusError(f"cannot be read: {error.strerror}", place=path, remedy="check the path and its permissions") from None


def _decode(raw: bytes, path: Path, number: int) -> str:
    """One line as text."""
    if number == 1:
        raw = raw.removeprefix(codecs.BOM_UTF8)
    raw = raw.removesuffix(b"\n").removesuffix(b"\r")
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"byte {error.start + 1} (0x{raw[error.start]:02X}) is not UTF-8", place=f"{path}:{number}:{error.start + 1}", remedy="save the file as UTF-8"
        ) from None
    if "\0" in line:
        raise CorpusError("a NUL character", place=f"{path}:{number}:{line.index(chr(0)) + 1}", remedy="delete it, or save the file as UTF-8")
    return line
