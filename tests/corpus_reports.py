"""What the tests of `corpus check` share: a corpus large enough to hold something out, a small one with faults, and the report on one."""

from pathlib import Path

from chatbot.corpus.gathering import Corpora
from chatbot.corpus.inspection import inspect
from chatbot.corpus.report import Report, report

MANY = [f"please tell me number {number} of all things\tthat is thing {number % 7}" for number in range(600)]

# Twenty questions of a shop with four answers, then five lines with faults: docs/checking.md shows what is said of them.
_ANSWERS = {
    "You can send it back within 30 days.": ["can i send it back", "how do i return this", "i want my money back", "it does not fit", "can i give it back"],
    "We are open from nine to six, not on Sundays.": [
        "when do you open",
        "are you open today",
        "what are your hours",
        "are you open on sunday",
        "till when are you open",
    ],
    "Parcels take two to three days.": ["where is my parcel", "how long does it take", "when will it come", "how fast do you ship", "my parcel is late"],
    "You can pay by card or by invoice.": ["how can i pay", "do you take cards", "can i pay by invoice", "is cash possible", "how do i pay?"],
}
_FAULTS = b"how do i pay\tBy card, by invoice, or in the shop.\r\nhow can i pay\tYou can pay by card or by invoice.\nopening hours\nis it\x07 wool\tYes.\ndo you wrap\tpresents\tYes.\n"
SHOP = "".join(f"{question}\t{answer}\n" for answer, questions in _ANSWERS.items() for question in questions).encode() + _FAULTS


def checked(*paths: Path, history: int = 0) -> Report:
    """The report on the corpora at `paths`."""
    corpora = Corpora(paths, history=history)
    return report(corpora, map(inspect, corpora.blocks()))
