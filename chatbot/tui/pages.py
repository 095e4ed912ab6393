"""The names of the pictures, where only one of them has room: a click turns the page."""

from dataclasses import dataclass
from typing import Literal

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style

from chatbot.tui.sheet import DIM, STRONG, Sheet, painted

Page = Literal["race", "ladder", "heeded", "twins"]
PAGES: tuple[Page, ...] = ("race", "ladder", "heeded", "twins")


class Pages(Sheet):
    """One line: the page that is open, and those that are not."""

    DEFAULT_CSS = """
    Pages { pointer: pointer; }
    """
    ALLOW_SELECT = False

    page: reactive[Page] = reactive[Page]("race")

    @dataclass
    class Picked(Message):
        """The person clicked on a name."""

        page: Page

    def lines(self, width: int) -> list[Content]:
        """The names, the open one underlined."""
        names = [painted((page.capitalize(), f"{STRONG} underline" if page == self.page else DIM)) for page in PAGES]
        return [painted("  ").join([name.stylize_before(Style.from_meta({"page": page})) for name, page in zip(names, PAGES, strict=True)])]

    def on_click(self, event: Click) -> None:
        """Says which page is wanted."""
        if page := event.style.meta.get("page"):
            event.stop()
            self.post_message(self.Picked(page))
