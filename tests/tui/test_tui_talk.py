"""Laws of the chat beyond a question and its reply: what is changed, asked again, found, kept, resumed, exported, switched, toured."""

import json
import re
from dataclasses import replace

import pytest
from textual.widgets import Input, Select
from tui_stage import CARD, LATE, NIGHT, WEATHER, FakeEngine, ask, assert_clean, drive, rows, see, shown, until, write

from chatbot.errors import ChatbotError
from chatbot.records import SEEDS, BotCard, Candidate, Choice, Decoding, Reply
from chatbot.sessions import Session, Told, read
from chatbot.transcripts.parse import read as transcript
from chatbot.tui.app import ChatApp
from chatbot.tui.bundle_sheet import BundleSheet
from chatbot.tui.choices_view import ChoicesView, summary
from chatbot.tui.commands import Given, command_of, completion
from chatbot.tui.conversation import Conversation, changed
from chatbot.tui.decoding_panel import FIELDS, DecodingPanel
from chatbot.tui.entries import Example, Notice
from chatbot.tui.exports import export
from chatbot.tui.prompt import Prompt
from chatbot.tui.tour import ENGLISH, KOREAN, Frame, Tour
from chatbot.tui.turn import Turn
from chatbot.tui.wording import mistaken

KEY = CARD.fingerprint


async def talk(pilot, engine, *utterances):
    """Says these, each after the reply to the one before."""
    await see(pilot, engine.card.name)
    for utterance in utterances:
        count = len(pilot.app.query(Turn))
        await ask(pilot, utterance)
        await until(pilot, lambda count=count: [turn.answer.state for turn in pilot.app.query(Turn)][count:] == ["replied"], "reply")


def test_a_turn_that_is_changed_takes_the_place_of_itself_and_of_all_after_it(engine, tmp_path):
    app = ChatApp(engine, folder=tmp_path)

    async def script(pilot):
        await talk(pilot, engine, "one", "two", "three")
        await pilot.press("shift+tab", "up", "ctrl+e")
        await see(pilot, "esc leaves it as it is")
        assert app._prompt.text == "two"
        await pilot.press("escape")
        await until(pilot, lambda: "esc leaves" not in shown(app), "left")
        assert len(app.query(Turn)) == 3
        await pilot.press("shift+tab", "up", "ctrl+e")
        await write(pilot, " else")
        await pilot.press("enter")
        await until(pilot, lambda: engine.asked[-1][0] == "two else", "asked")
        await until(pilot, lambda: len(app.query(Turn)) == 2, "the turns after it go")
        assert engine.asked[-1][2] == (("one", LATE),)
        await see(pilot, "48 ms")
        session = app._conversation.session
        await until(pilot, lambda: len(session.turns) == 4, "kept")
        assert [told.after for told in session.turns] == [0, 1, 2, 1], "and stay in the file"
        assert read(session.path).turns == session.turns

    drive(app, script)


def test_a_changed_turn_that_is_stopped_leaves_nothing_of_what_stood_after_it(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await talk(pilot, engine, "one", "two", "three")
        engine.gated()
        await pilot.press("shift+tab", "up", "ctrl+e")
        await write(pilot, " else")
        await pilot.press("enter")
        await until(pilot, lambda: engine.asked[-1][0] == "two else", "asked")
        await pilot.press("escape")
        engine.let(100)
        engine.gate = None
        await ask(pilot, "four")
        await until(pilot, lambda: engine.asked[-1][0] == "four", "asked")
        assert [turn.utterance for turn in app.query(Turn)] == ["one", "two else", "four"]
        assert engine.asked[-1][2] == (("one", LATE),)

    drive(app, script)


def test_a_stopped_turn_of_another_bot_is_said_anew_after_nothing(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await talk(pilot, engine, "one", "two")
        engine.gated()
        await ask(pilot, "three")
        await until(pilot, lambda: engine.asked[-1][0] == "three", "asked")
        await pilot.press("escape")
        engine.let(100)
        engine.gate = None
        await ask(pilot, f"/model {NIGHT}")
        await see(pilot, "heard nothing of this")
        await pilot.press("shift+tab", "ctrl+e")
        await write(pilot, " else")
        await pilot.press("enter")
        await see(pilot, "48 ms")
        assert engine.asked[-1][::2] == ("three else", ())
        await until(pilot, lambda: [told.after for told in app._conversation.session.turns] == [0], "kept")

    drive(app, script)


def test_letters_go_to_the_prompt_from_wherever_the_focus_is(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await talk(pilot, engine, "one")
        await pilot.press("shift+tab")
        assert isinstance(app.focused, Turn)
        await pilot.press("h", "i")
        assert app._prompt.text == "hi"
        app._prompt.load_text("")
        await pilot.click(Turn)
        assert app.focused is app._prompt, "a click leaves the keys to the prompt"
        await pilot.click(Turn, times=2)
        await until(pilot, lambda: app._prompt.text == "one", "twice: changes it")

    drive(app, script)


def test_a_click_on_the_facts_shows_another_reply(engine):
    app = ChatApp(engine, decoding=Decoding(strategy="sample", seed=1))

    async def script(pilot):
        await talk(pilot, engine, "one")
        await pilot.press("ctrl+r")
        await see(pilot, "‹ 2 of 2 ›")
        turn = app.query_one(Turn)
        await until(pilot, lambda: turn.answer.number == 2, "kept")
        await pilot.click(Turn, offset=(10, turn.size.height - 1))
        await see(pilot, "‹ 1 of 2 ›")
        assert app._conversation.history == (("one", f"{LATE} 1"),)

    drive(app, script)


def test_what_is_sought_is_marked_and_found_from_the_newest_up(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await talk(pilot, engine, "a Pear tree", "an apple", "two pears")
        await pilot.press("ctrl+f")
        assert app._prompt.text == "/find "
        await write(pilot, "pear")
        await pilot.press("enter")
        await see(pilot, "“pear” 2 of 2")
        assert app.focused is list(app.query(Turn))[2]
        await pilot.press("ctrl+f")
        await see(pilot, "“pear” 1 of 2")
        assert app.focused is app.query(Turn).first()
        await pilot.press("escape")
        await until(pilot, lambda: "“pear”" not in shown(app), "unmarked")
        await ask(pilot, "/find [/]")
        await see(pilot, "“[/]” is not in the chat.")

    drive(app, script)


def test_a_copy_is_handed_over_and_nothing_more_is_claimed(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await talk(pilot, engine, "one")
        await pilot.press("ctrl+y")
        await see(pilot, "if it has one")
        assert app.clipboard == LATE
        assert "copied" not in shown(app).lower()

    drive(app, script)


def test_a_session_goes_on_where_it_ended(engine, tmp_path):
    session = Session(CARD.name, KEY, tmp_path)
    for number, reply in enumerate(("first", "second", "second again")):
        session.add(Told(f"q{min(number, 1)}", Decoding(strategy="sample", seed=number), Reply(reply, -1.0, 2, 3.0), min(number, 1)))
    app = ChatApp(engine, folder=tmp_path, resumed=read(session.path))

    async def script(pilot):
        await see(pilot, "second again")
        assert "‹ 2 of 2 ›" in shown(app)
        await see(pilot, "seed=3")
        await pilot.press("up")
        assert app._prompt.text == "q1"
        app._prompt.load_text("")
        await ask(pilot, "next")
        await until(pilot, lambda: len(read(session.path).turns) == 4, "in the same file")
        assert engine.asked[-1][2] == (("q0", "first"), ("q1", "second again"))

    drive(app, script)


def test_a_conversation_is_gone_on_with_as_its_bot_is_now_told_to_answer(tmp_path):
    """What it said only where it was sure, and known replies, are the bot's own, and of the flags; how it draws is the conversation's."""
    session = Session(CARD.name, KEY, tmp_path)
    session.add(Told("q", Decoding(strategy="beam", width=3, known_replies=True, unsure="What?"), Reply("a", -1.0, 2, 3.0)))
    talk = Conversation(Decoding(), tmp_path)
    talk.resume(read(session.path), replace(CARD, known_replies=False, unsure="Pardon?"))
    assert talk.decoding == Decoding(strategy="beam", width=3, unsure="Pardon?")


def test_after_the_last_seed_comes_the_first():
    talk = Conversation(Decoding(strategy="sample", seed=SEEDS - 1))
    talk.start(CARD)
    talk.ask("q")
    assert talk.decoding.seed == 0


@pytest.mark.parametrize("wrong", ["line", "bundle"])
def test_a_broken_session_or_one_of_another_bundle_is_said_and_goes_on_in_a_file_of_its_own(engine, tmp_path, wrong):
    session = Session(CARD.name, KEY if wrong == "line" else "other", tmp_path)
    session.add(Told("q", Decoding(), Reply("a", -1.0, 2, 3.0)))
    if wrong == "line":
        session.path.write_bytes(session.path.read_bytes() + b"\x1b[31m[/]\n")
    app = ChatApp(engine, folder=tmp_path, resumed=read(session.path))

    async def script(pilot):
        await see(pilot, "not a turn" if wrong == "line" else "with another daily-gru")
        assert_clean(app)
        await ask(pilot, "next")
        await until(pilot, lambda: len(list(tmp_path.iterdir())) == 2, "another file")
        (other,) = set(tmp_path.iterdir()) - {session.path}
        assert [told.utterance for told in read(other).turns] == ["q", "next"]

    drive(app, script, (160, 30))


def test_a_talk_that_is_not_kept_leaves_no_file_and_a_disk_that_is_full_is_said_once(engine, tmp_path):
    (tmp_path / "file").write_text("")
    app = ChatApp(engine, folder=tmp_path / "file" / "folder")

    async def script(pilot):
        await talk(pilot, engine, "one", "two")
        assert len([notice for notice in app.query(Notice) if "not kept any more" in notice.text]) == 1

    drive(app, script)


def test_a_long_conversation_is_exported_whole_as_a_transcript_that_can_be_read(tmp_path):
    session = Session(CARD.name, KEY)
    for number in range(400):
        session.add(Told(f"question number {number},\u2028{'that is long ' * 5}\x07", Decoding(), Reply(f"answer {number}", -1.0, 2, 3.0), number))
    export(session, 400, str(tmp_path / "a.chat"))
    (scene,) = transcript(tmp_path / "a.chat").scenes
    assert [turn.expected[0].text.split()[-1] for turn in scene.turns] == [str(number) for number in range(400)]
    assert "\x07" not in (tmp_path / "a.chat").read_text()


def test_what_the_bundle_would_not_say_by_itself_is_not_expected_of_it(tmp_path):
    own = Decoding(known_replies=True, unsure="What?")
    conversation = Conversation(Decoding(), tmp_path)
    conversation.start(replace(CARD, known_replies=True, unsure="What?", own=own))
    for number, decoding in enumerate((own, replace(own, unsure=""), replace(own, known_replies=False))):
        conversation.session.add(Told(f"{number}", decoding, Reply("Yes.", -1.0, 2, 3.0), number))
    for name, session in (("a.chat", conversation.session), ("b.chat", read(conversation.session.path))):
        export(session, 3, str(tmp_path / name))
        (scene,) = transcript(tmp_path / name).scenes
        assert [turn.expected[0].sign for turn in scene.turns] == ["<", "<?", "<?"]


def test_exports_hold_what_was_said_and_overwrite_nothing(engine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = ChatApp(FakeEngine(late="\x1b[31m[/] # no <b>heading</b>"))

    async def script(pilot):
        await ask(pilot, "/export")
        await see(pilot, "is exported to a file; name one")
        await ask(pilot, "/export a.md")
        await see(pilot, "nothing has been said to this bundle yet")
        await talk(pilot, engine, "one\x07", "two")
        for name in ("a.md", "b.json", "c.chat", "d.svg"):
            await ask(pilot, f"/export {name}")
            await see(pilot, f"Wrote {name}")
        await ask(pilot, "/export a.md")
        await see(pilot, "is there already")
        await ask(pilot, "/export a.exe")
        await see(pilot, "no kind of file called “.exe”")
        (tmp_path / "adir").mkdir()
        await ask(pilot, "/export adir")
        await see(pilot, "adir: a folder, not a file; type /export adir/talk.md")
        await ask(pilot, "/export talk")
        await see(pilot, "talk: no ending, which tells the kind of file; let it end in one of .md")
        (tmp_path / "adir").rmdir()
        await ask(pilot, "/export /nonexistent/a.md")
        await see(pilot, "/nonexistent/a.md: cannot be written")
        for odd in ("~nobody-of-that-name/a.md", f"{'a' * 300}.md", "a\0b.md"):
            await ask(pilot, f"/export {odd}")
            await see(pilot, odd[:20].replace("\0", "␀"))
        await ask(pilot, "/export .json")
        await until(pilot, lambda: len(list(tmp_path.glob(f"{CARD.name}-*.json"))) == 1, "a name of its own")

    drive(app, script)
    for path in tmp_path.iterdir():
        assert not {"\x1b", "\x07", "\x00"} & set(path.read_text())
    assert "    ␛[31m[/] # no <b>heading</b>" in (tmp_path / "a.md").read_text()
    assert [turn["utterance"] for turn in json.loads((tmp_path / "b.json").read_text())["turns"]] == ["one␇", "two"]
    assert (tmp_path / "c.chat").read_text().startswith("@chat 1\n")


def test_what_is_exported_is_what_is_shown(engine, tmp_path):
    app = ChatApp(engine, decoding=Decoding(strategy="sample"))

    async def script(pilot):
        await talk(pilot, engine, "one")
        await pilot.press("ctrl+r")
        await see(pilot, "2 of 2")
        await pilot.press("shift+tab", "left")
        await see(pilot, "1 of 2")
        await pilot.press("escape")
        await ask(pilot, f"/export {tmp_path}/a.json")
        await see(pilot, "1 turn")

    drive(app, script)
    assert [turn["reply"] for turn in json.loads((tmp_path / "a.json").read_text())["turns"]] == [f"{LATE} 0"], "of the first seed"


def test_a_plan_is_shown_before_the_first_piece_and_counts_as_none(engine):
    app, pieces = ChatApp(engine), engine.choices
    replies = tuple(Candidate(text, share, kept=share > 0.5) for text, share in (("So sorry.", 0.75), ("A pity.", 0.25)))
    engine.choices = lambda *asked: (Choice(replies[0], replies, 1, planning=True), *pieces(*asked))

    async def script(pilot):
        await see(pilot, "daily-gru")
        await talk(pilot, engine, WEATHER)
        await pilot.press("f6")
        await see(pilot, "0 is the plan")
        for line in (r"0 +▸ +So sorry\. +0\.75", r"x +A pity\. +0\.25", r"1 +▸ +sorry"):
            assert re.search(line, shown(app))
        assert summary(engine.choices(WEATHER, Decoding(), ())).startswith("At 2 of 2 steps")
        assert "“So sorry" not in shown(app), "the plan is not said"

    drive(app, script)


def test_the_settings_of_the_panel_are_those_of_the_next_reply_and_of_the_picture(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await ask(pilot, "/decoding top_k=1000000")
        await pilot.press("f6")
        await see(pilot, "Say something first")
        assert app.screen.query_one("#top_k", Input).value == "1000000"
        await pilot.press("escape")
        app._conversation.choose("top_k=0")
        await talk(pilot, engine, WEATHER)
        await pilot.press("f6")
        picture = lambda: app.screen.query_one(ChoicesView)  # noqa: E731
        await until(pilot, lambda: isinstance(app.screen, DecodingPanel) and picture().choices, "picture")
        await see(pilot, "x  glad")
        assert app.screen.query_one("#top_k", Input).disabled, "nothing that greedy ignores can be set"
        app.screen.query_one("#strategy", Select).value = "sample"
        await until(pilot, lambda: not app.screen.query_one("#top_k", Input).disabled, "sampled")
        app.screen.query_one("#top_k", Input).value = "2"
        await until(pilot, lambda: picture().choices[0].kept == 2, "picture of two")
        await see(pilot, "x  blue")
        assert "x  glad" not in shown(app)
        app.screen.query_one("#temperature", Input).value = "99"
        await see(pilot, "out of range")
        app.screen.query_one("#temperature", Input).value = "0.5"
        app.screen.query_one("#known_replies", Select).value = "yes"
        wanted = Decoding(strategy="sample", top_k=2, temperature=0.5, known_replies=True)
        await until(pilot, lambda: app._conversation.decoding == wanted, "applied")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: engine.asked[-1][:2] == (WEATHER, wanted), "asked again like this")
        await see(pilot, "‹ 2 of 2 ›")
        assert len(app.query(Turn)) == 1

    drive(app, script)


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 36), (300, 80)])
def test_the_sheets_fit_every_size_and_show_hostile_text_literally(size):
    engine = FakeEngine(card=BotCard("[/]\x1b[31m", "x\x07", "y", (1,), 40), late="\x1b]0;x\x07[b]")
    app = ChatApp(engine)

    async def script(pilot):
        await ask(pilot, "hello")
        await until(pilot, lambda: app.query(Turn) and app.query_one(Turn).answer.number, "reply")
        for key, sheet in (("f6", DecodingPanel), ("f9", BundleSheet)):
            await pilot.press(key)
            await until(pilot, lambda sheet=sheet: isinstance(app.screen, sheet), key)
            await pilot.pause()
            assert all(len(row) == size[0] for row in rows(app)) or "漢" in shown(app)
            assert_clean(app)
            await pilot.press("pagedown", "pageup", "escape")
        assert app.return_code is None

    drive(app, script, size)


def test_another_bundle_hears_nothing_of_what_was_said_and_the_chat_stays(engine, tmp_path):
    app = ChatApp(engine, folder=tmp_path)

    async def script(pilot):
        await talk(pilot, engine, "one")
        await ask(pilot, "/model nonsense")
        await see(pilot, "nonsense: no bundle of that name or path")
        assert "loading" not in shown(app)
        await pilot.press("f9")
        await see(pilot, "fingerprint")
        await see(pilot, "0.50")
        await pilot.press("down", "enter")
        await see(pilot, f"From here on you talk with {NIGHT}")
        await ask(pilot, "two")
        await until(pilot, lambda: len(engine.asked) == 2, "asked")
        assert engine.asked[-1][2] == ()
        first = app.query(Turn).first()
        assert first.utterance == "one"
        assert not first.check_action("edit", ()), "what another bot was told cannot be changed"
        await until(pilot, lambda: len(list(tmp_path.iterdir())) == 2, "a file each")

    drive(app, script)


def test_of_a_bundle_that_cannot_be_told_of_the_reason_is_shown():
    class Gone(FakeEngine):
        def facts(self):
            raise ChatbotError("the process of the bot has ended")

    app = ChatApp(Gone())

    async def script(pilot):
        await see(pilot, CARD.name)
        await pilot.press("f9")
        await see(pilot, "the process of the bot has ended")
        await pilot.press("escape")
        await talk(pilot, app._engine, "one")

    drive(app, script)


def test_the_interrupter_is_chosen_among_those_of_the_bundle():
    engine = FakeEngine(card=replace(CARD, waits=(1, 3)))
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await talk(pilot, engine, WEATHER)
        await ask(pilot, "/wait 2")
        await see(pilot, "no interrupter with wait “2”")
        await ask(pilot, "/wait 3")
        await see(pilot, "hears 3 pieces before its first")
        await until(pilot, lambda: engine.races[-2:] == [WEATHER, WEATHER], "raced again")

    drive(app, script)


def test_known_replies_and_doubt_are_as_the_bundle_has_them():
    engine = FakeEngine(card=replace(CARD, known_replies=True, unsure="What?"))
    app = ChatApp(engine)

    async def script(pilot):
        await talk(pilot, engine, "one")
        assert engine.asked[0][1] == Decoding(known_replies=True, unsure="What?")
        assert "greedy, known replies" in shown(app)

    drive(app, script)


def test_the_tour_goes_on_with_enter_and_says_what_was_not_learned():
    engine = FakeEngine()
    app = ChatApp(engine, tour=True)

    async def script(pilot):
        await see(pilot, "1/5")
        assert app._panel.display
        for step, page in enumerate(("twins", "ladder", "heeded", "race"), 2):
            await pilot.press("enter")
            await until(pilot, lambda step=step: any(notice.text.startswith(f"{step}/5") for notice in app.query(Notice)), f"step {step}")
            assert app._panel.page == page
            await pilot.press("up")
            assert app._prompt.text == app.query(Example).first().utterance, "what is offered takes no mouse"
            app._prompt.put("")
        assert [offer.utterance for offer in app.query(Example)][-2:] == ["/decoding sample", "/again"]
        engine.stream = lambda *_: iter([Reply("What?", -9.0, 3, 1.0, instead_of="x")])
        await ask(pilot, "some sentence")
        await until(pilot, lambda: any(notice.text == ENGLISH.unlearned for notice in app.query(Notice)), "unlearned")
        await pilot.press("enter")
        await see(pilot, "That was the tour.")
        await pilot.press("enter")
        assert app._tour is None

    drive(app, script, (120, 50))


def test_the_drawer_makes_room_for_the_tour_until_there_is_something_new_in_it():
    engine = FakeEngine()
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await talk(pilot, engine, f"{WEATHER} {WEATHER}")
        await see(pilot, "had heard 1 of 14 words")
        whole = app._panel.size.height
        await pilot.press("f10")
        await see(pilot, "1/5")
        await until(pilot, lambda: app._panel.size.height < whole, "room")
        await write(pilot, f"{WEATHER} ")
        await see(pilot, "still listening")
        assert not app._panel.has_class("-aside")

    drive(app, script, (80, 24))


def test_pictures_that_are_out_of_sight_are_turned_to():
    engine = FakeEngine()
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await talk(pilot, engine, f"{WEATHER} {WEATHER}")
        await see(pilot, "Race")
        await until(pilot, lambda: app._panel.max_scroll_y > 0, "more than fits")
        await pilot.press("f3")
        await until(pilot, lambda: "Ladder" in shown(app) and "Race" not in shown(app), "the ladder from its title on")

    drive(app, script)


def test_a_slash_alone_lists_the_commands():
    assert command_of("/") == Given("/help", "")


@pytest.mark.parametrize(
    ("begun", "rest"), [("/en", "ding "), ("/co", "mpare"), ("/", ""), ("/ending", " "), ("/ending ", ""), ("/xyz", ""), ("en", ""), ("", "")]
)
def test_a_command_that_is_begun_can_be_ended(begun, rest):
    assert completion(begun) == rest


def test_tab_ends_a_command_or_goes_to_the_newest_turn(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "daily-gru")
        await talk(pilot, engine, "hello there")
        await talk(pilot, engine, WEATHER)
        await pilot.press("tab")
        assert app.focused.utterance == WEATHER
        await pilot.press("e", "v", "e", "n")
        assert app.query_one(Prompt).text == "even", "whatever is typed goes to the prompt"
        app.query_one(Prompt).put("")
        await pilot.press("/", "e", "n", "tab")
        assert app.query_one(Prompt).text == "/ending "

    drive(app, script)


def test_an_emptied_prompt_begins_with_the_newest_again(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "daily-gru")
        for utterance in ("one", "two", "three"):
            await talk(pilot, engine, utterance)
        await pilot.press("up", "up", "ctrl+u", "up")
        assert app.query_one(Prompt).text == "three"

    drive(app, script)


@pytest.mark.parametrize(
    ("typed", "heard", "told"),
    [
        ("Ich bin müde", "ich bin made", "heard as “ich bin made”"),
        ("It’s  FINE!!", "it's fine", ""),
        ("ＨＥＬＬＯ", "hello", ""),
        ("½ cup", "1/2 cup", ""),
        ("나는 슬퍼", "나는 슬퍼", ""),
    ],
)
def test_it_is_told_when_something_else_was_heard(typed, heard, told):
    assert mistaken(typed, heard) == told


def test_a_frame_is_filled_with_what_the_bundle_holds_out():
    pairs = ("i won the match today", "short one", "i lost my way home", "i lost my way again")
    assert Frame.of(pairs) == Frame("i lost my way", ("home", "again"))
    assert Frame.of(("hi", "so charming")) == Frame("", ())
    assert "i lost my way ___" in Tour(pairs).next().text
    for last, offers in (("", ("home", "again")), ("I lost my way HOME", ("again",)), ("i lost my keys", ())):
        tour = Tour(pairs)
        tour.next()
        assert tour.next(last).offers == tuple(f"/ending {offer}" for offer in offers), last
    assert Tour(("나는 그 영화를 봤어",)).texts is KOREAN
    for examples in ((), pairs):
        assert len([*iter(Tour(examples).next, None)]) == 5
    for attention, title in ((True, "Attention."), (False, "Influence.")):
        fourth = [*iter(Tour(pairs, attention=attention).next, None)][3]
        assert fourth.text.startswith(f"4/5  {title}")


def test_settings_are_taken_by_name_and_nothing_else_is():
    assert changed(Decoding(), "sample temperature=0.7 top_k=5") == Decoding(strategy="sample", temperature=0.7, top_k=5)
    assert changed(Decoding(), "known_replies=yes") == Decoding(known_replies=True)
    assert {*FIELDS, "known_replies"} == {"temperature", "top_k", "top_p", "seed", "width", "block_ngrams", "known_replies"}
    for wrong in ("nonsense", "unsure=x", "limit=-5", "top_k=1.5", "top_k=", "top_k=-1", "seed=99999999999", "known_replies=1", "=", "\x1b=1", "width=²"):
        with pytest.raises(Exception, match=r"is no setting|out of range"):
            changed(Decoding(), wrong)


def test_keys_and_theme_are_ones_own_and_a_broken_file_is_told_of(engine, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('theme = "ansi-dark"\ncolour = 1\n[keys]\nfind = "ctrl+g"\nagan = "x"\nagain = "\\u001b[31m"\n')
    app = ChatApp(engine, preferences=path)

    async def script(pilot):
        await see(pilot, "again?")  # short, since the path before it decides where the lines break
        await see(pilot, "“colour”")
        assert app.theme == "ansi-dark"
        await pilot.press("ctrl+g")
        assert app._prompt.text == "/find "
        await pilot.press("f1")
        await pilot.press("pagedown")
        await see(pilot, "^g        Find")
        assert_clean(app)

    drive(app, script)
    path.write_text("[/]\x1b = 7")
    broken = ChatApp(FakeEngine(), preferences=path)

    async def told(pilot):
        await see(pilot, "cannot be read, so")
        assert_clean(broken)

    drive(broken, told)


def test_every_command_is_an_action_and_stands_in_the_palette(engine):
    app = ChatApp(engine)

    async def script(pilot):
        await see(pilot, "daily-gru")
        offered = {command.title for command in app.get_system_commands(app.screen)}
        assert {"/export", "/tour", f"/model {NIGHT}"} <= offered
        await pilot.press("ctrl+p")
        await see(pilot, "Search for commands")

    drive(app, script)
