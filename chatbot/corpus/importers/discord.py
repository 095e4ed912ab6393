"""Discord, as DiscordChatExporter writes it: JSON, or CSV."""

import re

from chatbot.corpus.importers.chat import PROGRAM, UNSAID, Chat, Message
from chatbot.corpus.importers.dates import Order, Stamp, minute_of_day, minutes_of, moment
from chatbot.corpus.importers.elements import mistake
from chatbot.corpus.importers.rows import Row, read_rows
from chatbot.corpus.importers.source import Source
from chatbot.errors import CorpusError

_REMEDY = "export it again with DiscordChatExporter"
_SPOKEN = ("Default", "Reply", "0", "19")
_COLUMNS = ["authorid", "author", "date", "content"]
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LOCAL = re.compile(r"(\d{1,4})[./-](\d{1,2}|[A-Za-z]{3})[./-](\d{1,4}),? (\d{1,2}):(\d{2})(?::(\d{2}))? ?([AaPp][Mm])?")


def recognises(source: Source) -> bool:
    """Whether it is an object with messages that have an author."""
    found = source.json
    messages = found.get("messages") if isinstance(found, dict) else None
    return isinstance(messages, list) and any(isinstance(one, dict) and isinstance(one.get("author"), dict) for one in messages)


def recognises_table(source: Source) -> bool:
    """Whether the columns are those of DiscordChatExporter."""
    first = re.sub('[" ]', "", source.text[:400].lstrip().split("\n")[0]).casefold()
    return re.split("[,;\t]", first)[:4] == _COLUMNS


def read(source: Source) -> Chat:
    """The messages of a channel. Raises CorpusError at the first one that is not understood."""
    messages = source.json.get("messages") if isinstance(source.json, dict) else None
    if not isinstance(messages, list):
        raise CorpusError("no list of messages", place=source.place(1), remedy=_REMEDY)
    chat = Chat([])
    for number, message in enumerate(messages):
        author = message.get("author") if isinstance(message, dict) else None
        if not isinstance(author, dict):
            raise mistake(source, "a message without an author", _REMEDY, key="messages", number=number)
        if str(message.get("type", "Default")) not in _SPOKEN:
            chat.left_out[PROGRAM] += 1
            continue
        speaker, text, minute = author.get("nickname") or author.get("name"), message.get("content"), moment(message.get("timestamp"))
        if not isinstance(speaker, str) or not speaker.strip() or not isinstance(text, str) or minute is None:
            lacking = "date" if minute is None else "text" if not isinstance(text, str) else "name of its author"
            raise mistake(source, f"a message without a {lacking}", _REMEDY, key="messages", number=number)
        if text.strip():
            chat.messages.append(Message(speaker.strip(), text, minute))
        else:
            chat.left_out[UNSAID] += 1
    return chat


def read_table(source: Source, order: Order | None, gap: float) -> Chat:
    """The messages of a channel, out of CSV. Raises CorpusError at the first row that is not understood."""
    rows = iter(read_rows(source))
    next(rows)
    said, chat = [row for row in rows if row.cells != [""]], Chat([])
    for row in said:
        if len(row.cells) < len(_COLUMNS) or not row.cells[1].strip():
            raise CorpusError("no author, date and content", place=source.place(row.line), remedy=_REMEDY)
    absolute = [moment(row.cells[2]) for row in said]
    if all(minute is None for minute in absolute):
        minutes = minutes_of([_stamp(source, row) for row in said], order, gap)
        chat.heeds += ("dates",)
    else:
        minutes = []
        for row, minute in zip(said, absolute, strict=True):
            if minute is None:
                raise CorpusError(f"no date: “{row.cells[2][:40]}”", place=source.place(row.line), remedy=_REMEDY)
            minutes.append(minute)
    for row, at in zip(said, minutes, strict=True):
        if row.cells[3].strip():
            chat.messages.append(Message(row.cells[1].strip(), row.cells[3], at))
        else:
            chat.left_out[UNSAID] += 1
    return chat


def _stamp(source: Source, row: Row) -> Stamp:
    """A date as older versions write it, such as 15-Jan-23 10:30 AM or 01/15/2023 10:30 AM."""
    match = _LOCAL.fullmatch(row.cells[2].replace("\u202f", " ").strip())
    month = match[2].casefold() if match else ""
    if match and (month.isdecimal() or month in _MONTHS):
        first, second, third = int(match[1]), int(month) if month.isdecimal() else _MONTHS.index(month) + 1, int(match[3])
        noon = None if match[7] is None else 12 * (match[7].casefold() == "pm")
        minute = minute_of_day(int(match[4]), int(match[5]), int(match[6] or 0), noon)
        if not month.isdecimal() and first <= 31:  # the day, and nothing else
            first, second, third = third + 2000 * (third < 100), second, first
        if minute is not None:
            return Stamp((first, second, third), minute, source.place(row.line))
    raise CorpusError(f"no date: “{row.cells[2][:40]}”", place=source.place(row.line), remedy=_REMEDY)
