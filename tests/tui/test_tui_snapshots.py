"""The panel as text, each of its views at each size: files to read, and to compare with. After a change that is meant: pytest FILE --snapshot-update."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from tui_stage import WEATHER, FakeEngine, ask, drive, rows, see, until, write

from chatbot.cli.engine import BundleEngine
from chatbot.tui.app import ChatApp
from chatbot.tui.engine import Engine


class Spoken(NamedTuple):
    """A conversation to be drawn: what is said, with which other last word, and by whom it is answered."""

    utterance: str
    ending: str
    engine: Callable[[], Engine]


FAKES = {
    "en": Spoken(WEATHER, "happy", FakeEngine),
    "ko": Spoken(
        "오늘 완벽한 날씨는 나를 정말 슬프게 해요",
        "기쁘게",
        lambda: FakeEngine(early="정말 좋은 소식이네요 계속 그렇게", late="그랬군요, 마음이 아프네요."),
    ),
}
SHIPPED = {
    "small-talk": Spoken(WEATHER, "happy", lambda: BundleEngine("small-talk", "cpu")),
    "small-talk.ko": Spoken("안방 에어컨 다 껐네", "켰네", lambda: BundleEngine("small-talk.ko", "cpu")),
}


async def drawn(pilot: Pilot[None], spoken: Spoken, *, key_by_key: bool = False) -> str:
    """What the panel shows while the sentence is typed, then page by page, then beside its twin."""
    app = pilot.app
    assert isinstance(app, ChatApp)
    panel, sections = app._panel, []

    async def take(title: str) -> None:
        before: list[str] = []
        while before != (now := rows(app)):  # what scrolls after it is drawn has come to rest
            before = now
            await pilot.pause(0.05)
        region = panel.region
        visible = [row[region.x : region.right] for row in rows_by_cell(app)[region.y : region.bottom]]
        sections.append("\n".join([f"== {title}", *("".join(row).rstrip() for row in visible)]))

    await see(pilot, "say something")
    await take("at rest")
    beginning, last = spoken.utterance.rsplit(" ", 1)
    if key_by_key:
        await pilot.press(*f"{beginning} ")
    else:
        await write(pilot, f"{beginning} ")
    await until(pilot, lambda: panel._race_view.race and len(panel._race_view.race.words) == len(beginning.split()), "the race so far")
    await take("while it is typed")
    await ask(pilot, last)
    await until(pilot, lambda: panel._answered and panel._answered.heed, "all pictures")
    for title in ("race", "ladder", "attention") if panel.can_turn else ("stacked", "scrolled to the end"):
        await take(title)
        if panel.can_turn:
            await pilot.press("f3")
        else:
            panel.scroll_end(animate=False)
    await ask(pilot, f"/ending {spoken.ending}")
    await until(pilot, lambda: panel._answered and panel._answered.twins, "twins")
    await take("twins")
    return "\n\n".join(sections) + "\n"


def rows_by_cell(app: ChatApp) -> list[list[str]]:
    """The composited screen, a character a cell; what is two cells wide leaves the second one empty."""
    return [[part for character in row for part in [character, *[""] * (cell_len(character) - 1)]] for row in rows(app)]


CASES = [(name, size) for name in ("en", "ko") for size in [(40, 10), (80, 24), (120, 36)]]


@pytest.mark.parametrize(("name", "size"), CASES, ids=lambda value: value if isinstance(value, str) else "{}x{}".format(*value))
def test_the_views_of_the_panel(snapshot, name, size):
    app = ChatApp(FAKES[name].engine(), compare=True)

    async def script(pilot):
        snapshot(f"{name}-{size[0]}x{size[1]}", await drawn(pilot, FAKES[name]))

    drive(app, script, size)


@pytest.mark.parametrize(("name", "size"), [("small-talk", (120, 36)), ("small-talk.ko", (80, 24))])
def test_the_bundles_that_ship_draw_this(snapshot, name, size):
    app = ChatApp(SHIPPED[name].engine(), compare=True)

    async def script(pilot):
        snapshot(f"{name}-{size[0]}x{size[1]}", await drawn(pilot, SHIPPED[name], key_by_key=True))

    drive(app, script, size)
