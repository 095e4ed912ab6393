"""The report as lines for a terminal of 80 columns."""

from collections.abc import Iterator
from textwrap import wrap

from rich.cells import cell_len, set_cell_size

from chatbot.evaluation.report import Report
from chatbot.evaluation.tables import Table, headline, tables
from chatbot.safe_text import safe_line

WIDTH = 80
READ = 3  # wrong replies that are shown


def lines(report: Report) -> Iterator[str]:
    """Yields them all, fit for a terminal."""
    yield safe_line(headline(report))
    yield "A figure, and where it lies in 95 of 100 draws of the utterances."
    for table in tables(report):
        yield ""
        yield from _lines(table)
    if report.wrong.surest:
        yield ""
        yield "Wrong, and surest of it"
    for one in report.wrong.surest[:READ]:
        for head, text in ((f"{one.probability:.2f}", one.utterance), ("said", one.reply), ("right", one.expected)):
            yield _cut(f"{head:<5}  {safe_line(text)}")


def _lines(table: Table) -> Iterator[str]:
    """Columns aligned by cells of the terminal."""
    yield _cut(safe_line(table.title))
    rows = [[safe_line(cell, limit=WIDTH) for cell in row] for row in (table.heads, *table.rows)]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield _cut("  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for note in table.notes:
        yield from wrap(safe_line(note), WIDTH)


def _cut(line: str) -> str:
    """At most WIDTH cells of it."""
    return line if cell_len(line) <= WIDTH else f"{set_cell_size(line, WIDTH - 1).rstrip()}…"
