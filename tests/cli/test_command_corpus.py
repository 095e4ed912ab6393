"""`chatbot corpus`: expand topics; check, draw and split pairs."""

import gzip
import json
import os
import re

import pytest
from corpus_reports import SHOP

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
    pairs = {number: line for number, line in enumerate(lines, 1) if line}
    assert list(pairs) == [int(group.partition("\t")[0]) for group in groups], "blank lines end conversations"
    assert all(line.count("\t") == 1 for line in pairs.values())
    assert all(line.count("\t") == 4 for line in groups)
    assert {"hello\thello you", "the last day left me sad\tsorry to hear", "the last day left me glad\tgood to hear"} <= set(lines)
    assert sorted(os.listdir(tmp_path)) == ["small-talk", "small-talk.groups.tsv", "small-talk.tsv"]


def test_expand_is_the_same_each_time(chatbot, topics, tmp_path):
    chatbot("corpus", "expand", "small-talk")
    first = (tmp_path / "small-talk.tsv").read_bytes()
    chatbot("corpus", "expand", "small-talk/")
    assert (tmp_path / "small-talk.tsv").read_bytes() == first
    chatbot("corpus", "expand", "small-talk", "--out", "other.tsv")
    assert (tmp_path / "other.tsv").read_bytes() == first


def test_expand_through_a_link_tells_which_topics_went(chatbot, topics, tmp_path):
    (tmp_path / "real.tsv").write_text("old\told\n")
    (tmp_path / "real.groups.tsv").write_text("1\tt\t\t\t0\n")
    (tmp_path / "link.tsv").symlink_to("real.tsv")
    (tmp_path / "link.groups.tsv").write_text("")
    ran = chatbot("corpus", "expand", "small-talk", "--out", "link.tsv")
    assert (ran.code, ran.err.replace(f"{tmp_path}/", "")) == (0, "real.groups.tsv: removed: the topics of another real.tsv\n")


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
    "no name": ("==\n> hi\n< ho\n", ":1:3: "),
    "a bad name": ("== No Name\n> hi\n< ho\n", ":1:4: "),
    "an unknown sign": ("== a\n* hi\n", ":2:1: "),
    "nothing after the sign": ("== a\n> \n", ":2:2: "),
    "no utterance": ("== a\n< ho\n", ":1:4: "),
    "no reply": ("== a\n> hi\n", ":1:4: "),
    "twice": ("== a\n> hi\n< ho\n== a\n> hey\n< ho\n", ":4:4: "),
    "an utterance in two topics": ("== a\n> hi\n< ho\n== b\n> Hi\n< hey\n", ":5:3: "),
    "an unknown slot": ("== a\n> hi {you}\n< ho\n", ":2:"),
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


@pytest.fixture
def shop(tmp_path):
    """./shop.tsv: twenty questions with four answers, then five lines with faults."""
    path = tmp_path / "shop.tsv"
    path.write_bytes(SHOP)
    return path


def test_check(chatbot, corpus):
    ran = chatbot("corpus", "check", "pets.tsv")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0] == "40 pairs, 40 distinct utterances, 40 distinct replies"
    assert "too few" in ran.out
    assert "commonest replies:" in ran.out
    assert "estimate" in ran.out


def test_check_of_a_broken_corpus_shows_each_line_and_fails(chatbot, shop):
    ran = chatbot("corpus", "check", "shop.tsv")
    assert (ran.code, ran.err) == (1, "")
    assert "shop.tsv:23:14: no tab; " in ran.out
    assert "shop.tsv:25:21: a second tab; " in ran.out
    assert "--fix" in ran.out


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"nothing", b"\x00\x01\x02" * 99, b"a\tb\n" * 9, b"x" * 2_000_000, "a\tb\n".encode("utf-16"), b"\x1b[2J\t\x9b\n"]
)
def test_check_of_anything_ends_in_a_report(chatbot, tmp_path, content):
    (tmp_path / "a.tsv").write_bytes(content)
    ran = chatbot("corpus", "check", "a.tsv")
    assert (ran.code, ran.err) == (1, "")
    assert "problem" in ran.out
    assert len(ran.out) < 5000
    assert json.loads(chatbot("corpus", "check", "a.tsv", "--json").out)["problem_kinds"]


def test_check_of_what_is_packed(chatbot, tmp_path, larger):
    with gzip.open(tmp_path / "a.tsv.gz", "wb") as file:
        file.write(larger.encode())
    assert chatbot("corpus", "check", "a.tsv.gz").lines[0].startswith("480 pairs")
    whole = (tmp_path / "a.tsv.gz").read_bytes()
    (tmp_path / "a.tsv.gz").write_bytes(whole[:-40])
    ran = chatbot("corpus", "check", "a.tsv.gz")
    assert (ran.code, ran.out) == (2, "")
    assert "cannot be unpacked" in ran.err


def test_check_of_what_unpacks_to_one_endless_line_reads_little_of_it(chatbot, tmp_path):
    with gzip.open(tmp_path / "a.tsv.gz", "wb", compresslevel=1) as file:
        for _ in range(100):
            file.write(b"x" * 1_000_000)
    ran = chatbot("corpus", "check", "a.tsv.gz")
    assert ran.code == 1
    assert "was not read" in ran.out


def test_check_shows_hostile_text_safely(chatbot, tmp_path):
    """What is printed is looked at by the fixture."""
    (tmp_path / "a.tsv").write_text("".join(f"\x1b[31mred {number}\u2028two\x9b\t\u202eevil \x07\n" for number in range(40)) + "\x1b]0;x\x07\n", "utf-8")
    ran = chatbot("corpus", "check", "a.tsv")
    assert ran.code == 1
    assert not set("\u202e\u2028") & set(ran.out)
    assert chatbot("corpus", "stats", "a.tsv").code == 0


def test_fix_writes_what_can_be_trained_on_and_keeps_its_hands_off_the_rest(chatbot, mistake, shop, tmp_path):
    before = shop.read_bytes()
    ran = chatbot("corpus", "check", "shop.tsv", "--fix", "clean.tsv")
    assert (ran.code, ran.err) == (0, "")
    assert chatbot("corpus", "check", "clean.tsv").lines[0].startswith("22 pairs")
    assert "is there already" in mistake("corpus", "check", "shop.tsv", "--fix", "clean.tsv")
    assert chatbot("corpus", "check", "shop.tsv", "--fix", "clean.tsv", "--force").code == 0
    assert "it is read" in mistake("corpus", "check", "shop.tsv", "--fix", "shop.tsv", "--force")
    assert "it is read" in mistake("corpus", "check", "shop.tsv", "--fix", tmp_path / "shop.tsv", "--force")
    assert shop.read_bytes() == before
    (tmp_path / "bad.tsv").write_text("nothing\n")
    assert "no" in mistake("corpus", "check", "bad.tsv", "--fix", "other.tsv")
    assert sorted(os.listdir(tmp_path)) == ["bad.tsv", "clean.tsv", "shop.tsv"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["pets.tsv", "pets.tsv", "--fix", "x.tsv"], "one corpus"),
        (["pets.tsv", "--force"], "--fix"),
        (["pets.tsv", "--fix", "x.tsv.gz"], "not packed"),
        (["pets.tsv", "--fix", "nosuch/x.tsv"], "cannot be written"),
        (["pets.tsv", "--fix", "."], "not a regular file"),
    ],
)
def test_what_fix_cannot_do(mistake, corpus, tmp_path, options, says):
    assert says in mistake("corpus", "check", *options)
    assert os.listdir(tmp_path) == ["pets.tsv"]


def test_check_of_a_larger_corpus_tells_the_split(chatbot, tmp_path, larger, strict_json):
    (tmp_path / "a.tsv").write_text(larger)
    report = strict_json(chatbot("corpus", "check", "a.tsv", "--json").out)
    assert report["pairs"] == report["utterances"] == 480 == report["train"] + report["valid"] + report["test"]
    assert min(report["valid"], report["test"]) > 0
    assert report["commonest"][0]["share"] >= report["commonest"][-1]["share"] > 0
    assert f"{report['train']:,} to train on" in chatbot("corpus", "check", "a.tsv").out


def test_a_large_corpus_is_checked_by_several_processes_with_the_same_result(chatbot, tmp_path, larger, monkeypatch):
    (tmp_path / "a.tsv").write_text(larger * 9 + "bad\n" + larger * 9)
    alone = chatbot("corpus", "check", "a.tsv", "--json")
    monkeypatch.setattr("chatbot.cli.corpus.LARGE", 0)
    monkeypatch.setattr("chatbot.cli.corpus.MOST_WORKERS", 2)
    monkeypatch.setattr("chatbot.cli.corpus.EVERY", -1)
    together = chatbot("corpus", "check", "a.tsv", "--json")
    assert (together.code, together.out) == (alone.code, alone.out)
    assert "read: 100% of" in together.err


def test_check_of_several(chatbot, corpus, tmp_path):
    (tmp_path / "more.tsv").write_text("what is a zebra\tan animal\n")
    assert chatbot("corpus", "check", "pets.tsv", "more.tsv").lines[0].startswith("41 pairs")


def test_check_reads_what_was_expanded(chatbot, topics, tmp_path):
    (topics / "b.topic").write_text("".join(f"== t{number}\n> utterance {number}\n< reply {number}\n" for number in range(10)))
    chatbot("corpus", "expand", "small-talk")
    for command in ("check", "stats"):
        ran = chatbot("corpus", command, "small-talk.tsv", "--history", 1)
        assert ran.code == 0
    assert "pairs of a topic" in ran.out
    assert "turns of a conversation" in ran.out


def test_check_finds_the_shipped_corpus_like_train_does(chatbot, shipped_bundle):
    assert chatbot("corpus", "check", "corpora/dialog.tsv").code == 0


def test_broken_groups_are_named_by_their_place(mistake, corpus, tmp_path):
    (tmp_path / "pets.groups.tsv").write_text("1\ta\t\t\nnot a line\n")
    assert "pets.groups.tsv:2:1: " in mistake("corpus", "check", "pets.tsv")


@pytest.mark.parametrize("edit", [lambda text: "new\tline\n" + text, lambda text: text.partition("\n")[2]])
def test_topics_that_stand_at_wrong_lines_since_the_corpus_was_edited_are_refused(chatbot, mistake, topics, tmp_path, edit):
    chatbot("corpus", "expand", "small-talk")
    path = tmp_path / "small-talk.tsv"
    path.write_text(edit(path.read_text()))
    for command in (["check"], ["stats"], ["check", "--history", 1], ["split"]):
        found = mistake("corpus", *command, "small-talk.tsv")
        assert re.match(r"small-talk.groups.tsv:\d+:1: no pair on line \d+ of small-talk.tsv, so these are not the topics of it; ", found)
    assert "small-talk.groups.tsv:" in mistake("train", "small-talk.tsv")


def test_pairs_that_have_no_topic_where_others_have_one_are_told(chatbot, corpus, larger, tmp_path):
    (tmp_path / "pets.groups.tsv").write_text("".join(f"{number}\tt{number % 2}\t\t\t0\n" for number in range(1, 40)))
    (tmp_path / "plain.tsv").write_text(larger)
    advised = "  - 1 pair has no topic, as others of the file have: if lines were added since it was expanded,\n    the topics stand at wrong lines; "
    ran = chatbot("corpus", "check", "pets.tsv", "plain.tsv")
    assert ran.code == 0
    assert advised in ran.out
    assert "no topic" not in chatbot("corpus", "check", "plain.tsv").out


def test_json_of_check_has_no_surprises(chatbot, corpus, strict_json):
    report = strict_json(chatbot("corpus", "check", "pets.tsv", "--json").out)
    assert {"pairs", "utterances", "replies", "train", "valid", "test", "commonest", "problems", "problem_kinds", "near", "contradictions", "advice"} <= set(
        report
    )
    fixed = strict_json(chatbot("corpus", "check", "pets.tsv", "--json", "--fix", "x.tsv").out)
    assert fixed == report | {"fixed": {"file": "x.tsv", "pairs": 40, "done": {}}}


def test_stats_draws_and_tells(chatbot, corpus, strict_json):
    ran = chatbot("corpus", "stats", "pets.tsv", "--plain")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.isascii()
    assert "##" in ran.out
    numbers = strict_json(chatbot("corpus", "stats", "pets.tsv", "--json").out)
    assert numbers["heard_words"] == {"5": 20, "6": 20}
    assert numbers["commonest_heard"]["today"] == 40


def test_topics_may_be_written_through_a_link(chatbot, topics, tmp_path):
    chatbot("corpus", "expand", "small-talk")
    (tmp_path / "clean.groups.tsv").symlink_to("topics.tsv")
    ran = chatbot("corpus", "check", "small-talk.tsv", "--fix", "clean.tsv", "--force")
    assert (ran.code, ran.err) == (0, "")
    assert (tmp_path / "clean.groups.tsv").read_text() == (tmp_path / "topics.tsv").read_text() != ""


def test_split_writes_the_parts(chatbot, mistake, tmp_path, larger, strict_json):
    (tmp_path / "a.tsv").write_text(larger)
    ran = chatbot("corpus", "split", "a.tsv")
    assert (ran.code, ran.err) == (0, "")
    assert sorted(os.listdir(tmp_path / "a-split")) == ["test.tsv", "train.tsv", "valid.tsv"]
    assert sum((tmp_path / "a-split" / f"{part}.tsv").read_text().count("\n") for part in ("train", "valid", "test")) == 480
    assert "is there already" in mistake("corpus", "split", "a.tsv")
    pairs = strict_json(chatbot("corpus", "split", "a.tsv", "--json", "--force").out)["pairs"]
    assert pairs["train"] == (tmp_path / "a-split" / "train.tsv").read_text().count("\n")


def test_what_is_written_anew_without_topics_has_none_of_those_before(chatbot, mistake, tmp_path, larger):
    """A pair that gets the topic of another by its line vanishes, where that one needs a turn before."""
    lines = [*larger.splitlines(), "old\tline"]
    (tmp_path / "grouped.tsv").write_text("".join(f"{line}\n" for line in lines))
    (tmp_path / "grouped.groups.tsv").write_text("".join(f"{number}\tt\t\t\t1\n" for number in range(1, len(lines))) + f"{len(lines)}\tt\t\t\t0\n")
    (tmp_path / "plain.tsv").write_text(larger)
    removed = "clean.groups.tsv: removed: the topics of another clean.tsv\n"
    for corpus, told in (("grouped.tsv", ""), ("grouped.tsv", ""), ("plain.tsv", removed), ("plain.tsv", "")):
        ran = chatbot("corpus", "check", corpus, "--fix", "clean.tsv", "--force")
        assert (ran.code, ran.err) == (0, told)
    assert chatbot("corpus", "check", "clean.tsv").lines[0].startswith("480 pairs")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "train.groups.tsv").write_text("1\tt\t\t\t1\n")
    told = "parts/train.groups.tsv: is there already: the topics of another train.tsv; name another file, or remove them with --force"
    assert mistake("corpus", "split", "plain.tsv", "--out", "parts") == told
    ran = chatbot("corpus", "split", "plain.tsv", "--out", "parts", "--force")
    assert (ran.code, ran.err) == (0, "parts/train.groups.tsv: removed: the topics of another train.tsv\n")
    assert sorted(os.listdir(tmp_path / "parts")) == ["test.tsv", "train.tsv", "valid.tsv"]


@pytest.mark.parametrize("options", [["pets.tsv"], ["pets.tsv", "--history", 1], ["nosuch.tsv"], ["bad.tsv"], ["larger.tsv", "--out", "pets.tsv"]])
def test_what_cannot_be_split(mistake, corpus, tmp_path, larger, options):
    (tmp_path / "bad.tsv").write_text("no tab\n")
    (tmp_path / "larger.tsv").write_text(larger)
    assert "; " in mistake("corpus", "split", *options)
    assert sorted(os.listdir(tmp_path)) == ["bad.tsv", "larger.tsv", "pets.tsv"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "no tab\n"])
def test_there_are_no_numbers_of_nothing(mistake, tmp_path, text):
    (tmp_path / "empty.tsv").write_text(text)
    assert "empty.tsv: no pairs in it" in mistake("corpus", "stats", "empty.tsv")
