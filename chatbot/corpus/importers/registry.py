"""Which format a file has, and who reads it. A new format is a file beside this one and a line in FORMATS."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from chatbot.corpus.importers import discord, json_lines, line_pairs, table, telegram, whatsapp, workbook
from chatbot.corpus.importers.chat import GAP, Chat, Pairs
from chatbot.corpus.importers.dates import Order
from chatbot.corpus.importers.source import Source, first_words
from chatbot.errors import CorpusError, OptionError


@dataclass(frozen=True)
class Wishes:
    """What a person asks of an import. None: nothing was said."""

    format: str | None = None
    reply_as: str | None = None
    gap: int | None = None  # minutes
    dates: Order | None = None
    utterance: str | None = None
    reply: str | None = None
    cap_replies: int | None = None
    scrub: bool = False

    @property
    def pause(self) -> int:
        """The pause, in minutes, that ends a conversation."""
        return GAP if self.gap is None else self.gap


class Format(NamedTuple):
    """A format: what it is called, whether a file is of it, and its reader."""

    title: str
    recognises: Callable[[Source], bool]
    read: Callable[[Source, Wishes], Chat | Pairs]


def _is_json(source: Source) -> bool:
    if source.suffix in (".json", ".jsonl"):
        return source.text.lstrip()[:1] in ("{", "[")
    return source.suffix not in (".csv", ".tsv") and bool(re.match(r"\s*(?:\{|\[\s*[\[{\"\]])", source.text))  # a chat may begin [14/01/2024, 9:00]


def _by_lines(source: Source) -> bool:
    return _is_json(source) and json_lines.is_by_lines(source)


def _read_discord(source: Source, wishes: Wishes) -> Chat:
    return discord.read(source) if _is_json(source) else discord.read_table(source, wishes.dates, wishes.pause)


def _read_json(source: Source, wishes: Wishes) -> Pairs:
    return json_lines.read(source, wishes.utterance, wishes.reply, wishes.reply_as)


# In the order in which they are tried.
FORMATS: dict[str, Format] = {
    "xlsx": Format("workbook", workbook.recognises, lambda source, wishes: workbook.read(source, wishes.utterance, wishes.reply)),
    "whatsapp": Format("WhatsApp", whatsapp.recognises, lambda source, wishes: whatsapp.read(source, wishes.dates, wishes.pause, wishes.reply_as)),
    "discord": Format(
        "Discord",
        lambda source: discord.recognises_table(source) or (_is_json(source) and not _by_lines(source) and discord.recognises(source)),
        _read_discord,
    ),
    "telegram": Format(
        "Telegram",
        lambda source: _is_json(source) and not _by_lines(source) and telegram.recognises(source),
        lambda source, wishes: telegram.read(source),
    ),
    "jsonl": Format("JSON", lambda source: _is_json(source) and json_lines.recognises(source), _read_json),
    "tatoeba": Format("Tatoeba", line_pairs.recognises_tatoeba, lambda source, wishes: line_pairs.read_tatoeba(source)),
    "tsv": Format(
        "TSV",
        lambda source: source.suffix == ".tsv" and table.recognises(source),
        lambda source, wishes: table.read(source, wishes.utterance, wishes.reply, delimiter="\t"),
    ),
    "csv": Format("CSV", table.recognises, lambda source, wishes: table.read(source, wishes.utterance, wishes.reply)),
}
LINES = "lines"  # the one format of two files
NAMES = (*FORMATS, LINES)


def format_of(source: Source, asked: str | None) -> str:
    """The format of a file: what was asked for, or else the first that recognises it. Raises ChatbotError when there is none."""
    if asked is not None:
        if asked not in FORMATS:
            raise OptionError(f"no format called “{asked}”", place="--format", remedy=f"use one of {', '.join(NAMES)}")
        if (asked == "xlsx") != (source.workbook is not None):
            what = "no workbook (.xlsx)" if asked == "xlsx" else "a workbook (.xlsx)"
            raise CorpusError(what, place=source.name, remedy="leave out --format")
        return asked
    found = next((name for name, format_ in FORMATS.items() if format_.recognises(source)), None)
    if found is None:
        what = f"of no kind that is known: it begins “{first_words(source.text)}”"
        raise CorpusError(what, place=source.place(1), remedy=f"name it with --format: {', '.join(NAMES[1:])}")
    return found
