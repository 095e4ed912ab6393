"""Attention: which of the heard pieces a reply piece looks at (Luong et al. 2015; `additive`: Bahdanau et al. 2015).

B rows, S source pieces, T target pieces, E embedding, H hidden, C width of what is looked at. It comes after the recurrence, so that all T pieces are
one batched product.
"""

import torch
from torch import Tensor, nn

from chatbot import options
from chatbot.networks.protocol import Memory


class Attention(nn.Module):
    """Weighs `memory` by a score of each query with each key: q·k (dot), q·Wk (general), v·tanh(q + Wk) (additive).

    For `dot` the keys are what is looked at itself, so C must equal H. What is found there is what the encoder made of a piece and, where `pieces` gives
    their width E, the piece itself: a translation wants to know which word stood there, and not only what the sentence has made of it (Gehring et al. 2017,
    equation 2).
    """

    def __init__(self, score: options.Attention, hidden: int, width: int, pieces: int = 0) -> None:
        super().__init__()
        assert score != "dot" or hidden == width, "dot attention needs keys as wide as the queries"
        self.key = nn.Identity() if score == "dot" else nn.Linear(width, hidden, bias=False)
        self.query = nn.Linear(hidden, hidden) if score == "additive" else nn.Identity()
        self.energy = nn.Linear(hidden, 1, bias=False) if score == "additive" else None
        self.piece = (nn.Identity() if pieces == width else nn.Linear(pieces, width, bias=False)) if pieces else None

    def remember(self, heard: Tensor, embedded: Tensor, mask: Tensor) -> Memory:
        """The memory of what the encoder `heard` (B, S, C) in the `embedded` pieces (B, S, E), its keys projected once; `mask` (B, S) is True where there is one."""
        return Memory(self.key(heard), heard if self.piece is None else heard + self.piece(embedded), mask)

    def weights(self, queries: Tensor, memory: Memory) -> Tensor:
        """How much each of `queries` (B, T, H) looks at each heard piece: (B, T, S), each row summing to 1."""
        queries = self.query(queries)
        if self.energy is None:
            scores = queries @ memory.keys.transpose(1, 2)  # (B, T, S)
        else:
            scores = self.energy(torch.tanh(queries[:, :, None] + memory.keys[:, None])).squeeze(-1)  # (B, T, S)
        return scores.masked_fill(~memory.mask[:, None], torch.finfo(scores.dtype).min).softmax(-1)

    def forward(self, queries: Tensor, memory: Memory) -> Tensor:
        """The mean of the values as each query weighs them: (B, T, C)."""
        return self.weights(queries, memory) @ memory.values
