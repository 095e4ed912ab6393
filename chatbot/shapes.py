"""Every tensor on the way from an utterance to its reply, with its shape and the line of code that asked for it: noted while a network answers."""

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from chatbot.bot import Bot
from chatbot.networks.attention import Attention
from chatbot.networks.protocol import Context, Network
from chatbot.networks.recurrence import Dropout

Shape = tuple[int, ...]

_PACKAGE = Path(__file__).parent
_UNSEEN = (Dropout, nn.RNNBase, nn.Embedding, nn.Identity, nn.ModuleList)  # they change no shape, or the part that they belong to is shown


@dataclass(frozen=True)
class Line:
    """A line of this package."""

    file: str
    number: int
    function: str
    code: str


@dataclass(frozen=True)
class Made:
    """What one part of a network made, by the shapes of the tensors, and the line that asked for it."""

    name: str  # of the part, as the network calls it
    given: tuple[Shape, ...]  # the first tensor that it was given, if it is a part
    shapes: tuple[Shape, ...]
    line: Line


@dataclass(frozen=True)
class Call:
    """One call of `encode` or `decode`: what it was given, what was made on the way, and what is carried on. Each part is noted once."""

    function: str
    made: list[Made] = field(default_factory=list)


@dataclass(frozen=True)
class Way:
    """From an utterance to a reply: the pieces heard, the pieces said, and the calls in between."""

    heard: tuple[str, ...]
    said: tuple[str, ...]
    calls: tuple[Call, ...]


def way(bot: Bot, network: nn.Module, utterance: str) -> Way:
    """How `bot` answers `utterance` greedily through `network`: its own, as it was before its weights were packed."""
    with _watched(network) as watched:
        reply = replace(bot, network=watched).reply(utterance)
    heard, said = (tuple(map(bot.vocabulary.text, ids)) for ids in (bot.hear(utterance), reply.ids))
    return Way(heard, said, tuple(watched.calls))


@contextmanager
def _watched(network: nn.Module) -> Iterator["_Watched"]:
    """`network`, watched by forward hooks for as long as this lasts."""
    watched = _Watched(network)
    parts = [(name, part) for name, part in network.named_modules() if name and not isinstance(part, _UNSEEN)]
    hooks = [part.register_forward_hook(partial(watched.note_part, name)) for name, part in parts]
    try:
        yield watched
    finally:
        for hook in hooks:
            hook.remove()


class _Watched:
    """A network that notes what is made in each of its calls."""

    def __init__(self, network: Any) -> None:
        self.network: Network = network
        self.calls: list[Call] = []

    def encode(self, source: Tensor) -> Context:
        """As the network does."""
        self.calls.append(Call("encode"))
        self._note("source", source)
        context = self.network.encode(source)
        self._note("state", context.state)
        if context.memory:
            for name, part in context.memory._asdict().items():
                self._note(f"memory.{name}", part)
        return context

    def decode(self, tokens: Tensor, context: Context) -> tuple[Tensor, Context]:
        """As the network does."""
        self.calls.append(Call("decode"))
        self._note("tokens", tokens)
        logits, context = self.network.decode(tokens, context)
        self._note("state", context.state)
        return logits, context

    def note_part(self, name: str, part: nn.Module, given: tuple[Any, ...], returned: Any) -> None:
        """A forward hook."""
        if isinstance(part, Attention):
            self._note(f"{name}.weights", part.weights(*given), given)
        self._note(name, returned, given)

    def _note(self, name: str, returned: Any, given: Any = ()) -> None:
        """Notes the tensors in what was `returned` to the line that runs just now, in the innermost function of this package but for this file."""
        made = self.calls[-1].made
        if any(other.name == name for other in made):
            return
        frame: Any = sys._getframe()
        while not (path := Path(frame.f_code.co_filename)).is_relative_to(_PACKAGE) or path == Path(__file__):
            frame = frame.f_back
        function = frame.f_code.co_qualname.partition(".<locals>")[0]
        line = Line(path.relative_to(_PACKAGE.parent).as_posix(), frame.f_lineno, function, linecache.getline(str(path), frame.f_lineno).strip())
        made.append(Made(name, tuple(_shapes(given))[:1], tuple(_shapes(returned)), line))


def _shapes(value: Any) -> Iterator[Shape]:
    """The shape of a tensor, or of each in a tuple."""
    if isinstance(value, Tensor):
        yield tuple(value.shape)
    else:
        for part in value:
            yield from _shapes(part)
