"""Embeddings: of the pieces that are heard, and of those that are said.

B rows, S source pieces, T target pieces, E embedding.
"""

import torch
from torch import Tensor, nn

from chatbot.options import NetworkOptions
from chatbot.vocabulary import PAD, SEP

FEW = 4  # an utterance of so many pieces at the most is always heard whole


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
