"""Laws of a long chat: only some of it is mounted, all of it can be come back to, and what does not change is not drawn."""

import pytest
from tui_stage import CARD, FakeEngine, ask, drive, see, until

from chatbot.records import Decoding, Reply
from chatbot.sessions import Session, Told
from chatbot.tui.app import ChatApp
from chatbot.tui.keys import Keys
from chatbot.tui.turn import Turn

MOUNTED, LONG = 10, 34


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    """A chat is long with ten turns already."""
    monkeypatch.setattr("chatbot.tui.chat_log.MOUNTED", MOUNTED)


@pytest.fixture
def app():
    """A screen on which a conversation of LONG turns goes on."""
    turns = [Told(f"question {number}.", Decoding(), Reply("a", -1.0, 2, 3.0), number) for number in range(LONG)]
    return ChatApp(FakeEngine(), resumed=Session(CARD.name, CARD.fingerprint, turns=turns))


def told(app):
    """The utterances of the turns that are mounted."""
    return [turn.utterance for turn in app.query(Turn)]


def expected(first):
    return [f"question {number}." for number in range(first, LONG)]


def test_the_newest_turns_are_mounted_and_older_ones_come_back_to_who_scrolls_up(app):
    async def script(pilot):
        await see(pilot, f"question {LONG - 1}.")
        assert told(app) == expected(LONG - MOUNTED)
        for first in (LONG - 2 * MOUNTED, LONG - 3 * MOUNTED, 0):
            seen = told(app)[0]
            while len(told(app)) < LONG - first:
                await pilot.press("pageup")
            await until(pilot, lambda: app._chat.scroll_y > 0, "what was in sight stays")
            await see(pilot, seen)
            assert told(app) == expected(first)
        while app._chat.scroll_y:
            await pilot.press("pageup")
        await see(pilot, "question 0.")
        assert told(app) == expected(0), "each of them once"
        await ask(pilot, "one more")
        await until(pilot, lambda: len(told(app)) == MOUNTED, "who says something is at the end again, where few are mounted")
        await see(pilot, "you  one more")

    drive(app, script, (80, 24))


def test_what_stands_further_up_is_found_there(app):
    async def script(pilot):
        await see(pilot, f"question {LONG - 1}.")
        for number in (7, LONG - MOUNTED - 1):
            await ask(pilot, f"/find ION {number}.")
            await see(pilot, f"▸you  question {number}.")
            await pilot.press("escape")
        await ask(pilot, "/find nowhere")
        await see(pilot, "“nowhere” is not in the chat.")

    drive(app, script, (80, 24))


def test_what_waits_for_its_answer_is_never_dropped():
    engine = FakeEngine().gated()
    app = ChatApp(engine)
    asked = [f"question {number}." for number in range(2 * MOUNTED)]

    async def script(pilot):
        await see(pilot, "say something")
        for question in asked:
            app._chat.ask(question)
        await see(pilot, asked[-1])
        assert told(app) == asked
        engine.let(10**6)
        await until(pilot, lambda: not app._chat.busy, "all are answered")
        assert [one[0] for one in engine.asked] == asked

    drive(app, script)


def _counted(calls, method):
    async def counted(self):
        calls.append(self)
        await method(self)

    return counted


def test_keys_that_stay_the_same_are_not_made_anew(monkeypatch, engine):
    made = []
    monkeypatch.setattr(Keys, "recompose", _counted(made, Keys.recompose))
    app = ChatApp(engine)

    async def script(pilot):
        await ask(pilot, "hello")
        await see(pilot, "48 ms")
        made.clear()
        app.refresh_bindings()
        await pilot.pause()
        await ask(pilot, "hello")
        await until(pilot, lambda: len(engine.asked) == 2 and not app._chat.busy, "reply")
        await pilot.pause()
        assert len(made) <= 2, "esc stops it, and then does not"

    drive(app, script)


def test_a_reply_that_grows_within_its_line_moves_nothing_even_when_its_facts_come(monkeypatch, engine):
    app = ChatApp(engine.gated())

    async def script(pilot):
        await see(pilot, "say something")
        await ask(pilot, "hello")
        engine.let(1)
        await see(pilot, "bot  I'm")
        moved = []
        refresh = Turn.refresh
        monkeypatch.setattr(Turn, "refresh", lambda turn, *regions, **how: (moved.append(how.get("layout")), refresh(turn, *regions, **how))[1])
        for chunks, text in ((1, "I'm sorry"), (2, "I'm sorry to hear"), (99, "48 ms")):
            engine.let(chunks)
            await see(pilot, text)
        assert moved
        assert not any(moved), "to lay the screen out takes longer than all the rest"

    drive(app, script)


def test_keys_that_apply_only_for_a_moment_are_not_drawn(monkeypatch, engine):
    monkeypatch.setattr("chatbot.tui.keys.REST", 60.0)
    made = []
    monkeypatch.setattr(Keys, "recompose", _counted(made, Keys.recompose))
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "say something")
        made.clear()
        await ask(pilot, "hello")
        await see(pilot, "48 ms")
        assert not made

    drive(app, script)
