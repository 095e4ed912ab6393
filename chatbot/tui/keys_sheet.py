"""All keys, where there is no room for them beside the chat."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer

from chatbot.tui.sheet import Legend


class KeysSheet(ModalScreen[None]):
    """Lines to be read, and left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1", "dismiss", "Back", id="keys.back"),
        Binding("pageup,up", "scroll(-1)", "Scroll", show=False, id="keys.up"),
        Binding("pagedown,down", "scroll(1)", "Scroll", id="keys.down"),
    ]

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__()
        self._lines = tuple(lines)

    def compose(self) -> ComposeResult:
        """The lines above the keys that leave them."""
        with VerticalScroll(id="all-keys", can_focus=False):
            yield Legend("\n".join(self._lines))
        yield Footer(show_command_palette=False, compact=True)

    def action_scroll(self, way: int) -> None:
        """Scrolls by a page."""
        lines = self.query_one("#all-keys")
        (lines.scroll_page_up if way < 0 else lines.scroll_page_down)(animate=False)
