"""The chat: it asks the engine for the replies, one at a time, and shows them in its turns."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from textual import on, work
from textual.message import Message
from textual.worker import Worker, WorkerState, get_current_worker

from chatbot.errors import ChatbotError, SessionError
from chatbot.records import BotCard, Reply
from chatbot.tui.chat_log import ChatLog
from chatbot.tui.conversation import Conversation, Question
from chatbot.tui.engine import Engine
from chatbot.tui.turn import Turn


class Chat(ChatLog):
    """What was said, and what waits to be answered."""

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
        question: Question
        said: str | Reply

    @dataclass
    class _Failed(Message):
        question: Question
        trouble: str

    def __init__(self, engine: Engine, conversation: Conversation) -> None:
        super().__init__(conversation)
        self._engine = engine
        self._waiting: deque[tuple[Turn, Callable[[], Question]]] = deque()
        self._current: Turn | None = None  # the turn that is being answered
        self._asked: Question | None = None  # its question; whatever comes for another one is late
        self._edited: Turn | None = None  # the turn in which the person is about to say something else
        self._answering: Worker[None] | None = None  # the thread that does it

    @property
    def busy(self) -> bool:
        """Is a reply on its way?"""
        return self._current is not None

    def open(self, card: BotCard) -> None:
        """The bot is loaded: shows its examples, or answers what was sent meanwhile."""
        self._card = card
        if not self.query(Turn):
            self._welcome()
        self._next()

    def ask(self, utterance: str) -> None:
        """Sends an utterance, or the other one that is said in an edited turn; it waits until the ones before it are answered."""
        edited, self._edited = self._edited, None
        if edited is None or not edited.is_attached:
            self._waiting.append((self._add_turn(utterance), lambda: self._conversation.ask(utterance)))
        else:
            self.drop()
            instead_of = edited.answer.question
            self.remove_children(self.children[self.children.index(edited) :])
            self._waiting.append((self._add_turn(utterance), lambda: self._conversation.ask(utterance, instead_of)))
        if not self.busy:
            self._next()

    def edit(self, turn: Turn | None) -> None:
        """What is sent next is said in place of `turn` and of all after it; None: it is not."""
        if self._edited is not None:
            self._edited.note = ""
        self._edited = turn
        if turn is not None:
            turn.note = "Enter says it anew from here; esc leaves it as it is"

    @property
    def editing(self) -> bool:
        """Is what is sent next said in place of something?"""
        return self._edited is not None

    def again(self) -> None:
        """Asks the last question once more, or says why not; the turn keeps all its replies."""
        if self.busy or self._waiting:
            self.remark("A reply is on its way; esc stops it.")
            return
        question = self._conversation.again()
        if isinstance(question, str):
            self.remark(question)
        else:
            turn = next(iter(reversed(self.query(Turn))), None) or self._add_turn(question.utterance)
            self.anchor()  # the reply is seen also by who has scrolled up
            self._waiting.append((turn, lambda: question))
            self._next()

    def stop(self) -> None:
        """Stops the reply: its thread ends with the piece it is at."""
        if self._current is not None:
            self.workers.cancel_group(self, "reply")
            self._current.stop()
            self._next()

    def drop(self) -> None:
        """Stops the reply and forgets what was to be answered after it."""
        self._waiting.clear()
        self.stop()

    def part(self, card: BotCard) -> None:
        """Another bot is there: what was said stays, but is no part of what follows."""
        self.drop()
        self.edit(None)
        for turn in self.query(Turn):
            turn.part()
        self.remark(f"From here on you talk with {card.name}, which has heard nothing of this.")

    def clear(self) -> None:
        """Empties the chat and forgets what was said and what was to be answered."""
        self.drop()
        self._edited = None
        self._conversation.clear()
        self._welcome()

    def _next(self) -> None:
        """Answers the next message that waits, if any. The reply before it has ended."""
        self._current = self._asked = None
        if self._card is None or not self._waiting or not self.is_attached:
            return
        self._current, put = self._waiting.popleft()
        self._asked = put()
        self._current.begin(self._asked)
        self._answering = self._answer(self._asked)
        self.post_message(self.Began())

    @work(thread=True, exclusive=True, group="reply", exit_on_error=False)
    def _answer(self, question: Question) -> None:
        worker = get_current_worker()
        try:
            for said in self._engine.stream(question.utterance, question.decoding, question.history):
                if worker.is_cancelled:
                    return
                self.post_message(self._Said(question, said))
        except ChatbotError as error:
            self.post_message(self._Failed(question, str(error)))

    @on(_Said)
    def _show(self, message: _Said) -> None:
        said, question = message.said, message.question
        if self._current is None or question is not self._asked:
            return
        if isinstance(said, str):
            self._current.grow(said)
            return
        try:
            number = self._conversation.answered(question, said)
        except SessionError as error:
            number = len(self._conversation.session.turns)
            self.remark(str(error))
        self._current.finish(said, number)
        self.post_message(self.Answered(question, said))
        self._next()

    @on(_Failed)
    def _refuse(self, message: _Failed) -> None:
        if self._current is not None and message.question is self._asked:
            self._current.refuse(message.trouble)
            self.post_message(self.Refused(self._current.utterance))
            self._next()

    @on(Turn.Stepped)
    def _step(self, message: Turn.Stepped) -> None:
        """The reply that is shown in the last turn is the one that the next question follows."""
        turn = message.turn
        if turn.answer.number and not self.busy and turn is self.query(Turn).last():
            self._conversation.go_back(turn.answer.number)

    @on(Worker.StateChanged)
    def _report_bug(self, event: Worker.StateChanged) -> None:
        """An engine may only raise ChatbotError; anything else is ours to mend, and is said rather than swallowed."""
        if event.state is WorkerState.ERROR and event.worker is self._answering and self._asked is not None:
            self.post_message(self._Failed(self._asked, f"A bug in chatbot: {event.worker.error!r}"))
