"""Reading pairs, compiling topics, and the corpus that ships."""

import gzip
import hashlib
import re
import unicodedata
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from chatbot.corpus import split
from chatbot.corpus.conversations import conversations, written
from chatbot.corpus.expand import exchanges_in, expand
from chatbot.corpus.fingerprint import fingerprint
from chatbot.corpus.folding import LINE_BREAK, fold, key
from chatbot.corpus.lines import LONGEST_LINE
from chatbot.corpus.pairs import Group, Pair, groups_path, read_blocks, read_pairs
from chatbot.corpus.split import IN_TEST, IN_TRAIN, IN_VALID, SHORT, Rows, names_of, split_pairs, split_rows
from chatbot.corpus.topics import read_topics
from chatbot.errors import CorpusError
from chatbot.evaluation.metrics import twins_among

CORPORA = Path(__file__).parent.parent / "corpora"


@pytest.fixture
def corpus(tmp_path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "a.tsv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def sides(path, **options):
    return [(pair.utterance, pair.reply) for pair in read_pairs(path, **options)]


# Folding


@given(st.text(st.sampled_from("aB \t\u00a0\u3000\r\n\u2028\x85\x1ce\u0301\u0327\u1100\u1161\u2581ß\ud800\u200d\u212bé"), max_size=8))
@example("e\u0301")
@example("a\u0301")
@example("a  b ")
@example("a\u2581b")
def test_a_folded_text_is_composed_its_blanks_are_squeezed_and_folding_it_again_changes_nothing(text):
    folded = fold(text)
    assert unicodedata.is_normalized("NFC", folded)
    assert not re.search("  |[\\t\\r\\n\u00a0\u3000\x85\u2581\ud800]|^ | $", folded)
    assert fold(folded) == folded
    assert key(folded) == key(text) == key(text.upper().lower())
    assert [letter for letter in "aB" if letter in folded] == [letter for letter in "aB" if letter in unicodedata.normalize("NFC", text)]


# Pairs

side = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\0\ufeff"), min_size=1, max_size=20).filter(fold)


@given(
    pairs=st.lists(st.tuples(side, side), min_size=1, max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    blanks=st.lists(st.sampled_from(["", " ", "  "]), max_size=2),
    last=st.booleans(),
)
@example(pairs=[('"quoted', "NA"), ("a\u2028b", "c\x85d"), ("#", '""')], end="\r\n", mark="\ufeff", blanks=[""], last=False)
def test_what_is_written_is_read_up_to_folding(tmp_path_factory, pairs, end, mark, blanks, last):
    path = tmp_path_factory.getbasetemp() / "written.tsv"
    lines = [line for utterance, reply in pairs for line in (f"{utterance}\t{reply}", *blanks)]
    path.write_bytes((mark + end.join(lines) + end * last).encode())
    assert sides(path) == [(fold(utterance), fold(reply)) for utterance, reply in pairs]
    step = 1 + len(blanks)
    assert [pair.place for pair in read_pairs(path)] == [f"{path}:{1 + step * number}" for number in range(len(pairs))]


def test_nothing_but_a_line_feed_ends_a_line(corpus):
    assert sides(corpus("a\u2028b\tc\x0b\x0cd\u2029e\n")) == [("a\u2028b", "c\u2028d\u2028e")]


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        ("a\tb\nno tab here\n", ":2:12", "no tab"),
        ("a\tb\n\nx\ty\tz\n", ":3:4", "second tab"),
        ("été\tb\tc\n", ":1:6", "second tab"),
        ("\ufeffa\tb\tc\n", ":1:4", "second tab"),
        ("\tb\n", ":1:1", "nothing before"),
        (" \u3000\tb\n", ":1:1", "nothing before"),
        ("abc\t\n", ":1:5", "nothing after"),
        ("abc\t\xa0\r\n", ":1:5", "nothing after"),
        (b"a\tb\na\tb\xff\n", ":2:4", r"byte 4 \(0xFF\) is not UTF-8"),
        ("für\t".encode() + b"\xff\n", ":1:5", r"byte 6 \(0xFF\) is not UTF-8"),
        (b"a\tb\ncaf\xe9\tb\n", ":2:4", r"byte 4 \(0xE9\)"),
        (b"a\tb\nab\xe2\x82\n", ":2:3", r"byte 3 \(0xE2\)"),
        ("a\tb\0c\n", ":1:4", "NUL"),
        ("a\tb\n" + "x" * (LONGEST_LINE + 1), ":2:1", "more than 65,536 bytes"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_line_that_is_no_pair_is_named_by_line_and_column(corpus, content, place, what):
    path = corpus(content)
    with pytest.raises(CorpusError, match=what) as caught:
        list(read_pairs(path))
    assert str(caught.value.place) == f"{path}{place}"
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_line_as_long_as_may_be_is_read(corpus):
    long = "x" * (LONGEST_LINE - 3)
    assert sides(corpus(f"a\t{long}\nb\tc")) == [("a", long), ("b", "c")]


@pytest.mark.parametrize("content", ["", "\n\n \n", "\ufeff"])
def test_a_file_without_pairs_is_refused(corpus, content):
    path = corpus(content)
    with pytest.raises(CorpusError, match="no pairs in it") as caught:
        list(read_pairs(path))
    assert caught.value.place == path


@pytest.mark.parametrize("name", ["folder", "folder/missing.tsv", "folder/missing", ".", ".."])
def test_a_missing_file_or_a_folder_is_refused(tmp_path, monkeypatch, name):
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError, match="no such file" if "missing" in name else "a folder") as caught:
        list(read_pairs(Path(name)))
    assert caught.value.place == Path(name)


CONVERSATIONS = "a\t1\nb\t2\nc\t3\n\nd\t4\ne\t5\n"


def test_history_is_the_turns_before_and_ends_at_a_blank_line(corpus):
    path = corpus(CONVERSATIONS)
    assert [pair.history for pair in read_pairs(path, history=2)] == [(), (("a", "1"),), (("a", "1"), ("b", "2")), (), (("d", "4"),)]
    assert [pair.history for pair in read_pairs(path, history=1)] == [(), (("a", "1"),), (("b", "2"),), (), (("d", "4"),)]
    assert not any(pair.history for pair in read_pairs(path))


def test_history_without_conversations_is_refused(corpus):
    with pytest.raises(CorpusError, match="no blank line"):
        list(read_pairs(corpus("a\t1\nb\t2\n"), history=1))


def test_groups_stand_beside_the_corpus_by_line_number(corpus):
    path = corpus("a\t1\n\nb\t2\nc\t3\n")
    assert groups_path(path) == path.with_name("a.groups.tsv")
    assert [pair.group for pair in read_pairs(path)] == [None, None, None]
    groups_path(path).write_text("1\tsmall.talk\t\t\n4\tlate\tlate/a+b/1.2\thappy\n")
    assert [pair.group for pair in read_pairs(path)] == [Group("small.talk"), None, Group("late", "late/a+b/1.2", "happy")]
    assert Group("late", "late/a+b/1.2", "happy").unit == "late/a+b"


@pytest.mark.parametrize("line", ["1\ta\tb", "x\ta\tb\tc", "1\ta\tb\tc\td", ""])
def test_groups_that_are_none_are_named_by_line(corpus, line):
    path = corpus("a\t1\n")
    groups_path(path).write_text(f"1\ta\t\t\n{line}\n")
    with pytest.raises(CorpusError) as caught:
        list(read_pairs(path))
    assert caught.value.place == f"{groups_path(path)}:2:1"


@pytest.mark.parametrize(("numbers", "place"), [((1, 5), "2:1"), ((1, 9, 3), "2:1"), ((1, 2), "2:1"), ((1, 3, 4), "3:1"), ((0, 1), "1:1")])
@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize("text", ["a\t1\n\nb\t2\n  \n", "a\t1\r\n \r\nb\t2\r\n\r\n", "a\t1\n\nb\t2"])
def test_groups_of_lines_that_are_no_pairs_are_not_those_of_this_file(corpus, numbers, place, size, text):
    path = corpus(text)
    groups_path(path).write_text("".join(f"{number}\ta\t\t\n" for number in numbers))
    with pytest.raises(CorpusError) as caught:
        list(read_blocks(path, size=size))
    assert caught.value.place == f"{groups_path(path)}:{place}"


def test_groups_out_of_the_order_of_their_lines_are_refused(corpus):
    path = corpus("a\t1\nb\t2\n")
    groups_path(path).write_text("2\ta\t\t\n1\ta\t\t\n")
    with pytest.raises(CorpusError, match="line 1 after line 2") as caught:
        list(read_pairs(path))
    assert caught.value.place == f"{groups_path(path)}:2:1"


# Blocks


@given(
    conversations=st.lists(st.lists(st.tuples(side, side), min_size=1, max_size=4), min_size=1, max_size=5),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    last=st.booleans(),
    history=st.integers(0, 3),
    size=st.integers(1, 200),
)
@example(conversations=[[("a\u2028b", "c\x85d"), ("#", '""')], [("é", "ü")]], end="\r\n", mark="\ufeff", last=True, history=1, size=4)
@example(conversations=[[("a", "b"), ("c", "d"), ("e", "f"), ("g", "h")]], end="\n", mark="", last=False, history=3, size=1)
def test_however_a_file_is_cut_its_pairs_are_the_same(tmp_path_factory, conversations, end, mark, last, history, size):
    path = tmp_path_factory.getbasetemp() / "blocks.tsv"
    lines = [line for turns in conversations for line in (*(f"{utterance}\t{reply}" for utterance, reply in turns), "")]
    path.write_bytes((mark + end.join(lines) + end * (1 + last)).encode())
    groups_path(path).write_text("".join(f"{number}\tt{number}\t\t\n" for number in range(1, len(lines), 2) if lines[number - 1]))
    whole = list(read_pairs(path, history=history))
    blocks = list(read_blocks(path, history=history, size=size))
    assert b"".join(block.lines.raw for block in blocks) == path.read_bytes()
    assert sum(len(block.lines) for block in blocks) == path.read_bytes().removesuffix(b"\n").count(b"\n") + 1
    assert [pair for block in reversed(blocks) for pair in reversed(list(block.pairs()))] == whole[::-1], "in any order"
    turns = [[*talk[max(0, at - history) : at], talk[at]] for talk in conversations for at in range(len(talk))]
    assert [[*pair.history, (pair.utterance, pair.reply)] for pair in whole] == [[tuple(map(fold, turn)) for turn in talk] for talk in turns]
    groups_path(path).unlink()


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a_mistake_is_at_the_same_place_however_the_file_is_cut(corpus, size):
    path = corpus("a\tb\n" * 40 + "no tab\n" + "a\tb\tc\n")
    with pytest.raises(CorpusError) as caught:
        [list(block.pairs()) for block in read_blocks(path, size=size)]
    assert caught.value.place == f"{path}:41:7"


def test_of_a_line_without_an_end_little_is_read(corpus):
    path = corpus("a\tb\n" + "x" * (LONGEST_LINE * 9))
    *_, last = read_blocks(path, size=1000)
    assert len(last.lines.raw) <= LONGEST_LINE + 1000
    with pytest.raises(CorpusError, match="more than 65,536 bytes"):
        list(last.pairs())


# Packed files

PACKERS = {".gz": gzip.compress, ".zst": zstandard.compress}
MANY = "".join(f"utterance {number * 7919 % 1000}\treply {number}\n" for number in range(5000)).encode()


@pytest.fixture
def packed(tmp_path):
    def write(suffix: str, content: bytes) -> Path:
        path = tmp_path / f"a.tsv{suffix}"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_packed_file_is_read_as_the_plain_one(corpus, packed, suffix):
    path, plain, pack = packed(suffix, PACKERS[suffix](MANY)), corpus(MANY), PACKERS[suffix]
    groups_path(plain).write_text("2\ta\t\t\n")
    assert groups_path(path) == groups_path(plain)
    assert [(pair.utterance, pair.reply, pair.group) for pair in read_pairs(path)] == [(pair.utterance, pair.reply, pair.group) for pair in read_pairs(plain)]
    two = packed(suffix, pack(MANY[:1005]) + pack(MANY[1005:]))
    assert b"".join(block.lines.raw for block in read_blocks(two, size=777)) == MANY, "packed in two parts"
    assert max(block.lines.read for block in read_blocks(two, size=777)) == two.stat().st_size


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("harm", [lambda raw: raw[:-9], lambda raw: raw[: len(raw) // 2], lambda raw: b"hello" + raw, lambda raw: raw + b"and more"])
def test_a_damaged_packed_file_is_one_line(packed, suffix, harm):
    path = packed(suffix, harm(PACKERS[suffix](MANY)))
    with pytest.raises(CorpusError, match="cannot be unpacked") as caught:
        list(read_pairs(path))
    assert caught.value.place == path
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", PACKERS)
def test_an_empty_packed_file_has_no_pairs(packed, suffix):
    for content in (b"", PACKERS[suffix](b"")):
        with pytest.raises(CorpusError, match="no pairs in it"):
            list(read_pairs(packed(suffix, content)))


# Fingerprint


def test_two_corpora_have_the_same_fingerprint_when_they_have_the_same_pairs_in_the_same_order(corpus):
    def of(text, groups="", **options):
        path = corpus(text)
        groups_path(path).write_text(groups)
        return fingerprint(read_pairs(path, **options))

    first = of("a\tb\nc\td\n\n")
    assert first == of("\ufeffa\tb\r\nc\t d \r\n\r\n")
    others = [
        of("c\td\na\tb\n\n"), of("a\tb\n"), of("a\tb\nc\te\n"), of("a\tb\nd\td\n"), of("A\tb\nc\td\n"), of("a\tb\nc\td\n\n", history=1),
        of("a\tb\nc\td\n\n", "1\tt\t\t\n"), of("a\tb\nc\td\n\n", "1\tt\tu\t\n"), of("a\tb\nc\td\n\n", "1\tt\tu\tl\n"),
    ]  # fmt: skip
    assert len({first, *others}) == 1 + len(others)


# Split


def test_in_a_large_corpus_no_more_is_held_out_than_is_worth_asking():
    names = np.random.default_rng(1).integers(0, 2**64, 400_000, np.uint64)
    parts = split_rows(Rows(names, names % np.uint64(1000)))
    assert np.bincount(parts)[[IN_VALID, IN_TEST]] == pytest.approx([split.MOST] * 2, rel=0.05)
    assert split_rows(Rows(names[:2000], names[:2000] % np.uint64(9)))[parts[:2000] != IN_TRAIN].all(), "what is held out of much is held out of little"


def test_what_is_said_in_a_few_letters_is_never_held_out():
    utterances = ["".join(letters) for length in (2, 3, 4) for letters in product("abcdé안녕", repeat=length)]
    parts = split_rows(Rows(names_of(utterances), names_of(["yes"] * len(utterances))))
    held_out = [text for text, part in zip(utterances, parts, strict=True) if part != IN_TRAIN]
    assert len(held_out) > 10
    assert min(len(text.encode()) for text in held_out) == SHORT + 1


@pytest.mark.parametrize("stripe", [1, 7, 1000])
def test_a_corpus_is_split_the_same_however_it_is_looked_at(monkeypatch, stripe):
    names = np.random.default_rng(1).integers(0, 2**64, 1000, np.uint64)
    rows = Rows(names, names % np.uint64(300), {row: row % 40 for row in range(0, 1000, 3)})
    whole = split_rows(rows)
    assert {IN_VALID, IN_TEST} < set(whole.tolist())
    monkeypatch.setattr(split, "_STRIPE", stripe)
    assert (split_rows(rows) == whole).all()


# The corpus that ships


@pytest.fixture(scope="module")
def shipped_topics():
    return read_topics(CORPORA / "dialog")


@pytest.fixture(scope="module")
def shipped_pairs() -> list[Pair]:
    return list(read_pairs(CORPORA / "dialog.tsv"))


def test_the_shipped_corpus_is_what_its_topics_make_byte_for_byte(shipped_topics):
    pairs, groups = written(conversations(exchanges_in(shipped_topics)))
    assert (CORPORA / "dialog.tsv").read_bytes() == pairs.encode()
    assert (CORPORA / "dialog.groups.tsv").read_bytes() == groups.encode()


def test_the_shipped_corpus_is_as_large_as_it_should_be(shipped_topics, shipped_pairs):
    assert len(shipped_topics) >= 200
    assert len(shipped_pairs) >= 60_000
    assert len({key(pair.utterance) for pair in shipped_pairs}) >= 30_000
    assert len(twins_among(shipped_pairs)) >= 1000
    follow_ups = {(pair.group.topic, pair.utterance) for pair in read_pairs(CORPORA / "dialog.tsv", history=2) if pair.group.needs}
    assert len(follow_ups) >= 2000


def test_what_the_shipped_bot_says_is_ascii():
    """People type emoji and accents, and are understood; what is answered can be shown everywhere."""
    assert all(pair.reply.isascii() for pair in read_pairs(CORPORA / "dialog.tsv", history=2))


def test_every_deciding_word_and_every_frame_is_trained_on(shipped_topics, shipped_pairs):
    parts = split_pairs(shipped_pairs)
    ended = {topic.name for topic in shipped_topics if topic.endings}

    def frames_and_cues(pairs):
        late = [pair for pair in pairs if pair.group.topic in ended]
        numbers = [pair.group.pair.rpartition("/")[2].partition(".") for pair in late]
        frames = {(pair.group.topic, frame) for pair, (frame, _, _) in zip(late, numbers, strict=True)}
        return frames, {(pair.group.topic, pair.group.label, cue) for pair, (_, _, cue) in zip(late, numbers, strict=True)}

    frames, cues = frames_and_cues(shipped_pairs)
    trained_frames, trained_cues = frames_and_cues(parts.train)
    assert len(frames) > 30
    assert len(cues) > 50
    assert frames == trained_frames
    assert cues == trained_cues
    assert len(twins_among(parts.test)) >= 5, "some pairs must be held out"


def test_a_long_run_of_blanks_is_folded_in_one_pass():
    assert fold("a" + " \t" * 500_000 + "b") == "a b"
    assert fold("a" + " \n" * 500_000 + "b") == f"a{LINE_BREAK}b"


def test_the_shipped_corpus_is_split_as_it_always_was(shipped_pairs):
    parts = split_pairs(shipped_pairs)
    lines = ["".join(f"{pair.place.rpartition(':')[2]}\n" for pair in part) for part in (parts.train, parts.valid, parts.test)]
    assert [hashlib.sha256(part.encode()).hexdigest()[:16] for part in lines] == ["0f55fa9efd6daa09", "7b4f3bc74275fee6", "b438a0cf2f04784d"]


def test_each_topic_uses_its_replies_equally_often_those_that_it_is_lent_half_and_a_quarter_and_each_utterance_two(shipped_topics):
    used, of = {}, {}
    for line in expand(shipped_topics):
        if not line.group.pair and not line.group.needs:
            used.setdefault(line.group.topic, Counter())[line.reply] += 1
            of.setdefault(key(line.utterance), set()).add(line.reply)
    assert len(used) > 60
    for topic in shipped_topics:
        if topic.name in used:
            times = {reply: 2 ** (len(topic.also) - rank) for rank, replies in enumerate([topic.replies, *topic.also]) for reply in replies}
            rounds = used[topic.name].total() / sum(times.values())
            assert set(used[topic.name]) <= set(times)
            assert all(abs(used[topic.name][reply] - rounds * often) <= 2 * often for reply, often in times.items())
    assert {len(replies) for replies in of.values()} <= {1, 2}


def blocks_of(block):
    return [block, *(one for below in block.follow_ups for one in blocks_of(below))]


def test_every_reply_of_a_topic_is_written_once_and_is_used(shipped_topics):
    used = {(line.group.topic, key(line.reply)) for line in expand(shipped_topics)}
    for block in [block for topic in shipped_topics for block in blocks_of(topic)]:
        for replies in [ending.replies for ending in getattr(block, "endings", ())] or [block.replies]:
            assert len({key(reply) for reply in replies}) == len(replies), block.place
            assert {(block.name, key(reply)) for reply in replies if "{" not in reply} <= used, block.place


def test_the_two_endings_of_a_late_topic_share_no_reply_and_no_word(shipped_topics):
    for topic in shipped_topics:
        if topic.endings:
            one, other = topic.endings
            assert not {key(reply) for reply in one.replies} & {key(reply) for reply in other.replies}, topic.place
            assert not {key(cue) for cue in one.cues} & {key(cue) for cue in other.cues}, topic.place


def test_wren_claims_no_body_and_no_childhood(shipped_topics):
    claims = re.compile(
        r"\b(my (mother|father|mum|mom|dad|wife|husband|brother|sister|childhood|stomach|hands?|legs?|eyes)|when i was (young|little|a child)|i (ate|slept|drank|grew up))\b"
    )
    for block in [block for topic in shipped_topics for block in blocks_of(topic)]:
        for reply in [*block.replies, *(reply for ending in getattr(block, "endings", ()) for reply in ending.replies)]:
            assert not claims.search(reply.lower()), f"{block.place}: {reply}"
