"""What the panel draws, and how the engine is asked for it: in threads, so that the screen waits for none of it."""

from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from chatbot.errors import ChatbotError
from chatbot.records import Attention, Influence, Ladder, Race, Reply, Twins
from chatbot.tui.conversation import Question

Drawing = Race | Ladder | Attention | Influence | Twins


@dataclass
class Answered:
    """A question, the reply to it, and as much of its pictures as is known."""

    question: Question
    reply: Reply
    race: Race | None = None
    ladder: Ladder | None = None
    heed: Attention | Influence | None = None
    twins: Twins | None = None


@dataclass
class Drawn(Message):
    """A picture of a question, or of a draft."""

    question: Question
    drawing: Drawing


@dataclass
class NotDrawn(Message):
    """Why there is none."""

    question: Question
    trouble: str


def draw(widget: Widget, group: str, question: Question, *drawings: Callable[[], Drawing]) -> None:
    """Makes the drawings one after the other in a thread of `widget`, which gets each as it is done. What its `group` drew before is given up."""

    def run() -> None:
        worker = get_current_worker()
        try:
            for drawing in drawings:
                if not worker.is_cancelled:
                    widget.post_message(Drawn(question, drawing()))
        except ChatbotError as error:
            widget.post_message(NotDrawn(question, str(error)))

    widget.run_worker(run, thread=True, exclusive=True, group=group, exit_on_error=False)
