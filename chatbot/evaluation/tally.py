"""What figures are made of, utterance by utterance: sums, so that the figures of any draw of utterances come of adding, and nothing is scored twice.

N utterances, K statistics. An utterance that was asked after several histories is one row, for the replies to it are much alike.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chatbot.corpus.pairs import Pair
from chatbot.records import Reply
from chatbot.training.loss import exp

TIMES = 1000  # draws for an interval

Rows = NDArray[np.float64]  # (N, K): asked, right, nats, pieces, words, bytes, and what BLEU and chrF add up
_LOSSES, _BLEU, _CHRF = slice(2, 6), slice(6, 16), slice(16, None)


class Figures(NamedTuple):
    """What sums tell of a set of utterances. NaN where nobody has given probabilities."""

    right: float  # the share of replies that the corpus allows
    bleu: float
    chrf: float
    per_piece: float  # perplexities: exp of nats / (pieces + 1 a reply)
    per_word: float  # / (white-space words + 1 a reply)
    bits_per_byte: float  # / (UTF-8 bytes + 1 a reply)


@dataclass(frozen=True)
class Difference:
    """By how much a figure of one bot exceeds that of another on the same utterances, and where that lies in 95 of 100 draws."""

    value: float
    low: float
    high: float
    p: float  # how often draws differ as much where the two are worth the same


@dataclass(frozen=True)
class Answers:
    """What was said to each utterance after each of its histories."""

    asked: Sequence[Pair]
    replies: Sequence[Reply]
    right: Sequence[bool]


@dataclass(frozen=True)
class Tally:
    """The statistics of N utterances."""

    names: tuple[str, ...]
    rows: Rows

    @classmethod
    def of(cls, answers: Answers, allowed: Mapping[str, tuple[str, ...]], pairs: Sequence[Pair] = (), losses: Rows | None = None) -> "Tally":
        """Counts `answers`, and the `losses` (P, 4) of `pairs`: nats, pieces, words and bytes of each."""
        place = {name: number for number, name in enumerate(dict.fromkeys(pair.name for pair in answers.asked))}
        said = [(reply.text, allowed[pair.name]) for pair, reply in zip(answers.asked, answers.replies, strict=True)]
        asked = [np.ones(len(said)), answers.right, *np.zeros((4, len(said)))]
        each = np.column_stack([*asked, *(_added_up(metric, said) for metric in scorers())])
        rows = np.zeros((len(place), each.shape[1]))
        np.add.at(rows, [place[pair.name] for pair in answers.asked], each)
        if losses is not None:
            np.add.at(rows[:, _LOSSES], [place[pair.name] for pair in pairs], losses)
        return cls(tuple(place), rows)

    def without(self, names: Collection[str]) -> "Tally":
        """The same, some utterances left out."""
        kept = [name not in names for name in self.names]
        return Tally(tuple(name for name in self.names if name not in names), self.rows[kept])

    @property
    def figures(self) -> Figures:
        """Those of all utterances."""
        return figures(self.rows.sum(0))

    def intervals(self) -> dict[str, tuple[float, float]]:
        """Where each figure lies in 95 of 100 draws (percentile bootstrap over utterances, Efron 1979)."""
        found = _percentiles(np.array([figures(sums) for sums in drawn(self.rows)]))
        return {name: (low, high) for name, low, high in zip(Figures._fields, *found, strict=True) if not math.isnan(low)}


def differences(one: Tally, other: Tally) -> dict[str, Difference]:
    """`one` less `other`, figure by figure, by a paired bootstrap (Koehn 2004): both are added up over the same draws."""
    assert one.names == other.names
    draws = np.array([[figures(half) for half in np.split(sums, 2)] for sums in drawn(np.hstack([one.rows, other.rows]))])  # (TIMES, 2, F)
    gaps = draws[:, 0] - draws[:, 1]
    observed = np.array(one.figures) - np.array(other.figures)
    p = (1 + (np.abs(gaps - gaps.mean(0)) >= np.abs(observed)).sum(0)) / (1 + len(gaps))
    return {name: Difference(*map(float, values)) for name, *values in zip(Figures._fields, observed, *_percentiles(gaps), p, strict=True)}


def drawn(rows: Rows) -> Iterator[Rows]:
    """Yields TIMES times the sums (K,) of as many of the N rows, drawn with replacement; always the same draws."""
    chance, count = np.random.default_rng(0), len(rows)
    for _ in range(TIMES):
        times = np.bincount(chance.integers(count, size=count), minlength=count)
        yield times @ rows


def figures(sums: Rows) -> Figures:
    """The figures of utterances whose statistics add up to `sums` (K,)."""
    asked, right = sums[:2]
    # Private, but what sacreBLEU's own tests of significance are made of; the tests hold it to `corpus_score`.
    bleu, chrf = (metric._compute_score_from_stats(part.tolist()).score for metric, part in zip(scorers(), (sums[_BLEU], sums[_CHRF]), strict=True))
    return Figures(right / asked, bleu, chrf, *perplexities(sums[_LOSSES]))


def perplexities(losses: Rows) -> tuple[float, float, float]:
    """Perplexity a piece and a word, and bits a byte, of replies whose nats, pieces, words and bytes add up to `losses` (4,)."""
    nats, pieces, words, size = losses.tolist()
    return (exp(nats / pieces), exp(nats / words), nats / math.log(2) / size) if size else (math.nan,) * 3


@cache
def scorers() -> tuple[Any, Any]:
    """BLEU and chrF as sacreBLEU has them by default."""
    from sacrebleu.metrics import BLEU, CHRF  # imports much, and only evaluation needs it

    return BLEU(), CHRF()


def _added_up(metric: Any, said: Sequence[tuple[str, tuple[str, ...]]]) -> Rows:
    """What `metric` adds up over a corpus, for each reply and what is right in its place; what comes again is counted once."""
    places: dict[tuple[str, tuple[str, ...]], int] = {}
    of_each = [places.setdefault(one, len(places)) for one in said]
    # A reference that is None is left out, so there may be unequally many.
    streams = list(zip_longest(*(references for _, references in places)))
    return np.array(metric._extract_corpus_statistics([reply for reply, _ in places], streams), float)[of_each]


def _percentiles(draws: Rows) -> Rows:
    """(2, F): where 95 of 100 `draws` (TIMES, F) lie."""
    return np.percentile(draws, (2.5, 97.5), axis=0)
