"""`chatbot evaluate`: a table or JSON, and only what the bot was not trained on."""

import pytest

NETWORK = {
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
