"""The ladder: what the listener would have said, had the person stopped sooner. Nothing of it was said."""

from textual.content import Content

from chatbot.records import Ladder, Rung
from chatbot.tui.picture import NUMBER, Picture, clickable, remarked
from chatbot.tui.sheet import DIM, GAP, LISTENER, bar, columns, painted, painted_line
from chatbot.tui.wording import settled

LONGEST_BAR = 16  # cells
AFTERWARDS = "Drawn after the reply."
SOONER = f"{AFTERWARDS} F4 draws it while you type."
LIVE = "so far: what you type next may change it (F4 ends this)"
ASKING = "asking the listener …"


class LadderView(Picture):
    """One rung a word: the beginning that was heard, whether the reply is already the last one, and the reply."""

    def __init__(self) -> None:
        super().__init__()
        self.ladder: Ladder | None = None
        self.live = False
        self._invitation = SOONER

    def show(self, ladder: Ladder | None, *, asked: bool = False, live: bool = False) -> None:
        """Shows a ladder, which is `live` while the person types on; or that there is none yet, or soon if it is `asked` for."""
        self.ladder, self.live, self._invitation = ladder, live, ASKING if asked else SOONER
        self.redraw()

    def lines(self, width: int) -> list[Content]:
        """The title, the rungs, and where the reply settled."""
        rows = self.titled("Ladder", "had you stopped there, the listener would say", width)
        if self.ladder is None:
            return rows + remarked(self._invitation, width)
        widths = _widths(width, self.ladder)
        for rung in self.ladder.rungs:
            rows += clickable(columns(self._rung(rung, widths[1]), widths), word=rung.words)
        words = len(self.ladder.rungs)
        line = painted((LIVE if self.live else f"{settled(self.ladder)} {bar(self.ladder.settled / words, min(words, LONGEST_BAR))}", DIM))
        return rows + columns([painted(""), line], [NUMBER, max(4, width - NUMBER - GAP)])

    def _rung(self, rung: Rung, width: int) -> list[Content]:
        reply = self.replied(painted_line(rung.reply, LISTENER)) if rung.final else painted_line(rung.reply, DIM)
        return [self.numbered(rung.words), _ending(rung.heard, width), painted("=" if rung.final else "≠"), reply]


def _widths(width: int, ladder: Ladder) -> list[int]:
    """The widths of the four columns: the beginnings get at most what they need, and less than half."""
    room = max(12, width - NUMBER - 1 - 3 * GAP)
    heard = min(max(painted_line(rung.heard).cell_length for rung in ladder.rungs), room * 9 // 20)
    return [NUMBER, heard, 1, room - heard]


def _ending(heard: str, width: int) -> Content:
    """The last words of `heard` that fit in `width` cells: the newest word is the one that matters."""
    whole = painted_line(heard)
    words = whole.plain.split()
    cut = whole
    while cut.cell_length > width and len(words) > 1:
        words.pop(0)
        cut = painted_line(f"… {' '.join(words)}")
    return cut.truncate(width, ellipsis=True)
