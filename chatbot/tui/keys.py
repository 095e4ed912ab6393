"""The keys at the bottom."""

from typing import Any

from textual.screen import Screen
from textual.widgets import Footer


class Keys(Footer):
    """The keys that apply now. Textual's own makes all of them anew with each reply, and that takes longer than to draw it."""

    _known: list[tuple[str, bool]] | None = None

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Draws the keys again if they are others."""
        if not screen.app.app_focus:
            return
        known = [(binding.id or binding.key, enabled) for _, binding, enabled, _ in screen.active_bindings.values() if binding.show]
        if known != self._known:
            self._known = known
            super().bindings_changed(screen)
