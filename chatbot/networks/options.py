"""What a network is built from, and the presets: frozen, checked once, written to the bundle as they are."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from chatbot.errors import OptionError
from chatbot.networks.attention import SCORES, Score
from chatbot.networks.recurrence import CELLS, Cell


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """The sizes of the listener. The interrupter has the same cell, layers and embedding, and as many parameters."""

    cell: Cell = "lstm"
    layers: int = 1
    hidden: int = 256
    embedding: int = 192
    dropout: float = 0.2
    bidirectional: bool = True  # the encoder reads from both ends
    attention: Score = "general"
    tied: bool = True  # one matrix embeds pieces and scores them
    reverse_source: bool = False  # the encoder reads the last piece first (Sutskever et al. 2014)

    def __post_init__(self) -> None:
        """Raises OptionError for what cannot be built."""
        for name, value, choices in (("cell", self.cell, CELLS), ("attention", self.attention, SCORES)):
            if value not in choices:
                raise OptionError(f"no {name} called {value}", remedy=f"use {', '.join(choices)}")
        for name, value in (("layers", self.layers), ("hidden", self.hidden), ("embedding", self.embedding)):
            if value < 1:
                raise OptionError(f"--{name} {value} is too small", remedy="use 1 or more")
        if not 0 <= self.dropout < 1:
            raise OptionError(f"--dropout {self.dropout} is not a share", remedy="use 0 or more and less than 1")
        if self.bidirectional and self.hidden % 2:
            raise OptionError(f"--hidden {self.hidden} is odd", remedy="an encoder of two directions halves it: use an even number, or --one-directional")

    def as_dict(self) -> dict[str, Any]:
        """For bundle.json."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "NetworkOptions":
        """From bundle.json; unknown names are an error."""
        known = {field.name for field in fields(cls)}
        if unknown := stored.keys() - known:
            raise OptionError(f"unknown network option {sorted(unknown)[0]}")
        return cls(**stored)


PRESETS = {
    "tiny": NetworkOptions(hidden=128, embedding=96),
    "small": NetworkOptions(),
    "base": NetworkOptions(layers=2, hidden=512, embedding=256, dropout=0.3),
}


def preset(name: str, **changes: Any) -> NetworkOptions:
    """The preset of that name with `changes` made to it; those that are None are none. Raises OptionError."""
    if name not in PRESETS:
        raise OptionError(f"no preset called {name}", remedy=f"use {', '.join(PRESETS)}")
    return replace(PRESETS[name], **{key: value for key, value in changes.items() if value is not None})
