"""Words that a bot has never heard are taken for words that it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.spelling import MOST, Spelling

SPELLING = Spelling.of(["How do you feel about the rain", "the rain in the morning", "i don't feel good", "shut the door", "up there", "다 괜찮아", "the the"])
WORDS = st.sampled_from(SPELLING.words)


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("morming", "morning"), ("mornnig", "morning"), ("moning", "morning"), ("morninge", "morning"), ("the rian", "the rain"), ("dont feel", "don't feel"), ("shutup", "shut up"),
        ("Yuo feel", "You feel"), ("teh", "the"), ("RIAN", "Rain"),
    ],
)  # fmt: skip
def test_one_slip_is_mended(typed, heard):
    assert SPELLING.mended(typed) == heard


@pytest.mark.parametrize("typed", ["", "qx", "to", "mronign", "elephants", "괜찮어", "r2d2 404 https://example.org", "\x1b[31m", "😀", "İıß"])
def test_what_is_short_far_off_or_no_word_stays(typed):
    assert SPELLING.mended(typed) == typed


def test_of_two_the_commoner_is_meant_and_a_blank_left_out_may_be_the_likelier_slip():
    assert Spelling(["rain", "ran"]).mended("raan") == "rain"
    assert Spelling(["ran", "rain"]).mended("raan") == "ran"
    assert Spelling(["to", "day", "todey"]).mended("today") == "to day"
    assert Spelling(["todey", "to", "day"]).mended("today") == "todey"


def test_a_word_of_very_many_letters_stays():
    assert Spelling(["a" * 50]).mended("a" * 49) == "a" * 49


def test_of_very_many_words_the_commonest_are_known():
    texts = ["".join(chr(97 + number // 26**place % 26) for place in range(4)) for number in range(MOST + 10)]
    assert Spelling.of([*texts, texts[-1]]).words[0] == texts[-1]
    assert len(Spelling.of(texts).words) == MOST


@given(st.lists(st.one_of(WORDS, WORDS.map(lambda word: word[1:]), st.text(max_size=8)), max_size=6), st.sampled_from(" ,.?!\n"))
def test_each_word_is_mended_by_itself_and_once(words, between):
    """So the part of a sentence that was heard stays as it was while the person types on."""
    text = between.join(words)
    mended = SPELLING.mended(text)
    assert SPELLING.mended(mended) == mended
    for place, letter in enumerate(text):
        if letter == between:
            assert mended.startswith(SPELLING.mended(text[: place + 1]))


@given(st.lists(WORDS).map(" ".join))
def test_what_is_known_stays(text):
    assert SPELLING.mended(text) == text
