"""The race and the ladder: steps that join to what was heard and said, waits, words, and a last rung that is the reply."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.bot import Bot
from chatbot.corpus.folding import fold
from chatbot.errors import PromptError
from chatbot.listening import ladder, race, shared, words
from chatbot.records import Decoding, Race, Reply, Step

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
    together = [reply.text for reply in bot.replies(["hello"] * 3, None, histories)]
    assert together == [bot.reply("hello", None, history).text for history in histories]
    assert len(set(together)) > 1


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
