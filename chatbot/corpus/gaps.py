"""Gaps in the lines of a `.topic` file: `{food}` takes the values of a slot, `{great|wonderful}` lists choices."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from math import prod

from chatbot.corpus.folding import fold
from chatbot.errors import CorpusError

MOST_CHOICES = 10_000  # utterances that one line may stand for

Slots = Mapping[str, tuple[str, ...]]

_SENTENCE = re.compile(r"(?:^|[.!?…]\s+)$")


@dataclass(frozen=True)
class Gap:
    """A place in a line, and the words that may stand there: the values of a slot, or choices, which have no name."""

    words: tuple[str, ...]
    slot: str = ""
    at: int = 0  # where in the line it begins


def along(place: str, by: int) -> str:
    """The `file:line:column` that is so many characters further on in its line."""
    line, _, column = place.rpartition(":")
    return f"{line}:{int(column) + by}"


def parts_of(text: str, slots: Slots, place: str = "") -> list[str | Gap]:
    """`text`, which begins at `place`, cut at its gaps. Raises CorpusError at `file:line:column`."""
    parts: list[str | Gap] = []
    at = 0
    while at < len(text):
        brace = next((spot for spot in range(at, len(text)) if text[spot] in "{}"), len(text))
        if brace > at:
            parts.append(text[at:brace])
        if brace == len(text):
            break
        end = next((spot for spot in range(brace + 1, len(text)) if text[spot] in "{}"), -1)
        if text[brace] == "}" or end < 0 or text[end] == "{":
            what = "a brace that was not opened" if text[brace] == "}" else "a brace that does not close"
            raise CorpusError(what, place=along(place, brace), remedy="write {name} for the values of a slot, or {one|other}")
        parts.append(_gap(text[brace + 1 : end], slots, place, brace))
        at = end + 1
    if (many := prod(len(gap.words) for gap in choices_of(parts))) > MOST_CHOICES:
        raise CorpusError(f"{many:,} utterances in one line", place=place, remedy="list fewer words, or write two lines")
    return parts


def words_of(text: str, place: str, by: int = 0) -> tuple[str, ...]:
    """The words of a list `one | other`, which begins so far from `place`. Raises CorpusError for one that is empty, stands twice, or has braces in it."""
    words: list[str] = []
    for word in text.split("|"):
        spot = along(place, by + len(word) - len(word.lstrip()))
        if any(brace in word for brace in "{}"):
            raise CorpusError("braces in a list", place=spot, remedy="write plain words with | between them")
        if not fold(word):
            raise CorpusError("an empty word in a list", place=spot, remedy="write words with | between them")
        if fold(word) in words:
            raise CorpusError(f"“{fold(word)}” stands in the list twice", place=spot, remedy="delete one of the two")
        words.append(fold(word))
        by += len(word) + 1
    return tuple(words)


def slots_of(parts: list[str | Gap]) -> dict[str, tuple[str, ...]]:
    """The slots among `parts` and their values."""
    return {part.slot: part.words for part in parts if isinstance(part, Gap) and part.slot}


def choices_of(parts: list[str | Gap]) -> list[Gap]:
    """The gaps that are no slots."""
    return [part for part in parts if isinstance(part, Gap) and not part.slot]


def chosen(parts: list[str | Gap]) -> list[tuple[tuple[str, ...], list[str | Gap]]]:
    """All ways to fill the choices of `parts`: the words chosen, and the parts with them in their places."""
    ways = []
    for words in product(*(gap.words for gap in choices_of(parts))):
        left = list(words)
        ways.append((words, [left.pop(0) if isinstance(part, Gap) and not part.slot else part for part in parts]))
    return ways


def filled(parts: list[str | Gap], values: Mapping[str, str], *, capitals: bool = False) -> str:
    """The text that `parts` make with these values of their slots. With `capitals` a value that begins a sentence has one."""
    text = ""
    for part in parts:
        if isinstance(part, Gap):
            value = values[part.slot]
            text += value[:1].upper() + value[1:] if capitals and _SENTENCE.search(text) else value
        else:
            text += part
    return fold(text)


def _gap(inside: str, slots: Slots, place: str, at: int) -> Gap:
    """The gap whose brace opens so far from `place`."""
    if "|" in inside:
        return Gap(words_of(inside, place, at + 1), at=at)
    name = inside.strip()
    if name in slots:
        return Gap(slots[name], name, at)
    spot = along(place, at + 1 + len(inside) - len(inside.lstrip()))
    if not name:
        raise CorpusError("nothing between braces", place=spot, remedy="write {name} for the values of a slot, or {one|other}")
    near = get_close_matches(name, slots, 1)
    remedy = f"is it {{{near[0]}}}?" if near else f"define it above: @slot {name} = one | other"
    raise CorpusError(f"no slot called {name} in this file", place=spot, remedy=remedy)
