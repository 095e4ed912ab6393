"""What importers give: a chat of messages, or pairs; and how a chat becomes pairs of who is imitated and who was answered."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from chatbot.corpus.folding import key
from chatbot.errors import CorpusError
from chatbot.safe_text import UNSEEN

# A reply within the hour mostly answers what was said; after a longer pause, a message mostly opens something new.
GAP = 60  # minutes
_SHOWN = 8  # speakers, in one line

_UNTYPED = str.maketrans({"\u2010": "-", "\u2011": "-", **dict.fromkeys(UNSEEN)})

# Why messages are left out.
PROGRAM = "lines of the program itself"
UNSAID = "pictures, voice messages, calls and notices"
DELETED = "deleted messages"


class Message(NamedTuple):
    """What one person wrote at a time, in minutes from anywhere; of messages in different rooms none answers another."""

    speaker: str
    text: str
    minute: float
    room: int = 0


@dataclass
class Chat:
    """The messages of one file, in their order, and how many lines were left out, by reason. `heeds`: wishes that make a difference to it."""

    messages: list[Message]
    left_out: Counter[str] = field(default_factory=Counter)
    note: str = ""
    heeds: tuple[str, ...] = ("reply_as", "gap")


@dataclass
class Pairs:
    """Conversations of (utterance, reply). `alone`: the pairs of a table, of which none follows another. `heeds`: as of a Chat."""

    conversations: list[list[tuple[str, str]]]
    alone: bool
    left_out: Counter[str] = field(default_factory=Counter)
    note: str = ""
    heeds: tuple[str, ...] = ()


def speaker_named(name: str | None, counts: Counter[str], place: str) -> str:
    """The speaker that is imitated. Raises CorpusError, which lists the speakers, when none or nobody of the name is given."""
    told = ", ".join(f"{speaker} ({count:,})" for speaker, count in counts.most_common(_SHOWN))
    told += f" and {len(counts) - _SHOWN:,} more" if len(counts) > _SHOWN else ""
    if name is None:
        raise CorpusError(f"who is to be imitated? Messages are from {told}", place=place, remedy="choose one with --reply-as NAME")
    if name in counts:
        return name
    alike = [speaker for speaker in counts if as_typed(speaker) == as_typed(name)]
    if len(alike) != 1:
        raise CorpusError(f"no messages from “{name}”; there are {told}", place=place, remedy="choose one of them with --reply-as NAME")
    return alike[0]


def as_typed(name: str) -> str:
    """A name as keyboards write it, in one case: phones put blanks, hyphens and marks into numbers that none has."""
    return key(name.translate(_UNTYPED))


def pairs_of(chat: Chat, reply_as: str, *, gap: float = GAP) -> Pairs:
    """The pairs in which `reply_as` answers the turn before. A pause of more than `gap` minutes ends a conversation and a turn."""
    conversations, left_out = [], chat.left_out.copy()
    for turns in _conversations(chat.messages, gap):
        pairs = []
        for (speaker, text), (answering, answer) in itertools.pairwise(turns):
            if answering == reply_as:
                pairs.append((text, answer))
            elif speaker != reply_as:
                left_out["turns that somebody else answered"] += 1
        left_out["replies to nothing: they open a conversation"] += turns[0][0] == reply_as
        left_out["turns without an answer: they end a conversation"] += turns[-1][0] != reply_as
        conversations.append(pairs)
    return Pairs([pairs for pairs in conversations if pairs], alone=False, left_out=+left_out, note=chat.note)


def _conversations(messages: list[Message], gap: float) -> Iterator[list[tuple[str, str]]]:
    """The turns of each conversation: what one speaker says until another does, joined with blanks."""
    if messages and messages[-1].minute < messages[0].minute and messages[-1].room == messages[0].room:
        messages = messages[::-1]  # some exports have the newest first
    turns: list[tuple[str, list[str]]] = []
    before: Message | None = None
    for message in messages:
        if before and (message.room != before.room or message.minute - before.minute > gap):
            yield [(speaker, " ".join(texts)) for speaker, texts in turns]
            turns = []
        if turns and turns[-1][0] == message.speaker:
            turns[-1][1].append(message.text)
        else:
            turns.append((message.speaker, [message.text]))
        before = message
    if turns:
        yield [(speaker, " ".join(texts)) for speaker, texts in turns]
