"""What is found out about a block of a corpus, whatever is wrong with it: the job of a worker.

N pairs of a block; arrays, not lists, go from process to process.
"""

import codecs
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from chatbot.corpus.folding import HIDDEN
from chatbot.corpus.lines import LONGEST_LINE, Lines
from chatbot.corpus.pairs import Block, Pair
from chatbot.corpus.split import Names, Rows, names_of
from chatbot.corpus.wording import Numbers, pieces, script, words
from chatbot.errors import CorpusError

SHOWN = 20  # problems that are told one by one
OUTSIDE = -1  # the topic of a pair that has none
THEN = -2  # that of a pair which is understood with the turns before it only
NOT_UTF8 = "not UTF-8"

_NUMBERS = Numbers()
_SAMPLE = 4096  # bytes of the lines that are not UTF-8
_CONTROL = "".join(filter(str.isascii, HIDDEN)).encode()


def _in_utf8(characters: str) -> bytes:
    """The pattern of any of these in bytes. Those alike but for their last byte are one class, so that no text of many bytes is slow."""
    ends: dict[bytes, bytes] = {}
    for raw in map(str.encode, characters):
        ends[raw[:-1]] = ends.get(raw[:-1], b"") + raw[-1:]
    return b"|".join(re.escape(first) + b"[" + re.escape(last) + b"]" for first, last in ends.items())


_HIDDEN = re.compile(_in_utf8(HIDDEN))
# U+FFFD; and what becomes of accents and quotation marks when UTF-8 is read as Windows-1252 and written as UTF-8 again
_DAMAGED = re.compile(rb"\xef\xbf\xbd|\xc3[\x82\x83]\xc2[\x80-\xbf]|\xc3\xa2\xe2\x82\xac")


@dataclass(frozen=True)
class Problem:
    """A line, or a file, that training would refuse."""

    place: str
    what: str
    remedy: str

    @classmethod
    def of(cls, error: CorpusError) -> "Problem":
        """What an error says."""
        return cls(str(error.place) if error.place is not None else "", error.what, error.remedy or "")

    @property
    def kind(self) -> str:
        """What is wrong, without what is this line's own."""
        return NOT_UTF8 if self.what.endswith("is not UTF-8") else self.what

    def __str__(self) -> str:
        return str(CorpusError(self.what, place=self.place or None, remedy=self.remedy or None))


@dataclass
class Marks:
    """How a file is written."""

    feeds: int = 0  # lines that end in a line feed alone
    crlf: int = 0  # lines that end as on Windows
    breaks: int = 0  # carriage returns inside of lines
    byte_order_mark: bool = False
    hidden: int = 0  # lines with control characters and others that nobody sees
    first_hidden: str = ""
    damaged: int = 0  # lines that were broken by a wrong encoding before
    first_damaged: str = ""

    def add(self, other: "Marks") -> None:
        """Notes what comes after."""
        self.feeds, self.crlf, self.breaks = self.feeds + other.feeds, self.crlf + other.crlf, self.breaks + other.breaks
        self.hidden, self.damaged = self.hidden + other.hidden, self.damaged + other.damaged
        self.byte_order_mark |= other.byte_order_mark
        self.first_hidden, self.first_damaged = self.first_hidden or other.first_hidden, self.first_damaged or other.first_damaged


@dataclass(frozen=True)
class Measures:
    """What is counted on N texts."""

    characters: NDArray[np.int32]  # (N,)
    pieces: NDArray[np.int32]  # (N,) about
    word_counts: NDArray[np.int32]  # (N,)
    words: NDArray[np.uint32]  # of all texts, joined

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Measures":
        """Those of some texts."""
        all_words = [words(text) for text in texts]
        counts = np.fromiter(map(len, all_words), np.int32, len(texts))
        flat = np.fromiter(map(_NUMBERS.__getitem__, chain.from_iterable(all_words)), np.uint32, int(counts.sum()))
        return cls(np.fromiter(map(len, texts), np.int32, len(texts)), np.fromiter(map(pieces, texts), np.int32, len(texts)), counts, flat)


@dataclass
class Found:
    """What there is in a block."""

    file: int
    read: int  # as of Lines
    lines: int  # blank ones counted
    rows: Rows
    exact: Names  # (N,) of the pairs as they stand there
    numbers: NDArray[np.uint32]  # (N,) lines
    topics: NDArray[np.int32]  # (N,) places in `names`, or OUTSIDE, or THEN
    names: list[str]
    heard: Measures
    said: Measures
    scripts: Counter[str]  # of sides
    runs: list[int]  # lines without a blank one between; the first and the last may go on in other blocks
    marks: Marks
    needing: int  # lines that need more earlier turns than are read, and so are no pairs here
    problems: list[Problem]
    kinds: Counter[str]  # of all problems
    sample: bytes  # of what is not UTF-8


def inspect(task: tuple[int, Block]) -> Found:
    """Reads a block of the file of that number, and goes on after what is no pair."""
    file, block = task
    problems: list[tuple[Problem, bytes]] = []
    try:
        pairs = list(block.pairs())
    except CorpusError:
        problems = []
        pairs = list(_one_by_one(block, problems))
    lines = block.lines
    names: dict[str, int] = {}
    topics = [names.setdefault(pair.group.topic, len(names)) if pair.group and not pair.group.needs else THEN if pair.group else OUTSIDE for pair in pairs]
    said, heard = [pair.reply for pair in pairs], [pair.utterance for pair in pairs]
    return Found(
        file, lines.read, len(lines), Rows.of(pairs), names_of(f"{utterance}\t{reply}" for utterance, reply in zip(heard, said, strict=True)),
        np.array([int(pair.place.rpartition(":")[2]) for pair in pairs], np.uint32), np.array(topics, np.int32), list(names),
        Measures.of(heard), Measures.of(said), Counter(map(script, heard)) + Counter(map(script, said)), _runs(lines), _marks(lines),
        sum(group.needs > block.history for number, group in block.groups.items() if number >= lines.number),
        [problem for problem, _ in problems[:SHOWN]], Counter(problem.kind for problem, _ in problems),
        b"".join(raw for problem, raw in problems if problem.kind == NOT_UTF8)[:_SAMPLE],
    )  # fmt: skip


def _one_by_one(block: Block, problems: list[tuple[Problem, bytes]]) -> Iterator[Pair]:
    """The pairs of a block in which a line is none: each line is read as a block of its own. No history: that is not looked at."""
    path = block.lines.path
    for number, raw in enumerate(io.BytesIO(block.lines.raw), block.lines.number):
        groups = {number: block.groups[number]} if number in block.groups else {}
        try:
            yield from Block(Lines(path, number, raw), b"", groups, block.history).pairs()
        except CorpusError as error:
            problem = Problem.of(error)
            if len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
                problem = replace(problem, what=f"{problem.what}, and what follows it was not read")
            problems.append((problem, raw))


def _runs(lines: Lines) -> list[int]:
    """How many lines stand between blank ones."""
    if not any(sign in lines.raw for sign in (b"\n\n", b"\n\r", b"\n ")) and lines.raw[:1] not in (b"\n", b"\r", b" "):
        return [len(lines)]  # nearly every block
    blanks = [row for row, raw in enumerate(io.BytesIO(lines.raw)) if not raw.strip(b" \r\n")]
    ends = [-1, *blanks, len(lines)]
    return [end - start - 1 for start, end in pairwise(ends)]


def _marks(lines: Lines) -> Marks:
    """How these lines are written."""
    raw = lines.raw
    if mark := lines.number == 1 and raw.startswith(codecs.BOM_UTF8):
        raw = raw[len(codecs.BOM_UTF8) :]
        lines = replace(lines, raw=raw)
    crlf = raw.count(b"\r\n")
    ascii_only = raw.isascii()
    hidden = [] if ascii_only and len(raw.translate(None, _CONTROL)) == len(raw) else _lines_with(_HIDDEN, lines)
    damaged = [] if ascii_only else _lines_with(_DAMAGED, lines)
    return Marks(
        raw.count(b"\n") - crlf, crlf, raw.count(b"\r") - crlf, mark,
        len(hidden), hidden[0] if hidden else "", len(damaged), damaged[0] if damaged else "",
    )  # fmt: skip


def _lines_with(pattern: re.Pattern[bytes], lines: Lines) -> list[str]:
    """The places of the lines in which `pattern` is found."""
    if not pattern.search(lines.raw):
        return []
    found = []
    for number, raw in enumerate(io.BytesIO(lines.raw), lines.number):
        if match := pattern.search(raw):
            found.append(f"{lines.path}:{number}:{len(raw[: match.start()].decode('utf-8', 'replace')) + 1}")
    return found
