"""What a text is made of, roughly and fast: its words, its letters, about how many pieces it will have."""

import hashlib
import re
from bisect import bisect_right
from collections import Counter

from chatbot.corpus.folding import key

NO_LETTERS = "no letters"
_KEPT = 1 << 17  # words
MOST_WORDS = 256  # of a text that are looked at

# How many characters a piece has: measured with 2,500 pieces on the corpus that ships (3.8 heard, 3.5 said) and on Korean (1.5).
CHARACTERS, WIDE_CHARACTERS = 3.6, 1.5

_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # letters without blanks between words
_WORD = re.compile(f"[{_ALONE}]|[^\\W_{_ALONE}]+")
_PUNCTUATION = {code: " " for code in range(128) if not chr(code).isalnum()}
_APOSTROPHES = re.compile("['\u2019\u02bc`]")
_BEYOND_LATIN = re.compile("[^\x00-\u024f\u1e00-\u1eff]")
_LATIN = re.compile("[A-Za-z\xaa-\u024f\u1e00-\u1eff]")

# Where the letters of a script begin; None: no letters, or of every script.
_SCRIPTS: tuple[tuple[int, str | None], ...] = (
    (0x250, None), (0x370, "Greek"), (0x400, "Cyrillic"), (0x530, "Armenian"), (0x590, "Hebrew"), (0x600, "Arabic"), (0x700, None), (0x750, "Arabic"), (0x780, None),
    (0x900, "Devanagari"), (0x980, "Bengali"), (0xA00, None), (0xB80, "Tamil"), (0xC00, "Telugu"), (0xC80, None), (0xE00, "Thai"), (0xE80, "Lao"), (0xF00, "Tibetan"),
    (0x1000, "Burmese"), (0x10A0, "Georgian"), (0x1100, "Hangul"), (0x1200, "Ethiopic"), (0x1380, None), (0x1780, "Khmer"), (0x1800, "Mongolian"), (0x18B0, None),
    (0x2E80, "Han"), (0x3000, None), (0x3040, "Kana"), (0x3100, None), (0x3130, "Hangul"), (0x3190, None), (0x31F0, "Kana"), (0x3200, None), (0x3400, "Han"), (0x4DC0, None),
    (0x4E00, "Han"), (0xA000, None), (0xAC00, "Hangul"), (0xD7B0, None), (0xF900, "Han"), (0xFB00, None), (0xFB50, "Arabic"), (0xFE00, None), (0x20000, "Han"), (0x40000, None),
)  # fmt: skip
_STARTS = [start for start, _ in _SCRIPTS]


def words(text: str) -> list[str]:
    """The words of a folded text: without case and punctuation, `don't` as `dont`; where no blanks are written, each letter is one."""
    if text.isascii():
        return text.replace("'", "").replace("`", "").lower().translate(_PUNCTUATION).split()[:MOST_WORDS]
    return _WORD.findall(_APOSTROPHES.sub("", key(text)))[:MOST_WORDS]


class Numbers(dict[str, int]):
    """For each word 32 bits that stand for it; those that were asked for are kept, up to a limit."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _KEPT:
            self.clear()
        number = self[word] = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big")
        return number


def pieces(text: str) -> int:
    """About how many pieces `text` will be cut into, an end-mark counted."""
    wide = 0 if text.isascii() else len(_WIDE.findall(text))
    return int((len(text) - wide) / CHARACTERS + wide / WIDE_CHARACTERS + 1.5)


def script(text: str) -> str:
    """The script that most letters of `text` are of: Latin, Hangul, …; “no letters” where there are none."""
    if text.isascii():
        return "Latin" if _LATIN.search(text) else NO_LETTERS
    counts = Counter(_SCRIPTS[bisect_right(_STARTS, ord(letter)) - 1][1] for letter in _BEYOND_LATIN.findall(text))
    del counts[None]
    if not counts:
        return "Latin" if _LATIN.search(text) else NO_LETTERS
    (most, times), *_ = counts.most_common(1)
    return "Latin" if times < len(_LATIN.findall(text)) else str(most)
