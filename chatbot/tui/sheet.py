"""The one door to the screen: text becomes visible here and nowhere else, made safe and without markup.

Every other file under tui/ builds its lines with `painted` and shows them in a `Sheet`. `Content`, `Static`, `Label` and `notify` are
banned elsewhere by a test: Textual would take `[/]` in a reply for markup and let an escape character through to the terminal.
"""

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Self

from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.widget import Widget

from chatbot.safe_text import safe_line, safe_text
from chatbot.tui.glyphs import written

GAP = 2  # cells between two columns
BAR = 8  # cells of a probability's bar

# Styles, named for what they mark. The two characters have a colour-blind-safe pair (Okabe and Ito), set by the app for dark and light.
DIM = "$foreground 60%"
INTERRUPTER = "$interrupter"
LISTENER = "$listener"
STRONG = "bold"
MARKED = "reverse"
WARNING = "$error"

Part = str | tuple[str, str]


def painted(*parts: Part) -> Content:
    """Text, plain or with a style each, as it may be shown: safe, literal, line breaks kept."""
    return Content.assemble(*((safe_text(part), "") if isinstance(part, str) else (safe_text(part[0]), part[1]) for part in parts))


def painted_line(text: str, style: str = "") -> Content:
    """`text` in one line, as it may be shown."""
    return painted((safe_line(text), style))


def marked(content: Content, text: str) -> Content:
    """`content` with each place where `text` stands turned light on dark, in whatever case."""
    return content.highlight_regex(re.compile(re.escape(safe_text(text)), re.IGNORECASE), style=MARKED) if text else content


def bar(share: float, width: int = BAR) -> str:
    """A share of one as ▰▰▱▱, always drawn on 0 to 1 so that two bars compare."""
    full = round(min(1.0, max(0.0, share)) * width)
    return "▰" * full + "▱" * (width - full)


def wrapped(content: Content, width: int) -> list[Content]:
    """`content` in lines of at most `width` cells; at least one."""
    return [line.rstrip() for line in content.wrap(max(1, width))] or [content]


def fitted(content: Content, width: int) -> Content:
    """`content` in exactly `width` cells: cut with … or padded."""
    content = content.truncate(max(1, width), ellipsis=True)
    return content.pad_right(max(0, width - content.cell_length))


def columns(cells: Sequence[Content], widths: Sequence[int]) -> list[Content]:
    """One row of a table: each cell wrapped in its width, counted in terminal cells (漢字 is four), as many lines as the longest needs."""
    blank = painted("")
    rows = zip_longest(*(wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)), fillvalue=blank)
    return [painted(" " * GAP).join([line.pad_right(max(0, width - line.cell_length)) for line, width in zip(row, widths, strict=True)]) for row in rows]


class AsciiOnly(LineFilter):
    """The last thing that happens to a line before the terminal gets it, whichever widget drew it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same cells, without glyphs of uncertain width."""
        return [Segment(written(text, ascii_only=True), style, control) for text, style, control in segments]


class Sheet(Widget):
    """A widget drawn as lines that fit its width. Subclasses say which, in `lines`."""

    DEFAULT_CSS = """
    Sheet { height: auto; width: 1fr; text-wrap: nowrap; text-overflow: clip; }
    """
    virtual_size: Reactive[Size] = Reactive(Size(0, 0))  # Textual's would lay the screen out once more whenever a layout changes a size
    _written: tuple[tuple[int, Size], list[Content]] | None = None  # for a width on a screen of that size

    def lines(self, width: int) -> list[Content]:
        """The lines, each at most `width` cells."""
        raise NotImplementedError

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as there are lines."""
        return len(self._lines(width)) if width else 0

    def render(self) -> Content:
        """The lines, joined."""
        return painted("\n").join(self._lines(max(1, self.content_size.width)))

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Something has changed: the lines are others."""
        self._written = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def redraw(self) -> None:
        """Draws again after a change. Only another number of lines that are seen moves anything else: to lay the screen out takes longer than all the rest."""
        width, height = self.content_size
        self._written = None
        moves = self.display and (not width or len(self._lines(width)) != height)
        written = self._written
        self.refresh(layout=moves)
        self._written = written

    def _lines(self, width: int) -> list[Content]:
        """The lines, written once for the three times that a drawing asks for them."""
        fitting = (width, self.app.size)
        if self._written is None or self._written[0] != fitting:
            self._written = fitting, self.lines(width)
        return self._written[1]


class Legend(Sheet):
    """A text that stands there, and may become another one."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.text = text

    def say(self, text: str) -> None:
        """Becomes another text."""
        self.text = text
        self.redraw()

    def lines(self, width: int) -> list[Content]:
        """The text, wrapped."""
        return wrapped(painted(self.text), width) if self.text else []
