"""`chatbot train`: what it prints, what it leaves on disk, and that each option does what it says."""

import json
import os
import re
import shlex
import signal
from types import SimpleNamespace

import pytest

from chatbot.cli.training_run import _examples as examples
from chatbot.corpus.pairs import Group, Pair


def stored(folder):
    return json.loads((folder / "bundle.json").read_text("utf-8"))


def weights(folder):
    """The files that hold what was learnt, by what is in them."""
    return {name: file["sha256"] for name, file in stored(folder)["files"].items()}


def test_the_first_line_says_it_all(small):
    first = small[1].lines[0]
    assert re.search(r"\bcpu, \d+ threads?\b", first)
    for said in (r"parameters", r"\b40 pairs\b", r"\b\d+ pieces\b", r"models/corpus\b", "listener", "interrupter-1", "interrupter-4"):
        assert re.search(said, first), said


def test_the_last_lines_say_what_to_type_next(small, scored):
    """But for what would be refused: small held nothing out."""
    for (_folder, ran), offered in ((small, ["talk", "compare"]), (scored, ["talk", "compare", "evaluate"])):
        first = next(number for number, line in enumerate(ran.lines) if line.startswith("next:"))
        commands = [line.removeprefix("next:").strip() for line in ran.lines[first:]]
        assert [shlex.split(command)[:2] for command in commands] == [["chatbot", name] for name in offered]


def test_no_race_is_offered_where_there_is_nobody_to_race_with(train, corpus):
    assert not any("chatbot compare" in line for line in train("pets.tsv", "--no-interrupter", "--epochs", 1).lines)


def test_the_last_lines_can_be_typed(scored, chatbot, monkeypatch):
    monkeypatch.chdir(scored[0].parent.parent)
    for line in scored[1].lines[-2:]:
        assert chatbot(*shlex.split(line)[1:]).code == 0


def test_the_evaluation_that_is_suggested_never_scores_what_was_trained_on(chatbot, train, tmp_path, larger):
    lines = larger.splitlines(keepends=True)
    (tmp_path / "a.tsv").write_text("".join(lines[::2]))
    (tmp_path / "b.tsv").write_text("".join(lines[1::2]))
    ran = train("a.tsv", "b.tsv", "--epochs", 1, "--no-interrupter")
    report = json.loads(chatbot(*shlex.split(ran.lines[-1])[1:], "--json").out)
    assert report["part"] == "test"


def test_a_small_corpus_prints_no_score(small, strict_json):
    folder, ran = small
    assert "perplexity" not in ran.out
    assert not re.search(r"\bright\b", ran.out)
    assert "no score" in ran.out
    assert stored(folder)["scores"] == {}
    assert "## Scores" not in (folder / "README.md").read_text("utf-8")


def test_a_larger_corpus_prints_scores(scored):
    folder, ran = scored
    assert re.search(r"^listener +right +\d+\.\d%.*held-out", ran.out, re.MULTILINE)
    assert set(stored(folder)["scores"]) == {"listener", "interrupter-1"}
    assert "valid perplexity" in ran.out
    card = (folder / "README.md").read_text("utf-8")
    assert "## Scores" in card
    assert "chatbot train corpus.tsv" in card


@pytest.mark.parametrize("which", ["small", "scored"])
def test_the_log_is_a_line_of_json_a_validation(request, which, strict_json):
    folder, _ = request.getfixturevalue(which)
    lines = [strict_json(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]
    assert {line["network"] for line in lines} == set(stored(folder)["files"]) - {"vocabulary", "words", "replies"}
    assert all(len(line["samples"]) == 2 for line in lines)


def test_the_output_is_whole_lines_and_nothing_is_redrawn(small, scored):
    for _, ran in (small, scored):
        assert "\r" not in ran.out
        assert "\x1b" not in ran.out
        assert ran.err == ""
        assert not re.search("[\u2500-\u259f\u25b0\u25b1]", ran.out)  # no boxes, no bars
        assert max(map(len, ran.lines)) < 250


def test_everything_else_lies_beside_nothing(small):
    folder, _ = small
    named = {file["name"] for file in stored(folder)["files"].values()}
    assert {path.name for path in folder.iterdir()} == named | {"bundle.json", "README.md", "log.jsonl"}
    assert all(re.search(r"-[0-9a-f]{12}\.(model|safetensors|txt)$", name) for name in named)


def test_the_defaults_are_those_of_the_help(chatbot, corpus, monkeypatch, tmp_path):
    """Everything default but the time it takes: into models/NAME, one interrupter, LSTM, an automatic device."""
    assert chatbot("train", "pets.tsv", "--epochs", 1, "--threads", 1).code == 0
    found = stored(tmp_path / "models" / "pets")
    text = chatbot("train", "--help").out
    for name, value in found["network"].items():
        if name in ("cell", "layers", "hidden", "embedding", "dropout"):
            assert f"Default: {value}." in text
    assert list(found["interrupters"]) == ["1"]
    assert (found["history"], found["lowercase"]) == (0, False)


def test_there_is_no_attention_where_nearly_all_replies_repeat_unless_it_is_asked_for(chatbot, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name, replies, asked, expected in (("few", 3, [], "none"), ("few", 3, ["--attention", "dot"], "dot"), ("many", 60, [], "general")):
        (tmp_path / f"{name}.tsv").write_text("".join(f"utterance {number}\treply {number % replies}\n" for number in range(60)))
        assert chatbot("train", f"{name}.tsv", "--preset", "tiny", "--epochs", 1, "--threads", 1, "--no-interrupter", "--fresh", *asked).code == 0
        assert stored(tmp_path / "models" / name)["network"]["attention"] == expected


OPTIONS = {
    "--no-interrupter": lambda found: found["interrupters"] == {} and set(found["files"]) == {"vocabulary", "replies", "listener"},
    "--wait 1,4": lambda found: set(found["interrupters"]) == {"1", "4"} and "interrupter-4" in found["files"],
    "--wait 4,1,4": lambda found: set(found["interrupters"]) == {"1", "4"},
    "--lowercase": lambda found: found["lowercase"] is True,
    "--vocabulary bpe": lambda found: found["vocabulary"] > 261,
    "--vocabulary char": lambda found: found["vocabulary"] < 40,
    "--teacher-forcing 0.5": lambda found: found["training"]["teacher_forcing"] == [0.5, 0.5],
    "--teacher-forcing 1.0:0.5": lambda found: found["training"]["teacher_forcing"] == [1.0, 0.5],
    "--teacher-forcing 0": lambda found: found["training"]["teacher_forcing"] == [0, 0],
    "--optimiser sgd": lambda found: found["training"]["optimiser"] == "sgd",
    "--optimiser adam --clip 0 --patience 0": lambda found: found["training"]["clip"] == 0,
    "--cell gru --layers 2": lambda found: (found["network"]["cell"], found["network"]["layers"]) == ("gru", 2),
    "--cell rnn --attention additive": lambda found: found["network"]["attention"] == "additive",
    "--attention dot --untied": lambda found: found["network"]["tied"] is False,
    "--attention none --one-directional --reverse-source": lambda found: found["network"]["reverse_source"] is True,
    "--hidden 15 --one-directional": lambda found: found["network"]["hidden"] == 15,
    "--accumulate 3": lambda found: found["training"]["accumulate"] == 3,
    "--out elsewhere/deep/bot": lambda found: True,
    "--batch-tokens 1": lambda found: True,
    "--batch-tokens 99999999999999999999": lambda found: True,
}


@pytest.mark.parametrize(("options", "holds"), OPTIONS.items(), ids=OPTIONS.keys())
def test_options(train, chatbot, corpus, tmp_path, options, holds):
    ran = train("pets.tsv", *options.split())
    assert ran.code == 0, ran.err
    (folder,) = (path.parent for path in tmp_path.rglob("bundle.json"))
    assert holds(stored(folder))
    assert chatbot("reply", "hello", "--model", folder).code == 0


def test_lower_case_is_applied_when_talking(train, chatbot, corpus):
    train("pets.tsv", "--lowercase", "--no-interrupter")
    assert chatbot("reply", "Where Is The CAT").out == chatbot("reply", "where is the cat").out


def test_several_corpora_make_one_bundle(train, tmp_path, corpus):
    (tmp_path / "more.tsv").write_text("what is a zebra\tan animal\n")
    ran = train("pets.tsv", "more.tsv", "pets.tsv", "--epochs", 1)
    assert ran.code == 0
    found = stored(tmp_path / "models" / "pets")["corpus"]
    assert (found["pairs"], found["utterances"], found["names"]) == (81, 41, ["pets.tsv", "more.tsv", "pets.tsv"])


def test_history(train, chatbot, tmp_path):
    turns = [[f"hello {name}\thi {name}\n", f"how are you {name}\tfine\n", f"bye {name}\tbye\n"] for name in ("ann", "bob", "cy", "dee", "eve")]
    (tmp_path / "talks.tsv").write_text("\n".join("".join(talk) for talk in turns))
    assert train("talks.tsv", "--history", 2, "--hidden", 32, "--epochs", 5).code == 0
    assert stored(tmp_path / "models" / "talks")["history"] == 2
    alone, _, after = chatbot("reply", stdin="hello ann\n\nhello ann\n").lines
    assert alone == after, "a blank line ends a conversation"
    same, other = chatbot("reply", "--json", stdin="hello ann\nhello ann\n").lines
    assert json.loads(same)["log_probability"] != json.loads(other)["log_probability"], "the earlier turn is not heard"


@pytest.mark.parametrize("change", ["crlf", "bom", "blank lines", "no last line feed", "all of them"])
def test_accepted_silently(train, corpus, tmp_path, bundle_folder, change):
    text = corpus.read_bytes()
    if change in ("blank lines", "all of them"):
        text = b"\n \n" + text.replace(b"\nwho", b"\n\n\t\nwho"[:2] + b"who")
    if change in ("crlf", "all of them"):
        text = text.replace(b"\n", b"\r\n")
    if change in ("bom", "all of them"):
        text = b"\xef\xbb\xbf" + text
    if change in ("no last line feed", "all of them"):
        text = text.rstrip()
    corpus.write_bytes(text)
    ran = train("pets.tsv", "--epochs", 1, "--no-interrupter")
    assert (ran.code, ran.err) == (0, "")
    assert stored(tmp_path / "models" / "pets")["fingerprint"] == stored(bundle_folder)["fingerprint"]


def test_equal_seeds_give_equal_weights(train, corpus, tmp_path):
    for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert train("pets.tsv", "--out", folder, "--seed", seed).code == 0
    first, again, other = (weights(tmp_path / folder) for folder in "abc")
    assert first == again
    assert first["listener"] != other["listener"]


def test_private(train, corpus, tmp_path, chatbot):
    """No file of the bundle repeats an utterance, a sample, a path or the command, and what is printed no sample."""
    secret = tmp_path / "hidden-folder"
    secret.mkdir()
    corpus.rename(secret / "confidential.tsv")
    ran = train(secret / "confidential.tsv", "--private", "--out", "bot")
    assert (ran.code, "epoch" in ran.out, "    > " in ran.out) == (0, True, False)
    found = stored(tmp_path / "bot")
    assert (found["examples"], found["corpus"]["names"]) == ([], [])
    for path in (tmp_path / "bot").iterdir():
        content = path.read_bytes()
        for leak in (b"cat today", b"where is", b"I think", b"confidential", b"hidden-folder", os.fsencode(tmp_path), b"samples", b"chatbot train "):
            assert leak not in content, (path.name, leak)
    assert "private" in chatbot("models", "show", "bot").out


def test_a_private_run_that_keeps_the_replies_says_so(train, corpus):
    assert "of the corpus will be in the bundle" in train("pets.tsv", "--private", "--known-replies").out


def test_fresh_replaces_all_of_the_old_bundle(train, corpus, tmp_path):
    train("pets.tsv", "--wait", "1,4")
    assert train("pets.tsv", "--no-interrupter", "--seed", 9, "--fresh").code == 0
    folder = tmp_path / "models" / "pets"
    assert not list(folder.glob("interrupter*"))
    assert len(list(folder.glob("listener*"))) == len(list(folder.glob("vocabulary*"))) == 1


def interrupt(monkeypatch, when, number=signal.SIGINT):
    """Sends this process a signal at the first `step` or `epoch` that is shown."""

    def shown(self, *_):
        os.kill(os.getpid(), number)

    monkeypatch.setattr(f"chatbot.cli.watch.PlainView.{when}", shown)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("when", ["step", "epoch"])
def test_a_signal_leaves_a_usable_bundle(train, chatbot, corpus, monkeypatch, when, number, code):
    handler = signal.getsignal(number)
    interrupt(monkeypatch, when, number)
    ran = train("pets.tsv", "--epochs", 1000)
    assert ran.code == code
    assert ran.err.count("\n") == 1
    assert "models/pets" in ran.err
    assert signal.getsignal(number) is handler
    assert chatbot("reply", "hello", "--model", "pets").code == 0


def test_fresh_keeps_the_old_bundle_until_the_first_best(train, corpus, own, monkeypatch):
    before = (own / "bundle.json").read_bytes()
    interrupt(monkeypatch, "step")
    assert train("pets.tsv", "--out", "models/mine", "--fresh", "--batch-tokens", 50).code == 130
    assert (own / "bundle.json").read_bytes() == before


def test_numbers_stay_readable_when_training_runs_away(train, tmp_path, larger):
    (tmp_path / "wild.tsv").write_text(larger)
    ran = train("wild.tsv", "--learning-rate", "1e6", "--epochs", 1, "--no-interrupter")
    assert max(map(len, ran.lines)) < 250


def test_the_shipped_corpus_is_found_by_name(train, shipped_bundle):
    assert train("dialog.tsv", "--epochs", 1, "--no-interrupter").code == 0
    assert train("corpora/dialog.tsv", "--epochs", 1, "--no-interrupter", "--fresh").code == 0


def test_late_cues_of_which_none_can_be_held_out_are_trained_on_to_the_end(train, chatbot, tmp_path):
    (tmp_path / "moods").mkdir()
    topics = "== mood\n> the {first|last|long|short} day left me _\n= happy | glad\n< Good.\n= sad | low\n< Oh no.\n\n== hello\n> hello there\n> good day\n> hi\n< Hello.\n"
    (tmp_path / "moods" / "a.topic").write_text(topics)
    assert chatbot("corpus", "expand", "moods").code == 0
    assert train("moods.tsv", "--epochs", 1).code == 0
    assert stored(tmp_path / "models" / "moods")["examples"]


def test_the_first_examples_are_the_shortest_late_pair_that_the_bot_answers():
    def pair(frame, cue):
        return Pair(f"{frame} {cue}", "Oh.", group=Group("late.how", frame, cue))

    late = [pair(frame, cue) for frame in ("it went", "the long day at work was", "my week was") for cue in ("well", "badly")]
    early = [Pair(f"{cue} it went", "Oh.", group=Group("early.how", "it went", cue)) for cue in ("well", "badly")]
    data = SimpleNamespace(test_pairs=[*early, *late], valid_pairs=[], train_pairs=[])
    assert examples(data)[:2] == ("it went well", "it went badly")
    assert examples(data, lambda utterance: "week" in utterance)[:2] == ("my week was well", "my week was badly")
    assert len(examples(data, lambda utterance: False)) == 2  # one a topic
