"""The English-Korean pairs that ship: what a tutorial of translation may take for granted."""

import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair, read_pairs

PATH = Path(__file__).parent.parent / "corpora" / "en-ko.tsv"
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
LATIN = re.compile("[A-Za-z]")
SAID_FORMALLY = ("감사합니다", "죄송합니다", "실례합니다", "알겠습니다", "축하합니다", "환영합니다")  # fixed by custom
CONSONANT = "".join(letter for letter in map(chr, range(0xAC00, 0xD7A4)) if (ord(letter) - 0xAC00) % 28)
VOWEL = "".join(map(chr, range(0xAC00, 0xD7A4, 28)))


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return list(read_pairs(PATH))


def tokens(text: str) -> list[str]:
    """Words and marks, as a tutorial cuts them."""
    return re.findall(r"[\w']+|[^\w\s]", text)


def wrong(pairs: list[Pair], right) -> list[str]:
    """The pairs that are not as they should be, with their places."""
    return [f"{pair.place}: {pair.utterance} | {pair.reply}" for pair in pairs if not right(pair.utterance, pair.reply)]


def test_it_has_at_least_1500_pairs_and_no_blank_line(pairs):
    assert len({(pair.utterance, pair.reply) for pair in pairs}) >= 1500
    assert len(pairs) == PATH.read_bytes().count(b"\n")


def test_every_english_sentence_stands_once(pairs):
    assert [text for text, count in Counter(key(pair.utterance) for pair in pairs).items() if count > 1] == []


def test_it_is_stored_as_it_is_read(pairs):
    content = PATH.read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", content)
    assert content == "".join(f"{pair.utterance}\t{pair.reply}\n" for pair in pairs)


def test_korean_is_on_the_right_and_english_on_the_left(pairs):
    assert wrong(pairs, lambda english, korean: LATIN.search(english) and not HANGUL.search(english)) == []
    assert wrong(pairs, lambda english, korean: HANGUL.search(korean) and not LATIN.search(korean)) == []


def test_both_sides_are_short(pairs):
    assert wrong(pairs, lambda english, korean: 2 <= len(tokens(english)) <= 9 and 2 <= len(tokens(korean)) <= 10) == []


def test_both_sides_end_in_a_mark_and_what_asks_in_korean_asks_in_english(pairs):
    assert wrong(pairs, lambda english, korean: english[-1] in ".?!" and korean[-1] in ".?!") == []
    assert wrong(pairs, lambda english, korean: korean[-1] != "?" or english[-1] == "?") == []


def test_the_shortest_come_first(pairs):
    lengths = [len(pair.utterance) for pair in pairs]
    assert lengths == sorted(lengths)


def test_all_of_it_is_polite_in_one_way_but_for_a_few_fixed_words(pairs):
    assert wrong(pairs, lambda english, korean: korean == "네." or korean[:-1].endswith(("요", *SAID_FORMALLY))) == []


@pytest.mark.parametrize(
    "misfit",
    [
        rf"(?<=[{CONSONANT}])(를|와)(?= )",
        rf"(?<=[{VOWEL}])(?<!가|마)을(?= )",
        rf"(?<=[{CONSONANT}])예요",
        rf"(?<=[{VOWEL}])이에요",
    ],
    ids=["after a consonant", "after a vowel", "is, after a consonant", "is, after a vowel"],
)
def test_a_particle_fits_the_sound_before_it(pairs, misfit):
    assert wrong(pairs, lambda english, korean: not re.search(misfit, korean)) == []


def test_most_words_are_met_more_than_once(pairs):
    words = Counter(token for pair in pairs for token in tokens(pair.utterance.casefold()) if token[0].isalpha())
    assert 800 <= len(words) <= 1300
    assert sum(count > 1 for count in words.values()) >= len(words) * 3 / 4
