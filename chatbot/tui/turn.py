"""One turn of the chat: what the person said, what the bot said, and a dim line of facts."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer

from chatbot.records import Ladder, Reply, plural
from chatbot.tui.conversation import Conversation, Question
from chatbot.tui.sheet import DIM, LISTENER, STRONG, WARNING, Sheet, bar, marked, painted, wrapped
from chatbot.tui.wording import mistaken

INDENT = 6  # cells: " you  "
FOCUSED = "▸"
OTHERS = "what you say next follows the one that is shown"
FRAME = 1 / 30  # seconds; a small network speaks faster than a screen is drawn

State = Literal["waiting", "replying", "replied", "stopped", "refused"]


@dataclass
class Answer:
    """A reply, whole or in the making, and what is known of it."""

    question: Question | None = None
    state: State = "waiting"
    text: str = ""  # the reply so far
    reply: Reply | None = None
    number: int = 0  # of the turn in the session
    trouble: str = ""  # why it was refused
    ladder: Ladder | None = None


class Turn(Sheet, can_focus=True):
    """A question and its replies, of which one is shown. One widget, so that a long chat stays quick.

    It is focused by Tab, never by a click: who clicks may be about to type.
    """

    DEFAULT_CSS = """
    Turn { margin-bottom: 1; }
    Turn:focus { background: $boost; }
    """
    FOCUS_ON_CLICK = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+e", "edit", "Edit", id="turn.edit", tooltip="say something else here; also a double click"),
        Binding("left", "step(-1)", "Other reply", id="turn.before", tooltip=OTHERS),
        Binding("right", "step(1)", "Other reply", id="turn.after", show=False, tooltip=OTHERS),
        Binding("enter", "pick", "Pictures", id="turn.pick", tooltip="of this turn; also a click"),
        Binding("up", "app.focus_previous", "Turn before", id="turn.up", show=False),
        Binding("down", "app.focus_next", "Turn after", id="turn.down", show=False),
    ]

    facts_shown: reactive[bool] = reactive(True, layout=True)
    sought: reactive[str] = reactive("", layout=True)  # a text that is marked wherever it stands
    note: reactive[str] = reactive("", layout=True)  # stands before the facts

    @dataclass
    class Picked(Message):
        """The person clicked on an answered turn: its pictures are wanted."""

        question: Question
        reply: Reply

    @dataclass
    class Stepped(Message):
        """Another of the replies of this turn is shown."""

        turn: "Turn"

    @dataclass
    class Edited(Message):
        """The person wants to have said something else."""

        turn: "Turn"

    def __init__(self, utterance: str, answers: tuple[Answer, ...] = (), place: int = 0) -> None:
        super().__init__()
        self.utterance = utterance
        self.answers = [*answers] or [Answer()]
        self._place = place  # of the answer that is shown
        self._grown = False  # since the last frame
        self._frame: Timer | None = None

    @classmethod
    def told(cls, conversation: Conversation, number: int) -> "Turn":
        """Turn `number` of the session, with every reply that it got."""
        session = conversation.session
        numbers = session.alternatives(number)
        replies = [(one, conversation.question(one), session.turns[one - 1].reply) for one in numbers]
        answers = tuple(Answer(question, "replied", reply.text, reply, one) for one, question, reply in replies)
        return cls(session.turns[number - 1].utterance, answers, numbers.index(number))

    @property
    def answer(self) -> Answer:
        """The answer that is shown."""
        return self.answers[self._place]

    def begin(self, question: Question) -> None:
        """The bot starts on this turn, or starts once more: what it says now is shown."""
        if self.answers[-1].question is not None:
            self.answers.append(Answer())
        self._place = len(self.answers) - 1
        self.answer.question, self.answer.state = question, "replying"
        self.redraw()

    def grow(self, chunk: str) -> None:
        """Adds to the reply; drawn at once, or with the next frame if the last one is too young."""
        self.answers[-1].text += chunk
        self._grown = True
        if self._frame is None:
            self._draw_frame()

    def _draw_frame(self) -> None:
        self._frame = self.set_timer(FRAME, self._draw_frame) if self._grown else None
        if self._grown:
            self._grown = False
            self.redraw()

    def finish(self, reply: Reply, number: int) -> None:
        """Shows the whole reply, which has that number in the session."""
        newest = self.answers[-1]
        newest.text, newest.reply, newest.number, newest.state = reply.text, reply, number, "replied"
        self.redraw()

    def stop(self) -> None:
        """The person stopped the reply: what was said stays."""
        self.answers[-1].state = "stopped"
        self.redraw()

    def refuse(self, trouble: str) -> None:
        """The utterance cannot be answered."""
        self.answers[-1].trouble, self.answers[-1].state = trouble, "refused"
        self.redraw()

    def part(self) -> None:
        """This turn is no part of what follows: its replies have no number any more, and what is said in its place follows nothing."""
        for answer in self.answers:
            answer.number = 0
            if answer.reply is None:
                answer.question = None

    def measure(self, question: Question, ladder: Ladder) -> None:
        """Adds to the facts of the answer to `question` what its ladder has found."""
        for answer in self.answers:
            if answer.question is question:
                answer.ladder = ladder
        self.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hides the keys that would do nothing now."""
        match action:
            case "step":
                return len(self.answers) > 1
            case "edit":
                return self.answers[-1].state in ("stopped", "refused") or self.answer.number > 0
            case "pick":
                return self.answer.reply is not None
            case _:
                return True

    def action_step(self, way: int) -> None:
        """Shows another of the replies."""
        if self.answers[-1].state != "replying":
            self._place = (self._place + way) % len(self.answers)
            self.redraw()
            self.post_message(self.Stepped(self))
            self.action_pick()  # here: a message that the chat makes in the turn's place would end at the chat

    def action_edit(self) -> None:
        """Asks to say something else."""
        self.post_message(self.Edited(self))

    def action_pick(self) -> None:
        """Asks for this turn's pictures."""
        if self.answer.question is not None and self.answer.reply is not None:
            self.post_message(self.Picked(self.answer.question, self.answer.reply))

    def on_click(self, event: Click) -> None:
        """Steps on the facts, edits when clicked twice, else asks for the pictures; unless text was being selected."""
        if self.screen.get_selected_text():
            return
        event.stop()
        if event.chain == 2 and self.check_action("edit", ()):
            self.action_edit()
        elif len(self.answers) > 1 and self.facts_shown and event.y >= self.size.height - 1:
            self.action_step(1)
        else:
            self.action_pick()

    def holds(self, text: str) -> bool:
        """Whether `text` stands in what is shown, in whatever case."""
        return text.casefold() in f"{self.utterance}\n{self.answer.text}".casefold()

    def lines(self, width: int) -> list[Content]:
        """The utterance, the reply and the facts, each wrapped behind its label."""
        answer = self.answer
        rows = _labelled("you", STRONG, marked(painted(self.utterance), self.sought), width, mark=FOCUSED if self.has_focus else " ")
        if answer.state == "refused":
            return rows + _labelled("!", WARNING, painted((answer.trouble, WARNING)), width)
        rows += _labelled("bot", f"{STRONG} {LISTENER}", marked(self._said(), self.sought), width)
        if self.facts_shown or self.note:  # an empty line until there are facts: a turn that grows would move all that stands above it
            rows += _labelled("", "", painted((_joined(self._facts() or [""], width - INDENT), DIM)), width)
        return rows

    def _said(self) -> Content:
        if self.answer.text.strip():
            return painted(self.answer.text)
        match self.answer.state:
            case "waiting":
                return painted(("… waiting", DIM))
            case "replying":
                return painted(("…", DIM))
            case _:
                return painted(("(nothing)", DIM))

    def _facts(self) -> list[str]:
        answer = self.answer
        facts = [self.note] if self.note else []
        if len(self.answers) > 1:
            facts.append(f"‹ {self._place + 1} of {len(self.answers)} ›")
        if answer.state == "stopped":
            return [*facts, "stopped"]
        if answer.reply is None or answer.question is None:
            return facts
        words = len(answer.ladder.rungs) if answer.ladder else len(self.utterance.split())
        facts += [
            f"p {answer.reply.probability:.2f} {bar(answer.reply.probability)}",
            f"heard {words} of {words}",
            f"{answer.reply.milliseconds:.0f} ms",
        ]
        if answer.ladder:
            heard = answer.ladder.rungs[-1].heard if answer.ladder.rungs else self.utterance
            facts += filter(None, [f"settled at {answer.ladder.settled}", mistaken(self.utterance, heard)])
        if answer.question.decoding.strategy == "sample":
            facts.append(f"seed {answer.question.decoding.seed}")
        if answer.reply.unsure:
            facts.append("unsure")
        if not answer.reply.finished:
            facts.append(f"cut at {plural(answer.reply.pieces, 'piece')}")
        return facts


def _joined(facts: list[str], width: int) -> str:
    """The facts in a line, or in several where they do not fit, cut between two of them."""
    text, room = facts[0], width - len(facts[0])
    for fact in facts[1:]:
        room -= len(fact) + 3
        text += f" · {fact}" if room >= 0 else f"\n{fact}"
        room = room if room >= 0 else width - len(fact)
    return text


def _labelled(label: str, style: str, body: Content, width: int, mark: str = " ") -> list[Content]:
    """`body` wrapped, with a mark and the label in front of its first line and blanks in front of the others."""
    first, *rest = wrapped(body, width - INDENT)
    return [painted((f"{mark}{label:<{INDENT - 1}}", style)) + first, *(painted(" " * INDENT) + line for line in rest)]
