"""The bundle that ships: what the README promises of it."""

import json
import shlex
from pathlib import Path

import pytest

from chatbot import bundle as bundles
from chatbot.bot import Bot
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import read_pairs
from chatbot.corpus.split import split_pairs
from chatbot.evaluation import metrics
from chatbot.evaluation.confidence import nonsense
from chatbot.listening import ladder, race, shared
from chatbot.records import Decoding
from chatbot.shipped import shipped

FOLDER = shipped("models") / "small-talk"
CORPUS = shipped("corpora") / "dialog.tsv"
SAD, HAPPY = (f"Today's perfect weather makes me so {feeling}" for feeling in ("sad", "happy"))


@pytest.fixture(scope="module")
def bundle():
    return bundles.load(FOLDER)


@pytest.fixture(scope="module")
def listener(bundle):
    return Bot.of(bundle)


@pytest.fixture(scope="module")
def interrupter(bundle):
    return Bot.of(bundle, wait=1)


@pytest.fixture(scope="module")
def pairs(bundle):
    return list(read_pairs(CORPUS, history=bundle.details.history))


@pytest.fixture(scope="module")
def held_out(pairs):
    return split_pairs(pairs).test


@pytest.fixture(scope="module")
def allowed(pairs):
    return metrics.allowed_replies(pairs)


@pytest.mark.parametrize(("name", "corpus", "history"), [("small-talk", "dialog.tsv", 0), ("small-talk.ko", "dialog.ko.tsv", 1)])
def test_it_is_small_and_was_trained_on_the_corpus_that_ships_with_it(name, corpus, history):
    from chatbot.corpus.fingerprint import fingerprint

    folder = shipped("models") / name
    details = bundles.load(folder).details
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 8e6
    assert details.history == history
    assert details.fingerprint == fingerprint(list(read_pairs(shipped("corpora") / corpus, history=history)))
    assert details.threshold["right"] >= 0.97
    assert details.threshold["nonsense"] < 0.8


def test_in_doubt_it_says_that_it_did_not_follow(bundle, listener, held_out):
    decoding = Decoding(unsure=bundle.details.unsure)
    assert not listener.reply("hello", decoding).unsure
    replies = listener.replies(nonsense([pair.utterance for pair in held_out]), decoding)
    assert sum(reply.unsure for reply in replies) / len(replies) > 0.2


@pytest.mark.parametrize("utterance", ["hello", "hi", "hey", "thanks", "yes", "no", "bye", "help", "why", "i am sad", "what is your name", "how are you?"])
def test_it_follows_what_everybody_says_first(bundle, listener, allowed, utterance):
    reply = listener.reply(utterance, Decoding(unsure=bundle.details.unsure, known_replies=bundle.details.known_replies))
    assert not reply.unsure
    assert metrics.is_right(reply.text, allowed[key(utterance)])


@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam"])
def test_with_known_replies_it_says_what_stands_in_its_corpus(listener, pairs, strategy):
    replies = {pair.reply for pair in pairs}
    for text in (SAD, HAPPY, "what is the square root of 2", "asdfgh", "나는 슬퍼"):
        assert listener.reply(text, Decoding(strategy=strategy, known_replies=True)).text in replies


def test_the_one_that_speaks_korean_waits_for_the_verb():
    bundle = bundles.load(shipped("models") / "small-talk.ko")
    pairs = list(read_pairs(shipped("corpora") / "dialog.ko.tsv"))
    allowed, bot = metrics.allowed_replies(pairs), Bot.of(bundle)
    for text in ("안녕", "고마워", "배고파"):
        assert metrics.is_right(bot.reply(text).text, allowed[text])


def test_it_is_right_for_most_utterances_that_it_has_not_seen(bundle, listener, held_out, allowed):
    found = metrics.evaluate(listener, held_out, allowed, Decoding(known_replies=bundle.details.known_replies))
    assert found.right >= 0.7
    assert found.late.pairs >= 240
    assert found.late.right >= 0.98
    assert found.commonest_share < 0.05


def test_the_interrupter_wins_most_twins_whose_first_word_decides(interrupter, held_out, allowed):
    assert metrics.evaluate(interrupter, held_out, allowed).early.right >= 0.7


def test_the_interrupter_wins_no_pair_that_is_late_by_definition(interrupter, held_out, allowed):
    found = metrics.evaluate(interrupter, held_out, allowed).late
    assert found.late >= 190
    assert found.late_right == 0.0


def test_the_example_of_the_readme(listener, interrupter, pairs):
    fits = {label: {pair.reply for pair in pairs if pair.group.topic.startswith("late.feeling") and pair.group.label == label} for label in ("sad", "happy")}
    assert listener.reply(SAD).text in fits["sad"]
    assert listener.reply(HAPPY).text in fits["happy"]
    assert race(interrupter, SAD).interrupter.text in fits["happy"], "it congratulates whoever is sad"
    heard = shared(*(listener.vocabulary.hear(text) for text in (SAD, HAPPY)))
    early = [[step.said for step in race(interrupter, text).steps][:heard] for text in (SAD, HAPPY)]
    assert early[0] == early[1]
    assert "".join(early[0]).strip()
    assert ladder(listener, SAD).settled == len(SAD.split())


@pytest.mark.parametrize(
    "utterance", ["I broke up yesterday", "Today's perfect weather makes me much sad", "I broke up yesterday. Today's perfect weather makes me much sad"]
)
def test_bad_news_is_not_congratulated(bundle, listener, pairs, utterance):
    fits = {
        pair.reply
        for pair in pairs
        if pair.group.topic in ("love.breakup", "feel.sad") or (pair.group.topic.startswith("late.feeling") and pair.group.label == "sad")
    }
    assert listener.reply(utterance, Decoding(known_replies=bundle.details.known_replies)).text in fits


@pytest.mark.parametrize("hostile", ["[/]", "[@click=app.quit]x[/]", "<unk> <s> </s>", "\x1b[31mred", "\u202eevil", "日本語", "😀😀😀", "a" * 200])
def test_strange_utterances_are_answered(listener, hostile):
    assert listener.reply(hostile).text.strip()


def test_the_card_says_by_which_command_it_was_trained(bundle):
    command = bundle.details.training["command"]
    card = (FOLDER / "README.md").read_text("utf-8")
    assert command in card
    assert shlex.split(command)[:3] == ["chatbot", "train", "corpora/dialog.tsv"]
    makefile = Path(__file__).parents[1] / "Makefile"
    trainings = [shlex.split(line) for line in makefile.read_text("utf-8").splitlines() if "chatbot train" in line]
    assert shlex.split(command)[1:] in [words[1:] for words in trainings]
    scores = json.loads((FOLDER / "bundle.json").read_text("utf-8"))["scores"]
    assert f"{scores['listener']['right']:.1%}" in card
