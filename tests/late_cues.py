"""What the tests of late cues share, in any language: the pairs that topics make, how they are split, and classifiers that see only a part of an utterance."""

import shutil
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from math import log
from pathlib import Path

from chatbot.corpus.expand import expand
from chatbot.corpus.pairs import Pair
from chatbot.corpus.split import split_pairs
from chatbot.corpus.topics import Topic, read_topics


@dataclass(frozen=True)
class Said:
    """One utterance of a topic with two endings, cut in two: its cue and the rest. `label` names the ending whose replies it gets."""

    topic: str
    rest: str
    cue: str
    label: str
    pair: str
    unit: str
    frame: int  # by number: straight ones first, then turned ones
    turned: bool


@dataclass(frozen=True)
class Corpus:
    """The topics of some files, what is said in each of the parts, and the replies to each label of each topic."""

    topics: list[Topic]
    train: list[Said]
    valid: list[Said]
    test: list[Said]
    replies: dict[tuple[str, str], set[str]]

    @property
    def every(self) -> list[Said]:
        return [*self.train, *self.valid, *self.test]

    @property
    def held_out(self) -> list[Said]:
        return [*self.valid, *self.test]


def read(folder: Path, pattern: str, copy: Path) -> Corpus:
    """The corpus of those files of `folder` alone; `copy` is an empty folder for them."""
    for path in folder.glob(pattern):
        shutil.copy(path, copy)
    topics = read_topics(copy)
    pairs = [Pair(line.utterance, line.reply, group=line.group) for line in expand(topics)]
    named = {topic.name: topic for topic in topics}
    replies: dict[tuple[str, str], set[str]] = {}
    for pair in pairs:
        replies.setdefault((pair.group.topic, pair.group.label), set()).add(pair.reply)
    parts = split_pairs(pairs)
    return Corpus(
        topics, *(list(dict.fromkeys(_said(pair, named[pair.group.topic]) for pair in part)) for part in (parts.train, parts.valid, parts.test)), replies
    )


def _said(pair: Pair, topic: Topic) -> Said:
    group = pair.group
    frame, number = map(int, group.pair.rpartition("/")[2].split("."))
    cues = sorted((ending.cues[number - 1] for ending in topic.endings), key=len, reverse=True)
    for cue in cues:
        rest = pair.utterance.removesuffix(f" {cue}") if late(topic) else pair.utterance.removeprefix(f"{cue} ")
        if rest != pair.utterance:
            return Said(group.topic, rest, cue, group.label, group.pair, group.unit, frame, frame > len(topic.utterances))
    raise AssertionError(f"none of {cues} in “{pair.utterance}”")


def late(topic: Topic) -> bool:
    """Whether the cues of a topic come last."""
    return topic.utterances[0][1].endswith(" _")


# Classifiers. Each knows the topic, and whatever else `features` lets it see.


def seen_before(said: Said) -> list[Hashable]:
    """The words up to the cue (or after it), without the cue."""
    return list(said.rest.split())


def cue_alone(said: Said) -> list[Hashable]:
    return [said.cue]


def both(said: Said) -> list[Hashable]:
    """The cue, and whether its frame is a turned one."""
    return [(said.turned, said.cue)]


def right_of(train: Iterable[Said], asked: Iterable[Said], features: Callable[[Said], list[Hashable]]) -> tuple[float, int]:
    """How many of `asked` a naive Bayes classifier is right about, and of how many. Where it is of two minds it is half right."""
    labels: Counter[tuple[str, str]] = Counter()
    counts: Counter[tuple[str, str, Hashable]] = Counter()
    of_topic: dict[str, list[str]] = {}
    for said in train:
        labels[said.topic, said.label] += 1
        counts.update((said.topic, said.label, feature) for feature in features(said))
        if said.label not in of_topic.setdefault(said.topic, []):
            of_topic[said.topic].append(said.label)
    right, total = 0.0, 0
    for said in asked:
        scores = {
            label: log(labels[said.topic, label])
            + sum(log((counts[said.topic, label, feature] + 1) / (labels[said.topic, label] + 2)) for feature in features(said))
            for label in of_topic[said.topic]
        }
        best = max(scores.values())
        among = [label for label, score in scores.items() if best - score < 1e-9]
        right += (said.label in among) / len(among)
        total += 1
    return right, total
