"""The panel that compares: the race, live while the person types, then ladder, attention and twins. It asks the engine in threads of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from textual import on
from textual.message import Message
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from chatbot.records import Attention, Influence, Ladder, Race, Reply, Twins
from chatbot.tui.conversation import Question
from chatbot.tui.drawing import Answered, Drawing, Drawn, NotDrawn, draw
from chatbot.tui.engine import Engine
from chatbot.tui.picture import Cursor
from chatbot.tui.pictures import Pictures
from chatbot.tui.race_view import State

DEBOUNCE = 0.12  # seconds without a key before the interrupter is asked
TOGETHER = 0.08  # seconds until what has changed is shown, with all that comes meanwhile: each by itself would lay the whole screen out


class Panel(Pictures):
    """The pictures of one question. While a draft has finished words the race is theirs, else that of the last answered question."""

    @dataclass
    class Measured(Message):
        """The ladder of a question is known."""

        question: Question
        ladder: Ladder

    @dataclass
    class Failed(Message):
        """A picture could not be drawn."""

        trouble: str

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._loaded = False
        self._wait: int | None = None  # of the interrupter that races; None: there is none
        self.live_ladder = False  # is the ladder drawn while the person types?
        self._draft: Question | None = None  # the finished words that the race shows, or soon will
        self._clock: Timer | None = None
        self._gathering: Timer | None = None  # until what has changed is shown

    @property
    def can_replay(self) -> bool:
        """Is there a finished race, to show again or to set beside its twin?"""
        return self._answered is not None and self._answered.race is not None

    @property
    def can_leave(self) -> bool:
        """Is there a replay to end, or a cursor to take away?"""
        return self.replaying or self.cursor != Cursor()

    @property
    def replaying(self) -> bool:
        """Is a replay under way?"""
        return self._race_view.replaying

    def ready(self, wait: int | None, *, attention: bool) -> None:
        """The bot is loaded; `wait` names its interrupter, None says that there is none, and `attention` whether it has any."""
        self._loaded, self._wait, self._attention_view.looks = True, wait, attention
        self.set_class(wait is None, "-alone")
        self.page = self.page  # which may be one that this bot does not have
        self._show_answered()

    def hear(self, draft: Question | None) -> None:
        """The person is typing: shows the race over the finished words of the draft, once the keys rest. None: there are none."""
        if (self._wait is None and not self.live_ladder) or not self.display or draft == self._draft or not self.is_attached:
            return
        self._draft = draft
        self._stop_clock()
        if draft:
            self.remove_class("-aside")
            if self.page == "twins":
                self.page = "race"
        self._clock = self.set_timer(DEBOUNCE, self._hear)

    def draw_ladder_live(self, wanted: bool) -> None:
        """Draws the ladder while the person types, or no longer, and turns to it."""
        self.live_ladder, self._draft = wanted, None
        self.page = "ladder" if wanted else "race"
        self._show_answered()

    def listen(self) -> None:
        """The bot begins its reply: the words of the draft stay until the whole race is known."""
        live = self._race_view.state == "live"
        self._forget()
        if live:
            self._race_view.show("replying", self._race_view.race)
        else:
            self._show_soon()

    def compare(self, question: Question, reply: Reply) -> None:
        """The bot has replied: draws the race, then ladder and attention, which neither spoil nor delay the reply."""
        self.remove_class("-aside")
        self._answered, self.cursor = Answered(question, reply), Cursor()
        if self.page == "twins":
            self.page = "race"
        if not self.display or not self.is_attached:
            return
        self._show_soon()
        engine, wait, utterance, decoding, history = self._engine, self._wait, question.utterance, question.decoding, question.history
        drawings: list[Callable[[], Drawing]] = [] if wait is None else [lambda: engine.race(utterance, reply, decoding, wait, history)]
        drawings += [lambda: engine.ladder(utterance, decoding, history), lambda: engine.heeded(utterance, reply, history)]
        draw(self, "draw", question, *drawings)

    def open(self, opened: bool) -> None:
        """Opens or closes the panel; what was missed while it was closed is drawn now."""
        self.remove_class("-aside")
        self.display = opened
        self._draft = None
        self._stop_clock()
        if opened:
            self._show_answered()
            if self._answered and self._answered.heed is None:
                self.compare(self._answered.question, self._answered.reply)

    def replay(self) -> None:
        """Shows the last race again, piece by piece."""
        self._draft = None
        self._stop_clock()
        self.page = "race"
        self._show_answered()
        self._race_view.replay()

    def pause(self) -> None:
        """Holds the replay, or lets it go on."""
        self._race_view.pause()

    def leave(self) -> None:
        """Ends a replay, and takes the cursor away."""
        self._race_view.finish()
        self.cursor = Cursor()

    def set_beside(self, ending: str) -> None:
        """Sets the last race beside its twin, whose last word is `ending`."""
        assert self._answered
        assert self._answered.race
        race, question = self._answered.race, self._answered.question
        self.remove_class("-aside")
        self.page = "twins"
        self._twins_view.show(None, asked=True)
        draw(self, "twins", question, lambda: self._engine.twins(race, ending, question.decoding, question.history))

    def explain_twins(self) -> None:
        """Says what twins are, where they will stand."""
        self.open(True)
        self.page = "twins"
        self._twins_view.show(None)

    def clear(self) -> None:
        """Empties the pictures."""
        self._forget()
        self._show_answered()

    def _hear(self) -> None:
        draft, wait, engine = self._draft, self._wait, self._engine
        if draft is None:
            self._show_answered()
            return
        words, decoding, history = draft.utterance, draft.decoding, draft.history
        drawings: list[Callable[[], Drawing]] = [] if wait is None else [lambda: engine.hear(words, decoding, wait, history)]
        drawings += [lambda: engine.ladder(words, decoding, history)] if self.live_ladder else []
        draw(self, "hear", draft, *drawings)

    def _forget(self) -> None:
        self._answered = self._draft = None
        self.cursor = Cursor()
        self._stop_clock()
        self.workers.cancel_node(self)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.stop()
            self._clock = None

    def _show_answered(self, *, asked: bool = True) -> None:
        at_rest: State = "loading" if not self._loaded else "alone" if self._wait is None else "idle"
        known, asked = self._answered, asked and self._answered is not None
        race = known.race if known else None
        if not self.replaying or race is not self._race_view.race:
            self._race_view.show("done" if race else at_rest, race)
        self._ladder_view.show(known.ladder if known else None, asked=asked)
        self._attention_view.show(known.heed if known else None, asked=asked)
        self._twins_view.show(known.twins if known else None)

    @on(Drawn)
    def _take(self, message: Drawn) -> None:
        known, drawing = self._answered, message.drawing
        if message.question is self._draft:
            if isinstance(drawing, Race):
                self._race_view.show("live", drawing)
                self._attention_view.show(None)  # beside the race of another utterance it would mislead, and so would the ladder
                if not self.live_ladder:
                    self._ladder_view.show(None)
            elif isinstance(drawing, Ladder):
                self._ladder_view.show(drawing, live=True)
        elif known and message.question is known.question:
            match drawing:
                case Race():
                    known.race = drawing
                case Ladder():
                    known.ladder = drawing
                    self.post_message(self.Measured(message.question, drawing))
                case Attention() | Influence():
                    known.heed = drawing
                case Twins():
                    known.twins = drawing
            self._show_soon()

    def _show_soon(self) -> None:
        if self._gathering is None:
            self._gathering = self.set_timer(TOGETHER, self._show_gathered)

    def _show_gathered(self) -> None:
        self._gathering = None
        if self._draft is None and (self.can_replay or self._race_view.state != "replying"):
            self._show_answered()

    @on(NotDrawn)
    def _explain(self, message: NotDrawn) -> None:
        if message.question is self._draft:  # said here: in the chat it would be said again with every word
            self._race_view.complain(message.trouble)
        elif self._answered and message.question is self._answered.question:
            self._give_up(message.trouble)

    @on(Worker.StateChanged)
    def _report_bug(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self._give_up(f"A bug in chatbot: {event.worker.error!r}")

    def _give_up(self, trouble: str) -> None:
        """Says why a picture is missing, and waits for none."""
        self._show_answered(asked=False)
        self.post_message(self.Failed(trouble))
