"""What a corpus is told about itself, and the copy that is cleaned: laws on small files, and on files that hypothesis makes."""

import json
import random
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chatbot.cli.corpus_shown import bar, bars, bins, duration
from chatbot.corpus import report as reports
from chatbot.corpus.advice import advice
from chatbot.corpus.cleaning import Cleaning
from chatbot.corpus.gathering import ENCODING, Corpora, Gathering
from chatbot.corpus.inspection import SHOWN, inspect
from chatbot.corpus.lines import LONGEST_LINE, read_lines
from chatbot.corpus.near import FEWEST_WORDS, Near, near
from chatbot.corpus.pairs import read_pairs
from chatbot.corpus.parts import write_parts
from chatbot.corpus.recoding import guess
from chatbot.corpus.report import Report, report
from chatbot.corpus.split import names_of, split_pairs
from chatbot.corpus.stats import stats
from chatbot.corpus.wording import Numbers, pieces, script, words
from chatbot.corpus.written import whole_files
from chatbot.errors import CorpusError

ROOT = Path(__file__).parents[1]
FILES = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = [f"please tell me number {number} of all things\tthat is thing {number % 7}" for number in range(600)]


def checked(*paths: Path, history: int = 0) -> Report:
    corpora = Corpora(paths, history=history)
    return report(corpora, map(inspect, corpora.blocks()))


@pytest.fixture
def told(tmp_path):
    """The report on a corpus of these lines or bytes."""

    def call(content, groups=None, **named) -> Report:
        raw = content if isinstance(content, bytes) else "".join(f"{line}\n" for line in content).encode()
        (tmp_path / "a.tsv").write_bytes(raw)
        if groups:
            (tmp_path / "a.groups.tsv").write_text("".join(f"{line}\n" for line in groups))
        return checked(tmp_path / "a.tsv", **named)

    return call


def cleaned(path: Path, out: Path, *, force: bool = True) -> Cleaning:
    found = checked(path)
    cleaning = Cleaning(found.second, conversations=found.conversations > 0)
    cleaning.write(Corpora([path]), out, force=force)
    return cleaning


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
    assert "--history 1" in advised([*MANY, *(f"ok\treply {number}" for number in range(99))])
    assert "wrong encoding" in advised(["caf\u00c3\u00a9\tyes"] * 9)
    assert not list(advice(told(b""), ["a"]))


def test_the_figures_of_the_estimate_are_those_that_were_measured(told):
    page = (ROOT / "docs" / "scaling.md").read_text("utf-8")
    assert f"{reports.RATE:,}" in page
    assert f"{reports.READ:,} pairs a second" in page
    from chatbot.cli.training_run import LIMIT

    assert reports.LIMIT == LIMIT
    some, more = told(MANY * 9).seconds, told(MANY * 90).seconds
    assert 9 * some > more > 3 * some, "of ten times the pairs; a small corpus has more epochs"


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


# Words, letters, pieces


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't you KNOW?", ["dont", "you", "know"]),
        ("don\u2019t", ["dont"]),
        ("well-known,really_so", ["well", "known", "really", "so"]),
        ("날씨가 좋네요!", ["날씨가", "좋네요"]),
        ("今日はOK今日", ["今", "日", "は", "ok", "今", "日"]),
        ("Stra\u00dfe", ["strasse"]),
        ("...", []),
    ],
)
def test_words(text, found):
    assert words(text) == found


@given(st.text(max_size=80))
def test_any_text_has_words_letters_and_pieces(text):
    assert all(words(text))
    assert pieces(text) >= 1
    assert script(text)
    assert all(0 <= Numbers()[word] < 2**32 for word in words(text))


# Nearly the same


def brute_force(utterances: list[str], held: list[bool]) -> tuple[int, int]:
    """As `near` counts, by comparing all with all."""

    def one_word(a: list[str], b: list[str]) -> bool:
        if len(a) == len(b):
            return len(a) >= FEWEST_WORDS and sum(x != y for x, y in zip(a, b, strict=True)) == 1
        short, long = sorted((a, b), key=len)
        return len(long) == len(short) + 1 and len(long) >= FEWEST_WORDS and any(long[:cut] + long[cut + 1 :] == short for cut in range(len(long)))

    of = {text: words(text) for text in utterances}
    trained = [text for text, out in zip(utterances, held, strict=True) if not out and of[text]]
    punctuation = worded = 0
    for text in {text for text, out in zip(utterances, held, strict=True) if out and of[text]}:
        others = [one for one in trained if one != text]
        if any(of[text] == of[one] for one in others):
            punctuation += 1
        elif any(one_word(of[text], of[one]) for one in others):
            worded += 1
    return punctuation, worded


def near_of(utterances: list[str], held: list[bool]) -> Near:
    numbers, texts = Numbers(), [words(text) for text in utterances]
    flat = np.array([numbers[word] for text in texts for word in text], np.uint32)
    return near(names_of(utterances), flat, np.array([len(text) for text in texts], np.int32), np.array(held, bool), ~np.array(held, bool))


@pytest.mark.parametrize("seed", range(40))
def test_near_twins_are_those_that_comparing_all_with_all_finds(seed, monkeypatch):
    monkeypatch.setattr("chatbot.corpus.near._STRIPE", 7)
    rng = random.Random(seed)
    utterances = [" ".join(rng.choices(["a", "b", "c", "d"], k=rng.randint(0, 6))) + rng.choice(["", "", "!", "?"]) for _ in range(60)]
    held = [names_of([text])[0] % 4 == 0 for text in utterances]
    found = near_of(utterances, held)
    assert (found.punctuation, found.one_word) == brute_force(utterances, held)
    for twin in found.examples:
        assert held[twin.held]
        assert not held[twin.trained]
        assert brute_force([utterances[twin.held], utterances[twin.trained]], [True, False]) != (0, 0)


def test_the_order_of_words_counts():
    assert near_of(["a b c d", "d c b a"], [True, False]).one_word == 0
    assert near_of(["i like my cat", "i like my dog"], [True, False]).one_word == 1


def test_nothing_held_out_has_no_twins():
    assert near_of(["a b c d", "a b c e"], [False, False]) == Near()
    assert near_of(["!!!", "..."], [True, False]) == Near(1)


# A cleaned copy


SIDES = st.text(st.sampled_from("abc \u00e9\u2028\x07\u200b\r\x85\ufeff안"), max_size=6)
LINES = st.lists(
    st.one_of(
        st.tuples(SIDES, SIDES).map("\t".join),
        st.sampled_from(["", " ", "hello\thi", "hello\thi", "no tab", "a\tb\tc", "nul\0\tx", "\ufeffhello\thi"]),
    ).map(str.encode)
    | st.sampled_from([b"caf\xe9\tcr\xe8me", b"\xff\xfe", b"x\ty\r"]),
    max_size=12,
)


@FILES
@example([b"", b"hello\thi", b"hello\thi"])
@example([b"hello\thi", b"", b"hello\thi", b"no tab", b"hello\thi"])
@given(LINES)
def test_a_cleaned_copy_is_a_corpus_and_has_all_pairs_that_there_were(tmp_path, lines):
    path, out = tmp_path / "a.tsv", tmp_path / "b.tsv"
    raw = b"".join(line + b"\n" for line in lines)
    path.write_bytes(raw)
    out.unlink(missing_ok=True)
    found = checked(path)
    hidden = re.compile("[\x07\u200b\ufeff]")
    try:
        cleaning = cleaned(path, out)
    except CorpusError:
        assert not found.pairs or found.marks.hidden, "sides of nothing that one sees"
        assert not out.exists()
        return
    finally:
        assert path.read_bytes() == raw
    copy = list(read_pairs(out))  # raises nothing
    assert cleaning.pairs == len(copy)
    for line in lines:  # what can be read alone stands there, but for what nobody sees
        (tmp_path / "one.tsv").write_bytes(line + b"\n")
        try:
            (pair,) = read_pairs(tmp_path / "one.tsv")
        except CorpusError:
            continue
        if not hidden.search(pair.utterance + pair.reply) and ENCODING not in found.problem_kinds:
            assert (pair.utterance, pair.reply) in {(one.utterance, one.reply) for one in copy}
    assert not hidden.search(out.read_text("utf-8"))
    again = checked(out)
    assert (again.pairs, again.marks.hidden, again.marks.crlf) == (len(copy), 0, 0)
    if not found.conversations:
        assert again.repeated == 0
    assert not cleaned(out, tmp_path / "c.tsv").done, "there is nothing left to do"
    assert (tmp_path / "c.tsv").read_bytes() == out.read_bytes()


def test_what_was_done_is_told(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_bytes(
        b"\xef\xbb\xbf hi \tho\r\nhi\tho\nhi\tho\n\xc2\x9bwow\tyes\nno tab\nT\xfcr\tzu\n" + "ça va\toui\n".encode("cp1252") * 3 + b"ok\tgood\n" * 2
    )
    assert cleaned(path, tmp_path / "b.tsv").done == {
        "byte order mark removed": 1,
        "line end of Windows made a plain one": 1,
        "line trimmed, its blanks squeezed, its accents composed": 1,
        "line whose control or invisible characters were removed": 1,
        "line converted from Windows-1252 (Western Europe)": 4,
        "line left out: no pair": 1,
        "line left out: repeated": 5,
    }
    assert (tmp_path / "b.tsv").read_text("utf-8") == "hi\tho\nwow\tyes\nT\u00fcr\tzu\nça va\toui\nok\tgood\n"


def test_a_file_in_another_encoding_is_converted(tmp_path):
    for encoding, text in (
        ("utf-16", "안녕\tyes 안녕\n"),
        ("cp949", "안녕하세요 오늘 날씨가 참 좋네요\t네 정말 그렇네요\n"),
        ("cp1252", "où est la clé à café\tça dépend\n"),
    ):
        path, out = tmp_path / f"{encoding}.tsv", tmp_path / f"{encoding}-clean.tsv"
        path.write_bytes("".join(text.replace("\t", f" {number}\t") for number in range(3000)).encode(encoding))
        (what, times), *_ = cleaned(path, out).done.items()
        assert "file converted from" in what
        assert times == 1
        assert out.read_text("utf-8").startswith(text.replace("\t", " 0\t"))
        assert len(list(read_pairs(out))) == 3000


def test_lines_that_are_utf_8_stay_so_in_a_file_of_another_encoding(tmp_path):
    path, out = tmp_path / "a.tsv", tmp_path / "b.tsv"
    path.write_bytes("".join(f"où est la clé {number}\tça dépend\n" for number in range(20)).encode("cp1252") + "où est-il\tlà-bas\n".encode() * 2)
    assert cleaned(path, out).done == {"file converted from Windows-1252 (Western Europe)": 1, "line left out: repeated": 1}
    assert out.read_text("utf-8").endswith("où est la clé 19\tça dépend\noù est-il\tlà-bas\n")


def test_a_conversation_is_kept_whole_and_cut_where_a_line_is_left_out(tmp_path):
    path, out = tmp_path / "a.tsv", tmp_path / "b.tsv"
    path.write_text("hi\tho\nhow\tfine\n\n\nhi\tho\nbad\nso\twhat\n\nhi\tho\nhow\tfine\n")
    assert cleaned(path, out).done == {"line left out: in a repeated conversation": 2, "line left out: no pair": 1}
    assert out.read_text() == "hi\tho\nhow\tfine\n\nhi\tho\n\nso\twhat\n\n"


def test_groups_are_renumbered_and_what_lost_its_turn_before_is_left_out(tmp_path):
    path, out = tmp_path / "a.tsv", tmp_path / "b.tsv"
    path.write_text("bad\nhi\tho\nyes\tfine\n\nbad\nyes\tgood\n\nlast\tone\n")
    (tmp_path / "a.groups.tsv").write_text("2\tt\t\t\t0\n3\tt.then-1\tp/1\tx\t1\n6\tt.then-1\t\t\t1\n8\tu\t\t\t0\n")
    cleaned(path, out)
    assert out.read_text() == "hi\tho\nyes\tfine\n\nlast\tone\n\n"
    assert (tmp_path / "b.groups.tsv").read_text() == "1\tt\t\t\t0\n2\tt.then-1\tp/1\tx\t1\n4\tu\t\t\t0\n"
    assert [pair.group.topic for pair in read_pairs(out, history=1)] == ["t", "t.then-1", "u"]


def test_a_long_conversation_is_not_cut(tmp_path, monkeypatch):
    path, out = tmp_path / "a.tsv", tmp_path / "b.tsv"
    text = "".join(f"say {number}\tok\n" for number in range(12)) + "\n" + "hi\tho\n\n" + "".join(f"say {number}\tok\n" for number in range(9)) + "\n"
    path.write_text(text)
    (tmp_path / "a.groups.tsv").write_text("".join(f"{number}\tt\t\t\t{int(number > 1)}\n" for number in range(1, 13)))
    for part in (1, 3, 4, 5, 99):
        monkeypatch.setattr("chatbot.corpus.cleaning.PART", part)
        assert not cleaned(path, out).done
        assert out.read_text() == text


def test_half_a_corpus_is_no_cleaned_copy(tmp_path):
    (tmp_path / "a.tsv").write_bytes(b"hi\tho\n" + b"x" * 400_000)
    with pytest.raises(CorpusError, match="what follows it cannot be read") as caught:
        cleaned(tmp_path / "a.tsv", tmp_path / "b.tsv")
    assert str(caught.value.place).endswith("a.tsv:2:1")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tsv"]


def test_files_are_written_whole_or_not_at_all(tmp_path):
    one, other = tmp_path / "one.tsv", tmp_path / "other.tsv"
    other.write_text("old")
    with pytest.raises(CorpusError, match="is there already"), whole_files([one, other]):
        raise AssertionError
    with suppress(KeyboardInterrupt), whole_files([one, other], force=True) as files:
        files[0].write(b"new")
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["other.tsv"]
    assert other.read_text() == "old"
    (tmp_path / "link.tsv").symlink_to("other.tsv")
    for place in (other, tmp_path / "link.tsv"):
        with pytest.raises(CorpusError, match="never changed"), whole_files([place], force=True, keep=[other]):
            raise AssertionError
    with whole_files([tmp_path / "link.tsv"], force=True) as files:
        files[0].write(b"new")
    assert (tmp_path / "link.tsv").is_symlink()
    assert other.read_text() == "new"
    for place in (tmp_path, tmp_path / "no" / "where.tsv", tmp_path / "a.tsv.gz"):
        with pytest.raises(CorpusError), whole_files([place], force=True):
            raise AssertionError


# The parts


def test_the_parts_are_those_of_the_split(tmp_path, told):
    told([*MANY, "zz\tthat is thing 1"], [f"{number}\tt{number % 7}\t\t\t0" for number in range(1, 601)])
    parts = split_pairs(read_pairs(tmp_path / "a.tsv"))
    written = write_parts([tmp_path / "a.tsv"], tmp_path / "parts")
    assert written.pairs == (len(parts.train), len(parts.valid), len(parts.test))
    for name, part in (("train", parts.train), ("valid", parts.valid), ("test", parts.test)):
        again = list(read_pairs(tmp_path / "parts" / f"{name}.tsv"))
        assert [(pair.utterance, pair.reply, pair.group) for pair in again] == [(pair.utterance, pair.reply, pair.group) for pair in part]
        assert len(part) > 9


def test_with_history_the_parts_are_json_with_the_turns_before(tmp_path, told):
    lines = [line for number, pair in enumerate(MANY) for line in ([pair] if number % 3 else ["", pair])]
    told(lines)
    write_parts([tmp_path / "a.tsv"], tmp_path / "parts", history=2)
    parts = split_pairs(read_pairs(tmp_path / "a.tsv", history=2))
    for name, part in (("train", parts.train), ("valid", parts.valid), ("test", parts.test)):
        again = [json.loads(line) for line in (tmp_path / "parts" / f"{name}.jsonl").read_text("utf-8").splitlines()]
        assert [(one["utterance"], one["reply"], [tuple(turn) for turn in one["history"]], one["place"]) for one in again] == [
            (pair.utterance, pair.reply, list(pair.history), pair.place) for pair in part
        ]


def test_a_corpus_too_small_to_split_is_refused(tmp_path, told):
    told(MANY[:40])
    with pytest.raises(CorpusError, match="too few"):
        write_parts([tmp_path / "a.tsv"], tmp_path / "parts")
    assert not (tmp_path / "parts").exists()


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
