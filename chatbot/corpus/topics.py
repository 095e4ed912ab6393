"""`.topic` files, read and checked: several utterances, several replies that fit all of them, and what may follow.

The format is told in corpora/README.md. `expand` makes pairs of what is read here, and `conversations` puts them into conversations. Every `place` is a
`file:line:column`; texts are kept as they are written, so that it can be told where in them a mistake is, and are folded when pairs are made of them.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chatbot.corpus.folding import fold
from chatbot.corpus.gaps import Gap, along, choices_of, parts_of, slots_of, words_of
from chatbot.corpus.lines import numbered_lines
from chatbot.errors import CorpusError
from chatbot.records import whole_number

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_THEN = re.compile(r"\.then-[0-9]+(\.|$)")
_SLOT = re.compile(r"([a-z0-9][a-z0-9_-]*)\s*=\s*(.*)")
_BLANK = re.compile(r"(?:^|(?<=\s))_(?=[\s,.:!?]|$)")
MOST_LENT = 3  # topics that lend their replies to one
_SIGNS = ("==", ">", ">!", "<", "=", ">>", "<<", ">>>", "<<<", "@pairs", "@slot", "@also")


@dataclass
class Ending:
    """One list of words that may stand in the blank of a late-cue topic, and the replies below it."""

    place: str
    cues: list[str]
    replies: list[str] = field(default_factory=list)


@dataclass
class Block:
    """What a person may say at one point of a conversation, the replies that fit all of it, and what may be said after any of these."""

    name: str
    place: str
    turn: int = 0  # how many turns of the conversation are before it
    utterances: list[tuple[str, str]] = field(default_factory=list)  # (place, text)
    replies: list[str] = field(default_factory=list)
    reply_places: list[str] = field(default_factory=list)
    follow_ups: list["Block"] = field(default_factory=list)


@dataclass
class Topic(Block):
    """A topic as it is written. `endings` is empty, or holds the two of a late-cue topic; then `turned` are the frames in which they change places."""

    turned: list[tuple[str, str]] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    most_pairs: int | None = None
    lent: dict[str, str] = field(default_factory=dict)  # the topics whose replies fit here too, the nearest first, and where they are named
    also: list[list[str]] = field(default_factory=list)  # their replies
    slots: dict[str, tuple[str, ...]] = field(default_factory=dict)  # those of its file


def read_topics(folder: Path) -> list[Topic]:
    """The topics of all `.topic` files in `folder`, in the order of their names. Raises CorpusError at `file:line:column`."""
    paths = sorted(folder.glob("*.topic"))
    if not paths:
        what = "no .topic files there" if os.path.isdir(folder) else "a file, not a folder" if os.path.exists(folder) else "no such folder"
        raise CorpusError(what, place=folder, remedy="name a folder that holds .topic files, or begin one with `chatbot corpus new NAME`")
    topics: dict[str, Topic] = {}
    for path in paths:
        for topic in _Reader(path).topics():
            if first := topics.get(topic.name):
                raise CorpusError(f"topic {topic.name} stands at {first.place} already", place=topic.place, remedy="join the two, or rename one")
            topics[topic.name] = topic
    lent = {name for topic in topics.values() for name in topic.lent}
    for topic in topics.values():
        topic.also = [_lent(name, topic, topics) for name in topic.lent]
        if not topic.utterances and not topic.turned and topic.name not in lent:
            raise CorpusError(f"topic {topic.name} has no utterance", place=topic.place, remedy="add lines that begin with `> `")
    return [topic for topic in topics.values() if topic.utterances or topic.turned]


def _lent(name: str, topic: Topic, topics: Mapping[str, Topic]) -> list[str]:
    """The replies of the topic of that name, which fit in `topic` too. Raises CorpusError unless they can."""
    place = topic.lent[name]
    if topic.endings:
        raise CorpusError("@also in a late-cue topic", place=place, remedy="delete it: what its last word decides, no reply fits in both cases")
    if name not in topics or not topics[name].replies:
        raise CorpusError(f"no topic {name} that has replies of its own", place=place, remedy="write one, or name another")
    if any("{" in reply for reply in topics[name].replies):
        raise CorpusError(f"a slot in a reply of {name}", place=place, remedy="lend replies without slots")
    return topics[name].replies


class _Reader:
    """Reads one file, line by line. What was read last tells which line may come next."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.slots: dict[str, tuple[str, ...]] = {}
        self.slot_places: dict[str, str] = {}
        self.topic: Topic | None = None
        self.open: list[Block] = []  # the topic, the block of follow-ups in it, and the one in that
        self.asked = False  # whether the last line of the topic was an utterance

    def topics(self) -> Iterator[Topic]:
        """Yields the topics, each checked when it ends."""
        for number, line in numbered_lines(self.path):
            place, line = f"{self.path}:{number}:1", line.rstrip()
            if not line or line.startswith("#"):
                continue
            if line[0].isspace():
                raise CorpusError("a blank before the sign", place=place, remedy="begin the line with the sign")
            sign = line.split(None, 1)[0]
            text = line[len(sign) :].lstrip()
            at = along(place, len(line) - len(text))  # where the text begins
            if sign == "==":
                if self.topic:
                    yield _checked(self.topic)
                self._begin(text, at)
            elif sign not in _SIGNS:
                raise CorpusError(f"“{sign}” begins no line of a topic", place=place, remedy=f"use one of {' '.join(_SIGNS)} #, and a blank after it")
            elif sign == "@slot":
                self._slot(text, at)
            elif self.topic is None:
                raise CorpusError("a line before the first topic", place=place, remedy="begin with `== name`")
            elif not fold(text):
                raise CorpusError(f"nothing after `{sign}`", place=at, remedy="write it, or delete the line")
            elif sign == "@pairs":
                _cap(self.topic, text, place, at)
            elif sign == "@also":
                _borrow(self.topic, text, place, at)
            else:
                self._line(self.topic, sign, text, place, at)
        if self.topic:
            yield _checked(self.topic)

    def _begin(self, name: str, at: str) -> None:
        if not _NAME.fullmatch(name):
            raise CorpusError(f"“{name}” is no name for a topic", place=at, remedy="use lower-case letters, digits, - and .")
        if _THEN.search(name):
            raise CorpusError(f"“{name}” is what a block of follow-ups is called", place=at, remedy="rename the topic")
        self.topic = Topic(name, at, slots=self.slots)
        self.open, self.asked = [self.topic], False

    def _slot(self, text: str, at: str) -> None:
        found = _SLOT.fullmatch(text)
        if not found or not found[2]:
            raise CorpusError("no slot", place=at, remedy="write it as @slot food = pizza | sushi; a name has lower-case letters, digits, - and _")
        name = found[1]
        if name in self.slots:
            raise CorpusError(f"slot {name} stands at {self.slot_places[name]} already", place=at, remedy="join the two, or rename one")
        self.slots[name] = words_of(found[2], at, found.start(2))
        self.slot_places[name] = at

    def _line(self, topic: Topic, sign: str, text: str, place: str, at: str) -> None:
        """An utterance, a reply or an ending."""
        if sign == "=":
            self._only_an_opening(topic, place)
            topic.endings.append(Ending(place, list(words_of(text, at))))
            return
        parts = parts_of(text, self.slots, at)
        level = len(sign.rstrip("!")) - 1
        if sign.startswith(">"):
            block = self._asking(topic, level, place)
            (topic.turned if sign == ">!" else block.utterances).append((at, text))
        else:
            block = self._answering(topic, level, place)
            if choices := choices_of(parts):
                raise CorpusError("choices in a reply", place=along(at, choices[0].at), remedy="write each reply on a line of its own")
            if topic.endings:
                if slots_of(parts):
                    raise CorpusError("a slot in a reply of a late-cue topic", place=along(at, text.index("{")), remedy="write the reply without it")
                topic.endings[-1].replies.append(fold(text))
            else:
                block.replies.append(text)
                block.reply_places.append(at)
        self.asked = sign.startswith(">")

    def _asking(self, topic: Topic, level: int, place: str) -> Block:
        """The block that an utterance belongs to: a new one where follow-ups follow a reply."""
        if level == 0:
            self._only_an_opening(topic, place)
            return topic
        sign, above = ">" * (level + 1), self.open[level - 1] if level <= len(self.open) else None
        if above is None or not (above.replies or topic.endings):
            remedy = "write the replies above it first" if level == 1 else f"it stands below a block of `{sign[1:]}` and `{'<' * level}`"
            raise CorpusError(f"nothing that this `{sign}` could follow", place=place, remedy=remedy)
        if len(self.open) == level or len(self.open) > level + 1 or not self.asked:
            block = Block(f"{above.name}.then-{len(above.follow_ups) + 1}", place, level)
            above.follow_ups.append(block)
            self.open = [*self.open[:level], block]
        return self.open[level]

    def _answering(self, topic: Topic, level: int, place: str) -> Block:
        """The block that a reply belongs to."""
        if level == 0:
            self._only_an_opening(topic, place)
            return topic
        if len(self.open) != level + 1:
            answer, question = "<" * (level + 1), ">" * (level + 1)
            raise CorpusError(f"`{answer}` before `{question}`", place=place, remedy=f"write above it what is said, on lines that begin with `{question} `")
        return self.open[level]

    def _only_an_opening(self, topic: Topic, place: str) -> None:
        if topic.follow_ups:
            what = "a line of the topic itself below its follow-ups"
            raise CorpusError(what, place=place, remedy=f"move it above line {_line_of(topic.follow_ups[0].place)}, or double its sign")


def _cap(topic: Topic, text: str, place: str, at: str) -> None:
    if not (most := whole_number(text)):
        raise CorpusError(f"“{text}” is no number of pairs", place=at, remedy="write a whole number from 1")
    if topic.most_pairs is not None:
        raise CorpusError("a second @pairs in this topic", place=place, remedy="keep one of the two")
    topic.most_pairs = most


def _borrow(topic: Topic, text: str, place: str, at: str) -> None:
    if topic.lent:
        raise CorpusError("a second @also in this topic", place=place, remedy="name all topics in one, the nearest first")
    for name in re.finditer(r"\S+", text):
        spot = along(at, name.start())
        if name[0] in (topic.name, *topic.lent):
            raise CorpusError("a topic that is named twice, or by itself", place=spot, remedy="name each once")
        if len(topic.lent) == MOST_LENT:
            raise CorpusError(f"more than {MOST_LENT} topics", place=spot, remedy="name the nearest")
        topic.lent[name[0]] = spot


def _checked(topic: Topic) -> Topic:
    """`topic`, if it is whole."""
    if topic.endings:
        _check_late(topic)
        return topic
    if topic.turned:
        place = topic.turned[0][0]
        raise CorpusError(
            "`>!` outside of a late-cue topic",
            place=f"{place.rpartition(':')[0]}:1",
            remedy="begin the line with `> `, or add two endings: lines `= word | word`",
        )
    if topic.utterances or topic.follow_ups:
        _check_block(topic, topic)
    return topic


def _check_block(block: Block, topic: Topic) -> None:
    """Raises CorpusError unless each utterance has replies that fit it; of its follow-ups too."""
    sign = "<" * (block.turn + 1)
    if not block.replies:
        raise CorpusError("no reply to this", place=block.place, remedy=f"add lines that begin with `{sign} `")
    having = [(place, slots_of(parts_of(text, topic.slots, place))) for place, text in block.utterances]
    for place, text in block.utterances:
        if blank := _BLANK.search(text):
            what = "a blank outside of a late-cue topic"
            raise CorpusError(what, place=along(place, blank.start()), remedy="delete it, or add two endings: lines `= word | word`")
    for place, text in zip(block.reply_places, block.replies, strict=True):
        for gap in parts_of(text, topic.slots, place):
            if isinstance(gap, Gap) and (without := next((where for where, slots in having if gap.slot not in slots), None)):
                what = f"{{{gap.slot}}} in a reply, and the utterance in line {_line_of(without)} has none"
                raise CorpusError(what, place=along(place, gap.at), remedy="write it into both, or into neither")
    for below in block.follow_ups:
        _check_block(below, topic)


def _check_late(topic: Topic) -> None:
    """Raises CorpusError unless a late-cue topic has two endings with replies, and one blank in each utterance, all at the same side."""
    if topic.follow_ups:
        raise CorpusError("follow-ups in a late-cue topic", place=topic.follow_ups[0].place, remedy="delete them")
    if len(topic.endings) != 2 or topic.replies or len(topic.endings[0].cues) != len(topic.endings[1].cues):
        what = "a late-cue topic has two endings with equally many words, each above its replies"
        raise CorpusError(what, place=topic.endings[-1].place, remedy="mend the lines that begin with `= `")
    if topic.most_pairs == 1 and topic.utterances and topic.turned:
        raise CorpusError("@pairs 1 keeps nothing", place=topic.place, remedy="write 2 or more: of straight and of turned frames equally many are kept")
    for ending in topic.endings:
        if not ending.replies:
            raise CorpusError("no reply to this", place=ending.place, remedy="add lines that begin with `< `")
    every = [*topic.utterances, *topic.turned]
    for place, text in every:
        blanks = [blank.start() for blank in _BLANK.finditer(text)]
        if len(blanks) != 1 or blanks[0] not in (0, len(text) - 1) or len(text) == 1:
            what = "an utterance of a late-cue topic ends in the one blank ` _` or begins with it"
            raise CorpusError(what, place=place, remedy="e.g. `> the {first|last} day left me _`")
        if text.startswith("_") != every[0][1].startswith("_"):
            raise CorpusError("a blank at the beginning and one at the end in the same topic", place=place, remedy="make two topics of it")


def _line_of(place: str) -> str:
    """The number of the line."""
    return place.split(":")[-2]
