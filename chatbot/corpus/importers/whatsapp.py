"""WhatsApp's exported chats: the .txt of Android and iPhone, alone or in its zip, with dates as each country writes them."""

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from chatbot.corpus.importers.chat import PROGRAM, Chat, Message, as_typed
from chatbot.corpus.importers.dates import WORDS, Order, Stamp, minute_of_day, minutes_of
from chatbot.corpus.importers.placeholders import is_notice, said, unmarked
from chatbot.corpus.importers.source import Source, first_words
from chatbot.errors import CorpusError
from chatbot.safe_text import UNSEEN

_M = f"[{UNSEEN}]{{0,3}}"  # few, so that no line of a thousand takes its time
_DATE = (
    rf"(?P<first>\d{{1,4}}){_M}(?P<mark>\s?[./-]\s?|년\s?|年){_M}(?P<second>\d{{1,2}}){_M}(?:\s?[./-]\s?|월\s?|月){_M}(?P<third>\d{{1,4}}){_M}"
    rf"(?:(?:\s?г\.|[.日일])(?=[\s,،\]\u200f]))?{_M}"
)
_COLON = rf"{_M}(?:[:.]|\s?h\s?|\s?min\s){_M}"
_TIME = rf"(?P<hour>\d{{1,2}}){_COLON}(?P<minute>\d{{2}})(?:{_COLON}(?P<seconds>\d{{2}}))?{_M}"
_WORD = r"[^\W\d_][^\d\[\]():\n-]{0,14}?"  # such as “p. m.”, 오후, às
_CLOCK = rf"(?P<before>{_WORD})??{_M}\s{{0,3}}{_M}{_TIME}(?:\s?{_M}(?P<after>{_WORD}))?{_M}"
_HEADERS = (
    re.compile(rf"{_M}(?P<bracket>\[?){_M}{_DATE}(?P<comma>[,،]?){_M}\s{{0,3}}{_CLOCK}\s?(?:\]{_M}\s?|{_M}\s?[-–—]{_M}\s)"),
    re.compile(rf"{_M}(?P<bracket>\[){_M}{_CLOCK}(?P<comma>[,،]){_M}\s{_M}{_DATE}\]{_M}\s?"),  # as a browser copies messages
)
_ALMOST = re.compile(  # a header but for a word in it
    rf"{_M}\[?{_M}\d{{1,4}}{_M}[./-]{_M}\d{{1,2}}{_M}[./-]{_M}\d{{1,4}}{_M}[,،]?{_M}\s{{1,2}}{_M}\d{{1,2}}[:.]\d{{2}}(?:[:.]\d{{2}})?(?!\d)"
    r"[^\d\[\]\n]{0,20}?(?:\]|\s[-–—]\s)"
)
_NAME = re.compile(r"(?P<name>[^\n]{1,60}?) ?:(?:[ \n]|$|(?=[\u200e\u200f]))(?P<text>.*)", re.DOTALL)
_OPENING = re.compile("[^\n:]{1,40}: ")
COPIED, COPIES = 5, 0.1  # messages, and of the messages, that may be copies of what was said elsewhere, with a date of another kind


class _Line(NamedTuple):
    """A line that begins a message."""

    number: int
    shape: tuple[object, ...]  # lines of one export have one
    numbers: tuple[int, int, int]
    minute: float | None
    rest: str


def recognises(source: Source) -> bool:
    """Whether one of the first lines begins as a message does, or nearly so."""
    return any(_header(0, line[:200]) or _is_almost(line[:200]) for line in source.text[:20_000].split("\n")[:20])


def read(source: Source, order: Order | None, gap: float, reply_as: str | None) -> Chat:
    """The messages of an export. Raises CorpusError at the first line that is neither a message nor goes on with one."""
    heads = [head for number, line in enumerate(source.lines, 1) if (head := _header(number, line))]
    shape = Counter(head.shape for head in heads).most_common(1)[0][0] if heads else None
    others = [head for head in heads if head.shape != shape]
    heads = [head for head in heads if head.shape == shape]
    strange = [head for head in others if _parted(head.rest)[0]]
    if len(strange) > max(COPIED, COPIES * len(heads)):
        line, place = first_words(source.lines[strange[0].number - 1]), source.place(strange[0].number)
        raise CorpusError(f"a date of another kind than elsewhere: “{line}”", place=place, remedy="import what each phone has exported by itself")
    numbers = {head.number for head in heads}
    for number, line in enumerate(source.lines, 1):
        if number in numbers or not line.strip():
            continue
        almost = _is_almost(line) and not _header(number, line)
        if heads and number < heads[0].number and not almost:
            raise CorpusError(f"not understood: “{first_words(line)}”", place=source.place(number), remedy="delete it: a chat begins with a date")
        if not heads or almost:
            remedy = "set the phone to English and export the chat again"
            remedy += ", or begin the line with a blank if it belongs to the message above" if heads and number > heads[0].number else ""
            raise CorpusError(f"no date and time of a kind that is known: “{first_words(line)}”", place=source.place(number), remedy=remedy)
    for head in heads:
        if head.minute is None:
            line = source.lines[head.number - 1]
            raise CorpusError(f"no such time: “{first_words(line)}”", place=source.place(head.number), remedy="mend that line")
    stamps = [Stamp(head.numbers, head.minute or 0, source.place(head.number)) for head in heads]
    assert shape
    minutes = minutes_of(stamps, order, gap, year_leads=bool(shape[-1]), year_may_lead=not shape[2])
    chat = Chat([], heeds=("reply_as", "gap", "dates"))
    ends = [head.number for head in heads[1:]] + [len(source.lines) + 1]
    bodies = ["\n".join([head.rest, *source.lines[head.number : end - 1]]) for head, end in zip(heads, ends, strict=True)]
    parted, marked = [_parted(body) for body in bodies], bool(shape[0])
    for minute, (name, body) in zip(minutes, _with_whole_names(parted, reply_as, marked=marked), strict=True):
        if not name:
            chat.left_out[PROGRAM] += 1
            continue
        text, why = said(body, marked=marked)
        if text:
            chat.messages.append(Message(name, text, minute))
        else:
            chat.left_out[why] += 1
    return chat


def _is_almost(line: str) -> bool:
    """Whether a line begins as a message does but for a word beside the time; one with a date alone goes on with what somebody wrote."""
    match = _ALMOST.match(line)
    return bool(match and _parted(line[match.end() :])[0])


def _parted(body: str) -> tuple[str, str]:
    """Who says what, of what stands behind a date; nobody what WhatsApp says itself."""
    match = _NAME.match(body)
    name = unmarked(match["name"]).strip().removeprefix("~").strip() if match else ""
    return (name, match["text"]) if match and not is_notice(name) else ("", body)


def _with_whole_names(messages: list[tuple[str, str]], reply_as: str | None, *, marked: bool) -> list[tuple[str, str]]:
    """The messages with names that have a colon in them: what all messages of a name begin with, up to another colon, is part of it, or was said.

    It is part of it where `reply_as` asks for it, and where the program wrote behind it what stands for a picture or the like.
    """
    openings: dict[str, set[str]] = {}
    for name, body in messages:
        match = _OPENING.match(body)
        openings.setdefault(name, set()).add(match[0] if match else "")
    rest = {name: opening for name, (opening, *others) in openings.items() if name and opening and not others}
    whole = {name: f"{name}: {opening}".rstrip(": ") for name, opening in rest.items()}
    sure = {name for name in whole if reply_as is not None and as_typed(whole[name]) == as_typed(reply_as)}
    sure |= {name for name, body in messages if name in rest and _stands_for_something(body.removeprefix(rest[name]), marked=marked)}
    return [(whole[name], body.removeprefix(rest[name])) if name in sure else (name, body) for name, body in messages]


def _stands_for_something(body: str, *, marked: bool) -> bool:
    """Whether the program wrote it for a picture or the like, with its signs: nobody says that."""
    return body.startswith("\u200e" if marked else "<") and not said(body, marked=marked)[0]


def _header(number: int, line: str) -> _Line | None:
    """What stands before a message, if the line begins one."""
    match = next((match for header in _HEADERS if (match := header.match(line))), None)
    if not match:
        return None
    bracket, comma, first, second, third = match.group("bracket", "comma", "first", "second", "third")
    before, after = _plain_word(match["before"]), _plain_word(match["after"])
    if bool(bracket) != ("]" in line[match.end("minute") : match.end()]) or before not in WORDS or after not in WORDS:
        return None
    added = WORDS[before] if WORDS[before] is not None else WORDS[after]
    turned = match.start("hour") < match.start("first")
    in_front = WORDS[before] is not None and len(third) <= 2  # PM 1:28 is Korean, and there the year leads
    shape = (bool(bracket), match["mark"].strip(), comma, turned, len(first) > 2, len(third) > 2, bool(match["seconds"]), added is not None, in_front)
    time = minute_of_day(int(match["hour"]), int(match["minute"]), int(match["seconds"] or 0), added)
    return _Line(number, shape, (int(first), int(second), int(third)), time, line[match.end() :])


@lru_cache(1024)
def _plain_word(word: str | None) -> str:
    """A word beside a time, without dots, blanks and marks."""
    return re.sub(r"[\s.ً‌]", "", unmarked(word or "")).casefold()
