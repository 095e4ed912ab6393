"""What the workers compute. Free of torch, so that they start in a moment.

N pairs of a block; arrays, not lists, go from process to process.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatbot.corpus.fingerprint import digest
from chatbot.corpus.folding import fold
from chatbot.corpus.pairs import Block, Pair
from chatbot.corpus.split import IN_TRAIN, Names, Rows, unheard
from chatbot.errors import CorpusError
from chatbot.options import VocabularyOptions
from chatbot.vocabulary import BOS, EOS, SEP, Vocabulary

LEFT_OUT = 3  # beside IN_TRAIN, IN_VALID and IN_TEST: the part of a pair that is not used

Topics = dict[tuple[str, str, int], dict[str, str]]  # by topic, label and turns needed: each reply, and an utterance that it was given to


@dataclass(frozen=True)
class Task:
    """A block, and which of its pairs may be drawn for the vocabulary: those whose draw is at most `most`."""

    block: Block
    file: int  # the number of its file
    most: int = 0


@dataclass
class Found:
    """What a first reading of a block finds out."""

    file: int
    read: int  # as of Lines
    lines: int  # blank ones counted
    rows: Rows
    digests: bytes  # of the pairs, joined
    drawn: list[tuple[int, int, str, str]] = field(default_factory=list)  # draw, row, utterance, reply
    topics: Topics = field(default_factory=dict)


def read(task: Task) -> Found:
    """Reads a block: the names of its pairs, and some of them as they are. Raises CorpusError for what is no pair."""
    pairs = list(task.block.pairs())
    lines = task.block.lines
    found = Found(task.file, lines.read, len(lines), Rows.of(pairs), b"".join(map(digest, pairs)))
    for pair in pairs:
        if pair.group:
            found.topics.setdefault((pair.group.topic, pair.group.label, pair.group.needs), {}).setdefault(pair.reply, pair.utterance)
    if task.most:
        draws = draw(line_numbers(pairs), task.file)
        for row in np.flatnonzero(draws <= np.uint64(task.most)).tolist():
            found.drawn.append((int(draws[row]), row, pairs[row].utterance, pairs[row].reply))
    return found


def line_numbers(pairs: Sequence[Pair]) -> NDArray[np.uint32]:
    """Where each pair stands in its file."""
    return np.array([int(pair.place.rpartition(":")[2]) for pair in pairs], np.uint32)


def draw(lines: NDArray[np.uint32], file: int) -> Names:
    """A lot for each line of a file, 64 bits spread evenly: whoever draws it, the same (splitmix64, Steele et al. 2014)."""
    z = (lines.astype(np.uint64) + (np.uint64(file) << np.uint64(40))) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@dataclass(frozen=True)
class TrainVocabulary:
    """Trains a vocabulary of these options."""

    options: VocabularyOptions

    def __call__(self, texts: tuple[list[str], list[str]]) -> bytes:
        """The model for these utterances and replies. Raises OptionError."""
        return Vocabulary.train(*texts, self.options).model


@dataclass
class Cut:
    """The ids of a block's pairs that are trained on, and the pairs that are held out."""

    source: NDArray[np.int32]  # joined
    source_lengths: NDArray[np.int64]
    target: NDArray[np.int32]  # joined, each from BOS to EOS
    target_lengths: NDArray[np.int64]
    lines: NDArray[np.uint32]  # where they stand
    used: NDArray[np.bool_]  # (N,) which are trained on
    held: list[tuple[int, Pair]]  # part, pair
    shown: list[Pair]  # the first of those that are trained on
    left_out: int  # pairs that are too long
    torn: int  # follow-ups to what is held out
    read: int  # as of Lines


@dataclass
class CutIntoPieces:
    """Cuts the pairs of a block into pieces. A side of more than `limit` pieces leaves a pair out.

    What is trained on hears nothing that is held out: its history begins after it, and a follow-up that needs it is left out.
    """

    model: bytes
    lowercase: bool
    limit: int
    shown: int  # the most of `Cut.shown`

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Loaded in the process that uses it."""
        return Vocabulary(self.model, lowercase=self.lowercase)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "vocabulary"}

    def __call__(self, task: tuple[Block, NDArray[np.uint8], NDArray[np.uint8]]) -> Cut:
        """`task` is a block, the part of each of its pairs, and the parts of as many pairs before it as may be history."""
        block, parts, before = task
        every = list(block.pairs())
        if len(every) != len(parts):
            raise changed(block.lines.path)
        held_lines = _held_lines(block, every, parts, before) if block.history else set()
        rows = [(row, part, pair) for row, (part, pair) in enumerate(zip(parts.tolist(), every, strict=True)) if part != LEFT_OUT]
        pairs = [pair for _, _, pair in rows]
        said = self.vocabulary.encode_all([pair.reply for pair in pairs])
        heard = self._heard(pairs)
        used, torn = np.zeros(len(parts), bool), 0
        sources, targets, trained, held = [], [], [], []
        for (row, part, pair), target in zip(rows, said, strict=True):
            source = heard[pair.utterance]
            if len(source) > self.limit or len(target) > self.limit:
                continue
            if part != IN_TRAIN:
                held.append((part, pair))
                continue
            if held_lines and pair.history:
                if not (left := unheard(pair, held_lines)):
                    torn += 1
                    continue
                pair = left
            used[row] = True
            trained.append(pair)
            sources.append([*_turns(heard, pair), *source] if pair.history else source)
            targets.append([BOS, *target, EOS])
        source_flat, source_lengths = _joined(sources)
        target_flat, target_lengths = _joined(targets)
        return Cut(
            source_flat, source_lengths, target_flat, target_lengths, line_numbers(trained), used, held, trained[: self.shown],
            len(rows) - len(trained) - len(held) - torn, torn, block.lines.read,
        )  # fmt: skip

    def _heard(self, pairs: Sequence[Pair]) -> dict[str, list[int]]:
        """The ids of all that is heard."""
        texts = list(dict.fromkeys(text for pair in pairs for text in (pair.utterance, *(side for turn in pair.history for side in turn))))
        return dict(zip(texts, self.vocabulary.encode_all([fold(text.lower()) for text in texts] if self.lowercase else texts), strict=True))


def _held_lines(block: Block, every: list[Pair], parts: NDArray[np.uint8], before: NDArray[np.uint8]) -> set[int]:
    """The lines of a block, and of those before it, that are not trained on. `every` are its pairs."""
    earlier = list(block.earlier.pairs()) if block.before else []
    if len(earlier) > len(before):
        raise changed(block.lines.path)
    known = np.concatenate((before[len(before) - len(earlier) :], parts))
    return set(line_numbers([*earlier, *every])[known != IN_TRAIN].tolist())


def changed(path: Path) -> CorpusError:
    """What is wrong with a file that is not the one that was read before."""
    return CorpusError("changed while it was being read", place=path, remedy="start again")


def _turns(heard: dict[str, list[int]], pair: Pair) -> Iterator[int]:
    """The ids of a pair's history, each side closed by SEP, as in `source_ids`."""
    for turn in pair.history:
        for side in turn:
            yield from heard[side]
            yield SEP


def _joined(rows: Sequence[list[int]]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The ids of all rows, and how many each has."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    return np.fromiter((number for row in rows for number in row), np.int32, int(lengths.sum())), lengths
