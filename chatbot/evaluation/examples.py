"""Replies that a person should read: of the wrong ones the surest and the least sure, some as they come, and how many were learnt by heart."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chatbot.corpus.folding import fold
from chatbot.evaluation.tally import Answers

MOST = 8  # of each kind


@dataclass(frozen=True)
class Example:
    """What was said to an utterance, how sure the bot was of all of it, and one of the replies that are right."""

    utterance: str
    reply: str
    probability: float
    expected: str


@dataclass(frozen=True)
class Wrong:
    """Wrong replies: those of which the bot was surest, and those of which it was least sure."""

    surest: tuple[Example, ...]
    least_sure: tuple[Example, ...]


@dataclass(frozen=True)
class Memorised:
    """How many of the replies stand in the training part word for word; of these and of the new ones the share that is right, NaN where there are none."""

    share: float
    right: float
    new_right: float
    new: tuple[str, ...]  # some that stand nowhere


@dataclass(frozen=True)
class Sample:
    """What each system said to one utterance, and whether that was right."""

    utterance: str
    history: tuple[tuple[str, str], ...]
    expected: str
    said: Mapping[str, tuple[str, bool]]


def wrong(answers: Answers, allowed: Mapping[str, Sequence[str]]) -> Wrong:
    """The wrong replies that tell most."""
    examples = [
        Example(pair.utterance, reply.text, math.exp(min(0.0, reply.log_probability)), allowed[pair.name][0])
        for pair, reply, right in zip(answers.asked, answers.replies, answers.right, strict=True)
        if not right
    ]
    examples.sort(key=lambda one: -one.probability)
    return Wrong(tuple(examples[:MOST]), tuple(examples[MOST:][: -MOST - 1 : -1]))


def memorised(answers: Answers, known: Iterable[str]) -> Memorised:
    """How many of the `answers` are `known` replies, letter by letter after folding."""
    heart = set(map(fold, known))
    old = [fold(reply.text) in heart for reply in answers.replies]
    right = [is_it for is_it, by_heart in zip(answers.right, old, strict=True) if by_heart]
    others = [is_it for is_it, by_heart in zip(answers.right, old, strict=True) if not by_heart]
    new = dict.fromkeys(reply.text for reply, by_heart in zip(answers.replies, old, strict=True) if not by_heart)
    return Memorised(len(right) / len(old), _share(right), _share(others), tuple(new)[:MOST])


def samples(answers: Mapping[str, Answers], allowed: Mapping[str, Sequence[str]]) -> tuple[Sample, ...]:
    """Some utterances, spread evenly over those that all were asked, and what each said to them."""
    asked = next(iter(answers.values())).asked
    chosen = sorted({place * len(asked) // MOST for place in range(MOST)})
    return tuple(
        Sample(
            asked[place].utterance,
            asked[place].history,
            allowed[asked[place].name][0],
            {name: (given.replies[place].text, given.right[place]) for name, given in answers.items()},
        )
        for place in chosen
    )


def _share(marks: Collection[bool]) -> float:
    return sum(marks) / len(marks) if marks else math.nan
