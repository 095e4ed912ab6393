"""The screen of `chatbot talk`. It is painted before the bot is loaded, and knows of the bot only what `Engine` says."""

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import App, ComposeResult, ScreenStackError
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widgets import Footer, TextArea
from textual.worker import Worker, WorkerState

from chatbot.errors import ChatbotError
from chatbot.records import BotCard, Decoding
from chatbot.safe_text import safe_line
from chatbot.tui.chat import Chat
from chatbot.tui.commands import COMMANDS, command_list, command_of, unknown_command
from chatbot.tui.conversation import Conversation, Question
from chatbot.tui.engine import Engine
from chatbot.tui.entries import Example, key_lines
from chatbot.tui.panel import Panel
from chatbot.tui.prompt import Entry, Prompt
from chatbot.tui.status_bar import StatusBar
from chatbot.tui.turn import Turn
from chatbot.tui.wording import chosen_wait, finished_words

GREEDY = Decoding()
TWICE = 2.0  # seconds within which a second ctrl+c quits


class ChatApp(App[None]):
    """A chat with one bot. `run()` returns when the person quits; `return_code` is 2 when the bot could not be loaded."""

    TITLE = "chatbot talk"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "keys", "Help"),
        Binding("f2", "compare", "Compare", tooltip="the interrupter beside the listener"),
        Binding("f3", "view", "View", tooltip="race or ladder"),
        Binding("f5", "replay", "Replay", tooltip="the last race, word by word"),
        Binding("f6", "decoding", "Decoding", tooltip="greedy or sampled"),
        Binding("ctrl+r", "again", "Again", tooltip="with another seed"),
        Binding("escape", "stop", "Stop"),
        Binding("ctrl+l", "clear", "Clear", show=False),
        Binding("pageup", "scroll_chat(-1)", "Scroll the chat", show=False, priority=True),
        Binding("pagedown", "scroll_chat(1)", "Scroll the chat", show=False, priority=True),
        Binding("ctrl+up", "scroll_panel(-1)", "Scroll the panel", show=False),
        Binding("ctrl+down", "scroll_panel(1)", "Scroll the panel", show=False),
        Binding("ctrl+c", "interrupt", "Twice: quit", show=False, priority=True),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (104, "-wide")]  # noqa: RUF012 - Textual declares no class variable
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-medium"), (32, "-tall")]  # noqa: RUF012
    CSS_PATH = "screen.tcss"

    @dataclass
    class _Loaded(Message):
        card: BotCard

    @dataclass
    class _NotLoaded(Message):
        trouble: str

    def __init__(self, engine: Engine, *, decoding: Decoding = GREEDY, compare: bool = False, wait: int | None = None) -> None:
        super().__init__()
        self._engine = engine
        self._conversation = Conversation(decoding)
        self._wait = wait
        # Held rather than looked up: a thread may report when the screen has gone already.
        self._status, self._chat, self._panel, self._entry = StatusBar(), Chat(engine, self._conversation), Panel(engine), Entry()
        self._prompt = self._entry.prompt
        self._panel.display = compare
        self._loaded = False
        self._interrupted = float("-inf")  # when ctrl+c was last pressed

    def compose(self) -> ComposeResult:
        """Status, chat beside or above the panel, prompt, keys."""
        yield self._status
        with Container(id="body"):
            yield self._chat
            yield self._panel
        yield self._entry
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Shows the screen, and only then starts to load."""
        self._status.decoding = self._conversation.decoding
        self._prompt.say("loading … you can already type")
        self._prompt.focus()
        self.call_after_refresh(self._load)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The two characters' colours, told apart by the colour-blind too (Okabe and Ito), darker on a light ground."""
        if self.current_theme.dark:
            return {"interrupter": "#E69F00", "listener": "#56B4E9"}
        return {"interrupter": "#A34E00", "listener": "#0072B2"}

    @work(thread=True, exclusive=True, group="load", exit_on_error=False)
    def _load(self) -> None:
        try:
            self.post_message(self._Loaded(self._engine.load()))
        except ChatbotError as error:
            self.post_message(self._NotLoaded(str(error)))

    @on(_Loaded)
    def _greet(self, message: _Loaded) -> None:
        card = message.card
        if not self._chat.is_attached:  # the person has left meanwhile
            return
        self._loaded = True
        self._status.card = card
        self._prompt.suggestions = card.examples
        self._prompt.say("say something …   / commands   ↑ history   F1 help")
        self._panel.ready(chosen_wait(card.waits, self._wait))
        self._chat.open(card)
        self._hear_draft()

    @on(_NotLoaded)
    def _give_up(self, message: _NotLoaded) -> None:
        self.exit(return_code=2, message=f"chatbot: {message.trouble}")

    @on(Worker.StateChanged)
    def _report_bug(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self.exit(return_code=1, message=safe_line(f"A bug in chatbot: {event.worker.error!r}"))

    @on(Prompt.Sent)
    async def _send(self, message: Prompt.Sent) -> None:
        given = command_of(message.text)
        if given is None:
            self._chat.ask(message.text)
        elif given.name in COMMANDS:
            await self.run_action(("", given.name[1:], (given.argument,) if given.argument else ()))
        else:
            self._chat.remark(unknown_command(given.name))

    @on(Chat.Began)
    def _reply_began(self) -> None:
        self._panel.listen()
        self._decoding_changed()  # a sampled reply took its seed
        self.refresh_bindings()

    @on(Chat.Answered)
    def _reply_ended(self, message: Chat.Answered) -> None:
        self._panel.compare(message.question, message.reply)
        self._hear_draft()  # the next reply has another history
        self.refresh_bindings()

    @on(Chat.Refused)
    def _reply_refused(self, message: Chat.Refused) -> None:
        self._prompt.give_back(message.utterance)
        self._panel.clear()
        self.refresh_bindings()

    @on(TextArea.Changed)
    def _hear_draft(self) -> None:
        """Lets the interrupter hear the finished words of the prompt."""
        if self._prompt.text:
            self._interrupted = float("-inf")  # who types does not want to leave
        words = finished_words(self._prompt.text)
        if self._loaded and words and command_of(words) is None:
            self._panel.hear(Question(words, self._conversation.decoding, self._conversation.history))
        else:
            self._panel.hear(None)

    @on(Example.Picked)
    def _try_example(self, message: Example.Picked) -> None:
        self._prompt.put(message.utterance)

    @on(Turn.Picked)
    def _reopen(self, message: Turn.Picked) -> None:
        if self._panel.display:
            self._panel.compare(message.question, message.reply)

    @on(Panel.Measured)
    def _measured(self, message: Panel.Measured) -> None:
        turn = self._chat.turn_of(message.question)
        if turn is not None:
            turn.measure(message.ladder)

    @on(Panel.Failed)
    def _panel_failed(self, message: Panel.Failed) -> None:
        self._chat.remark(message.trouble)

    def refresh_bindings(self) -> None:
        """Shows the keys that apply now; no matter when the screen has gone already."""
        with suppress(ScreenStackError):
            super().refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hides the keys that would do nothing now."""
        if not self._panel.is_attached:
            return True
        match action:
            case "view":
                return self._panel.can_turn
            case "stop":
                return self._chat.busy
            case _:
                return True

    def action_help(self) -> None:
        """Lists the commands."""
        self._chat.remark(command_list())

    def action_keys(self) -> None:
        """Opens or closes the list of keys; where it would not fit, the chat lists them."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        elif self.screen.has_class("-wide") and self.screen.has_class("-tall"):
            self.action_show_help_panel()
        else:
            self._chat.remark("\n".join(key_lines(self, [*Prompt.BINDINGS, *self.BINDINGS])))

    def action_compare(self) -> None:
        """Opens or closes the panel."""
        self._panel.open(not self._panel.display)
        self._hear_draft()
        self.refresh_bindings()

    def action_view(self) -> None:
        """Turns the page of the panel."""
        self._panel.page = "ladder" if self._panel.page == "race" else "race"

    def action_replay(self) -> None:
        """Shows the last race again."""
        if not self._panel.can_replay:
            self._chat.remark("There is no race to replay yet: say something with the panel open (F2).")
        else:
            self._panel.open(True)
            self._panel.replay()
            self.refresh_bindings()

    def action_decoding(self) -> None:
        """Switches between greedy and sampled replies."""
        self._conversation.switch()
        self._decoding_changed()

    def action_again(self) -> None:
        """Asks the last question once more."""
        self._chat.again()

    def action_stop(self) -> None:
        """Stops the reply."""
        if self._chat.busy:
            self._panel.clear()
            self._chat.stop()
            self.refresh_bindings()

    def action_clear(self) -> None:
        """Empties the chat and forgets what was said."""
        self._panel.clear()
        self._chat.clear()
        self.refresh_bindings()

    def action_scroll_chat(self, way: int) -> None:
        """Scrolls the chat by a page."""
        (self._chat.scroll_page_up if way < 0 else self._chat.scroll_page_down)(animate=False)

    def action_scroll_panel(self, way: int) -> None:
        """Scrolls the panel by some rows."""
        self._panel.scroll_relative(y=3 * way, animate=False)

    def action_interrupt(self) -> None:
        """Copies what is selected; else stops the reply, and quits when pressed twice."""
        selected = self.screen.get_selected_text() or self._prompt.selected_text
        now = time.monotonic()
        if selected:
            self.copy_to_clipboard(selected)
        elif now - self._interrupted < TWICE:
            self.exit()
        else:
            self.action_stop()
            self._prompt.put("")
            self._interrupted = now
            self._chat.remark("ctrl+c once more quits.")

    def _decoding_changed(self) -> None:
        self._status.decoding = self._conversation.decoding
        self._hear_draft()
