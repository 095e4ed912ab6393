"""What is in corpora, in numbers that can be drawn: lengths, topics, turns, the commonest words and replies."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chatbot.corpus.gathering import Corpora, Gathering, commonest
from chatbot.corpus.inspection import Found, Measures
from chatbot.corpus.report import Common
from chatbot.corpus.split import count_distinct
from chatbot.corpus.wording import words

COMMONEST = 15


@dataclass(frozen=True)
class Stats:
    """The numbers of some corpora. Histograms are by value: how many texts have so many words."""

    pairs: int
    utterances: int
    replies: int
    unreadable: int  # lines that are no pair
    heard_words: dict[int, int]  # utterances (of all pairs) by their number of words
    said_words: dict[int, int]
    topics: dict[str, int]  # pairs of each, the largest first
    turns: dict[int, int]  # conversations by their number of turns; empty without blank lines
    commonest: tuple[Common, ...]
    commonest_heard: dict[str, int]  # words
    commonest_said: dict[str, int]

    def facts(self) -> dict[str, Any]:
        """The numbers, fit for JSON."""
        return asdict(self)


def stats(corpora: Corpora, found: Iterable[Found]) -> Stats:
    """The numbers of `corpora`, of which `found` is what `inspect` makes of each block. Raises CorpusError for what cannot be read."""
    all_ = Gathering(corpora)
    for one in found:
        all_.add(one)
    all_.end()
    pairs = len(all_.exact)
    common = commonest(all_.rows.replies, COMMONEST)
    places = {side: _places(measures) for side, measures in (("utterance", all_.heard), ("reply", all_.said))}
    texts = all_.texts({row for row, _ in common} | {row for side in places.values() for row, _, _ in side})
    said = {
        side: {words(getattr(texts[row], side))[place]: times for row, place, times in of_side} for side, of_side in places.items()
    }  # fmt: skip
    of_topic = np.bincount(all_.of_topics[all_.of_topics >= 0], minlength=len(all_.topics)).tolist()
    topics = dict(sorted(zip(all_.topics, of_topic, strict=True), key=lambda one: (-one[1], one[0])))
    return Stats(
        pairs, count_distinct(all_.rows.utterances), count_distinct(all_.rows.replies), all_.kinds.total(), _histogram(all_.heard), _histogram(all_.said),
        topics, dict(sorted(all_.turns.items())), tuple(Common(texts[row].reply, times, times / pairs) for row, times in common),
        said["utterance"], said["reply"],
    )  # fmt: skip


def _histogram(measures: Measures) -> dict[int, int]:
    return {number: times for number, times in enumerate(np.bincount(measures.word_counts).tolist()) if times}


def _places(measures: Measures) -> list[tuple[int, int, int]]:
    """The commonest words: of each a row in which it stands, the place in it, and how often it stands anywhere."""
    ends = np.cumsum(measures.word_counts, dtype=np.int64)
    found = []
    for flat, times in commonest(measures.words, COMMONEST):
        row = int(np.searchsorted(ends, flat, "right"))
        found.append((row, flat - int(ends[row] - measures.word_counts[row]), times))
    return found
