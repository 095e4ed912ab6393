"""Embeddings: of the pieces that are heard, of what stands side by side among them, and of those that are said.

B rows, S source pieces, T target pieces, V vocabulary, E embedding, G width of a gram.
"""

import torch
from torch import Tensor, nn

from chatbot.options import NetworkOptions
from chatbot.vocabulary import PAD, SEP

FEW = 4  # an utterance of so many pieces at the most is always heard whole
FACTOR, PRIME = 1_000_003, 2**31 - 1  # of the hash of a gram


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


class Grams(nn.Module):
    """Embeds an utterance by what stands side by side in it, its ends among them: pieces by twos, and letters by threes and fours.

    `letters` (V, L) are those of each piece, 0 after the last; without them pieces alone count. It is the sum of the grams over the root of their number. What
    pairs of words say, "not bad" and "how old", a sum of single pieces cannot, and it says it of a sentence that is new as well (Wang & Manning 2012); by its
    letters a word is known in a form that was never heard, or mistyped (Bojanowski et al. 2017). Each gram finds its row by a hash, so that the table need not
    hold all that there may be (Joulin et al. 2017). In training a share of them is left out.
    """

    letters: Tensor | None

    def __init__(self, options: NetworkOptions, rows: int, width: int, letters: Tensor | None = None) -> None:
        super().__init__()
        self.table = nn.Embedding(rows, width)
        nn.init.normal_(self.table.weight, std=0.1)
        self.unheard = options.word_dropout
        self.chance: torch.Generator | None = None  # where its randomness comes from; None: torch's own generator
        self.register_buffer("letters", letters, persistent=False)

    def forward(self, source: Tensor, now: Tensor) -> Tensor:
        """(B, G) of the pieces of `source` (B, S) that are of the utterance itself, `now` (B, S)."""
        own = source.masked_fill(~now, PAD)
        grams = [hashed(own, 2)]
        if self.letters is not None:
            letters = self.letters[own].flatten(1)  # (B, S * L)
            letters = letters.gather(1, (letters == 0).sort(dim=1, stable=True).indices)  # one after the other
            grams += [hashed(letters, 3), hashed(letters, 4)]
        rows, there = map(torch.cat, zip(*grams, strict=True), (1, 1))  # (B, N) each
        weights = there.to(self.table.weight.dtype)
        if self.training and self.unheard:
            whole = now.sum(1, keepdim=True) <= FEW  # (B, 1)
            weights = weights * torch.empty_like(weights).bernoulli_(1 - self.unheard, generator=self.chance).masked_fill(whole, 1.0)
        heard = nn.functional.embedding_bag(rows % len(self.table.weight), self.table.weight, mode="sum", per_sample_weights=weights)
        return heard / weights.sum(1, keepdim=True).clamp(min=1).sqrt()


def hashed(ids: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """A number below PRIME for each `n` (2 at least) of `ids` (B, N) that stand side by side, and whether any of them is not 0: (B, N + n - 1) each.

    Both ends are passed over by steps.
    """
    windows = nn.functional.pad(ids, (n - 1, n - 1)).unfold(1, n, 1)  # (B, N + n - 1, n)
    number = torch.full_like(windows[:, :, 0], n)
    for place in range(n):
        number = (number * FACTOR + windows[:, :, place]) % PRIME
    return number, windows.any(-1)


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
