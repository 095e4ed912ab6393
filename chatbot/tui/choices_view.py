"""What could have come next at each step of a reply, and what the decoding cuts of it."""

from textual.content import Content

from chatbot.records import Candidate, Choice, plural
from chatbot.tui.sheet import DIM, LISTENER, STRONG, Sheet, bar, columns, painted, painted_line, wrapped

SHOWN = 5  # candidates of a step
FAINT = 0.005  # of less probable ones only those are shown that are kept or were said
SAID, CUT = "▸", "x"
NUMBER, MARK, SHARE = 3, 1, 13  # cells


class ChoicesView(Sheet):
    """A block a step: its likeliest pieces, each with its probability as a bar from 0 to 1; before them the replies, where one is planned.

    What is cut is dim and has a mark.
    """

    def __init__(self) -> None:
        super().__init__()
        self.title, self.choices = "", tuple[Choice, ...]()

    def show(self, title: str, choices: tuple[Choice, ...] = ()) -> None:
        """Shows the steps of a reply, or just says `title`."""
        self.title, self.choices = title, choices
        self.redraw()

    def lines(self, width: int) -> list[Content]:
        """The title, then the steps."""
        rows = wrapped(painted(self.title), width)
        if self.choices:
            rows += wrapped(painted((f"{SAID} said   {CUT} cut: never said here   bars from 0 to 1; the chat's p is their geometric mean", DIM)), width)
        planning = sum(choice.planning for choice in self.choices)
        if planning:
            rows += wrapped(painted(("0 is the plan: before its first word it decides for a reply, and the pieces follow from that", DIM)), width)
        for number, choice in enumerate(self.choices, 1 - planning):
            rows += _step(number, choice, width)
        return rows


def _step(number: int, choice: Choice, width: int) -> list[Content]:
    shown = [one for one in choice.likeliest if one.kept or one.probability >= FAINT][:SHOWN]
    if choice.said not in shown:
        shown.append(choice.said)
    rows = []
    for place, candidate in enumerate(shown):
        label = painted((f"{number:>{NUMBER}}", DIM)) if place == 0 else painted("")
        kept = painted_line(f"{choice.kept:,} kept" if place == 0 else "", DIM)
        rows += columns(
            [label, *_row(candidate, candidate.text if choice.planning else named(candidate.text), candidate == choice.said), kept],
            [NUMBER, MARK, max(4, width - NUMBER - MARK - SHARE - 10 - 8), SHARE, 10],
        )
    return [painted(""), *rows] if len(rows) > 1 else rows


def _row(candidate: Candidate, name: str, said: bool) -> list[Content]:
    style = "" if candidate.kept else DIM
    mark = painted((SAID, LISTENER)) if said else painted((" " if candidate.kept else CUT, style))
    return [
        mark,
        painted_line(name, f"{STRONG} {LISTENER}" if said else style),
        painted((f"{candidate.probability:.2f} {bar(candidate.probability)}", style)),
    ]


def named(text: str) -> str:
    """A piece as people read it: a word or a sign by itself, what goes on with a word behind a hyphen."""
    if not text:
        return "(end)"
    return f"-{text}" if text[0].isalnum() else text.lstrip() or "␣"


def summary(choices: tuple[Choice, ...]) -> str:
    """How often the decoding left but one piece to say."""
    pieces = [choice for choice in choices if not choice.planning]
    alone = sum(choice.kept == 1 for choice in pieces)
    return f"At {alone} of {plural(len(pieces), 'step')} it could say one piece only."
