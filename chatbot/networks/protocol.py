"""The one interface of all networks, and all that is carried from one token to the next.

B rows, S source pieces, T target pieces, V vocabulary, H hidden, L layers.
"""

from typing import NamedTuple, Protocol

from torch import Tensor


class Memory(NamedTuple):
    """What may be looked at during a reply; fixed for the whole of it."""

    keys: Tensor  # (B, S, H) projected once, when the utterance has been heard
    values: Tensor  # (B, S, C)
    mask: Tensor  # (B, S) True where there is something to look at

    def rows(self, index: Tensor) -> "Memory":
        """The rows of that index, in that order."""
        return Memory(*(part[index] for part in self))


class Context(NamedTuple):
    """ALL that is carried from one token to the next. Rows are independent of each other."""

    state: tuple[Tensor, ...]  # (L, B, H) each: one for an RNN or GRU, two for an LSTM
    memory: Memory | None
    position: Tensor  # (B,) how many reply pieces have been decoded: the interrupter's clock

    def rows(self, index: Tensor) -> "Context":
        """Reorders, repeats or drops rows: this alone gives beam search and several samples of one utterance."""
        return Context(tuple(part[:, index] for part in self.state), self.memory.rows(index) if self.memory else None, self.position[index])

    def siblings(self, index: Tensor) -> "Context":
        """The same among rows that heard the same, such as those of a beam: what they look at is the same too, and stays where it is."""
        return self._replace(memory=None).rows(index)._replace(memory=self.memory)


class Network(Protocol):
    """Hears an utterance, then says a reply."""

    def encode(self, source: Tensor) -> Context:
        """Listens once to `source` (B, S), padded on the right."""
        ...

    def decode(self, tokens: Tensor, context: Context) -> tuple[Tensor, Context]:
        """Logits (B, T, V) of what follows each of `tokens` (B, T), for any T >= 1, and the context after the last."""
        ...
