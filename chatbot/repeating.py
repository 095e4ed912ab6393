"""Replies that repeat: which they are, and which of them fit what was said.

N examples, U utterances, R replies that repeat, B rows of a batch. Examples are known by the keys of what they hear and of what they reply: the same
number for the same (`Ragged.keys`).
"""

from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

COUNTED = 200_000  # examples that are looked at to see which replies repeat
MOST_REPEATING = 8192  # of them, the commonest
WALKED = 2**20  # examples that tell which replies are given to the same
STEPS = 2  # of a walk from a reply to others
MOST_BESIDE = 32  # replies to the same that a step may lead to
UNREPEATED = -1


class Repeating(NamedTuple):
    """The replies that several examples have, numbered."""

    numbers: Tensor  # (N,) that of each example, or UNREPEATED
    distinct: int
    share: float  # of the examples those whose reply another has had before

    @classmethod
    def of(cls, keys: Tensor) -> "Repeating":
        """Which replies repeat, by their `keys` (N,); of very many examples, which of the first do, and where these stand among all."""
        if not len(keys):
            return cls(torch.empty(0, dtype=torch.int16), 0, 0.0)
        distinct, which, times = keys[:COUNTED].unique(return_inverse=True, return_counts=True)
        first = torch.full_like(distinct, len(keys)).scatter_reduce(0, which, torch.arange(len(which)), "amin")
        by_first = first.argsort()
        common = by_first[times[by_first].argsort(descending=True, stable=True)][: min(MOST_REPEATING, int((times > 1).sum()))]
        number = torch.full((len(distinct),), UNREPEATED, dtype=torch.int16)
        number[common] = torch.arange(len(common), dtype=torch.int16)
        place = torch.searchsorted(distinct, keys).clamp(max=len(distinct) - 1)
        return cls(number[place].where(distinct[place] == keys, UNREPEATED), len(common), 1 - len(distinct) / len(which))

    @property
    def choices(self) -> int:
        """Among how many replies one is chosen; 0 where most replies are made anew."""
        return self.distinct if self.share >= 0.5 else 0

    def examples(self) -> list[int]:
        """For each number the first example that has it."""
        first = {number: row for row, number in reversed(list(enumerate(self.numbers.tolist())))}
        return [first[number] for number in range(self.distinct)]

    def planned(self, rows: Tensor) -> Tensor:
        """The number that a plan has for the reply of each of `rows` (B,): the last for one that does not repeat."""
        numbers = self.numbers[rows].long()
        return numbers.where(numbers != UNREPEATED, self.distinct)


class Utterances(NamedTuple):
    """What is heard in some examples, each once."""

    order: Tensor  # (N,) the examples, those that hear the same side by side
    starts: Tensor  # (U + 1,) where those of each utterance begin in `order`
    numbers: Tensor  # (N,) which utterance each example hears

    @classmethod
    def of(cls, keys: Tensor) -> "Utterances":
        """Which examples hear the same, by the `keys` (N,) of what they hear."""
        ordered, order = keys.sort(stable=True)
        fresh = torch.ones_like(ordered, dtype=torch.bool)
        fresh[1:] = ordered[1:] != ordered[:-1]
        starts = torch.cat([fresh.nonzero()[:, 0], torch.tensor([len(keys)])])
        return cls(order.int(), starts.int(), torch.empty_like(order).scatter_(0, order, fresh.cumsum(0) - 1).int())


class Fitting:
    """Which replies fit what each example hears, as far as the pairs tell: what a plan is taught.

    Of several replies that would fit, a pair gives one by chance, and a network that learns by heart which one learns nothing. So a reply fits an utterance as
    far as a walk leads to it: from the utterance to one of its replies, on to an utterance that has this one, to one of that one's replies, and once more so
    (label propagation: Zhu & Ghahramani 2002).
    """

    def __init__(self, repeating: Repeating, utterances: Utterances) -> None:
        self.repeating, self.utterances = repeating, utterances

    def __call__(self, rows: Tensor) -> Tensor:
        """How well each reply fits what each of `rows` (B,) hears: (B, R + 1), each row summing to 1."""
        first, last = self.utterances.starts[self.utterances.numbers[rows].long() + torch.arange(2)[:, None]]  # (B,) each
        times = last - first
        bags = times.cumsum(0) - times  # where the replies to each begin
        places = torch.arange(int(times.sum())) + (first - bags).repeat_interleave(times)
        replies = self.repeating.planned(self.utterances.order[places])
        return functional.embedding_bag(replies, self._walked, bags.long(), mode="mean")

    @cached_property
    def _walked(self) -> Tensor:
        """How often a walk leads from each reply to each: (R + 1, R + 1), rows summing to 1. From what does not repeat it leads nowhere else."""
        order, replies_in_all = self.utterances.order[:WALKED], self.repeating.distinct + 1
        replies, heard = self.repeating.planned(order), self.utterances.numbers[order]
        share = 1 / self.utterances.starts.diff()[heard]  # that an example has of the replies to its utterance
        steps = torch.eye(replies_in_all)  # as if each were given once alone, so that from each some step leads
        for apart in range(min(MOST_BESIDE, len(order))):
            here, there = slice(len(order) - apart), slice(apart, None)
            times = share[here] * share[there] * (heard[here] == heard[there])
            for one, other in ((here, there), (there, here))[: 1 + (apart > 0)]:
                steps.index_put_((replies[one], replies[other]), times, accumulate=True)
        steps[-1] = functional.one_hot(torch.tensor(replies_in_all - 1), replies_in_all)
        return (steps / steps.sum(1, keepdim=True)).matrix_power(STEPS)
