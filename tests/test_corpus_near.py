"""Near twins are those that comparing all with all finds; words, letters and pieces of any text."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.corpus.near import FEWEST_WORDS, Near, near
from chatbot.corpus.split import names_of
from chatbot.corpus.wording import Numbers, pieces, script, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't you KNOW?", ["dont", "you", "know"]),
        ("don\u2019t", ["dont"]),
        ("well-known,really_so", ["well", "known", "really", "so"]),
        ("날씨가 좋네요!", ["날씨가", "좋네요"]),
        ("今日はOK今日", ["今", "日", "は", "ok", "今", "日"]),
        ("Stra\u00dfe", ["strasse"]),
        ("...", []),
    ],
)
def test_words(text, found):
    assert words(text) == found


@given(st.text(max_size=80))
def test_any_text_has_words_letters_and_pieces(text):
    assert all(words(text))
    assert pieces(text) >= 1
    assert script(text)
    assert all(0 <= Numbers()[word] < 2**32 for word in words(text))


def brute_force(utterances: list[str], held: list[bool]) -> tuple[int, int]:
    """As `near` counts, by comparing all with all."""

    def one_word(a: list[str], b: list[str]) -> bool:
        if len(a) == len(b):
            return len(a) >= FEWEST_WORDS and sum(x != y for x, y in zip(a, b, strict=True)) == 1
        short, long = sorted((a, b), key=len)
        return len(long) == len(short) + 1 and len(long) >= FEWEST_WORDS and any(long[:cut] + long[cut + 1 :] == short for cut in range(len(long)))

    of = {text: words(text) for text in utterances}
    trained = [text for text, out in zip(utterances, held, strict=True) if not out and of[text]]
    punctuation = worded = 0
    for text in {text for text, out in zip(utterances, held, strict=True) if out and of[text]}:
        others = [one for one in trained if one != text]
        if any(of[text] == of[one] for one in others):
            punctuation += 1
        elif any(one_word(of[text], of[one]) for one in others):
            worded += 1
    return punctuation, worded


def near_of(utterances: list[str], held: list[bool]) -> Near:
    numbers, texts = Numbers(), [words(text) for text in utterances]
    flat = np.array([numbers[word] for text in texts for word in text], np.uint32)
    return near(names_of(utterances), flat, np.array([len(text) for text in texts], np.int32), np.array(held, bool), ~np.array(held, bool))


@pytest.mark.parametrize("seed", range(40))
def test_near_twins_are_those_that_comparing_all_with_all_finds(seed, monkeypatch):
    monkeypatch.setattr("chatbot.corpus.near._STRIPE", 7)
    rng = random.Random(seed)
    utterances = [" ".join(rng.choices(["a", "b", "c", "d"], k=rng.randint(0, 6))) + rng.choice(["", "", "!", "?"]) for _ in range(60)]
    held = [names_of([text])[0] % 4 == 0 for text in utterances]
    found = near_of(utterances, held)
    assert (found.punctuation, found.one_word) == brute_force(utterances, held)
    for twin in found.examples:
        assert held[twin.held]
        assert not held[twin.trained]
        assert brute_force([utterances[twin.held], utterances[twin.trained]], [True, False]) != (0, 0)


def test_the_order_of_words_counts():
    assert near_of(["a b c d", "d c b a"], [True, False]).one_word == 0
    assert near_of(["i like my cat", "i like my dog"], [True, False]).one_word == 1


def test_nothing_held_out_has_no_twins():
    assert near_of(["a b c d", "a b c e"], [False, False]) == Near()
    assert near_of(["!!!", "..."], [True, False]) == Near(1)
