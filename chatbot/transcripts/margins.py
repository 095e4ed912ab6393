"""By how much a greedy reply was said rather than another: its lead, and how far behind it the replies were that were wanted.

A path is the pieces of a reply, its end-mark included, after the number of what was planned where a network plans: the plan is a choice like each piece.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor

from chatbot.batches import pad
from chatbot.bot import Bot, alike
from chatbot.decoding import PLANNING, greedy, stream
from chatbot.records import Decoding
from chatbot.vocabulary import EOS


@dataclass
class Trace:
    """A greedy reply as it was chosen, step by step. Leads are in nats, the least of all steps."""

    wanted: list[list[int]]  # the path of each reply that would do
    path: list[int] = field(default_factory=list)  # what was chosen
    ended: bool = False
    closest: float = math.inf  # the lead over the second choice
    lead: float = math.inf  # the lead over the best choice that leads to no wanted reply, while what was said led to one
    behind: list[float] = field(init=False)  # for each wanted reply its distance where it parts from what was said; 0 if it was said; inf if it could not be

    def __post_init__(self) -> None:
        self.behind = [math.inf] * len(self.wanted)

    def take(self, said: int, scores: list[float], numbers: list[int], allowed: Tensor) -> None:
        """The next step: the best `scores` of the choices `numbers`, and those of all in `allowed` (V,)."""
        step = len(self.path)
        going = [place for place, path in enumerate(self.wanted) if self.path == path[:step] and step < len(path)]
        leading = {self.wanted[place][step] for place in going}
        rivals = [(scores[0] - score, number) for score, number in zip(scores, numbers, strict=True) if number != said]
        self.closest = min([self.closest, *(distance for distance, _ in rivals)])
        if said in leading:
            self.lead = min([self.lead, *(distance for distance, number in rivals if number not in leading)])
        for place in going:
            number, last = self.wanted[place][step], step + 1 == len(self.wanted[place])
            if number != said or last:
                self.behind[place] = scores[0] - allowed[number].item()
        self.path.append(said)


def traced(bot: Bot, heard: Sequence[list[int]], wanted: Sequence[list[list[int]]], decoding: Decoding) -> list[Trace]:
    """The greedy reply to each source in `heard`, a batch of like length at a time, beside the paths of the replies that are `wanted` of it."""
    traces = [Trace(replies) for replies in wanted]
    for places in alike(heard):
        batch = [traces[place] for place in places]
        deep = max(len(trace.wanted) for trace in batch) + 2  # one of them is neither said nor wanted

        def choose(allowed: Tensor, step: int, rows: Sequence[int], *, batch: list[Trace] = batch, deep: int = deep) -> Tensor:
            chosen = greedy(allowed, step, rows)
            if step == PLANNING and not bot.planned:  # which reply has which number was not kept
                return chosen
            scores, numbers = allowed.topk(min(deep, allowed.shape[-1]))
            for place, (row, said) in enumerate(zip(rows, chosen.tolist(), strict=True)):
                if not batch[row].ended:
                    batch[row].take(said, scores[place].tolist(), numbers[place].tolist(), allowed[place])
                    batch[row].ended = said == EOS and step != PLANNING
            return chosen

        for _ in stream(bot.network, pad([heard[place] for place in places], bot.device), choose, bot.limits(decoding)):
            pass
    return traces
