"""Batches: every example once, within the budget, the target shifted in one place, little padding."""

import random
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chatbot import batches as batching
from chatbot.batches import BRIEF, OPENING, Blend, Examples, Ragged, pad, source_ids
from chatbot.corpus.pairs import Pair
from chatbot.options import SAID
from chatbot.vocabulary import BOS, EOS, PAD, SEP

WORDS = ["a", "I", "am", "sad", "happy", "today", "hello", "what", "is", "your", "name", "the", "weather", "rains", "here", "tea", "night", "good", "you"]


def corpus(count, seed=0, longest=12):
    rng = random.Random(seed)

    def text():
        return " ".join(rng.choices(WORDS, k=min(longest, 1 + int(rng.expovariate(0.25)))))

    return [Pair(text(), text()) for _ in range(count)]


@pytest.fixture(scope="module")
def examples(vocabulary):
    return Examples(corpus(300), vocabulary)


@given(st.integers(1, 600), st.one_of(st.none(), st.integers(0, 99)))
def test_every_example_comes_once_and_the_budget_is_kept(examples, budget, seed):
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    batches = list(examples.batches(budget, generator))
    assert sorted(number for batch in batches for number in batch.rows.tolist()) == list(range(300))
    assert all(batch.padded <= budget or len(batch.rows) == 1 for batch in batches)


@given(st.integers(20, 600), st.integers(0, 99))
def test_where_a_reply_is_chosen_each_utterance_is_heard_once_and_often_if_it_is_said_in_few_pieces(vocabulary, budget, seed):
    examples = Examples(corpus(60), vocabulary)
    examples.chosen = True
    chunks = list(examples.chunks(budget, torch.Generator().manual_seed(seed)))
    heard = Counter(tuple(one) for one in examples.source.rows(torch.cat(chunks).tolist()))
    assert min(map(len, heard)) < 3 < max(map(len, heard))
    assert heard == {tuple(one): max(1, BRIEF // len(one) ** 2) for one in examples.source.rows()}
    assert len(chunks) == pytest.approx(examples.count(budget), rel=0.3, abs=2), "the replies, and so their lengths, are drawn anew"


def test_the_reply_to_an_utterance_is_drawn_anew_each_time(vocabulary):
    examples = Examples([Pair("what is your name", reply) for reply in "abcd"] + [Pair("who are you", "e")] * 3, vocabulary)
    examples.chosen = True
    generator = torch.Generator().manual_seed(1)
    drawn = Counter(torch.cat([torch.cat(list(examples.chunks(9, generator))) for _ in range(200)]).tolist())
    assert sum(drawn[row] for row in range(4)) == sum(drawn[row] for row in range(4, 7)) == 200
    assert all(30 < drawn[row] < 70 for row in range(4))
    assert torch.cat(list(examples.chunks(9))).tolist() == torch.cat(list(examples.chunks(9))).tolist()


def test_what_others_reply_to_the_same_does_not_fit_among_one_s_own(vocabulary):
    own, others = [Pair("who are you", "the shop")], [Pair("who are you", reply) for reply in ("Wren", "a bot")] * 2
    examples = Examples([*own, *own, *others], vocabulary)
    examples.blend = Blend(2, 1, 4)
    assert sorted(examples.fitting(torch.tensor([0]))[0].tolist()) == [0, 0, 0, 1]
    assert sorted(examples.fitting(torch.tensor([2]))[0].tolist())[:2] == [0, 0]


@pytest.mark.parametrize("rows", [[], [[5]], [[5, 6], [6, 5], [], [5, 6], [5], [5, 6, 0]]])
def test_rows_have_one_key_when_they_are_the_same(rows):
    keys = Ragged(rows).keys().tolist()
    assert [[keys[one] == keys[other] for one in range(len(rows))] for other in range(len(rows))] == [
        [rows[one] == rows[other] or {*map(tuple, (rows[one], rows[other]))} == {(5, 6), (5, 6, 0)} for one in range(len(rows))] for other in range(len(rows))
    ], "padding at the end apart"


def test_an_utterance_of_which_no_piece_is_left_is_heard_like_one_of_one_piece():
    examples = Examples.of(Ragged([[], [7], [7, 8, 9, 10, 11]]), Ragged([[BOS, 9, EOS]] * 3))
    examples.chosen = True
    assert Counter(torch.cat(list(examples.chunks(100))).tolist()) == {0: BRIEF, 1: BRIEF, 2: 1}


def test_a_batch_holds_what_the_pairs_say(examples, vocabulary):
    pairs = corpus(300)
    for batch in examples.batches(400):
        for row, number in enumerate(batch.rows.tolist()):
            source, target = vocabulary.hear(pairs[number].utterance), vocabulary.encode(pairs[number].reply)
            assert [piece for piece in batch.source[row].tolist() if piece != PAD] == source
            assert batch.source[row, : len(source)].tolist() == source, "padding stands on the right"
            assert batch.targets[row, : len(target) + 1].tolist() == [*target, EOS]
            assert not batch.targets[row, len(target) + 1 :].any()


def test_the_target_is_shifted_by_one(examples):
    for batch in examples.batches(400):
        assert batch.tokens.shape == batch.targets.shape
        assert (batch.tokens[:, 0] == BOS).all()
        assert torch.equal(batch.tokens[:, 1:], batch.targets[:, :-1])
        assert ((batch.targets == EOS).sum(1) == 1).all()


def test_real_and_padded_pieces_are_counted(examples, vocabulary):
    real = sum(len(vocabulary.hear(pair.utterance)) + len(vocabulary.encode(pair.reply)) + 1 for pair in corpus(300))
    batches = list(examples.batches(400))
    assert sum(batch.real for batch in batches) == real
    for batch in batches:
        assert batch.real == int((batch.source != PAD).sum() + (batch.targets != PAD).sum())
        assert batch.pieces == int((batch.targets != PAD).sum())
        assert examples.sizes(batch.rows) == (batch.pieces, batch.real, batch.padded)
        assert batch.padded == batch.source.numel() + batch.targets.numel() >= batch.real


def test_of_the_rows_that_are_not_answered_to_the_end_the_opening_is_apart_and_not_counted(examples):
    for aloud in (1, 2, 3):
        for whole in examples.batches(400):
            batch = examples.batch(whole.rows, aloud)
            assert torch.equal(batch.source, whole.source)
            assert torch.equal(batch.rows, whole.rows)
            said = whole.targets[:aloud, : batch.targets.shape[1]]
            assert torch.equal(batch.targets, said)
            assert not whole.targets[:aloud, batch.targets.shape[1] :].any()
            assert torch.equal(batch.tokens, whole.tokens[:aloud, : batch.tokens.shape[1]])
            assert (batch.pieces, batch.real - batch.pieces) == (int((batch.targets != PAD).sum()), whole.real - whole.pieces)
            assert examples.sizes(batch.rows, aloud) == (batch.pieces, batch.real, batch.padded)
            for opening in (1, OPENING, None):
                others = examples.batch(whole.rows, aloud, opening).openings
                assert (others is None) == (aloud >= len(whole.rows))
                if others:
                    assert torch.equal(others.source, whole.source[aloud:])
                    shorn = whole.targets[aloud:, :opening]
                    assert torch.equal(others.targets, shorn[:, : others.targets.shape[1]])
                    assert not shorn[:, others.targets.shape[1] :].any()


def test_where_replies_do_not_repeat_all_rows_are_answered_aloud(vocabulary):
    examples = Examples([Pair(f"utterance {number}", f"reply {number}") for number in range(40)], vocabulary)
    rows = torch.arange(40)
    assert examples.aloud(rows, 1) == (rows, 40)


@pytest.mark.parametrize("blend", [None, Blend(300, 3, 200)])
def test_a_reply_that_is_given_oftener_is_said_to_the_end_oftener_by_the_root_of_that(vocabulary, blend):
    replies = ["often"] * 600 + [f"now and then {number % 20}" for number in range(400)] + [f"once {number}" for number in range(100)]
    examples = Examples([Pair(f"utterance {number}", reply) for number, reply in enumerate(replies)], vocabulary)
    examples.blend, examples.chosen = blend, not blend
    said, heard = Counter(), Counter()
    for epoch in range(30):
        for place, rows in enumerate(examples.chunks(4000, torch.Generator().manual_seed(epoch))):
            ordered, aloud = examples.aloud(rows, 1000 * epoch + place)
            assert sorted(ordered.tolist()) == sorted(rows.tolist())
            assert 1 <= aloud <= len(rows)
            said.update(replies[row].split(" ")[0] for row in ordered[:aloud].tolist())
            heard.update(replies[row].split(" ")[0] for row in rows.tolist())
    often, now = heard["often"] / 30, heard["now"] / 30 / 20
    assert said["often"] / 30 == pytest.approx((SAID * often) ** 0.5, rel=0.1)
    assert said["now"] / 30 / 20 == pytest.approx((SAID * now) ** 0.5 if now > SAID else now, rel=0.1)
    assert said["once"] == heard["once"]


def test_a_batch_answers_one_row_at_least(vocabulary):
    examples = Examples([Pair(f"utterance {number}", "always the same") for number in range(4000)], vocabulary)
    examples.chosen = True
    assert {examples.aloud(torch.tensor([7]), seed)[1] for seed in range(50)} == {1}


def test_which_rows_are_answered_aloud_is_a_function_of_the_seed(vocabulary):
    examples = Examples([Pair(f"utterance {number}", f"reply {number % 3}") for number in range(400)], vocabulary)
    examples.chosen, rows = True, torch.arange(100)

    def order(seed):
        ordered, aloud = examples.aloud(rows, seed)
        return ordered[:aloud].tolist()

    assert order(1) == order(1) != order(2)


def test_the_order_is_a_function_of_the_generator(examples):
    def order(seed=None):
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        return [batch.rows.tolist() for batch in examples.batches(400, generator)]

    assert order() == order()
    assert order(1) == order(1) != order(2)
    assert order(1) != order()


@pytest.mark.parametrize("pool", [1, 64, 150, 299, 300])
@pytest.mark.parametrize("seed", [None, 5])
def test_an_epoch_of_several_pools_has_every_example_once_in_an_order_of_its_own(examples, monkeypatch, pool, seed):
    monkeypatch.setattr(batching, "POOL", pool)

    def order():
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        chunks = examples.chunks(400, generator)
        first = next(chunks)
        between = torch.rand(3, generator=generator).tolist()  # the learner draws from it too: that changes no later pool
        return [rows.tolist() for rows in (first, *chunks)], between

    rows, drawn = order()
    assert sorted(number for chunk in rows for number in chunk) == list(range(300))
    assert seed is None or (rows, drawn) == order()
    if seed is None:
        assert all(len({number // pool for number in chunk}) == 1 for chunk in rows), "no batch is of two pools"
    assert [batch.rows.tolist() for batch in examples.batches(400, None if seed is None else torch.Generator().manual_seed(seed))] == rows


def test_the_number_of_batches_is_known_exactly_for_one_pool_and_about_for_several(examples, monkeypatch):
    exact = len(list(examples.chunks(400, torch.Generator().manual_seed(5))))
    assert examples.count(400) == exact
    monkeypatch.setattr(batching, "POOL", 100)
    assert examples.count(400) == pytest.approx(len(list(examples.chunks(400, torch.Generator().manual_seed(5)))), rel=0.15)


@pytest.mark.parametrize("kind", [torch.int16, torch.int32])
def test_ids_of_a_smaller_type_make_the_same_batches(examples, kind):
    def narrow(ragged):
        return Ragged.of(ragged.flat.to(kind), torch.cat([ragged.starts, ragged.starts[-1:] + ragged.lengths[-1:]]))

    smaller = Examples.of(narrow(examples.source), narrow(examples.target))
    for one, other in zip(examples.batches(400), smaller.batches(400), strict=True):
        for name in ("source", "tokens", "targets", "rows"):
            assert torch.equal(getattr(one, name), getattr(other, name))
            assert getattr(other, name).dtype == torch.int64
        assert (one.real, one.pieces) == (other.real, other.pieces)


@pytest.mark.parametrize("seed", [None, 1])
def test_little_of_a_batch_is_padding(make_vocabulary, seed):
    rng = random.Random(5)
    pairs = [Pair(*(" ".join(rng.choices(WORDS, k=rng.randint(3, 12))) for _ in range(2))) for _ in range(3000)]
    examples = Examples(pairs, make_vocabulary(pairs=[(pair.utterance, pair.reply) for pair in pairs]))
    batches = list(examples.batches(2048, None if seed is None else torch.Generator().manual_seed(seed)))
    assert sum(batch.real for batch in batches) / sum(batch.padded for batch in batches) >= 0.85


def test_history_stands_before_the_utterance_each_side_closed_by_sep(vocabulary):
    hear = vocabulary.hear
    ids = source_ids(vocabulary, "good night", [("hello", "Hello."), ("I am sad", "I'm sorry.")])
    assert ids == [*hear("hello"), SEP, *hear("Hello."), SEP, *hear("I am sad"), SEP, *hear("I'm sorry."), SEP, *hear("good night")]
    pair = Pair("good night", "Yes.", history=(("hello", "Hello."),))
    (batch,) = Examples([pair], vocabulary).batches(999)
    assert batch.source[0].tolist() == source_ids(vocabulary, "good night", pair.history)


def test_rows_are_padded_on_the_right():
    assert pad([[5, 6, 7], [8], [9, 5]]).tolist() == [[5, 6, 7], [8, PAD, PAD], [9, 5, PAD]]
    assert Ragged([[5], [6, 7, 8], []]).padded(torch.tensor([2, 0])).tolist() == [[PAD], [5]]
