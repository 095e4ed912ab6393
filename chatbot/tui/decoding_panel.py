"""How replies are chosen: the settings as fields, and what they cut at each step of the last reply."""

from dataclasses import dataclass, replace
from typing import ClassVar, get_args

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Select

from chatbot.errors import ChatbotError, OptionError
from chatbot.records import Choice, Decoding, Strategy
from chatbot.tui.choices_view import ChoicesView, summary
from chatbot.tui.conversation import Question, changed
from chatbot.tui.engine import Engine
from chatbot.tui.sheet import Legend

FIELDS = {  # by the name of the setting: what it is called, and the strategy that it means something to
    "temperature": ("temperature", "sample"),
    "top_k": ("top-k, 0 for all", "sample"),
    "top_p": ("top-p, 1 for all", "sample"),
    "seed": ("seed", "sample"),
    "width": ("width of the beam", "beam"),
    "block_ngrams": ("block n-grams, 0: no", ""),
}

KNOWN = {"no": "any reply", "yes": "known replies only"}


class DecodingPanel(ModalScreen[bool]):
    """Changes apply to the next reply as they are made. Dismissed with True it wants the last question to be asked again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f6", "close(False)", "Back", id="decoding.back"),
        Binding("ctrl+r", "close(True)", "Say it like this", id="decoding.again", tooltip="asks the last question again"),
        Binding("pageup", "scroll(-1)", "Scroll", show=False, id="decoding.up"),
        Binding("pagedown", "scroll(1)", "Scroll", show=False, id="decoding.down"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (100, "-roomy")]  # noqa: RUF012 - Textual declares no class variable

    @dataclass
    class Changed(Message):
        """The next reply is chosen like this."""

        decoding: Decoding

    @dataclass
    class _Known(Message):
        question: Question
        choices: tuple[Choice, ...]

    @dataclass
    class _Unknown(Message):
        trouble: str

    def __init__(self, engine: Engine, decoding: Decoding, question: Question | None) -> None:
        """`question` is the last one that was answered, with the decoding of its reply."""
        super().__init__()
        self._engine, self._decoding, self._question = engine, decoding, question
        self._picture, self._complaint = ChoicesView(), Legend()

    def compose(self) -> ComposeResult:
        """Fields beside or above the picture."""
        with Container(id="decoding"):
            with VerticalScroll(id="fields", can_focus=False):
                yield Select(((name, name) for name in get_args(Strategy)), value=self._decoding.strategy, allow_blank=False, compact=True, id="strategy")
                for name, (label, _) in FIELDS.items():
                    with Horizontal(classes="field"):
                        yield Legend(label)
                        yield Input(
                            _written(getattr(self._decoding, name)),
                            id=name,
                            compact=True,
                            select_on_focus=False,
                            restrict=r"[0-9.]{0,10}",
                        )
                yield Select(
                    ((told, said) for said, told in KNOWN.items()),
                    value=_yes(self._decoding.known_replies),
                    allow_blank=False,
                    compact=True,
                    id="known_replies",
                )
                yield self._complaint
            with VerticalScroll(id="choices", can_focus=False):
                yield self._picture
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Shows the steps of the last reply as it was said."""
        self._mark_idle()
        self._draw()

    @on(Input.Changed)
    @on(Select.Changed)
    def _change(self) -> None:
        """Takes the settings of all fields, or says what is wrong with them."""
        settings = [str(self.query_one("#strategy", Select).value), f"known_replies={self.query_one('#known_replies', Select).value}"]
        settings += [f"{name}={self.query_one(f'#{name}', Input).value}" for name in FIELDS]
        try:
            decoding = changed(self._decoding, " ".join(settings))
        except OptionError as error:
            self._complaint.say(str(error))
            return
        self._complaint.say("")
        if decoding != self._decoding:
            self._decoding = decoding
            self._mark_idle()
            self.post_message(self.Changed(decoding))
            if self._question is not None:
                self._question = replace(self._question, decoding=decoding)
                self._draw()

    def _mark_idle(self) -> None:
        """Fields that mean nothing to the strategy cannot be changed."""
        for name, (_, strategy) in FIELDS.items():
            self.query_one(f"#{name}", Input).disabled = strategy not in ("", self._decoding.strategy)

    def _draw(self) -> None:
        if self._question is None:
            self._picture.show("Say something first: then the steps of the reply stand here.")
        else:
            self._ask(self._question)

    @work(thread=True, exclusive=True, group="choices", exit_on_error=False)
    def _ask(self, question: Question) -> None:
        try:
            self.post_message(self._Known(question, self._engine.choices(question.utterance, question.decoding, question.history)))
        except ChatbotError as error:
            self.post_message(self._Unknown(str(error)))

    @on(_Known)
    def _show(self, message: _Known) -> None:
        if message.question is self._question:
            said = "".join(choice.said.text for choice in message.choices if not choice.planning).strip()
            decoding = message.question.decoding
            cut = "" if decoding.strategy == "greedy" else summary(message.choices)  # greedy never keeps more than one
            self._picture.show(f"{decoding}: “{said}” {cut}".rstrip(), message.choices)

    @on(_Unknown)
    def _complain(self, message: _Unknown) -> None:
        self._complaint.say(message.trouble)

    def action_close(self, again: bool) -> None:
        """Goes back to the chat."""
        self.dismiss(again and self._question is not None)

    def action_scroll(self, way: int) -> None:
        """Scrolls the picture by a page."""
        picture = self.query_one("#decoding" if self.has_class("-slim") else "#choices")
        (picture.scroll_page_up if way < 0 else picture.scroll_page_down)(animate=False)


def _written(setting: float) -> str:
    return f"{setting:g}" if isinstance(setting, float) else str(setting)


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
