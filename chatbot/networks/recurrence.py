"""Recurrent layers of one cell or another: the only place that knows a GRU from an LSTM.

B rows, T steps, I inputs, H hidden, L layers.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from chatbot.options import Cell

_LAYERS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
_CELLS: dict[str, Callable[..., Any]] = {"rnn": torch.rnn_tanh_cell, "gru": torch.gru_cell, "lstm": torch.lstm_cell}
_STATES = {"rnn": 1, "gru": 1, "lstm": 2}


class Recurrence(nn.Module):
    """L layers of one cell, in one direction, each run over all steps in one fused call."""

    def __init__(self, cell: Cell, inputs: int, hidden: int, layers: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.hidden, self.states, self.cell = hidden, _STATES[cell], _CELLS[cell]
        self.layers = nn.ModuleList(_LAYERS[cell](inputs if layer == 0 else hidden, hidden, batch_first=True) for layer in range(layers))
        self.dropout = Dropout(dropout)
        if cell == "lstm":  # remember by default (Jozefowicz et al. 2015, section 2.2)
            for name, bias in self.named_parameters():
                if "bias_ih" in name:
                    nn.init.ones_(bias.data[hidden : 2 * hidden])

    def forward(self, inputs: Tensor, state: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Outputs (B, T, H) of the top layer for `inputs` (B, T, I), and the state after the last step, (L, B, H) each."""
        if state and inputs.shape[1] == 1 and not self.training:
            return self._step(inputs, state)
        after: list[tuple[Tensor, ...]] = []
        for number, layer in enumerate(self.layers):
            before = self._packed(tuple(part[number : number + 1] for part in state)) if state else None
            inputs, last = layer(self.dropout(inputs) if number else inputs, before)  # (B, T, H)
            after.append(last if isinstance(last, tuple) else (last,))
        return inputs, tuple(torch.cat(parts) for parts in zip(*after, strict=True))

    def _step(self, inputs: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The same for one step: the fused kernels lay all their weights out anew in each call, which takes longer than the step."""
        output, after = inputs[:, 0], []  # (B, I)
        for number, layer in enumerate(self.layers):
            before = tuple(part[number] for part in state)  # (B, H) each
            last = self.cell(output, before if self.states > 1 else before[0], *layer.parameters())
            after.append(last if isinstance(last, tuple) else (last,))
            output = after[-1][0]  # (B, H)
        return output[:, None], tuple(torch.stack(parts) for parts in zip(*after, strict=True))

    def zeros(self, like: Tensor) -> tuple[Tensor, ...]:
        """The state before the first step of as many rows as `like` (B, ...) has."""
        return tuple(like.new_zeros(len(self.layers), len(like), self.hidden) for _ in range(self.states))

    def _packed(self, state: tuple[Tensor, ...]) -> Tensor | tuple[Tensor, ...]:
        """The state as torch wants it: a tuple for an LSTM, else a tensor."""
        return tuple(part.contiguous() for part in state) if self.states > 1 else state[0].contiguous()


class Dropout(nn.Module):
    """Dropout whose mask is drawn once a row and shared by all steps of a call (Gal & Ghahramani 2016): better for a recurrence, and cheap to draw."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.chance: torch.Generator | None = None  # where its randomness comes from; None: torch's own generator

    def forward(self, inputs: Tensor) -> Tensor:
        """`inputs` (B, T, I), in training with some of the I switched off."""
        if not self.training or self.rate == 0:
            return inputs
        keep = 1 - self.rate
        return inputs * inputs.new_empty(len(inputs), 1, inputs.shape[-1]).bernoulli_(keep, generator=self.chance).div_(keep)
