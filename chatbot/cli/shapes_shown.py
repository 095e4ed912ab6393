"""How `chatbot models show --shapes` is printed."""

from collections.abc import Iterator
from itertools import groupby

from chatbot.safe_text import safe_line
from chatbot.shapes import Call, Way

LEGEND = "B rows, S pieces heard, T pieces said in a call, E embedding, H hidden, L layers, V vocabulary"


def drawn(voice: str, way: Way, *, known_replies: bool = False) -> Iterator[str]:
    """The lines that tell the way of one network; with `known_replies` its bot may say nothing else, and here it is free."""
    said = list(map(_piece, way.said))
    yield f"The {voice} hears {' '.join(map(_piece, way.heard))}, S = {len(way.heard)}"
    yield from _parts(way.calls[0])
    free = ", free of its known replies" if known_replies else ""
    yield f"and says {' '.join(said)}{free}, a piece a call, T = 1. The first:"
    yield from _parts(way.calls[1])
    yield "and all:"
    for number, (call, before, after) in enumerate(zip(way.calls[1:], ["(begin)", *said], [*said, "(end)"], strict=False), 1):
        shapes = [f"{part.name} {part.shapes[0]}" for part in call.made if part.name in ("tokens", "attention.weights", "speak")]
        yield f"  {number:>2}  {before} → {after}: {', '.join(shapes)}"


def _parts(call: Call) -> Iterator[str]:
    """What was made in one call, and below it the line that asked for it."""
    yield f"{call.function}:"
    for line, made in groupby(call.made, key=lambda part: part.line):
        for part in made:
            given = f"{part.given[0]} → " if part.given else ""
            yield f"  {part.name:<20}  {given}{', '.join(map(str, part.shapes))}"
        yield f"      {line.function}, {line.file}:{line.number}"
        yield f"      {line.code}"


def _piece(text: str) -> str:
    """A piece as SentencePiece shows it."""
    return safe_line(text).replace(" ", "▁")
