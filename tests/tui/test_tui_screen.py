"""Laws of the screen: what is typed is answered, stopped, kept and never lost."""

import asyncio

import pytest
from textual.events import Key
from tui_stage import CARD, LATE, WEATHER, Bundleless, FakeEngine, ask, assert_clean, drive, rows, see, shown, until, write

from chatbot.records import BotCard, Decoding, Race, Reply, Step
from chatbot.tui.app import ChatApp
from chatbot.tui.chat import Chat
from chatbot.tui.conversation import Question
from chatbot.tui.drawing import Drawn
from chatbot.tui.entries import Example, Notice
from chatbot.tui.race_view import RaceView
from chatbot.tui.turn import Turn
from chatbot.tui.wording import NO_INTERRUPTER

SIZES = [(40, 10), (80, 24), (120, 36), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
def test_a_message_is_answered_and_compared_on_every_size(engine, size):
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, WEATHER)
        await until(pilot, lambda: app.query_one(RaceView).state == "done", "race")
        await until(pilot, lambda: app.query_one(Turn).answer.ladder, "ladder")
        await pilot.pause()
        assert all(len(row) == size[0] for row in rows(app))
        assert len(rows(app)) == size[1]
        assert LATE in shown(app)
        assert ("settled at 6" in shown(app)) == (size[1] >= 20)  # the facts go first where rows are few
        assert_clean(app)

    drive(app, script, size)


def test_the_reply_streams_and_only_then_gets_its_facts(engine):
    app = ChatApp(engine.gated())

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, WEATHER)
        engine.let(2)
        await see(pilot, "I'm sorry")
        assert "to hear" not in shown(app)
        assert "p 0.74" not in shown(app)
        engine.let(3)
        await see(pilot, LATE)
        await see(pilot, "p 0.74 ▰▰▰▰▰▰▱▱ · heard 7 of 7 · 48 ms")

    drive(app, script)


def test_a_message_sent_while_loading_waits_and_is_answered(engine):
    engine.loading.clear()
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "loading … you can already type")
        await ask(pilot, "hello")
        await see(pilot, "… waiting")
        assert not engine.asked
        engine.loading.set()
        await see(pilot, LATE)

    drive(app, script)


def test_messages_sent_during_a_reply_are_answered_in_turn(engine):
    app = ChatApp(engine.gated())

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, "one")
        await ask(pilot, "two")
        engine.let(10)
        await until(pilot, lambda: len(engine.asked) == 2, "second question")
        assert engine.asked[1][2] == (("one", LATE),), "the second question comes after the first reply"
        await until(pilot, lambda: shown(app).count("p 0.74") == 2, "both replies")

    drive(app, script)


def test_esc_stops_within_a_token_and_what_comes_late_is_dropped(engine):
    app = ChatApp(engine.gated())

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, WEATHER)
        engine.let(2)
        await see(pilot, "I'm sorry")
        await pilot.press("escape")
        await see(pilot, "stopped")
        engine.let(10)
        await ask(pilot, "next")
        await until(pilot, lambda: len(engine.asked) == 2, "next question")
        await until(pilot, lambda: shown(app).count(LATE) == 1, "next reply")
        assert engine.chunks == 2 + 1 + 5, "the stopped reply took the chunk it waited for and no more"
        assert engine.asked[1][2] == (), "a stopped reply is no part of the conversation"

    drive(app, script)


def test_esc_lets_the_chunk_in_flight_be_the_last(engine):
    app = ChatApp(engine.gated())

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, WEATHER)
        engine.let(1)
        await see(pilot, "bot  I'm")
        await pilot.press("escape")
        engine.let(10)
        await until(pilot, lambda: all(worker.is_finished for worker in app.workers), "thread ends")
        await pilot.pause()
        assert "sorry" not in shown(app)
        assert "esc Stop" not in shown(app)

    drive(app, script)


def test_the_interrupter_speaks_while_you_type_and_the_listener_waits(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await pilot.press("f2")
        await see(pilot, "Type: the interrupter speaks while it hears")
        await write(pilot, "Today's perfect wea")
        await see(pilot, "the listener is still listening: press Enter")
        picture = [row[60:].split() for row in rows(app)]
        assert [row[1:] for row in picture if row[1:3] == ["1", "Today's"]] == [["1", "Today's", "That", "·"]]
        assert [row[1:] for row in picture if row[1:3] == ["2", "perfect"]] == [["2", "perfect", "is", "·"]]
        assert engine.heard == ["Today's perfect"], "a growing word is not heard"
        assert not engine.asked
        assert not engine.ladders
        assert LATE not in shown(app)
        await write(pilot, "ther ")
        await see(pilot, "wonderful")
        await pilot.press("backspace", "backspace", *["backspace"] * 7)
        await until(pilot, lambda: "wonderful" not in shown(app), "a word that is deleted is unheard")

    drive(app, script)


def test_the_race_and_the_ladder_follow_the_reply(engine):
    app = ChatApp(engine.gated(), compare=True)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await write(pilot, WEATHER)
        await see(pilot, "still listening")
        await pilot.press("enter")
        await see(pilot, "the listener has heard it all and begins")
        assert not engine.races + engine.ladders, "the pictures neither spoil nor delay the reply"
        engine.let(5)
        await see(pilot, "settled after 6 of 7 words ▰▰▰▰▰▰▱")
        picture = [" ".join(row[61:].split()) for row in rows(app)]
        assert "‖ (end) (done) ▸ I'm sorry to hear that." in picture
        assert "When it said its first word, the interrupter had heard" in picture
        assert "1 Today's ≠ What about it?" in picture
        assert "7 … makes me so sad = I'm sorry to hear that." in picture
        assert any(row.startswith("interrupter That is wonderful to") and "p 0.22 ▰▰▱▱▱▱▱▱" in row for row in picture)
        await until(pilot, lambda: "esc Stop" not in shown(app), "nothing to stop")

    drive(app, script)


def test_a_panel_opened_late_draws_what_it_missed_and_a_narrow_one_turns_its_page(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, WEATHER)
        await see(pilot, "48 ms")
        assert not engine.races
        assert "f3 View" not in shown(app)
        await pilot.press("f2")
        await see(pilot, "▸ I'm sorry to hear that.")
        assert "had you stopped" not in shown(app)
        await pilot.press("f3")
        await see(pilot, "settled after 6 of 7")
        assert "what each one said" not in shown(app)
        await pilot.press("f2")
        await until(pilot, lambda: "Ladder" not in shown(app), "closed")

    drive(app, script, (80, 24))


def test_a_click_on_a_turn_reopens_its_pictures(engine):
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await see(pilot, "daily-gru")
        for text in ("good morning", "good night"):
            await ask(pilot, text)
            await until(pilot, lambda text=text: engine.ladders[-1:] == [text], "ladder")
        await until(pilot, lambda: all(turn.answer.ladder for turn in app.query(Turn)), "both ladders")
        await see(pilot, "night ")
        await pilot.click(Turn)
        await until(pilot, lambda: engine.ladders == ["good morning", "good night", "good morning"], "again")
        await until(pilot, lambda: app.query_one(RaceView).race.utterance == "good morning", "race of the first turn")

    drive(app, script)


def test_the_replay_goes_word_by_word_and_at_once_without_animations(engine, monkeypatch):
    monkeypatch.setattr(RaceView, "PACE", 1000.0)
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await pilot.press("f5")
        await see(pilot, "There is no race yet")
        await ask(pilot, WEATHER)
        await see(pilot, "(end)")
        view = app.query_one(RaceView)
        await pilot.press("f5")
        await until(pilot, lambda: "(end)" not in shown(app), "begins anew")
        assert not any("wonderful" in row[60:] for row in rows(app))
        for _ in range(3):
            view._advance()
        await see(pilot, "wonderful")
        for _ in range(5):
            view._advance()
        await see(pilot, "(end)")
        assert not view.replaying
        app.animation_level = "none"
        await pilot.press("f5")
        await pilot.pause()
        assert "(end)" in shown(app)
        assert not view.replaying

    drive(app, script)


def test_without_an_interrupter_there_is_only_the_ladder():
    engine = FakeEngine(card=BotCard("lone", "GRU", "models/lone", (), 40))
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await see(pilot, "no interrupter")
        await ask(pilot, "good morning to you ")
        await see(pilot, "settled after 3 of 4")
        assert not engine.races
        assert not engine.heard
        assert "no interrupter" in shown(app)
        assert "f3 View" not in shown(app)
        for said in ("f5", "f7", "/ending glad"):
            app._chat.clear()
            await (ask(pilot, said) if said.startswith("/") else pilot.press(said))
            await until(pilot, lambda: [notice.text for notice in app.query(Notice)][-1:] == [NO_INTERRUPTER], said)
        assert app._panel.page == "race"
        assert app._prompt.text == ""

    drive(app, script, (80, 24))


def test_a_sampled_reply_takes_a_new_seed_and_its_turn_keeps_them_all(engine):
    app = ChatApp(engine, decoding=Decoding(seed=7))

    async def script(pilot):
        await see(pilot, "greedy")
        await ask(pilot, "hello")
        await see(pilot, "48 ms")
        await pilot.press("ctrl+r")
        await see(pilot, "would say the same again")
        await ask(pilot, "/decoding sample")
        await see(pilot, "sample t=0.8 p=0.95 seed=7")
        await pilot.press("ctrl+r")
        await see(pilot, "· seed 7")
        await see(pilot, "seed=8")
        await pilot.press("ctrl+r")
        await see(pilot, "· seed 8")
        assert [asked[1].seed for asked in engine.asked[1:]] == [7, 8]
        assert {asked[2] for asked in engine.asked} == {()}, "a question asked again does not follow itself"
        assert len(app.query(Turn)) == 1
        await see(pilot, "‹ 3 of 3 ›")
        await pilot.press("shift+tab", "left")
        await see(pilot, "‹ 2 of 3 ›")
        await see(pilot, f"bot  {LATE} 7")
        await pilot.press("escape")
        await ask(pilot, "and then")
        await until(pilot, lambda: len(engine.asked) == 4, "a question after them")
        assert engine.asked[-1][2] == (("hello", f"{LATE} 7"),), "of the replies to one question the one that is shown counts"

    drive(app, script)


def test_up_brings_back_what_was_sent_and_down_the_draft(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "daily-gru")
        prompt = app._prompt
        await pilot.press("up")
        assert prompt.text == WEATHER, "the first example, while nothing was sent"
        await pilot.press("down")
        assert prompt.text == ""
        await ask(pilot, "one")
        await write(pilot, "two")
        await pilot.press("ctrl+j")
        await write(pilot, "lines")
        await pilot.press("enter")
        assert engine.asked[:1] == [("one", Decoding(), ())]
        await write(pilot, "draft")
        await pilot.press("up")
        assert prompt.text == "two\nlines"
        await pilot.press("up")
        assert prompt.text == "two\nlines", "the first press goes to the first line"
        await pilot.press("up")
        assert prompt.text == "one"
        await pilot.press("up", "down", "down")
        assert prompt.text == "draft"

    drive(app, script)


def test_a_click_on_an_example_puts_it_into_the_prompt_and_typing_goes_on(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, CARD.examples[1])
        await pilot.click(app.query(Example)[1])
        assert app._prompt.text == CARD.examples[1]
        await pilot.click("Chat")
        await pilot.press("x")
        assert app._prompt.text == CARD.examples[1] + "x"
        await pilot.press("enter")
        await until(pilot, lambda: not app.query(Example), "examples go")

    drive(app, script)


def test_a_refused_message_is_said_and_comes_back(engine):
    app = ChatApp(engine, compare=True)
    long = "word " * 50

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, long)
        await see(pilot, "50 pieces are too long; at most 40")
        assert app._prompt.text == long.strip()
        app._prompt.load_text("")
        await ask(pilot, "hello")
        await see(pilot, LATE)

    drive(app, script)


def test_a_refused_message_does_not_overwrite_what_is_typed_since(engine):
    engine.loading.clear()
    app = ChatApp(engine)
    long = ("word " * 50).strip()

    async def script(pilot):
        await ask(pilot, long)
        await write(pilot, "next")
        engine.loading.set()
        await see(pilot, "too long")
        assert app._prompt.text == "next"
        await pilot.press("up")
        assert app._prompt.text == long

    drive(app, script)


def test_a_bug_in_the_engine_is_said_and_the_chat_goes_on(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, "break")
        await see(pilot, "A bug in chatbot: ValueError")
        assert_clean(app)
        app._prompt.load_text("")
        await ask(pilot, "hello")
        await see(pilot, LATE)

    drive(app, script)


def test_a_bundle_that_cannot_be_read_ends_the_screen_with_code_2(capsys):
    app = ChatApp(Bundleless())

    async def run():
        async with app.run_test():
            while app.return_code is None:
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(run(), 20))
    assert app.return_code == 2
    assert capsys.readouterr().err == "chatbot: models/x: no bundle; train one\n"


def test_the_screen_can_be_left_while_the_bot_loads(engine):
    engine.loading.clear()
    app = ChatApp(engine)

    async def run():
        async with app.run_test() as pilot:
            await ask(pilot, "hello")
            await pilot.press("ctrl+c")
            await see(pilot, "ctrl+c once more quits")
            await pilot.press("ctrl+c")
            await pilot.pause()
        engine.loading.set()

    asyncio.run(run())
    assert app.return_code == 0
    assert not engine.asked


def test_commands_answer_in_a_line(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, "/nonsense")
        await see(pilot, "There is no /nonsense.")
        await ask(pilot, "/help")
        await see(pilot, "how replies are chosen")
        await ask(pilot, "/compare")
        await see(pilot, "Race")
        await ask(pilot, "/decoding sample")
        await see(pilot, "sample t=0.8")
        await ask(pilot, "/again")
        await see(pilot, "Nothing has been asked yet.")
        await ask(pilot, "/clear")
        await see(pilot, CARD.examples[2])
        assert not engine.asked
        await ask(pilot, "/quit")
        await until(pilot, lambda: app.return_code == 0, "quit")

    drive(app, script)


def test_what_comes_late_for_another_turn_or_draft_is_dropped(engine):
    app = ChatApp(engine.gated(), compare=True)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, "one")
        await until(pilot, lambda: app.query(Turn), "turn")
        stopped = app.query_one(Turn)
        await pilot.press("escape")
        await see(pilot, "stopped")
        await write(pilot, "two ")
        await see(pilot, "still listening")
        race = Race("old draft", 1, (Step("old", 1, "stale"),), Reply("stale", -1.0, 1, 1.0))
        app._chat.post_message(Chat._Said(stopped.answer.question, "stale"))
        app._chat.post_message(Chat._Said(stopped.answer.question, Reply("stale", -1.0, 1, 1.0)))
        app._chat.post_message(Chat._Failed(stopped.answer.question, "stale"))
        app._panel.post_message(Drawn(Question("old draft", Decoding(), ()), race))
        await pilot.pause()
        await pilot.pause()
        assert "stale" not in shown(app)
        assert stopped.answer.state == "stopped"
        engine.let(5)

    drive(app, script)


def test_clear_forgets_and_drops_what_comes_late(engine):
    app = ChatApp(engine.gated(), compare=True)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, "one")
        engine.let(1)
        await see(pilot, "bot  I'm")
        await pilot.press("ctrl+l")
        await see(pilot, CARD.examples[0])
        engine.let(20)
        await ask(pilot, "two")
        await see(pilot, LATE)
        assert engine.asked[-1][2] == ()
        assert len(app.query(Turn)) == 1

    drive(app, script)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_the_help_opens_and_closes_and_lists_our_keys(engine, size):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await pilot.press("f1")
        for told in ("what you sent", "⏎         Send", "^e        Edit", "f2        Compare"):
            await see(pilot, told)
        for key in ("f1", "escape"):
            await pilot.press(key)
            await until(pilot, lambda: "what you sent" not in shown(app), "closed")
            await pilot.press("f1")
            await see(pilot, "what you sent")

    drive(app, script, size)


def test_where_every_row_counts_there_is_none_between_the_turns(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await ask(pilot, "one")
        await see(pilot, LATE)
        assert rows(app)[app._chat.region.bottom - 1].strip().startswith("bot")

    drive(app, script, (40, 10))


def test_a_screen_at_rest_has_no_timer(engine):
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, WEATHER)
        await see(pilot, "settled at 6")
        assert not app._prompt.cursor_blink

        def ticking():
            timers = [timer for node in app.screen.walk_children() for timer in node._timers]
            return [timer for timer in timers if not timer._task.done() and timer._active.is_set()]

        await until(pilot, lambda: not ticking(), "no timers")
        for _ in range(10):  # longer than a frame: a timer that starts itself anew would be seen
            await pilot.pause(0.01)
            assert not ticking()

    drive(app, script)


def test_the_interrupter_may_wait_and_then_speak_on_after_the_end():
    engine = FakeEngine(card=BotCard("w", "GRU", "w", (1, 3), 40))
    app = ChatApp(engine, compare=True, wait=3)

    async def script(pilot):
        await see(pilot, "GRU")
        await ask(pilot, "how are you ?")
        await see(pilot, "▸ I'm sorry to hear that.")
        assert "1  how       ·" in shown(app)
        assert "had heard" in shown(app)
        assert "interrupter  That is wonderful to" in shown(app)

    drive(app, script)


def test_the_screen_can_be_left_at_any_moment_of_a_reply():
    """Threads report to a screen that has gone: nobody may stumble over it."""
    for chunks in (2, 5, 7):
        engine = FakeEngine().gated()
        app = ChatApp(engine, compare=True)

        async def run(app=app, engine=engine, chunks=chunks):
            async with app.run_test() as pilot:
                await see(pilot, "daily-gru")
                await ask(pilot, WEATHER)
                await ask(pilot, "and again")
                engine.let(chunks)
            engine.let(50)  # the screen has gone; its threads go on to the next piece
            app.refresh_bindings()

        asyncio.run(run())
        assert app.return_code in (None, 0)


def test_enter_does_not_overtake_the_keys_before_it(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "daily-gru")
        for key in ("h", "i", "enter", "y", "o", "ctrl+j", "u", "enter"):
            app.post_message(Key(key, key if len(key) == 1 else None))  # all at once, as a fast terminal sends them
        await until(pilot, lambda: len(engine.asked) == 2, "both are sent")
        assert [asked[0] for asked in engine.asked] == ["hi", "yo\nu"]

    drive(app, script)
