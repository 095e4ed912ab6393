"""Pairs of utterance and reply, read as a stream from TSV files: UTF-8, exactly one tab a line, no quoting, ever."""

import os
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from chatbot.corpus.folding import fold, key
from chatbot.corpus.lines import BLOCK, Lines, numbered_lines, read_lines
from chatbot.errors import CorpusError
from chatbot.records import whole_number

PACKED = (".gz", ".zst")

_OTHERS = {  # what makes pairs of other files
    **dict.fromkeys((".csv", ".json", ".jsonl", ".txt"), "a line is an utterance, a tab and a reply; `chatbot corpus import` makes such of tables and chats"),
    ".topic": "that is a file of topics: `chatbot corpus expand` makes pairs of the folder that it is in",
}
_BLANK_LINE = re.compile(rb"^ *\r?\n", re.MULTILINE)
_NO_GROUP = (0, 0, None)  # after the last
_EXPAND = "run `chatbot corpus expand` again, which writes both, or delete this file"


class Group(NamedTuple):
    """What `NAME.groups.tsv` says of a line: its topic, what it is kept together with, what else its reply depends on, and what it follows.

    The two utterances of a late-cue pair have one `pair` and two labels. What a frame makes with the values of a slot are pairs of one
    utterance each, labelled with the value when replies use it. `needs` says how many earlier turns are needed to understand the utterance.
    """

    topic: str
    pair: str = ""
    label: str = ""
    needs: int = 0

    @property
    def unit(self) -> str:
        """What the split keeps together: all pairs of a topic with the same filler words, or all values in one frame."""
        return self.pair.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Pair:
    """An utterance and one reply to it; `history` holds the (utterance, reply) turns before, oldest first."""

    utterance: str
    reply: str
    place: str = ""  # path:line
    history: tuple[tuple[str, str], ...] = ()
    group: Group | None = None

    @property
    def name(self) -> str:
        """What its utterance is known as: the folded utterance, and if it needs earlier turns the topic with it. So it is held out, and so it is judged."""
        name = key(self.utterance)
        return f"{self.group.topic}\t{name}" if self.group and self.group.needs else name


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines of a corpus, and all that their pairs need: it can be read anywhere, in any order."""

    lines: Lines
    before: bytes = b""  # the lines before it that may be history
    groups: dict[int, Group] = field(default_factory=dict)  # of its lines and of those before, by number
    history: int = 0  # turns at the most

    @property
    def earlier(self) -> "Block":
        """The lines before it as a block, whose pairs may lack history."""
        return Block(Lines(self.lines.path, self.lines.number - self.before.count(b"\n"), self.before), b"", self.groups, self.history)

    def pairs(self) -> Iterator[Pair]:
        """Yields the pairs of these lines that need no more turns than are read. Raises CorpusError at `file:line:column`."""
        path, first = self.lines.path, self.lines.number
        turns: deque[tuple[str, str]] = deque(maxlen=self.history)
        before = [self.earlier.lines] if self.before else []
        for lines in (*before, self.lines):
            for number, line in lines:
                if not line.strip(" "):
                    turns.clear()
                    continue
                place = f"{path}:{number}"
                utterance, reply = _sides(line, place)
                if number >= first:
                    group = self.groups.get(number)
                    if group is None or group.needs <= self.history:
                        yield Pair(utterance, reply, place, tuple(turns), group)
                turns.append((utterance, reply))


class Count:
    """What was found in a file so far; `check` it at the end."""

    def __init__(self, path: Path, *, history: int) -> None:
        self.path, self.history, self.pairs, self.lines = path, history, 0, 0

    def check(self) -> None:
        """Raises CorpusError for a file without pairs, and, with `history`, for one without blank lines."""
        if not self.pairs:
            raise CorpusError("no pairs in it", place=self.path, remedy="write one pair a line: utterance, a tab, reply")
        if self.history and self.pairs == self.lines:
            remedy = "end each conversation with a blank line, or leave out --history"
            raise CorpusError("no blank line in it, so no conversations", place=self.path, remedy=remedy)


def read_pairs(path: Path, *, history: int = 0, alone: bool = False) -> Iterator[Pair]:
    """Yields the pairs of one TSV file, each with up to `history` turns of its conversation before it. What needs more turns is left out.

    Byte order marks, CRLF and blank lines are accepted; `.gz` and `.zst` are unpacked. Raises CorpusError, at `file:line:column`, for anything
    else that is not a pair, for a file without pairs, and, with `history`, for a file without blank lines between its conversations, unless its
    pairs may stand `alone`.
    """
    count = Count(path, history=0 if alone else history)
    for block in read_blocks(path, history=history):
        count.lines += len(block.lines)
        for pair in block.pairs():
            count.pairs += 1
            yield pair
    count.check()


def read_blocks(path: Path, *, history: int = 0, size: int = BLOCK) -> Iterator[Block]:
    """Yields one TSV file in blocks of about `size` bytes. In a file without a blank line each pair stands alone, whatever `history` is.

    Raises CorpusError for what cannot be read, and for groups of lines that are blank or not there; `Block.pairs` for what is no pair.
    """
    if history and not any(_BLANK_LINE.search(lines.raw) for lines in read_lines(path, size=size)):
        history = 0
    groups = _group_lines(path)
    at, number, group = next(groups, _NO_GROUP)
    before = b""
    theirs: dict[int, Group] = {}
    for lines in read_lines(path, size=size):
        end = lines.number + len(lines)
        theirs = {number: group for number, group in theirs.items() if number >= lines.number - history}
        rows = lines.raw.split(b"\n") if group and number < end else []
        while group and number < end:
            if not rows[number - lines.number].strip(b" \r"):
                raise _of_another(path, at, number)
            theirs[number] = group
            at, number, group = next(groups, _NO_GROUP)
        yield Block(lines, before, theirs, history)
        if history:
            before = _last_lines(before + lines.raw, history)
    if group:
        raise _of_another(path, at, number)


def groups_path(path: Path) -> Path:
    """Where the groups of a corpus stand: NAME.groups.tsv beside NAME.tsv, NAME.tsv.gz or NAME.tsv.zst."""
    return (path.with_suffix("") if path.suffix in PACKED else path).with_suffix(".groups.tsv")


def _group_lines(path: Path) -> Iterator[tuple[int, int, Group]]:
    """The groups of the corpus at `path`, each after the number of its own line and that of its pair, in order; none without a NAME.groups.tsv beside it."""
    if not path.name or not os.path.isfile(beside := groups_path(path)):
        return
    last = 0
    for number, line in numbered_lines(beside):
        fields = line.split("\t")
        line_number, needs = whole_number(fields[0]), whole_number(fields[-1]) if len(fields) == 5 else 0
        if len(fields) not in (4, 5) or not line_number or needs is None:
            raise CorpusError("not `line, topic, pair, label, needs`", place=f"{beside}:{number}:1", remedy=_EXPAND)
        if line_number < last:
            raise CorpusError(f"line {line_number} after line {last}", place=f"{beside}:{number}:1", remedy=_EXPAND)
        last = line_number
        yield number, last, Group(fields[1], fields[2], fields[3], needs)


def _of_another(path: Path, at: int, number: int) -> CorpusError:
    """What is wrong where line `at` of the groups is of a line that the corpus at `path` does not have: who edited it gave pairs the topics of others."""
    return CorpusError(f"no pair on line {number} of {path.name}, so these are not the topics of it", place=f"{groups_path(path)}:{at}:1", remedy=_EXPAND)


def _last_lines(raw: bytes, most: int) -> bytes:
    """The last lines of `raw`."""
    start = len(raw) - raw.endswith(b"\n")
    for _ in range(most):
        start = raw.rfind(b"\n", 0, max(0, start))
        if start < 0:
            return raw
    return raw[start + 1 :]


def _sides(line: str, place: str) -> tuple[str, str]:
    """The two sides of a line."""
    sides = line.split("\t")
    if len(sides) == 2 and (utterance := fold(sides[0])) and (reply := fold(sides[1])):
        return utterance, reply
    if len(sides) == 1:
        remedy = _OTHERS.get(Path(place.rpartition(":")[0]).suffix.lower(), "a line is an utterance, a tab and a reply")
        raise CorpusError("no tab", place=f"{place}:{len(line) + 1}", remedy=remedy)
    first = len(sides[0])
    if len(sides) > 2:
        column = first + len(sides[1]) + 2
        raise CorpusError("a second tab", place=f"{place}:{column}", remedy="a line is an utterance, one tab and a reply; write blanks elsewhere")
    if not fold(sides[0]):
        raise CorpusError("nothing before the tab", place=f"{place}:1", remedy="write the utterance there, or delete the line")
    raise CorpusError("nothing after the tab", place=f"{place}:{first + 2}", remedy="write the reply there, or delete the line")
