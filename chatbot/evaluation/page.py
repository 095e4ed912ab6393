"""The report as one page: it opens offline, in light and dark, and can be printed."""

from collections.abc import Iterator
from importlib.resources import files
from xml.etree.ElementTree import Element

from chatbot.evaluation.drawings import curves, diagonal, fell, looked, whiskers
from chatbot.evaluation.markup import document, node
from chatbot.evaluation.report import LISTENER, Report
from chatbot.evaluation.tables import Table, examples, headline, reliability, samples, tables
from chatbot.records import Attention, Influence


def page(report: Report) -> str:
    """All of the report as HTML."""
    style = files("chatbot.evaluation").joinpath("page.css").read_text("utf-8")
    head = node(
        "head",
        node("meta", charset="utf-8"),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        node("title", f"chatbot evaluate: {report.bundle}"),
        node("style", style),
    )
    body = node("body", node("h1", "chatbot evaluate"), node("p", headline(report)), node("p", f"trained {report.created}", class_="soft"), *_sections(report))
    return document(node("html", head, body, lang="en"))


def _sections(report: Report) -> Iterator[Element]:
    """Yields the parts of the page."""
    systems = {**report.networks, **report.baselines}
    shares = {name: (one.right, *one.intervals["right"]) for name, one in systems.items()}
    yield _section(
        "Right", _figure(whiskers(shares), "The share of whole replies that the corpus allows, and where it lies in 95 of 100 draws of the utterances.")
    )
    for table in tables(report):
        yield _section(table.title, *_table(table, "figures"))
    sure = reliability(report)
    caption = (
        "Of the replies with about that probability the share that is right, larger dots for more replies. The probability is that of saying just this reply:"
        " where several are right it is shared out among them, and even a perfect bot lies above the diagonal."
    )
    yield _section(sure.title, _figure(diagonal(report.reliability[LISTENER].bins), caption), *_table(sure, "figures"))
    if report.curve:
        yield _section("Learning", _figure(curves(report.curve), "Perplexity a piece on what was held out to validate, by epoch; a logarithmic scale."))
    if report.heeded:
        hint = "The fuller a square, the more that piece of the reply looked at that word; the longer a bar, the less likely the reply is without that word."
        yield _section("What the listener heeded", node("p", hint, class_="soft"), node("div", *map(_heeded, report.heeded), class_="beside"))
    for table in (samples(report), examples("Wrong, and surest of it", report.wrong.surest), examples("Wrong, and least sure", report.wrong.least_sure)):
        if table.rows:
            yield _section(table.title, *_table(table, "texts"))


def _heeded(heeded: Attention | Influence) -> Element:
    """What was looked at, or what counted where there is no attention."""
    if isinstance(heeded, Attention):
        return _figure(looked(heeded), f"“{''.join(heeded.heard)}”: “{''.join(heeded.said)}”")
    return _figure(fell(heeded), f"“{' '.join(heeded.heard_words)}”")


def _table(table: Table, kind: str) -> Iterator[Element]:
    """The table and its notes."""
    if table.rows:
        rows = [node("tr", *(node("td", cell) for cell in row)) for row in table.rows]
        yield node(
            "div", node("table", node("thead", node("tr", *(node("th", head) for head in table.heads))), node("tbody", *rows), class_=kind), class_="wide"
        )
    for note in table.notes:
        yield node("p", note, class_="soft")


def _section(title: str, *parts: Element) -> Element:
    return node("section", node("h2", title), *parts)


def _figure(drawing: Element, caption: str) -> Element:
    return node("figure", drawing, node("figcaption", caption))
