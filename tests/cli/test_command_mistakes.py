"""Mistakes: each is answered in one line that says what, where and what to do, with exit code 2, and nothing is lost."""

import errno
import json
import os
import re
import shlex
import shutil

import pytest

FILES = {
    "empty": (b"", r"broken\.tsv: no pairs"),
    "blank lines only": (b"\n\r\n  \n", r"broken\.tsv: no pairs"),
    "no tab": (b"a\tb\nno tab here\n", r"broken\.tsv:2:12: no tab"),
    "two tabs": (b"a\tb\n\na\tb\tc\n", r"broken\.tsv:3:4: .*tab"),
    "nothing before the tab": (b"a\tb\n \tc\n", r"broken\.tsv:2:1: "),
    "nothing after the tab": (b"a\tb\nc\t\n", r"broken\.tsv:2:3: "),
    "Latin-1": (b"a\tb\ncaf\xe9\tb\n", r"broken\.tsv:2:4: byte 4 .*UTF-8"),
    "UTF-16": ("a\tb\n".encode("utf-16"), r"broken\.tsv:1:1: byte 1 .*UTF-8"),
    "NUL": (b"a\tb\nc\x00d\te\n", r"broken\.tsv:2:2: .*NUL"),
    "5 MB line": (b"a\tb\n" + b"x" * 5_000_000 + b"\ty\n", r"broken\.tsv:2:1: .*line"),
    "no end of line": (b"x" * 100_000, r"broken\.tsv:1:1: .*line"),
    "few": (b"".join(b"a%d\tb\n" % number for number in range(9)), r"9 distinct utterances.*10"),
    "few but often": (b"hello\thi\nHELLO\thi\n" * 20, r"1 distinct utterance\b.*10"),
}


@pytest.mark.parametrize(("content", "says"), FILES.values(), ids=FILES.keys())
def test_a_broken_corpus(mistake, tmp_path, content, says):
    (tmp_path / "broken.tsv").write_bytes(content)
    assert re.search(says, mistake("train", "broken.tsv"))


@pytest.mark.parametrize(("name", "command"), [("faq.csv", "corpus import"), ("faq.topic", "corpus expand")])
def test_a_corpus_of_another_kind_is_told_what_makes_pairs_of_it(mistake, tmp_path, name, command):
    (tmp_path / name).write_text("question,answer\nhi,hello\n")
    assert f"`chatbot {command}`" in mistake("train", name)


@pytest.mark.parametrize("command", ["train", "corpus check", "corpus stats", "corpus split", "evaluate --model models/mine"])
@pytest.mark.parametrize("path", ["nosuch.tsv", "folder", "pets.tsv/below.tsv", ".", "/", "..", "", "x" * 300])
def test_a_corpus_that_is_no_file(mistake, tmp_path, corpus, own, command, path):
    (tmp_path / "folder").mkdir()
    line = mistake(*command.split(), path)
    assert path in line or len(path) > 99
    assert "; " in line  # what to do


def test_evaluate_says_where_a_corpus_is_broken(mistake, tmp_path, own):
    (tmp_path / "broken.tsv").write_bytes(b"a\tb\nc\n")
    assert "broken.tsv:2:2: no tab" in mistake("evaluate", "broken.tsv", "--model", "mine")
    (tmp_path / "broken.tsv").write_text("a\tb\n" + "x " * 300 + "\tb\n")
    assert "broken.tsv:2" in mistake("evaluate", "broken.tsv", "--model", "mine")


OPTIONS = {
    "--vocab-size 1": r"--vocab-size 1 .*\b2\d\d\b",
    "--vocab-size -1": "--vocab-size",
    "--vocab-size 99999999999999": "--vocab-size",
    "--vocabulary word": "word.*unigram.*bpe.*char",
    "--layers 0": "--layers 0",
    "--layers -3": "--layers -3",
    "--hidden 0": "--hidden 0",
    "--hidden 15": "--hidden 15.*even",
    "--hidden 10000000": "hidden|memory",
    "--embedding 0": "--embedding 0",
    "--dropout 1": "--dropout 1",
    "--dropout nan": "--dropout",
    "--preset huge": "huge.*tiny.*small.*base",
    "--attention sharp": "sharp.*none.*dot.*general.*additive",
    "--cell quantum": "quantum.*rnn.*gru.*lstm",
    "--device toaster": "toaster.*cpu.*cuda",
    "--device cpu:": "cpu:",
    "--device cuda:99": "cuda:99",
    "--device ''": "device.*cpu",
    "--optimiser lion": "lion.*adamw.*sgd",
    "--learning-rate 0": "--learning-rate 0",
    "--learning-rate nan": "--learning-rate",
    "--learning-rate inf": "--learning-rate",
    "--teacher-forcing 1.5": "--teacher-forcing 1.5",
    "--teacher-forcing half": "--teacher-forcing .half",
    "--teacher-forcing 1:1:1": "--teacher-forcing",
    "--wait 0": "--wait .0",
    "--wait one": "--wait .one",
    "--wait 1,,2": "--wait",
    "--wait 99999999999": "--wait",
    "--wait 4 --no-interrupter": "--wait 4.*--no-interrupter",
    "--history -1": "--history -1",
    "--history 99999999999999999999": "--history",
    "--accumulate 99999999999999999999": "--accumulate",
    "--history 2": "pets.tsv: no blank line",
    "--epochs -1": "--epochs -1",
    "--epochs many": "--epochs",
    "--batch-tokens -1": "--batch-tokens -1",
    "--seed -1": "--seed -1",
    "--seed 99999999999999999999": "--seed",
    "--seed 9223372036854775807": "--seed",
    "--threads 0": "--threads 0",
    "--patience -1": "--patience -1",
    "--clip -1": "--clip -1",
    "--label-smoothing 2": "--label-smoothing 2",
    "--label-smoothing 1": "--label-smoothing 1",
    "--warmup 2": "--warmup 2",
    "--out pets.tsv": "pets.tsv: ",
    "--out pets.tsv/below": "pets.tsv/below: ",
    "--hiden 16": "--hiden.*--hidden",
    "--frsh": "--frsh.*--fresh",
}


@pytest.mark.parametrize(("options", "says"), OPTIONS.items(), ids=OPTIONS.keys())
def test_options_of_train(mistake, corpus, tmp_path, tiny_options, options, says):
    assert re.search(says, mistake("train", "pets.tsv", *tiny_options, *shlex.split(options)))
    assert not list(tmp_path.glob("models/*/bundle.json"))


@pytest.mark.parametrize("vocabulary", ["unigram", "bpe", "char"])
def test_the_floor_that_is_named_is_enough(train, mistake, corpus, tiny_options, vocabulary):
    floor = re.search(r"needs (\d+)", mistake("train", "pets.tsv", *tiny_options, "--vocabulary", vocabulary, "--vocab-size", 1))[1]
    assert train("pets.tsv", "--vocabulary", vocabulary, "--vocab-size", floor, "--no-interrupter", "--epochs", 1).code == 0


@pytest.mark.parametrize("vocabulary", ["unigram", "bpe", "char"])
def test_above_what_the_text_gives_the_size_is_clamped(train, corpus, vocabulary):
    assert train("pets.tsv", "--vocabulary", vocabulary, "--vocab-size", 1_000_000, "--no-interrupter", "--epochs", 1).code == 0


@pytest.mark.parametrize("text", ["\u2585 \u2585", "{number}" + "x" * 4000], ids=["a reserved character of SentencePiece", "all pairs too long"])
@pytest.mark.parametrize("vocabulary", ["unigram", "char"])
def test_a_corpus_with_nothing_to_learn(chatbot, tmp_path, tiny_options, text, vocabulary):
    rng = "abcdefghijklmnopqrstuvwxyz"
    lines = [text.format(number=number).replace("x" * 4000, "".join(rng[place * place * (number + 3) % 26] for place in range(4000))) for number in range(12)]
    (tmp_path / "odd.tsv").write_text("".join(f"{line} {number}\t{line}\n" for number, line in enumerate(lines)), "utf-8")
    ran = chatbot("train", "odd.tsv", *tiny_options, "--vocabulary", vocabulary, "--vocab-size", 400, "--epochs", 1)
    assert ran.code in (0, 2)
    assert ran.err.count("\n") == (ran.code == 2)


def test_a_mistake_leaves_no_empty_folder_behind(mistake, tmp_path):
    mistake("train", "nosuch.tsv")
    assert os.listdir(tmp_path) == []


def test_models_is_a_file(mistake, corpus, tmp_path):
    (tmp_path / "models").write_text("mine")
    assert "models" in mistake("train", "pets.tsv")
    assert (tmp_path / "models").read_text() == "mine"


@pytest.mark.parametrize("failing", [0, 1, 3, 4, 5], ids=["vocabulary", "listener", "card", "log", "bundle.json"])
def test_a_full_disk(train, corpus, own, chatbot, monkeypatch, failing):
    """Whichever file meets it, the old bundle stays whole."""
    before = chatbot("reply", "hello", "--model", "mine").out
    written, flush = [], os.fsync

    def full(number):
        written.append(number)
        if len(written) > failing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(number)

    monkeypatch.setattr(os, "fsync", full)
    ran = train("pets.tsv", "--fresh", "--out", "models/mine")
    assert ran.code == 2
    assert re.fullmatch(r"chatbot: .*No space left.*; .*\n", ran.err)
    assert not list(own.glob(".*.part"))
    assert chatbot("reply", "hello", "--model", "mine").out == before


class TestBundle:
    """A finished bundle in the way."""

    def test_it_is_refused_with_the_ready_command(self, mistake, chatbot, corpus, own, tiny_options):
        before = {path.name: path.read_bytes() for path in own.iterdir()}
        line = mistake("train", "pets.tsv", *tiny_options, "--out", "models/mine", "--seed", "7")
        command = shlex.split(line[line.index("chatbot train") :])
        assert "--fresh" in command
        assert {path.name: path.read_bytes() for path in own.iterdir()} == before
        assert chatbot(*command[1:]).code == 0
        assert json.loads((own / "bundle.json").read_text("utf-8"))["training"]["seed"] == 7

    def test_the_ready_command_survives_odd_names(self, mistake, chatbot, tmp_path, corpus, own, tiny_options):
        corpus.rename(tmp_path / "-it's $HOME `x`.tsv")
        line = mistake("train", *tiny_options, "--out", "models/mine", "--epochs", 1, "--", "-it's $HOME `x`.tsv")
        assert chatbot(*shlex.split(line[line.index("chatbot train") :])[1:]).code == 0

    def test_a_folder_of_another_kind_is_not_written_over(self, train, corpus, tmp_path):
        (tmp_path / "README.md").write_text("about my project")
        train("pets.tsv", "--out", ".", "--epochs", 1)
        assert (tmp_path / "README.md").read_text() == "about my project"


def altered(change):
    """A change of bundle.json as a change of a bundle."""

    def apply(folder):
        stored = json.loads((folder / "bundle.json").read_text("utf-8"))
        change(stored)
        (folder / "bundle.json").write_text(json.dumps(stored), "utf-8")

    return apply


def one(folder, role):
    return next(folder.glob(f"{role}-*"))


def names(folder):
    return {role: file["name"] for role, file in json.loads((folder / "bundle.json").read_text("utf-8"))["files"].items()}


def flipped(folder):
    path = one(folder, "interrupter-1")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "weights missing": (lambda folder: one(folder, "listener").unlink(), "listener-.*missing"),
    "weights truncated": (lambda folder: os.truncate(one(folder, "listener"), 99), "listener-.*truncated"),
    "weights empty": (lambda folder: os.truncate(one(folder, "interrupter-4"), 0), "interrupter-4-.*truncated"),
    "a bit flipped": (flipped, "interrupter-1-.*altered"),
    "vocabulary missing": (lambda folder: one(folder, "vocabulary").unlink(), "vocabulary-.*missing"),
    "vocabulary altered": (lambda folder: one(folder, "vocabulary").write_bytes(b"x"), "vocabulary-.*altered"),
    "a folder for a file": (
        lambda folder: (one(folder, "listener").rename(folder / "x"), (folder / "x").with_name(names(folder)["listener"]).mkdir()),
        "listener-",
    ),
    "bundle.json missing": (lambda folder: (folder / "bundle.json").unlink(), "no bundle"),
    "bundle.json a folder": (lambda folder: ((folder / "bundle.json").unlink(), (folder / "bundle.json").mkdir()), "bundle"),
    "bundle.json empty": (lambda folder: (folder / "bundle.json").write_bytes(b""), "bundle.json: not JSON"),
    "bundle.json no UTF-8": (lambda folder: (folder / "bundle.json").write_bytes(b'{"a": "\xff"}'), "bundle.json: not JSON"),
    "bundle.json nested deep": (lambda folder: (folder / "bundle.json").write_bytes(b"[" * 200_000), "bundle.json"),
    "bundle.json a list": (lambda folder: (folder / "bundle.json").write_bytes(b"[]"), "bundle.json"),
    "unknown format": (altered(lambda stored: stored.update(format=99)), "bundle.json: unknown format 99"),
    "hostile format": (altered(lambda stored: stored.update(format="\x1b[2J\u202e")), "bundle.json: unknown format"),
    "no files": (altered(lambda stored: stored.update(files={})), "bundle.json"),
    "files of another kind": (altered(lambda stored: stored.update(files={"vocabulary": 5})), "bundle.json"),
    "an unnamed file": (altered(lambda stored: stored["files"].update(listener={})), "bundle.json"),
    "a file elsewhere": (altered(lambda stored: stored["files"]["listener"].update(name="../../../etc/passwd")), "models/mine/passwd"),
    "other sizes": (altered(lambda stored: stored["network"].update(hidden=32)), "bundle.json"),
    "sizes as text": (altered(lambda stored: stored["network"].update(hidden="16")), "bundle.json"),
    "an unknown option": (altered(lambda stored: stored["network"].update(depth=3)), "bundle.json.*depth"),
    "another interrupter": (altered(lambda stored: stored.update(interrupters={"2": 21})), "bundle.json"),
    "no date": (altered(lambda stored: stored.pop("created")), "bundle.json"),
    "limit as text": (altered(lambda stored: stored.update(utterance_limit="x")), "bundle.json"),
    "history as text": (altered(lambda stored: stored.update(history="x")), "bundle.json"),
    "replies as text": (altered(lambda stored: stored.update(reply_limit="x")), "bundle.json"),
}


@pytest.mark.parametrize(("damage", "says"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_bundle(mistake, chatbot, own, damage, says):
    damage(own)
    line = mistake("reply", "hello", "--model", "mine")
    assert re.search(says, line)
    assert not re.search(r"object|__init__|argument|\btensor\b|Error\b|enforce", line), "a message for programmers"
    assert chatbot("models", "list").code == 0  # lists the others all the same


@pytest.mark.parametrize("value", [[], None, 5])
@pytest.mark.parametrize("name", ["corpus", "scores", "created", "examples", "training"])
def test_models_list_survives_strange_bundles(chatbot, own, name, value):
    altered(lambda stored: stored.update({name: value}))(own)
    assert chatbot("models", "list").code == 0
    assert chatbot("models", "list", "--json").code == 0


@pytest.mark.parametrize("model", ["nosuch", "pets.tsv", "pets.tsv/below", "models", "x" * 300])
@pytest.mark.parametrize("command", ["reply hello", "compare hello", "evaluate pets.tsv", "models show", "models remove"])
def test_no_such_bundle(mistake, corpus, own, command, model):
    line = mistake(*command.split(), *(["--model"] if "models" not in command else []), model)
    assert model in line or len(model) > 99
    assert "chatbot models list" in line or len(model) > 99


@pytest.mark.parametrize("command", ["reply", "compare"])
def test_a_prompt_longer_than_the_limit_names_the_limit(mistake, own, command):
    assert re.search(r"too long.*\d+ pieces.*256", mistake(command, "x " * 300, "--model", "mine"))


@pytest.mark.parametrize("prompt", ["", "   ", "\n", "\u2028\t", "\u2581"])
@pytest.mark.parametrize("command", ["reply", "compare"])
def test_an_empty_prompt(mistake, own, command, prompt):
    assert "nothing to answer" in mistake(command, prompt, "--model", "mine")


USAGE = {
    "nosuch": "nosuch",
    "rely hello": "rely.*reply",
    "corpus nosuch": "nosuch",
    "models nosuch": "nosuch",
    "models list extra": "extra",
    "train": "CORPUS",
    "compare": "TEXT",
    "evaluate": "CORPUS",
    "corpus check": "CORPUS",
    "corpus expand": "FOLDER|folder",
    "models remove": "NAME|name",
    "reply hi --beam": "--beam",
    "reply hi --beam x": "--beam",
    "reply hi --beam -1": "--beam -1",
    "reply hi --beam 1000": "--beam 1000",
    "reply hi --beam 3 --sample": "--beam.*exclude|--sample.*exclude",
    "reply hi --temperature -1": "--temperature -1",
    "reply hi --temperature inf": "--temperature",
    "reply hi --top-k -1": "--top-k -1",
    "reply hi --top-p 0": "--top-p 0",
    "reply hi --top-p nan": "--top-p",
    "reply hi --seed -1": "--seed -1",
    "reply hi --block-ngrams -1": "--block-ngrams -1",
    "reply hi --modl x": "--modl.*--model",
    "reply hi --device toaster --model mine": "toaster",
    "reply hi --device cuda:99 --model mine": "cuda:99",
    "reply hi --device cpu: --model mine": "cpu:.*use",
    "compare hi --wait 7 --model mine": "wait 7.*1.*4",
    "compare hi --wait 0 --model mine": "wait 0",
    "corpus check pets.tsv --history -1": "--history",
    "corpus check pets.tsv --history 99999999999999999999": "--history",
    "corpus expand nosuch": "nosuch.*topic",
    "corpus expand pets.tsv": "pets.tsv.*topic",
    "corpus expand .": "topic",
    "corpus expand ''": "topic",
}


@pytest.mark.parametrize(("command", "says"), USAGE.items(), ids=USAGE.keys())
def test_usage(mistake, corpus, own, command, says):
    assert re.search(says, mistake(*shlex.split(command)))


def test_what_is_read_is_never_changed(mistake, corpus, own, tiny_options):
    """Nothing of the above may cost the person a file."""
    before = corpus.read_bytes()
    for options in ("--layers 0", "--vocab-size 1", "--out pets.tsv"):
        mistake("train", "pets.tsv", *tiny_options, *options.split())
    assert corpus.read_bytes() == before


def test_a_bundle_that_only_carries_weights_is_refused(mistake, bundle_folder, tmp_path):
    shutil.copytree(bundle_folder, tmp_path / "copy", ignore=shutil.ignore_patterns("*.json"))
    assert "copy" in mistake("reply", "hello", "--model", "copy")
