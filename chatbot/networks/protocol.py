"""The one interface of all networks, and all that is carried from one token to the next.

B rows, S source pieces, T target pieces, V vocabulary, H hidden, L layers, R replies that repeat.
"""

from typing import NamedTuple, Protocol

from torch import Tensor
from torch.nn.functional import one_hot


class Memory(NamedTuple):
    """What may be looked at during a reply; fixed for the whole of it."""

    keys: Tensor  # (B, S, H) projected once, when the utterance has been heard
    values: Tensor  # (B, S, C)
    mask: Tensor  # (B, S) True where there is something to look at

    def rows(self, index: Tensor) -> "Memory":
        """The rows of that index, in that order."""
        return Memory(*(part[index] for part in self))


class Plan(NamedTuple):
    """The replies that may be meant, before it is decided which."""

    opinions: tuple[Tensor, ...]  # logits (B, R + 1) each, taught each by itself; the last reply is one that does not repeat
    told: Tensor  # (R + 1, H) what a decoder is told of each
    by_heart: bool = True  # whether it says a reply that repeats from that alone

    @property
    def logits(self) -> Tensor:
        """What the opinions come to, (B, R + 1): their mean, so that a reply must seem likely to all of them (a product of experts: Hinton 2002)."""
        return sum(self.opinions[1:], self.opinions[0]) / len(self.opinions)

    def rows(self, index: Tensor) -> "Plan":
        """The rows of that index, in that order."""
        return self._replace(opinions=tuple(logits[index] for logits in self.opinions))

    def only(self, numbers: Tensor) -> Tensor:
        """The weights (N, R + 1) of having in mind one reply alone, that of each of `numbers` (N,)."""
        return one_hot(numbers, len(self.told))


class Context(NamedTuple):
    """ALL that is carried from one token to the next. Rows are independent of each other."""

    state: tuple[Tensor, ...]  # (L, B, H) each: one for an RNN or GRU, two for an LSTM
    memory: Memory | None
    position: Tensor  # (B,) how many reply pieces have been decoded: the interrupter's clock
    plan: Plan | None = None  # until it is decided

    def rows(self, index: Tensor) -> "Context":
        """Reorders, repeats or drops rows: this alone gives beam search and several samples of one utterance."""
        memory, plan = self.memory and self.memory.rows(index), self.plan and self.plan.rows(index)
        return Context(tuple(part[:, index] for part in self.state), memory, self.position[index], plan)

    def siblings(self, index: Tensor) -> "Context":
        """The same among rows that heard the same, such as those of a beam: what they look at is the same too, and stays where it is."""
        return self._replace(memory=None).rows(index)._replace(memory=self.memory)

    def decided(self, weights: Tensor | None = None) -> "Context":
        """With each of the planned replies in mind as much as `weights` (B, R + 1) say; by default as likely as it is. Without a plan, this.

        By heart, what was heard is passed on only as far as the reply is one that does not repeat.
        """
        if self.plan is None:
            return self
        weights = (self.plan.logits.softmax(-1) if weights is None else weights).to(self.state[-1].dtype)
        own = weights[:, -1:] if self.plan.by_heart else 1.0  # (B, 1)
        *others, last = (part * own for part in self.state)
        return self._replace(state=(*others, last + weights @ self.plan.told.to(last.dtype)), plan=None)


class Network(Protocol):
    """Hears an utterance, then says a reply."""

    def encode(self, source: Tensor) -> Context:
        """Listens once to `source` (B, S), padded on the right."""
        ...

    def decode(self, tokens: Tensor, context: Context) -> tuple[Tensor, Context]:
        """Logits (B, T, V) of what follows each of `tokens` (B, T), for any T >= 1, and the context after the last."""
        ...
