"""Words in place of what tells too much: links, e-mail addresses and phone numbers."""

import re
from collections import Counter

_LINK = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.)[^\s<>]+|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|me|be|de|fr|es|it|br|kr|jp|uk|eu|app|gg|ly|co)/[^\s<>]+",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_DASH = "[\u2010-\u2015-]"
_MARK = rf"(?:[\s./()]|{_DASH})"
_MARKS = _MARK + "{0,3}"
_DAY = r"(?!3[2-9]|[4-9]\d)\d{1,2}"  # or month
_DATES = "|".join(rf"(?!0)\d{{4}}{mark}\s?{_DAY}{mark}\s?{_DAY}|{_DAY}{mark}\s?{_DAY}{mark}\s?(?:\d{{4}}|\d{{2}})" for mark in (r"\.", "/", "-"))
_SPAN = rf"(?:{_DAY}\.(?:{_DAY}\.)?\s?{_DASH}\s?)?"  # of days, the first of which lacks its year
_HOUR = rf"(?:(?<=\D(?:19|20)\d\d)\s[012]?\d(?:\.[0-5]\d)?|\s[1-9])(?![\w:]|{_MARKS}\d)"  # behind a date; of two digits only if the year is whole
_DATE = rf"{_SPAN}(?:(?:19|20)\d\d [01]\d [0-3]\d(?: [0-5]\d){{0,3}}|{_DATES})(?![./-]?\d)(?:{_HOUR})?"
_TIME = r"\d{1,2}:\d{2}(?::\d{2})?(?!\d)"
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_MACHINE = rf"(?!\d\d(?:\.\d\d){{3}}){_BYTE}(?:\.{_BYTE}){{3}}(?!\.?\d)"  # an address; four times two digits may be a phone's
_DIGITS = rf"(?:\+|\(\+?)?\d(?:(?!\s{_DATE}|{_MARK}{{0,2}}\s{_TIME}){_MARKS}\d){{0,18}}(?!\w)"
_PART = rf"(?:{_DATE}|{_DIGITS})"
_ROW = rf"{_PART}(?:\s(?!{_TIME}|{_MACHINE}|\(|\d+,\d){_PART})*"  # what has a comma is a price
_NUMBER = re.compile(rf"(?<![\w.,/-])(?:{_TIME}|{_MACHINE}|(?P<row>{_ROW}))")
_PARTS = re.compile(rf"{_DATE}|(?P<digits>{_DIGITS})")
_TRAILING = ".,;:!?)]}'\"»”"


def scrub(text: str, counts: Counter[str]) -> str:
    """`text` with [link], [e-mail] and [phone], which are counted."""

    def link(match: re.Match[str]) -> str:
        counts["[link]"] += 1
        whole = match.group()
        return "[link]" + whole[len(whole.rstrip(_TRAILING)) :]

    def mail(match: re.Match[str]) -> str:
        counts["[e-mail]"] += 1
        whole = match.group()
        return "[e-mail]" + whole[len(whole.rstrip(".-")) :]

    def phone(match: re.Match[str]) -> str:
        digits = match["digits"]
        if digits is None or not _is_phone(digits):
            return match.group()
        counts["[phone]"] += 1
        return "[phone]"

    def phones(match: re.Match[str]) -> str:
        row = match["row"]
        if not row:
            return match.group()
        alone = [part["digits"] is None or _is_phone(part["digits"]) for part in _PARTS.finditer(row)]
        if all(alone) or not any(alone):
            return _PARTS.sub(phone, row)
        counts["[phone]"] += 1  # what is nothing by itself belongs to what stands beside it, even if that looks like a date
        return "[phone]"

    if "." in text or "://" in text:
        text = _LINK.sub(link, text)
    if "@" in text:
        text = _MAIL.sub(mail, text)
    return _NUMBER.sub(phones, text)


def _is_phone(number: str) -> bool:
    """Whether digits with marks between them are a number to call: no price, no year to year."""
    digits = [character for character in number if character.isdecimal()]
    if not 6 <= len(digits) <= 15 or re.fullmatch(rf"\d{{4}}\s?{_DASH}\s?\d{{4}}", number) or re.fullmatch(r"\d{1,3}(?:[.\s]000)+", number):
        return False
    return number[0] in "+(0٠" or len(digits) >= 9 or (len(digits) >= 7 and bool(re.search(rf"\d(?:[\s./]|{_DASH})\d", number)))
