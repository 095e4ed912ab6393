"""The panel that compares: the race, live while the person types, and the ladder. It asks the engine in threads of its own."""

from dataclasses import dataclass
from typing import Literal

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.worker import Worker, WorkerState, get_current_worker

from chatbot.errors import ChatbotError
from chatbot.records import Ladder, Race, Reply
from chatbot.tui.conversation import Question
from chatbot.tui.engine import Engine
from chatbot.tui.ladder_view import LadderView
from chatbot.tui.race_view import RaceView, State
from chatbot.tui.sheet import Sheet

DEBOUNCE = 0.12  # seconds without a key before the interrupter is asked


class Panel(VerticalScroll, can_focus=False):
    """Race and ladder of one question. While a draft has finished words the race is theirs, else that of the last answered question."""

    DEFAULT_CSS = """
    Panel { padding: 0 1; }
    Panel.-race LadderView, Panel.-ladder RaceView { display: none; }
    Panel.-ladder LadderView { margin-top: 0; }
    Screen.-tall Panel RaceView, Screen.-tall Panel LadderView, Panel.-alone RaceView, Panel.-alone LadderView { display: block; }
    Screen.-tall Panel.-ladder LadderView { margin-top: 1; }
    """

    page: reactive[Literal["race", "ladder"]] = reactive("race")

    @dataclass
    class Measured(Message):
        """The ladder of a question is known."""

        question: Question
        ladder: Ladder

    @dataclass
    class Failed(Message):
        """A picture could not be drawn."""

        trouble: str

    @dataclass
    class _Heard(Message):
        question: Question
        race: Race

    @dataclass
    class _Unheard(Message):
        question: Question
        trouble: str

    @dataclass
    class _Raced(Message):
        question: Question
        race: Race

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._race_view, self._ladder_view = RaceView(), LadderView()
        self._loaded = False
        self._wait: int | None = None  # of the interrupter that races; None: there is none
        self._draft: Question | None = None  # the finished words that the race shows, or soon will
        self._answered: tuple[Question, Reply] | None = None
        self._race: Race | None = None  # of the answered question, as is the ladder
        self._ladder: Ladder | None = None
        self._clock: Timer | None = None

    def compose(self) -> ComposeResult:
        """Race above ladder."""
        yield self._race_view
        yield self._ladder_view

    def watch_page(self, page: str) -> None:
        """Turns the page, where only one fits."""
        self.set_class(page == "race", "-race")
        self.set_class(page == "ladder", "-ladder")
        self.scroll_home(animate=False)

    @property
    def can_turn(self) -> bool:
        """Is there another page to turn to?"""
        return self.display and not self.screen.has_class("-tall") and not self.has_class("-alone")

    @property
    def can_replay(self) -> bool:
        """Is there a finished race to show again?"""
        return self._race is not None

    def ready(self, wait: int | None) -> None:
        """The bot is loaded; `wait` names its interrupter, None says that there is none."""
        self._loaded, self._wait = True, wait
        self.set_class(wait is None, "-alone")
        self._show_answered()

    def hear(self, draft: Question | None) -> None:
        """The person is typing: shows the race over the finished words of the draft, once the keys rest. None: there are none."""
        if self._wait is None or not self.display or draft == self._draft or not self.is_attached:
            return
        self._draft = draft
        self._stop_clock()
        self._clock = self.set_timer(DEBOUNCE, lambda: self._ask_interrupter(draft) if draft else self._show_answered())

    def listen(self) -> None:
        """The bot begins its reply: the words of the draft stay until the whole race is known."""
        self._answered = self._race = self._ladder = self._draft = None
        self._stop_clock()
        self.workers.cancel_node(self)
        if self._race_view.state == "live":
            self._race_view.show("replying", self._race_view.race)
            self._ladder_view.show("idle")
        else:
            self._show_answered()

    def compare(self, question: Question, reply: Reply) -> None:
        """The bot has replied: draws the race and then the ladder, which neither spoils nor delays the reply."""
        self._answered, self._race, self._ladder = (question, reply), None, None
        if self.display and self.is_attached:
            self._ladder_view.show("computing")
            self._draw(question, reply)

    def open(self, opened: bool) -> None:
        """Opens or closes the panel; what was missed while it was closed is drawn now."""
        self.display = opened
        self._draft = None
        self._stop_clock()
        if opened:
            self._show_answered()
            if self._answered and self._ladder is None:
                self.compare(*self._answered)

    def replay(self) -> None:
        """Shows the last race again, word by word."""
        self._draft = None
        self._stop_clock()
        self.page = "race"
        self._show_answered()
        self._race_view.replay()

    def clear(self) -> None:
        """Empties both pictures."""
        self._answered = self._race = self._ladder = self._draft = None
        self._stop_clock()
        self.workers.cancel_node(self)
        self._show_answered()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.stop()
            self._clock = None

    def _show_answered(self) -> None:
        at_rest: State = "loading" if not self._loaded else "alone" if self._wait is None else "idle"
        self._race_view.show("done" if self._race else at_rest, self._race)
        self._ladder_view.show("done" if self._ladder else "computing" if self._answered else "idle", self._ladder)

    @work(thread=True, exclusive=True, group="hear", exit_on_error=False)
    def _ask_interrupter(self, draft: Question) -> None:
        assert self._wait is not None
        try:
            self.post_message(self._Heard(draft, self._engine.hear(draft.utterance, draft.decoding, self._wait, draft.history)))
        except ChatbotError as error:
            self.post_message(self._Unheard(draft, str(error)))

    @work(thread=True, exclusive=True, group="draw", exit_on_error=False)
    def _draw(self, question: Question, reply: Reply) -> None:
        worker = get_current_worker()
        utterance, decoding, history = question.utterance, question.decoding, question.history
        try:
            if self._wait is not None:
                self.post_message(self._Raced(question, self._engine.race(utterance, reply, decoding, self._wait, history)))
            if not worker.is_cancelled:
                self.post_message(self.Measured(question, self._engine.ladder(utterance, decoding, history)))
        except ChatbotError as error:
            self.post_message(self.Failed(str(error)))

    @on(_Heard)
    def _show_live(self, message: _Heard) -> None:
        if message.question is self._draft:
            self._race_view.show("live", message.race)
            self._ladder_view.show("idle")  # a ladder beside the race of another utterance would mislead
            self._follow(self._race_view)

    @on(_Unheard)
    def _show_trouble(self, message: _Unheard) -> None:
        if message.question is self._draft:  # said here: in the chat it would be said again with every word
            self._race_view.complain(message.trouble)

    @on(_Raced)
    def _show_race(self, message: _Raced) -> None:
        if self._answered and message.question is self._answered[0]:
            self._race = message.race
            if self._draft is None:
                self._show_answered()
                self._follow(self._race_view)

    @on(Measured)
    def _show_ladder(self, message: Measured) -> None:
        if self._answered and message.question is self._answered[0]:
            self._ladder = message.ladder
            if self._draft is None:
                self._ladder_view.show("done", message.ladder)

    @on(Failed)
    def _give_up(self) -> None:
        if self._ladder is None:
            self._ladder_view.show("idle")

    @on(Worker.StateChanged)
    def _report_bug(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self.post_message(self.Failed(f"A bug in chatbot: {event.worker.error!r}"))

    def _follow(self, picture: Sheet) -> None:
        """Keeps the newest row in sight where the picture is longer than the panel."""
        self.call_after_refresh(lambda: self.scroll_to(y=picture.virtual_region.bottom - self.size.height, animate=False))
