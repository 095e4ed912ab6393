"""Words in place of what tells too much: links, e-mail addresses and phone numbers."""

import re
from collections import Counter

_LINK = re.compile(
    r"(?:\b(?:https?|ftp)://|\bwww\.)[^\s<>]+|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|me|be|de|fr|es|it|br|kr|jp|uk|eu|app|gg|ly|co)/[^\s<>]+", re.IGNORECASE
)
_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.,/-])(?:\+|\(\+?)?\d(?:[\s./()-]{0,3}\d){5,18}(?![\w])")
_DATE = re.compile(r"\d{1,4}([./-])\s?\d{1,2}\1\s?\d{1,4}\.?")
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
        if not _is_phone(match.group()):
            return match.group()
        counts["[phone]"] += 1
        return "[phone]"

    if "." in text:
        text = _MAIL.sub(mail, _LINK.sub(link, text))
    return _PHONE.sub(phone, text)


def _is_phone(number: str) -> bool:
    """Whether digits with marks between them are a number to call: no date, no price, no year to year."""
    digits = [character for character in number if character.isdecimal()]
    if len(digits) > 15 or _DATE.fullmatch(number) or re.fullmatch(r"\d{4}\s?-\s?\d{4}", number) or re.fullmatch(r"\d{1,3}(?:[.\s]000)+", number):
        return False
    return number[0] in "+(0٠" or len(digits) >= 9 or (len(digits) >= 7 and bool(re.search(r"\d[\s./-]\d", number)))
