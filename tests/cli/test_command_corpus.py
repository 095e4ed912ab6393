"""`chatbot corpus`: expand topics, check pairs."""

import json
import os

import pytest

TOPIC = """\
# greetings
== hello
> hello
> hi there
< hello you
< hi
== mood
> the {first|last} day left me _
= glad | happy
< good to hear
= sad | unhappy
< sorry to hear
"""


@pytest.fixture
def topics(tmp_path):
    folder = tmp_path / "small-talk"
    folder.mkdir()
    (folder / "a.topic").write_text(TOPIC)
    return folder


def test_expand(chatbot, topics, tmp_path):
    ran = chatbot("corpus", "expand", "small-talk")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("small-talk.tsv: ")
    lines = (tmp_path / "small-talk.tsv").read_text().splitlines()
    groups = (tmp_path / "small-talk.groups.tsv").read_text().splitlines()
    assert len(lines) == len(groups)
    assert all(line.count("\t") == 1 for line in lines)
    assert all(line.count("\t") == 3 for line in groups)
    assert {"hello\thello you", "the last day left me sad\tsorry to hear", "the last day left me glad\tgood to hear"} <= set(lines)
    assert sorted(os.listdir(tmp_path)) == ["small-talk", "small-talk.groups.tsv", "small-talk.tsv"]


def test_expand_is_the_same_each_time(chatbot, topics, tmp_path):
    chatbot("corpus", "expand", "small-talk")
    first = (tmp_path / "small-talk.tsv").read_bytes()
    chatbot("corpus", "expand", "small-talk/")
    assert (tmp_path / "small-talk.tsv").read_bytes() == first
    chatbot("corpus", "expand", "small-talk", "--out", "other.tsv")
    assert (tmp_path / "other.tsv").read_bytes() == first


def test_expand_from_inside_of_the_folder(chatbot, topics, tmp_path, monkeypatch):
    monkeypatch.chdir(topics)
    assert chatbot("corpus", "expand", ".").code == 0
    assert (tmp_path / "small-talk.tsv").exists()


@pytest.mark.parametrize("out", ["nosuch/x.tsv", "small-talk", "small-talk/a.topic/x.tsv", ""])
def test_expand_into_what_cannot_be_written(mistake, topics, tmp_path, out):
    mistake("corpus", "expand", "small-talk", "--out", out)
    assert sorted(os.listdir(tmp_path)) == ["small-talk"], "left something behind"


def test_expand_writes_through_no_device(chatbot, topics, tmp_path):
    """`--out` of a link or a device must not replace it by a file: `--out /dev/null`, run as root, would."""
    (tmp_path / "real.tsv").write_text("")
    (tmp_path / "link.tsv").symlink_to("real.tsv")
    chatbot("corpus", "expand", "small-talk", "--out", "link.tsv")
    assert (tmp_path / "link.tsv").is_symlink()


BROKEN = {
    "a line before the first topic": ("> hi\n", ":1:1: "),
    "no name": ("==\n> hi\n< ho\n", ":1:"),
    "a bad name": ("== No Name\n> hi\n< ho\n", ":1:4: "),
    "an unknown sign": ("== a\n* hi\n", ":2:1: "),
    "nothing after the sign": ("== a\n> \n", ":2:3: "),
    "no utterance": ("== a\n< ho\n", ":1:1: "),
    "no reply": ("== a\n> hi\n", ":1:1: "),
    "twice": ("== a\n> hi\n< ho\n== a\n> hey\n< ho\n", ":4:4: "),
    "an utterance in two topics": ("== a\n> hi\n< ho\n== b\n> Hi\n< hey\n", ":5:3: "),
    "braces": ("== a\n> hi {you|me}\n< ho\n", ":2:6: "),
    "one ending": ("== a\n> i feel _\n= good\n< ho\n", ":3:1: "),
    "no blank": ("== a\n> i feel\n= good\n< ho\n= bad\n< hey\n", ":2:3: "),
}


@pytest.mark.parametrize(("text", "place"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_topic_is_named_by_its_place(mistake, topics, tmp_path, text, place):
    (topics / "a.topic").write_text(text)
    line = mistake("corpus", "expand", "small-talk")
    assert f"small-talk/a.topic{place}" in line
    assert "; " in line
    assert not (tmp_path / "small-talk.tsv").exists()


def test_check(chatbot, corpus):
    ran = chatbot("corpus", "check", "pets.tsv")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0] == "40 pairs, 40 distinct utterances, 40 distinct replies"
    assert "too few" in ran.out
    assert "commonest replies:" in ran.out


def test_check_of_a_larger_corpus_tells_the_split(chatbot, tmp_path, larger, strict_json):
    (tmp_path / "a.tsv").write_text(larger)
    report = strict_json(chatbot("corpus", "check", "a.tsv", "--json").out)
    assert report["pairs"] == report["utterances"] == 480 == report["train"] + report["valid"] + report["test"]
    assert min(report["valid"], report["test"]) > 0
    assert report["commonest"][0]["share"] >= report["commonest"][-1]["share"] > 0
    assert f"{report['train']:,} to train on" in chatbot("corpus", "check", "a.tsv").out


def test_check_of_several(chatbot, corpus, tmp_path):
    (tmp_path / "more.tsv").write_text("what is a zebra\tan animal\n")
    assert chatbot("corpus", "check", "pets.tsv", "more.tsv").lines[0].startswith("41 pairs")


def test_check_reads_what_was_expanded(chatbot, topics, tmp_path):
    (topics / "b.topic").write_text("".join(f"== t{number}\n> utterance {number}\n< reply {number}\n" for number in range(10)))
    chatbot("corpus", "expand", "small-talk")
    assert chatbot("corpus", "check", "small-talk.tsv").code == 0


def test_check_finds_the_shipped_corpus_like_train_does(chatbot, shipped_bundle):
    assert chatbot("corpus", "check", "corpora/dialog.tsv").code == 0


def test_broken_groups_are_named_by_their_place(mistake, corpus, tmp_path):
    (tmp_path / "pets.groups.tsv").write_text("1\ta\t\t\nnot a line\n")
    assert "pets.groups.tsv:2:1: " in mistake("corpus", "check", "pets.tsv")


def test_json_of_check_has_no_surprises(chatbot, corpus):
    report = json.loads(chatbot("corpus", "check", "pets.tsv", "--json").out)
    assert set(report) == {"pairs", "utterances", "replies", "train", "valid", "test", "commonest"}
