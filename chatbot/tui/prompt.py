"""The prompt: where the person types, over several lines if need be, with the utterances sent before."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.document._edit import Edit
from textual.events import Key
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import EditResult

from chatbot.safe_text import safe_text
from chatbot.tui.commands import completion
from chatbot.tui.sheet import STRONG, Sheet, painted

KEYS = ("enter", "ctrl+j", "shift+enter")  # the prompt's own; what a text area brings along is well known
GIVEN_BACK = ("f6", "f7", "ctrl+f", "ctrl+y")  # a text area's, for which the app has a better use


class Prompt(TextArea):
    """A text area in which Enter sends. What is pasted into it is made safe before it is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", show=False),
        Binding("ctrl+j,shift+enter", "new_line", "New line", show=False),
    ]
    DEFAULT_CSS = """
    Prompt { height: auto; max-height: 6; padding: 0 1 0 0; background: $background; }
    """

    @dataclass
    class Sent(Message):
        """The person pressed Enter."""

        text: str  # may be empty

    def __init__(self, offered: Callable[[], Sequence[str]]) -> None:
        """`offered` are the utterances that stand in the chat to be tried: ↑ goes through them first."""
        super().__init__(compact=True, highlight_cursor_line=False)
        self.cursor_blink = False  # a blinking cursor is a timer that never rests
        self._offered = offered
        self._sent: list[str] = []
        for key in GIVEN_BACK:
            self._bindings.key_to_bindings.pop(key, None)
        self._place = 0  # in the history, counted from the draft backwards
        self._draft = ""

    def say(self, placeholder: str) -> None:
        """Sets what an empty prompt says."""
        self.placeholder = painted(placeholder)

    def hint(self, text: str, seconds: float) -> None:
        """Says something else while it is empty, for so many seconds."""
        before, now = self.placeholder, painted(text)
        self.placeholder = now
        self.set_timer(seconds, lambda: self.say(str(before)) if self.placeholder is now else None)

    async def on_key(self, event: Key) -> None:
        """Enter and its kin, here and not as bindings: those would overtake the keys typed just before them. So would the blank that pauses a replay."""
        if event.key == "enter":
            self.action_send()
        elif event.key in KEYS:
            self.action_new_line()
        elif event.key == "tab" and self.suggestion:
            self.insert(self.suggestion)
        elif event.key == "tab":
            self.screen.focus_previous("Turn")
        elif event.key == "space" and not self.text:  # no utterance begins with it
            await self.run_action("app.pause")
        else:
            return
        event.stop()
        event.prevent_default()

    def edit(self, edit: Edit) -> EditResult:
        """Makes typed and pasted text safe before it becomes part of the document."""
        edit.text = safe_text(edit.text)
        return super().edit(edit)

    def load_text(self, text: str) -> None:
        """Replaces the whole text, made safe."""
        super().load_text(safe_text(text))

    def put(self, text: str) -> None:
        """Puts `text` into the prompt, the cursor behind it."""
        self.load_text(text)
        self.move_cursor(self.document.end)
        self.focus()

    def remember(self, texts: Iterable[str]) -> None:
        """Takes these for sent before, oldest first."""
        self._sent[:0] = texts

    def give_back(self, text: str) -> None:
        """Returns a text that could not be answered. A draft that the person has begun meanwhile stays; ↑ finds the other."""
        if not self.text and self.is_attached:
            self.put(text)

    def update_suggestion(self) -> None:
        """Shows how the command that has been begun may go on."""
        self.suggestion = completion(self.text)

    def action_send(self) -> None:
        """Hands over the text and empties the prompt."""
        text = self.text.strip()
        if text and self._sent[-1:] != [text]:
            self._sent.append(text)
        self._place, self._draft = 0, ""
        self.post_message(self.Sent(text))  # before the change is told: the panel keeps its live race
        self.load_text("")

    def action_new_line(self) -> None:
        """Starts a new line at the cursor."""
        self.replace("\n", *self.selection, maintain_selection_offset=False)

    def action_cursor_up(self, select: bool = False) -> None:
        """Up; on the first line, the utterance before."""
        if select or not self.navigator.is_first_wrapped_line(self.cursor_location):
            super().action_cursor_up(select)
        else:
            self._go(self._place + 1)

    def action_cursor_down(self, select: bool = False) -> None:
        """Down; on the last line, the utterance after."""
        if select or not self.navigator.is_last_wrapped_line(self.cursor_location):
            super().action_cursor_down(select)
        else:
            self._go(self._place - 1)

    def _go(self, place: int) -> None:
        if not self.text:  # emptied by hand
            place, self._place = place - self._place, 0
        past = [*self._sent, *reversed(self._offered())]
        if not 0 <= place <= len(past):
            return
        if self._place == 0:
            self._draft = self.text
        self._place = place
        self.put(past[-place] if place else self._draft)


class Sign(Sheet):
    """The mark in front of the prompt."""

    DEFAULT_CSS = """
    Sign { width: 3; }
    """

    def lines(self, width: int) -> list[Content]:
        """One line."""
        return [painted((" ❯ ", STRONG))]


class Entry(Horizontal):
    """The row at the bottom: the mark and the prompt."""

    DEFAULT_CSS = """
    Entry { height: auto; border-top: hkey $foreground 20%; }
    """

    def __init__(self, offered: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self.prompt = Prompt(offered)

    def compose(self) -> ComposeResult:
        """Mark, then prompt."""
        yield Sign()
        yield self.prompt
