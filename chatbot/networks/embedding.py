"""Embeddings: of the pieces that are heard, of their pairs, and of those that are said.

B rows, S source pieces, T target pieces, E embedding, P width of a pair.
"""

import torch
from torch import Tensor, nn

from chatbot.options import NetworkOptions
from chatbot.vocabulary import PAD, SEP

FEW = 4  # an utterance of so many pieces at the most is always heard whole
ROWS = 2**13  # of the table of pairs


class Heard(nn.Module):
    """Embeds the pieces of an utterance. In training a share of them is not heard, so that no sentence can be learnt by heart; one of at most FEW is heard whole.

    It shares no weights with what is said, even in a `tied` network: the output layer pushes all that is never said the same way, which would
    make the words that are only heard alike.
    """

    def __init__(self, vocabulary: int, options: NetworkOptions) -> None:
        super().__init__()
        self.table = nn.Embedding(vocabulary, options.embedding, padding_idx=PAD)
        self.unheard = options.word_dropout
        self.chance: torch.Generator | None = None  # where its randomness comes from; None: torch's own generator

    def forward(self, source: Tensor) -> Tensor:
        """(B, S) -> (B, S, E)."""
        heard = self.table(source)
        if self.training and self.unheard:
            now = utterance(source)
            whole = now & (now.sum(1, keepdim=True) <= FEW)  # (B, S)
            heard = heard * heard.new_empty(*source.shape, 1).bernoulli_(1 - self.unheard, generator=self.chance).masked_fill(whole[:, :, None], 1.0)
        return heard


class Pairs(nn.Module):
    """Embeds an utterance as the pairs of pieces that stand side by side in it, its ends among them: their sum, over the root of their number.

    What pairs of words say, "not bad" and "how old", a sum of single pieces cannot, and it says it of a sentence that is new as well (Wang & Manning 2012). A pair
    finds its row by a hash, so that the table need not grow with the square of the vocabulary (Joulin et al. 2017). In training a share of the pairs is left out.
    """

    def __init__(self, options: NetworkOptions) -> None:
        super().__init__()
        self.table = nn.Embedding(ROWS, options.pairs)
        nn.init.normal_(self.table.weight, std=0.1)
        self.unheard = options.word_dropout
        self.chance: torch.Generator | None = None  # where its randomness comes from; None: torch's own generator

    def forward(self, source: Tensor, now: Tensor) -> Tensor:
        """(B, P) of the pieces of `source` (B, S) that are of the utterance itself, `now` (B, S)."""
        own = source.masked_fill(~now, PAD)
        first, second = nn.functional.pad(own, (1, 0), value=PAD), nn.functional.pad(own, (0, 1), value=PAD)  # (B, S + 1) each
        there = ((first != PAD) | (second != PAD))[:, :, None].to(self.table.weight.dtype)
        if self.training and self.unheard:
            whole = now.sum(1) <= FEW  # (B,)
            heard = there.new_empty(there.shape).bernoulli_(1 - self.unheard, generator=self.chance)
            there = there * heard.masked_fill(whole[:, None, None], 1.0)
        pairs = self.table((first * 1_000_003 + second * 7_919) % ROWS)  # (B, S + 1, P)
        return (pairs * there).sum(1) / there.sum(1).clamp(min=1).sqrt()


def utterance(source: Tensor) -> Tensor:
    """Which pieces of `source` (B, S) are of the utterance itself, and not of the turns before it or padding: (B, S)."""
    return (source != PAD) & ((source == SEP).flip(1).cumsum(1).flip(1) == 0)


class Said(nn.Module):
    """Embeds the pieces of a reply. Small weights, as the output layer that may share them wants, brought to unit size on the way in."""

    def __init__(self, vocabulary: int, options: NetworkOptions) -> None:
        super().__init__()
        self.scale = options.embedding**0.5
        self.table = nn.Embedding(vocabulary, options.embedding, padding_idx=PAD)
        nn.init.normal_(self.table.weight, std=1 / self.scale)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T) -> (B, T, E)."""
        return self.table(tokens) * self.scale
