"""The copy of a corpus that is cleaned, and its parts: laws on small files, and on files that hypothesis makes."""

import gzip
import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from corpus_reports import MANY, checked
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chatbot.corpus.cleaning import Cleaning
from chatbot.corpus.gathering import ENCODING, Corpora
from chatbot.corpus.pairs import read_pairs
from chatbot.corpus.parts import write_parts
from chatbot.corpus.split import split_pairs
from chatbot.corpus.written import whole_files
from chatbot.errors import CorpusError
from chatbot.safe_text import UNSEEN

FILES = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def cleaned(path: Path, out: Path, *, force: bool = True) -> Cleaning:
    found = checked(path)
    cleaning = Cleaning(found.second, conversations=found.conversations > 0)
    cleaning.write(Corpora([path]), out, force=force)
    return cleaning


@pytest.mark.parametrize("character", UNSEEN, ids=ascii)
def test_what_nobody_sees_is_told_and_goes(tmp_path, character):
    path, out = tmp_path / "a.tsv", tmp_path / "b.tsv"
    path.write_text(f"hello\thi\nwho{character}ever\tme\n", "utf-8")
    marks = checked(path).marks
    assert (marks.hidden, marks.first_hidden) == (1, f"{path}:2:4")
    cleaned(path, out)
    assert out.read_text("utf-8") == "hello\thi\nwhoever\tme\n"


def test_what_joins_letters_and_emoji_stays(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("\u0645\u06cc\u200c\u062e\u0648\u0627\u0645\t\U0001f468\u200d\U0001f4bb\u2764\ufe0f \u2018so\u2019\u2026 \u2003\u00a0\n", "utf-8")
    assert checked(path).marks.hidden == 0


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
        with pytest.raises(CorpusError, match="it is read"), whole_files([place], force=True, keep=[other]):
            raise AssertionError
    with whole_files([tmp_path / "link.tsv"], force=True) as files:
        files[0].write(b"new")
    assert (tmp_path / "link.tsv").is_symlink()
    assert other.read_text() == "new"
    (tmp_path / "round.tsv").symlink_to("round.tsv")
    with whole_files([tmp_path / "round.tsv"], force=True) as files:
        files[0].write(b"out of the circle")
    assert (tmp_path / "round.tsv").read_text() == "out of the circle"
    for place in (tmp_path, tmp_path / "no" / "where.tsv", tmp_path / "a.tsv.gz"):
        with pytest.raises(CorpusError), whole_files([place], force=True):
            raise AssertionError


def test_the_groups_of_what_was_there_before_go_with_it(tmp_path):
    for name in ("a.tsv", "real.tsv"):
        (tmp_path / name).write_text("old\told\n")
        (tmp_path / name).with_suffix(".groups.tsv").write_text("1\tt\t\t\n")
    (tmp_path / "link.tsv").symlink_to("real.tsv")
    kept = sorted(tmp_path.iterdir())
    with suppress(KeyboardInterrupt), whole_files([tmp_path / "a.tsv"], force=True):
        raise KeyboardInterrupt
    with pytest.raises(CorpusError, match="is there already"), whole_files([tmp_path / "new.tsv", tmp_path / "a.tsv"]):
        raise AssertionError
    assert sorted(tmp_path.iterdir()) == kept
    with whole_files([tmp_path / "a.jsonl"]):
        pass
    (tmp_path / "a.jsonl").unlink()
    assert sorted(tmp_path.iterdir()) == kept
    for out in ("a.tsv", "link.tsv"):
        with whole_files([tmp_path / out], force=True) as files:
            files[0].write(b"hi\tho\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tsv", "link.tsv", "real.tsv"]
    (tmp_path / "b.groups.tsv").write_text("1\tt\t\t\n")
    with pytest.raises(CorpusError, match="is there already") as caught, whole_files([tmp_path / "b.tsv"]):
        raise AssertionError
    assert caught.value.place == tmp_path / "b.groups.tsv"
    with pytest.raises(CorpusError, match="it is read"), whole_files([tmp_path / "b.tsv"], force=True, keep=[tmp_path / "b.groups.tsv"]):
        raise AssertionError


def test_a_corpus_keeps_its_groups_when_its_parts_are_written_beside_it(tmp_path, told):
    told(MANY, [f"{number}\tt{number % 7}\t\t\t0" for number in range(1, 601)])
    (tmp_path / "a.tsv").rename(tmp_path / "train.tsv.gz")
    (tmp_path / "train.tsv.gz").write_bytes(gzip.compress((tmp_path / "train.tsv.gz").read_bytes()))
    (tmp_path / "a.groups.tsv").rename(tmp_path / "train.groups.tsv")
    with pytest.raises(CorpusError, match="it is read"):
        write_parts([tmp_path / "train.tsv.gz"], tmp_path, force=True)


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
    told([line for number, pair in enumerate(MANY) for line in ([pair] if number % 3 else ["", pair])])
    written = write_parts([tmp_path / "a.tsv"], tmp_path / "parts", history=2)
    parts = split_pairs(read_pairs(tmp_path / "a.tsv", history=2))
    held = {pair.utterance for pair in (*parts.valid, *parts.test)}
    cut = 0
    for name, part in (("train", parts.train), ("valid", parts.valid), ("test", parts.test)):
        again = [json.loads(line) for line in (tmp_path / "parts" / f"{name}.jsonl").read_text("utf-8").splitlines()]
        assert [(one["utterance"], one["reply"], one["place"]) for one in again] == [(pair.utterance, pair.reply, pair.place) for pair in part]
        for one, pair in zip(again, part, strict=True):
            turns = [tuple(turn) for turn in one["history"]]
            if name == "train" and turns != list(pair.history):
                cut += 1
                assert pair.history[-len(turns) - 1][0] in held, "what is trained on hears nothing that is held out"
                assert not held & {heard for heard, _ in turns}
            else:
                assert turns == list(pair.history)
    assert cut > 9
    assert written.pairs == (len(parts.train), len(parts.valid), len(parts.test))


def test_a_follow_up_to_what_is_held_out_is_not_trained_on(tmp_path, told):
    lines = [line for number, pair in enumerate(MANY) for line in (pair, f"why {number % 9} is this so\tbecause", "")]
    groups = [line for number in range(len(MANY)) for line in (f"{3 * number + 1}\tt{number}\t\t\t0", f"{3 * number + 2}\tt.then-1\t\t\t1")]
    told(lines, groups)
    trained, *held = write_parts([tmp_path / "a.tsv"], tmp_path / "parts", history=1).pairs
    pairs = [json.loads(line) for line in (tmp_path / "parts" / "train.jsonl").read_text("utf-8").splitlines()]
    assert len(pairs) == trained < 2 * len(MANY) - sum(held)
    assert all(one["history"] for one in pairs if one["topic"] == "t.then-1")


def test_no_reply_is_held_out_that_only_a_torn_follow_up_has(tmp_path, told):
    lines = [line for number, pair in enumerate(MANY) for line in (pair, f"why {number} is this so\tbecause {number // 2}", "")]
    groups = [line for number in range(len(MANY)) for line in (f"{3 * number + 1}\tt{number}\t\t\t0", f"{3 * number + 2}\tt.then-1\t\t\t1")]
    told(lines, groups)
    write_parts([tmp_path / "a.tsv"], tmp_path / "parts", history=1)
    trained, *held = (
        {json.loads(line)["reply"] for line in (tmp_path / "parts" / f"{name}.jsonl").read_text("utf-8").splitlines()} for name in ("train", "valid", "test")
    )
    assert all(held)
    assert set().union(*held) <= trained


def test_a_corpus_too_small_to_split_is_refused(tmp_path, told):
    told(MANY[:40])
    with pytest.raises(CorpusError, match="too few"):
        write_parts([tmp_path / "a.tsv"], tmp_path / "parts")
    assert not (tmp_path / "parts").exists()
