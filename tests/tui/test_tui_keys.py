"""Laws of the keys: whatever has the focus, what is typed or pasted reaches the prompt, and what a key does reaches the panel."""

from dataclasses import replace

import pytest
from textual.events import Key, Paste
from tui_stage import CARD, LATE, NIGHT, FakeEngine, ask, drive, see, shown, until, write

from chatbot.records import Decoding
from chatbot.tui.app import ChatApp
from chatbot.tui.turn import Turn


def test_keys_reach_the_prompt_when_what_had_the_focus_is_gone(engine):
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await see(pilot, "say something")
        await pilot.press("f8")
        assert app.focused is app._panel
        await pilot.press("f2", "h", "i")
        await until(pilot, lambda: app._prompt.text == "hi", "typed after the panel has gone")
        await pilot.press("f2", "f8", "f2", "escape")
        await until(pilot, lambda: app.focused is app._prompt, "esc leads back to the prompt")

    drive(app, script)


def test_nothing_typed_or_pasted_while_a_turn_has_the_focus_is_lost(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await ask(pilot, "one")
        await see(pilot, "48 ms")
        await pilot.press("shift+tab")
        for key in "a b c":
            app.post_message(Key({" ": "space"}.get(key, key), key))  # all at once, as a fast terminal sends them
        await until(pilot, lambda: len(app._prompt.text) == 5, "a burst of keys")
        assert app._prompt.text == "a b c"
        await pilot.press("shift+tab")
        assert isinstance(app.focused, Turn)
        app.post_message(Paste(" d\n"))
        await until(pilot, lambda: app._prompt.text == "a b c d\n", "a paste")
        app.post_message(Paste("e"))
        await until(pilot, lambda: app._prompt.text == "a b c d\ne", "once, where the prompt itself takes it")
        await pilot.press("f6")
        app.screen.set_focus(None)
        app.post_message(Paste("f"))
        await pilot.press("x", "escape")
        await until(pilot, lambda: app.focused is app._prompt, "back")
        assert app._prompt.text == "a b c d\ne", "what is typed on a sheet is none of it"

    drive(app, script)


def test_ctrl_c_leaves_a_sheet_before_it_touches_the_draft(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "say something")
        await write(pilot, "a draft")
        await pilot.press("f6", "ctrl+c")
        await until(pilot, lambda: len(app.screen_stack) == 1, "the sheet is left")
        assert app._prompt.text == "a draft"
        await pilot.press("ctrl+c")
        await see(pilot, "ctrl+c once more quits")

    drive(app, script)


def test_the_list_of_keys_leaves_an_edit_and_the_focus_as_they_were(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await ask(pilot, "one")
        await see(pilot, "48 ms")
        await pilot.press("tab", "ctrl+e", "!", "f1")
        await see(pilot, "In the prompt")
        await pilot.press("tab", "escape", "?")
        await until(pilot, lambda: app._prompt.text == "one!?", "the text")
        assert app._chat.editing

    drive(app, script)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["f6"], "Say it like this"),
        (["f9"], "Talk with the marked one"),
        (["f10"], "1/5"),
        (["/tour"], "1/5"),
        ([f"/model {NIGHT}"], f"{NIGHT}  GRU"),
        (["/wait 1"], "hears 1 piece before its first"),
        (["f5"], "no race yet"),
        (["/decoding sample", "/decoding"], "width of the beam"),
    ],
    ids=str,
)
def test_what_is_asked_for_while_the_bot_loads_is_done_once_it_is_there(engine, given, shown):
    engine.loading.clear()
    app = ChatApp(engine)

    async def script(pilot):
        for one in given:
            await (ask(pilot, one) if one.startswith("/") else pilot.press(one))
        engine.loading.set()
        await see(pilot, shown)
        assert app._conversation.decoding.strategy == ("sample" if "/decoding sample" in given else "greedy")

    drive(app, script)


@pytest.mark.parametrize("given", ["f6", "f7", "f9", "/decoding", "/ending", "/model"])
def test_what_was_asked_for_while_the_bot_loads_takes_nothing_that_is_typed_since(engine, given):
    engine.loading.clear()
    app = ChatApp(engine)

    async def script(pilot):
        await (ask(pilot, given) if given.startswith("/") else pilot.press(given))
        await pilot.press("h", "e", "l")
        engine.loading.set()
        await see(pilot, "daily-gru")
        await pilot.press("l", "o")
        assert app._prompt.text == "hello"
        assert len(app.screen_stack) == 1

    drive(app, script)


def test_a_sheet_that_was_asked_for_while_the_bot_loads_does_not_cover_another(engine):
    engine.loading.clear()
    app = ChatApp(engine)

    async def script(pilot):
        await pilot.press("f6", "f1")
        await see(pilot, "In the prompt")
        engine.loading.set()
        await until(pilot, lambda: app._loaded, "the bot")
        await pilot.press("escape")
        assert len(app.screen_stack) == 1

    drive(app, script)


@pytest.mark.parametrize(
    ("models", "answers", "waits"),
    [([NIGHT], NIGHT, 1), (["nonsense"], CARD.name, 3), ([NIGHT, "nonsense"], NIGHT, 1), (["nonsense", NIGHT], NIGHT, 1)],
    ids=str,
)
def test_what_is_said_to_another_bot_while_the_first_loads_is_answered_by_that_one(models, answers, waits):
    class Two(FakeEngine):
        def load(self, model=None):
            return replace(super().load(model), waits=(1,) if self.card.name == NIGHT else (1, 3))

    engine = Two()
    engine.loading.clear()
    app = ChatApp(engine, compare=True, wait=3)

    async def script(pilot):
        for model in models:
            await ask(pilot, f"/model {model}")
        await ask(pilot, "hello there")
        await ask(pilot, "/decoding")
        engine.loading.set()
        await until(pilot, lambda: len(app.screen_stack) == 2, "what was asked for beside it")
        await pilot.press("escape")
        await see(pilot, "48 ms")
        await until(pilot, lambda: app._panel.can_replay, "race")
        assert [asked[0] for asked in engine.asked] == ["hello there"]
        assert (app.session.bundle, len(app.session.turns)) == (answers, 1)
        assert ("no bundle of that name or path" in shown(app)) == ("nonsense" in models)
        assert app._panel._race_view.race.wait == waits
        assert "loading" not in shown(app)

    drive(app, script)


def test_with_nothing_said_there_is_nothing_to_copy(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "say something")
        await pilot.press("ctrl+y")
        await see(pilot, "Nothing has been said yet.")

    drive(app, script)


def test_the_arrows_on_a_turn_turn_the_panel_too(engine):
    app = ChatApp(engine, compare=True, decoding=Decoding(strategy="sample", seed=1))

    def race_of() -> str:
        race = app._panel._race_view.race
        return race.listener.text if race and race.listener else ""

    async def script(pilot):
        await see(pilot, "say something")
        await ask(pilot, "one")
        await until(pilot, lambda: race_of() == f"{LATE} 1", "the first race")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: race_of() == f"{LATE} 2", "the second race")
        await pilot.press("tab", "left")
        await until(pilot, lambda: race_of() == f"{LATE} 1", "the race of the reply that is shown")
        await pilot.press("right")
        await until(pilot, lambda: race_of() == f"{LATE} 2", "and back")

    drive(app, script)
