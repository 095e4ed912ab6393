"""What may reach a terminal: the one door for text from corpora, models, pastes, paths and bundles.

Control characters become visible pictures, characters that reorder a line go, and heaps of combining marks are capped, so that no text can
move the cursor, recolour the screen, or pass for something it is not.
"""

import json
import math
import os
import re
import shlex
import unicodedata
from collections.abc import Iterable
from typing import Any

MARKS_PER_BASE = 8
LIMIT = 20_000

# Characters that reorder a line; and with them those that nobody sees, of which no word or emoji needs any.
REORDERING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
UNSEEN = REORDERING + "\u00ad\u180e\u200b\u2060\u2061\u2062\u2063\u2064"

_REORDERING = re.compile(f"[{REORDERING}]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BREAKS = re.compile("\r\n|[\r\u0085\u2028\u2029]")


def _picture(match: re.Match[str]) -> str:
    """The visible stand-in of a control character: U+2400+n for C0, U+2421 for DEL, U+FFFD for C1 and lone surrogates."""
    code = ord(match.group())
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"


def _cap_marks(text: str) -> str:
    """`text` with at most `MARKS_PER_BASE` combining marks in a row."""
    kept, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if run <= MARKS_PER_BASE:
            kept.append(character)
    return "".join(kept)


def safe_text(text: str, *, limit: int = LIMIT) -> str:
    """`text` as it may be shown: tabs and line feeds stay, every other control character is a picture, at most `limit` characters."""
    text = _BREAKS.sub("\n", text)
    text = _CONTROL.sub(_picture, _REORDERING.sub("", text))
    if not text.isascii():
        text = _cap_marks(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def safe_line(text: str, *, limit: int = LIMIT) -> str:
    """`safe_text` in one line: tabs and line breaks are blanks."""
    return safe_text(text, limit=limit).replace("\n", " ").replace("\t", " ")


def safe_command(words: Iterable[str]) -> str:
    """`words` in one line that can be typed into a shell: what cannot be printed is written by its bytes, which bash and zsh read between $' and '."""
    return " ".join(shlex.quote(word) if word.isprintable() else f"$'{''.join(map(_typed, word))}'" for word in words)


def _typed(character: str) -> str:
    """A character between $' and '."""
    plain = character.isprintable() and character not in "\\'"
    return character if plain else "".join(f"\\{byte:03o}" for byte in os.fsencode(character))


def safe_json(value: Any, *, indent: int | None = None) -> str:
    """`value` as JSON that any terminal and any parser can take: what could control a terminal is escaped, what is no number is null."""
    text = json.dumps(_finite(value), ensure_ascii=False, indent=indent, allow_nan=False)
    return re.sub(f"{_REORDERING.pattern}|[\x7f-\x9f\ud800-\udfff\u2028\u2029]", lambda match: f"\\u{ord(match.group()):04x}", text)


def _finite(value: Any) -> Any:
    """`value` with None in place of infinities and of what is not a number."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
