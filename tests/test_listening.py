"""The race, the ladder and what was heeded: steps that join to what was heard and said, waits, words, a last rung that is the reply, weights and twins."""

import math
import re
from dataclasses import replace

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from chatbot.bot import Bot
from chatbot.corpus.folding import fold
from chatbot.errors import PromptError
from chatbot.listening import attention, heeded, influence, ladder, race, twins, with_ending, words
from chatbot.networks.token_by_token import TokenByTokenRNN
from chatbot.records import Attention, Decoding, Influence, Race, Reply, Step, shared
from chatbot.vocabulary import BOS, EOS

UTTERANCES = ["hello", "today's perfect weather makes me so sad", "  what   is your name? ", "été 今天天气 very", "👋🏽 ok", "a\nb c"]


@pytest.fixture(scope="module")
def interrupting(vocabulary, interrupter):
    return lambda wait: Bot(interrupter(len(vocabulary), wait=wait), vocabulary, reply_limit=20)


@pytest.fixture(scope="module")
def listening(vocabulary, listener):
    return Bot(listener(len(vocabulary)), vocabulary, reply_limit=8)


def said(steps):
    return "".join(step.said or "" for step in steps)


def cut(text):
    return [text[start:end] for start, end in words(text)]


@pytest.mark.parametrize("wait", [1, 2, 4])
@pytest.mark.parametrize("utterance", UTTERANCES)
def test_the_steps_join_to_the_utterance_and_its_reply(interrupting, wait, utterance):
    bot, listener = interrupting(wait), Reply("Hm.", 0.0, 2, 1.0)
    found = race(bot, utterance, listener=listener)
    assert "".join(step.heard for step in found.steps) == found.utterance == fold(utterance)
    assert said(found.steps).replace("\u2028", "\n") == found.interrupter.text == bot.reply(utterance).text
    assert found.listener is listener
    assert found.wait == wait


def test_a_reply_that_breaks_off_within_a_character_joins_too(interrupting):
    bot = interrupting(1)

    @given(st.integers(0, 9999))
    def holds(seed):
        found = race(bot, "hello you", Decoding(strategy="sample", temperature=9.0, top_p=1.0, seed=seed, limit=6))
        assert said(found.steps).replace("\u2028", "\n") == found.interrupter.text

    holds()


@pytest.mark.parametrize("wait", [1, 2, 4])
@pytest.mark.parametrize("utterance", UTTERANCES)
def test_piece_t_is_said_in_the_step_that_hears_piece_t_plus_k_minus_1(interrupting, wait, utterance):
    bot = interrupting(wait)
    found, pieces = race(bot, utterance), len(bot.hear(utterance))
    assert [step.said for step in found.steps[: wait - 1]] == [None] * (wait - 1)
    assert found.steps[wait - 1].said is not None
    assert [step.word == 0 for step in found.steps] == [number >= pieces for number in range(len(found.steps))]
    assert len(found.steps) == max(pieces, wait - 1 + found.interrupter.pieces - found.interrupter.finished)


@pytest.mark.parametrize("utterance", UTTERANCES)
def test_each_piece_belongs_to_the_word_that_it_ends_in(interrupting, utterance):
    found = race(interrupting(1), utterance)
    heard = [step for step in found.steps if step.word]
    assert [step.word for step in heard] == sorted(step.word for step in heard)
    assert {step.word for step in heard} == set(range(1, len(cut(found.utterance)) + 1))
    assert [beat.heard.strip() for beat in found.words] == cut(found.utterance)
    assert said(found.steps) == "".join(beat.said for beat in found.words) + found.afterwards


@pytest.mark.parametrize("wait", [1, 2, 4])
@pytest.mark.parametrize("words_", ["hello", "I", "I am sad today"])
def test_while_the_person_types_nothing_is_said_that_was_not_heard_first(interrupting, wait, words_):
    bot = interrupting(wait)
    found, pieces = race(bot, words_, still_typing=True), len(bot.hear(words_))
    assert len([step for step in found.steps if step.said is not None]) <= max(0, pieces - wait + 1)
    assert all(step.word for step in found.steps), "no step is after an end that has not come"
    assert found.listener is None


def test_before_its_wait_is_over_the_interrupter_says_nothing(interrupting):
    bot = interrupting(4)
    short = next(text for text in ("a", "I", "hello") if len(bot.hear(text)) < 4)
    found = race(bot, short, still_typing=True)
    assert found.interrupter.text == said(found.steps) == ""
    assert found.heard_at_first_word == 0
    assert not found.interrupter.finished


def test_the_interrupter_is_greedy_where_the_listener_looks_ahead(interrupting):
    bot = interrupting(2)
    assert race(bot, "hello", Decoding(strategy="beam")).interrupter.text == race(bot, "hello").interrupter.text


@pytest.mark.parametrize("utterance", ["", "  ", "x" * 300])
def test_what_cannot_be_answered_is_no_race(interrupting, utterance):
    with pytest.raises(PromptError):
        race(interrupting(1), utterance)


def test_words_heard_at_the_first_word():
    nothing = Reply("", 0.0, 0, 0.0)
    steps = (Step("I", 1, None), Step(" am", 2, " "), Step(" sa", 3, "Oh"), Step("d", 3, " no"), Step("", 0, "!"))
    found = Race("I am sad", 2, steps, nothing)
    assert found.heard_at_first_word == 3
    assert [(beat.heard, beat.said) for beat in found.words] == [("I", ""), ("am", " "), ("sad", "Oh no")]
    assert found.afterwards == "!"
    late = Race("I", 2, (Step("I", 1, None), Step("", 0, "Oh")), nothing)
    assert late.heard_at_first_word == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hello there", ["hello", "there"]),
        (" it's  me, Wren! ", ["it's", "me,", "Wren!"]),
        ("a\u2028b\tc", ["a", "b", "c"]),
        ("今天 weather 好", ["今", "天", "weather", "好"]),
        ("ok今ok", ["ok", "今", "ok"]),
        ("ひら カタ", ["ひ", "ら", "カ", "タ"]),
        ("か\u3099き", ["か\u3099", "き"]),
        ("안녕 세상", ["안녕", "세상"]),
        ("…", ["…"]),
        ("", []),
    ],
)
def test_a_word_stands_between_blanks_and_where_there_are_none_is_a_character(text, found):
    assert cut(text) == found


def test_thai_words_keep_their_marks():
    assert cut("ที่นี่") == ["ที่", "นี่"]


# Ladder


@pytest.mark.parametrize("utterance", UTTERANCES)
@pytest.mark.parametrize("decoding", [Decoding(), Decoding(strategy="sample", seed=4), Decoding(strategy="beam", width=2)], ids=str)
def test_the_last_rung_is_the_reply_and_each_other_the_reply_to_its_beginning(listening, utterance, decoding):
    found = ladder(listening, utterance, decoding)
    assert found.rungs[-1].reply == listening.reply(utterance, decoding).text
    assert found.rungs[-1].heard == found.utterance == fold(utterance)
    assert [rung.words for rung in found.rungs] == list(range(1, len(cut(found.utterance)) + 1))
    for rung in found.rungs:
        assert found.utterance.startswith(rung.heard)
        assert cut(rung.heard) == cut(found.utterance)[: rung.words]
        assert rung.reply == listening.reply(rung.heard, decoding).text
        assert rung.final == (rung.reply == found.rungs[-1].reply)


class Says:
    """A listener that says what a table holds for the number of words it heard."""

    def __init__(self, vocabulary, replies):
        self.vocabulary, self.table = vocabulary, replies

    def replies(self, utterances, decoding, histories):
        return [Reply(self.table[len(text.split()) - 1], 0.0, 1, 0.0) for text in utterances]


@pytest.mark.parametrize(("replies", "settled"), [("A", 1), ("AAAA", 1), ("ABBB", 2), ("ABAB", 4), ("BBAB", 4), ("BABB", 3), ("AAAB", 4), ("BAAB", 4)])
def test_settled_is_the_first_word_after_which_the_reply_no_longer_changes(vocabulary, replies, settled):
    found = ladder(Says(vocabulary, replies), " ".join(["word"] * len(replies)))
    assert found.settled == settled
    assert [rung.final for rung in found.rungs] == [reply == replies[-1] for reply in replies]


@given(st.lists(st.integers(0, 2), max_size=8), st.lists(st.integers(0, 2), max_size=8))
def test_shared_pieces_are_the_common_beginning(first, second):
    count = shared(first, second)
    assert first[:count] == second[:count]
    assert count == min(len(first), len(second)) or first[count] != second[count]


# History


@pytest.mark.parametrize("remembers", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("turns", [0, 1, 2, 3, 4])
def test_a_bot_hears_as_many_earlier_turns_as_it_remembers(vocabulary, listener, remembers, turns):
    bot = Bot(listener(len(vocabulary)), vocabulary, history=remembers)
    history = [(f"question {number}", f"answer {number}") for number in range(turns)]
    heard = history[-remembers:] if remembers else []
    expected = [number for turn in heard for side in turn for number in (*vocabulary.hear(side), 4)] + vocabulary.hear("hello")
    assert bot.hear("hello", history) == expected


def test_history_changes_a_reply_and_is_the_same_in_a_batch(vocabulary, listener):
    bot = Bot(listener(len(vocabulary)), vocabulary, history=2, reply_limit=8)
    histories = [(), (("I am sad", "I'm sorry."),), (("I am happy", "Good."), ("good night", "Bye."))]
    together = bot.replies(["hello"] * 3, None, histories)
    assert [reply.text for reply in together] == [bot.reply("hello", None, history).text for history in histories]
    assert len({round(reply.log_probability, 3) for reply in together}) == 3


def test_a_long_utterance_is_refused_and_never_cut(vocabulary, listener):
    bot = Bot(listener(len(vocabulary)), vocabulary, utterance_limit=10)
    longest = next(text for text in ("a" * n for n in range(40, 0, -1)) if len(vocabulary.hear(text)) <= 10)
    assert bot.hear(longest)
    with pytest.raises(PromptError, match="of at most 10"):
        bot.hear(longest + " a")


def test_a_limit_cuts_a_reply_and_says_so(listening):
    for strategy in ("greedy", "sample", "beam"):
        reply = listening.reply("hello you", Decoding(strategy=strategy, limit=1))
        assert reply.pieces == 1
        assert not reply.finished


# What was heeded


class Watched:
    """Attention that notes the weights that it is used with."""

    def __init__(self, attention, monkeypatch):
        self.seen = []
        plain = attention.weights
        monkeypatch.setattr(attention, "weights", lambda *asked: self.seen.append(plain(*asked)) or self.seen[-1])


DECODINGS = [Decoding(), Decoding(strategy="sample", seed=4, temperature=2.0), Decoding(limit=3)]


@pytest.mark.parametrize("decoding", DECODINGS, ids=["greedy", "sampled", "cut"])
@pytest.mark.parametrize("options", [{}, {"reverse_source": True, "bidirectional": False}, {"attention": "additive"}], ids=["plain", "reversed", "additive"])
@pytest.mark.parametrize("history", [(), (("I am sad", "I'm sorry."),)], ids=["alone", "history"])
def test_the_weights_are_those_that_the_decoder_used(vocabulary, listener, monkeypatch, decoding, options, history):
    network = listener(len(vocabulary), **options)
    bot = Bot(network, vocabulary, history=1, reply_limit=12)
    watched = Watched(network.attention, monkeypatch)
    reply = bot.reply("today's perfect weather makes me so sad", decoding, history)
    used = torch.cat([weights[0] for weights in watched.seen])[: len(reply.ids)]  # (T, S), the end-mark's left out
    if network.options.reverse_source:
        used = used.flip(1)
    found = attention(bot, "today's perfect weather makes me so sad", reply, history)
    assert torch.tensor(found.weights) == pytest.approx(used[:, -len(found.heard) :], abs=1e-5)
    assert [sum(row) + before for row, before in zip(found.weights, found.before, strict=True)] == pytest.approx([1.0] * len(reply.ids))
    assert (max(found.before) > 0.01) == bool(history)
    assert "".join(found.heard) == fold("today's perfect weather makes me so sad")
    assert "".join(found.said).replace("\u2028", "\n") == reply.text


@pytest.mark.parametrize("utterance", UTTERANCES)
def test_attention_by_word_loses_nothing(listening, utterance):
    found = attention(listening, utterance, listening.reply(utterance))
    assert list(found.heard_words) == cut(fold(utterance))
    for row, weights in zip(found.by_word, found.weights, strict=True):
        assert len(row) == len(found.heard_words)
        assert sum(row) == pytest.approx(sum(weights)) == pytest.approx(1.0, abs=1e-5)


def scored(bot, source, reply):
    """The log-probability of `reply` after `source`, decoded by itself, with that of its plan."""
    tokens, planned = torch.tensor([[BOS, *reply.ids]]), 0.0
    with torch.inference_mode():
        context = bot.network.encode(torch.tensor([source]))
        if reply.plan:
            planned = float(context.plan.logits[0].log_softmax(-1)[reply.plan.number])
            context = context.decided(context.plan.only(torch.tensor([reply.plan.number])))
        scores = bot.network.decode(tokens, context)[0][0].log_softmax(-1)
    return planned + sum(float(scores[place, number]) for place, number in enumerate([*reply.ids, *([EOS] if reply.finished else [])]))


@pytest.mark.parametrize("history", [(), (("hello", "Hello. How are you?"),)], ids=["alone", "history"])
@pytest.mark.parametrize(("decoding", "replies"), [*zip(DECODINGS, (3, 0, 3), strict=True)], ids=["greedy", "sampled", "cut"])
def test_the_influence_of_a_word_is_the_difference_of_two_scorings(vocabulary, listener, decoding, replies, history):
    bot = Bot(listener(len(vocabulary), attention="none", replies=replies), vocabulary, history=1, reply_limit=9)
    utterance = "it's me, Wren!"
    reply = bot.reply(utterance, decoding, history)
    found = influence(bot, utterance, reply, history)
    whole, pieces = bot.hear(utterance, history), len(vocabulary.hear(utterance))
    assert list(found.heard_words) == ["it's", "me,", "Wren!"]
    numbers = [step.word for step in race(Bot(TokenByTokenRNN(bot.network.options, len(vocabulary), hidden=4).eval(), vocabulary), utterance).steps][:pieces]
    for word, fall in enumerate(found.falls, 1):
        without = whole[: len(whole) - pieces] + [piece for piece, number in zip(whole[len(whole) - pieces :], numbers, strict=True) if number != word]
        assert fall == pytest.approx(scored(bot, whole, reply) - scored(bot, without, reply), abs=1e-4)
    assert reply.log_probability == pytest.approx(scored(bot, whole, reply), abs=1e-4)


def test_a_network_without_attention_shows_influence_instead(vocabulary, listener):
    for kind, record in (("none", Influence), ("general", Attention)):
        bot = Bot(listener(len(vocabulary), attention=kind), vocabulary, reply_limit=8)
        reply = bot.reply("hello")
        assert isinstance(heeded(bot, "hello", reply), record), "a single word can be left out too"
        for other in (replace(reply, ids=(*reply.ids, len(bot.vocabulary))), replace(reply, ids=reply.ids[:-1]), replace(reply, text="yes")):
            with pytest.raises(PromptError, match="another bot"):
                heeded(bot, "hello", other)


# Twins


@pytest.mark.parametrize(
    ("utterance", "ending", "changed"),
    [
        ("I am so sad", "happy", "I am so happy"),
        ("do you like it?", "tea", "do you like tea?"),
        ("do you like it ?!", "tea", "do you like tea ?!"),
        ("sad", "happy", "happy"),
        ("it is o'clock.", "\\1 late", "it is \\1 late."),
        ("우리 팀은 모르던데", "알던데", "우리 팀은 알던데"),
        ("今天天气好。", "坏", "今天天气坏。"),
        ("ok今", "明", "ok明"),
        ("か\u3099き\u3099", "く", "か\u3099く"),
        ("?!", "why", "?! why"),
        ("👋🏽", "ok", "👋🏽 ok"),
    ],
)
def test_a_twin_has_another_last_word(utterance, ending, changed):
    assert with_ending(utterance, ending) == changed


def test_the_same_word_is_no_twin():
    with pytest.raises(PromptError, match="“SAD” is the word that it ends in"):
        with_ending("I am so sad?", "SAD")


@given(st.text(), st.text(alphabet="abc", min_size=1))
def test_a_twin_begins_as_the_other_does_and_ends_in_the_new_word(utterance, ending):
    assume(not re.search(rf"{ending}\W*$", utterance, re.IGNORECASE))  # which is refused
    changed = with_ending(utterance, ending)
    before, _, after = changed.rpartition(ending)
    assert utterance.startswith(before.removesuffix(" "))
    assert utterance.endswith(after)


@pytest.mark.parametrize("wait", [1, 2, 4])
@pytest.mark.parametrize("decoding", DECODINGS[:2], ids=["greedy", "sampled"])
@pytest.mark.parametrize("endings", [("sad", "happy"), ("sad", "sad"), ("👋🏽", "👋🏿")], ids=str)
def test_what_is_said_before_the_difference_is_heard_cannot_differ(interrupting, wait, decoding, endings):
    bot = interrupting(wait)
    first, second = (race(bot, f"it rains so I am {ending}", decoding) for ending in endings)
    found = twins(bot, first, second)
    said = [[step.said for step in one.steps if step.said is not None] for one in (first, second)]
    assert said[0][: found.bound] == said[1][: found.bound]
    assert found.bound == min(max(0, found.heard_alike - wait + 1), *map(len, said))
    assert found.said_alike >= found.bound > 0
    assert found.heard_alike == shared(*(bot.hear(one.utterance) for one in (first, second)))


def test_who_plans_is_influenced_by_a_word_that_stands_alone(vocabulary, listener):
    bot = Bot(listener(len(vocabulary), replies=3), vocabulary, reply_limit=8)
    (fall,) = influence(bot, "hello", bot.reply("hello")).falls
    assert math.isfinite(fall), "left out, nothing is heard"
