"""The screen as text, each of its views at each size: files to read, and to compare with. After a change that is meant: pytest FILE --snapshot-update."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from tui_stage import WEATHER, FakeEngine, ask, drive, rows, see, until

from chatbot.cli.engine import BundleEngine
from chatbot.tui.app import ChatApp
from chatbot.tui.choices_view import ChoicesView
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
        lambda: FakeEngine(early="정말 좋은 소식이네요 계속 그렇게", late="그랬군요, 마음이 아프네요.", other="정말 기쁘시겠어요!"),
    ),
}
SHIPPED = {
    "small-talk": Spoken(WEATHER, "happy", lambda: BundleEngine("small-talk", "cpu")),
    "small-talk.ko": Spoken("안방 에어컨 다 껐네", "켰네", lambda: BundleEngine("small-talk.ko", "cpu")),
}


async def settled(pilot: Pilot[None]) -> list[str]:
    """The screen, once what scrolls after it is drawn has come to rest."""
    before: list[str] = []
    while before != (now := rows(pilot.app)):
        before = now
        await pilot.pause(0.05)
    return now


async def whole(pilot: Pilot[None]) -> str:
    """All of the screen."""
    return "\n".join(row.rstrip() for row in await settled(pilot))


async def panel_alone(pilot: Pilot[None]) -> str:
    """What does not tell how long a reply took."""
    await settled(pilot)
    app = pilot.app
    assert isinstance(app, ChatApp)
    region = app._panel.region
    return "\n".join("".join(row[region.x : region.right]).rstrip() for row in rows_by_cell(app)[region.y : region.bottom])


async def drawn(pilot: Pilot[None], spoken: Spoken, shown: Callable[[Pilot[None]], Awaitable[str]]) -> str:
    """What is shown while the sentence is typed key by key, then page by page, then beside its twin."""
    app = pilot.app
    assert isinstance(app, ChatApp)
    panel, sections = app._panel, []

    async def take(title: str) -> None:
        sections.append(f"== {title}\n{await shown(pilot)}")

    await see(pilot, "say something")
    await take("at rest")
    *beginning, last = spoken.utterance.split(" ")
    for count, word in enumerate(beginning, 1):
        await pilot.press(*f"{word} ")
        await until(pilot, lambda count=count: panel._race_view.race and len(panel._race_view.race.words) == count, "the race so far")
        if count in (1, len(beginning)):
            await take(f"typed so far: {' '.join(beginning[:count])}")
    await pilot.press(*last, "enter")
    await until(pilot, lambda: panel._attention_view.heed, "all pictures")
    for title in ("race", "ladder", "heeded") if panel.can_turn else ("stacked", "scrolled to the end"):
        await take(title)
        if panel.can_turn:
            await pilot.press("f3")
        else:
            panel.scroll_end(animate=False)
    await ask(pilot, f"/ending {spoken.ending}")
    await until(pilot, lambda: panel._twins_view.twins, "twins")
    await take("twins")
    return "\n\n".join(sections) + "\n"


def rows_by_cell(app: ChatApp) -> list[list[str]]:
    """The composited screen, a character a cell; what is two cells wide leaves the second one empty."""
    return [[part for character in row for part in [character, *[""] * (cell_len(character) - 1)]] for row in rows(app)]


CASES = [(name, size) for name in ("en", "ko") for size in [(40, 10), (80, 24), (120, 36)]]


def case_id(value: object) -> str:
    return "{}x{}".format(*value) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize(("name", "size"), CASES, ids=case_id)
def test_the_pictures_of_a_question(snapshot, name, size):
    app = ChatApp(FAKES[name].engine(), compare=True)

    async def script(pilot):
        snapshot(f"{name}-{size[0]}x{size[1]}", await drawn(pilot, FAKES[name], whole))

    drive(app, script, size)


@pytest.mark.parametrize(("name", "size"), CASES, ids=case_id)
def test_the_other_views(snapshot, name, size):
    spoken = FAKES[name]
    app = ChatApp(spoken.engine())

    async def script(pilot):
        await see(pilot, "say something")
        sections = [f"== an empty chat\n{await whole(pilot)}"]
        await ask(pilot, spoken.utterance)
        await until(pilot, lambda: not app._chat.busy, "reply")
        for key, title in (("f1", "keys"), ("f6", "decoding"), ("f9", "bundle")):
            await pilot.press(key)
            await until(pilot, lambda: all(view.choices for view in app.screen.query(ChoicesView)), "what could have been said")
            sections.append(f"== {title}\n{await whole(pilot)}")
            await pilot.press("escape")
        snapshot(f"{name}-{size[0]}x{size[1]}-views", "\n\n".join(sections) + "\n")

    drive(app, script, size)


@pytest.mark.parametrize(("name", "size"), [("small-talk", (120, 36)), ("small-talk.ko", (80, 24))])
def test_the_bundles_that_ship_draw_this(snapshot, name, size):
    app = ChatApp(SHIPPED[name].engine(), compare=True)

    async def script(pilot):
        snapshot(f"{name}-{size[0]}x{size[1]}", await drawn(pilot, SHIPPED[name], panel_alone))

    drive(app, script, size)
