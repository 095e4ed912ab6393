"""What the listener heeded: where each piece of its reply looked or, for a network that cannot look, what each heard word did for it."""

import math

from textual.color import Color
from textual.content import Content

from chatbot.records import Attention, Influence
from chatbot.tui.ladder_view import AFTERWARDS, ASKING
from chatbot.tui.picture import CHOSEN, MARK, NUMBER, Picture, clickable, remarked
from chatbot.tui.sheet import DIM, GAP, LISTENER, STRONG, bar, columns, fitted, painted, painted_line
from chatbot.tui.wording import looked_at_most, named, tenths, times

MANY = 16  # words above which a column is a shade, one cell wide, instead of a digit
DIGIT = 3  # cells
SHADES = " ░▒▓█"
EARLIER = "←"
DARK, LIGHT = Color.parse("#00204c"), Color.parse("#ffe945")  # the ends of a ramp that everyone sees as one of brightness
RAMP = tuple(f"{color.get_contrast_text(1.0).hex6} on {color.hex6}" for color in (DARK.blend(LIGHT, tenth / 10) for tenth in range(11)))
LABEL = 12  # cells of a piece of the reply at the most
MOST = 14  # cells of the word that it looked at most
WITHOUT = "Influence: how likely the reply would be without that word. × 0.05: hardly at all; above × 1.00 the word spoke against it."
ROOMY = 40  # cells of a panel in which that word has a place


class AttentionView(Picture):
    """A row a piece of the reply and a column a heard word, numbered as in race and ladder; or a row a heard word with its influence."""

    def __init__(self) -> None:
        super().__init__()
        self.heed: Attention | Influence | None = None
        self.looks = True  # has the bundle attention?
        self._invitation = AFTERWARDS

    def show(self, heed: Attention | Influence | None, *, asked: bool = False) -> None:
        """Shows what was heeded; or that this is not known yet, or soon if it is `asked` for."""
        self.heed, self._invitation = heed, ASKING if asked else AFTERWARDS
        self.redraw()

    def lines(self, width: int) -> list[Content]:
        """The title and a table."""
        title = ("Attention", "where each piece looked, in tenths") if self.looks else ("Influence", "how likely the reply would be without that word")
        rows = self.titled(*title, width)
        if self.heed is None:
            return rows + remarked(self._invitation, width)
        return rows + (self._falls(self.heed, width) if isinstance(self.heed, Influence) else self._looks(self.heed, width))

    def _looks(self, attention: Attention, width: int) -> list[Content]:
        names = [painted_line(name, LISTENER) for name in named(attention.said)]
        label = min(LABEL, max((name.cell_length for name in names), default=0))
        most = MOST if width >= ROOMY else 0
        words, earlier = attention.heard_words, max(attention.before, default=0.0) >= 0.05
        cell = DIGIT if len(words) <= MANY else 1
        room = width - 3 - label - GAP - most - DIGIT * earlier
        first, last = _window(len(words), room // cell, self.cursor.word)
        before = [painted((EARLIER.center(DIGIT), DIM))] if earlier else []
        shown = "most" if last - first == len(words) else f"{first + 1}-{last} of {len(words)}"
        rows = [painted("").join([painted(" " * (3 + label)), *before, *self._heads(first, last, cell), _remark(shown, most)])]
        best = looked_at_most(attention, EARLIER)
        for number, (name, row, share, target) in enumerate(zip(names, attention.by_word, attention.before, best, strict=True), 1):
            chosen = number == self.cursor.piece
            lead = painted((f"{MARK} " if chosen else "  ", STRONG)) + fitted(name.stylize(CHOSEN) if chosen else name, label + 1)
            cells = [part for word in range(first, last) for part in clickable([_cell(row[word], cell)], word=word + 1)]
            earlier_cell = [_cell(share, DIGIT)] if earlier else []
            rows += clickable([painted("").join([lead, *earlier_cell, *cells, _remark(target, most)])], piece=number)
        return rows + (remarked(f"{EARLIER}  the turns before", width) if earlier else [])

    def _heads(self, first: int, last: int, cell: int) -> list[Content]:
        """The numbers of the words, of narrow columns the last digit."""
        heads = []
        for number in range(first + 1, last + 1):
            head = painted((f"{number:^{cell}}"[-cell:], CHOSEN if number == self.cursor.word else DIM))
            heads += clickable([head], word=number)
        return heads

    def _falls(self, influence: Influence, width: int) -> list[Content]:
        widest = max(painted_line(word).cell_length for word in influence.heard_words)
        widths = [NUMBER, min(widest, max(4, width - NUMBER - 20 - 2 * GAP)), 20]
        rows = []
        for number, (word, fall) in enumerate(zip(influence.heard_words, influence.falls, strict=True), 1):
            lost = painted((f"{times(fall):<9} {bar(1 - math.exp(min(0.0, -fall)))}", DIM))
            rows += clickable(columns([self.numbered(number), painted_line(word), lost], widths), word=number)
        return rows + remarked(WITHOUT, width)


def _window(count: int, room: int, chosen: int) -> tuple[int, int]:
    """Which of `count` columns are shown where there is `room` for fewer: those around the chosen one."""
    shown = max(1, min(count, room))
    first = min(max(0, chosen - 1 - shown // 2), count - shown)
    return first, first + shown


def _cell(weight: float, cell: int) -> Content:
    if cell == 1:
        return painted((SHADES[round(4 * weight)], LISTENER))
    digit = tenths(weight)
    return painted((f"{digit:^{cell}}", RAMP[int(digit)] if digit.isdigit() else DIM))


def _remark(text: str, room: int) -> Content:
    """What stands behind a row, where there is room."""
    return painted(" " * GAP) + fitted(painted_line(text, DIM), room) if room else painted("")
