"""Pairs put into conversations, so that a bot with history learns when the turn before matters: after it comes a follow-up, or something unrelated.

Each pair of a topic stands in one conversation. Of the pairs of an utterance one opens a conversation, and the other comes after something
of another topic. Follow-ups come after pairs of their own topic. All is chosen by hashes: the same topics give the same conversations.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from chatbot.corpus.expand import Exchange, ExchangeBlock, Line
from chatbot.corpus.folding import key

TIMES = 4  # conversations that a follow-up comes in, where there are pairs enough to follow


@dataclass(eq=False)
class _Chain:
    """Exchanges that stay together: a pair of a topic and what follows it. `expected` are the follow-ups that its last exchange could have."""

    lines: list[Line]
    topic: str
    expected: frozenset[str] = frozenset()

    def follow(self, other: "_Chain") -> None:
        """Puts `other` behind it."""
        self.lines += other.lines
        self.expected = other.expected

    def may_precede(self, other: "_Chain") -> bool:
        """Whether `other` is unrelated: of another topic, and not what a follow-up would say."""
        return self.topic != other.topic and key(other.lines[0].utterance) not in self.expected


@dataclass
class _Follower:
    """A follow-up utterance, and the utterances and replies that it was put behind."""

    exchange: Exchange
    after: set[str] = field(default_factory=set)


def conversations(blocks: Iterable[ExchangeBlock]) -> list[list[Line]]:
    """The pairs of `blocks`, as `exchanges_in` gives them, in conversations of one to six exchanges."""
    firsts: list[_Chain] = []
    seconds: list[_Chain] = []
    for block in blocks:
        opening, later = _openings(block)
        _place(block, [*opening, *later], opening)
        firsts += opening
        seconds += later
    talks = _joined(_shuffled(firsts, "first"), _shuffled(seconds, "second"))
    return [talk.lines for talk in _shuffled(talks, "talk")]


def written(talks: Iterable[list[Line]]) -> tuple[str, str]:
    """The text of NAME.tsv, in which a blank line ends each conversation, and of NAME.groups.tsv."""
    pairs, groups = [], []
    number = 0
    for talk in talks:
        for line in talk:
            number += 1
            pairs.append(f"{line.utterance}\t{line.reply}\n")
            groups.append(f"{number}\t{line.group.topic}\t{line.group.pair}\t{line.group.label}\t{line.group.needs}\n")
        number += 1
        pairs.append("\n")
    return "".join(pairs), "".join(groups)


def _openings(block: ExchangeBlock) -> tuple[list[_Chain], list[_Chain]]:
    """The pairs of a topic as chains of one: those that open a conversation, and those that come after something else."""
    expected = _expected(block)
    sides: tuple[list[_Chain], list[_Chain]] = ([], [])
    for exchange in block.exchanges:
        for turn, line in enumerate(exchange.lines(), _hash(exchange.utterance)[0] if len(exchange.replies) == 1 else 0):
            sides[turn % 2].append(_Chain([line], block.name, expected))
    return sides


def _expected(block: ExchangeBlock) -> frozenset[str]:
    return frozenset(key(exchange.utterance) for below in block.follow_ups for exchange in below.exchanges)


def _place(block: ExchangeBlock, chains: list[_Chain], spare: list[_Chain]) -> None:
    """Puts the follow-ups of `block` behind `chains`, which end in its pairs; where these do not suffice, more are added to `spare`."""
    beneath = [sum(len(one.exchanges) for one in below.follow_ups) for below in block.follow_ups]

    def turns_of(times: int) -> list[int]:
        """How often each block is used: each utterance so many times, and often enough for what comes beneath it."""
        return [max(times * len(below.exchanges), many) for below, many in zip(block.follow_ups, beneath, strict=True)]

    times = max((times for times in range(2, TIMES + 1) if sum(turns_of(times)) <= len(chains)), default=1)
    followers = []
    for below, turns in zip(block.follow_ups, turns_of(times), strict=True):
        expected = _expected(below)
        made = []
        asked = [_Follower(exchange) for exchange in sorted(below.exchanges, key=lambda one: _hash(one.utterance))]
        for number in range(turns):
            follower = asked[number % len(asked)]
            lines = follower.exchange.lines()
            made.append((_Chain([lines[number // len(asked) % len(lines)]], block.name, expected), follower))
        _place(below, [chain for chain, _ in made], [])
        followers += made
    free = _shuffled(chains, block.name)
    for number in range(len(followers) - len(free)):  # each utterance is then trained a little more often
        first = chains[number % len(chains)]
        free.append(_Chain(first.lines[:1], first.topic))
        spare.append(free[-1])
    for chain, follower in followers:
        before = _before(follower, free)
        free.remove(before)
        follower.after |= {before.lines[0].utterance, before.lines[0].reply}
        before.follow(chain)


def _before(follower: _Follower, free: list[_Chain]) -> _Chain:
    """Which of the chains a follow-up comes after: one whose utterance and reply it was not put behind yet, if there is such."""
    news = ((chain.lines[0].utterance in follower.after, chain.lines[0].reply in follower.after) for chain in free)
    best, at = (True, True), 0
    for number, met in enumerate(news):
        if met < best:
            best, at = met, number
        if not any(met):
            break
    return free[at]


def _joined(firsts: list[_Chain], seconds: list[_Chain]) -> list[_Chain]:
    """Each second chain behind a first of another topic; what finds none opens a conversation itself."""
    for _ in range(2):  # what was moved out of another's way may find a better place
        _exchange(firsts, seconds)
    alone = []
    for first, second in zip(firsts, seconds, strict=False):
        if first.may_precede(second):
            first.follow(second)
        else:
            alone.append(second)
    return [*firsts, *alone, *seconds[len(firsts) :]]


def _exchange(firsts: list[_Chain], seconds: list[_Chain]) -> None:
    """Lets seconds change places until each is behind what it may follow, as far as that can be."""
    hopeless: set[tuple[str, str]] = set()
    for number in range(min(len(firsts), len(seconds))):
        second = seconds[number]
        topics = (firsts[number].topic, second.topic)
        if firsts[number].may_precede(second) or topics in hopeless:
            continue
        for other in (*range(number + 1, len(firsts)), *range(number)):
            theirs = seconds[other] if other < len(seconds) else None
            if not firsts[other].may_precede(second):
                continue
            if theirs is None:
                firsts[number], firsts[other] = firsts[other], firsts[number]
                break
            if firsts[number].may_precede(theirs) or not firsts[other].may_precede(theirs):  # nothing is lost by it
                seconds[number], seconds[other] = theirs, second
                break
        else:
            hopeless.add(topics)


def _shuffled(chains: list[_Chain], salt: str) -> list[_Chain]:
    """In an order that has nothing to do with that of the topics."""
    return sorted(chains, key=lambda chain: _hash(f"{salt}/{chain.lines[0].utterance}\t{chain.lines[0].reply}/{len(chain.lines)}"))


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()
