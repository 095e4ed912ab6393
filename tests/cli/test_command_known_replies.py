"""Known replies and doubt, by the commands: what is recorded at training, what is chosen when talking, and what is said of it."""

import json
import shutil

import pytest


@pytest.fixture(scope="module")
def replies(larger):
    return {line.split("\t")[1] for line in larger.splitlines()}


def change(folder, **changes):
    """What a bundle says of itself, changed."""
    path = folder / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


@pytest.fixture
def mine(scored, tmp_path):
    """A copy of a bundle with scores in ./models/mine."""
    return shutil.copytree(scored[0], tmp_path / "models" / "mine")


@pytest.mark.parametrize("how", [[], ["--beam", 3], ["--sample", "--temperature", 5, "--seed", 4]], ids=str)
def test_with_known_replies_every_answer_stands_in_the_corpus(chatbot, mine, replies, how):
    said = "".join(f"{text}\n" for text in ("hello", "what is number 7 of the cats", "\u2603 zzz", "a" * 50))
    ran = chatbot("reply", "--known-replies", "--unsure", "", *how, stdin=said)
    assert ran.code == 0
    assert set(ran.out.splitlines()) <= replies
    assert len(ran.out.splitlines()) == 4


def test_a_bundle_trained_for_known_replies_says_nothing_else_unless_it_is_told_to(chatbot, mine, replies):
    question, hot = "tell me a secret", ["--sample", "--temperature", 10, "--top-p", 1, "--unsure", ""]
    assert chatbot("reply", question, *hot).out.strip() not in replies
    change(mine, known_replies=True)
    assert chatbot("reply", question, *hot).out.strip() in replies
    assert chatbot("reply", question, "--any-replies", *hot).out.strip() not in replies


def test_in_doubt_it_says_so_and_json_marks_it(chatbot, mine, strict_json):
    change(mine, threshold={"sureness": 0.0, "right": 0.0, "wrong": 0.0, "nonsense": 0.0}, unsure="Pardon?")
    found = strict_json(chatbot("reply", "hello", "--json").out)
    raw = strict_json(chatbot("reply", "hello", "--json", "--unsure", "").out)
    assert (found["text"], found["unsure"], found["raw"]) == ("Pardon?", True, raw["text"])
    assert (raw["unsure"], raw["raw"]) == (False, raw["text"])
    assert chatbot("reply", "hello", "--unsure", "What now?").out == "What now?\n"
    race = strict_json(chatbot("compare", "hello", "--json").out)["races"][0]
    assert race["listener"]["text"] == raw["text"], "the race shows what was said, sure or not"
    plain = chatbot("talk", "--plain", stdin="hello\n").out
    assert "Bot: Pardon?\n" in plain
    assert "not sure" in plain


def test_training_finds_a_threshold_where_enough_is_held_out_and_right(train, tmp_path, monkeypatch):
    monkeypatch.setattr("chatbot.evaluation.confidence.FEWEST", 1)
    (tmp_path / "pairs.tsv").write_text(
        "".join(f"{word} number {number}\tyes {word}\n" for number in range(80) for word in ("cats", "dogs", "bats", "cows", "eels", "owls"))
    )
    ran = train("pairs.tsv", "--epochs", 12, "--no-interrupter", "--known-replies", "--unsure", "Come again?", "--learning-rate", 0.02)
    assert ran.code == 0, ran.err
    found = json.loads((tmp_path / "models" / "pairs" / "bundle.json").read_text("utf-8"))
    assert found["known_replies"] is True
    assert found["unsure"] == "Come again?"
    assert found["threshold"]["right"] >= 0.95
    card = (tmp_path / "models" / "pairs" / "README.md").read_text("utf-8")
    assert "it says “Come again?”" in card
    assert "word for word" in card
    (tmp_path / "few.tsv").write_text(
        "".join(f"tell me of {word}\tAll about {word[0]}.\n" for word in ("cats", "cows", "bats", "boars", "dogs", "deer") * 2 + tuple("abcdef"))
    )
    ran = train("few.tsv", "--start-from", "pairs", "--mix", "pairs.tsv", "--no-interrupter", "--epochs", 1, sizes=False)
    assert ran.code == 0, ran.err
    on_top = json.loads((tmp_path / "models" / "few" / "bundle.json").read_text("utf-8"))
    assert on_top["threshold"] == {"sureness": found["threshold"]["sureness"]}, "too little is held out to find another"
    assert "as in the bundle that it went on from" in (tmp_path / "models" / "few" / "README.md").read_text("utf-8")


@pytest.mark.parametrize(("replies", "options", "kept"), [(2, (), True), (2, ("--private",), False), (12, (), False)], ids=str)
def test_slips_are_mended_where_replies_repeat_and_in_no_private_bundle(train, tmp_path, replies, options, kept):
    (tmp_path / "own.tsv").write_text("".join(f"say the number {'once ' * n}please\tThat is {n % replies}.\n" for n in range(12)), "utf-8")
    train("own.tsv", "--epochs", 1, "--no-interrupter", *options)
    assert bool(list((tmp_path / "models" / "own").glob("words-*.txt"))) == kept


def test_a_private_bundle_keeps_no_replies_unless_they_are_asked_for(train, tmp_path, corpus, mistake):
    train("pets.tsv", "--epochs", 1, "--private", "--no-interrupter")
    folder = tmp_path / "models" / "pets"
    assert not list(folder.glob("replies-*"))
    assert "does not keep" in mistake("reply", "hello", "--known-replies", "--model", folder)
    train("pets.tsv", "--epochs", 1, "--private", "--no-interrupter", "--known-replies", "--fresh")
    assert list(folder.glob("replies-*"))


def test_what_contradicts_itself_is_refused(mistake, mine):
    assert "exclude each other" in mistake("reply", "hello", "--model", mine, "--known-replies", "--block-ngrams", 2)
