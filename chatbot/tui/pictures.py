"""The pictures of a question in their place: pages where only one has room, below each other where all have, and one cursor that runs through them."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Click
from textual.geometry import Region, Size
from textual.reactive import Reactive, reactive

from chatbot.records import Attention
from chatbot.tui.attention_view import AttentionView
from chatbot.tui.drawing import Answered
from chatbot.tui.ladder_view import LadderView
from chatbot.tui.pages import PAGES, Page, Pages
from chatbot.tui.picture import Cursor, Picture, pointed
from chatbot.tui.race_view import RaceView
from chatbot.tui.twins_view import TwinsView


class Pictures(VerticalScroll):
    """Race above ladder above attention, or twins."""

    FOCUS_ON_CLICK = False  # typing goes to the prompt
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "point(0, -1)", "Cursor", show=False),
        Binding("down", "point(0, 1)", "Cursor", show=False),
        Binding("left", "point(-1, 0)", "Cursor", show=False),
        Binding("right", "point(1, 0)", "Cursor", show=False),
    ]

    virtual_size: Reactive[Size] = Reactive(Size(0, 0))  # as in a sheet: a new size is no reason to lay the screen out again
    page: reactive[Page] = reactive[Page]("race")
    cursor: reactive[Cursor] = reactive(Cursor())

    def __init__(self) -> None:
        super().__init__()
        self._race_view, self._ladder_view, self._attention_view, self._twins_view = RaceView(), LadderView(), AttentionView(), TwinsView()
        self._views = dict(zip(PAGES, (self._race_view, self._ladder_view, self._attention_view, self._twins_view), strict=True))
        self._answered: Answered | None = None  # whose pictures they are, unless the person is typing

    def compose(self) -> ComposeResult:
        """The names of the pages, then the pictures."""
        yield Pages().data_bind(Pictures.page)
        for view in self._views.values():
            yield view.data_bind(Pictures.cursor)

    def validate_page(self, page: Page) -> Page:
        """Where there is no race there are no twins."""
        return "race" if page == "twins" and self.has_class("-alone") else page

    def watch_page(self, page: Page) -> None:
        """Turns the page, where only one fits."""
        for other in PAGES:
            self.set_class(other == page, f"-{other}")
        self.call_after_refresh(self._show_page)

    def watch_cursor(self, before: Cursor, now: Cursor) -> None:
        """Keeps in sight what the cursor has moved to."""
        moved = [self._attention_view] if now.piece != before.piece else [self._race_view, self._ladder_view, self._twins_view, self._attention_view]
        for view in moved:
            if view.display and (line := view.marked) is not None:
                self.scroll_to_region(Region(0, view.virtual_region.y + line, 1, 1), animate=False)
                return

    @property
    def can_turn(self) -> bool:
        """Is there another page to turn to?"""
        return self.display and not self.has_class("-alone")

    def make_room(self) -> None:
        """Leaves most of a narrow screen to the chat, until there is something new to see here."""
        self.add_class("-aside")

    def turn(self) -> None:
        """Turns to the next page; where all three pictures stand and fit, to the twins and back."""
        self.remove_class("-aside")
        steps = ("race", "twins") if self.screen.has_class("-tall") and not self.max_scroll_y else PAGES
        place = steps.index(self.page) if self.page in steps else 0
        self.page = steps[(place + 1) % len(steps)]

    def action_point(self, across: int, down: int) -> None:
        """Moves the cursor: along the rows of what is shown, which are words, or pieces of the reply where attention is alone."""
        alone = isinstance(self._attention_view.heed, Attention) and self._attention_view.display and not self._race_view.display
        word, piece = (across, down) if alone else (down, across)
        self._point(self.cursor.word + word, self.cursor.piece + piece)

    @on(Click)
    def _choose(self, event: Click) -> None:
        meta = event.style.meta
        if "word" in meta or "piece" in meta:
            self._point(meta.get("word", self.cursor.word), meta.get("piece", self.cursor.piece))

    @on(Pages.Picked)
    def _turn_to(self, message: Pages.Picked) -> None:
        self.page = message.page

    def _point(self, word: int, piece: int) -> None:
        heed, race = (self._answered.heed, self._answered.race) if self._answered else (None, None)
        words = race.words if race else heed.heard_words if heed else ()
        self.cursor = pointed(word, piece, len(words), heed.said if isinstance(heed, Attention) else ())

    @on(Picture.Grown)
    def _show_page(self) -> None:
        """Brings the page into sight: of a picture that is longer than the panel its end, which tells most, but of what was heeded the beginning."""
        region = self._views[self.page].virtual_region
        end = 0 if self.page == "heeded" else region.bottom - self.size.height
        self.scroll_to(y=max(region.y - 1, end), animate=False)
