"""What the pictures of the panel share: a cursor that is the same in all of them, titles, numbered rows, and rows that know what they show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style

from chatbot.tui.sheet import DIM, STRONG, Sheet, painted, wrapped

NUMBER = 3  # cells in front of a row
INDENT = 2
MARK = "▸"
CHOSEN = "reverse"  # not a colour: it is seen without any


@dataclass(frozen=True)
class Cursor:
    """What the person has chosen: a heard word, a piece of the listener's reply, both, or nothing."""

    word: int = 0  # from 1; 0: none
    piece: int = 0  # from 1; 0: none
    letters: tuple[int, int] = (0, 0)  # where that piece stands in the reply


def pointed(word: int, piece: int, words: int, said: Sequence[str]) -> Cursor:
    """The cursor on that word and that piece of the reply, as far as there are so many."""
    word, piece = max(0, min(word, words)), max(0, min(piece, len(said)))
    if not piece:
        return Cursor(word)
    end = len("".join(said[:piece]))
    return Cursor(word, piece, (end - len(said[piece - 1].lstrip()), end))


class Picture(Sheet):
    """One picture of the panel. What the cursor is on is marked in each."""

    class Grown(Message):
        """There are more rows, or fewer."""

    cursor: reactive[Cursor] = reactive(Cursor())

    def on_resize(self) -> None:
        """Says so once the rows have their place."""
        self.post_message(self.Grown())

    def titled(self, name: str, what: str, width: int) -> list[Content]:
        """The title of a picture, unless the names of all are above it, and where there is room the question that it answers."""
        if self.screen.has_class("-medium") and self.parent is not None and not self.parent.has_class("-alone"):
            return []
        title = painted((name, STRONG), (f"  {what}", DIM))
        return [title if title.cell_length <= width else painted((name, STRONG))]

    @property
    def marked(self) -> int | None:
        """The line that the cursor is on."""
        return next((place for place, line in enumerate(self._lines(self.content_size.width)) if line.plain.startswith(MARK)), None)

    def numbered(self, number: int) -> Content:
        """What stands in front of the row of a word: its number, and a mark where the cursor is on it."""
        return painted((MARK, STRONG), (f"{number:>{NUMBER - 1}}", CHOSEN)) if number == self.cursor.word else sign(str(number))

    def replied(self, reply: Content) -> Content:
        """The listener's reply, with the chosen piece of it marked."""
        return reply.stylize(CHOSEN, *self.cursor.letters) if self.cursor.piece else reply


def sign(text: str) -> Content:
    """What stands in front of a row: a number, or a mark."""
    return painted((f"{text:>{NUMBER}}", DIM))


def remarked(text: str, width: int) -> list[Content]:
    """A dim remark below or instead of a picture."""
    return [painted(" " * INDENT) + line for line in wrapped(painted((text, DIM)), width - INDENT)]


def clickable(lines: Iterable[Content], **what: int) -> list[Content]:
    """`lines` that tell a click on them what they show: `word=3`, or `piece=2`; parts of them may know more."""
    return [line.stylize_before(Style.from_meta(what)) for line in lines]
