"""`.topic` files: several utterances, several replies that fit all of them. `expand` compiles a folder of them into pairs.

The format is told in corpora/README.md. In short: `== name` begins a topic, `> ` is an utterance, `< ` a reply. In a late-cue topic each
utterance ends in the blank `_`, `{a|b}` lists filler words, and two lines `= word | word` list what may fill the blank, each above its replies.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import product
from pathlib import Path

from chatbot.corpus.folding import fold, key
from chatbot.corpus.lines import numbered_lines
from chatbot.corpus.pairs import Group
from chatbot.errors import CorpusError

REPLIES_AN_UTTERANCE = 2

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_FILLERS = re.compile(r"\{([^{}]*)\}")


@dataclass
class Ending:
    """One way in which the utterances of a late-cue topic end, and the replies that fit it."""

    place: str
    cues: list[str]
    replies: list[str] = field(default_factory=list)


@dataclass
class Topic:
    """A topic as it is written. `endings` is empty, or holds the two of a late-cue topic."""

    name: str
    place: str
    utterances: list[tuple[str, str]] = field(default_factory=list)  # (place, text)
    replies: list[str] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    most_pairs: int | None = None


@dataclass(frozen=True)
class Line:
    """One line of the corpus that topics make, and what it belongs to."""

    utterance: str
    reply: str
    group: Group


def read_topics(folder: Path) -> list[Topic]:
    """The topics of all `.topic` files in `folder`, in the order of their names. Raises CorpusError at `file:line:column`."""
    paths = sorted(folder.glob("*.topic"))
    if not folder.is_dir() or not paths:
        raise CorpusError("no .topic files there", place=folder, remedy="name a folder that holds some")
    topics: dict[str, Topic] = {}
    for path in paths:
        for topic in _parse(path):
            if first := topics.get(topic.name):
                raise CorpusError(f"topic {topic.name} stands at {first.place} already", place=f"{topic.place}:4", remedy="join the two, or rename one")
            topics[topic.name] = topic
    return list(topics.values())


def expand(topics: list[Topic]) -> Iterator[Line]:
    """Yields the pairs that `topics` make: each utterance with two of its topic's replies.

    Raises CorpusError when an utterance stands in two topics: no reply could be right for it.
    """
    said: dict[str, tuple[str, str, str]] = {}
    for topic in topics:
        for place, line in _late(topic) if topic.endings else _plain(topic):
            here = (place, line.group.pair, line.group.label)
            first = said.setdefault(key(line.utterance), here)
            if first != here:
                raise CorpusError(f"“{line.utterance}” is said at {first[0]} already", place=f"{place}:3", remedy="keep one of the two")
            yield line


def _plain(topic: Topic) -> Iterator[tuple[str, Line]]:
    """Each utterance of a plain topic, with its replies."""
    for number, (place, utterance) in enumerate(topic.utterances):
        for reply in _rotated(topic.replies, number):
            yield place, Line(utterance, reply, Group(topic.name))


def _late(topic: Topic) -> Iterator[tuple[str, Line]]:
    """Pairs of utterances alike up to the last word: frames x fillers x cues, of which a hash keeps `most_pairs`."""
    made: list[tuple[str, str, str, int]] = []  # (pair, place, text up to the cue, cue)
    for frame, (place, utterance) in enumerate(topic.utterances, 1):
        texts = _FILLERS.split(utterance.removesuffix("_"))
        for fillers in product(*([word.strip() for word in list_.split("|")] for list_ in texts[1::2])):
            start = "".join(text for both in zip(texts[::2], (*fillers, ""), strict=True) for text in both)
            for cue in range(len(topic.endings[0].cues)):
                made.append((f"{topic.name}/{'+'.join(fillers)}/{frame}.{cue + 1}", place, start, cue))
    kept = sorted(made, key=lambda pair: blake2b(pair[0].encode(), digest_size=8).digest())[: topic.most_pairs]
    for number, (pair, place, start, cue) in enumerate(sorted(kept, key=made.index)):
        for ending in topic.endings:
            utterance = start + ending.cues[cue]
            for reply in _rotated(ending.replies, number):
                yield place, Line(utterance, reply, Group(topic.name, pair, ending.cues[0]))


def _rotated(replies: list[str], number: int) -> list[str]:
    """The replies of the utterance of that number: another two each time, so that all are used equally often."""
    return [replies[(number + turn) % len(replies)] for turn in range(min(REPLIES_AN_UTTERANCE, len(replies)))]


def _parse(path: Path) -> Iterator[Topic]:
    """The topics of one file, each checked when it ends."""
    topic: Topic | None = None
    for number, line in numbered_lines(path):
        place = f"{path}:{number}"
        line = line.rstrip()
        if not line or line.startswith("#"):
            continue
        sign, _, text = line.partition(" ")
        text = fold(text)
        if sign == "==":
            if topic:
                yield _checked(topic)
            if not _NAME.fullmatch(text):
                raise CorpusError(f"“{text}” is no name for a topic", place=f"{place}:4", remedy="use lower-case letters, digits, - and .")
            topic = Topic(text, place)
        elif topic is None:
            raise CorpusError("a line before the first topic", place=f"{place}:1", remedy="begin with `== name`")
        elif sign not in (">", "<", "=", "@pairs"):
            raise CorpusError(f"“{sign}” begins no line of a topic", place=f"{place}:1", remedy="use `== `, `> `, `< `, `= `, `@pairs ` or `# `")
        elif not text:
            raise CorpusError(f"nothing after `{sign}`", place=f"{place}:{len(sign) + 2}", remedy="write it, or delete the line")
        elif sign == ">":
            topic.utterances.append((place, text))
        elif sign == "<":
            (topic.endings[-1].replies if topic.endings else topic.replies).append(text)
        elif sign == "=":
            topic.endings.append(Ending(place, [cue.strip() for cue in text.split("|")]))
        elif text.isdecimal() and int(text) > 0:
            topic.most_pairs = int(text)
        else:
            raise CorpusError(f"“{text}” is no number of pairs", place=f"{place}:8", remedy="write a whole number from 1")
    if topic:
        yield _checked(topic)


def _checked(topic: Topic) -> Topic:
    """`topic`, if it is whole."""
    if not topic.utterances:
        raise CorpusError(f"topic {topic.name} has no utterance", place=f"{topic.place}:1", remedy="add lines that begin with `> `")
    for where, replies in [(ending.place, ending.replies) for ending in topic.endings] or [(topic.place, topic.replies)]:
        if not replies:
            raise CorpusError("no reply to this", place=f"{where}:1", remedy="add lines that begin with `< `")
    if not topic.endings:
        for place, text in topic.utterances:
            if column := 1 + min((place for place in map(text.find, "{}") if place >= 0), default=-1):
                raise CorpusError("filler words outside of a late-cue topic", place=f"{place}:{column + 2}", remedy="write each utterance out")
        return topic
    if len(topic.endings) != 2 or topic.replies or len(topic.endings[0].cues) != len(topic.endings[1].cues):
        raise CorpusError(
            "a late-cue topic has two endings with equally many words, each above its replies",
            place=f"{topic.endings[-1].place}:1",
            remedy="mend the lines that begin with `= `",
        )
    for ending in topic.endings:
        if not all(ending.cues):
            raise CorpusError("an empty word in an ending", place=f"{ending.place}:3", remedy="write words with | between them")
    for place, text in topic.utterances:
        if not text.endswith(" _") or _FILLERS.sub("", text).count("_") != 1 or re.search("[{}]", _FILLERS.sub("", text)):
            raise CorpusError(
                "an utterance of a late-cue topic ends in the one blank `_`, braces in pairs",
                place=f"{place}:3",
                remedy="e.g. `> the {first|last} day left me _`",
            )
    return topic
