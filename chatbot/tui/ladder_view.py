"""The ladder: what the listener would have said, had the person stopped sooner. Nothing of it was said."""

from typing import Literal

from textual.content import Content

from chatbot.records import Ladder, Rung
from chatbot.tui.sheet import DIM, GAP, LISTENER, STRONG, Sheet, bar, columns, painted, painted_line, wrapped
from chatbot.tui.wording import settled

NUMBER = 3  # cells
LONGEST_BAR = 16  # cells

State = Literal["idle", "computing", "done"]

INVITATIONS = {"idle": "Drawn after the reply.", "computing": "asking the listener …", "done": "Nothing was heard."}


class LadderView(Sheet):
    """One rung a word: the beginning that was heard, whether the reply is already the last one, and the reply."""

    DEFAULT_CSS = """
    LadderView { margin-top: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.state: State = "idle"
        self.ladder: Ladder | None = None

    def show(self, state: State, ladder: Ladder | None = None) -> None:
        """Shows a ladder, or why there is none yet."""
        self.state, self.ladder = state, ladder
        self.redraw()

    def lines(self, width: int) -> list[Content]:
        """The title, the rungs, and where the reply settled."""
        rows = wrapped(painted(("Ladder", STRONG), ("  had you stopped there, the listener would say", DIM)), width)
        if self.ladder is None or not self.ladder.rungs:
            return rows + [painted("  ") + line for line in wrapped(painted((INVITATIONS[self.state], DIM)), width - 2)]
        widths = _widths(width, self.ladder)
        for rung in self.ladder.rungs:
            rows += columns(_rung(rung, widths[1]), widths)
        words = len(self.ladder.rungs)
        line = painted((f"{settled(self.ladder)} {bar(self.ladder.settled / words, min(words, LONGEST_BAR))}", DIM))
        return rows + columns([painted(""), line], [NUMBER, max(4, width - NUMBER - GAP)])


def _widths(width: int, ladder: Ladder) -> list[int]:
    """The widths of the four columns: the beginnings get at most what they need, and less than half."""
    room = max(12, width - NUMBER - 1 - 3 * GAP)
    heard = min(max(painted_line(rung.heard).cell_length for rung in ladder.rungs), room * 9 // 20)
    return [NUMBER, heard, 1, room - heard]


def _rung(rung: Rung, width: int) -> list[Content]:
    reply = painted_line(rung.reply, LISTENER if rung.final else DIM)
    return [painted((f"{rung.words:>{NUMBER}}", DIM)), _ending(rung.heard, width), painted("=" if rung.final else "≠"), reply]


def _ending(heard: str, width: int) -> Content:
    """The last words of `heard` that fit in `width` cells: the newest word is the one that matters."""
    whole = painted_line(heard)
    words = whole.plain.split()
    cut = whole
    while cut.cell_length > width and len(words) > 1:
        words.pop(0)
        cut = painted_line(f"… {' '.join(words)}")
    return cut.truncate(width, ellipsis=True)
