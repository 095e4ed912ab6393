"""What topics make: utterances, each with the replies that it is paired with. See `topics` for how they are read."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import product
from typing import TypeVar

from chatbot.corpus.folding import fold, key
from chatbot.corpus.gaps import Gap, choices_of, chosen, filled, parts_of, slots_of
from chatbot.corpus.pairs import Group
from chatbot.corpus.topics import Block, Ending, Topic
from chatbot.errors import CorpusError

REPLIES_AN_UTTERANCE = 2
REPLIES_A_FOLLOW_UP = 4
VALUES_AN_UTTERANCE = 4  # of a slot

Reply = TypeVar("Reply")


@dataclass(frozen=True)
class Line:
    """One line of the corpus that topics make, and what it belongs to."""

    utterance: str
    reply: str
    group: Group


@dataclass(frozen=True)
class Exchange:
    """An utterance and the replies that it is paired with."""

    utterance: str
    replies: tuple[str, ...]
    group: Group
    place: str = ""

    def lines(self) -> list[Line]:
        """Its pairs."""
        return [Line(self.utterance, reply, self.group) for reply in self.replies]


@dataclass(frozen=True)
class ExchangeBlock:
    """The utterances of a topic or of a block of follow-ups, and the blocks that may come after them."""

    name: str
    exchanges: list[Exchange]
    follow_ups: list["ExchangeBlock"]


def expand(topics: list[Topic]) -> Iterator[Line]:
    """Yields each pair that `topics` make once: an utterance with two of its topic's replies, a follow-up with up to four of its block's.

    Raises CorpusError when an utterance stands in two topics: no reply could be right for it.
    """
    for block in exchanges_in(topics):
        yield from _lines(block)


def exchanges_in(topics: list[Topic]) -> list[ExchangeBlock]:
    """What is said in each topic. Raises CorpusError as `expand` does."""
    known: dict[str, str] = {}
    blocks = []
    for topic in topics:
        exchanges = _late(topic) if topic.endings else _plain(topic, topic)
        _check_once(exchanges, known)
        blocks.append(ExchangeBlock(topic.name, exchanges, _after(topic, topic)))
    return blocks


def _lines(block: ExchangeBlock) -> Iterator[Line]:
    for exchange in block.exchanges:
        yield from exchange.lines()
    for below in block.follow_ups:
        yield from _lines(below)


def _after(block: Block, topic: Topic) -> list[ExchangeBlock]:
    """The blocks that may come after `block`. What is said in one of them is said in no other."""
    known: dict[str, str] = {}
    blocks = []
    for below in block.follow_ups:
        exchanges = _plain(below, topic)
        _check_once(exchanges, known)
        blocks.append(ExchangeBlock(below.name, exchanges, _after(below, topic)))
    return blocks


def _check_once(exchanges: list[Exchange], known: dict[str, str]) -> None:
    """Raises CorpusError for an utterance whose key is `known` at another place; notes the others."""
    for one in exchanges:
        if first := known.get(name := key(one.utterance)):
            raise CorpusError(f"“{one.utterance}” is said at {first} already", place=one.place, remedy="keep one of the two")
        known[name] = one.place


def _plain(block: Block, topic: Topic) -> list[Exchange]:
    """What is said in a plain topic or in a block of follow-ups."""
    replies = [parts_of(text, topic.slots) for text in block.replies]
    labelling = sorted({slot for reply in replies for slot in slots_of(reply)})
    frames = [
        (place, frame)
        for place, text in block.utterances
        for _, frame in chosen(parts_of(text, topic.slots, place))
    ]  # fmt: skip
    asked = [(place, frame, number, values) for number, (place, frame) in enumerate(frames) for values in _values(frame, block.name, number)]
    if topic.most_pairs and block is topic:
        kept = sorted(range(len(asked)), key=lambda row: _hash(f"{topic.name}/{filled(asked[row][1], asked[row][3])}"))[: topic.most_pairs]
        asked = [asked[row] for row in sorted(kept)]
    if block is topic:
        replies = _shared(replies, [[parts_of(text, topic.slots) for text in lent] for lent in topic.also])
    met: Counter[str] = Counter()
    exchanges = []
    for place, frame, number, values in asked:
        label = "+".join(values[slot] for slot in labelling)
        pair = f"{block.name}/{number + 1}/{_named(values.values())}" if values else ""
        start = _hash(f"{block.name}/{label}") if label else 0
        most = REPLIES_A_FOLLOW_UP if block.turn else REPLIES_AN_UTTERANCE
        turned = _rotated(replies, start + met[label] * (most if label else 1), most)
        texts = tuple(dict.fromkeys(filled(reply, values, capitals=True) for reply in turned))
        exchanges.append(Exchange(filled(frame, values), texts, Group(block.name, pair, label, block.turn), place))
        met[label] += 1
    return exchanges


def _values(frame: list[str | Gap], name: str, number: int) -> Iterator[dict[str, str]]:
    """What stands in the slots of a frame, up to four times: the values in rotation, four frames further on from frame to frame."""
    slots = slots_of(frame)
    if not slots:
        yield {}
        return
    for turn in range(min(VALUES_AN_UTTERANCE, max(map(len, slots.values())))):
        at = number * VALUES_AN_UTTERANCE + turn
        yield {slot: words[(_hash(f"{name}/{slot}") + at) % len(words)] for slot, words in slots.items()}


@dataclass(frozen=True)
class _Pair:
    """Two utterances alike up to their cues, which stand at the same place in the two lists."""

    name: str
    place: str
    parts: tuple[str, str]  # before and after the blank
    frame: int
    cue: int
    twin: str  # what a straight frame shares with the turned one at the same place among its kind: one hash decides for both


def _late(topic: Topic) -> list[Exchange]:
    """Pairs of utterances alike but for the cue. Of straight and of turned frames there are equally many, of which a hash keeps half of `most_pairs` each."""
    straight = _made(topic, topic.utterances, 1)
    turned = _made(topic, topic.turned, 1 + len(topic.utterances))
    most = topic.most_pairs or len(straight) + len(turned)
    if straight and turned:
        most = min(most // 2, len(straight), len(turned))
    exchanges = []
    number = 0
    for made, endings in ((straight, topic.endings), (turned, topic.endings[::-1])):
        for pair in _kept(made, most):
            for cues, ending in zip(topic.endings, endings, strict=True):
                exchanges.append(_ended(pair, cues.cues[pair.cue], ending, number, topic.name))
            number += 1
    return exchanges


def _ended(pair: _Pair, cue: str, ending: Ending, number: int, topic: str) -> Exchange:
    """A pair's utterance with that cue, and the replies of `ending`."""
    before, after = pair.parts
    replies = tuple(_rotated(ending.replies, number, REPLIES_AN_UTTERANCE))
    return Exchange(fold(f"{before}{cue}{after}"), replies, Group(topic, pair.name, ending.cues[0]), pair.place)


def _made(topic: Topic, utterances: list[tuple[str, str]], first: int) -> list[_Pair]:
    """All pairs of these frames: fillers x cues."""
    made = []
    for frame, (place, text) in enumerate(utterances, first):
        parts = parts_of(text, topic.slots, place)
        lists = [Gap(part.words) if isinstance(part, Gap) else part for part in parts]  # of a slot all values
        for fillers in product(*(gap.words for gap in choices_of(lists))):
            left = list(fillers)
            start = "".join(left.pop(0) if isinstance(part, Gap) else part for part in lists)
            before, _, after = start.partition("_") if start.startswith("_") else (start.removesuffix("_"), "", "")
            name = f"{topic.name}/{_named(fillers)}/"
            made += [
                _Pair(f"{name}{frame}.{cue + 1}", place, (before, after), frame, cue, f"{name}{frame - first}.{cue}")
                for cue in range(len(topic.endings[0].cues))
            ]
    return made


def _kept(made: list[_Pair], most: int) -> list[_Pair]:
    """`most` of the pairs, chosen by a hash of their twins: of each cue, and of its frames, as equally many as can be."""
    in_frame: Counter[tuple[int, int]] = Counter()
    ranked = []
    for pair in sorted(made, key=lambda pair: _hash(pair.twin)):
        ranked.append((in_frame[pair.frame, pair.cue], pair))
        in_frame[pair.frame, pair.cue] += 1
    of_cue: Counter[int] = Counter()
    rounds = []
    for _, pair in sorted(ranked, key=lambda one: one[0]):
        rounds.append((of_cue[pair.cue], pair.cue, pair))
        of_cue[pair.cue] += 1
    rounds.sort(key=lambda one: one[:2])
    places = {pair.name: row for row, pair in enumerate(made)}
    return sorted((pair for *_, pair in rounds[:most]), key=lambda pair: places[pair.name])


def _shared(own: list[Reply], lent: list[list[Reply]]) -> list[Reply]:
    """A topic's own replies and those that others lend it, each of the first half as often as one of its own, each of the next half of that.

    Who is sure of the topic then says its own; who only knows that it is one of several says what they share.
    """
    return [reply for rank, replies in enumerate([own, *lent]) for reply in replies * 2 ** (len(lent) - rank)]


def _rotated(replies: list[Reply], number: int, most: int) -> list[Reply]:
    """The replies of the utterance of that number: others each time, so that all are used equally often."""
    return [replies[(number + turn) % len(replies)] for turn in range(min(most, len(replies)))]


def _named(words: Iterable[str]) -> str:
    """Words as a part of the name of a pair, in which a / has a meaning."""
    return "+".join(words).replace("/", "-")


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
