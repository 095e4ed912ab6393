"""What a corpus is told about itself: laws on small files."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from corpus_reports import MANY
from hypothesis import given
from hypothesis import strategies as st

from chatbot.cli.corpus_shown import bar, bars, bins, duration
from chatbot.corpus import report as reports
from chatbot.corpus.advice import advice
from chatbot.corpus.gathering import Corpora, Gathering
from chatbot.corpus.inspection import SHOWN, inspect
from chatbot.corpus.lines import LONGEST_LINE, read_lines
from chatbot.corpus.pairs import read_pairs
from chatbot.corpus.recoding import guess
from chatbot.corpus.stats import stats
from chatbot.safe_text import safe_line

ROOT = Path(__file__).parents[1]


# What is wrong


def test_every_bad_line_is_told_and_what_is_after_it_is_read(told):
    found = told([*MANY, "no tab", "a\tb\tc", "\tx", "x\t", "nul\0\ty", "last\tone"])
    assert [(problem.place.rpartition("a.tsv")[2], problem.what) for problem in found.problems] == [
        (":601:7", "no tab"),
        (":602:4", "a second tab"),
        (":603:1", "nothing before the tab"),
        (":604:3", "nothing after the tab"),
        (":605:4", "a NUL character"),
    ]
    assert all(problem.remedy for problem in found.problems)
    assert found.pairs == 601


def test_of_many_bad_lines_the_first_are_shown_and_all_are_counted(told):
    found = told([*MANY, *["no tab"] * 70_000, *["a\tb\tc"] * 5])
    assert len(found.problems) == SHOWN
    assert found.problem_kinds == {"no tab": 70_000, "a second tab": 5}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "no pairs"),
        (b"\n \r\n\n", "no pairs"),
        (b"a\tb\n" * 50, "1 distinct utterance,"),
        (b"x" * 300_000, "a line of more than .* and what follows it was not read"),
        ("hello\thi\n".encode("utf-16"), "seems to be UTF-16, not UTF-8"),
        ("where is it\tdort dr\u00fcben\n".encode("cp1252") * 40, "seems to be Windows-1252 .*, not UTF-8"),
        ("안녕하세요 오늘 날씨가 참 좋네요\t네 정말 그렇네요\n".encode("cp949") * 40, "seems to be CP949 .*Korean"),
    ],
)
def test_a_file_that_cannot_be_trained_on(told, content, what):
    found = told(content)
    assert found.stops
    assert any(re.search(what, problem.what) for problem in found.problems), found.problems


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        ("señor niño\tsí\n".encode("cp1252"), "cp1252"),
        ("für\tdas\n".encode("cp1252"), "cp1252"),
        ("Привет, как дела сегодня?\tхорошо, спасибо\n".encode("cp1251"), "cp1251"),
        ("今日はとても良い天気ですね\tそうですね\n".encode("cp932"), "cp932"),
        ("안녕\t네\n".encode(), None),
        ("caf\u00e9\tyes\n".encode() * 9 + b"caf\xe9\tyes\n", None),
        (b"plain\ttext\n", None),
        (b"", None),
    ],
)
def test_which_encoding_it_seems_to_be(raw, encoding):
    assert guess(raw) == encoding


def test_another_encoding_is_told_with_its_place(told):
    assert told(b"hello\thi\n" * 9 + b"caf\xe9\toui\n").problems[1].place.endswith("a.tsv:10:4")


def test_without_blank_lines_there_is_no_history(told):
    assert told(MANY, history=1).problem_kinds == {"no blank line in it, so no conversations": 1}
    assert not told([*MANY[:300], "", *MANY[300:]], history=1).stops


def test_what_follows_a_bad_line_keeps_its_history_and_its_topic(told):
    groups = [f"{number}\tt\t\t\t0" for number in range(1, 601)] + ["602\tt.then-1\t\t\t1", "604\tt.then-1\t\t\t1"]
    found = told([*MANY, "bad", "yes\tfine", "", "no\tfine"], groups, history=1)
    assert (found.pairs, found.needing, found.topics) == (602, 0, 1)
    assert told([*MANY, "bad", "yes\tfine", "", "no\tfine"], groups).needing == 2


def test_a_line_too_long_to_be_one_does_not_hide_what_follows_it(told):
    found = told([*MANY[:300], "x" * (LONGEST_LINE + 9), *MANY[300:]])
    assert found.pairs == 600
    assert found.problem_kinds == {f"a line of more than {LONGEST_LINE:,} bytes": 1}


# What is doubtful


def test_how_a_file_is_written(told):
    marks = told(b"\xef\xbb\xbfa\tb\r\nc\td\n\xef\xbb\xbfe\x07\tf\ng\t\xc2\x9bh\nold\tmac\rline\nx\xef\xbf\xbd\ty\ncaf\xc3\x83\xc2\xa9\ty\n").marks
    assert (marks.byte_order_mark, marks.crlf, marks.feeds, marks.breaks, marks.hidden, marks.damaged) == (True, 1, 6, 1, 2, 2)
    assert marks.first_hidden.endswith("a.tsv:3:1")
    assert marks.first_damaged.endswith("a.tsv:6:2")


@pytest.mark.parametrize("line", ["caf\u00e9\t\u201ey\u201c", "\u0e01\u0e38\t\U0001f469\u200d\U0001f4bb", "\u2028a\tb", "\u00c3\tx"])
def test_what_is_written_well_is_not_marked(told, line):
    marks = told([line]).marks
    assert (marks.hidden, marks.damaged, marks.breaks) == (0, 0, 0)


def test_repeated_pairs_and_the_share_of_replies(told):
    found = told([*MANY[:90], *["hm\tok"] * 10])
    assert found.repeated == 9
    assert (found.commonest[1].reply, found.commonest[0].times) == ("that is thing 1", 13)
    assert sum(one.times for one in told(["a\tOK", "b\tok", "c\tno"]).commonest) == 3


def test_an_utterance_with_many_replies_contradicts_itself_outside_of_topics(told):
    lines = [
        *MANY,
        *(f"Well\treply {number}" for number in range(reports.MANY)),
        *(f"so\treply {number}" for number in range(reports.MANY - 1)),
        "WELL\treply 0",
        "so\treply 0",
    ]
    found = told(lines)
    assert (found.contradictory_utterances, found.contradictory_pairs) == (1, reports.MANY + 1)
    assert [one.utterance for one in found.contradictions] == ["Well"]


def test_an_utterance_of_two_topics_contradicts_itself_but_not_a_follow_up(told):
    lines = ["hi\tho", "yes\tfine", "", "hi\tha", "hi\the", "", "yo\tya", "yes\tgood", "", "yo\tno"]
    groups = ["1\ta", "2\ta.then-1", "4\ta", "5\ta", "7\ta", "8\tb.then-1", "10\tb"]
    found = told(lines, [f"{group}\t\t\t{int('then' in group)}" for group in groups], history=1)
    assert (found.pairs, found.contradictory_utterances, found.contradictory_pairs) == (7, 1, 2)
    assert found.contradictions[0].utterance == "yo"


def test_follow_ups_belong_to_their_topics_and_have_no_twins(told):
    exchanges = [(f"question number {number} is this", "yes i do think so", number) for number in range(400)]
    lines = [line for opening, then, number in exchanges for line in (f"{opening}\treply {number % 7}", f"{then}\tgood {number % 7}", "")]
    groups = [line for number in range(400) for line in (f"{3 * number + 1}\tt{number}\t\t\t0", f"{3 * number + 2}\tt{number}.then-1\t\t\t1")]
    found = told(lines, groups, history=1)
    assert (found.pairs, found.topics, found.near.punctuation) == (800, 400, 0)
    assert 0 < found.near.held < found.valid + found.test


def test_scripts_by_the_letters_of_each_side(told):
    assert told(["hello\t안녕하세요 hi", "3 + 4\tпривет", "カタカナ\t漢字 OK です"]).scripts == {
        name: pytest.approx(share / 6) for name, share in {"Latin": 1, "Hangul": 1, "no letters": 1, "Cyrillic": 1, "Kana": 1, "Han": 1}.items()
    }


def test_long_ones_are_found_and_counted(told):
    found = told([*MANY, "short\t" + "word " * 400, "안녕" * 250 + "\tok"])
    assert found.too_long == 2
    assert [one.place.rpartition(":")[2] for one in found.longest[:2]] == ["601", "602"]


def test_advice_names_the_way_out(told):
    def advised(*content, **named):
        return "\n".join(advice(told(*content, **named), ["a b.tsv"]))

    assert "--start-from small-talk" in advised(MANY)
    assert "--cap-replies" in advised([*MANY, *(f"what is {number}\tidk" for number in range(900))])
    assert "--cap-replies" not in advised([f"say it {number}\treply {number % 4}" for number in range(900)]), "four replies, equally often"
    assert "letter by letter" in advised(MANY * 2)
    assert "'a b.tsv' --fix" in advised([*MANY, "no tab"])
    assert "converts it" in advised("die T\u00fcr ist zu\tsch\u00f6n\n".encode("cp1252") * 9)
    assert "Windows-1252" in advised("\n".join([*MANY, *["où\tça"] * 9, ""]).encode() + "die T\u00fcr ist zu\tsch\u00f6n\n".encode("cp1252"))
    many = [*MANY, *(f"ok\treply {number}" for number in range(99))]
    assert "keep the best replies, or train with --history 1" in advised([*many, "", *MANY])
    assert "--history" not in advised(many), "there are no conversations in it"
    assert "wrong encoding" in advised(["caf\u00c3\u00a9\tyes"] * 9)
    assert not list(advice(told(b""), ["a"]))


@pytest.mark.skipif(os.name == "nt", reason="no shell of that kind")
def test_a_command_that_is_advised_can_be_typed_whatever_the_corpus_is_called(told):
    names = ["a\nb.tsv", "it's\x1b\\ é.tsv", "plain.tsv", "it's.tsv"]
    (line,) = [line for one in advice(told(b"a\tb\n"), names) for line in one.split("\n") if line.startswith("chatbot train ")]
    assert line == safe_line(line)
    command = line.removeprefix("chatbot train ").partition(" --start-from")[0]
    typed = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, check=True)
    assert typed.stdout.decode().split("\0")[:-1] == names


def test_advice_on_a_common_reply_breaks_no_topic(told):
    lines = [*MANY, *(f"what is {number}\tidk" for number in range(900))]

    def advised(found, name="a.tsv"):
        return "\n".join(advice(found, [name]))

    assert "\nchatbot corpus import a.tsv --cap-replies 10" in advised(told(lines))
    assert "unpack it and cap it,\nchatbot corpus import a.tsv --cap-replies 10" in advised(told(lines), "a.tsv.gz")
    assert "\nchatbot corpus import a.tsv --cap-replies 10" in advised(told([line for pair in lines for line in (pair, "")])), "it keeps the blank lines"
    topics = advised(told(lines, [f"{number}\tt\t\t\t0" for number in range(1, len(lines) + 1)]))
    assert "@pairs" in topics
    assert "import a.tsv" not in topics, "it would drop the topics"


def test_the_figures_of_the_estimate_are_those_that_were_measured(told):
    page = (ROOT / "docs" / "scaling.md").read_text("utf-8")
    assert f"{reports.RATE:,}" in page
    assert f"{reports.READ:,} pairs a second" in page
    from chatbot.cli.training_run import LIMIT

    assert reports.LIMIT == LIMIT
    some, more = (told([f"{number} {line}" for number in range(times) for line in MANY]).seconds for times in (9, 90))
    assert 9 * some > more > 3 * some, "of ten times the utterances; a small corpus has more epochs"
    assert told(MANY * 90).seconds == pytest.approx(told(MANY * 9).seconds, rel=0.1), "the same utterances with the same replies are heard once"


# Many blocks


@pytest.fixture
def in_blocks(tmp_path):
    """A corpus of several blocks in which each conversation has another length than the one before."""
    lines, number = [], 0
    for turns in range(1, 60):
        lines += [f"utterance {(number := number + 1)} {'of some length ' * 35}\treply {number % 9}" for _ in range(turns)] + [""]
    path = tmp_path / "a.tsv"
    path.write_text("".join(f"{line}\n" for line in lines))
    assert len(list(read_lines(path))) > 3
    return path


def test_a_conversation_goes_on_in_the_next_block(in_blocks):
    corpora = Corpora([in_blocks])
    assert stats(corpora, map(inspect, corpora.blocks())).turns == dict.fromkeys(range(1, 60), 1)


def test_what_is_shown_of_a_row_is_what_stands_there(in_blocks):
    corpora = Corpora([in_blocks, in_blocks])
    all_ = Gathering(corpora)
    for found in map(inspect, corpora.blocks()):
        all_.add(found)
    pairs = [*read_pairs(in_blocks), *read_pairs(in_blocks)]
    texts = all_.texts(range(len(pairs)))
    assert [(texts[row].utterance, texts[row].reply, texts[row].place) for row in range(len(pairs))] == [
        (pair.utterance, pair.reply, pair.place) for pair in pairs
    ]


# The numbers, and how they are drawn


def test_the_numbers_of_a_corpus(tmp_path, told):
    told(["Hi there you\tho", "hi again\tho ho", "", "so\tho", "", "bad", "so so\tho"], ["1\ta\t\t", "2\ta\t\t", "4\tb\t\t"])
    corpora = Corpora([tmp_path / "a.tsv"])
    found = stats(corpora, map(inspect, corpora.blocks()))
    assert found.heard_words == {1: 1, 2: 2, 3: 1}
    assert found.said_words == {1: 3, 2: 1}
    assert found.turns == {1: 1, 2: 2}
    assert found.topics == {"a": 2, "b": 1}
    assert found.commonest_heard == {"so": 3, "hi": 2, "there": 1, "you": 1, "again": 1}
    assert found.commonest_said == {"ho": 5}
    assert [(one.reply, one.times) for one in found.commonest] == [("ho", 3), ("ho ho", 1)]
    assert (found.pairs, found.unreadable) == (4, 2), "a line, and that nine utterances are too few"


@given(st.dictionaries(st.integers(0, 300), st.integers(1, 99), min_size=1))
def test_a_histogram_loses_nothing_and_is_short(histogram):
    rows = bins(histogram)
    assert sum(rows.values()) == sum(histogram.values())
    assert len(rows) <= 17


def test_bars():
    assert list(bars({"a": 4, "bb": 1, "c": 0}, plain=True)) == ["   a  " + "#" * 40 + " 4", "  bb  " + "#" * 10 + " 1", "   c   0"]
    assert bar(0.5, 5, plain=False) == "██▌"
    assert bar(1, 5, plain=False) == "█████"
    assert bar(1e-9, 5, plain=False) == "▏"
    assert bar(1e-9, 5, plain=True) == "#"
    assert bar(0, 5, plain=False) == ""


@pytest.mark.parametrize(
    ("seconds", "said"), [(3, "10 seconds"), (44, "40 seconds"), (119, "120 seconds"), (800, "13 minutes"), (9000, "2 hours"), (1e6, "12 days")]
)
def test_durations(seconds, said):
    assert duration(seconds) == said
