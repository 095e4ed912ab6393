"""What was found out about all blocks of some corpora, together, and their texts where they must be shown: of a pair some 80 bytes are kept."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatbot.corpus.folding import fold
from chatbot.corpus.inspection import OUTSIDE, SHOWN, Found, Marks, Measures, Problem
from chatbot.corpus.pairs import Block, Count, read_blocks
from chatbot.corpus.recoding import UTF8, encoding_of, first_odd, name_of, read_recoded
from chatbot.corpus.split import Names, Rows, split_rows
from chatbot.errors import CorpusError

ENCODING = "another encoding"


@dataclass(frozen=True)
class Text:
    """A pair as it may be shown, and where it stands."""

    utterance: str
    reply: str
    place: str


class Corpora:
    """The files to look at. Raises CorpusError for what cannot be read."""

    def __init__(self, paths: Sequence[Path], *, history: int = 0) -> None:
        self.paths, self.history = tuple(paths), history
        self.encodings = [encoding_of(path) for path in self.paths]

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """Yields the number of each file, block by block; a file in another encoding as if it were UTF-8."""
        for number, (path, encoding) in enumerate(zip(self.paths, self.encodings, strict=True)):
            if encoding == UTF8:
                yield from ((number, block) for block in read_blocks(path, history=self.history))
            else:
                yield from ((number, Block(lines, history=self.history)) for lines in read_recoded(path, encoding))

    def texts(self, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Text]:
        """The pairs on some lines, by file and line."""
        asked: dict[int, set[int]] = {}
        for file, number in wanted:
            asked.setdefault(file, set()).add(number)
        found = {}
        for file, numbers in asked.items():
            path, last = self.paths[file], max(numbers)
            for lines in read_recoded(path, self.encodings[file]):
                if mine := [number for number in numbers if lines.number <= number < lines.number + len(lines)]:
                    raw = lines.raw.split(b"\n")
                    for number in mine:
                        line = raw[number - lines.number].decode("utf-8", "replace").removeprefix("\ufeff" if number == 1 else "")
                        utterance, _, reply = line.partition("\t")
                        found[file, number] = Text(fold(utterance), fold(reply), f"{path}:{number}")
                if lines.number + len(lines) > last:
                    break
        return found


@dataclass
class Gathering:
    """All that was found so far. Once all blocks have been added, `end`."""

    corpora: Corpora
    needing: int = 0  # lines that need more earlier turns than are read
    scripts: Counter[str] = field(default_factory=Counter)  # of sides
    turns: Counter[int] = field(default_factory=Counter)  # conversations by their number of turns, in files that have blank lines
    marks: list[Marks] = field(default_factory=list)  # of each file
    problems: list[Problem] = field(default_factory=list)  # the first SHOWN
    kinds: Counter[str] = field(default_factory=Counter)  # of all problems
    bad_lines: int = 0  # those of lines
    samples: list[bytes] = field(default_factory=list)  # of each file: of what is not UTF-8
    topics: dict[str, int] = field(default_factory=dict)
    _found: list[Found] = field(default_factory=list)
    _counts: list[Count] = field(default_factory=list)
    _units: dict[int, int] = field(default_factory=dict)
    _runs: list[list[int]] = field(default_factory=list)
    _rows: int = 0

    def __post_init__(self) -> None:
        """Room for each file."""
        for path, encoding in zip(self.corpora.paths, self.corpora.encodings, strict=True):
            self.marks.append(Marks())
            self.samples.append(b"")
            self._runs.append([0])
            self._counts.append(Count(path, history=self.corpora.history))
            if encoding != UTF8:
                problem = Problem(first_odd(path), f"it seems to be {name_of(encoding)}, not UTF-8", "convert it with --fix OUT.tsv")
                self.note([problem], {ENCODING: 1})

    def add(self, found: Found) -> None:
        """Notes a block; blocks come in their order."""
        found.topics = self._known_topics(found)
        self._units |= {self._rows + row: unit for row, unit in found.rows.units.items()}
        self._rows += len(found.numbers)
        self._found.append(found)
        self.needing += found.needing
        self.scripts += found.scripts
        self.marks[found.file].add(found.marks)
        self.note(found.problems, found.kinds)
        self.bad_lines += found.kinds.total()
        self.samples[found.file] = self.samples[found.file] or found.sample
        self._counts[found.file].pairs += len(found.numbers)
        self._counts[found.file].lines += found.lines
        runs = self._runs[found.file]
        runs[-1] += found.runs[0]
        runs += found.runs[1:]

    def note(self, problems: Iterable[Problem], kinds: dict[str, int]) -> None:
        """Notes problems, the first of which will be told."""
        self.problems += list(problems)[: max(0, SHOWN - len(self.problems))]
        self.kinds.update(kinds)

    def end(self) -> NDArray[np.uint8]:
        """The part of each pair, as `split_rows` says. What keeps a file from being trained on at all becomes a problem too."""
        for count, runs in zip(self._counts, self._runs, strict=True):
            if len(runs) > 1:
                self.turns.update(run for run in runs if run)
            try:
                count.check()
            except CorpusError as error:
                self._whole(error)
        try:
            return split_rows(self.rows, place=self.corpora.paths[0])
        except CorpusError as error:
            if self._rows:
                self._whole(error)
            return np.zeros(self._rows, np.uint8)

    def _whole(self, error: CorpusError) -> None:
        """Notes a problem of a whole file, which is told before those of lines."""
        self.problems.insert(0, Problem.of(error))
        self.kinds[error.what] += 1

    def _known_topics(self, found: Found) -> NDArray[np.int32]:
        """The topics of a block by their place among all topics."""
        places = [self.topics.setdefault(name, len(self.topics)) for name in found.names]
        return np.where(found.topics >= 0, np.array([*places, 0], np.int32)[found.topics], found.topics)

    @cached_property
    def rows(self) -> Rows:
        """What the split must know."""
        return Rows(_join([one.rows.utterances for one in self._found], np.uint64), _join([one.rows.replies for one in self._found], np.uint64), self._units)

    @cached_property
    def exact(self) -> Names:
        """(N,) of the pairs as they stand there."""
        return _join([one.exact for one in self._found], np.uint64)

    @cached_property
    def of_topics(self) -> NDArray[np.int32]:
        """(N,) places in `topics`, or OUTSIDE, or THEN."""
        return _join([one.topics for one in self._found], np.int32)

    @property
    def without_topic(self) -> int:
        """Pairs that have no topic, in files in which others have one."""
        files = np.repeat([one.file for one in self._found], [len(one.topics) for one in self._found])
        none = self.of_topics == OUTSIDE
        return int(np.count_nonzero(none & np.isin(files, files[~none])))

    @cached_property
    def heard(self) -> Measures:
        """Of the utterances."""
        return _join_measures([one.heard for one in self._found])

    @cached_property
    def said(self) -> Measures:
        """Of the replies."""
        return _join_measures([one.said for one in self._found])

    @cached_property
    def _firsts(self) -> NDArray[np.int64]:
        """The first row of each block."""
        return np.cumsum([0, *(len(one.numbers) for one in self._found)])

    def line(self, row: int) -> tuple[int, int]:
        """The file and the line of a pair."""
        block = int(np.searchsorted(self._firsts, row, "right")) - 1
        return self._found[block].file, int(self._found[block].numbers[row - self._firsts[block]])

    def texts(self, rows: Iterable[int]) -> dict[int, Text]:
        """Some pairs, by row."""
        lines = {row: self.line(row) for row in rows}
        found = self.corpora.texts(lines.values())
        return {row: found[line] for row, line in lines.items()}


def commonest(names: NDArray, most: int) -> list[tuple[int, int]]:
    """The first row of each of the commonest, and how often it stands there, beginning with the commonest."""
    _, first, times = np.unique(names, return_index=True, return_counts=True)
    order = np.lexsort((first, -times))[:most]
    return [(int(first[place]), int(times[place])) for place in order]


def _join_measures(each: list[Measures]) -> Measures:
    """The same of all texts."""
    kinds = {"characters": np.int32, "pieces": np.int32, "word_counts": np.int32, "words": np.uint32}
    return Measures(**{name: _join([getattr(one, name) for one in each], kind) for name, kind in kinds.items()})


def _join(arrays: list[NDArray], kind: type) -> NDArray:
    """One array of many."""
    return np.concatenate(arrays) if arrays else np.zeros(0, kind)
