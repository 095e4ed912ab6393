"""Which replies repeat, and which of them fit what was said."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chatbot import repeating as repeats
from chatbot.repeating import UNREPEATED, Fitting, Repeating, Utterances


def keys(texts):
    texts = list(texts)
    return torch.tensor([texts.index(text) for text in texts])


def fitting(pairs):
    """Of (utterance, reply) pairs."""
    return Fitting(Repeating.of(keys(reply for _, reply in pairs)), Utterances.of(keys(utterance for utterance, _ in pairs)))


def test_replies_that_repeat_are_numbered_and_counted(monkeypatch):
    replies = ["hello", "good night", "hello", "bye", "hello", "good night"]

    def repeating() -> Repeating:
        return Repeating.of(keys(replies))

    assert repeating().numbers.tolist() == [0, 1, 0, UNREPEATED, 0, 1]
    assert (repeating().distinct, repeating().share, repeating().choices) == (2, 1 - 3 / 6, 2)
    replies.append("a third that nobody else has")
    assert repeating().choices == 0
    del replies[-1]
    monkeypatch.setattr(repeats, "MOST_REPEATING", 1)
    assert repeating().numbers.tolist() == [0, UNREPEATED, 0, UNREPEATED, 0, UNREPEATED]
    monkeypatch.setattr(repeats, "COUNTED", 4)
    assert repeating().numbers.tolist() == [0, UNREPEATED, 0, UNREPEATED, 0, UNREPEATED], "what repeats among the first is known among all"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_what_hears_the_same_stands_together(heard):
    order, starts, numbers = Utterances.of(torch.tensor(heard))
    groups = [sorted(order[start:end].tolist()) for start, end in pairwise(starts)]
    assert sorted(groups) == sorted([row for row, one in enumerate(heard) if one == some] for some in set(heard))
    assert all(int(numbers[row]) == number for number, group in enumerate(groups) for row in group)


def test_a_reply_fits_as_far_as_a_walk_leads_to_it(monkeypatch):
    monkeypatch.setattr(repeats, "STEPS", 1)
    pairs = [("hi", "A"), ("hi", "B"), ("hello", "B"), ("hello", "C"), ("bye", "D"), ("so long", "D"), ("what", "C"), ("eh", "A")]
    fits = fitting(pairs)
    number = {reply: int(fits.repeating.numbers[row]) for row, (_, reply) in enumerate(pairs)}
    hi = fits(torch.tensor([0]))[0]
    # From A: alone, "hi" and "eh" lead to it by 1 + 1/4 + 1, to B by 1/4. From B, which has both: to it by 1 + 1/4 + 1/4, to A and C by 1/4 each.
    assert hi[number["A"]] == pytest.approx((2.25 / 2.5 + 0.25 / 2) / 2)
    assert hi[number["B"]] == pytest.approx((0.25 / 2.5 + 1.5 / 2) / 2)
    assert hi[number["C"]] == pytest.approx(0.25 / 2 / 2)
    assert hi[number["D"]] == 0 == hi[-1]
    assert torch.equal(fits(torch.tensor([1]))[0], hi), "it is of the utterance, whichever of its replies the row has"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), min_size=1, max_size=40))
def test_all_that_fits_comes_to_one_and_nothing_leads_on_from_what_does_not_repeat(pairs):
    fits = fitting(pairs)
    rows = torch.arange(len(pairs))
    torch.testing.assert_close(fits(rows).sum(1), torch.ones(len(pairs)))
    for row, (utterance, _) in enumerate(pairs):
        own = {int(fits.repeating.planned(torch.tensor([other]))) for other, (heard, _) in enumerate(pairs) if heard == utterance}
        assert all(fits(rows[row : row + 1])[0, number] > 0 for number in own)
        if own == {fits.repeating.distinct}:
            assert fits(rows[row : row + 1])[0, -1] == 1


def test_how_often_a_reply_is_given_counts_and_not_where_it_stands():
    fits = fitting([("hi", "A")] * 100 + [("hi", "B")] * 100 + [("hi", "C")] * 200)
    torch.testing.assert_close(fits(torch.tensor([0])), fits(torch.tensor([399])))
    often, once, again, none = fits(torch.tensor([0]))[0].tolist()
    assert often > once > none == 0
    assert once == pytest.approx(again)


def test_an_utterance_with_very_many_replies_leads_nowhere(monkeypatch):
    pairs = [("yes", str(number // 2)) for number in range(80)] + [("no", "0"), ("no", "1")]
    fits = fitting(pairs)
    assert fits(torch.tensor([0]))[0, :-1].max() < 0.2, "it has all of them"
    monkeypatch.setattr(repeats, "MOST_FITTING", 10)
    fits = fitting(pairs)
    no = fits(torch.tensor([len(pairs) - 1]))[0]
    assert int((no > 0).sum()) == 2, "those that are given to “no” lead to each other, and by “yes” to no other"


def test_law_3_at_several_threads_what_fits_has_the_same_bits():
    generator = torch.Generator().manual_seed(1)
    drawn = torch.randint(0, 40, (2, 60_000), generator=generator)
    torch.set_num_threads(2)
    first, *others = (Fitting(Repeating.of(drawn[1]), Utterances.of(drawn[0] + torch.arange(60_000) // 3 * 40))(torch.arange(500)) for _ in range(4))
    assert all(torch.equal(first, other) for other in others)
