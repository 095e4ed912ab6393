"""One turn of the chat: what the person said, what the bot said, and a dim line of facts."""

from dataclasses import dataclass
from typing import Literal

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer

from chatbot.records import Ladder, Reply, plural
from chatbot.tui.conversation import Question
from chatbot.tui.sheet import DIM, LISTENER, STRONG, WARNING, Sheet, bar, painted, wrapped

INDENT = 6  # cells: " you  "
FRAME = 1 / 30  # seconds; a small network speaks faster than a screen is drawn

State = Literal["waiting", "replying", "replied", "stopped", "refused"]


class Turn(Sheet):
    """A question and its reply. One widget, so that a long chat stays quick."""

    DEFAULT_CSS = """
    Turn { margin-bottom: 1; }
    Screen.-low Turn { margin-bottom: 0; }
    """

    facts_shown: reactive[bool] = reactive(True, layout=True)

    @dataclass
    class Picked(Message):
        """The person clicked on an answered turn: its pictures are wanted."""

        question: Question
        reply: Reply

    def __init__(self, utterance: str) -> None:
        super().__init__()
        self.utterance = utterance
        self.state: State = "waiting"
        self.question: Question | None = None
        self.reply: Reply | None = None
        self.text = ""  # the reply so far
        self.trouble = ""  # why it was refused
        self.ladder: Ladder | None = None
        self._grown = False  # since the last frame
        self._frame: Timer | None = None

    def begin(self, question: Question) -> None:
        """The bot starts on this turn."""
        self.question, self.state = question, "replying"
        self.redraw()

    def grow(self, chunk: str) -> None:
        """Adds to the reply; drawn at once, or with the next frame if the last one is too young."""
        self.text += chunk
        self._grown = True
        if self._frame is None:
            self._draw_frame()

    def _draw_frame(self) -> None:
        self._frame = self.set_timer(FRAME, self._draw_frame) if self._grown else None
        if self._grown:
            self._grown = False
            self.redraw()

    def finish(self, reply: Reply) -> None:
        """Shows the whole reply."""
        self.text, self.reply, self.state = reply.text, reply, "replied"
        self.redraw()

    def stop(self) -> None:
        """The person stopped the reply: what was said stays."""
        self.state = "stopped"
        self.redraw()

    def refuse(self, trouble: str) -> None:
        """The utterance cannot be answered."""
        self.trouble, self.state = trouble, "refused"
        self.redraw()

    def measure(self, ladder: Ladder) -> None:
        """Adds to the facts what the ladder has found."""
        self.ladder = ladder
        self.redraw()

    def on_click(self, event: Click) -> None:
        """Asks for this turn's pictures, unless text was being selected."""
        if self.question is not None and self.reply is not None and not self.screen.get_selected_text():
            event.stop()
            self.post_message(self.Picked(self.question, self.reply))

    def lines(self, width: int) -> list[Content]:
        """The utterance, the reply and the facts, each wrapped behind its label."""
        rows = _labelled("you", STRONG, painted(self.utterance), width)
        if self.state == "refused":
            return rows + _labelled("!", WARNING, painted((self.trouble, WARNING)), width)
        rows += _labelled("bot", f"{STRONG} {LISTENER}", self._said(), width)
        facts = self._facts()
        if facts and self.facts_shown:
            rows += _labelled("", "", painted((_joined(facts, width - INDENT), DIM)), width)
        return rows

    def _said(self) -> Content:
        if self.text.strip():
            return painted(self.text)
        match self.state:
            case "waiting":
                return painted(("… waiting", DIM))
            case "replying":
                return painted(("…", DIM))
            case _:
                return painted(("(nothing)", DIM))

    def _facts(self) -> list[str]:
        if self.state == "stopped":
            return ["stopped"]
        if self.reply is None or self.question is None:
            return []
        words = len(self.ladder.rungs) if self.ladder else len(self.utterance.split())
        facts = [
            f"p {self.reply.probability:.2f} {bar(self.reply.probability)}",
            f"heard {words} of {words}",
            f"{self.reply.milliseconds:.0f} ms",
        ]
        if self.ladder:
            facts.append(f"settled at {self.ladder.settled}")
        if self.question.decoding.strategy == "sample":
            facts.append(f"seed {self.question.decoding.seed}")
        if self.reply.unsure:
            facts.append("unsure")
        if not self.reply.finished:
            facts.append(f"cut at {plural(self.reply.pieces, 'piece')}")
        return facts


def _joined(facts: list[str], width: int) -> str:
    """The facts in a line, or in several where they do not fit, cut between two of them."""
    text, room = facts[0], width - len(facts[0])
    for fact in facts[1:]:
        room -= len(fact) + 3
        text += f" · {fact}" if room >= 0 else f"\n{fact}"
        room = room if room >= 0 else width - len(fact)
    return text


def _labelled(label: str, style: str, body: Content, width: int) -> list[Content]:
    """`body` wrapped, with the label in front of its first line and blanks in front of the others."""
    first, *rest = wrapped(body, width - INDENT)
    return [painted((f" {label:<{INDENT - 1}}", style)) + first, *(painted(" " * INDENT) + line for line in rest)]
