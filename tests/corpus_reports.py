"""What the tests of `corpus check` share: a corpus large enough to hold something out, and the report on one."""

from pathlib import Path

from chatbot.corpus.gathering import Corpora
from chatbot.corpus.inspection import inspect
from chatbot.corpus.report import Report, report

MANY = [f"please tell me number {number} of all things\tthat is thing {number % 7}" for number in range(600)]


def checked(*paths: Path, history: int = 0) -> Report:
    """The report on the corpora at `paths`."""
    corpora = Corpora(paths, history=history)
    return report(corpora, map(inspect, corpora.blocks()))
