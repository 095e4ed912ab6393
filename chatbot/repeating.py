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
STEPS = 2  # of a walk from a reply to others
MOST_FITTING = 64  # replies to the same that a step may lead to
_STRIPE = 2**10  # steps walked in one go
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
    (label propagation: Zhu & Ghahramani 2002). An utterance with more than MOST_FITTING replies leads nowhere: whatever is said after "ok" fits nothing else.
    """

    def __init__(self, repeating: Repeating, utterances: Utterances) -> None:
        self.repeating, self.utterances = repeating, utterances

    def __call__(self, rows: Tensor) -> Tensor:
        """How well each reply fits what each of `rows` (B,) hears: (B, R + 1), each row summing to 1."""
        replies, shares, starts = self._given
        heard = self.utterances.numbers[rows].long()
        times = starts[heard + 1] - starts[heard]
        bags = times.cumsum(0) - times  # where the replies to each begin
        places = torch.arange(int(times.sum())) + (starts[heard] - bags).repeat_interleave(times)
        return functional.embedding_bag(replies[places], self._walked, bags, mode="sum", per_sample_weights=shares[places])

    @property
    def _all(self) -> int:
        return self.repeating.distinct + 1

    @cached_property
    def _given(self) -> tuple[Tensor, Tensor, Tensor]:
        """The distinct replies to each utterance, one utterance after the other, their shares of its examples, and where those of each begin (U + 1,)."""
        numbers, utterances = self.utterances.numbers.long(), len(self.utterances.starts) - 1
        codes, times = (numbers * self._all + self.repeating.planned(torch.arange(len(numbers)))).unique(return_counts=True)
        heard = codes // self._all
        starts = torch.cat([torch.zeros(1, dtype=torch.long), heard.bincount(minlength=utterances).cumsum(0)])
        return codes % self._all, times / self.utterances.starts.diff()[heard], starts

    @cached_property
    def _walked(self) -> Tensor:
        """How often a walk leads from each reply to each: (R + 1, R + 1), rows summing to 1."""
        here, there, share = self._steps
        walked = torch.eye(self._all)
        for _ in range(STEPS):
            before, walked = walked, torch.zeros_like(walked)
            for some in torch.arange(len(here)).split(_STRIPE):
                walked.index_add_(0, here[some], share[some, None] * before[there[some]])
        return walked

    @cached_property
    def _steps(self) -> tuple[Tensor, Tensor, Tensor]:
        """The steps that there are: from which reply, to which, and how often of those from there. From what does not repeat none leads away."""
        replies, shares, starts = self._given
        times = starts.diff()
        place = torch.arange(len(replies)) - starts[:-1].repeat_interleave(times)  # among the replies to its utterance
        left = torch.where(times > MOST_FITTING, 0, times).repeat_interleave(times) - place  # from this one on
        alone = torch.arange(self._all)  # as if each were given once alone, so that from each some step leads
        codes, often = [alone * self._all + alone], [torch.ones(self._all)]
        for apart in range(MOST_FITTING):
            one = (left > apart).nonzero()[:, 0]
            for here, there in ((one, one + apart), (one + apart, one))[: 1 + (apart > 0)]:
                leads = (replies[here] < self.repeating.distinct) | (here == there)
                codes.append((replies[here] * self._all + replies[there])[leads])
                often.append((shares[here] * shares[there])[leads])
        code, which = torch.cat(codes).unique(return_inverse=True)
        times = torch.zeros(len(code)).index_add_(0, which, torch.cat(often))  # one after the other, at any number of threads: equal seeds give equal bits
        here = code // self._all
        return here, code % self._all, times / torch.zeros(self._all).index_add_(0, here, times)[here]
