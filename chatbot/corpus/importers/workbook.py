"""Workbooks (.xlsx): the first sheet with anything in it, as a table."""

import warnings
import zipfile
import zlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from chatbot.corpus.importers.chat import Pairs
from chatbot.corpus.importers.rows import Row
from chatbot.corpus.importers.source import Source
from chatbot.corpus.importers.table import pairs_in
from chatbot.errors import CorpusError

_COLUMNS = 256  # that are looked at
_ROWS = 1_048_576  # no workbook has more
# openpyxl says in many ways that a file is not what its name says.
_BROKEN = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError, SyntaxError, RuntimeError, NotImplementedError, ArithmeticError)  # fmt: skip


def recognises(source: Source) -> bool:
    """Whether it is a workbook."""
    return source.workbook is not None


def read(source: Source, utterance: str | None, reply: str | None) -> Pairs:
    """The pairs of a workbook; places are rows. Raises CorpusError for one that is damaged, and when openpyxl is not installed."""
    if source.workbook is None:
        raise CorpusError("no workbook", place=source.name, remedy="save it as .xlsx")
    rows, others = _rows(source.workbook)
    pairs = pairs_in(rows, source, utterance, reply)
    pairs.note += f"; {others} more sheets not read" if others else ""
    return pairs


def _rows(path: Path) -> tuple[list[Row], int]:
    """The rows of a workbook, and how many sheets were not read."""
    try:
        import openpyxl  # only who has workbooks needs it
    except ImportError:
        remedy = "install it with `pip install 'chatbot[import]'`, or save the sheet as .csv"
        raise CorpusError("reading .xlsx needs openpyxl, which is not installed", place=path, remedy=remedy) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of colours and checks that it does not know, which are no words
            return _first_rows(openpyxl.load_workbook(path, read_only=True, data_only=True), path)
    except _BROKEN as error:
        raise CorpusError(f"a workbook that cannot be read: {error}"[:200], place=path, remedy="save it again, or as .csv") from None


def _first_rows(book: Any, path: Path) -> tuple[list[Row], int]:
    """The rows of the first sheet that has some, and how many sheets come after."""
    try:
        for number, sheet in enumerate(book.worksheets, 1):
            sheet.reset_dimensions()  # what some programs write there is wrong
            rows = []
            for line, cells in enumerate(sheet.iter_rows(max_col=_COLUMNS, values_only=True), 1):
                if line > _ROWS:
                    raise ValueError(f"more than {_ROWS:,} rows")
                if cells.count(None) < len(cells):
                    texts = [_text(cell) for cell in cells[: _width(cells)]]
                    rows += [Row(line, texts)] if any(texts) else []
            if rows:
                width = max(len(row.cells) for row in rows)
                return [Row(row.line, row.cells + [""] * (width - len(row.cells))) for row in rows], len(book.worksheets) - number
    finally:
        book.close()
    raise CorpusError("no cell with anything in it", place=path, remedy="is this the file you meant?")


def _width(cells: Sequence[object]) -> int:
    """How many there are up to the last that is not empty."""
    return next(at for at in range(len(cells), 0, -1) if cells[at - 1] is not None)


def _text(cell: object) -> str:
    """What stands in a cell."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat(" ") if isinstance(cell, datetime) else str(cell).strip()
