"""Whatever a corpus, a model, a paste or a path holds is shown literally and moves nothing but itself."""

import ast
import re
from pathlib import Path

import pytest
from tui_stage import CARD, FakeEngine, ask, assert_clean, drive, see, shown, until, write

from chatbot.errors import BundleError
from chatbot.records import BotCard, Decoding, Ladder, Race, Reply
from chatbot.tui import app as app_module
from chatbot.tui.app import ChatApp
from chatbot.tui.chat import Chat
from chatbot.tui.race_view import RaceView
from chatbot.tui.sheet import columns, painted, painted_line
from chatbot.tui.turn import Turn

# What is given, and what of it must be legible.
HOSTILE = [
    ("[/]", "[/]"),
    ("[foo bar]", "[foo bar]"),
    ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
    ("$primary[b]\\[x]", "$primary[b]\\[x]"),
    ("<unk><s>&amp;", "<unk><s>&amp;"),
    ("a\x1b[31mb", "a␛[31mb"),
    ("a\x1b]0;pwn\x07b", "a␛]0;pwn␇b"),
    ("n\x00ul\x7f\x9b31m", "n␀ul␡\ufffd31m"),
    ("be\x07\x08\x0b\x0cll", "be␇␈␋␌ll"),
    ("ab\u202ecd\u2066e\u200f", "abcde"),
    ("漢字かな", "漢字かな"),
    ("e" + "\u0301" * 50, "e\u0301"),
    ("\ud800lone", "\ufffdlone"),
]
IDS = [re.sub(r"[^\x20-\x7e]", "?", text)[:12] for text, _ in HOSTILE]


class HostileEngine(FakeEngine):
    """Says the same hostile thing everywhere: in its card, its replies, its races and ladders, its refusals."""

    def __init__(self, text: str) -> None:
        super().__init__(card=BotCard(text, text, text, (1,), 40, (text,)), early=text, late=text)

    def hear(self, words: str, decoding: Decoding, wait: int, history: tuple[tuple[str, str], ...]) -> Race:
        if "refuse" in words:
            raise BundleError(self.late, place=self.late, remedy=self.late)
        return super().hear(words, decoding, wait, history)

    def ladder(self, utterance: str, decoding: Decoding, history: tuple[tuple[str, str], ...]) -> Ladder:
        if "refuse" in utterance:
            raise BundleError(self.late, place=self.late, remedy=self.late)
        return super().ladder(utterance, decoding, history)


@pytest.mark.parametrize(("text", "legible"), HOSTILE, ids=IDS)
def test_hostile_text_is_shown_literally_everywhere(text, legible):
    app = ChatApp(HostileEngine(text), compare=True)

    async def script(pilot):
        await see(pilot, "or try one of these")
        assert shown(app).count(legible) >= 3, "name, summary and example"
        assert_clean(app)
        await write(pilot, f"{text} {text} ")
        await see(pilot, "still listening")
        assert_clean(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.query_one(Turn).answer.ladder and app.query_one(RaceView).state == "done", "pictures")
        await pilot.pause()
        assert shown(app).count(legible) >= 9, "status, chat, race, ladder"
        assert_clean(app)
        await write(pilot, "refuse me")
        await until(pilot, lambda: app.query_one(RaceView).state == "trouble", "a refusal in the race")
        await pilot.press("enter")
        await until(pilot, lambda: app.query("Notice"), "a refusal in the chat")
        await ask(pilot, "/" + "".join(text.split()))
        await until(pilot, lambda: len(app.query("Notice")) == 2, "an unknown command")
        await pilot.pause()
        assert_clean(app)
        app.query_one("#body").styles.height = 20  # a screen of another shape
        await pilot.pause()
        assert_clean(app)
        assert app.return_code is None

    drive(app, script, (120, 40))


@pytest.mark.parametrize("size", [(40, 10), (80, 24)])
def test_a_long_hostile_word_breaks_no_small_screen(size):
    engine = FakeEngine(early="x" * 300 + " 漢" * 50, late="\x1b" * 200 + "[/]" * 50)
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await see(pilot, "daily")
        await ask(pilot, "漢字" * 40 + " \u0301\u0301 " + "[b]" * 30 + "\nsecond line")
        await until(pilot, lambda: app.query_one(Turn).answer.ladder and app.query_one(RaceView).state == "done", "pictures")
        for key in ("f3", "f3", "f1"):
            await pilot.press(key)
            await pilot.pause()
            assert_clean(app)

    drive(app, script, size)


def test_a_paste_is_made_safe_before_it_is_shown():
    app = ChatApp(FakeEngine())

    async def script(pilot):
        from textual.events import Paste

        await see(pilot, CARD.name)
        app.post_message(Paste("a\x1b[2Jb\u202e\r\nc\td"))
        await see(pilot, "a␛[2Jb")
        assert app._prompt.text == "a␛[2Jb\nc\td"
        assert_clean(app)

    drive(app, script)


def test_columns_are_counted_in_cells():
    rows = columns([painted_line("漢字"), painted_line("abcd"), painted_line("x\ny")], [6, 2, 4])
    assert [row.plain for row in rows] == ["漢字    ab  x y ", "        cd      "]
    assert all(row.cell_length == 6 + 2 + 4 + 4 for row in rows)
    assert painted(("[b]x[/b]", "bold")).plain == "[b]x[/b]"


def test_a_race_with_nothing_in_it_can_be_drawn():
    app = ChatApp(FakeEngine())

    async def script(pilot):
        view = app.query_one(RaceView)
        for race in (Race("", 1, (), Reply("", 0.0, 0, 0.0)), Race("", 1, (), Reply("", 0.0, 0, 0.0), Reply("", 0.0, 0, 0.0, False))):
            for state in ("live", "replying", "done"):
                view.show(state, race)
                assert view.lines(60)
                assert view.lines(5)

    drive(app, script)


def test_a_bot_that_is_loaded_when_the_person_has_left_greets_nobody():
    app = ChatApp(FakeEngine())

    async def script(pilot):
        chat, card = app.query_one(Chat), FakeEngine().load()
        await chat.remove()
        app.post_message(ChatApp._Loaded(card, ()))
        await pilot.pause()

    drive(app, script)


BANNED = {"Content", "Static", "Label", "Markdown", "RichLog", "Text", "notify", "from_markup", "assemble", "Tooltip"}


def test_text_becomes_visible_in_one_module_only():
    """Every other module builds its lines with `painted`: no bare Static, Label, Content or notify."""
    files = [path for path in Path(app_module.__file__).parent.glob("*.py") if path.name != "sheet.py"]
    assert len(files) > 8
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                assert name not in BANNED, f"{path.name}:{node.lineno}: {name}( shows text that was not made safe"
