"""Metrics: right, distinct, late pairs, and BLEU with unequal numbers of references."""

from dataclasses import replace

import pytest
from sacrebleu.metrics import BLEU, CHRF

from chatbot.bot import Bot
from chatbot.corpus.pairs import Group, Pair
from chatbot.evaluation.metrics import Place, allowed_replies, distinct, early_pairs, evaluate, is_late, is_right, late_pairs, losses
from chatbot.networks.token_by_token import TokenByTokenRNN
from chatbot.options import NetworkOptions
from chatbot.records import Decoding, Reply, shared


class Says:
    """A bot that answers from a table; its network and vocabulary are real."""

    def __init__(self, bot, table):
        self.table, self.network, self.vocabulary, self.device = table, bot.network, bot.vocabulary, None

    def replies(self, utterances, decoding=None, histories=None):
        return [Reply(self.table[text], 0.0, 1, 0.0) for text in utterances]

    def numbered(self, examples):
        return examples


@pytest.fixture(scope="module")
def bot(vocabulary, listener):
    return Bot(listener(len(vocabulary)), vocabulary)


# Right


@pytest.mark.parametrize("reply", ["It is FINE.", "it  is fine.", " It is fine.\n", "It\u2028is fine."])
def test_a_reply_is_right_after_folding(reply):
    assert is_right(reply, ["No.", "It is fine."])


@pytest.mark.parametrize("reply", ["It is fine", "It is fine. No.", "", "It isfine."])
def test_a_reply_is_wrong_unless_the_whole_of_it_is_allowed(reply):
    assert not is_right(reply, ["No.", "It is fine."])


def test_accents_are_compared_composed():
    assert is_right("E\u0301te\u0301", ["été"])


def test_the_replies_of_a_topic_are_right_for_all_of_its_utterances():
    pairs = [Pair("a", "1", group=Group("t")), Pair("b", "2", group=Group("t")), Pair("c", "3", group=Group("u"))]
    assert {name: set(replies) for name, replies in allowed_replies(pairs).items()} == {"a": {"1", "2"}, "b": {"1", "2"}, "c": {"3"}}


def test_in_a_late_topic_only_the_replies_of_the_same_ending_are_right():
    pairs = [
        Pair(f"so {word}", f"{word}!", group=Group("late", f"late/x/{number}", label)) for number in "12" for label, word in (("happy", "glad"), ("sad", "low"))
    ]
    assert {name: set(replies) for name, replies in allowed_replies(pairs).items()} == {"so glad": {"glad!"}, "so low": {"low!"}}


def test_without_topics_the_replies_given_to_the_folded_utterance_are_right():
    pairs = [Pair("Hello", "1"), Pair(" hello", "2"), Pair("bye", "3")]
    assert {name: set(replies) for name, replies in allowed_replies(pairs).items()} == {"hello": {"1", "2"}, "bye": {"3"}}


def test_a_follow_up_is_judged_by_its_own_block_and_an_opening_by_its_topic():
    said = [
        ("yes", "1", "agree", 0),
        ("yes", "2", "food.then-1", 1),
        ("Yes", "3", "food.then-1", 1),
        ("sure", "4", "food.then-1", 1),
        ("yes", "5", "play.then-1", 1),
    ]
    pairs = [Pair(utterance, reply, group=Group(topic, "", "", needs)) for utterance, reply, topic, needs in said]
    allowed = allowed_replies(pairs)
    assert [set(allowed[pair.name]) for pair in pairs] == [{"1"}, {"2", "3", "4"}, {"2", "3", "4"}, {"2", "3", "4"}, {"5"}]


def test_what_another_corpus_says_to_the_same_utterance_is_right_too():
    pairs = [Pair("hello", "1", group=Group("t")), Pair("hi", "2", group=Group("t")), Pair("hello", "3")]
    assert set(allowed_replies(pairs)["hello"]) == {"1", "2", "3"}


# Late

ODD = "qz01234568"  # in no piece: each letter is a byte


@pytest.fixture(scope="module")
def late(bot):
    """late(p, d, wait): whether a pair is late whose utterances share p pieces and whose replies first differ at piece d."""
    assert len(bot.vocabulary.encode(ODD)) == 1 + len(ODD), "a blank, and a piece a letter"

    def check(p, d, wait):
        first, second = (ODD[: p - 1] + end for end in "79")
        one, other = (ODD[: d - 2] + end for end in "79")
        return is_late(bot, first, second, {first: (one,), second: (other,)}, wait=wait)

    return check


@pytest.mark.parametrize("wait", [1, 2, 4])
@pytest.mark.parametrize("p", [3, 5, 8])
@pytest.mark.parametrize("d", [2, 3, 6])
def test_a_pair_is_late_when_its_replies_must_differ_before_the_cue_is_heard(late, p, d, wait):
    assert late(p, d, wait) == (wait - 1 + d <= p)


def test_of_several_allowed_replies_the_pair_counts_that_differs_last(bot):
    first, second = "qz0127", "qz0129"  # 6 pieces shared, the blank counted
    soon, later = ("7",), ("9", "qz01239")
    assert is_late(bot, first, second, {first: soon, second: later})
    assert not is_late(bot, first, second, {first: (*soon, "qz01237"), second: later})


def test_a_reply_that_is_the_beginning_of_another_differs_from_it_at_its_end_mark(bot):
    first, second = "qz0127", "qz0129"  # 6 pieces shared
    for length, is_it in ((4, True), (5, False)):  # with the blank 5 or 6 pieces, then the end-mark
        assert is_late(bot, first, second, {first: (ODD[:length],), second: (ODD[:length] + "777",)}) is is_it


def test_a_pair_with_a_reply_that_is_right_for_both_is_never_late(bot):
    first, second = "qz01234567", "qz01234569"
    assert not is_late(bot, first, second, {first: ("7", "q"), second: ("9", "q")})


def test_a_late_pair_is_right_when_both_of_its_members_are(bot):
    pairs, right = [], {}
    for number, (happy, sad) in enumerate([(True, True), (True, False), (False, True), (False, False)]):
        for label, is_it in (("happy", happy), ("sad", sad)):
            pairs.append(Pair(f"{number} wqzk {label}", f"{label}!", group=Group("late", f"late/x/{number}", label)))
            right[f"{number} wqzk {label}"] = is_it
    found = late_pairs(bot, pairs, allowed_replies(pairs), right)
    assert (found.pairs, found.right) == (4, 0.25)
    assert late_pairs(bot, pairs[:1], allowed_replies(pairs), right) is None
    assert late_pairs(bot, [Pair("a", "b")], allowed_replies(pairs), right) is None


def test_pairs_are_late_for_the_wait_of_who_was_asked_and_after_the_same_turns_alone(bot, vocabulary):
    def said(*histories):
        both = zip(utterances, "79", histories, strict=True)
        return [Pair(utterance, label, history=history, group=Group("late", "late/x/1.1", label)) for utterance, label, history in both]

    utterances = "z qz0127", "z qz0129"
    longest = shared(*map(vocabulary.hear, utterances)) - 1  # the replies differ at their second piece, behind the blank
    right = dict.fromkeys(utterances, True)
    for wait, after, late in ((1, ((), ()), 1), (longest, ((), ()), 1), (longest + 1, ((), ()), 0), (1, ((("a", "b"),), ()), 0)):
        pairs = said(*after)
        asked = replace(bot, network=TokenByTokenRNN(NetworkOptions(), len(vocabulary), hidden=4, wait=wait))
        found = late_pairs(asked, pairs, allowed_replies(pairs), right)
        assert (found.late, found.wait) == (late, wait)


def test_pairs_whose_first_word_decides_are_counted_apart(bot):
    late = [Pair(f"it is {label}", f"{label}!", group=Group("late", "late/x/1.1", label)) for label in ("hot", "cold")]
    early = [Pair(f"{label} day it is", f"{label}!", group=Group("early", "early/x/1.1", label)) for label in ("hot", "cold")]
    pairs = [*late, *early]
    right = {pair.name: pair.utterance != "cold day it is" for pair in pairs}
    found = late_pairs(bot, pairs, allowed_replies(pairs), right), early_pairs(pairs, right)
    assert [(one.pairs, one.right) for one in found] == [(1, 1.0), (1, 0.0)]
    assert (late_pairs(bot, early, allowed_replies(pairs), right), early_pairs(late, right)) == (None, None)


# Scores

PAIRS = [
    Pair("hello", "Hello there, how are you today?"), Pair("Hello", "Hi, it is good to see you again."), Pair("bye", "Good bye and sleep well tonight."),
    Pair("name", "My name is Wren, what is yours?"), Pair("name", "I am called Wren by everybody here."), Pair("name", "Wren."),
]  # fmt: skip
TABLE = {
    "hello": "Hello there, how are you",
    "Hello": "Hi, it is good to see you",
    "bye": "good bye and sleep well tonight.",
    "name": "My name is Wren by everybody",
}


class Remembers(Says):
    """A bot that says what its table has for an utterance and the number of turns before it."""

    def replies(self, utterances, decoding=None, histories=None):
        return [Reply(self.table[text, len(history)], 0.0, 1, 0.0) for text, history in zip(utterances, histories, strict=True)]


def test_what_is_right_is_told_by_what_was_heard_before(bot):
    before, needs = (("u", "r"),), Group("late.then-1", "", "", 1)
    pairs = [*(Pair(text, f"{text}!", "", turns) for text in ("one", "two") for turns in ((), before)), Pair("why", "So.", "", before, needs)]
    table = {("one", 0): "one!", ("one", 1): "one!", ("two", 0): "two!", ("two", 1): "?", ("why", 1): "?"}
    assert evaluate(Remembers(bot, table), pairs, allowed_replies(pairs)).places == {
        "said_first": Place(2, 1.0), "after_a_turn": Place(2, 0.5), "follow_ups": Place(1, 0.0)
    }  # fmt: skip
    alone = [pair for pair in pairs if not pair.history]
    assert evaluate(Remembers(bot, table), alone, allowed_replies(pairs)).places == {}


def test_an_utterance_is_asked_after_each_of_its_histories_and_right_in_a_pair_when_it_is_after_all(bot):
    before = (("u", "r"),)
    groups = [Group("late", "late/x/1.1", label) for label in ("good", "bad")]
    pairs = [Pair(text, f"{text}!", "", turns, group) for text, group in zip(("is good", "is bad"), groups, strict=True) for turns in ((), (), before)]
    table = {("is good", 0): "is good!", ("is good", 1): "is bad!", ("is bad", 0): "is bad!", ("is bad", 1): "is bad!"}
    scores = evaluate(Remembers(bot, table), pairs, allowed_replies(pairs))
    assert (scores.pairs, scores.utterances, scores.right, scores.late.right) == (6, 4, 0.75, 0.0)
    table["is good", 1] = "is good!"
    assert evaluate(Remembers(bot, table), pairs, allowed_replies(pairs)).late.right == 1.0


def test_scores_are_counted_an_utterance_at_a_time(bot):
    scores = evaluate(Says(bot, TABLE), PAIRS, allowed_replies(PAIRS))
    assert (scores.pairs, scores.utterances) == (6, 3)
    assert scores.right == pytest.approx(1 / 3)
    assert scores.late is None


def test_utterances_may_have_unequally_many_references(bot):
    table = {**TABLE, "bye": "Good bye"}  # so short that a made-up reference would be nearer in length
    scores = evaluate(Says(bot, table), PAIRS, allowed_replies(PAIRS))
    replies = [table["Hello"], table["bye"], table["name"]]
    references = [[PAIRS[0].reply, PAIRS[1].reply], [PAIRS[2].reply], [pair.reply for pair in PAIRS[3:]]]
    full = [[those[min(place, len(those) - 1)] for those in references] for place in range(3)]  # a reference said twice changes nothing
    assert scores.bleu == pytest.approx(BLEU().corpus_score(replies, full).score)
    assert scores.chrf == pytest.approx(CHRF().corpus_score(replies, full).score)
    assert 10 < scores.bleu < 100
    assert "version" in scores.bleu_signature
    assert "version" in scores.chrf_signature


def test_a_perfect_bot_has_perfect_scores(bot):
    table = {pair.utterance: pair.reply for pair in PAIRS}
    scores = evaluate(Says(bot, table), PAIRS, allowed_replies(PAIRS))
    assert scores.right == 1
    assert scores.bleu == pytest.approx(100)
    assert scores.chrf == pytest.approx(100)


def test_the_commonest_reply_and_its_share(bot):
    scores = evaluate(Says(bot, {"Hello": "Ok.", "bye": "Ok.", "name": "Wren."}), PAIRS, allowed_replies(PAIRS))
    assert (scores.commonest, scores.commonest_share) == ("Ok.", pytest.approx(2 / 3))


def test_a_real_bot_can_be_scored_with_every_strategy(bot):
    for strategy in ("greedy", "sample", "beam"):
        scores = evaluate(bot, PAIRS, allowed_replies(PAIRS), Decoding(strategy=strategy, limit=6))
        assert 0 <= scores.right <= 1


def test_of_a_reply_what_the_vocabulary_can_write_is_scored(make_vocabulary, listener):
    vocabulary = make_vocabulary("char")
    bot = Bot(listener(len(vocabulary)).eval(), vocabulary)
    some, all_ = losses(bot, [Pair("hello", "Hello.漢字漢字"), Pair("hello", "Hello.")])
    assert some.tolist() == all_.tolist()


@pytest.mark.parametrize(
    ("replies", "one", "two"), [(["a b a b"], 2 / 4, 2 / 3), (["a", "a"], 1 / 2, 0.0), (["a b", "b a"], 2 / 4, 2 / 2), ([], 0.0, 0.0), (["", " "], 0.0, 0.0)]
)
def test_distinct_is_the_share_of_distinct_runs_of_words(replies, one, two):
    assert distinct(replies, 1) == pytest.approx(one)
    assert distinct(replies, 2) == pytest.approx(two)
