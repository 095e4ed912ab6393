"""The first reading of corpora: what the split, the fingerprint and the vocabulary need of them. Of a pair 16 bytes are kept."""

import hashlib
import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.corpus.pairs import Block, Count, groups_path, read_blocks
from chatbot.corpus.split import IN_TRAIN, Rows, places_of, split_rows
from chatbot.dataset.jobs import LEFT_OUT, Found, Task, Topics, read
from chatbot.dataset.workers import Workers

_EVERY = 2**64 - 1


@dataclass(frozen=True)
class Corpora:
    """The files of a data set. `valid` None holds out a part of `paths`."""

    paths: Sequence[Path]
    mix: Sequence[Path]
    valid: Path | None
    history: int
    alone: bool = False  # whether with `history` a file may do without conversations

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that are trained on."""
        return (*self.paths, *self.mix)

    @property
    def named(self) -> tuple[Path, ...]:
        """All of them."""
        return (*self.files, *([self.valid] if self.valid else []))

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """Yields the number of each file, block by block."""
        for number, path in enumerate(self.files):
            for block in read_blocks(path, history=self.history):
                yield number, block

    def stamps(self) -> list[list[int]]:
        """For each file size and time of change, of its groups too: a file of which both are the same is taken for the same file."""
        return [[*_stamp(path), *(_stamp(groups_path(path)) if path.name else ())] for path in self.named]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        facts = os.stat(path)
    except OSError:  # reading it will say so
        return 0, 0
    return facts.st_size, facts.st_mtime_ns


class Meter:
    """How many bytes of the files have been read, of all their bytes."""

    def __init__(self, stage: str, sizes: Sequence[int], tell: Callable[[str, int, int], None]) -> None:
        self.stage, self.before, self.tell = stage, [sum(sizes[:number]) for number in range(len(sizes) + 1)], tell
        self(0, 0)

    def __call__(self, file: int, read: int) -> None:
        """Tells it, when `read` bytes of a file and all files before it have been read."""
        self.tell(self.stage, min(self.before[-1], self.before[file] + read), self.before[-1])


@dataclass
class Scan:
    """What the first reading of some corpora gives."""

    utterances: "array[int]" = field(default_factory=lambda: array("Q"))
    replies: "array[int]" = field(default_factory=lambda: array("Q"))
    units: dict[int, int] = field(default_factory=dict)
    blocks: list[tuple[int, int]] = field(default_factory=list)  # of each its file and how many pairs it has
    digest: Any = field(default_factory=hashlib.sha256)
    topics: Topics = field(default_factory=dict)

    @property
    def rows(self) -> Rows:
        """What the split needs; nothing is copied."""
        return Rows(np.frombuffer(self.utterances, np.uint64), np.frombuffer(self.replies, np.uint64), self.units)

    @property
    def fingerprint(self) -> str:
        """As `fingerprint` makes it of the pairs; "" without any."""
        return self.digest.hexdigest() if self.blocks else ""

    def add(self, found: Found) -> None:
        """Notes a block."""
        first = len(self.utterances)
        self.utterances.frombytes(found.rows.utterances.tobytes())
        self.replies.frombytes(found.rows.replies.tobytes())
        self.units |= {first + row: unit for row, unit in found.rows.units.items()}
        self.blocks.append((found.file, len(found.rows.utterances)))
        self.digest.update(found.digests)
        for owner, replies in found.topics.items():
            known = self.topics.setdefault(owner, {})
            known.update({reply: utterance for reply, utterance in replies.items() if reply not in known})


class Sample:
    """The pairs of the lowest draws: `size` of those that are trained on, or all of a smaller corpus."""

    def __init__(self, size: int) -> None:
        self.size, self.most = size, _EVERY if size else 0
        self.drawn: list[tuple[int, int, str, str]] = []

    def add(self, drawn: Iterable[tuple[int, int, str, str]], first: int) -> None:
        """Notes what was drawn in the block whose first row is `first`; now and then forgets what cannot be needed."""
        self.drawn += [(lot, first + row, utterance, reply) for lot, row, utterance, reply in drawn if lot <= self.most]
        if len(self.drawn) > 3 * self.size:
            self._forget()

    def texts(self, parts: NDArray[np.uint8]) -> tuple[list[str], list[str]]:
        """Utterances and replies of those that are trained on, in the order of the corpus."""
        self._forget()
        chosen = sorted((one for one in self.drawn if parts[one[1]] == IN_TRAIN), key=lambda one: one[0])[: self.size]
        chosen.sort(key=lambda one: one[1])
        return [utterance for _, _, utterance, _ in chosen], [reply for _, _, _, reply in chosen]

    def _forget(self) -> None:
        """Keeps half as many again as are asked for, since some will be held out: always the same, however often it is called."""
        self.drawn.sort(key=lambda one: one[0])
        if len(self.drawn) > (most := self.size + self.size // 2):
            del self.drawn[most:]
            self.most = self.drawn[-1][0]


def scan(pool: Workers, corpora: Corpora, sample: Sample, meter: Meter) -> tuple[Scan, Scan]:
    """Reads all files once: what the corpora give, and what the mix gives. Raises CorpusError."""
    scans = (Scan(), Scan())
    counts = [Count(path, history=0 if corpora.alone else corpora.history) for path in corpora.files]
    checked = rows = 0
    for found in pool.map(read, (Task(block, file, sample.most) for file, block in corpora.blocks())):
        for count in counts[checked : found.file]:
            count.check()
        checked = found.file
        counts[checked].pairs += len(found.rows.utterances)
        counts[checked].lines += found.lines
        sample.add(found.drawn, rows)
        rows += len(found.rows.utterances)
        scans[checked >= len(corpora.paths)].add(found)
        meter(checked, found.read)
    for count in counts[checked:]:
        count.check()
    return scans


def parts_of(scans: tuple[Scan, Scan], corpora: Corpora) -> NDArray[np.uint8]:
    """The part of each pair of all files. What the mix holds out, and what of it the corpora hold out, is in none."""
    parts = split_rows(scans[0].rows, place=corpora.paths[0])
    if corpora.valid:
        parts[:] = IN_TRAIN
    if not corpora.mix:
        return parts
    mixed = split_rows(scans[1].rows, place=corpora.mix[0])
    mixed[mixed != IN_TRAIN] = LEFT_OUT
    held = np.unique(scans[0].rows.utterances[parts != IN_TRAIN])
    mixed[places_of(scans[1].rows.utterances, held) >= 0] = LEFT_OUT
    return np.concatenate((parts, mixed))
