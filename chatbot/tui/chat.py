"""The chat: turns from the oldest to the newest, followed as they grow. It asks the engine for the replies, one at a time."""

from collections import deque
from dataclasses import dataclass

from textual import on, work
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker, WorkerState, get_current_worker

from chatbot.errors import ChatbotError
from chatbot.records import BotCard, Reply
from chatbot.tui.conversation import Conversation, Question
from chatbot.tui.engine import Engine
from chatbot.tui.entries import Example, Notice
from chatbot.tui.turn import Turn

KEPT = 300  # the newest entries; a terminal gets slow with more
FACTS_FROM = 20  # rows of the screen


class Chat(VerticalScroll, can_focus=False):
    """Turns and remarks, the newest 300 of them. Typing always goes to the prompt: the chat never takes the focus."""

    DEFAULT_CSS = """
    Chat { align-vertical: bottom; }
    """

    class Began(Message):
        """The bot begins to reply."""

    @dataclass
    class Answered(Message):
        """The bot has replied."""

        question: Question
        reply: Reply

    @dataclass
    class Refused(Message):
        """There is no reply to this utterance; the chat says why."""

        utterance: str

    @dataclass
    class _Said(Message):
        turn: Turn
        said: str | Reply

    @dataclass
    class _Failed(Message):
        turn: Turn
        trouble: str

    def __init__(self, engine: Engine, conversation: Conversation) -> None:
        super().__init__()
        self._engine = engine
        self._conversation = conversation
        self._card: BotCard | None = None
        self._waiting: deque[tuple[Turn, Question | None]] = deque()
        self._current: Turn | None = None  # the turn that is being answered; whatever comes for another one is late
        self._answering: Worker[None] | None = None  # the thread that does it

    @property
    def busy(self) -> bool:
        """Is a reply on its way?"""
        return self._current is not None

    def on_mount(self) -> None:
        """Follows the newest entry until the person scrolls up."""
        self.anchor()
        self._welcome()

    def on_resize(self) -> None:
        """Leaves the facts out where every row counts."""
        for turn in self.query(Turn):
            turn.facts_shown = self._facts_shown

    def open(self, card: BotCard) -> None:
        """The bot is loaded: shows its examples, or answers what was sent meanwhile."""
        self._card = card
        if not self.query(Turn):
            self._welcome()
        self._next()

    def ask(self, utterance: str) -> None:
        """Sends an utterance; it waits until the ones before it are answered."""
        self._waiting.append((self._add_turn(utterance), None))
        if not self.busy:
            self._next()

    def again(self) -> None:
        """Asks the last question once more, or says why not."""
        if self.busy or self._waiting:
            self.remark("A reply is on its way; esc stops it.")
            return
        question = self._conversation.again()
        if isinstance(question, str):
            self.remark(question)
        else:
            self._waiting.append((self._add_turn(question.utterance), question))
            self._next()

    def stop(self) -> None:
        """Stops the reply: its thread ends with the piece it is at."""
        if self._current is not None:
            self.workers.cancel_group(self, "reply")
            self._current.stop()
            self._next()

    def clear(self) -> None:
        """Empties the chat and forgets what was said and what was to be answered."""
        self.workers.cancel_group(self, "reply")
        self._waiting.clear()
        self._current = None
        self._conversation.clear()
        self._welcome()

    def remark(self, text: str) -> None:
        """Appends a notice."""
        self._add(Notice(text))

    def turn_of(self, question: Question) -> Turn | None:
        """The turn in which `question` was asked, if it is still there."""
        return next((turn for turn in self.query(Turn) if turn.question is question), None)

    @property
    def _facts_shown(self) -> bool:
        return self.screen.size.height >= FACTS_FROM

    def _add(self, entry: Widget) -> None:
        """Appends an entry, makes the examples go, and drops the oldest entries above 300."""
        self.query("Example, Notice.-welcome").remove()
        self.mount(entry)
        surplus = len(self.children) - KEPT
        if surplus > 0:
            self.remove_children(self.children[:surplus])

    def _add_turn(self, utterance: str) -> Turn:
        turn = Turn(utterance)
        turn.facts_shown = self._facts_shown
        self._add(turn)
        return turn

    def _welcome(self) -> None:
        """Fills the empty chat: the bundle's examples, or what can be done while it loads."""
        examples = self._card.examples if self._card else ()
        if self._card is None:
            text = "loading … you can already type"
        elif examples:
            text = "say something, or try one of these (click, or ↑):"
        else:
            text = "say something"
        self.remove_children("*")
        fitting = examples[: max(1, self.screen.size.height // 3)]
        self.mount(Notice(text, classes="-welcome"), *(Example(utterance) for utterance in fitting))

    def _next(self) -> None:
        """Answers the next message that waits, if any. The reply before it has ended."""
        self._current = None
        if self._card is None or not self._waiting or not self.is_attached:
            return
        turn, question = self._waiting.popleft()
        question = question or self._conversation.ask(turn.utterance)
        self._current = turn
        turn.begin(question)
        self._answering = self._answer(turn, question)
        self.post_message(self.Began())

    @work(thread=True, exclusive=True, group="reply", exit_on_error=False)
    def _answer(self, turn: Turn, question: Question) -> None:
        worker = get_current_worker()
        try:
            for said in self._engine.stream(question.utterance, question.decoding, question.history):
                if worker.is_cancelled:
                    return
                self.post_message(self._Said(turn, said))
        except ChatbotError as error:
            self.post_message(self._Failed(turn, str(error)))

    @on(_Said)
    def _show(self, message: _Said) -> None:
        turn, said = message.turn, message.said
        if turn is not self._current or turn.question is None:
            return
        if isinstance(said, str):
            turn.grow(said)
            return
        turn.finish(said)
        self._conversation.answered(turn.question, said)
        self.post_message(self.Answered(turn.question, said))
        self._next()

    @on(_Failed)
    def _refuse(self, message: _Failed) -> None:
        if message.turn is self._current:
            message.turn.refuse(message.trouble)
            self.post_message(self.Refused(message.turn.utterance))
            self._next()

    @on(Worker.StateChanged)
    def _report_bug(self, event: Worker.StateChanged) -> None:
        """An engine may only raise ChatbotError; anything else is ours to mend, and is said rather than swallowed."""
        if event.state is WorkerState.ERROR and event.worker is self._answering and self._current is not None:
            self.post_message(self._Failed(self._current, f"A bug in chatbot: {event.worker.error!r}"))
