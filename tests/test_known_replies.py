"""Replies one can vouch for: with known replies every strategy says one of the corpus, word for word; in doubt a bot says that it did not follow."""

import math
from dataclasses import replace
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_law_1_steps import SOURCES, VISIBLE, V, padded, said

from chatbot import bundle as bundles
from chatbot.batches import pad
from chatbot.bot import Bot
from chatbot.corpus.pairs import Pair
from chatbot.decoding import PLANNING, Limits, beam, greedy, sampler, stream
from chatbot.errors import BundleError, OptionError
from chatbot.evaluation.confidence import KEEP, calibrate, nonsense
from chatbot.prefix_tree import ROOT, PrefixTree
from chatbot.records import Decoding, Reply
from chatbot.vocabulary import BOS, EOS

KNOWN = [[9, 10, 11, EOS], [9, 10, EOS], [9, 12, 12, 12, EOS], [20, EOS], [7, EOS]]  # one is the beginning of another; 7 shows nothing


# The tree


@given(st.lists(st.lists(st.integers(5, 12), min_size=1, max_size=6), min_size=1, max_size=20))
def test_the_tree_holds_its_sequences_and_nothing_else(rows):
    tree, found = PrefixTree([*row, EOS] for row in rows), set()

    def walk(node, path):
        for number in tree.following(node):
            if number == EOS:
                found.add(path)
            walk(tree.after(node, number), (*path, number))

    walk(ROOT, ())
    assert found == {tuple(row) for row in rows}
    ends = {(*row, EOS) for row in rows}
    for path in {end[:cut] for end in ends for cut in range(len(end))}:
        node = ROOT
        for number in path:
            node = tree.after(node, number)
        after = [end[len(path) :] for end in ends if end[: len(path)] == path]
        assert tree.rest(node) == (list(after[0]) if len(after) == 1 else [])
    for place, row in enumerate(rows):
        found = set()
        walk(tree.only(place), ())
        assert found == {tuple(row)}


# Decoding


@pytest.mark.parametrize(("cell", "seed"), [*product(("gru", "lstm"), range(4))])
def test_greedy_and_sampled_replies_are_known_ones_word_for_word(listener, interrupter, cell, seed):
    drawn = sampler(temperature=5.0, top_k=0, top_p=1.0, seeds=[seed + row for row in range(len(SOURCES))])
    for network, options in product((listener(V, cell=cell), interrupter(V, cell=cell)), ({}, {"choose": drawn})):
        for ids, finished, score in said(network, padded(SOURCES), **options, known=PrefixTree(KNOWN)):
            assert finished
            assert [*ids, EOS] in KNOWN
            assert score > -math.inf


@pytest.mark.parametrize("seed", range(4))
def test_who_has_decided_for_a_known_reply_says_that_one(listener, seed):
    network = listener(V, replies=4)  # of which it plans the first three, and one that does not repeat
    sampled = sampler(temperature=5.0, top_k=0, top_p=1.0, seeds=[seed + row for row in range(len(SOURCES))])
    for choose in (greedy, sampled):
        spoken = list(stream(network, padded(SOURCES), choose, Limits(VISIBLE, 12, known=PrefixTree(KNOWN), planned=3)))
        for row, plan in enumerate(spoken[0].plans):
            ids = [step.ids[row] for step in spoken]
            reply = ids[: ids.index(EOS) + 1]
            assert reply == KNOWN[plan.number] if plan.number < 3 else reply in KNOWN
    for hypotheses in beam(network, padded(SOURCES), Limits(VISIBLE, 12, known=PrefixTree(KNOWN), planned=3), width=3):
        assert all([*one.ids, EOS] == KNOWN[one.plan.number] for one in hypotheses if one.plan.number < 3)


@pytest.mark.parametrize("number", range(3))
def test_what_can_go_on_in_one_way_only_is_heard_at_once_and_scored_as_piece_by_piece(listener, monkeypatch, number):
    network = listener(V, replies=4)
    calls, decode = [], network.decode
    monkeypatch.setattr(network, "decode", lambda tokens, context: (calls.append(tokens.shape[1]), decode(tokens, context))[1])

    def spoken(then, limits):
        decided = lambda allowed, step, rows: torch.full((len(allowed),), number) if step == PLANNING else then(allowed, step, rows)  # noqa: E731
        steps = list(stream(network, padded(SOURCES), decided, limits))
        return torch.tensor([step.ids for step in steps]), torch.tensor([step.log_probabilities for step in steps])

    ids, scores = spoken(greedy, Limits(VISIBLE, 12, known=PrefixTree(KNOWN), planned=3))
    assert calls == [len(KNOWN[number])]
    ids_one_by_one, scores_one_by_one = spoken(lambda allowed, step, rows: torch.full((len(allowed),), KNOWN[number][step]), Limits(VISIBLE, 12))
    assert ids.equal(ids_one_by_one)
    torch.testing.assert_close(scores, scores_one_by_one, atol=1e-5, rtol=0)


def test_a_draw_reaches_every_known_reply(listener):
    found = set()
    for seed in range(60):
        drawn = sampler(temperature=10.0, top_k=0, top_p=1.0, seeds=[seed])
        found |= {tuple(ids) for ids, _, _ in said(listener(V), torch.tensor([[7, 8]]), drawn, known=PrefixTree(KNOWN))}
    assert found == {tuple(row[:-1]) for row in KNOWN}


@pytest.mark.parametrize("width", [1, 3, 8])
def test_a_beam_finds_known_replies_alone_and_a_wide_one_all_with_their_shares(listener, width):
    network = listener(V)
    bounds = Limits(torch.tensor([number >= 8 for number in range(V)]), 12, known=PrefixTree(KNOWN))
    found = beam(network, padded(SOURCES), bounds, width=width, length_penalty=0.0)
    for source, hypotheses in zip(SOURCES, found, strict=True):
        assert hypotheses
        assert all(one.finished and [*one.ids, EOS] in KNOWN for one in hypotheses)
        if width == 8:
            assert sorted([*one.ids, EOS] for one in hypotheses) == sorted(KNOWN)
            assert sum(math.exp(one.total) for one in hypotheses) == pytest.approx(1.0, abs=1e-5), "shares of what may be said"
            with torch.inference_mode():
                first = network.decode(torch.tensor([[BOS]]), network.encode(torch.tensor([source])))[0][0, 0]
            (alone,) = (one for one in hypotheses if one.ids == [20])
            assert alone.total == pytest.approx(float(first[[9, 20, 7]].log_softmax(0)[1]), abs=1e-4), "what follows from it costs nothing"
            assert alone.log_probability < float(first.log_softmax(0)[20]), "what is told of it is what the network thinks"


def test_neighbours_change_nothing(listener):
    network = listener(V)
    together = said(network, padded(SOURCES), known=PrefixTree(KNOWN))
    assert [ids for ids, _, _ in together] == [said(network, torch.tensor([row]), known=PrefixTree(KNOWN))[0][0] for row in SOURCES]


# The bot


@pytest.fixture
def bot(listener, vocabulary):
    """A bot of random weights that knows three replies."""
    return Bot(listener(len(vocabulary)), vocabulary, known=("Hello there!", "Good night.", "See you soon, then."))


@settings(max_examples=20)
@given(utterance=st.text(min_size=1, max_size=30).filter(str.strip), strategy=st.sampled_from(["greedy", "sample", "beam"]))
def test_whatever_is_said_each_answer_stands_verbatim_in_the_corpus(utterance, strategy, listener, vocabulary):
    bot = Bot(listener(len(vocabulary)), vocabulary, known=("Hello there!", "Good night.", "See you soon, then."))
    decoding = Decoding(strategy=strategy, known_replies=True, temperature=3.0)
    assert bot.reply(utterance, decoding).text in bot.known
    assert bot.replies([utterance], decoding)[0].text == bot.reply(utterance, decoding).text


def test_without_known_replies_a_bot_says_so(bot):
    with pytest.raises(OptionError, match="does not keep the replies"):
        replace(bot, known=()).reply("hello", Decoding(known_replies=True))
    with pytest.raises(OptionError, match="exclude each other"):
        Decoding(known_replies=True, block_ngrams=2)


@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam"])
def test_below_the_threshold_of_a_greedy_reply_the_bot_says_that_it_did_not_follow(bot, strategy):
    decoding = Decoding(strategy=strategy, unsure="Pardon?")
    sure = bot.reply("hello").log_probability
    for threshold, unsure in ((sure - 0.01, False), (sure + 0.01, True)):
        doubting = replace(bot, threshold=threshold)
        raw = bot.reply("hello", replace(decoding, unsure=""))
        *chunks, reply = doubting.stream("hello", decoding)
        assert isinstance(reply, Reply)
        assert reply.unsure == unsure
        assert reply.text == "".join(chunks) == ("Pardon?" if unsure else raw.text)
        assert reply.raw == raw.text
        assert reply.log_probability == pytest.approx(raw.log_probability, abs=1e-4)
        assert doubting.reply("hello", replace(decoding, unsure="")).text == raw.text


@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam"])
def test_who_plans_doubts_by_the_entropy_of_the_plan_and_streams_where_it_is_sure(vocabulary, listener, strategy):
    bot = Bot(listener(len(vocabulary), replies=3), vocabulary, reply_limit=10)
    plan = bot.network.encode(pad([bot.hear("hello")])).plan.logits[0].log_softmax(-1)
    entropy, decoding = float(-(plan.exp() * plan).sum().detach()), Decoding(strategy=strategy, unsure="Pardon?")
    for threshold, unsure in ((-entropy - 0.01, False), (-entropy + 0.01, True)):
        doubting = replace(bot, threshold=threshold)
        raw = bot.reply("hello", replace(decoding, unsure=""))
        *chunks, reply = doubting.stream("hello", decoding)
        assert reply.sureness == pytest.approx(-entropy, abs=1e-4)
        assert reply.unsure == doubting.replies(["hello"], decoding)[0].unsure == unsure
        assert reply.text == "".join(chunks) == ("Pardon?" if unsure else raw.text)
        assert reply.raw == raw.text
        assert (len(chunks) > 1) == (not unsure and strategy != "beam")


@pytest.mark.parametrize("replies", [0, 3])
@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam"])
def test_what_is_mostly_of_another_alphabet_is_not_followed_however_sure_the_bot_is(vocabulary, listener, strategy, replies):
    sure = Bot(listener(len(vocabulary), replies=replies), vocabulary, history=1, reply_limit=10, threshold=-1e9)
    decoding = Decoding(strategy=strategy, unsure="Pardon?")
    for utterance, history, unsure in (
        ("hello", [], False), ("Дыўк", [], True), ("hello Дыўк", [], False), ("hello", [("Дыўкбфж", "Дыўкбфж")], False), ("Дыўк", [("hello hello", "hello")], True),
    ):  # fmt: skip
        assert sure.reply(utterance, decoding, history).unsure == sure.replies([utterance], decoding, [history])[0].unsure == unsure
    assert not replace(sure, threshold=-float("inf")).reply("Дыўк", decoding).unsure


def test_a_bot_without_a_threshold_is_always_sure(bot):
    assert not bot.reply("hello", Decoding(unsure="Pardon?")).unsure


# The threshold


class Scripted:
    """A bot whose reply to `N` is “right” or “wrong” at the log-probability that was written down for it, and to nonsense at -5."""

    def __init__(self, scores, utterance_limit=60):
        self.scores, self.utterance_limit, self.vocabulary = scores, utterance_limit, self

    def hear(self, text):
        return text.split()

    def replies(self, utterances, decoding=None, histories=None):
        assert all(len(self.hear(text)) <= self.utterance_limit for text in utterances), "too long"
        return [Reply(*self.scores.get(text, ("wrong", -5.0)), 3, 0.0) for text in utterances]


def held_out(scores):
    return [Pair(text, "right") for text in scores]


def test_the_threshold_parts_the_right_from_the_wrong():
    scores = {f"good {n}": ("right", -1.0 - n / 100) for n in range(40)} | {f"bad {n}": ("wrong", -3.0 - n / 100) for n in range(40)}
    found = calibrate(Scripted(scores), held_out(scores), dict.fromkeys(scores, ("right",)), Decoding())
    assert found.sureness == pytest.approx(-1.39)
    assert (found.right, found.wrong) == (1.0, 0.0)


def test_nonsense_that_is_too_long_is_not_asked():
    scores = {f"good-{n}{n % 2 * ' yes'}": ("right", -1.0) for n in range(40)}
    with pytest.raises(AssertionError, match="too long"):
        Scripted(scores, 2).replies(["a b c"])

    class Wordy(Scripted):
        def hear(self, text):
            return [*text] if text not in self.scores else []

    assert calibrate(Wordy(scores, 9), held_out(scores), dict.fromkeys(scores, ("right",)), Decoding())


def test_the_threshold_keeps_nearly_all_right_replies_however_the_wrong_ones_lie():
    scores = {f"good {n}": ("right", -1.0 - n) for n in range(40)} | {f"bad {n}": ("wrong", -2.5) for n in range(400)}
    found = calibrate(Scripted(scores), held_out(scores), dict.fromkeys(scores, ("right",)), Decoding())
    assert found.right >= KEEP


def test_on_a_few_right_replies_no_threshold_is_found():
    scores = {f"good {n}": ("right", -1.0) for n in range(19)}
    assert calibrate(Scripted(scores), held_out(scores), dict.fromkeys(scores, ("right",)), Decoding()) is None


def test_nonsense_is_always_the_same_and_of_the_same_words():
    utterances = ["what is your name", "i am so tired today", "hello"]
    found = nonsense(utterances)
    assert found == nonsense(utterances)
    assert [len(text.split()) for text in found] == [4, 5, 1]
    assert set(" ".join(found).split()) <= set(" ".join(utterances).split())


# The bundle


def test_a_bundle_keeps_its_replies_and_what_it_says_in_doubt(tmp_path, vocabulary, listener, details):
    replies = ("Hello there!", "한국어도 됩니다.", "two\u2028lines", "a\x85b")
    facts = details(interrupters={}, known_replies=True, unsure="Pardon?", threshold={"sureness": -2.5, "right": 0.96})
    bundles.save(tmp_path, facts, vocabulary, {"listener": listener(len(vocabulary))}, {}, replies)
    loaded = bundles.load(tmp_path)
    assert loaded.replies == replies
    assert (loaded.details.known_replies, loaded.details.unsure, loaded.details.threshold) == (True, "Pardon?", {"sureness": -2.5, "right": 0.96})
    assert Bot.of(loaded).threshold == -2.5


def test_a_bundle_of_before_has_no_replies_and_no_threshold(bundle_folder):
    loaded = bundles.load(bundle_folder)
    assert loaded.replies == ()
    assert Bot.of(loaded).threshold == -math.inf


def test_replies_that_were_altered_are_noticed(tmp_path, vocabulary, listener, details):
    bundles.save(tmp_path, details(interrupters={}), vocabulary, {"listener": listener(len(vocabulary))}, {}, ["Hello."])
    (file,) = tmp_path.glob("replies-*.txt")
    file.write_text("Anything.\n")
    with pytest.raises(BundleError, match="altered"):
        bundles.load(tmp_path)
