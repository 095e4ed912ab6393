"""Frozen records that rooms, screens and reports share. Free of torch, so that a screen can be drawn before torch is imported."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from chatbot.errors import OptionError

Strategy = Literal["greedy", "sample", "beam"]

SEEDS = 2**31  # so many there are


def plural(number: int, one: str, many: str = "") -> str:
    """`1 word`, `2 words`; `many` where it is not `one` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def whole_number(text: str) -> int | None:
    """The number that `text` writes in digits; None where it is no such, or has more digits than anything here counts."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How a reply is chosen. Temperature, top-k, top-p and seed matter to `sample` alone, width and length penalty to `beam` alone."""

    strategy: Strategy = "greedy"
    temperature: float = 0.8
    top_k: int = 0  # keep the k likeliest pieces; 0 keeps all
    top_p: float = 0.95  # keep the likeliest pieces that together reach p; 1 keeps all
    seed: int = 0
    width: int = 5
    length_penalty: float = 1.0  # a beam's score is its log-probability / pieces ** length_penalty
    block_ngrams: int = 0  # no n pieces in a row twice in one reply; 0 allows them
    limit: int = 0  # pieces in a reply at the most; 0: what the bundle allows
    known_replies: bool = False  # only such as the bundle was trained on, word for word
    unsure: str = ""  # what is said instead of a reply of which the bot is not sure enough; "": the reply

    def __post_init__(self) -> None:
        """Raises OptionError for what cannot be decoded with."""
        for flag, value, possible, range_ in (
            ("--temperature", self.temperature, self.temperature == 0 or 0.01 <= self.temperature <= 10, "0, or from 0.01 to 10"),
            ("--top-k", self.top_k, self.top_k >= 0, "0 or more"),
            ("--top-p", self.top_p, 0 < self.top_p <= 1, "above 0 and up to 1"),
            ("--beam", self.width, 1 <= self.width <= 64, "from 1 to 64"),
            ("--block-ngrams", self.block_ngrams, self.block_ngrams >= 0, "0 or more"),
            ("--seed", self.seed, 0 <= self.seed < SEEDS, f"from 0 to {SEEDS - 1}"),
            ("--limit", self.limit, self.limit >= 0, "0 or more"),
        ):
            if not possible:
                raise OptionError(f"{flag} {value:.15g} is out of range", remedy=f"use a number {range_}")
        if self.known_replies and self.block_ngrams:
            raise OptionError("--known-replies and --block-ngrams exclude each other", remedy="leave out --block-ngrams: a known reply is said word for word")

    def __str__(self) -> str:
        known = ", known replies" if self.known_replies else ""
        match self.strategy:
            case "greedy":
                return f"greedy{known}"
            case "beam":
                return f"beam {self.width}{known}"
            case _:
                cuts = f" k={self.top_k}" if self.top_k else ""
                cuts += f" p={self.top_p:g}" if self.top_p < 1 else ""
                return f"sample t={self.temperature:g}{cuts} seed={self.seed}{known}"


@dataclass(frozen=True)
class Planned:
    """Which of the replies that repeat a network decided to give, before its first word."""

    number: int
    log_probability: float
    entropy: float  # of the plan, in nats: exp of it is among how many replies it hesitated


@dataclass(frozen=True)
class Reply:
    """What a network said, and how sure it was."""

    text: str
    log_probability: float  # of the whole reply, its plan and its end-mark included, under the network that said it
    pieces: int  # the end-mark included
    milliseconds: float
    finished: bool = True  # False: cut at the limit of pieces
    instead_of: str | None = None  # what the network said, where `text` is that the bot did not follow
    ids: tuple[int, ...] = field(default=(), repr=False)  # what the network said, piece by piece, without the end-mark
    plan: Planned | None = field(default=None, repr=False)  # what it had in mind, where the network plans

    @property
    def sureness(self) -> float:
        """By what it is judged whether the bot followed: minus the entropy of its plan, in nats, or without one the log-probability of the reply."""
        return -self.plan.entropy if self.plan else self.log_probability

    @property
    def unsure(self) -> bool:
        """Whether the bot said that it did not follow."""
        return self.instead_of is not None

    @property
    def raw(self) -> str:
        """What the network said, sure or not."""
        return self.text if self.instead_of is None else self.instead_of

    @property
    def probability(self) -> float:
        """exp of the mean log-probability of a piece: how sure the network was of its words, not whether they are true."""
        return math.exp(self.log_probability / max(1, self.pieces))


@dataclass(frozen=True)
class Step:
    """One step of the race: the interrupter heard a piece and said a piece. Joined, the texts give the utterance and its reply."""

    heard: str  # the text that this piece adds to the utterance, its leading blank included; "" after the end
    word: int  # the number of the word, from 1, that the piece belongs to; 0 once the utterance has ended
    said: str | None  # the text that this step adds to its reply; None when it said nothing (not started, or finished)


@dataclass(frozen=True)
class Race:
    """Who said what, when. `listener` is None while the person is still typing: it waits for the end."""

    utterance: str
    wait: int  # pieces that the interrupter hears before its first
    steps: tuple[Step, ...]
    interrupter: Reply
    listener: Reply | None = None

    @property
    def words(self) -> tuple["Beat", ...]:
        """The steps gathered by word of the utterance: one row of the picture each."""
        beats: dict[int, Beat] = {}
        for step in self.steps:
            if step.word:
                beat = beats.get(step.word, Beat("", ""))
                beats[step.word] = Beat((beat.heard + step.heard).lstrip(), beat.said + (step.said or ""))
        return tuple(beats.values())

    @property
    def afterwards(self) -> str:
        """What the interrupter said once the utterance had ended."""
        return "".join(step.said or "" for step in self.steps if not step.word)

    @property
    def heard_at_first_word(self) -> int:
        """How many words the interrupter had heard, in part or whole, when it said its first; 0 if it has not begun."""
        return next((step.word or len(self.words) for step in self.steps if step.said and step.said.strip()), 0)


@dataclass(frozen=True)
class Beat:
    """A word that was heard, and what the interrupter said while hearing it."""

    heard: str
    said: str


@dataclass(frozen=True)
class Twins:
    """Two races of one interrupter over utterances that begin alike."""

    first: Race
    second: Race
    heard_alike: int  # pieces that both begin with

    @property
    def bound(self) -> int:
        """So many pieces were said before the first difference was heard: in them the two replies cannot differ (the prefix law)."""
        return min(max(0, self.heard_alike - self.first.wait + 1), *(sum(step.said is not None for step in race.steps) for race in (self.first, self.second)))

    @property
    def said_alike(self) -> int:
        """How many pieces both replies of the interrupter begin with, by law or by choice."""
        first, second = ([step.said for step in race.steps if step.said is not None] for race in (self.first, self.second))
        return shared(first, second)


@dataclass(frozen=True)
class Attention:
    """How much each piece of the listener's reply looked at each heard piece."""

    heard: tuple[str, ...]  # the text that each piece adds to the utterance
    words: tuple[int, ...]  # the number of the word, from 1, that each of them ends in
    said: tuple[str, ...]  # the text that each piece adds to the reply
    weights: tuple[tuple[float, ...], ...]  # a row a piece of the reply, a column a heard piece
    before: tuple[float, ...]  # what of each row went to the turns before; with its weights that makes 1

    @property
    def by_word(self) -> tuple[tuple[float, ...], ...]:
        """The weights, those of the pieces of a word added up."""
        numbers = range(1, max(self.words, default=0) + 1)
        return tuple(tuple(sum(weight for weight, word in zip(row, self.words, strict=True) if word == number) for number in numbers) for row in self.weights)

    @property
    def heard_words(self) -> tuple[str, ...]:
        """The words of the utterance."""
        numbers = range(1, max(self.words, default=0) + 1)
        return tuple("".join(text for text, word in zip(self.heard, self.words, strict=True) if word == number).strip() for number in numbers)


@dataclass(frozen=True)
class Influence:
    """What each heard word did for the listener's reply, measured by leaving it out: for a network without attention."""

    heard_words: tuple[str, ...]
    falls: tuple[float, ...]  # by how much the log-probability of the reply falls when that word is not heard; negative: it rises


def shared(first: Sequence[object], second: Sequence[object]) -> int:
    """How many things two sequences have in common from the beginning."""
    return next((place for place, (one, other) in enumerate(zip(first, second, strict=False)) if one != other), min(len(first), len(second)))


@dataclass(frozen=True)
class Rung:
    """What the listener would have said, had the person stopped after `words` words."""

    words: int
    heard: str
    reply: str
    final: bool  # is this what it says to the whole utterance?


@dataclass(frozen=True)
class Ladder:
    """The listener's replies to every beginning of an utterance. Nothing of it was said: it is what would have been."""

    utterance: str
    rungs: tuple[Rung, ...]
    settled: int  # the first word after which the reply no longer changes


@dataclass(frozen=True)
class Candidate:
    """A piece that could come next."""

    text: str  # as it joins what was said: the blank before a word included; "" is the end
    probability: float  # at the temperature of the decoding, before anything is cut
    kept: bool  # can the decoding say it here?


@dataclass(frozen=True)
class Choice:
    """One step of a reply: what could have come next, and what did. Where a network plans, which reply it decides for comes before the first piece."""

    said: Candidate
    likeliest: tuple[Candidate, ...]  # the first few
    kept: int  # pieces of the vocabulary that the decoding can say here, or replies that it can decide for
    planning: bool = False  # whether the candidates are whole replies


@dataclass(frozen=True)
class CurvePoint:
    """A point of a learning curve: how a network did on what was held out."""

    network: str
    epoch: float
    perplexity: float
    best: bool  # is it the one that was kept, so far?


@dataclass(frozen=True)
class BundleFacts:
    """What there is to know of a bundle beside its card."""

    text: str  # the model card
    path: str
    files: tuple[tuple[str, int], ...]  # name and bytes
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class BotCard:
    """What a screen shows of a bot."""

    name: str
    summary: str  # one line: cell, sizes, vocabulary, epoch
    origin: str  # "which ships with the program", or "from PATH"
    waits: tuple[int, ...]  # of the interrupters in the bundle; () when there is none
    limit: int  # pieces in an utterance at the most
    examples: tuple[str, ...] = field(default=())  # utterances to try
    fingerprint: str = ""  # of its files
    known_replies: bool = False  # whether it says known replies only, by its bundle or by the person's wish
    unsure: str = ""  # what it says where it is not sure enough, by its bundle or by the person's wish
    attention: bool = True  # whether its listener looks back at what was heard
    own: Decoding = Decoding()  # how it replies where nobody wishes anything
