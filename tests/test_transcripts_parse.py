"""The format of transcripts: each mistake at its line and column, whatever the file; one layout, which changes nothing that is said."""

import random
import re
import textwrap
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcript_mutations import HERE, WHOLE, check, mistake, mutated

from chatbot.corpus import starter
from chatbot.errors import OptionError, TranscriptError
from chatbot.records import Decoding
from chatbot.transcripts import draft, selecting
from chatbot.transcripts.formatting import formatted
from chatbot.transcripts.parse import DIRECTIVES, LARGEST, SIGNS, parse, read
from chatbot.transcripts.scenes import squeezed


def scene(*lines: str) -> str:
    return "\n".join(["@chat 1", "== a", *lines, ""])


# What is read


def test_all_of_the_format_is_read():
    transcript = parse(WHOLE, HERE)
    sad, happy, sampled, wish = transcript.scenes
    assert [one.name for one in transcript.scenes] == ["sad", "happy", "sampled", "wish"]
    assert [(line.sign, line.text, line.number, line.column) for line in sad.turns[0].expected] == [
        ("<", "I'm sorry to hear that.", 9, 3), ("<~", r"\b(sorry|oh no)\b", 10, 4), ("<-", "great", 11, 4), ("<-~", "gre+at", 12, 5)
    ]  # fmt: skip
    assert (sad.rivals[0].other, sad.rivals[0].pieces, happy.rivals[0].other, happy.rivals[0].pieces) == ("happy", None, "sad", 5)
    assert (sad.settings.scripted, happy.settings.scripted) == (True, False)
    assert sampled.settings.decoding == Decoding(strategy="sample", temperature=0.8, top_p=0.9, top_k=5, seed=7)
    assert [sampled.settings.trial(number).seed for number in (0, 19)] == [7, 26]
    assert (sampled.settings.trials, sampled.settings.passing) == (20, 0.9)
    assert (wish.settings.decoding.strategy, wish.settings.decoding.width, wish.xfail) == ("beam", 3, "needs history")


def test_a_scene_takes_the_defaults_of_its_file_and_gives_nothing_to_the_next():
    first, second = parse("@chat 1\n@seed 3\n== a\n@seed 5\n> x\n<?\n== b\n> x\n<?\n", HERE).scenes
    assert (first.settings.decoding.seed, second.settings.decoding.seed) == (5, 3)


def test_line_ends_and_byte_order_marks_of_other_systems_are_nothing():
    def plain(text):
        return [[str(line) for turn in scene.turns for line in (turn.said, *turn.expected)] for scene in parse(text, HERE).scenes]

    assert plain("\ufeff" + WHOLE.replace("\n", "\r\n")) == plain(WHOLE)


def test_the_starter_of_a_corpus_is_a_transcript():
    assert len(read(starter.PLACE / "faq.chat").scenes) == 5


def test_what_the_documentation_shows_is_a_transcript():
    text = (Path(__file__).parents[1] / "docs" / "transcripts.md").read_text("utf-8")
    shown = [block for block in re.findall(r"(?:(?:    .*)?\n)+", text) if re.match(r"\n*    (@chat|==) ", block)]
    assert len(shown) == 2
    for block in shown:
        one = textwrap.dedent(block).strip() + "\n"
        one = one if one.startswith("@chat") else f"@chat 1\n\n{one}"
        assert parse(one, HERE).scenes
        assert formatted(one) == one
    for sign in (*SIGNS, *DIRECTIVES):
        assert f"| `{sign}" in text or f", `{sign}" in text, sign


# Mistakes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a.chat:1:1: no `@chat 1` in it"),
        ("== a\n", "a.chat:1:1: no `@chat 1` before this"),
        ("@chat 2\n", "a.chat:1:7: format 2 is unknown"),
        ("@chat 1\n@sed 1\n", "a.chat:2:1: no directive called “@sed”; did you mean “@seed”?"),
        ("@chat 1\n@seed x\n", "a.chat:2:7: “x” is no number that will do; use 0 to 2147483647"),
        ("@chat 1\n@seed 1\n@seed 2\n", "a.chat:3:1: a second `@seed`, after that in line 2"),
        ("@chat 1\n@decode gredy\n", "did you mean “greedy”?"),
        ("@chat 1\n@decode sample t=99\n", "a.chat:2:9: 99 is out of range"),
        ("@chat 1\n@decode sample x=1\n", "a.chat:2:16: nothing called “x=1” in sampling"),
        ("@chat 1\n@decode sample t=nan\n", "a.chat:2:18: “nan” is no number"),
        ("@chat 1\n@history modle\n", "a.chat:2:10: “modle” is nobody's history; did you mean “model”?"),
        ("@chat 1\n@trials 3\n", "a.chat:2:1: `@trials` before the first scene"),
        ("@chat 1\n> hi\n", "a.chat:2:1: `>` before the first scene"),
        (scene(), "a.chat:2:4: nobody says anything in “a”"),
        (scene("< hi"), "a.chat:3:1: `<`, and nobody has said anything"),
        (scene("> hi"), "a.chat:2:4: “a” cannot fail"),
        (scene("> hi", "<- no"), "a.chat:2:4: “a” cannot fail"),
        (scene("> hi", "<? x"), "a.chat:4:4: `<?` stands alone"),
        (scene("> hi", "<"), "a.chat:4:3: nothing after `<`"),
        (scene(">hi"), "a.chat:3:2: no blank after `>`"),
        (scene("> hi", "<! x"), "a.chat:4:1: “<!” begins no line of a transcript; did you mean “<”?"),
        (scene(" > hi"), "a.chat:3:1: a blank before the operator"),
        (scene("> hi", "<~ a(b"), "a.chat:4:7: no regular expression"),
        (scene("> hi", "<~ " + "a" * 1001), "a.chat:4:4: a pattern of 1,001 characters"),
        (scene("> hi", "<* a||b"), "a.chat:4:4: an empty alternative"),
        (scene("> hi", "<?", "@seed 1"), "a.chat:5:1: `@seed` below what is said"),
        (scene("@trials 3", "> hi", "<?"), "a.chat:3:9: `@trials` where nothing is sampled"),
        (scene("@history script", "> hi", "> you", "<?"), "a.chat:4:3: no scripted reply to this"),
        (scene("@xfail why", "> hi", "<?"), "a.chat:3:8: no quotes around “why”"),
        (scene("> hi", "<?", 'rnn! "b"'), "a.chat:5:7: no scene called “b”"),
        (scene("> hi", "<?", 'rnn! "a"'), "a.chat:5:7: that is this scene itself"),
        (scene("> hi", "<?", 'rnn= "a"'), "a.chat:5:6"),
        (scene("> hi", "<?", "== a"), "a.chat:5:4: “a” is the title in line 2 already"),
        (scene("@decode sample", "> hi", "<?", "== late cue", "> hi", "<?", 'rnn! "a"'), "a.chat:9:7: “a” is sampled"),
        (scene("> hi", "<?", "== late cue", "> hi", "<?", 'rnn! "late cu"').replace("== a", "== b"), "no scene called “late cu”; did you mean “late cue”?"),
    ],
)
def test_a_mistake_is_told_at_its_place(text, told):
    said = mistake(text)
    assert told in said
    assert "\n" not in said


def test_a_file_that_is_none_is_told(tmp_path):
    for path, told in ((tmp_path / "none.chat", "no such file"), (tmp_path, "not a file")):
        with pytest.raises(TranscriptError, match=told):
            read(path)
    latin = tmp_path / "latin.chat"
    latin.write_bytes("@chat 1\n== caf\xe9\n".encode("latin-1"))
    with pytest.raises(TranscriptError, match=r"latin.chat:2:7: byte 7 \(0xE9\) is not UTF-8"):
        read(latin)


def test_a_file_that_nobody_wrote_is_refused_before_it_is_read(tmp_path, monkeypatch):
    huge = tmp_path / "huge.chat"
    with open(huge, "wb") as file:
        file.truncate(100 << 20)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("it was read"))
    with pytest.raises(TranscriptError, match=rf"104,857,600 bytes, and nobody writes more than {LARGEST:,}"):
        read(huge)


def test_ten_thousand_scenes_are_read():
    text = "@chat 1\n" + "".join(f"\n== scene {number}\n> hello\n< Hello.\n" for number in range(10_000))
    assert len(parse(text, HERE).scenes) == 10_000
    assert formatted(text) == text


# Layout


def test_what_is_laid_out_well_stays_and_what_is_not_becomes_so():
    assert formatted(WHOLE) == WHOLE
    ragged = "\ufeff@chat 1  \r\n\r\n\r\n# of a\r\n==   a\r\n>   hi  there \r\n<?\r\n# of b\r\n== b\r\n> x\r\n<?\r\n\r\n\r\n"
    laid_out = "@chat 1\n\n# of a\n== a\n> hi  there\n<?\n\n# of b\n== b\n> x\n<?\n"
    assert formatted(ragged.replace("\r", "")) == laid_out
    assert formatted(ragged) == laid_out.replace("\n", "\r\n"), "the lines end as they did"


LINES = st.sampled_from([*WHOLE.split("\n"), "", "#", "  ", "<? x", "== sad", "@chat 1", "> \u2028 x", "<~ (", "<* a|b", '@xfail "x"', 'rnn= 2 "sad"', "rnn!"])


@settings(max_examples=200)
@given(st.lists(LINES, max_size=12), st.booleans())
def test_whatever_the_lines_they_are_a_transcript_or_one_mistake(lines, begun):
    check("\n".join(["@chat 1", "== zero", "> hi", "<?", *lines] if begun else lines))


@settings(max_examples=200)
@given(st.integers(0, len(WHOLE)), st.integers(0, 30), st.text(max_size=12))
def test_whatever_is_changed_in_a_transcript_it_is_one_or_one_mistake(place, length, put):
    check(WHOLE[:place] + put + WHOLE[place + length :])


@settings(max_examples=100)
@given(st.binary(max_size=40), st.integers(0, 200))
def test_whatever_the_bytes_they_are_a_transcript_or_one_mistake(tmp_path_factory, raw, place):
    path = tmp_path_factory.getbasetemp() / "bytes.chat"
    path.write_bytes(WHOLE.encode()[:place] + raw + WHOLE.encode()[place:])
    with suppress(TranscriptError):
        read(path)


@pytest.mark.parametrize("seed", range(4))
def test_of_5000_mutated_files_each_is_a_transcript_or_one_mistake(seed):
    """The slowest test here: four times 5,000 files. The soak has more."""
    generator = random.Random(seed)
    for _ in range(5000):
        check(mutated(generator, WHOLE, [WHOLE]))


# Drafts


@given(st.lists(st.tuples(st.text(min_size=1), st.text()).filter(lambda turn: squeezed(turn[0])), min_size=1, max_size=5))
def test_a_draft_is_a_transcript_of_what_was_said(turns):
    (one,) = parse(draft(turns), HERE).scenes
    assert [squeezed(turn.said.text) for turn in one.turns] == [squeezed(utterance) for utterance, _ in turns]
    assert [turn.exact[0].text if turn.exact else "" for turn in one.turns] == [squeezed(reply) for _, reply in turns]
    assert formatted(draft(turns)) == draft(turns)


@pytest.mark.parametrize(
    "decoding", [Decoding(), Decoding(strategy="beam", width=7), Decoding(strategy="sample", temperature=0.5, top_k=3, top_p=0.7, seed=11)], ids=str
)
def test_a_draft_says_how_was_decoded(decoding):
    (one,) = parse(draft([("hi", "Hello.")], title="spoken", decoding=decoding), HERE).scenes
    assert (one.name, one.settings.decoding) == ("spoken", decoding)


# Titles


@pytest.mark.parametrize(
    ("expression", "fitting"),
    [
        ("late", ["late cue, sad", "Late cue, happy"]),
        ("late and not sad", ["Late cue, happy"]),
        ("(sad or greet) and not happy", ["late cue, sad", "greeting"]),
        ("cue,", ["late cue, sad", "Late cue, happy"]),
        ("None", []),
        ("not x", ["late cue, sad", "Late cue, happy", "greeting"]),
    ],
)
def test_titles_are_chosen_as_in_pytest(expression, fitting):
    scenes = parse("@chat 1\n" + "".join(f"== {title}\n> x\n<?\n" for title in ("late cue, sad", "Late cue, happy", "greeting")), HERE).scenes
    assert [one.name for one in scenes if selecting.titled(expression)(one)] == fitting


@given(st.one_of(st.sampled_from(["", "late cue", "and", "(", "not", "a or", "()", "__import__('os')", "a" + "(" * 500]), st.text(max_size=20)))
def test_whatever_the_choice_of_titles_it_is_one_or_one_mistake(expression):
    one = parse(scene("> x", "<?"), HERE).scenes[0]
    with suppress(OptionError):
        assert selecting.titled(expression)(one) in (True, False)


def test_a_choice_of_titles_without_sense_is_told():
    for expression in ("", "late cue", "and", "(", "a or", "()", "a if b else c"):
        with pytest.raises(OptionError, match="cannot be read"):
            selecting.titled(expression)
