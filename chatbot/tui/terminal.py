"""What the screen owes to its terminal: colours and glyphs that everyone can tell apart, and that it goes when the terminal goes."""

import asyncio
import os
import sys
from collections.abc import Sequence

from textual.app import App
from textual.filter import LineFilter

from chatbot.tui.sheet import AsciiOnly

LOOKS = 3.0  # seconds between two looks at whether there is a terminal
HUNG_UP = 129


class TerminalApp(App[None]):
    """An app that can be ended from a signal, and ends by itself when its terminal has gone."""

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__()
        self._filters_after = [AsciiOnly()] if ascii_only else []
        self._events: asyncio.AbstractEventLoop | None = None

    def on_mount(self) -> None:
        """Begins to look whether there is a terminal."""
        self._events = asyncio.get_running_loop()
        if not self.is_headless:
            self.set_interval(LOOKS, self._leave_if_alone)

    def leave(self, code: int) -> None:
        """Ends, from the handler of a signal: the screen may be waiting for a key for ever, and a signal alone does not wake it."""
        self.exit(return_code=code)
        if self._events:
            self._events.call_soon_threadsafe(lambda: None)

    def _leave_if_alone(self) -> None:
        """Ends when the terminal has gone without a signal: Textual would read its end of file for ever, as fast as it can."""
        if not os.isatty(sys.__stdin__.fileno()):  # type: ignore[union-attr]
            self.leave(HUNG_UP)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The two characters' colours, told apart by the colour-blind too (Okabe and Ito), darker on a light ground."""
        if self.current_theme.dark:
            return {"interrupter": "#E69F00", "listener": "#56B4E9"}
        return {"interrupter": "#A34E00", "listener": "#0072B2"}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own and, with `ascii_only`, the one that leaves out glyphs of uncertain width."""
        return [*super().get_line_filters(), *self._filters_after]
