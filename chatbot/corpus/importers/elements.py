"""What importers of JSON share: which element of a list is at fault, and where it stands."""

import json
import re
from collections.abc import Iterator
from typing import Any

from chatbot.corpus.importers.source import Source
from chatbot.errors import CorpusError


def mistake(source: Source, what: str, remedy: str, *, key: str | None, number: int, list_number: int = 0) -> CorpusError:
    """The error for element `number`, from 0, of the list under `key` (of the whole, without); of several such lists, the one of that number."""
    place = source.name
    for offset in _offsets(source.text, key, number, list_number):
        place = source.place_of(offset)
    return CorpusError(what, place=place, remedy=remedy)


def _offsets(text: str, key: str | None, number: int, list_number: int) -> Iterator[int]:
    """Where the list begins and each of its elements up to `number`, as far as they are found."""
    starts = [match.end() for match in re.finditer(rf'"{key}"\s*:\s*\[' if key else r"^\s*\[", text)]
    if list_number >= len(starts):
        return
    at, decoder, between = starts[list_number], json.JSONDecoder(), re.compile(r"[\s,]*")
    for _ in range(number + 1):
        match = between.match(text, at)
        assert match
        yield match.end()
        try:
            _, at = decoder.raw_decode(text, match.end())
        except ValueError:
            return


def text_of(value: Any) -> str | None:
    """A text, or one in parts: strings and objects with a `text`, of which others are no words. None when it is neither."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = [part.get("text", "") if isinstance(part, dict) else part for part in value]
        return "".join(parts) if all(isinstance(part, str) for part in parts) else None
    return None
