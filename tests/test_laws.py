"""Laws 4 to 7: what is typed comes back as typed; perplexity by hand; a stream adds up; a split without leaks. (Law 3: test_bundle, test_training.)"""

import math
import random
import unicodedata

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from chatbot.batches import Examples, source_ids
from chatbot.bot import Bot
from chatbot.corpus.folding import fold, key
from chatbot.corpus.pairs import Group, Pair
from chatbot.corpus.split import FEWEST_HELD_OUT, FEWEST_UTTERANCES, split_pairs
from chatbot.errors import ChatbotError, CorpusError
from chatbot.evaluation.metrics import perplexity
from chatbot.options import TrainingOptions
from chatbot.safe_text import LIMIT, MARKS_PER_BASE, safe_line, safe_text
from chatbot.training.loop import train
from chatbot.training.loss import perplexity_of
from chatbot.vocabulary import BOS, EOS, PAD, SEP, SPECIAL, UNK

NAMES = ["<pad>", "<s>", "</s>", "<unk>", "<sep>", "<0x41>", "<0xE2>", "▁", "\u2581hello", "⁇", " ⁇ "]
odd = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(["\0", "\r\n", "\u2028", "\xa0", "\u3000", "\x1b[2J", "\ufeff", "e\u0301", "\u202e", "\U0001f9d1\u200d\U0001f680"]),
    st.text(max_size=6),
)
typed = st.one_of(st.text(max_size=40), st.lists(odd, max_size=6).map("".join))


# Law 4


@pytest.fixture(scope="module", params=["unigram", "bpe"])
def any_vocabulary(request, make_vocabulary):
    return make_vocabulary(request.param)


def test_what_is_typed_comes_back_as_typed_up_to_folding(any_vocabulary):
    @given(typed)
    def holds(text):
        ids = any_vocabulary.encode(text)
        assert any_vocabulary.decode(ids) == fold(text)
        assert not set(ids) & set(SPECIAL)
        assert all(0 <= number < len(any_vocabulary) for number in ids)

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_special_names_that_are_typed_are_text(any_vocabulary, name):
    for text in (name, f"hello {name}", f"{name}{name} I am sad"):
        assert not set(any_vocabulary.hear(text)) & set(SPECIAL)
        assert any_vocabulary.decode(any_vocabulary.hear(text)) == fold(text)
    heard = source_ids(any_vocabulary, name, [(name, name)])
    assert heard.count(SEP) == 2
    assert not set(heard) & {PAD, BOS, EOS, UNK}


def test_lower_case_concerns_what_is_heard_and_not_what_is_said(make_vocabulary, small_talk):
    for kind in ("unigram", "bpe", "char"):
        vocabulary = make_vocabulary(kind, lowercase=True)
        for utterance, reply in small_talk:
            assert vocabulary.decode(vocabulary.hear(utterance.upper())) == fold(utterance.lower())
            assert vocabulary.decode(vocabulary.encode(reply)) == reply


@given(typed)
@example("a\xa0\u2028b")
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
    assert key(key(text)) == key(fold(text)) == key(text)


@given(typed)
def test_folded_text_is_nfc_without_runs_of_blanks_or_line_breaks_of_other_kinds(text):
    folded = fold(text)
    assert unicodedata.is_normalized("NFC", folded)
    assert folded == folded.strip()
    assert not any(character.isspace() and character not in " \u2028" for character in folded)
    assert "  " not in folded


shown = st.one_of(typed, st.text(st.characters(categories=["Cc", "Cs", "Cf", "Mn", "Me", "Zl", "Zp", "Ll"]), max_size=60))


def _may_be_shown(character):
    reorders = character in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return character in "\t\n" or not (reorders or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"))


@given(shown)
def test_no_control_character_reaches_a_terminal(text):
    safe = safe_text(text)
    assert all(map(_may_be_shown, safe))
    safe.encode()
    marks = longest = 0
    for character in safe:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        longest = max(longest, marks)
    assert longest <= MARKS_PER_BASE
    assert not {"\n", "\t"} & set(safe_line(text))


@given(shown, st.integers(1, 30))
def test_making_safe_twice_is_making_safe_once(text, limit):
    assert safe_text(safe_text(text)) == safe_text(text)
    assert safe_line(safe_line(text)) == safe_line(text)
    short = safe_text(text, limit=limit)
    assert len(short) <= limit
    assert safe_text(short, limit=limit) == short


def test_every_control_character_has_a_stand_in_and_plain_text_stays():
    for code in [*range(0x20), *range(0x7F, 0xA0), 0xD800, 0xDFFF]:
        safe = safe_text(f"a{chr(code)}b")
        assert all(map(_may_be_shown, safe))
        assert len(safe) == 3
    assert safe_text("Plain text,\n\twith “marks” – été 日本 👋🏽") == "Plain text,\n\twith “marks” – été 日本 👋🏽"
    assert safe_text("x" * (LIMIT + 5)) == "x" * (LIMIT - 1) + "…"
    assert "\x1b" not in str(ChatbotError("\x1b[2J", place="\x9b", remedy="\u202e\n"))
    assert "\n" not in str(ChatbotError("a\nb", place="c\nd", remedy="e\nf"))


# Law 5

THREE = [Pair("hello", "Hello. How are you?"), Pair("what is your name", "My name is Wren."), Pair("good night", "Été, 日本 …")]


def nats_by_hand(bot, pairs):
    """The sum over all pieces, each asked for alone."""
    total = 0.0
    for pair in pairs:
        context = bot.network.encode(torch.tensor([source_ids(bot.vocabulary, pair.utterance, pair.history)]))
        before = BOS
        for piece in [*bot.vocabulary.encode(pair.reply), EOS]:
            logits, context = bot.network.decode(torch.tensor([[before]]), context)
            total -= float(logits[0, 0].double().log_softmax(-1)[piece])
            before = piece
    return total


@pytest.mark.parametrize("wait", [None, 1, 4])
@torch.inference_mode()
def test_perplexity_is_what_it_is_by_hand(vocabulary, listener, interrupter, wait):
    bot = Bot(interrupter(len(vocabulary), wait=wait) if wait else listener(len(vocabulary)), vocabulary)
    nats = nats_by_hand(bot, THREE)
    pieces = sum(len(vocabulary.encode(pair.reply)) + 1 for pair in THREE)
    words = (4 + 1) + (4 + 1) + (3 + 1)
    size = (19 + 1) + (16 + 1) + (17 + 1)
    found = perplexity(bot, THREE)
    assert math.log(found.per_piece) == pytest.approx(nats / pieces, rel=1e-5)
    assert math.log(found.per_word) == pytest.approx(nats / words, rel=1e-5)
    assert found.bits_per_byte == pytest.approx(nats / math.log(2) / size, rel=1e-5)


def test_label_smoothing_and_dropout_do_not_enter_a_validation(vocabulary, listener):
    examples = Examples(THREE, vocabulary)
    options = TrainingOptions(epochs=1, label_smoothing=0.5, learning_rate=1e-9)
    *_, last = train({"listener": listener(len(vocabulary), dropout=0.5)}, examples, examples, options)
    bot = Bot(last.networks["listener"].eval(), vocabulary)
    with torch.inference_mode():
        by_hand = nats_by_hand(bot, THREE) / sum(len(vocabulary.encode(pair.reply)) + 1 for pair in THREE)
    assert math.log(last.validations["listener"].perplexity) == pytest.approx(by_hand, rel=1e-4)
    assert perplexity_of(bot.network, examples) == pytest.approx(perplexity(bot, THREE).per_piece, rel=1e-4)


def test_a_network_that_gives_no_numbers_has_no_perplexity_that_another_could_not_beat(vocabulary, listener):
    broken = listener(len(vocabulary))
    torch.nn.init.constant_(broken.speak.logits.bias, math.nan)
    assert perplexity_of(broken, Examples([Pair("hello", "hi")], vocabulary)) == math.inf


def test_perplexity_a_word_is_a_number_where_words_are_endless(vocabulary, listener):
    found = perplexity(Bot(listener(len(vocabulary)), vocabulary), [Pair("hello", "ж" * 150)])
    assert found.per_word > found.per_piece


# Law 6


def as_whole(vocabulary, ids):
    """What `ids` say, decoded in one go."""
    said = b"".join(vocabulary._as_bytes(number) for number in ids)
    return said.decode("utf-8", "replace").removeprefix(" ")


def test_a_streamed_reply_adds_up_to_the_whole_however_broken_its_bytes(vocabulary):
    bytes_ = [number for number in range(len(vocabulary)) if vocabulary._pieces.is_byte(number)]

    @given(st.lists(st.one_of(st.integers(0, len(vocabulary) - 1), st.sampled_from(bytes_)), max_size=30))
    def holds(ids):
        chunks = list(vocabulary.stream(ids))
        assert "".join(chunks) == as_whole(vocabulary, ids) == vocabulary.decode(ids)
        assert len(chunks) in (len(ids), len(ids) + 1)

    holds()


def test_every_beginning_of_a_stream_is_made_of_complete_characters(vocabulary):
    @given(typed)
    def holds(text):
        whole, printed = fold(text), ""
        for chunk in vocabulary.stream(vocabulary.encode(text)):
            printed += chunk
            assert whole.startswith(printed)
        assert printed == whole

    holds()


def test_a_byte_sequence_may_stay_open_and_is_then_replaced_at_the_end(vocabulary):
    half = vocabulary.encode("日")[:-1]
    assert "".join(list(vocabulary.stream(half))[: len(half)]) == ""
    assert vocabulary.decode(half) == "\ufffd"


def test_pieces_decoded_one_by_one_would_lose_the_blanks(vocabulary, small_talk):
    for _, reply in small_talk:
        ids = vocabulary.encode(reply)
        assert "".join(vocabulary.stream(ids)) == reply
        assert "".join(vocabulary.decode([number]) for number in ids) == reply.replace(" ", "")


# Law 7


def corpus(seed, utterances, replies, pairs):
    """A random corpus: utterances in several cases, some replies rare, some utterances in late-cue pairs."""
    rng = random.Random(seed)
    said = [f"Reply {number}" for number in range(replies)]
    found = []
    for number in range(utterances):
        for _ in range(rng.randint(1, 3)):
            text = rng.choice([f"utterance {number}", f"Utterance  {number}", f"UTTERANCE {number}"])
            found.append(Pair(text, rng.choice(said), group=Group("plain")))
    for number in range(pairs):
        filler = rng.randrange(1 + pairs // 2)
        for label in ("happy", "sad"):
            group = Group("late", f"late/{filler}/{number}.1", label)
            found.append(Pair(f"the {filler} day of {number} is {label}", rng.choice([*said, f"rare {number} {label}"]), group=group))
    rng.shuffle(found)
    return found


corpora = st.builds(corpus, st.integers(0, 10_000), st.integers(FEWEST_UTTERANCES, 500), st.integers(1, 300), st.integers(0, 120))


def check_split(pairs):
    parts = split_pairs(pairs)
    named = {"train": parts.train, "valid": parts.valid, "test": parts.test}
    assert sorted(map(id, pairs)) == sorted(id(pair) for part in named.values() for pair in part), "every pair is in one part"
    assert {key(pair.reply) for pair in pairs} == {key(pair.reply) for pair in parts.train}
    where, sides = {}, {}
    for name, part in named.items():
        for pair in part:
            assert where.setdefault(key(pair.utterance), name) == name, f"{pair.utterance} is in two parts"
            if pair.group and pair.group.pair:
                assert sides.setdefault(pair.group.pair, name) == name, f"{pair.group.pair} is torn apart"
    return parts


@given(corpora)
def test_a_split_has_every_reply_in_training_and_no_utterance_or_late_pair_in_two_parts(pairs):
    parts = check_split(pairs)
    assert split_pairs(list(pairs)) == parts
    held_out = {key(pair.utterance) for pair in [*parts.valid, *parts.test]}
    assert not held_out or len(held_out) >= FEWEST_HELD_OUT


def test_a_corpus_of_some_size_is_split_about_ninety_five_five():
    parts = check_split(corpus(1, 2000, 20, 0))
    assert 0.03 < len(parts.valid) / 4000 < 0.07
    assert 0.03 < len(parts.test) / 4000 < 0.07


def test_the_order_of_a_corpus_does_not_move_an_utterance_with_common_replies():
    pairs = corpus(2, 600, 3, 0)
    one, other = split_pairs(pairs), split_pairs(pairs[::-1])
    assert {key(pair.utterance) for pair in one.test} == {key(pair.utterance) for pair in other.test}


def test_an_utterance_of_two_late_pairs_keeps_all_their_members_together():
    pairs = corpus(3, 400, 5, 0)
    for number in range(60):
        for topic in "ab":
            for label in ("happy", "sad"):
                text = f"all {number} of it is happy" if label == "happy" else f"all {number} of it is {label} {topic}"
                pairs.append(Pair(text, "Reply 1", group=Group(topic, f"{topic}/{number}/1.1", label)))
    check_split(pairs)


def test_too_small_a_corpus_is_not_held_out_from_and_a_tiny_one_refused():
    pairs = corpus(4, 60, 5, 0)
    parts = split_pairs(pairs)
    assert (parts.train, parts.valid, parts.test) == (pairs, [], [])
    few = [Pair(text, "Yes.", "a.tsv:1") for text in ("one", "two", "ONE ", "Two") * 9]
    with pytest.raises(CorpusError, match=r"^a.tsv: 2 distinct utterances"):
        split_pairs(few)
    with pytest.raises(CorpusError):
        split_pairs([])
    assert split_pairs([Pair(f"u {number}", "Yes.") for number in range(FEWEST_UTTERANCES)]).train
