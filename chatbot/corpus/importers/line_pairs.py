"""Pairs that lie in lines: two files of which line N answers line N, and Tatoeba's sentences with their translations."""

import re
from collections import Counter

from chatbot.corpus.importers.chat import Pairs
from chatbot.corpus.importers.source import Source, first_words
from chatbot.errors import CorpusError

_ATTRIBUTION = re.compile(r"CC[- ]BY|CC0|tatoeba\.org", re.IGNORECASE)


def read_aligned(utterances: Source, replies: Source) -> Pairs:
    """Line N of the one with line N of the other. Raises CorpusError at the first line without another."""
    ours, theirs = utterances.lines, replies.lines
    if len(ours) != len(theirs):
        longer, shorter = (utterances, replies) if len(ours) > len(theirs) else (replies, utterances)
        what = f"a line without one beside it: {shorter.name} has {len(shorter.lines):,} lines, {longer.name} {len(longer.lines):,}"
        raise CorpusError(what, place=longer.place(len(shorter.lines) + 1), remedy="both files need equally many lines")
    return Pairs([list(zip(ours, theirs, strict=True))], alone=True)


def recognises_tatoeba(source: Source) -> bool:
    """Whether the first line is a sentence, its translation and an attribution, or number, sentence, number, translation."""
    return _sides(source.text[:20_000].lstrip().split("\n")[0]) is not None


def read_tatoeba(source: Source) -> Pairs:
    """Sentences and translations. Raises CorpusError at the first line that is not understood."""
    pairs = []
    for number, line in enumerate(source.lines, 1):
        if not line.strip():
            continue
        sides = _sides(line)
        if sides is None:
            what = f"not sentence, translation, attribution: “{first_words(line)}”"
            raise CorpusError(what, place=source.place(number), remedy="mend the line, or name another --format")
        pairs.append(sides)
    return Pairs([pairs], alone=True, left_out=Counter())


def _sides(line: str) -> tuple[str, str] | None:
    cells = line.split("\t")
    if len(cells) == 3 and _ATTRIBUTION.search(cells[2]):
        return cells[0], cells[1]
    return (cells[1], cells[3]) if len(cells) == 4 and cells[0].isdecimal() and cells[2].isdecimal() else None
