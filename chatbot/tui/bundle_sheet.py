"""A bundle told in full, and the others that could be talked with."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from chatbot.errors import ChatbotError
from chatbot.records import BotCard, BundleFacts
from chatbot.tui.engine import Engine
from chatbot.tui.sheet import DIM, GAP, STRONG, Sheet, bar, columns, painted, painted_line, wrapped

EPOCH, POINT, SIZE, NAME = 8, 16, 9, 13  # cells


class About(Sheet):
    """What there is to know of one bundle; `told` is all that is known until the facts are there, and what went wrong if they do not come."""

    def __init__(self, card: BotCard) -> None:
        super().__init__()
        self.card = card
        self.facts: BundleFacts | None = None
        self.told = "reading …"

    def lines(self, width: int) -> list[Content]:
        """Summary, learning curve, files, model card."""
        card, facts = self.card, self.facts
        if facts is None:
            return [painted((card.name, STRONG)), *wrapped(painted(f"{card.summary}\n{self.told}"), width)]
        rows = [painted((card.name, STRONG)), *wrapped(painted(f"{card.summary}\n{facts.path}\nfingerprint {card.fingerprint}"), width)]
        rows += [painted(""), *self._curve(facts, width), painted(""), painted(("Files", STRONG))]
        for name, size in facts.files:
            rows += columns([painted_line(name), painted_line(f"{size / 1e3:>{SIZE - 3},.0f} kB", DIM)], [max(8, width - SIZE - GAP), SIZE])
        return [*rows, painted(""), *_printed(facts.text, width)]

    def _curve(self, facts: BundleFacts, width: int) -> list[Content]:
        """For each epoch how probable each network found a held-out piece: 1 / perplexity, from 0 to 1."""
        networks = list(dict.fromkeys(point.network for point in facts.curve))
        if not networks:
            return [painted(("It keeps no log of its training.", DIM))]
        shown = networks[: max(1, (width - EPOCH) // (POINT + 2))]
        rows = wrapped(painted(("Learning", STRONG), ("  probability of a held-out piece, from 0 to 1; * the best so far", DIM)), width)
        rows += columns([painted_line("epoch", DIM), *(painted_line(name, DIM) for name in shown)], [EPOCH, *[POINT] * len(shown)])
        points = {(point.network, point.epoch): point for point in facts.curve}
        for epoch in sorted({point.epoch for point in facts.curve}):
            cells = [painted_line(f"{epoch:g}", DIM)]
            for name in shown:
                point = points.get((name, epoch))
                share = 1 / max(1.0, point.perplexity) if point else 0.0
                cells.append(painted_line(f"{bar(share)} {share:.2f}{'*' if point.best else ''}" if point else ""))
            rows += columns(cells, [EPOCH, *[POINT] * len(shown)])
        return rows


def _printed(card: str, width: int) -> list[Content]:
    """A model card as it is printed: of its Markdown, headings are strong, and tables have columns instead of bars."""
    rows = []
    for line in card.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("#"):
            rows += wrapped(painted((line.lstrip("# "), STRONG)), width)
        elif not line.startswith("|"):
            rows += wrapped(painted(line), width)
        elif any(cell.strip("-") for cell in cells):
            room = max(4, (width - NAME) // max(1, len(cells) - 1) - GAP)
            rows += columns([painted_line(cells[0], DIM), *map(painted_line, cells[1:])], [NAME, *[room] * (len(cells) - 1)])
    return rows


class BundleSheet(ModalScreen[str | None]):
    """Dismissed with the name of the bundle that the person wants to talk with, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f9", "dismiss", "Back", id="bundle.back"),
        Binding("enter", "talk", "Talk with the marked one", priority=True, id="bundle.talk"),
        Binding("pageup", "scroll(-1)", "Scroll", priority=True, key_display="PgUp", id="bundle.up"),
        Binding("pagedown", "scroll(1)", "Scroll", priority=True, key_display="PgDn", id="bundle.down"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (64, "-roomy")]  # noqa: RUF012 - Textual declares no class variable

    @dataclass
    class _Known(Message):
        facts: BundleFacts
        names: tuple[str, ...]

    @dataclass
    class _Unknown(Message):
        trouble: str

    def __init__(self, engine: Engine, card: BotCard) -> None:
        super().__init__()
        self._engine, self._card, self._names = engine, card, tuple[str, ...]()
        self._about = About(card)

    def compose(self) -> ComposeResult:
        """The names beside the facts."""
        with Container(id="bundle"):
            yield OptionList(compact=True)
            with VerticalScroll(id="about", can_focus=False):
                yield self._about
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Asks for what is to be told."""
        self._ask()

    @work(thread=True, exit_on_error=False)
    def _ask(self) -> None:
        try:
            self.post_message(self._Known(self._engine.facts(), self._engine.models()))
        except ChatbotError as error:
            self.post_message(self._Unknown(str(error)))

    @on(_Known)
    def _show(self, message: _Known) -> None:
        """The bundle that is talked with is marked among the names."""
        self._names, self._about.facts = message.names, message.facts
        names = self.query_one(OptionList)
        names.add_options(Option(painted_line(name)) for name in message.names)
        if self._card.name in message.names:
            names.highlighted = message.names.index(self._card.name)
        self._about.redraw()

    @on(_Unknown)
    def _complain(self, message: _Unknown) -> None:
        self._about.told = message.trouble
        self._about.redraw()

    @on(OptionList.OptionSelected)
    def _choose(self, message: OptionList.OptionSelected) -> None:
        name = self._names[message.option_index]
        self.dismiss(None if name == self._card.name else name)

    def action_talk(self) -> None:
        """Takes the bundle that is marked."""
        self.query_one(OptionList).action_select()

    def action_scroll(self, way: int) -> None:
        """Scrolls the facts by a page."""
        about = self.query_one("#bundle" if self.has_class("-slim") else "#about")
        (about.scroll_page_up if way < 0 else about.scroll_page_down)(animate=False)
