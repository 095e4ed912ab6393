"""Interrupted runs: the same command goes on and ends in the same bytes; what has changed is named; nothing that is there is ever lost."""

import errno
import json
import math
import os
import signal
import subprocess
import sys

import pytest

from chatbot import files
from chatbot.cli import training_run, watch
from chatbot.dataset import prepare as preparing
from chatbot.options import TrainingOptions
from chatbot.training import learner
from tests.cli.test_command_train import stored, weights


def stop_at(monkeypatch, number, event="step", which=signal.SIGTERM):
    """Sends this process a signal at the `number`th step or epoch that is shown."""
    shown = []

    def count(self, *_):
        shown.append(1)
        if len(shown) == number:
            os.kill(os.getpid(), which)

    monkeypatch.setattr(watch.PlainView, event, count)


@pytest.fixture
def whole(train, corpus, tmp_path):
    """What an uninterrupted run comes to."""
    assert train("pets.tsv", "--out", "whole", "--epochs", 3, "--batch-tokens", 150).code == 0
    return weights(tmp_path / "whole")


def again(train, *more):
    return train("pets.tsv", "--epochs", 3, "--batch-tokens", 150, *more)


@pytest.mark.parametrize(("number", "event"), [(1, "step"), (3, "step"), (9, "step"), (1, "epoch"), (2, "epoch")])
def test_the_same_command_goes_on_and_ends_in_the_same_bytes(train, chatbot, whole, monkeypatch, tmp_path, number, event):
    with monkeypatch.context() as patched:
        stop_at(patched, number, event)
        ran = again(train)
    assert ran.code == 143
    assert "the same command goes on" in ran.err
    folder = tmp_path / "models" / "pets"
    assert (folder / "resume").is_dir()
    assert chatbot("reply", "hello", "--model", folder).code == 0
    ran = again(train)
    assert (ran.code, ran.err) == (0, "")
    assert "going on where it was interrupted" in ran.out
    assert weights(folder) == whole
    assert not (folder / "resume").exists()
    epochs = [(line["network"], line["epoch"]) for line in map(json.loads, (folder / "log.jsonl").read_text("utf-8").splitlines())]
    assert sorted(epochs) == sorted({(name, epoch) for name in whole if name not in ("vocabulary", "replies") for epoch in (1, 2, 3)})


def test_epochs_of_a_moment_are_not_all_written(train, corpus, monkeypatch, tmp_path):
    monkeypatch.setattr(training_run, "EPOCH_SECONDS", 1000)
    saves = []
    save = training_run.bundles.save
    monkeypatch.setattr(training_run.bundles, "save", lambda *arguments: (saves.append(1), save(*arguments)))
    ran = train("pets.tsv", "--epochs", 30)
    assert ran.code == 0
    assert len(saves) == 3  # the first best, the last, and that with its scores
    assert ran.out.count("epoch ") == 2  # the last, of each network
    monkeypatch.setattr(training_run, "EPOCH_SECONDS", -1)
    assert train("pets.tsv", "--epochs", 30, "--out", "slow").code == 0
    assert weights(tmp_path / "slow") == weights(tmp_path / "models" / "pets")


def test_a_run_may_be_interrupted_again_and_again(train, whole, monkeypatch, tmp_path):
    for _ in range(4):
        with monkeypatch.context() as patched:
            stop_at(patched, 3)
            assert again(train).code == 143
    assert again(train).code == 0
    assert weights(tmp_path / "models" / "pets") == whole


@pytest.fixture
def interrupted(train, corpus, monkeypatch, tmp_path):
    with monkeypatch.context() as patched:
        stop_at(patched, 3)
        assert again(train).code == 143
    folder = tmp_path / "models" / "pets"
    return folder, {path.name: path.read_bytes() for path in (folder / "resume").iterdir() if path.is_file()}


def untouched(interrupted):
    folder, before = interrupted
    return {path.name: path.read_bytes() for path in (folder / "resume").iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("--learning-rate 0.5", "--learning-rate 0.003, not 0.5"),
        ("--seed 9", "--seed 1, not 9"),
        ("--wait 1,4", "--wait 1, not 1,4"),
        ("--lowercase", "--lowercase off, not on"),
        ("--vocabulary bpe", "--vocabulary unigram, not bpe"),
        ("--threads 2", "--threads 1, not 2"),
        ("--private", "--private off, not on"),
    ],
)
def test_a_changed_option_is_named_and_refused(train, interrupted, options, named):
    ran = again(train, *options.split())
    assert ran.code == 2
    assert named in ran.err
    assert "--fresh" in ran.err
    assert "go on with: chatbot" in ran.err
    assert ran.err.count("\n") == 1
    assert untouched(interrupted)


def test_fresh_starts_over_where_something_has_changed_and_goes_on_where_nothing_has(train, interrupted, whole, tmp_path):
    folder, _ = interrupted
    ran = again(train, "--fresh")
    assert "going on" in ran.out
    assert weights(folder) == whole
    ran = again(train, "--fresh", "--seed", 9)
    assert (ran.code, "going on" in ran.out) == (0, False)
    assert weights(folder) != whole


def test_fresh_gives_up_an_interrupted_run(train, interrupted):
    ran = again(train, "--fresh", "--seed", 9)
    assert (ran.code, "going on" in ran.out) == (0, False)
    assert stored(interrupted[0])["training"]["seed"] == 9


def test_a_changed_corpus_is_refused(train, interrupted, corpus):
    text = corpus.read_text("utf-8")
    corpus.write_text(text + "one more\tindeed\n", "utf-8")
    ran = again(train)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.startswith("chatbot: pets.tsv: the corpus has changed")
    assert untouched(interrupted)
    corpus.write_text(text, "utf-8")
    assert "going on" in again(train).out


def test_another_corpus_is_not_said_to_have_changed(train, interrupted, corpus):
    (corpus.parent / "other.tsv").write_text(corpus.read_text("utf-8") + "one more\tindeed\n", "utf-8")
    ran = train("other.tsv", "--epochs", 3, "--batch-tokens", 150, "--out", "models/pets")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.startswith("chatbot: models/pets: an interrupted run of another command is there; go on with: chatbot train pets.tsv ")
    assert ran.err.endswith(", name another folder with --out, or start over with --fresh\n")
    assert untouched(interrupted)


def test_another_validation_file_is_named_and_the_corpus_is_not_blamed(train, interrupted, corpus, tmp_path):
    (tmp_path / "own.tsv").write_text("who is there\tyou\n", "utf-8")
    ran = again(train, "--valid", "own.tsv")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "the interrupted run began without --valid" in ran.err
    assert untouched(interrupted)


def test_who_stops_a_private_run_is_told_where_the_corpus_lies(train, corpus, monkeypatch):
    with monkeypatch.context() as patched:
        stop_at(patched, 3)
        assert "resume in it holds the corpus" in again(train, "--private").err


def test_a_run_that_is_refused_leaves_no_empty_folder(train, tmp_path):
    (tmp_path / "few.tsv").write_text("a\tb\n", "utf-8")
    assert train("few.tsv", "--start-from", "nobody").code == 2
    assert not (tmp_path / "models").exists()


def test_fresh_takes_a_changed_corpus(train, interrupted, corpus):
    corpus.write_text(corpus.read_text("utf-8") + "one more\tindeed\n", "utf-8")
    ran = again(train, "--fresh")
    assert (ran.code, "going on" in ran.out) == (0, False)
    assert stored(interrupted[0])["corpus"]["pairs"] == 41


@pytest.mark.parametrize("damage", ["cut", "json", "gone"])
def test_a_damaged_checkpoint_is_one_line(train, interrupted, damage):
    folder, _ = interrupted
    (state,) = (folder / "resume").glob("state-*.safetensors")
    match damage:
        case "cut":
            state.write_bytes(state.read_bytes()[:-100])
        case "json":
            (folder / "resume" / "resume.json").write_text("[]")
        case "gone":
            state.unlink()
    ran = again(train)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "start over with --fresh" in ran.err
    assert again(train, "--fresh").code == 0


def test_what_a_run_killed_in_its_first_save_has_left_is_not_in_the_way(train, whole, interrupted, tmp_path):
    folder, _ = interrupted
    (folder / "bundle.json").unlink()
    (folder / "resume" / "resume.json").unlink()
    assert again(train).code == 0
    assert weights(folder) == whole


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_run_killed_when_it_saves_ends_in_the_same_bytes(train, whole, monkeypatch, tmp_path, number, moment):
    """The first best is no finished bundle; the last is written though there is nothing left to train; and the scores are told again."""
    save, saves = training_run.bundles.save, []

    def killed(*arguments):
        saves.append(1)
        if moment == "after" or len(saves) < number:
            save(*arguments)
        if len(saves) == number:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(training_run.bundles, "save", killed)
        assert again(train).code == 130
    ran = again(train)
    assert (ran.code, "going on where it was interrupted" in ran.out) == (0, True)
    assert weights(tmp_path / "models" / "pets") == whole


def test_what_a_run_killed_at_its_very_end_has_left_is_removed(train, interrupted):
    folder, _ = interrupted
    (folder / "resume" / "resume.json").unlink()
    ran = again(train)
    assert (ran.code, "a finished bundle is there" in ran.err) == (2, True)
    assert not (folder / "resume").exists()


# Two at once


def test_a_second_run_into_the_same_bundle_is_refused_and_a_dead_one_is_not_in_the_way(train, corpus, tmp_path):
    program = "import sys\nfrom pathlib import Path\nfrom chatbot.resume import claimed\nwith claimed(Path('models/pets')):\n    print('in', flush=True)\n    sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path, text=True) as other:
        assert other.stdout.readline() == "in\n"
        ran = train("pets.tsv")
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "another `chatbot train` is at work" in ran.err
        assert train("pets.tsv", "--fresh").code == 2
        assert train("pets.tsv", "--out", "elsewhere").code == 0
        other.kill()
    assert (tmp_path / "models" / "pets" / "resume" / "lock").exists()
    assert train("pets.tsv").code == 0


def test_removing_a_bundle_removes_its_interrupted_run(chatbot, interrupted):
    folder, _ = interrupted
    assert chatbot("models", "remove", "pets").code == 0
    assert not folder.exists()


def test_a_folder_that_may_not_be_looked_into_is_said_with_a_remedy(mistake, corpus, monkeypatch):
    stat, mkdir = os.stat, os.mkdir

    def refused(what):
        def call(path, *arguments, **named):
            if str(path).startswith("models/"):
                raise PermissionError(13, "Permission denied", str(path))
            return what(path, *arguments, **named)

        return call

    monkeypatch.setattr(os, "stat", refused(stat))
    monkeypatch.setattr(os, "mkdir", refused(mkdir))
    assert mistake("train", "pets.tsv") == "models/pets: a bundle cannot be written there: Permission denied; name another folder with --out"


# Signals wherever they come


def at_once(monkeypatch, module, name):
    """A signal comes in the middle of a function, once."""
    function, sent = getattr(module, name), []

    def hit(*arguments, **named):
        if not sent:
            sent.append(1)
            os.kill(os.getpid(), signal.SIGTERM)
        return function(*arguments, **named)

    monkeypatch.setattr(module, name, hit)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (preparing, "scan"),  # reading
        (preparing.store.Writer, "add"),  # tokenising
        (preparing.Vocabulary, "train"),
        (training_run, "_networks"),
        (learner.Learner, "validate"),
        (training_run.bundles, "save"),
        (training_run.checkpoint, "save"),
        (files.os, "replace"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_signal_at_any_moment_loses_nothing(train, whole, monkeypatch, tmp_path, module, name):
    with monkeypatch.context() as patched:
        at_once(patched, module, name)
        ran = again(train)
    assert ran.code == 143
    assert ran.err.count("\n") <= 1
    folder = tmp_path / "models" / "pets"
    if not folder.exists():
        assert name in ("scan", "train")
    assert again(train).code == 0
    assert weights(folder) == whole


# Disk full


@pytest.mark.parametrize("file", ["state", "listener", "bundle.json", "resume.json", "source.ids"])
def test_a_full_disk_is_one_line_and_the_last_good_bundle_is_whole(train, chatbot, whole, monkeypatch, tmp_path, file):
    folder = tmp_path / "models" / "pets"
    again(train)
    before = weights(folder)
    replace, times = os.replace, []

    def full(source, target):
        times.append(1)
        if file in os.fspath(target):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(target))
        return replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        ran = again(train, "--fresh", "--seed", 5)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "No space left" in ran.err
    assert not list(folder.rglob("*.part"))
    now = weights(folder)
    if file in ("listener", "bundle.json", "source.ids"):
        assert now == before
    assert chatbot("reply", "hello", "--model", folder).code == 0
    assert again(train, "--fresh", "--seed", 5).code == 0


# Gradients that are not finite, and memory


def no_number(monkeypatch, after):
    forward, calls = learner.Lesson.forward, []

    def poisoned(*arguments):
        calls.append(1)
        return tuple(part * (math.nan if len(calls) > after else 1) for part in forward(*arguments))

    monkeypatch.setattr(learner.Lesson, "forward", poisoned)


def test_ten_steps_without_a_finite_gradient_end_the_run_and_name_the_lines(train, chatbot, corpus, monkeypatch, tmp_path):
    no_number(monkeypatch, after=2)
    ran = train("pets.tsv", "--epochs", 9, "--batch-tokens", 150, "--no-interrupter")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    place, _, rest = ran.err.removeprefix("chatbot: ").partition(": ")
    path, _, lines = place.partition(":")
    assert path == "pets.tsv"
    assert all(0 < int(line) <= 40 for line in lines.split(","))
    assert "up to step 12" in rest
    assert chatbot("reply", "hello", "--model", "pets").code == 0
    assert (tmp_path / "models" / "pets" / "resume" / "resume.json").is_file()


def test_networks_that_are_no_numbers_are_no_bundle(train, chatbot, corpus, tmp_path):
    ran = train("pets.tsv", "--epochs", 9, "--batch-tokens", 150, "--no-interrupter", "--learning-rate", 1e38, "--clip", 0)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "there is no bundle yet" in ran.err
    assert [path.name for path in (tmp_path / "models" / "pets").iterdir()] == ["resume"]


def test_some_skipped_steps_are_told(train, corpus, monkeypatch):
    forward, calls = learner.Lesson.forward, []

    def poisoned(*arguments):
        calls.append(1)
        return tuple(part * (math.nan if len(calls) in (2, 4) else 1) for part in forward(*arguments))

    monkeypatch.setattr(learner.Lesson, "forward", poisoned)
    ran = train("pets.tsv", "--no-interrupter", "--batch-tokens", 150)
    assert ran.code == 0
    assert "skipped so far: 2 steps without a finite gradient" in ran.out


def test_too_little_memory_for_a_single_pair_is_one_line(train, corpus, monkeypatch):
    def never(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(learner.Lesson, "forward", never)
    ran = train("pets.tsv")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "memory" in ran.err


# A validation file, and other bundles to start from


def test_a_validation_file_leaves_the_corpus_whole(train, chatbot, corpus, tmp_path):
    (tmp_path / "held.tsv").write_text("where might the cat be\tsomewhere else\nhow is the dog\tfine\n")
    ran = train("pets.tsv", "--valid", "held.tsv", "--no-interrupter")
    assert ran.code == 0
    assert "valid perplexity" in ran.out
    assert "trained on all of it" in chatbot("evaluate", "pets.tsv").err


@pytest.fixture
def faq(tmp_path):
    path = tmp_path / "faq.tsv"
    path.write_text("".join(f"question {number} about {word}\tanswer {word}\n" for number in range(4) for word in ("tea", "milk", "rice", "salt")))
    return path


def test_a_run_starts_from_a_bundle(train, chatbot, own, faq, corpus, tmp_path):
    before = stored(own)
    for option in (("--hidden", 16), ("--lowercase",), ("--vocab-size", 500), ("--vocabulary", "bpe"), ("--history", 1)):
        ran = train("faq.tsv", "--start-from", "mine", "--mix", "pets.tsv", *option, sizes=False)
        assert ran.code == 2
        assert f"{option[0]} cannot be chosen with --start-from" in ran.err
    ran = train("faq.tsv", "--start-from", "mine", "--mix", "pets.tsv", "--epochs", 40, sizes=False)
    assert ran.code == 0, ran.err
    after = stored(tmp_path / "models" / "faq")
    for name in ("network", "lowercase", "history", "vocabulary"):
        assert after[name] == before[name]
    assert after["files"]["vocabulary"] == before["files"]["vocabulary"]
    assert after["files"]["listener"] != before["files"]["listener"]
    assert after["interrupters"] == before["interrupters"]
    assert after["corpus"]["pairs"] == 16
    assert after["training"]["learning_rate"] == TrainingOptions().learning_rate


def test_a_mix_needs_a_bundle_to_start_from(train, corpus, faq):
    ran = train("faq.tsv", "--mix", "pets.tsv")
    assert ran.code == 2
    assert "--start-from" in ran.err
