"""Dates of which no one says whether the day or the month comes first: the whole file tells, or a person must."""

import itertools
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from chatbot.errors import CorpusError

Order = Literal["day", "month", "year"]  # which comes first

_EPOCH = datetime(1970, 1, 1)
_HALF_A_DAY = 12
_BUDDHIST = 543  # years that the Thai calendar is ahead
# Words beside a time, without their dots and blanks: hours they add to a time before noon, or None for those that say nothing.
WORDS: dict[str, int | None] = {
    **dict.fromkeys(["am", "오전", "午前", "上午", "凌晨", "早上", "清晨", "ص", "صباحا", "قبلالظهر", "قظ", "πμ", "öö", "पूर्वाह्न", "fm", "ap", "de", "sa",
                    "pg", "vm", "fh", "pd", "dop", "проб", "לפנה״צ", "ก่อนเที่ยง"], 0),
    **dict.fromkeys(["pm", "오후", "午後", "下午", "晚上", "中午", "م", "مساء", "بعدالظهر", "بظ", "μμ", "ös", "अपराह्न", "em", "ip", "du", "ch",
                    "ptg", "nm", "eh", "md", "odp", "pop", "слоб", "אחה״צ", "หลังเที่ยง"], _HALF_A_DAY),
    "": None,
    **dict.fromkeys(["à", "às", "alas", "alle", "ore", "um", "uhr", "klo", "kl", "at", "h", "min", "s", "ч"]),
}  # fmt: skip


class Stamp(NamedTuple):
    """A date and time as they stand there: three numbers in their order, and the minute of the day."""

    numbers: tuple[int, int, int]
    minute: float
    place: str


def minute_of_day(hour: int, minute: int, second: int, added: int | None) -> float | None:
    """The minute of the day, of a clock of 24 hours or (`added` to a time before noon) of 12; None when there is no such time."""
    if added is not None and hour <= 12:  # some phones write 13:05 PM
        hour = hour % 12 + added
    return hour * 60 + minute + second / 60 if hour < 24 and minute < 60 and second < 61 else None


def minutes_of(stamps: Sequence[Stamp], order: Order | None, gap: float, *, year_leads: bool = False, year_may_lead: bool = False) -> list[float]:
    """The stamps in minutes since 1970. Raises CorpusError for a date that does not exist, and when nothing tells the order of day and month.

    Dates that exist in one order alone tell it; else the order in which no message is a day or more before the one above; else it is no matter
    when the pauses longer than `gap` are the same either way. `year_leads`: even a year of two digits comes first, as in Korean;
    `year_may_lead`: it does where nothing else is possible.
    """
    if not stamps:
        return []
    if year_leads or stamps[0].numbers[0] > 31:
        return _ordered(stamps, "year")
    if order:
        return _as_asked(stamps, order)
    minutes: dict[Order, list[float]] = {}
    worst: CorpusError | None = None
    for one in ("day", "month", "year"):
        if one == "year" and (not year_may_lead or any(not _goes_back(times) for times in minutes.values())):
            break
        try:
            minutes[one] = _ordered(stamps, one)
        except CorpusError as error:
            worst = worst or error
    if not minutes:
        assert worst
        raise worst
    possible = [times for times in minutes.values() if not _goes_back(times)] or list(minutes.values())
    for at in range(1, len(stamps)):
        if len({times[at] - times[at - 1] > gap for times in possible}) > 1:
            doubtful = stamps[at] if stamps[at].numbers[0] != stamps[at].numbers[1] else stamps[at - 1]
            what = f"{_written(doubtful)} can be read in two ways, and nothing in the file tells whether the day or the month comes first"
            raise CorpusError(what, place=doubtful.place, remedy="say --dates day or --dates month")
    return possible[0]


def _as_asked(stamps: Sequence[Stamp], order: Order) -> list[float]:
    """The stamps in the order that a person named, which may be what is wrong with them."""
    try:
        return _ordered(stamps, order)
    except CorpusError as error:
        other: Order = "month" if order == "day" else "day"
        with suppress(CorpusError):
            _ordered(stamps, other)
            error.remedy = f"leave out --dates {order}, or say --dates {other}"
        raise


def _ordered(stamps: Sequence[Stamp], order: Order) -> list[float]:
    day, month, year = {"day": (0, 1, 2), "month": (1, 0, 2), "year": (2, 1, 0)}[order]
    return [_minutes(stamp, stamp.numbers[year], stamp.numbers[month], stamp.numbers[day]) for stamp in stamps]


def _goes_back(minutes: Sequence[float]) -> bool:
    return any(later < earlier - 24 * 60 for earlier, later in itertools.pairwise(minutes))


def _minutes(stamp: Stamp, year: int, month: int, day: int) -> float:
    year += 2000 if year < 70 else 1900 if year < 100 else -_BUDDHIST if year > 2400 else 0
    try:
        return (datetime(year, month, day) - _EPOCH).days * 24 * 60 + stamp.minute
    except ValueError:
        raise CorpusError(f"no such date: {_written(stamp)}", place=stamp.place, remedy="mend that line") from None


def _written(stamp: Stamp) -> str:
    return "/".join(map(str, stamp.numbers))


def moment(value: object) -> float | None:
    """A moment as programs write it, 2026-11-21T13:20:05+01:00 or with seven digits behind the seconds, in minutes; None for anything else."""
    if not isinstance(value, str) or not 10 <= len(value) <= 40 or not value[:4].isdecimal():
        return None
    try:
        when = datetime.fromisoformat(value.strip())
        return ((when.astimezone(UTC) if when.tzinfo else when).replace(tzinfo=None) - _EPOCH).total_seconds() / 60
    except (ValueError, OverflowError):
        return None
