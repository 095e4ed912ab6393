"""Networks that only speak, with weights that stay in fp16: on a CPU a reply waits for its weights to cross the memory bus, and these are half as wide.

A bundle stores fp16, so nothing is lost: the kernels widen each weight in a register and count in fp32. They also cut a product of few rows
better than those of fp32 do.
"""

import copy
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from chatbot.networks.recurrence import Recurrence

_OPS = torch.ops.quantized
_NEEDED = ((torch, "quantized_lstm"), (torch, "quantized_gru"), (_OPS, "linear_prepack_fp16"), (_OPS, "make_quantized_cell_params_fp16"))
_THERE = all(hasattr(where, name) for where, name in _NEEDED)  # torch promises none of them
_FUSED: dict[type[nn.Module], Callable[..., tuple[Tensor, ...]]] = {nn.LSTM: torch.quantized_lstm, nn.GRU: torch.quantized_gru} if _THERE else {}

AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)


def packed(network: AnyNetwork) -> AnyNetwork:
    """`network`, which is in evaluation mode, with what fp16 holds exactly packed; what it does not hold, other machines than x86, and a torch without these kernels, are left alone.

    It shares the other weights with `network` and does not see later changes of those that are packed.
    """
    if not _THERE or torch.backends.quantized.engine not in ("x86", "fbgemm") or any(weight.device.type != "cpu" for weight in network.parameters()):
        return network
    return _packed(copy.deepcopy(network, {id(weight): weight for weight in network.parameters()}))


def _packed(module: Any) -> Any:
    if isinstance(module, nn.Linear | Recurrence) and all(torch.equal(weight, weight.half().float()) for weight in module.parameters()):
        if isinstance(module, nn.Linear):
            return PackedLinear(module)
        return PackedRecurrence(module) if type(module.layers[0]) in _FUSED else module
    for name, child in module.named_children():
        module.add_module(name, _packed(child))
    return module


class PackedLinear(nn.Module):
    """A linear layer of fp16 weights."""

    def __init__(self, plain: nn.Linear) -> None:
        super().__init__()
        self.weights = _OPS.linear_prepack_fp16(plain.weight.detach(), plain.bias if plain.bias is None else plain.bias.detach())

    def forward(self, inputs: Tensor) -> Tensor:
        """`inputs` (..., I) to (..., O)."""
        return _OPS.linear_dynamic_fp16(inputs, self.weights)


class PackedRecurrence(nn.Module):
    """A Recurrence of fp16 weights: all layers and steps in one call."""

    def __init__(self, plain: Recurrence) -> None:
        super().__init__()
        self.zeros, self.states, self.call = plain.zeros, plain.states, _FUSED[type(plain.layers[0])]
        self.weights = [_OPS.make_quantized_cell_params_fp16(*_cell(*layer.parameters())) for layer in plain.layers]

    def forward(self, inputs: Tensor, state: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """As Recurrence: outputs (B, T, H) for `inputs` (B, T, I), and the state after the last step, (L, B, H) each."""
        state = state or self.zeros(inputs)
        layers = (True, len(self.weights), 0.0, False, False, True)  # with biases, how many, no dropout, not training, one direction, batch first
        if self.states > 1:
            outputs, *after = self.call(inputs, state, self.weights, *layers, dtype=torch.float16, use_dynamic=True)
        else:
            outputs, *after = self.call(inputs, state[0], self.weights, *layers)
        return outputs, tuple(after)


def _cell(inputs: Tensor, hidden: Tensor, inputs_bias: Tensor, hidden_bias: Tensor) -> tuple[Any, Any]:
    """The two matrices of a recurrent layer, packed with their biases."""
    return _OPS.linear_prepack_fp16(inputs.detach(), inputs_bias.detach()), _OPS.linear_prepack_fp16(hidden.detach(), hidden_bias.detach())
