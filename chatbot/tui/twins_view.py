"""Twins: the same sentence with another last word, both races side by side, and where the interrupter could not know which it would be."""

from itertools import zip_longest

from textual.content import Content

from chatbot.records import Beat, Race, Twins
from chatbot.tui.ladder_view import ASKING
from chatbot.tui.picture import NUMBER, Picture, clickable, remarked, sign
from chatbot.tui.sheet import DIM, GAP, INTERRUPTER, LISTENER, columns, painted, painted_line
from chatbot.tui.wording import named, twins_caption

BESIDE = 52  # cells in which two races find room side by side
BOUND = "underline"
CUT = "│"  # what is said before it cannot differ
INVITATION = "/ending WORD sets the last race beside that of the same sentence with another last word."

Row = tuple[Content, Content]  # what was heard, and what the interrupter said


class TwinsView(Picture):
    """The two races row by row, and below them what both listeners say."""

    def __init__(self) -> None:
        super().__init__()
        self.twins: Twins | None = None
        self._invitation = INVITATION

    def show(self, twins: Twins | None, *, asked: bool = False) -> None:
        """Shows twins; or how to get them, or that they come soon if they are `asked` for."""
        self.twins, self._invitation = twins, ASKING if asked else INVITATION
        self.redraw()

    def lines(self, width: int) -> list[Content]:
        """The title, the two races, and a caption made from counts."""
        rows = self.titled("Twins", "the same but for the last word", width)
        if self.twins is None:
            return rows + remarked(self._invitation, width)
        races = [self.twins.first, self.twins.second]
        if width >= BESIDE:
            rows += self._table(races, width, self.twins.bound)
        else:
            for race in races:
                rows += self._table([race], width, self.twins.bound)
        return rows + remarked(f"{twins_caption(self.twins)} What cannot differ is underlined, up to {CUT}.", width)

    def _table(self, races: list[Race], width: int, bound: int) -> list[Content]:
        """The races beside each other: a row a word, and below them what each listener says."""
        side = (width - NUMBER - GAP * len(races)) // len(races)
        heard = min(side * 2 // 5, max(painted_line(beat.heard).cell_length for race in races for beat in (*race.words, Beat("(end)", ""))))
        widths = [NUMBER, *[heard, side - heard - GAP] * len(races)]
        rows = columns([sign("#"), *[painted((name, DIM)) for name in ("heard", "interrupter")] * len(races)], widths)
        nothing = painted("")
        for number, words in enumerate(zip_longest(*(_words(race, bound) for race in races), fillvalue=(nothing, nothing)), 1):
            rows += clickable(columns([self.numbered(number), *(cell for word in words for cell in word)], widths), word=number)
        rows += columns([sign("‖"), *(cell for race in races for cell in _end(race, bound))], widths)
        rows += columns([nothing, *[painted(("listener", DIM))] * len(races)], [NUMBER, *[side] * len(races)])
        replies = [painted_line(race.listener.raw if race.listener else "", LISTENER) for race in races]
        return rows + columns([painted((f"{'▸':>{NUMBER}}", LISTENER)), *replies], [NUMBER, *[side] * len(races)])


def _words(race: Race, bound: int) -> list[Row]:
    """A row a word: heard, and said."""
    *said, _ = _said(race, bound)
    return [(painted_line(beat.heard), words) for beat, words in zip(race.words, said, strict=True)]


def _end(race: Race, bound: int) -> Row:
    return painted(("(end)", DIM)), _said(race, bound)[-1]


def _said(race: Race, bound: int) -> list[Content]:
    """What was said on each word and last after the end, as people read it, cut where it might have been something else."""
    parts = [["", ""] for _ in (*race.words, race.afterwards)]  # of each row what is bound, and what is not
    said = [step for step in race.steps if step.said is not None]
    for place, step in enumerate(said):
        parts[step.word - 1][place >= bound] += step.said or ""
    cut = said[bound].word - 1 if bound < len(said) else None
    names = iter(named([part for row in parts for part in row if part.strip()]))
    rows = [[next(names) if part.strip() else "" for part in row] for row in parts]
    if cut is not None:
        rows[cut][1] = CUT + rows[cut][1]
    return [painted_line(before, f"{INTERRUPTER} {BOUND}") + painted_line(after, INTERRUPTER) for before, after in rows]
