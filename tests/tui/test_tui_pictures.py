"""Laws of the pictures: one cursor through all of them, attention that is readable without colour, twins, replays that block nobody."""

import ast
import unicodedata
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.style import Style
from test_tui_hostile import HOSTILE, HostileEngine
from textual.color import Color
from textual.events import Key
from tui_stage import EARLY, LATE, OTHER, WEATHER, FakeEngine, ask, assert_clean, drive, rows, see, shown, until, write

from chatbot.errors import BundleError
from chatbot.records import Attention, Influence, Race, Reply, Step, Twins
from chatbot.tui import glyphs
from chatbot.tui.app import ChatApp
from chatbot.tui.attention_view import RAMP, AttentionView
from chatbot.tui.glyphs import ASCII
from chatbot.tui.pages import PAGES
from chatbot.tui.panel import Panel
from chatbot.tui.picture import Cursor, pointed
from chatbot.tui.race_view import RaceView
from chatbot.tui.twins_view import TwinsView
from chatbot.tui.wording import named, tenths, times

SAD = Reply(LATE, -1.2, 4, 48.0)


async def compared(pilot, text=WEATHER):
    """Asks, and waits for all pictures."""
    await see(pilot, "say something")
    await ask(pilot, text)
    await until(pilot, lambda: pilot.app._panel._attention_view.heed, "all pictures")
    await pilot.pause()


def plain(view, width):
    return [line.plain for line in view.lines(width)]


def on_a_screen(view, check, size=(120, 36)):
    """Runs `check` with `view` on a screen of its own kind."""
    app = ChatApp(FakeEngine(), compare=True)

    async def script(pilot):
        await app.screen.mount(view)
        check(view)

    drive(app, script, size)


# The cursor


@pytest.mark.parametrize(
    ("word", "piece", "found"),
    [(0, 0, Cursor()), (-3, -1, Cursor()), (2, 0, Cursor(2)), (9, 9, Cursor(4, 3, (4, 5))), (0, 1, Cursor(0, 1, (0, 2))), (1, 2, Cursor(1, 2, (3, 4)))],
)
def test_the_cursor_stays_on_what_there_is(word, piece, found):
    assert pointed(word, piece, 4, ["Oh", " n", "o"]) == found


def test_the_cursor_runs_through_all_pictures(engine):
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await compared(pilot)
        await pilot.press("f8")
        assert app.focused is app._panel
        await pilot.press("down", "down", "right")
        await pilot.pause()
        assert app._panel.cursor == Cursor(2, 1, (0, 3))
        panel = [row[62:] for row in rows(app)]
        assert [row.split()[:3] for row in panel if row.startswith("▸ ")] == [["▸", "2", "perfect"], ["▸", "2", "Today's"], ["▸", "I'm", "4"]]
        reversed_ = {segment.text.strip() for strip in app.screen._compositor.render_strips() for segment in strip if segment.style and segment.style.reverse}
        assert {"2", "I'm"} <= reversed_, "the number of the word, and the piece in the reply and as a row"
        await pilot.press("escape")
        await pilot.pause()
        assert app._panel.cursor == Cursor()
        assert app.focused is app._prompt
        assert not [row for row in rows(app) if row[62:].startswith("▸ ")]
        await pilot.press("f8", "down", "h", "i")
        await until(pilot, lambda: app._prompt.text == "hi", "typing goes to the prompt")
        assert app._panel.cursor.word == 1

    drive(app, script, (120, 48))


def test_the_pages_turn_round_and_where_attention_is_alone_the_arrows_go_along_its_rows(engine):
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await compared(pilot)
        pages = [app._panel.page]
        for _ in range(4):
            await pilot.press("f3")
            pages.append(app._panel.page)
            assert [page for page, view in app._panel._views.items() if view.display] == [app._panel.page], "it shows what it is called by"
        assert pages == ["race", "ladder", "heeded", "twins", "race"]
        await pilot.press("f3", "f3", "f8", "down", "down", "right")
        assert (app._panel.cursor.word, app._panel.cursor.piece) == (1, 2)
        app._panel._attention_view.show(Influence(LATE.split(), (0.0,) * len(LATE.split())))
        await pilot.press("down")
        assert (app._panel.cursor.word, app._panel.cursor.piece) == (2, 2), "of influence the rows are words"
        await pilot.press("up")
        app._panel.page = "race"
        await pilot.press("down")
        assert (app._panel.cursor.word, app._panel.cursor.piece) == (2, 2)

    drive(app, script, (80, 24))


def test_a_click_chooses_what_is_under_it_and_turns_the_page(engine):
    app = ChatApp(engine, compare=True)

    async def click(pilot, text, *, right=0):
        row = next(number for number, row in enumerate(rows(app)) if text in row)
        await pilot.click(offset=(rows(app)[row].index(text) + right, row))
        await pilot.pause()

    async def script(pilot):
        await compared(pilot)
        await click(pilot, "weather   ")
        assert app._panel.cursor.word == 3
        assert app.focused is app._prompt, "the mouse takes the keys from nobody"
        await click(pilot, "Heeded")
        assert app._panel.page == "heeded"
        await click(pilot, "sorry  ")
        assert app._panel.cursor == Cursor(3, 2, (4, 9))
        await click(pilot, "hear   ", right=len("hear   ") + 1)
        assert (app._panel.cursor.word, app._panel.cursor.piece) == (1, 4), "a cell is a word and a piece"
        await click(pilot, "Ladder")
        await see(pilot, "settled after")
        assert app._panel.page == "ladder"

    drive(app, script, (80, 24))


# Attention and influence


def looked(*rows, before=None):
    words = tuple(f"w{number}" for number in range(1, len(rows[0]) + 1))
    return Attention(
        words, tuple(range(1, len(words) + 1)), tuple(" abcdefg"[place : place + 1] or "x" for place in range(len(rows))), rows, before or (0.0,) * len(rows)
    )


def test_attention_is_digits_and_names_the_word_looked_at_most():
    view = AttentionView()
    view.heed = looked((0.04, 0.96), (0.5, 0.5), (0.0, 1.0))

    def check(view):
        assert [line.split() for line in plain(view, 60)[1:]] == [
            ["1", "2", "most"],
            ["␣", "·", "10", "2", "w2"],
            ["a", "5", "5", "1", "w1"],
            ["-b", "·", "10", "2", "w2"],
        ]

    on_a_screen(view, check)


def test_above_sixteen_words_a_column_is_a_shade_and_the_cursor_scrolls_sideways():
    view = AttentionView()
    view.heed = looked(tuple([0.0] * 59 + [1.0]), tuple([0.6, 0.4] + [0.0] * 58))

    def check(view):
        assert "1-22 of 60" in plain(view, 42)[1]
        assert "▒▒" in plain(view, 42)[3]
        view.cursor = Cursor(60)
        assert "39-60 of 60" in plain(view, 42)[1]
        assert "█" in plain(view, 42)[2]
        view.cursor = Cursor(30)
        assert "19-40 of 60" in plain(view, 42)[1]
        assert all(line.cell_length <= 42 for line in view.lines(42))

    on_a_screen(view, check)


def test_what_was_looked_at_before_the_utterance_has_a_column():
    view = AttentionView()
    view.heed = looked((0.25, 0.25), (0.5, 0.5), before=(0.5, 0.0))

    def check(view):
        assert [line.split()[:4] for line in plain(view, 60)[1:3]] == [["←", "1", "2", "most"], ["␣", "5", "3", "3"]]
        assert [line.split()[4:] for line in plain(view, 60)[2:4]] == [["←"], ["1", "w1"]], "the most of the first is the turns before"
        assert "the turns before" in plain(view, 60)[-1]

    on_a_screen(view, check)


def test_the_ramp_is_one_of_brightness_and_its_digits_can_be_read():
    grounds = [Color.parse(style.partition(" on ")[2]) for style in RAMP]
    assert [ground.brightness for ground in grounds] == sorted(ground.brightness for ground in grounds)
    for style in RAMP:
        digit, _, ground = style.partition(" on ")
        assert abs(Color.parse(digit).brightness - Color.parse(ground).brightness) > 0.35


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 36)])
def test_influence_is_called_so(size):
    view = AttentionView()
    view.heed, view.looks = Influence(("so", "sad"), (0.0, 2.3)), False

    def check(view):
        text = "\n".join(plain(view, 56))
        assert "Influence" in text
        assert "Attention" not in text
        assert "× 1.00    ▱▱▱▱▱▱▱▱" in text
        assert "× 0.10    ▰▰▰▰▰▰▰▱" in text

    on_a_screen(view, check, size)


def test_pieces_are_named_as_people_read_them():
    assert named(["I", "'", "m", " sorry", ".", " weigh", "s", " ", "입", "니"]) == ["I", "'", "-m", "sorry", ".", "weigh", "-s", "␣", "입", "-니"]
    assert [tenths(share) for share in (0.0, 0.04, 0.05, 0.94, 1.0)] == ["·", "·", "1", "9", "10"]
    assert times(-50.0) == times(-9.0)


# Twins


def twins_of(bound):
    """Twins of which both say a, b, c, and hear so many pieces alike."""
    races = [
        Race(f"x y {last}", 1, (Step("x", 1, "a"), Step(" y", 2, " b"), Step(f" {last}", 3, " c")), Reply("a b c", -1.0, 3, 1.0), SAD)
        for last in ("sad", "happy")
    ]
    return Twins(*races, bound)


@pytest.mark.parametrize(("bound", "cut"), [(0, ["│a", "b", "c"]), (2, ["a", "b", "│c"]), (3, ["a", "b", "c"])])
@pytest.mark.parametrize("width", [60, 40])
def test_what_the_interrupter_could_not_say_otherwise_is_marked(bound, cut, width):
    view = TwinsView()
    view.twins = twins_of(bound)

    def check(view):
        lines = view.lines(width)
        said = [line for line in lines if line.plain[:3].strip() in ("1", "2", "3")]
        assert [line.plain.endswith(text) or text in line.plain for line, text in zip(said, cut, strict=False)] == [True] * 3
        underlined = "".join(line.plain[span.start : span.end].strip() for line in lines for span in line.spans if "underline" in str(span.style))
        assert sorted(underlined) == sorted("abc"[:bound] * 2)

    on_a_screen(view, check)


def test_a_word_that_is_cut_between_two_rows_or_by_the_mark_goes_on_with_a_hyphen():
    steps = (Step("x", 1, "Ho"), Step(" y", 2, "ld"), Step(" y", 2, "ing on"), Step("", 0, "ward"))
    race = Race("x y", 1, steps, Reply("Holding onward", -1.0, 4, 1.0), SAD)
    view = TwinsView()
    view.twins = Twins(race, race, 2)

    def check(view):
        said = [line[12:].strip() for line in plain(view, 40)[2:5]]
        assert said == ["Ho", "-ld│-ing on", "-ward"]

    on_a_screen(view, check)


def test_an_ending_sets_the_race_beside_its_twin(engine):
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await see(pilot, "say something")
        await ask(pilot, "/ending happy")
        await see(pilot, "There is no race yet")
        await compared(pilot)
        await pilot.press("f7")
        await pilot.pause()
        assert app._prompt.text == "/ending "
        await write(pilot, "happy")
        await pilot.press("enter")
        await see(pilot, "alike in 5 pieces")
        assert {LATE, OTHER} <= {text for text in (LATE, OTHER) if text in shown(app)}
        assert EARLY.split()[0] in shown(app)
        assert "Ladder" not in shown(app)
        assert len(engine.asked) == 1, "the twin is no part of the conversation"
        await pilot.press("f3")
        await see(pilot, "Ladder")
        while app.query_one(Panel).page != "twins":  # by way of the pictures that are out of sight
            await pilot.press("f3")
        await see(pilot, "are alike in")
        await write(pilot, "good night ")
        await see(pilot, "still listening")
        assert "are alike in" not in shown(app), "who types sees the race"

    drive(app, script)


def test_a_twin_that_cannot_be_answered_is_said(engine, monkeypatch):
    def refused(*_):
        raise BundleError("too long", place="x", remedy="y")

    monkeypatch.setattr(engine, "twins", refused)
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await compared(pilot)
        await ask(pilot, "/ending happy")
        await see(pilot, "x: too long; y")
        assert "asking the listener" not in shown(app)

    drive(app, script)


# Replay, and what was taken back


def test_a_replay_pauses_and_ends_and_blocks_no_typing(engine, monkeypatch):
    monkeypatch.setattr(RaceView, "PACE", 1000.0)
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await compared(pilot)
        view = app.query_one(RaceView)
        await pilot.press("f5")
        await see(pilot, "the listener is still listening")
        view._advance()
        await see(pilot, "That")
        await pilot.press("space")
        await see(pilot, "paused: space goes on, esc ends")
        assert app._prompt.text == ""
        await pilot.press("space")
        assert not view.paused
        await pilot.press("escape")
        await see(pilot, "(done)")
        assert not view.replaying
        await pilot.press("f5")
        for key in ("a", "space", "b"):  # at once: no key is done with when the next one comes
            app.post_message(Key(key, " " if key == "space" else key))
        await until(pilot, lambda: len(app._prompt.text) == 3, "what was typed")
        assert app._prompt.text == "a b", "with a draft a space is a space"
        await see(pilot, "press Enter")
        assert not view.replaying, "the race of what is typed takes its place"

    drive(app, script)


@pytest.mark.parametrize("key", ["f8", "shift+tab"])
def test_a_blank_pauses_a_replay_beside_a_draft_and_is_one_in_what_is_typed_there(engine, monkeypatch, key):
    monkeypatch.setattr(RaceView, "PACE", 1000.0)
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await compared(pilot)
        await write(pilot, "draft")
        await pilot.press("f5", key)
        await until(pilot, lambda: app.focused is app._panel, "the panel has the focus")
        await pilot.press("space")
        await see(pilot, "paused: space goes on, esc ends")
        assert app.focused is app._panel
        assert app._prompt.text == "draft"
        for typed in ("s", "space", "b"):  # at once: none finds the focus where the one before has sent it
            app.post_message(Key(typed, " " if typed == "space" else typed))
        await until(pilot, lambda: app._prompt.text == "drafts b", "what was typed")

    drive(app, script)


def test_words_that_were_taken_back_are_seen_for_a_moment(engine, monkeypatch):
    monkeypatch.setattr(RaceView, "FADE", 1000.0)
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await see(pilot, "say something")
        await write(pilot, "Today's perfect weather ")
        await see(pilot, "wonderful")
        await pilot.press(*["backspace"] * 3)
        await see(pilot, "×  weather")
        app.query_one(RaceView)._forget()
        await until(pilot, lambda: "wonderful" not in shown(app), "gone")
        assert "2  perfect" in shown(app)

    drive(app, script)


# Glyphs and what is hostile


def test_hostile_text_is_shown_literally_in_every_picture():
    app = ChatApp(HostileEngine(" ".join(text for text, _ in HOSTILE)), compare=True)

    async def script(pilot):
        await compared(pilot, " ".join(text for text, _ in HOSTILE))
        await pilot.press("f8", "down", "right")
        for page in PAGES:
            app._panel.page = page
            await pilot.pause()
            assert_clean(app)
        await pilot.press("escape")
        await ask(pilot, "/ending \x1b[31m[/]")
        await until(pilot, lambda: app._panel._twins_view.twins, "twins")
        await pilot.pause()
        assert_clean(app)

    drive(app, script, (80, 30))


def test_in_ascii_no_glyph_of_uncertain_width_is_drawn(engine):
    app = ChatApp(engine, compare=True, ascii_only=True)

    async def script(pilot):
        await compared(pilot)
        await ask(pilot, "/ending happy")
        await see(pilot, "are alike in")
        await pilot.press("f1")
        await pilot.pause()
        assert not {*map(chr, ASCII)} & {*shown(app)}
        assert all(len(row) == 120 for row in rows(app))
        assert_clean(app)

    drive(app, script)


@pytest.mark.parametrize("size", [(80, 14), (80, 17)], ids=str)  # a scroll bar ends in another place
def test_in_ascii_the_sheets_are_ascii_and_so_is_what_textual_draws_of_them(engine, size):
    app = ChatApp(engine, ascii_only=True)

    async def script(pilot):
        await see(pilot, "say something")
        for keys, there in (
            (["f1"], "Send"),
            (["f6"], "any reply"),
            (["enter"], "sample"),
            (["escape", "escape", "f9"], "Learning"),
            (["escape", "ctrl+p"], "Search"),
        ):
            await pilot.press(*keys)
            await see(pilot, there)
            assert not {character for character in shown(app) if not character.isascii()}
            if keys == ["f1"]:
                await pilot.press("escape")

    drive(app, script, size)


def test_every_glyph_has_as_many_cells_as_it_had():
    assert all(len(to) == cell_len(chr(glyph)) and to.isascii() for glyph, to in ASCII.items())


@pytest.mark.parametrize("path", sorted(Path(glyphs.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_every_glyph_of_uncertain_width_that_the_screen_draws_is_in_the_table(path):
    texts = [node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not {character for character in "".join(texts) if unicodedata.east_asian_width(character) == "A"} - {*map(chr, ASCII)}


def test_without_colour_the_cursor_the_digits_and_the_bars_stay(engine, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = ChatApp(engine, compare=True)

    async def script(pilot):
        await compared(pilot)
        await pilot.press("f8", "down")
        await pilot.pause()
        styles = [segment.style or Style() for strip in app.screen._compositor.render_strips() for segment in strip]
        colours = {colour.triplet for style in styles for colour in (style.color, style.bgcolor) if colour and colour.triplet}
        assert all(max(colour) - min(colour) <= 2 for colour in colours), "grey only"
        assert "▸ 1  Today's" in shown(app)

    drive(app, script)
