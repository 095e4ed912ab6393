"""Laws of the panel: the ladder is drawn while one types only if that was asked for, and the next talk begins as the last one was left."""

from dataclasses import replace

import pytest
from tui_stage import CARD, WEATHER, FakeEngine, ask, drive, see, write

from chatbot.tui.app import ChatApp
from chatbot.tui.remembered import Remembered, keep, recall

BEGINNING = "Today's perfect weather "


@pytest.mark.parametrize("waits", [(1,), ()])
def test_the_ladder_is_drawn_while_one_types_from_f4_to_f4(waits):
    engine = FakeEngine(card=replace(CARD, waits=waits))
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await see(pilot, "say something")
        await write(pilot, BEGINNING)
        await pilot.press("f4")
        await see(pilot, "so far: what you type next may change it")
        assert engine.ladders == [BEGINNING.strip()]
        assert not engine.asked, "it is no part of the conversation"
        await write(pilot, "makes ")
        await see(pilot, "4  Today's perfect weather makes")
        await ask(pilot, "me so sad")
        await see(pilot, "settled after 6 of 7 words")
        await pilot.press("f4")
        assert not app._panel.live_ladder
        drawn = len(engine.ladders)
        await write(pilot, BEGINNING)
        if waits:
            await see(pilot, "still listening")
        await app.workers.wait_for_complete()
        assert len(engine.ladders) == drawn

    drive(app, script, (80, 24))


def test_of_a_live_ladder_that_is_too_long_the_newest_rung_is_in_sight(engine):
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await see(pilot, "say something")
        await pilot.press("f4")
        await write(pilot, f"{WEATHER} {WEATHER} ")
        await see(pilot, " 14  ")
        await see(pilot, "so far:")

    drive(app, script, (80, 24))


def test_the_panel_is_as_it_was_left_and_open_in_the_first_talk_of_all(tmp_path):
    path = tmp_path / "new" / "screen.json"

    def left(expected, *keys):
        app = ChatApp(FakeEngine(), memory=path)

        async def script(pilot):
            await see(pilot, "daily-gru")
            assert Remembered(app._panel.display, app._panel.live_ladder) == expected
            await pilot.press(*keys)

        drive(app, script)

    left(Remembered(compare=True), "f2")
    left(Remembered(), "f4")
    left(Remembered(compare=True, live_ladder=True))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"compare": 1, "live_ladder": "\x1b"}', "[" * 100_000, "\udc80"])
def test_a_broken_memory_counts_for_nothing(tmp_path, content):
    path = tmp_path / "screen.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert recall(path) == Remembered()
    assert recall(tmp_path) == Remembered()
    keep(tmp_path, Remembered())
    keep(path, Remembered(live_ladder=True))
    assert recall(path) == Remembered(live_ladder=True)
