"""The keys at the bottom."""

from typing import Any

from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer

REST = 0.2  # seconds; most replies are over by then


class Keys(Footer):
    """The keys that apply now. Textual's own makes all of them anew with each reply, and that takes longer than to draw it.

    Those that apply only for a moment are never shown: nobody could read them.
    """

    _known: list[tuple[str, bool]] | None = None
    _clock: Timer | None = None

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Draws the keys again if they are still others in a moment; at once, if there are none yet."""
        if self._known is None:
            self._draw(screen)
        elif self._clock is None:
            self._clock = self.set_timer(REST, lambda: self._draw(screen))

    def _draw(self, screen: Screen[Any]) -> None:
        self._clock = None
        if not screen.app.app_focus:
            return
        known = [(binding.id or binding.key, enabled) for _, binding, enabled, _ in screen.active_bindings.values() if binding.show]
        if known != self._known:
            self._known = known
            super().bindings_changed(screen)
