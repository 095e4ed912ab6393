"""What every test of the screen is given."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tui_stage import FakeEngine


@pytest.fixture(autouse=True)
def _no_rest_between_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interrupter is asked with every key, and what the keys do is told at once: nobody waits for a person to pause."""
    monkeypatch.setattr("chatbot.tui.panel.DEBOUNCE", 0.02)
    monkeypatch.setattr("chatbot.tui.keys.REST", 0.001)


@pytest.fixture
def engine() -> FakeEngine:
    """The bot of the examples."""
    return FakeEngine()


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """snapshot(name, text): is the text the one of that file? With --snapshot-update it becomes it."""

    def check(name: str, text: str) -> None:
        path = Path(__file__).parent / "snapshots" / f"{name}.txt"
        if request.config.getoption("--snapshot-update"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8"), "if that is meant: pytest tests/tui/test_tui_snapshots.py --snapshot-update"

    return check
