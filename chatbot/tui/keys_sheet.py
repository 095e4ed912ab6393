"""All keys, as they are now: those that a person has chosen stand in the place of the usual ones."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer

from chatbot.tui.sheet import Legend

HELP = """\
↑ ↓ go through what you sent. Tab goes to the newest turn of the chat, and ends a command that you have begun. /help lists the commands.

Compare: the interrupter speaks with every word it hears, the listener waits for the end.
p is how sure a network was of its words, not whether they are true.
"""


class KeysSheet(ModalScreen[None]):
    """Lines to be read, and left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1", "dismiss", "Back", id="keys.back"),
        Binding("pageup,up", "scroll(-1)", "Scroll", show=False, id="keys.up"),
        Binding("pagedown,down", "scroll(1)", "Scroll", id="keys.down"),
    ]

    def __init__(self, places: Mapping[str, Iterable[BindingType]], chosen: Mapping[str, str]) -> None:
        """The bindings by the place where they apply; `chosen` are the keys that a person prefers, by their ids."""
        super().__init__()
        self._places, self._chosen = places, chosen

    def compose(self) -> ComposeResult:
        """The lines above the keys that leave them."""
        with VerticalScroll(id="all-keys", can_focus=False):
            yield Legend("\n".join([HELP, *(line for place, bindings in self._places.items() for line in (place, *self._lines(bindings)))]))
        yield Footer(show_command_palette=False, compact=True)

    def _lines(self, bindings: Iterable[BindingType]) -> Iterator[str]:
        """A line for each thing that keys do: the first name of each such key, and what it does."""
        names: dict[str, list[str]] = {}
        for binding in bindings:
            assert isinstance(binding, Binding)
            if binding.description:
                told = f"{binding.description}{f': {binding.tooltip}' if binding.tooltip else ''}"
                key = self._chosen.get(binding.id or "", binding.key).partition(",")[0]
                names.setdefault(told, []).append(self.app.get_key_display(replace(binding, key=key)))
        for told, keys in names.items():
            yield f"  {' '.join(keys):<9} {told}"

    def action_scroll(self, way: int) -> None:
        """Scrolls by a page."""
        lines = self.query_one("#all-keys")
        (lines.scroll_page_up if way < 0 else lines.scroll_page_down)(animate=False)
