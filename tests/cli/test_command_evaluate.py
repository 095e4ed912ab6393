"""`chatbot evaluate`: a table or JSON, and only what the bot was not trained on."""

import json
import shutil
import sys

import pytest

from chatbot import bundle as bundles
from chatbot.corpus.pairs import read_pairs
from chatbot.corpus.split import split_pairs

NETWORK = {
    "places",
    "pairs",
    "utterances",
    "perplexity",
    "right",
    "bleu",
    "bleu_signature",
    "chrf",
    "chrf_signature",
    "distinct_1",
    "distinct_2",
    "length",
    "intervals",
    "commonest",
    "commonest_share",
    "late",
    "early",
}

REPORT = {
    "hardware",
    "versions",
    "seed",
    "bundle",
    "created",
    "part",
    "decoding",
    "networks",
    "baselines",
    "leaks",
    "clean",
    "reliability",
    "memorised",
    "wrong",
    "samples",
    "against",
    "curve",
    "heeded",
}


@pytest.fixture
def unseen(tmp_path):
    path = tmp_path / "unseen.tsv"
    path.write_text("what is that\ta cat\nwho is there\tit is me\nwho is there\ta dog\n")
    return path


def test_only_the_test_part_of_the_training_corpus_counts(chatbot, scored, strict_json):
    folder, _ = scored
    report = strict_json(chatbot("evaluate", folder.parent.parent / "corpus.tsv", "--model", folder, "--json").out)
    check = strict_json(chatbot("corpus", "check", folder.parent.parent / "corpus.tsv", "--json").out)
    assert report["part"] == "test"
    assert {one["pairs"] for one in report["networks"].values()} == {check["test"]}


def test_the_scores_are_those_of_the_bundle(chatbot, scored, strict_json):
    folder, _ = scored
    networks = strict_json(chatbot("evaluate", folder.parent.parent / "corpus.tsv", "--model", folder, "--json").out)["networks"]
    scores = strict_json((folder / "bundle.json").read_text("utf-8"))["scores"]
    for name, score in scores.items():
        assert score["right"] == networks[name]["right"]
        assert score["perplexity"] == pytest.approx(networks[name]["perplexity"]["per_piece"], rel=1e-4)


def test_a_copy_of_the_training_corpus_is_the_training_corpus(chatbot, scored, tmp_path, strict_json):
    folder, _ = scored
    text = (folder.parent.parent / "corpus.tsv").read_bytes()
    (tmp_path / "copy.tsv").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    assert strict_json(chatbot("evaluate", "copy.tsv", "--model", folder, "--json").out)["part"] == "test"


def test_what_training_left_out_for_its_length_is_not_asked(chatbot, mistake, scored, tmp_path, strict_json):
    """Of its own corpus, whose lines nobody may change: that would make it another. Of a strange one the line is named."""
    folder, _ = scored
    corpus = folder.parent.parent / "corpus.tsv"
    asked = [strict_json(chatbot("evaluate", corpus, "--model", folder, "--json").out)]
    vocabulary = bundles.load(folder).vocabulary
    pieces = sorted(len(vocabulary.encode(side)) for pair in split_pairs(list(read_pairs(corpus))).test for side in (pair.utterance, pair.reply))
    shorter = shutil.copytree(folder, tmp_path / "shorter")
    details = json.loads((shorter / "bundle.json").read_text("utf-8"))
    (shorter / "bundle.json").write_text(json.dumps(details | {"utterance_limit": pieces[-1] - 1}), "utf-8")
    asked.append(strict_json(chatbot("evaluate", corpus, "--model", shorter, "--json").out))
    whole, rest = (one["networks"]["listener"]["pairs"] for one in asked)
    assert 0 < rest < whole
    (tmp_path / "strange.tsv").write_text(f"hello\thi\n{'x y ' * 99}\thi\n")
    assert "strange.tsv:2:1: an utterance of more than" in mistake("evaluate", tmp_path / "strange.tsv", "--model", shorter)


def test_a_corpus_that_was_all_trained_on_is_refused(mistake, bundle_folder):
    assert "trained on all of it" in mistake("evaluate", bundle_folder.parent.parent / "corpus.tsv", "--model", bundle_folder)


def test_json(chatbot, own, unseen, strict_json):
    report = strict_json(chatbot("evaluate", "unseen.tsv", "--model", "mine", "--json").out)
    assert set(report) == REPORT
    assert report["part"] == "all"
    assert set(report["networks"]) == {"listener", "interrupter-1", "interrupter-4"}
    for one in report["networks"].values():
        assert set(one) == NETWORK
        assert (one["pairs"], one["utterances"]) == (3, 2)
        assert set(one["perplexity"]) == {"per_piece", "per_word", "bits_per_byte"}
        assert "version:" in one["bleu_signature"]


def test_table(chatbot, own, unseen):
    ran = chatbot("evaluate", "unseen.tsv", "--model", "mine")
    assert (ran.code, ran.err) == (0, "")
    assert "all pairs of the file" in ran.lines[0]
    assert "3 pairs, 2 utterances" in ran.lines[0]
    for title in ("Replies", "Perplexity", "Variety", "Trust", "Leaks", "Wrong", "BLEU nrefs", "chrF nrefs"):
        assert any(line.startswith(title) for line in ran.lines), title
    assert sum(line.startswith("interrupter-4") for line in ran.lines) == 4
    assert all(len(line) <= 80 for line in ran.lines[1:])
    assert "--trained-on" in ran.out


def test_beam_concerns_the_listener(chatbot, own, unseen):
    ran = chatbot("evaluate", "unseen.tsv", "--model", "mine", "--beam", 2)
    assert ran.code == 0
    assert "beam 2" in ran.lines[0]


def test_without_an_interrupter(chatbot, train, corpus, unseen):
    train("pets.tsv", "--no-interrupter", "--epochs", 1)
    ran = chatbot("evaluate", "unseen.tsv", "--model", "pets")
    assert ran.code == 0
    assert "interrupter" not in ran.out


def test_what_it_was_trained_on_shows_what_leaks(chatbot, bundle_folder, own, tmp_path, strict_json):
    trained = bundle_folder.parent.parent / "corpus.tsv"
    first = trained.read_text("utf-8").split("\n")[0]
    (tmp_path / "mixed.tsv").write_text(f"{first}\nwhat is that\ta cat\n", "utf-8")
    report = strict_json(chatbot("evaluate", "mixed.tsv", "--model", "mine", "--trained-on", trained, "--json").out)
    assert report["leaks"] == {"trained": 40, "utterances": 2, "same": 1, "nearly": 0, "pairs": 1}
    assert {one["utterances"] for one in report["clean"].values()} == {1}
    assert strict_json(chatbot("evaluate", "mixed.tsv", "--model", "mine", "--json").out)["leaks"] is None


def test_only_the_training_part_counts_as_trained_on(chatbot, scored, unseen, strict_json):
    folder, _ = scored
    report = strict_json(chatbot("evaluate", "unseen.tsv", "--model", folder, "--trained-on", folder.parent.parent / "corpus.tsv", "--json").out)
    check = strict_json(chatbot("corpus", "check", folder.parent.parent / "corpus.tsv", "--json").out)
    assert report["leaks"]["trained"] == check["train"] < check["pairs"]


def test_two_bundles_are_asked_the_same(chatbot, scored, own, strict_json):
    folder, _ = scored
    report = strict_json(chatbot("evaluate", folder.parent.parent / "corpus.tsv", "--model", "mine", "--against", folder, "--json").out)
    assert report["part"] == "test", "the other one was trained on the rest"
    assert report["leaks"] is None, "and what this one was trained on is not known"
    assert report["against"]["scores"]["pairs"] == report["networks"]["listener"]["pairs"]
    for name, gap in report["against"]["differences"].items():
        assert gap["low"] <= gap["high"]
        assert 0 < gap["p"] <= 1, name
    itself = strict_json(chatbot("evaluate", folder.parent.parent / "corpus.tsv", "--model", folder, "--against", folder, "--json").out)
    assert {gap["value"] for gap in itself["against"]["differences"].values()} == {0}


def test_bundles_that_hear_other_histories_are_not_compared(mistake, own, unseen, tmp_path):
    other = shutil.copytree(own, tmp_path / "other")
    details = json.loads((other / "bundle.json").read_text("utf-8"))
    (other / "bundle.json").write_text(json.dumps(details | {"history": 1}), "utf-8")
    assert "mine hears 0 earlier turns and other 1" in mistake("evaluate", "unseen.tsv", "--model", "mine", "--against", "other")


def test_report_and_plots_are_written_and_a_place_that_cannot_be_is_one_line(chatbot, mistake, own, unseen, tmp_path):
    pytest.importorskip("matplotlib")
    line = {"network": "listener", "epoch": 1, "perplexity": 3.5, "best": True}
    (own / "log.jsonl").write_text(f"{json.dumps(line)}\nno JSON\n", "utf-8")
    ran = chatbot("evaluate", "unseen.tsv", "--model", "mine", "--report", "out.html", "--plots", "drawn")
    assert ran.code == 0
    assert (tmp_path / "out.html").read_text("utf-8").startswith("<!doctype html>")
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["learning.png", "reliability.png", "right.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in (tmp_path / "drawn").iterdir())
    assert "--report nosuch/out.html cannot be written" in mistake("evaluate", "unseen.tsv", "--model", "mine", "--report", "nosuch/out.html")
    assert "--plots out.html cannot be written to" in mistake("evaluate", "unseen.tsv", "--model", "mine", "--plots", "out.html")


@pytest.mark.parametrize(("flags", "package", "named"), [(["--neighbour"], "sklearn", "scikit-learn"), (["--plots", "drawn"], "matplotlib", "matplotlib")])
def test_an_extra_that_is_absent_is_one_line_that_says_how_to_install_it(mistake, own, unseen, monkeypatch, flags, package, named):
    for name in [package, *(name for name in sys.modules if name.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    said = mistake("evaluate", "unseen.tsv", "--model", "mine", "--trained-on", "unseen.tsv", *flags)
    assert said == f"{flags[0]} needs {named}, which is not installed; install it with `pip install 'chatbot[evaluate]'`"
