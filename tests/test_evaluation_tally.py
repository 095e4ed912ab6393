"""Figures as sums: those of all utterances are sacreBLEU's own, intervals are those of draws, and a pair of bots is compared on the same ones."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sacrebleu.metrics import BLEU, CHRF

from chatbot.corpus.pairs import Pair
from chatbot.evaluation.metrics import judged
from chatbot.evaluation.tally import TIMES, Difference, Figures, Tally, differences, drawn, figures
from chatbot.records import Reply

WORDS = some.lists(some.sampled_from(["a", "bird", "of", "the", "hill", "새가", "운다", "!", "."]), min_size=1, max_size=8).map(" ".join)


def tally(said, losses=None, pairs=()):
    """The tally of (utterance, reply, allowed replies)."""
    asked = [Pair(utterance, "") for utterance, _, _ in said]
    allowed = {pair.name: tuple(those) for pair, (_, _, those) in zip(asked, said, strict=True)}
    return Tally.of(judged(asked, [Reply(reply, 0.0, 1, 0.0) for _, reply, _ in said], allowed), allowed, pairs, losses)


@given(some.lists(some.tuples(WORDS, some.lists(WORDS, min_size=1, max_size=3)), min_size=1, max_size=12), some.data())
def test_the_figures_of_any_draw_are_those_of_scoring_it(said, data):
    whole = tally([(str(number), *both) for number, both in enumerate(said)])
    chosen = data.draw(some.lists(some.integers(0, len(said) - 1), min_size=1, max_size=20))
    found = figures(whole.rows[chosen].sum(0))
    replies, references = zip(*(said[place] for place in chosen), strict=True)
    streams = [[those[min(place, len(those) - 1)] for those in references] for place in range(3)]  # a reference said twice changes nothing
    assert found.bleu == pytest.approx(BLEU().corpus_score(replies, streams).score)
    assert found.chrf == pytest.approx(CHRF().corpus_score(replies, streams).score)


def test_a_reply_that_comes_again_keeps_its_place():
    rows = tally([("1", "a bird", ["a bird"]), ("2", "the hill", ["a hill"]), ("3", "a bird", ["a bird"])]).rows
    alone = tally([("2", "the hill", ["a hill"])]).rows
    assert rows[0].tolist() == rows[2].tolist() != rows[1].tolist()
    assert rows[1].tolist() == alone[0].tolist()


def test_perplexities_are_summed_then_divided():
    pairs = [Pair("1", "x"), Pair("2", "y"), Pair("2", "z")]
    losses = np.array([[2.0, 1, 2, 3], [4.0, 3, 2, 5], [6.0, 4, 1, 2]])
    found = tally([("1", "x", ["x"]), ("2", "q", ["y", "z"])], losses, pairs).figures
    assert found[3:] == pytest.approx((math.exp(12 / 8), math.exp(12 / 5), 12 / math.log(2) / 10))


def test_who_gives_no_probabilities_has_no_perplexity_and_no_interval_of_it():
    found = tally([("1", "x", ["x"]), ("2", "q", ["y"])])
    assert all(math.isnan(value) for value in found.figures[3:])
    assert set(found.intervals()) == {"right", "bleu", "chrf"}


def test_histories_of_one_utterance_are_drawn_together():
    rows = tally([("hello", "x", ["x"]), ("hello", "q", ["x"]), ("bye", "x", ["x"])]).rows
    assert rows[:, :2].tolist() == [[2, 1], [1, 1]]


@pytest.mark.parametrize(("right", "of"), [(50, 100), (20, 200), (380, 400)])
def test_an_interval_is_as_wide_as_theory_says(right, of):
    found = tally([(str(number), "x" if number < right else "q", ["x"]) for number in range(of)])
    low, high = found.intervals()["right"]
    share = right / of
    half = 1.96 * math.sqrt(share * (1 - share) / of)
    assert (low, high) == pytest.approx((share - half, share + half), abs=0.25 * half)


def test_equal_rows_give_equal_intervals_each_time():
    rows = np.random.default_rng(1).random((30, 34))
    assert [sums.tolist() for sums in drawn(rows)] == [sums.tolist() for sums in drawn(rows)]
    assert len(list(drawn(rows))) == TIMES


def test_a_draw_has_as_many_rows_and_each_as_often_on_average():
    rows = np.eye(5)
    draws = np.array(list(drawn(rows)))
    assert (draws.sum(1) == 5).all()
    assert draws.mean(0) == pytest.approx(np.ones(5), abs=0.15)


def bots(wins, losses, both, neither):
    """Two tallies: utterances that only the first has right, only the second, both, neither."""
    marks = [(True, False)] * wins + [(False, True)] * losses + [(True, True)] * both + [(False, False)] * neither
    return [tally([(str(number), "x" if mark[bot] else "q", ["x"]) for number, mark in enumerate(marks)]) for bot in (0, 1)]


def test_a_bot_does_not_differ_from_itself():
    one, _ = bots(30, 0, 40, 30)
    for name, found in differences(one, one).items():
        assert name in Figures._fields
        if not math.isnan(found.value):
            assert found == Difference(0, 0, 0, 1)


def test_what_chance_explains_has_a_large_p_and_what_it_does_not_a_small_one():
    chance, real = differences(*bots(12, 9, 40, 40))["right"], differences(*bots(35, 5, 30, 30))["right"]
    assert chance.value == pytest.approx(3 / 101)
    assert chance.low < 0 < chance.high
    assert chance.p > 0.3
    assert real.value == pytest.approx(0.3)
    assert 0 < real.low < real.high
    assert real.p < 0.01


def test_a_comparison_in_pairs_is_sharper_than_two_intervals():
    first, second = bots(10, 0, 45, 45)
    found = differences(first, second)["right"]
    assert first.intervals()["right"][0] < second.intervals()["right"][1], "the two overlap"
    assert found.low > 0
    mirrored = differences(second, first)["right"]
    assert (mirrored.value, mirrored.low, mirrored.high) == pytest.approx((-found.value, -found.high, -found.low))
