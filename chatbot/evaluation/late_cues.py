"""The late-cue report: who is right about utterances that are alike up to the word that decides, and by how many words stand before it.

A pair is right when both of its members are, after every history that they are asked after. For an interrupter some pairs are late by
definition (`metrics.is_late`): none of them can be right, so they test the code, and are told apart from what is measured.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from statistics import fmean
from typing import NamedTuple

from chatbot.batches import Examples, Ragged
from chatbot.bot import Bot
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair
from chatbot.evaluation.exam import Exam
from chatbot.evaluation.lagging import average_lagging
from chatbot.evaluation.metrics import answers, distinct_pairs, histories, is_late, is_right, twins_among
from chatbot.evaluation.tally import Answers
from chatbot.intervals import wilson
from chatbot.listening import ladders, words
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import TokenByTokenRNN
from chatbot.records import Decoding, Reply, shared
from chatbot.training.loss import log_probabilities
from chatbot.vocabulary import target_ids

GROUPS = 4  # of positions, at the most

Allowed = Mapping[str, tuple[str, ...]]  # the replies that are right, by `Pair.name`


@dataclass(frozen=True)
class Share:
    """So many of so many, and the interval of 95 % in which their share lies (Wilson 1927)."""

    held: float
    of: int
    share: float
    low: float
    high: float

    @classmethod
    def among(cls, marks: Sequence[float]) -> "Share":
        """What `marks`, from 0 to 1 each, hold of as many."""
        held, of = sum(marks), len(marks)
        return cls(held, of, held / of, *wilson(held, of))


@dataclass(frozen=True)
class Position:
    """Late-cue pairs whose cue comes after about as many words."""

    least: int  # words before the cue
    most: int
    pieces: float  # before the cue, as the first speaker hears it: their mean
    pairs: int


@dataclass(frozen=True)
class Outcome:
    """What a speaker made of some pairs. Two members are not independent: the right ones count as halves, of as many things as there are pairs."""

    pairs: Share  # both members right
    late: int  # pairs that are late by definition for its wait
    late_right: int  # of these: 0, or the code is wrong
    open: Share | None  # both members right, of the other pairs; None without any
    members: Share  # right
    forced: Share  # members to which a right reply is likelier than all that are right for the twin alone


@dataclass(frozen=True)
class Settling:
    """When a listener's reply no longer changed: means over utterances."""

    utterances: int
    words: float  # of the utterance
    settled: float  # the word after which it no longer changed
    with_cue: Share | None  # of the members of late-cue pairs: those that settled no earlier than with the cue


@dataclass(frozen=True)
class Speaker:
    """All that was measured of one network."""

    name: str
    wait: int | None  # of an interrupter; None: it hears all before it speaks
    attention: str | None  # of a listener
    right: Share  # of all utterances, members of pairs or not
    lagging: float  # average lagging in pieces, over all utterances
    late: Outcome
    positions: tuple[Outcome, ...]  # of the late pairs, as the report's
    early: Outcome | None  # of pairs whose first word decides
    settling: Mapping[str, Settling]  # of a listener: of `late`, `early` and `other` utterances


@dataclass(frozen=True)
class LateCues:
    """The whole report."""

    late: int  # pairs
    early: int
    utterances: int  # of all kinds; one that is asked after several histories counts for each
    positions: tuple[Position, ...]
    speakers: tuple[Speaker, ...]


@dataclass(frozen=True)
class CuePair:
    """Two utterances that differ in their cue, and in what is right for them."""

    first: str
    second: str

    @property
    def words(self) -> int:
        """How many words stand before the cue; 0 in an early twin."""
        return shared(*([text[start:end] for start, end in words(text)] for text in (self.first, self.second)))

    @property
    def names(self) -> tuple[str, str]:
        """What its members are known as."""
        return key(self.first), key(self.second)


class _Mark(NamedTuple):
    """What one speaker made of a pair."""

    right: bool  # both members, after every history
    late: bool  # by definition, for its wait
    members: float  # the share of members and histories that are right
    forced: float  # likewise, of right choices


def late_cues(speakers: Mapping[str, tuple[Bot, Decoding]], exam: Exam, *, workers: int = 1) -> LateCues | None:
    """The report on `speakers`, each asked by a decoding of its own, so many at once; None when `exam` holds no late-cue pair."""
    cues = [CuePair(*twins) for twins in twins_among(exam.pairs)]
    late, early = [cue for cue in cues if cue.words], [cue for cue in cues if not cue.words]
    if not late:
        return None
    groups = by_position(late)
    with ThreadPoolExecutor(workers) as pool:
        found = [pool.submit(_speaker, name, *speaker, exam, groups, early) for name, speaker in speakers.items()]
    first, _ = next(iter(speakers.values()))
    positions = tuple(_position(group, first) for group in groups)
    return LateCues(len(late), len(early), len(distinct_pairs(exam.pairs)), positions, tuple(one.result() for one in found))


def by_position(cues: Sequence[CuePair]) -> list[list[CuePair]]:
    """At most GROUPS groups of pairs by the number of words before the cue, as equally large as can be."""
    counts = Counter(cue.words for cue in cues)
    up_to = dict(zip(sorted(counts), accumulate(counts[number] for number in sorted(counts)), strict=True))
    cuts = {min(up_to, key=lambda number: abs(up_to[number] - len(cues) * part / GROUPS)) for part in range(1, GROUPS)}
    return [[cue for cue in cues if before < cue.words <= end] for before, end in pairwise([0, *sorted(cuts | {max(up_to)})])]


def forced_choice(bot: Bot, members: Sequence[tuple[Pair, str]], allowed: Allowed) -> list[bool]:
    """Whether to each of `members` a right reply is likelier than all that are right for its twin alone, the second of the two.

    A reply counts whole, with its end-mark; of several right ones the likeliest.
    """
    sources, targets, sizes = list[list[int]](), list[list[int]](), list[tuple[int, int]]()
    for pair, twin in members:
        own = allowed[pair.name]
        others = [reply for reply in allowed[twin] if not is_right(reply, own)]
        sources += [bot.hear(pair.utterance, pair.history)] * (len(own) + len(others))
        targets += [target_ids(bot.vocabulary, reply) for reply in (*own, *others)]
        sizes.append((len(own), len(others)))
    scores = iter(log_probabilities(bot.network, bot.numbered(Examples.of(Ragged(sources, bot.device), Ragged(targets, bot.device)))).tolist())
    return [max(islice(scores, own)) > max(islice(scores, others), default=-math.inf) for own, others in sizes]


def lag(reply: Reply, source: int, wait: int | None) -> float:
    """The average lagging of a reply to an utterance of `source` pieces."""
    return average_lagging([source if wait is None else min(source, wait + step) for step in range(len(reply.ids))], source)


def _position(group: Sequence[CuePair], bot: Bot) -> Position:
    pieces = fmean(shared(bot.vocabulary.hear(cue.first), bot.vocabulary.hear(cue.second)) for cue in group)
    before = [cue.words for cue in group]
    return Position(min(before), max(before), pieces, len(group))


def _speaker(name: str, bot: Bot, decoding: Decoding, exam: Exam, groups: Sequence[Sequence[CuePair]], early: Sequence[CuePair]) -> Speaker:
    """All that is measured of `bot`."""
    wait = bot.network.wait if isinstance(bot.network, TokenByTokenRNN) else None
    given = answers(bot, exam.pairs, exam.allowed, decoding)
    late = [cue for group in groups for cue in group]
    marks = _marked(bot, [*late, *early], given, exam.allowed, wait)
    return Speaker(
        name=name,
        wait=wait,
        attention=bot.network.options.attention if isinstance(bot.network, Seq2Seq) else None,
        right=Share.among(given.right),
        lagging=fmean(lag(reply, len(bot.vocabulary.hear(pair.utterance)), wait) for pair, reply in zip(given.asked, given.replies, strict=True)),
        late=_outcome([marks[cue] for cue in late]),
        positions=tuple(_outcome([marks[cue] for cue in group]) for group in groups),
        early=_outcome([marks[cue] for cue in early]) if early else None,
        settling=_settling(bot, given.asked, [*late, *early], decoding) if wait is None else {},
    )


def _marked(bot: Bot, cues: Sequence[CuePair], given: Answers, allowed: Allowed, wait: int | None) -> dict[CuePair, _Mark]:
    """The mark of each of `cues`."""
    places: dict[str, list[int]] = {}
    for place, pair in enumerate(given.asked):
        places.setdefault(pair.name, []).append(place)
    members = [(given.asked[place], twin) for cue in cues for name, twin in (cue.names, cue.names[::-1]) for place in places[name]]
    chosen, said_after = iter(forced_choice(bot, members, allowed)), histories(given.asked)
    marks = {}
    for cue in cues:
        right = [[given.right[place] for place in places[name]] for name in cue.names]
        forced = [list(islice(chosen, len(places[name]))) for name in cue.names]
        late = wait is not None and is_late(bot, cue.first, cue.second, allowed, wait=wait, said_after=said_after)
        marks[cue] = _Mark(all(map(all, right)), late, fmean(map(fmean, right)), fmean(map(fmean, forced)))
    return marks


def _outcome(marks: Sequence[_Mark]) -> Outcome:
    """The outcome of the pairs of these marks."""
    free = [mark.right for mark in marks if not mark.late]
    return Outcome(
        pairs=Share.among([mark.right for mark in marks]),
        late=len(marks) - len(free),
        late_right=sum(mark.right for mark in marks if mark.late),
        open=Share.among(free) if free else None,
        members=Share.among([mark.members for mark in marks]),
        forced=Share.among([mark.forced for mark in marks]),
    )


def _settling(bot: Bot, asked: Sequence[Pair], cues: Sequence[CuePair], decoding: Decoding) -> dict[str, Settling]:
    """When the listener's replies settled, by kind of utterance."""
    before = {name: cue.words for cue in cues for name in cue.names}
    found: dict[str, list[tuple[int, int]]] = {"late": [], "early": [], "other": []}
    waited: dict[str, list[bool]] = {}  # whether the reply settled no earlier than with the cue, after each history
    climbed = ladders(bot, [pair.utterance for pair in asked], decoding, [pair.history for pair in asked])
    for pair, ladder in zip(asked, climbed, strict=True):
        kind = "other" if pair.name not in before else "late" if before[pair.name] else "early"
        found[kind].append((len(ladder.rungs), ladder.settled))
        waited.setdefault(pair.name, []).append(ladder.settled > before.get(pair.name, 0))
    with_cue = [fmean(one for name in cue.names for one in waited[name]) for cue in cues if cue.words]
    return {
        kind: Settling(
            len(those),
            fmean(heard for heard, _ in those),
            fmean(settled for _, settled in those),
            Share.among(with_cue) if kind == "late" else None,
        )
        for kind, those in found.items()
        if those
    }
