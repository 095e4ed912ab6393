"""Attention: which of the heard pieces a reply piece looks at (Luong et al. 2015; `additive`: Bahdanau et al. 2015).

B rows, S source pieces, T target pieces, H hidden, C width of what is looked at, F of what is found there. It comes after the recurrence, so that all T pieces are
one batched product.
"""

import torch
from torch import Tensor, nn

from chatbot import options
from chatbot.networks.protocol import Memory


class Attention(nn.Module):
    """Weighs `memory` by a score of each query with each key: q·k (dot), q·Wk (general), v·tanh(q + Wk) (additive).

    For `dot` the keys are what is looked at itself, so C must equal H.
    """

    def __init__(self, score: options.Attention, hidden: int, width: int) -> None:
        super().__init__()
        assert score != "dot" or hidden == width, "dot attention needs keys as wide as the queries"
        self.key = nn.Identity() if score == "dot" else nn.Linear(width, hidden, bias=False)
        self.query = nn.Linear(hidden, hidden) if score == "additive" else nn.Identity()
        self.energy = nn.Linear(hidden, 1, bias=False) if score == "additive" else None

    def remember(self, heard: Tensor, values: Tensor, mask: Tensor) -> Memory:
        """The memory in which it looks at what was `heard` (B, S, C), its keys projected once, and finds `values` (B, S, F); `mask` (B, S) is True where there is one."""
        return Memory(self.key(heard), values, mask)

    def weights(self, queries: Tensor, memory: Memory) -> Tensor:
        """How much each of `queries` (B, T, H) looks at each heard piece: (B, T, S), each row summing to 1."""
        queries = self.query(queries)
        if self.energy is None:
            scores = queries @ memory.keys.transpose(1, 2)  # (B, T, S)
        else:
            scores = self.energy(torch.tanh(queries[:, :, None] + memory.keys[:, None])).squeeze(-1)  # (B, T, S)
        return scores.masked_fill(~memory.mask[:, None], torch.finfo(scores.dtype).min).softmax(-1)

    def forward(self, queries: Tensor, memory: Memory) -> Tensor:
        """The mean of the values as each query weighs them: (B, T, F)."""
        return self.weights(queries, memory) @ memory.values
