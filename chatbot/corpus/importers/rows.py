"""Rows of cells out of CSV and TSV: which mark parts the cells, and whether quotes mean anything, is told by the file itself."""

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from chatbot.corpus.importers.source import Source, first_words
from chatbot.errors import CorpusError

_DELIMITERS = ",;\t|"
_TOLD = re.compile(r'("?)sep=([^"\w\n])\1\n', re.IGNORECASE)  # the first line, by which spreadsheets tell one another the mark
_OPENING = re.compile(r'(?:^|\t)"', re.MULTILINE)
_QUOTED = re.compile('"(?:[^"]|"")*"')
_LOOKED_AT = 200  # rows
_ALIKE = 0.8  # of them


class Row(NamedTuple):
    """The cells of a row, the line where it begins, and whether a blank row stands below."""

    line: int
    cells: list[str]
    ends: bool = False

    @property
    def blank(self) -> bool:
        """Whether nothing stands in its cells."""
        return not any(cell.strip() for cell in self.cells)


def delimiter_of(source: Source) -> str | None:
    """The mark between the cells: the one that gives most of the first rows equally many, unless the first line tells it.

    None when no mark gives more than one.
    """
    if told := _TOLD.match(source.text):
        return told[2]
    best: tuple[float, int, str] | None = None
    for delimiter in _DELIMITERS:
        widths = []
        try:
            for row in _rows(source, delimiter, quoted=_has_quotes(source, delimiter)):
                if not row.blank:
                    widths.append(len(row.cells))
                if len(widths) == _LOOKED_AT:
                    break
        except CorpusError:
            pass  # what could be read tells enough
        if widths and widths[0] > 1:
            alike = widths.count(widths[0]) / len(widths)
            best = max(best or (0, 0, ""), (alike, widths[0], delimiter), key=lambda found: found[:2])
    return best[2] if best and (best[0] > _ALIKE or source.suffix in (".csv", ".tsv")) else None


def read_rows(source: Source, delimiter: str | None = None) -> list[Row]:
    """All rows but blank ones, each as wide as the first. Raises CorpusError at the first that is not."""
    delimiter = delimiter or delimiter_of(source)
    if delimiter is None:
        remedy = "name another --format, or part the cells with commas, semicolons or tabs"
        raise CorpusError(f"no table: “{first_words(source.lines[0])}”", place=source.place(1), remedy=remedy)
    rows: list[Row] = []
    for row in _rows(source, delimiter, quoted=_has_quotes(source, delimiter)):
        if not row.blank:
            rows.append(row)
        elif rows:
            rows[-1] = rows[-1]._replace(ends=True)
    if not rows:
        raise CorpusError("no cell with anything in it", place=source.place(1), remedy="is this the file you meant?")
    for row in rows:
        if len(row.cells) != len(rows[0].cells):
            what = f"{len(row.cells)} cells where the first row has {len(rows[0].cells)}"
            raise CorpusError(what, place=source.place(row.line), remedy="put a cell that has the mark between cells in it into quotes, or mend the row")
    return rows


def _rows(source: Source, delimiter: str, *, quoted: bool) -> Iterator[Row]:
    told = _TOLD.match(source.text)
    line = 2 if told else 1
    if not quoted:  # as in the corpora of this program: a quote is a quote
        for number, text in enumerate(source.lines[line - 1 :], line):
            yield Row(number, text.split(delimiter))
        return
    first = line
    reader = csv.reader(io.StringIO(source.text[told.end() if told else 0 :], newline=""), delimiter=delimiter, strict=True)
    usual = csv.field_size_limit(len(source.text))  # of the process; a cell that is too long for a side is one to leave out, and no mistake
    try:
        for cells in reader:
            yield Row(line, cells)
            line = first + reader.line_num
    except csv.Error as error:
        remedy = 'a cell in quotes ends with one, and has "" for each one in it'
        raise CorpusError(f"a row that cannot be read: {error}", place=source.place(line), remedy=remedy) from None
    finally:
        csv.field_size_limit(usual)


def _has_quotes(source: Source, delimiter: str) -> bool:
    """Whether quotes mean anything: with tabs, that is asked."""
    return delimiter != "\t" or bool(_OPENING.search(source.text) and _tabs_are_quoted(source))


def _tabs_are_quoted(source: Source) -> bool:
    """Whether a file with tabs has cells in quotes: so when they all are in some column, when a spreadsheet would have put just these into
    quotes, or when only so the rows are equally wide."""
    rows = [row.cells for row in _rows(source, "\t", quoted=False) if not row.blank]
    if len({len(cells) for cells in rows}) == 1:
        return any(any(column) and all(_is_quoted(cell) for cell in column if cell) for column in zip(*rows, strict=True)) or _as_spreadsheets(rows)
    try:
        return len({len(row.cells) for row in _rows(source, "\t", quoted=True) if not row.blank}) == 1
    except CorpusError:
        return False


def _is_quoted(cell: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] == '"'


def _as_spreadsheets(rows: list[list[str]]) -> bool:
    """Whether each cell that begins with a quote is in quotes; and quotes inside are doubled, or no cell but these has a comma, and each has."""
    cells = [cell for row in rows for cell in row]
    quoted = [cell for cell in cells if cell.startswith('"')]
    if not quoted or not all(_QUOTED.fullmatch(cell) for cell in quoted):
        return False
    return any('""' in cell[1:-1] for cell in quoted) or all(("," in cell) == cell.startswith('"') for cell in cells)
