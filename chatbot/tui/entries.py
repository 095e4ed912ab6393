"""What stands in the chat beside the turns: the program's remarks and the examples of an empty chat."""

from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message

from chatbot.tui.sheet import DIM, LISTENER, Sheet, painted, painted_line, wrapped
from chatbot.tui.turn import INDENT


class Notice(Sheet):
    """A dim remark of the program itself."""

    DEFAULT_CSS = """
    Notice { margin-bottom: 1; }
    Notice.-welcome { margin-bottom: 0; }
    """

    def __init__(self, text: str, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.text = text

    def lines(self, width: int) -> list[Content]:
        """The remark, wrapped behind the column of the labels."""
        return [painted(" " * INDENT) + line for line in wrapped(painted((self.text, DIM)), width - INDENT)]


class Example(Sheet):
    """An utterance to try: a click puts it into the prompt."""

    DEFAULT_CSS = """
    Example { pointer: pointer; }
    Example:hover { background: $boost; }
    """
    ALLOW_SELECT = False

    @dataclass
    class Picked(Message):
        """The person clicked on this example."""

        utterance: str

    def __init__(self, utterance: str) -> None:
        super().__init__()
        self.utterance = utterance

    def lines(self, width: int) -> list[Content]:
        """The utterance whole, behind a mark: it is often the last word that tells two of them apart."""
        first, *rest = wrapped(painted_line(self.utterance), width - INDENT - 2)
        return [painted(" " * INDENT, ("▸ ", LISTENER)) + first, *(painted(" " * (INDENT + 2)) + line for line in rest)]

    def on_click(self, event: Click) -> None:
        """Hands the utterance over."""
        event.stop()
        self.post_message(self.Picked(self.utterance))


def binding_ids(*bindings: BindingType) -> Iterator[str]:
    """The names by which keys can be chosen."""
    for binding in bindings:
        assert isinstance(binding, Binding)
        if binding.id:
            yield binding.id
