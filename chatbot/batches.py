"""Ids, in memory or in mapped files, and length-bucketed batches of them.

B rows, A of them answered aloud, which is to the end, S source pieces, T target pieces, N examples, R replies that repeat. Pieces are counted with the
end-mark on the target side. An epoch is cut at random into pools of POOL examples, each pool is bucketed and cut into batches, and these come in a random
order: so the order of millions of examples is known a pool ahead, and that of a small corpus all at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import NamedTuple

import torch
from torch import Tensor

from chatbot.corpus.pairs import Pair
from chatbot.options import SAID
from chatbot.repeating import UNREPEATED, Fitting, Repeating, Utterances
from chatbot.vocabulary import PAD, Vocabulary, source_ids, target_ids

POOL = 2**17
LEAST_OTHERS = 4000
_STRIPE = 2**14  # rows looked at in one go
OPENING = 4  # pieces that are taught of the others who cannot plan: they decide which reply it will be
BRIEF = 20  # times that an utterance of one piece is heard in an epoch, where replies repeat; one of n pieces 1/n² of that
_RESIDENT = 0.25  # the share of a GPU's free memory that the ids of one side may take; larger ones stay on the host


@dataclass(frozen=True)
class Batch:
    """Rows of one step, of which the first A are answered to the end, and the others only begun.

    The target is shifted here and nowhere else: at each place `tokens` holds what was said, `targets` what comes next.
    """

    source: Tensor  # (B, S)
    tokens: Tensor  # (A, T) begins with BOS
    targets: Tensor  # (A, T) ends with EOS
    rows: Tensor  # (B,) the examples' numbers, on the host
    real: int  # source + target pieces that are not padding
    pieces: int  # target pieces that are not padding
    openings: "Batch | None" = None  # the other rows with what their replies begin with, for who cannot plan

    @property
    def padded(self) -> int:
        """Source + target pieces, padding counted."""
        return self.source.numel() + self.targets.numel()


class Ragged:
    """N rows of ids of unequal length in one flat tensor, so that a batch is one gather. Lengths and starts stay on the host."""

    def __init__(self, rows: Iterable[list[int]], device: torch.device | None = None) -> None:
        rows = list(rows)
        starts = torch.tensor([0, *accumulate(map(len, rows))])
        self._hold(torch.tensor([*chain.from_iterable(rows), PAD]), starts, device)

    @classmethod
    def of(cls, flat: Tensor, starts: Tensor, device: torch.device | None = None) -> "Ragged":
        """The rows that begin at `starts` (N + 1,) in `flat`, of any type of integers, its last id PAD; both may be mapped files."""
        ragged = cls.__new__(cls)
        ragged._hold(flat, starts, device)
        return ragged

    def _hold(self, flat: Tensor, starts: Tensor, device: torch.device | None) -> None:
        self.device = device or flat.device
        self.starts = starts[:-1]  # (N,)
        lengths = starts[1:] - starts[:-1]
        short = not len(lengths) or int(lengths.max()) < 2**14  # so that two of them may be added
        self.lengths = lengths.to(torch.int16 if short else torch.int32)  # (N,) of ten million it matters
        self.flat = flat.to(self.device) if _fits(flat, self.device) else flat

    def rows(self, numbers: list[int] | None = None) -> Iterator[list[int]]:
        """Yields the ids of each row, or of those of that number."""
        some = slice(None) if numbers is None else numbers
        for start, length in zip(map(int, self.starts[some]), map(int, self.lengths[some]), strict=True):
            yield self.flat[start : start + length].tolist()

    def keys(self) -> Tensor:
        """A number for each row, the same for the same: its ids times some factors, modulo 2**64. (N,)"""
        if not len(self.lengths):
            return torch.empty(0, dtype=torch.int64)
        factors = torch.randint(-(2**63), 2**63 - 1, (int(self.lengths.max()),), generator=torch.Generator().manual_seed(0))
        return torch.cat([self._keys(*stripe, factors) for stripe in zip(self.starts.split(_STRIPE), self.lengths.split(_STRIPE), strict=True)])

    def _keys(self, starts: Tensor, lengths: Tensor, factors: Tensor) -> Tensor:
        """The keys of rows that lie one after the other: differences of one running sum."""
        ends = lengths.long().cumsum(0)
        places = torch.arange(int(ends[-1])) - (ends - lengths).repeat_interleave(lengths.long())
        ids = self.flat[int(starts[0]) :][: len(places)].cpu().long()
        sums = torch.cat([torch.zeros(1, dtype=torch.int64), (ids * factors[places]).cumsum(0)])
        return sums[ends] - sums[ends - lengths]

    def padded(self, rows: Tensor) -> Tensor:
        """The rows of that number, padded on the right to the longest: (B, longest). The host waits for nothing."""
        lengths, device = self.lengths[rows].long(), self.flat.device
        longest = int(lengths.max())
        starts, lengths = torch.stack((self.starts[rows], lengths)).to(device, non_blocking=True)[:, :, None]  # (B, 1) each
        places = torch.arange(longest, device=device)
        index = torch.where(places < lengths, starts + places, len(self.flat) - 1)
        return self.flat[index].long().to(self.device, non_blocking=True)


class Blend(NamedTuple):
    """What an epoch hears where some examples are a person's own, and the others are there so that what was known before is not forgotten."""

    own: int  # the first so many examples
    times: int  # that each of them is heard
    others: int  # drawn anew for each epoch

    @classmethod
    def of(cls, own: int, others: int) -> "Blend":
        """About as many of the others as of one's own, each of which is heard more often the fewer they are."""
        drawn = min(others, max(LEAST_OTHERS, 4 * own))
        return cls(own, max(1, round(drawn / own)), drawn)


class Examples:
    """The ids of some pairs, ready to be batched. With a `blend`, an epoch hears of them what it says.

    Where one of few replies is to be `chosen`, an epoch hears each utterance once, with one of the replies to it, drawn anew; and often what is said in a piece
    or two: a "hello" shares no other piece with its like, and is learnt by itself. There most rows teach only which reply it will be, by a plan or by how it begins:
    how it goes on is the same each time, and learnt by heart.
    """

    blend: Blend | None = None
    chosen: bool = False

    def __init__(self, pairs: Iterable[Pair], vocabulary: Vocabulary, device: torch.device | None = None) -> None:
        pairs = list(pairs)
        self.source = Ragged((source_ids(vocabulary, pair.utterance, pair.history) for pair in pairs), device)
        self.target = Ragged((target_ids(vocabulary, pair.reply) for pair in pairs), device)

    @classmethod
    def of(cls, source: Ragged, target: Ragged) -> "Examples":
        """Examples of ids that are there already; each target from BOS to EOS."""
        examples = cls.__new__(cls)
        examples.source, examples.target = source, target
        return examples

    def __len__(self) -> int:
        return len(self.source.lengths)

    def sizes(self, rows: Tensor, aloud: int | None = None) -> tuple[int, int, int]:
        """Of a batch of these examples: target pieces, source + target pieces, and these with padding. No id is touched."""
        source, target = self.source.lengths[rows], self.target.lengths[rows[:aloud]] - 1  # BOS is not said
        pieces = int(target.sum())
        return pieces, int(source.sum()) + pieces, len(rows) * int(source.max()) + len(target) * int(target.max())

    def batch(self, rows: Tensor, aloud: int | None = None, opening: int | None = OPENING) -> Batch:
        """The examples of that number as one batch, of which the first so many are answered `aloud` (at least one), or all; the others with the `opening` of their reply."""
        source, target = self.source.padded(rows), self.target.padded(rows[:aloud])
        pieces, real, _ = self.sizes(rows, aloud)
        openings = None
        if others := len(rows[len(target) :]):
            begun = self.target.padded(rows[-others:])[:, : opening and opening + 1]
            openings = Batch(source[-others:], begun[:, :-1], begun[:, 1:], rows[-others:], 0, 0)
        return Batch(source, target[:, :-1], target[:, 1:], rows, real, pieces, openings)

    def aloud(self, rows: Tensor, seed: int) -> tuple[Tensor, int]:
        """`rows` with those first that are answered aloud, and how many these are: all of them, unless one of few replies is chosen; at least one."""
        if not self.repeating.choices:
            return rows, len(rows)
        draws = torch.rand(len(rows), generator=torch.Generator().manual_seed(seed))
        said = draws < self._said[self.repeating.planned(rows)]
        said[draws.argmin()] = True
        return torch.cat([rows[said], rows[~said]]), int(said.sum())

    @cached_property
    def _said(self) -> Tensor:
        """For each reply that repeats, the share of the rows which have it that say it; 1 for the others. (R + 1,)"""
        own = self.blend.own if self.blend else 0
        times = torch.zeros(self.repeating.distinct + 1)  # about, that each is heard in an epoch
        for some, heard in (
            (slice(0, own), own * self.blend.times if self.blend else 0),
            (slice(own, None), self.blend.others if self.blend else self._heard()),
        ):
            numbers = self.repeating.numbers[some]
            for stripe in numbers.split(_STRIPE):
                times += stripe[stripe != UNREPEATED].long().bincount(minlength=len(times)) * (heard / max(1, len(numbers)))
        return (SAID / times.clamp(min=SAID)).sqrt().index_fill(0, torch.tensor([self.repeating.distinct]), 1.0)

    @cached_property
    def repeating(self) -> Repeating:
        """Which targets repeat; of examples that are not trained on, `numbered` tells which of them do among those that are."""
        return Repeating.of(self.target.keys())

    def numbered(self, numbers: Mapping[tuple[int, ...], int]) -> "Examples":
        """These examples, whose targets that repeat elsewhere have these numbers, all that there are."""
        known = [numbers.get(tuple(ids), UNREPEATED) for ids in self.target.rows()]
        self.repeating = Repeating(torch.tensor(known, dtype=torch.int16), len(numbers), 1.0)
        return self

    @cached_property
    def utterances(self) -> Utterances:
        """Which examples hear the same. One's own are apart: what others reply to the same does not fit there."""
        keys = self.source.keys()
        keys[: self.blend.own if self.blend else 0] ^= 1
        return Utterances.of(keys)

    @cached_property
    def fitting(self) -> Fitting:
        """Which of the targets that repeat fit each source."""
        return Fitting(self.repeating, self.utterances)

    def batches(self, budget: int, generator: torch.Generator | None = None) -> Iterator[Batch]:
        """Yields every example once, or what `blend` and `chosen` say, in batches of at most `budget` padded pieces (one example at least) that are alike in length on both sides.

        With a `generator` both the rows of a batch and the order of the batches are drawn from it; without, they are the same each time.
        """
        return map(self.batch, self.chunks(budget, generator))

    def chunks(self, budget: int, generator: torch.Generator | None = None) -> Iterator[Tensor]:
        """Yields the rows of each batch, no id touched: what `batches` makes batches of. All is drawn from `generator` before the first is yielded."""
        order = self._epoch(generator)
        if generator:
            order = order[torch.randperm(len(order), generator=generator, dtype=torch.int32)]
        pools = order.split(POOL)
        draws: list[torch.Generator | None] = [generator] * len(pools)
        if generator:  # the first pool has the generator itself; each later one its own, since it is assembled while others draw from this one
            draws[1:] = [torch.Generator().manual_seed(seed) for seed in torch.randint(2**62, (len(pools) - 1,), generator=generator).tolist()]
        ready = self._pool(pools[0], budget, draws[0])
        if len(pools) == 1:
            yield from ready
            return
        with ThreadPoolExecutor(1, thread_name_prefix="batches") as ahead:
            for pool, draw in zip(pools[1:], draws[1:], strict=True):
                coming = ahead.submit(self._pool, pool, budget, draw)
                yield from ready
                ready = coming.result()
            yield from ready

    def count(self, budget: int) -> int:
        """How many batches an epoch has: exactly in a corpus of one pool of which nothing is drawn, else an estimate by one pool spread over all."""
        epoch = self._epoch(None)
        spread = epoch[:: max(1, -(-len(epoch) // POOL))]
        batches = len(self._pool(spread, budget, None))
        return max(1, round(batches * len(epoch) / max(1, len(spread))))

    def _epoch(self, generator: torch.Generator | None) -> Tensor:
        """The rows that an epoch hears."""
        if not self.blend:
            if not self.chosen:
                return torch.arange(len(self), dtype=torch.int32)
            order, starts, _ = self.utterances
            each = torch.arange(len(starts) - 1).repeat_interleave(self._times())
            replies = starts.diff()[each]
            return order[starts[each] + (torch.rand(len(each), generator=generator, dtype=torch.float64) * replies if generator else 0 * replies).int()]
        own, times, others = self.blend
        drawn = torch.randperm(len(self) - own, generator=generator)[:others] if generator else torch.linspace(0, len(self) - own - 1, others).long()
        return torch.cat([torch.arange(own).repeat(times), own + drawn]).int()

    def _times(self) -> Tensor:
        """How often an epoch hears each utterance, (U,)."""
        order, starts, _ = self.utterances
        squares = self.source.lengths[order[starts[:-1]]].int().clamp(min=1).square()  # of an utterance of unknown characters no piece is left
        return (BRIEF // squares).clamp(min=1)

    def _heard(self) -> int:
        """How many examples an epoch hears, where there is no blend."""
        return int(self._times().sum()) if self.chosen else len(self)

    def _pool(self, order: Tensor, budget: int, generator: torch.Generator | None) -> list[Tensor]:
        """The rows of each batch of a pool: sorted by source length, then by target length to and fro, and cut where the budget is full."""
        source, target = self.source.lengths[order].long(), self.target.lengths[order].long() - 1
        # To and fro, so that the target lengths do not jump where one source length ends and the next begins.
        sorting = torch.argsort(source * 100_000 + torch.where(source % 2 == 0, target, 50_000 - target), stable=True)
        cuts, first, most_source, most_target = [], 0, 0, 0
        for place, (s, t) in enumerate(zip(source[sorting].tolist(), target[sorting].tolist(), strict=True)):
            most_source, most_target = max(most_source, s), max(most_target, t)
            if place > first and (place + 1 - first) * (most_source + most_target) > budget:
                cuts.append(place)
                first, most_source, most_target = place, s, t
        chunks = torch.tensor_split(order[sorting].long(), cuts)
        return [chunks[number] for number in torch.randperm(len(chunks), generator=generator).tolist()] if generator else list(chunks)


def pad(rows: Iterable[list[int]], device: torch.device | None = None) -> Tensor:
    """`rows` as one tensor, padded on the right: (B, longest)."""
    rows = list(rows)
    return Ragged(rows, device).padded(torch.arange(len(rows)))


def _fits(flat: Tensor, device: torch.device) -> bool:
    """Whether the ids may lie on `device`."""
    return device.type != "cuda" or flat.numel() * flat.element_size() < _RESIDENT * torch.cuda.mem_get_info(device)[0]
