"""`chatbot test`: 0 when all scenes hold, 1 when some do not, 2 for a mistake, 5 when there are none; and what it writes."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from chatbot.bot import Bot
from chatbot.corpus import starter
from chatbot.corpus.pairs import read_pairs
from chatbot.corpus.split import split_pairs
from chatbot.corpus.topics import read_topics
from chatbot.records import Decoding
from chatbot.sessions import Session, Told
from chatbot.transcripts.parse import read
from chatbot.transcripts.scenes import squeezed

pytest_plugins = "pytester"

ASKED = ("where is the cat today", "who saw a dog today")


@pytest.fixture
def said(own) -> dict[str, str]:
    """What the bundle says."""
    bot = Bot.load(str(own))
    return {utterance: squeezed(bot.reply(utterance).text) for utterance in ASKED}


@pytest.fixture
def write(tmp_path):
    def call(*lines: str, name: str = "a.chat", end: str = "\n") -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((end.join(["@chat 1", *lines]) + end).encode())
        return path

    return call


def scenes(said: dict[str, str], *more: str) -> list[str]:
    return [line for number, (utterance, reply) in enumerate(said.items()) for line in (f"== right {number}", f"> {utterance}", f"< {reply}", *more)]


WRONG = ["== wrong", f"> {ASKED[0]}", "< No, never.", "<* *never"]
TEST = ("test", "--model", "mine")


# Exit codes and the report


def test_scenes_that_hold_are_counted_below_who_played(chatbot, said, write):
    write(*scenes(said))
    ran = chatbot(*TEST, "a.chat")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(r"mine \(listener \w{12}, vocabulary \w{12}\) on the CPU in fp32, one thread, one utterance at a time; greedy; seed 0", ran.lines[0])
    assert ran.lines[1] == "a.chat: 2 passed" or ran.lines[1].startswith("a.chat: 2 passed; ")
    assert ran.lines[-1].startswith("2 passed")


def test_a_scene_that_fails_is_shown_up_to_the_line(chatbot, said, write):
    write(*scenes(said), *WRONG, f"> {ASKED[1]}", "<?")
    ran = chatbot(*TEST, "a.chat")
    assert ran.code == 1
    shown = ran.lines[ran.lines.index("FAILED a.chat:8: wrong") :]
    assert shown[1] == f"  > {ASKED[0]}"
    assert shown[2].startswith("  < ")
    assert re.fullmatch(r"    a.chat:10: none of these 2, this one lost by \d+\.\d{3} nats where they part: < No, never\.", shown[3])
    assert f"  > {ASKED[1]}" not in shown
    assert shown[-1].startswith("2 passed, 1 failed")


def test_what_is_expected_to_fail_is_no_failure_and_what_passes_against_it_is(chatbot, said, write):
    write(*[WRONG[0], '@xfail "not learned yet"', *WRONG[1:]])
    ran = chatbot(*TEST, "a.chat")
    assert (ran.code, ran.lines[-1]) == (0, "1 failed as expected")
    assert "failed as expected a.chat:2: wrong: not learned yet" in ran.lines
    write(*[WRONG[0], '@xfail "not learned yet"', *WRONG[1:], "<?"])
    ran = chatbot(*TEST, "a.chat")
    assert (ran.code, ran.lines[-1]) == (1, "1 passed against expectation")
    assert any("delete its `@xfail`" in line for line in ran.lines)


def test_trials_are_told_with_their_interval(chatbot, own, write):
    write("== drawn", "@decode sample t=1", "@trials 20", f"> {ASKED[0]}", "<?")
    assert "sampled a.chat:2: drawn: held in 20 of 20 trials (Wilson 95 % interval 0.84 to 1.00)" in chatbot(*TEST, "a.chat").lines
    assert any("held in 7 of 7 trials" in line for line in chatbot(*TEST, "a.chat", "--trials", "7").lines)


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (("a.chat", "-k", "zzz"), "whose title fits -k “zzz”"),
        (("empty",), "empty: nothing to test: no scene there; name .chat files"),
        (("none.chat",), "none.chat: nothing to test: no scene there; "),
    ],
)
def test_nothing_to_test_is_neither_right_nor_wrong(chatbot, own, write, tmp_path, chosen, told):
    write(*WRONG)
    write(name="none.chat")
    (tmp_path / "empty").mkdir()
    ran = chatbot(*TEST, *chosen)
    assert (ran.code, ran.out) == (5, "")
    assert told in ran.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "no PATH to test"),
        (("gone.chat",), "gone.chat: no such file"),
        (("a.chat", "-k", "late cue"), "-k “late cue” cannot be read"),
        (("a.chat", "-k", "late and sad (b)"), "cannot be read"),
        (("a.chat", "--model", "gone"), "gone"),
        (("a.chat", "--accept", "--fail-fast"), "--fail-fast goes with one --model and without --accept"),
        (("a.chat", "--accept", "--model", "mine", "--model", "mine"), "--accept takes one --model"),
        (("a.chat", "--seed", "-1"), "--seed -1 is out of range"),
        (("a.chat", "--model", "mine", "--junit", "gone/x.xml"), "--junit gone/x.xml cannot be written"),
        (("broken.chat",), "broken.chat:3:1: “<!” begins no line of a transcript"),
        (("--new", "gone.tsv"), "gone.tsv"),
        (("--new", "gone.tsv", "a.chat"), "plays nothing"),
        (("--new", "gone.tsv", "--seed", "0"), "plays nothing"),
        (("--new", "gone.tsv", "--junit", "q.xml"), "plays nothing"),
        (("a.chat", "--junit", "a.chat"), "--junit a.chat is no XML"),
        (("a.chat", "--check-format", "--accept"), "--check-format plays nothing"),
        (("x" * 300,), "File name too long"),
        (("--new", "x" * 300), "File name too long"),
        (("gone.chat", "--check-format"), "gone.chat: no such file"),
    ],
)
def test_a_mistake_is_one_line(mistake, own, write, words, told):
    write(*WRONG)
    write("== a", "<! x", name="broken.chat")
    assert told in mistake("test", *words)


def test_only_titles_that_fit_are_played(chatbot, said, write):
    write(*scenes(said), *WRONG)
    assert chatbot(*TEST, "a.chat", "-k", "right and not 0").lines[-1].startswith("1 passed")
    assert chatbot(*TEST, "a.chat", "-k", "wrong or 0").code == 1


def test_folders_are_searched_and_a_file_is_played_once(chatbot, said, write):
    write(*scenes(said), name="b.chat")
    write(*WRONG, name="sub/c.chat")
    ran = chatbot(*TEST, "b.chat", ".")
    assert [line.partition(":")[0] for line in ran.lines[1:3]] == ["b.chat", "sub/c.chat"]
    assert ran.lines[-1].startswith("2 passed, 1 failed")


def test_it_stops_at_the_first_failure_when_told(chatbot, said, write):
    write(*WRONG, *scenes(said))
    assert chatbot(*TEST, "a.chat", "--fail-fast").lines[-1] == "1 failed"


def test_bundles_are_set_side_by_side(chatbot, said, write, own, save_bundle):
    save_bundle(own.parent / "other")
    write(*scenes(said), *WRONG)
    ran = chatbot("test", "a.chat", "--model", "mine", "--model", "other")
    assert ran.code == 1
    assert ran.lines[-1] == "other against mine: 2 lost, 0 gained, of 3 scenes"
    assert [line.split() for line in ran.lines[-4:-1]] == [
        ["mine", "other"],
        ["passed", "failed", "a.chat:", "right", "0"],
        ["passed", "failed", "a.chat:", "right", "1"],
    ]
    assert chatbot("test", "a.chat", "--model", "other", "--model", "mine").lines[-1] == "mine against other: 0 lost, 2 gained, of 3 scenes"


# For programs


def test_json_tells_all_of_it(chatbot, said, write, strict_json):
    write(*scenes(said), *WRONG)
    ran = chatbot(*TEST, "a.chat", "--json")
    found = strict_json(ran.out)
    assert (ran.code, found["fine"]) == (1, False)
    (model,) = found["models"]
    assert [(one["title"], one["line"], one["status"]) for one in model["scenes"]] == [
        ("right 0", 2, "passed"),
        ("right 1", 5, "passed"),
        ("wrong", 8, "failed"),
    ]
    (turn,) = model["scenes"][2]["turns"]
    assert (turn["line"], turn["utterance"], turn["holds"], turn["broken"][0]["line"]) == (9, ASKED[0], False, 10)
    assert turn["nearest"]["reply"] == "No, never."
    assert turn["nearest"]["behind"] > 0


def test_junit_is_xml_whatever_the_bot_says(chatbot, own, write, tmp_path, monkeypatch):
    write(*WRONG, "== \x0btitle\x01", f"> {ASKED[0]}", "<?", "== later", '@xfail "why \x00"', f"> {ASKED[0]}", "< No.")
    hostile = "\x00\x1b[31m\x07 ]]> <b> & \ud800\ufffe\u2028 \U0001f40d"
    monkeypatch.setattr(Bot, "replies", lambda bot, *rest, ask=Bot.replies: [type(one)(hostile, *list(vars(one).values())[1:]) for one in ask(bot, *rest)])
    ran = chatbot(*TEST, "a.chat", "--junit", "out.xml")
    assert ran.code == 1
    root = ElementTree.fromstring((tmp_path / "out.xml").read_bytes())
    (suite,) = root
    assert (suite.attrib["name"], suite.attrib["tests"], suite.attrib["failures"], suite.attrib["skipped"]) == ("a.chat", "3", "1", "1")
    assert [case.attrib["name"] for case in suite] == ["wrong", "title", "later"]
    assert "[31m ]]> <b> & " in suite[0][0].text
    assert suite[0].attrib["line"] == "2"
    assert ": < No, never." in suite[0][0].text


# Accepting


def test_what_is_said_now_is_accepted_and_all_else_stays(chatbot, said, write, tmp_path):
    lines = [
        "# why",
        "",
        *WRONG[:2],
        "<   No, never.  ",
        "<- zzz",
        "== drawn",
        "@decode sample t=1",
        f"> {ASKED[0]}",
        "< No.",
        "== open",
        f"> {ASKED[1]}",
        "<?",
    ]
    path = write(*lines, end="\r\n")
    before = path.read_bytes()
    ran = chatbot(*TEST, "a.chat", "--accept")
    assert ran.code == 1
    assert f"-<   No, never.  \n+< {said[ASKED[0]]}\n" in ran.out
    assert "a.chat:8:1: not rewritten" in ran.err
    assert path.read_bytes() == before.replace(b"<   No, never.  ", f"< {said[ASKED[0]]}".encode())
    ran = chatbot(*TEST, "a.chat", "--accept-new", "-k", "open")
    assert ran.code == 0
    assert path.read_bytes().endswith(f"> {ASKED[1]}\r\n< {said[ASKED[1]]}\r\n".encode())
    again = chatbot(*TEST, "a.chat", "--accept", "--accept-new", "-k", "not drawn")
    assert (again.code, again.lines[0].startswith("mine")) == (0, True)
    assert [file.name for file in tmp_path.iterdir() if file.suffix != ".chat"] == ["models"]


def test_an_accepted_script_is_heard_by_the_turns_after_it(chatbot, tmp_path, write, save_bundle):
    folder = save_bundle(tmp_path / "models" / "hears", history=1)
    bot = Bot.load(str(folder))
    write("== talk", "@history script", *(line for utterance in (*ASKED, ASKED[0]) for line in (f"> {utterance}", "< No.")))
    assert chatbot("test", "a.chat", "--model", "hears", "--accept").code == 0
    history = []
    for turn in read(tmp_path / "a.chat").scenes[0].turns:
        assert turn.exact[0].text == squeezed(bot.reply(turn.said.text, None, history).text)
        history.append((turn.said.text, turn.exact[0].text))


def test_a_file_that_changes_while_it_is_played_is_left_alone(mistake, own, write, monkeypatch):
    path = write(*WRONG)
    monkeypatch.setattr(Bot, "replies", lambda bot, *rest, ask=Bot.replies: path.write_text("mine") and ask(bot, *rest))
    monkeypatch.setattr("chatbot.cli.test.difflib.unified_diff", lambda *rest, **named: [])
    assert "a.chat: changed while it was being played" in mistake(*TEST, "a.chat", "--accept")
    assert path.read_text() == "mine"


# Layout and drafts


def test_the_layout_is_checked_without_a_bundle(chatbot, write):
    path = write("== a", ">  x  ", "<?")
    ran = chatbot("test", "--check-format", "a.chat", "--model", "gone")
    assert ran.code == 1
    assert "->  x" in ran.out
    assert "+> x" in ran.out
    path.write_text("@chat 1\n\n== a\n> x\n<?\n")
    assert chatbot("test", "--check-format", "a.chat") == (0, "", "")
    path.write_bytes(b"@chat 1\r\n\r\n== a\r\n> x\r\n<?\r\n")
    assert chatbot("test", "--check-format", "a.chat") == (0, "", "")


def test_drafts_of_topics_are_scenes_of_what_is_held_out(chatbot, tmp_path, write):
    ran = chatbot("test", "--new", starter.PLACE)
    path = write(*ran.lines[1:])
    every = read(path).scenes
    topics = [one.name.partition(":")[0] for one in every]
    assert set(topics) == {topic.name for topic in read_topics(starter.PLACE)}
    assert max(map(topics.count, topics)) == 2
    assert 0 < ran.out.count("# trained") < len(every)
    assert chatbot("test", "--check-format", "a.chat").code == 0


def test_drafts_of_a_corpus_mark_what_it_trains_on(chatbot, tmp_path, write, larger):
    (tmp_path / "pets.tsv").write_text(larger)
    ran = chatbot("test", "--new", "pets.tsv")
    every = read(write(*ran.lines[1:])).scenes
    assert len(every) == 100
    first = [one.name for one in every[: 100 - ran.out.count("# trained")]]
    split = split_pairs(read_pairs(tmp_path / "pets.tsv"))
    assert set(first) <= {pair.utterance for pair in (*split.valid, *split.test)}
    assert first


def test_a_draft_of_a_session_holds_as_it_was_said(chatbot, own, write, tmp_path):
    bot, session = Bot.load(str(own)), Session("mine", "f", tmp_path)
    drawn = Decoding(strategy="sample", seed=4)
    for utterance, decoding, after in ((ASKED[0], Decoding(), 0), ("taken back", Decoding(), 1), (ASKED[1], drawn, 1), (ASKED[0], Decoding(), 3)):
        session.add(Told(utterance, decoding, bot.reply(utterance, decoding), after))
    ran = chatbot("test", "--new", session.path)
    (one,) = read(write(*ran.lines[1:])).scenes
    assert [turn.said.text for turn in one.turns] == [ASKED[0], ASKED[1], ASKED[0]]
    assert [line.sign for turn in one.turns for line in turn.expected] == ["<", "<?", "<"]
    assert chatbot(*TEST, "a.chat").code == 0
    session.path.write_text(session.path.read_text() + "broken")
    assert "not a turn of this conversation" in chatbot("test", "--new", session.path).err or "missing" in chatbot("test", "--new", session.path).err


# pytest


def test_pytest_plays_the_same_scenes(chatbot, own, said, write, pytester):
    path = write(*scenes(said), *WRONG, "== later", '@xfail "not learned"', *WRONG[1:], name="test_bot.chat")
    broken = write("== a", "<! x", name="broken.chat")
    ran = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--chatbot-model", str(own), str(path), "--junit-xml=out.xml", "-v")
    ran.assert_outcomes(passed=2, failed=1, xfailed=1)
    ran.stdout.fnmatch_lines(
        [
            "*test_bot.chat::right 0 PASSED*",
            f"{path}:10: < No, never.",
            f"> {ASKED[0]}",
            "*test_bot.chat:10: none of these 2, this one lost by * nats where they part: < No, never.",
        ]
    )
    assert ElementTree.parse(pytester.path / "out.xml").getroot()[0].attrib["failures"] == "1"
    ran = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--chatbot-model", str(own), str(path), "-k", "right")
    ran.assert_outcomes(passed=2, deselected=2)
    ran = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--chatbot-model", str(own), str(broken))
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*broken.chat:3:1: “<!” begins no line of a transcript*"])


def test_the_bundle_of_the_configuration_is_looked_for_beside_it(own, said, write, pytester, monkeypatch):
    write(*scenes(said), name="test_bot.chat")
    (own.parent.parent / "pytest.ini").write_text(f"[pytest]\nchatbot_model = models/{own.name}\n")
    monkeypatch.chdir(pytester.mkdir("elsewhere"))
    ran = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-c", str(own.parent.parent / "pytest.ini"), str(own.parent.parent / "test_bot.chat"))
    ran.assert_outcomes(passed=2)


def test_pytest_shows_no_control_character_of_a_title_or_a_reason(own, said, write, pytester):
    path = write("== right \x1b[31m", f"> {ASKED[0]}", "<?", "== wrong", '@xfail "why \x1b[32m"', *WRONG[1:], name="test_bot.chat")
    ran = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--chatbot-model", str(own), str(path), "-v", "-rx")
    ran.assert_outcomes(passed=1, xfailed=1)
    assert "\x1b[3" not in str(ran.stdout)
    ran.stdout.fnmatch_lines(["*right ␛?31m PASSED*", "*why ␛?32m*"])


def test_a_scene_that_cannot_be_played_takes_none_with_it_in_pytest(own, said, write, pytester):
    path = write(*scenes(said), "== long", f"> {'x ' * 400}", "<?", name="test_bot.chat")
    ran = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--chatbot-model", str(own), str(path))
    ran.assert_outcomes(passed=2, failed=1)
    ran.stdout.fnmatch_lines(["*test_bot.chat:9:3: too long: *"])


def test_pytest_is_asked_for_nothing_until_there_is_a_transcript(pytester):
    pytester.makepyfile("import sys\ndef test_it():\n    assert 'chatbot.transcripts.playing' not in sys.modules and 'regex' not in sys.modules\n")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_program_needs_no_pytest(chatbot, said, write, monkeypatch):
    write(*scenes(said))
    monkeypatch.setitem(__import__("sys").modules, "pytest", None)
    assert chatbot(*TEST, "a.chat").code == 0
    assert json.loads(chatbot(*TEST, "a.chat", "--json").out)["fine"]
