"""What there is to say of corpora before they are trained on: what is wrong, what is doubtful, and how long it will take."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.corpus.gathering import Corpora, Gathering, Text, commonest
from chatbot.corpus.inspection import OUTSIDE, Found, Marks, Problem
from chatbot.corpus.near import Near, near
from chatbot.corpus.recoding import guess
from chatbot.corpus.split import IN_TEST, IN_TRAIN, IN_VALID, count_distinct
from chatbot.options import BATCH, LIMIT, SAID, SAMPLE, TrainingOptions, batch_of, epochs_of

MANY = 5  # replies to one utterance, from here on, are many
SOME = 5  # how many of each kind are shown

# docs/scaling.md: tokens a second of both networks side by side, pairs a second that are read and cut, seconds of the vocabulary and of starting
RATE, READ, VOCABULARY, START = 19_100, 83_300, 9, 7
MACHINE = "both networks of the default sizes on two cores of an AMD EPYC without a GPU"


@dataclass(frozen=True)
class Common:
    """A reply, and the share of the pairs that have it."""

    reply: str
    times: int
    share: float


@dataclass(frozen=True)
class Contradiction:
    """An utterance, and some of its replies that do not go together."""

    utterance: str
    replies: tuple[str, ...]
    place: str


@dataclass(frozen=True)
class Long:
    """A pair that is long: about how many pieces its longer side has."""

    pieces: int
    characters: int
    place: str


@dataclass(frozen=True)
class NearTwin:
    """An utterance that is held out, and one that is trained on and nearly the same."""

    held: str
    trained: str
    place: str


@dataclass(frozen=True)
class Report:
    """All that a check finds."""

    pairs: int
    utterances: int  # distinct, as `key` folds them
    replies: int
    topics: int
    without_topic: int  # pairs that have none, in files in which others have one
    conversations: int  # 0 in a file without blank lines
    needing: int  # pairs that need more earlier turns than are read, and are not counted
    train: int  # pairs
    valid: int
    test: int
    problems: tuple[Problem, ...]  # the first of them
    problem_kinds: dict[str, int]  # all of them
    bad_lines: int  # of these, lines that are no pair
    second: str  # the encoding that the lines which are not UTF-8 seem to be in; "" if nobody can tell
    marks: Marks
    repeated: int  # pairs that stand there before, letter by letter
    contradictory_utterances: int
    contradictory_pairs: int
    contradictions: tuple[Contradiction, ...]
    near: Near
    near_twins: tuple[NearTwin, ...]
    longest: tuple[Long, ...]
    too_long: int  # pairs with a side of more than LIMIT pieces, by estimate
    commonest: tuple[Common, ...]
    scripts: dict[str, float]  # shares of the sides
    tokens: int  # of an epoch, by estimate
    epochs: int
    seconds: float  # that training takes, by estimate

    @property
    def stops(self) -> bool:
        """Whether training would refuse it."""
        return bool(self.problem_kinds)

    def facts(self) -> dict[str, Any]:
        """The report, fit for JSON."""
        facts = asdict(self)
        facts["near"] = {name: value for name, value in facts["near"].items() if name != "examples"}
        return facts


def report(corpora: Corpora, found: Iterable[Found]) -> Report:
    """The report on `corpora`, of which `found` is what `inspect` makes of each block. Raises CorpusError for what cannot be read."""
    all_ = Gathering(corpora)
    for one in found:
        all_.add(one)
    parts = all_.end()
    rows, pairs = all_.rows, len(parts)
    longer = np.maximum(all_.heard.pieces, all_.said.pieces)
    openings = all_.of_topics >= OUTSIDE  # “yes” after one question is another utterance than after the next
    nearly = near(rows.utterances, all_.heard.words, all_.heard.word_counts, openings & (parts != IN_TRAIN), openings & (parts == IN_TRAIN))
    contradictory, members, utterances = _contradictions(all_)
    common = commonest(rows.replies, SOME)
    long = [int(row) for row in np.argsort(-longer, kind="stable")[: min(3, pairs)]]
    shown = {row for twin in nearly.examples for row in twin} | {row for group in members for row in group} | {row for row, _ in common} | set(long)
    texts = all_.texts(shown)
    tokens, epochs, seconds = _estimate(all_, parts, longer)
    samples = [sample for sample in all_.samples if sample]
    return Report(
        pairs=pairs, utterances=count_distinct(rows.utterances), replies=count_distinct(rows.replies), topics=len(all_.topics), without_topic=all_.without_topic,
        conversations=all_.turns.total(), needing=all_.needing, train=_count(parts, IN_TRAIN), valid=_count(parts, IN_VALID), test=_count(parts, IN_TEST),
        problems=tuple(all_.problems), problem_kinds=dict(all_.kinds.most_common()), bad_lines=all_.bad_lines,
        second=guess(samples[0]) or "" if samples else "", marks=_together(all_.marks),
        repeated=pairs - count_distinct(all_.exact),
        contradictory_utterances=utterances, contradictory_pairs=contradictory, contradictions=tuple(_told(texts, group) for group in members),
        near=nearly, near_twins=tuple(NearTwin(texts[twin.held].utterance, texts[twin.trained].utterance, texts[twin.held].place) for twin in nearly.examples),
        longest=tuple(_long(texts[row], int(longer[row])) for row in long), too_long=int((longer > LIMIT).sum()),
        commonest=tuple(Common(texts[row].reply, times, times / pairs) for row, times in common),
        scripts={name: times / max(1, 2 * pairs) for name, times in all_.scripts.most_common()}, tokens=tokens, epochs=epochs, seconds=seconds,
    )  # fmt: skip


def _contradictions(all_: Gathering) -> tuple[int, list[list[int]], int]:
    """How many pairs have an utterance with replies of several topics (or, outside of topics, MANY), some such rows, and how many utterances."""
    openings = np.flatnonzero(all_.of_topics >= OUTSIDE)
    utterances, topics, replies = all_.rows.utterances[openings], all_.of_topics[openings], all_.rows.replies[openings]
    kinds = np.where(topics == OUTSIDE, replies, topics.astype(np.uint64))
    order = np.lexsort((kinds, utterances))
    named, sorted_kinds, outside = utterances[order], kinds[order], topics[order] == OUTSIDE
    new = np.ones(len(order), bool)
    new[1:] = named[1:] != named[:-1]
    owner = np.cumsum(new) - 1  # the number of each row's utterance
    fresh = new.copy()
    fresh[1:] |= sorted_kinds[1:] != sorted_kinds[:-1]
    different = np.bincount(owner, fresh).astype(np.int64)
    bad = different >= np.where(outside[new], MANY, 2)
    sizes = np.bincount(owner)
    starts = np.flatnonzero(new)
    worst = sorted(np.flatnonzero(bad).tolist(), key=lambda one: (-different[one], -sizes[one], openings[order[starts[one]]]))[:SOME]
    groups = []
    for one in worst:
        places = np.arange(starts[one], starts[one] + sizes[one])
        groups.append(openings[order[places[fresh[places]]]][:3].tolist())
    return int(sizes[bad].sum()), groups, int(bad.sum())


def _told(texts: dict[int, Text], rows: list[int]) -> Contradiction:
    return Contradiction(texts[rows[0]].utterance, tuple(texts[row].reply for row in rows), texts[rows[0]].place)


def _long(text: Text, pieces: int) -> Long:
    return Long(pieces, max(len(text.utterance), len(text.reply)), text.place)


def _count(parts: NDArray[np.uint8], part: int) -> int:
    return int(np.count_nonzero(parts == part))


def _together(marks: list[Marks]) -> Marks:
    """Those of all files."""
    whole = Marks()
    for one in marks:
        whole.add(one)
    return whole


def _estimate(all_: Gathering, parts: NDArray[np.uint8], longer: NDArray[np.int32]) -> tuple[int, int, float]:
    """About how many tokens an epoch has, how many epochs there are, and how many seconds all of it takes on MACHINE."""
    used = (parts == IN_TRAIN) & (longer <= LIMIT)
    said = int(all_.said.pieces[used].sum())
    heard = int(all_.heard.pieces[used].sum())
    if all_.turns:  # the first n turns of a conversation have fewer before them
        earlier = sum(times * sum(min(turn, all_.corpora.history) for turn in range(turns)) for turns, times in all_.turns.items()) / max(1, len(parts))
        heard += int(earlier * (heard + said))
    usual, utterances, replies = TrainingOptions(), count_distinct(all_.rows.utterances), count_distinct(all_.rows.replies)
    budget, aloud = heard + said, 1.0
    if 0 < 2 * replies <= len(parts):  # where one of few replies is chosen, most of them are not said to the end
        each = len(parts)
        if not all_.corpora.history:  # and an utterance is heard once
            budget, heard, said, each = (number * utterances // len(parts) for number in (budget, heard, said, each))
        aloud = min(1.0, (SAID * replies / max(1, each)) ** 0.5)
    epochs = epochs_of(budget // BATCH, max(1, budget // batch_of(budget // BATCH, usual)), usual)
    tokens = heard + int(said * aloud)
    preparing = len(parts) / READ + VOCABULARY * min(1.0, len(parts) / SAMPLE)
    return tokens, epochs, START + preparing + 2 * tokens * epochs / RATE  # both networks hear and say each of them
