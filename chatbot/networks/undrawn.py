"""Networks made without the random weights that torch draws for them, where they get others at once or only their sizes matter."""

from collections.abc import Callable, Sequence
from typing import Any

from torch.overrides import TorchFunctionMode


class Undrawn(TorchFunctionMode):
    """Within it, what torch.nn.init would fill is left as it is."""

    def __torch_function__(self, function: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (), named: dict[str, Any] | None = None) -> Any:
        """Calls `function`, or returns the tensor that it would fill."""
        named = named or {}
        if getattr(function, "__module__", "") == "torch.nn.init":
            return named["tensor"] if "tensor" in named else args[0]
        return function(*args, **named)
