"""The interrupter: an RNN that says a piece for each piece that it hears (wait-k, Ma et al. 2019).

B rows, S source pieces, T target pieces, V vocabulary, E embedding, H hidden, L layers.
"""

from bisect import bisect_right

import torch
from torch import Tensor, nn

from chatbot.networks.embedding import Heard, Said
from chatbot.networks.protocol import Context, Memory
from chatbot.networks.recurrence import Dropout, Recurrence
from chatbot.networks.seq2seq import Speak
from chatbot.networks.undrawn import Undrawn
from chatbot.options import NetworkOptions
from chatbot.vocabulary import BOS, EOS, PAD, SEP

ROUNDING = 0.04  # the share of its parameters that an interrupter may lack for a rounder width


class TokenByTokenRNN(nn.Module):
    """h_t = RNN([E(x_{t+k-1}); E(y_{t-1})], h_{t-1}), and p(y_t | x_1 … x_{t+k-1}, y_1 … y_{t-1}) from h_t, with wait k.

    It hears piece t+k-1 of the utterance in the step in which it must say piece t of the reply. The k-1 pieces before its first, and the turns
    of a history with them, it hears silently: the same step, fed BOS in place of a piece of its own. Once the utterance has ended it hears
    end-marks. Its only handicap is what it has not heard yet.
    """

    def __init__(self, options: NetworkOptions, vocabulary: int, *, hidden: int, wait: int = 1) -> None:
        super().__init__()
        assert wait >= 1
        self.options, self.wait = options, wait
        self.heard = Heard(vocabulary, options)
        self.said = Said(vocabulary, options)
        self.recurrence = Recurrence(options.cell, 2 * options.embedding, hidden, options.layers, dropout=options.dropout)
        self.speak = Speak(options, hidden, self.said)
        self.dropout = Dropout(options.dropout)

    def encode(self, source: Tensor) -> Context:
        """Hears silently what comes before the first piece of a reply to `source` (B, S), and remembers the utterance that closes it.

        In training that waits for the reply, so that one fused run covers both: the position is then negative, by the pieces still to be heard.
        """
        start = utterance_start(source)  # (B,)
        silent = start + self.wait - 1  # (B,) pieces to hear without a word
        everything = self.remember(source)
        context = Context(self.recurrence.zeros(everything.values), everything, -silent)
        return context if self.training else self._hear(context)

    def _hear(self, context: Context) -> Context:
        """Hears what is to be heard before the first piece of a reply, a piece at a time, and remembers the utterance alone."""
        state, silent = context.state, -context.position
        for step in range(int(silent.max())):
            said = torch.full_like(silent, BOS)[:, None]
            new = self._listen(self._heard(context.memory, torch.full_like(silent, step)[:, None]), said, state)[1]
            still = (step < silent)[None, :, None]
            state = tuple(torch.where(still, one, other) for one, other in zip(new, state, strict=True))
        return Context(state, from_place(context.memory, silent - self.wait + 1), torch.zeros_like(silent))

    def remember(self, source: Tensor) -> Memory:
        """The utterance as it is heard, a piece at a time. A longer one may take its place while the reply goes on."""
        values = self.heard(source)  # (B, S, E)
        return Memory(values, values, source != PAD)

    def decode(self, tokens: Tensor, context: Context) -> tuple[Tensor, Context]:
        """Logits (B, T, V) of what follows each of `tokens` (B, T), hearing one more piece of the utterance with each."""
        steps = tokens.shape[1]
        if self.training and (silence := int(-context.position.min())) > 0:
            if steps > 1:
                return self._hear_and_say(tokens, context, silence)
            context = self._hear(context)
        places = context.position[:, None] + self.wait - 1 + torch.arange(steps, device=tokens.device)  # (B, T)
        outputs, state = self._listen(self._heard(context.memory, places), tokens, context.state)
        return self.speak(outputs), Context(state, context.memory, context.position + steps)

    def _hear_and_say(self, tokens: Tensor, context: Context, silence: int) -> tuple[Tensor, Context]:
        """`decode` of a whole reply before which up to `silence` pieces are still to be heard, in one fused run over both.

        A row that hears fewer runs on for nothing until the others have ended, so nothing can follow: there is no context after it.
        """
        rows, steps = tokens.shape
        places = torch.arange(silence + steps, device=tokens.device).expand(rows, -1)  # (B, silence + T) of the source
        spoken = places + context.position[:, None]  # of the reply; negative in the silence
        said = torch.where(spoken < 0, BOS, tokens.gather(1, spoken.clamp(0, steps - 1)))
        outputs = self._listen(self._heard(context.memory, places), said, context.state)[0]  # (B, silence + T, H)
        own = torch.arange(steps, device=tokens.device) - context.position[:, None]  # (B, T)
        return self.speak(outputs.gather(1, own[:, :, None].expand(-1, -1, outputs.shape[-1]))), Context((), None, context.position + steps)

    def _listen(self, heard: Tensor, said: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Outputs (B, T, H) for `heard` (B, T, E) and the pieces `said` (B, T) before each."""
        return self.recurrence(self.dropout(torch.cat([heard, self.said(said)], -1)), state)

    def _heard(self, memory: Memory | None, places: Tensor) -> Tensor:
        """What is heard at `places` (B, T) of the source: (B, T, E); the end-mark after its end."""
        assert memory is not None
        end = self.heard.table.weight[EOS]
        index = places.clamp(max=memory.values.shape[1] - 1)
        heard = memory.values.gather(1, index[:, :, None].expand(-1, -1, memory.values.shape[-1]))
        inside = memory.mask.gather(1, index) & (places < memory.values.shape[1])
        return torch.where(inside[:, :, None], heard, end)


def utterance_start(source: Tensor) -> Tensor:
    """The place of the first piece of the present utterance in each row of `source` (B, S): the one after the last SEP."""
    places = torch.arange(1, source.shape[1] + 1, device=source.device)
    return torch.where(source == SEP, places, 0).amax(1)


def from_place(memory: Memory | None, start: Tensor) -> Memory:
    """The rows of `memory` from `start` (B,) on, padded on the right."""
    assert memory is not None
    places = start[:, None] + torch.arange(memory.values.shape[1], device=start.device)  # (B, S)
    index = places.clamp(max=memory.values.shape[1] - 1)
    values = memory.values.gather(1, index[:, :, None].expand_as(memory.values))
    return Memory(values, values, memory.mask.gather(1, index) & (places < memory.values.shape[1]))


def parameters(network: nn.Module) -> int:
    """How many weights `network` has; a shared matrix counts once."""
    return sum(weight.numel() for weight in network.parameters())


def twin(options: NetworkOptions, vocabulary: int, *, wait: int, target: int) -> TokenByTokenRNN:
    """The interrupter whose number of parameters is nearest to `target`: the hidden width is what gives."""

    def off(hidden: int) -> int:
        """By how many parameters too large."""
        with torch.device("meta"), Undrawn():
            return parameters(TokenByTokenRNN(options, vocabulary, hidden=hidden, wait=wait)) - target

    high = 2
    while off(high) < 0:
        high *= 2
    low = bisect_right(range(high), 0, lo=1, key=off) - 1
    rounded = low - low % 8  # whole cache lines for the fused kernels
    hidden = rounded if low > 64 and -off(rounded) <= target * ROUNDING else min((max(1, low), low + 1), key=lambda width: abs(off(width)))
    return TokenByTokenRNN(options, vocabulary, hidden=hidden, wait=wait)
