"""Ids in memory, and length-bucketed batches of them.

B rows, S source pieces, T target pieces, N examples. Pieces are counted with the end-mark on the target side.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from chatbot.corpus.pairs import Pair
from chatbot.vocabulary import BOS, EOS, PAD, SEP, Vocabulary


@dataclass(frozen=True)
class Batch:
    """Rows of one step. The target is shifted here and nowhere else: at each place `tokens` holds what was said, `targets` what comes next."""

    source: Tensor  # (B, S)
    tokens: Tensor  # (B, T) begins with BOS
    targets: Tensor  # (B, T) ends with EOS
    rows: Tensor  # (B,) the examples' numbers
    real: int  # source + target pieces that are not padding

    @property
    def padded(self) -> int:
        """Source + target pieces, padding counted."""
        return self.source.numel() + self.targets.numel()


class Ragged:
    """N rows of ids of unequal length in one flat tensor, so that a batch is one gather."""

    def __init__(self, rows: Iterable[list[int]], device: torch.device | None = None) -> None:
        rows = list(rows)
        self.lengths = torch.tensor([len(row) for row in rows])
        self.starts = torch.tensor([0, *accumulate(len(row) for row in rows)])[:-1]
        self.flat = torch.tensor([number for row in rows for number in row] + [PAD], device=device)

    def padded(self, rows: Tensor) -> Tensor:
        """The rows of that number, padded on the right to the longest: (B, longest)."""
        lengths, starts = self.lengths[rows], self.starts[rows]
        places = torch.arange(int(lengths.max()))
        index = torch.where(places < lengths[:, None], starts[:, None] + places, len(self.flat) - 1)
        return self.flat[index.to(self.flat.device)]


class Examples:
    """The ids of some pairs, ready to be batched."""

    def __init__(self, pairs: Iterable[Pair], vocabulary: Vocabulary, device: torch.device | None = None) -> None:
        pairs = list(pairs)
        self.source = Ragged((source_ids(vocabulary, pair.utterance, pair.history) for pair in pairs), device)
        self.target = Ragged(([BOS, *vocabulary.encode(pair.reply), EOS] for pair in pairs), device)

    def __len__(self) -> int:
        return len(self.source.lengths)

    def batch(self, rows: Tensor) -> Batch:
        """The examples of that number as one batch."""
        target = self.target.padded(rows)
        real = int(self.source.lengths[rows].sum() + self.target.lengths[rows].sum()) - len(rows)
        return Batch(self.source.padded(rows), target[:, :-1], target[:, 1:], rows, real)

    def batches(self, budget: int, generator: torch.Generator | None = None) -> Iterator[Batch]:
        """Yields every example once, in batches of at most `budget` padded pieces (one example at least) that are alike in length on both sides.

        With a `generator` both the rows of a batch and the order of the batches are drawn from it; without, they are the same each time.
        """
        chunks = self._chunks(budget, generator)
        order = torch.randperm(len(chunks), generator=generator).tolist() if generator else range(len(chunks))
        for number in order:
            yield self.batch(chunks[number])

    def _chunks(self, budget: int, generator: torch.Generator | None) -> list[Tensor]:
        """The rows of each batch: sorted by source length, then by target length to and fro, and cut where the budget is full."""
        order = torch.randperm(len(self), generator=generator) if generator else torch.arange(len(self))
        source, target = self.source.lengths[order], self.target.lengths[order] - 1
        # To and fro, so that the target lengths do not jump where one source length ends and the next begins.
        sorting = source * 100_000 + torch.where(source % 2 == 0, target, 50_000 - target)
        order = order[torch.argsort(sorting, stable=True)]
        lengths = zip(self.source.lengths[order].tolist(), (self.target.lengths[order] - 1).tolist(), strict=True)
        cuts, first, longest = [], 0, (0, 0)
        for place, (s, t) in enumerate(lengths):
            longest = (max(longest[0], s), max(longest[1], t))
            if place > first and (place + 1 - first) * sum(longest) > budget:
                cuts.append(place)
                first, longest = place, (s, t)
        return list(torch.tensor_split(order, cuts))


def source_ids(vocabulary: Vocabulary, utterance: str, history: Iterable[tuple[str, str]] = ()) -> list[int]:
    """What a network hears: the turns before, each closed by SEP, then the utterance."""
    ids = []
    for turn in history:
        for side in turn:
            ids += [*vocabulary.hear(side), SEP]
    return ids + vocabulary.hear(utterance)


def pad(rows: Iterable[list[int]], device: torch.device | None = None) -> Tensor:
    """`rows` as one tensor, padded on the right: (B, longest)."""
    rows = list(rows)
    return Ragged(rows, device).padded(torch.arange(len(rows)))
