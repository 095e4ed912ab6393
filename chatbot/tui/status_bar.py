"""The line at the top: which bot, what it is, how its replies are chosen."""

from textual.content import Content
from textual.reactive import reactive

from chatbot.records import BotCard, Decoding
from chatbot.tui.sheet import DIM, STRONG, Sheet, fitted, painted, painted_line


class StatusBar(Sheet):
    """Bot, summary and decoding in one row; the summary gives way when the row is short."""

    DEFAULT_CSS = """
    StatusBar { height: 1; padding: 0 1; background: $surface; }
    """

    card: reactive[BotCard | None] = reactive(None)
    decoding: reactive[Decoding] = reactive(Decoding)

    def lines(self, width: int) -> list[Content]:
        """One line: the decoding stays whole, the rest is cut to what is left."""
        decoding = painted_line(str(self.decoding))
        name, summary = (self.card.name, self.card.summary) if self.card else ("loading …", "")
        left = painted_line(name, STRONG) + painted("  ") + painted_line(summary, DIM)
        room = width - decoding.cell_length - 2
        if room < 8:
            return [fitted(left, width)]
        return [fitted(left, room) + painted("  ") + decoding]
