"""What every test of the screen is given."""

import pytest
from tui_stage import FakeEngine


@pytest.fixture(autouse=True)
def _no_rest_between_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interrupter is asked with every key: nobody waits for a person to pause."""
    monkeypatch.setattr("chatbot.tui.panel.DEBOUNCE", 0.02)


@pytest.fixture
def engine() -> FakeEngine:
    """The bot of the examples."""
    return FakeEngine()
