"""The screen of `chatbot talk`. It is painted before the bot is loaded, and knows of the bot only what `Engine` says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult, SystemCommand
from textual.containers import Container
from textual.dom import DOMNode
from textual.events import Key, Paste
from textual.message import Message
from textual.screen import Screen
from textual.widgets import TextArea
from textual.worker import Worker, WorkerState, get_current_worker

from chatbot.errors import ChatbotError
from chatbot.records import BotCard, Decoding
from chatbot.safe_text import safe_line
from chatbot.sessions import Session
from chatbot.tui.actions import Actions
from chatbot.tui.chat import Chat
from chatbot.tui.commands import COMMANDS, command_of, unknown_command
from chatbot.tui.conversation import Conversation, Question
from chatbot.tui.decoding_panel import DecodingPanel
from chatbot.tui.engine import Engine
from chatbot.tui.entries import Example, binding_ids
from chatbot.tui.keys import Keys
from chatbot.tui.panel import Panel
from chatbot.tui.preferences import Preferences, read
from chatbot.tui.prompt import Entry, Prompt
from chatbot.tui.remembered import recall
from chatbot.tui.status_bar import StatusBar
from chatbot.tui.turn import Turn
from chatbot.tui.wording import chosen_wait, finished_words

GREEDY = Decoding()
Action = str | tuple[str, str, tuple[object, ...]]
NEED_THE_BOT = ("decoding", "ending", "model", "replay", "tour", "wait")  # but settings are taken before it is there
ASK = ("decoding", "ending", "model")  # without an argument, for what is typed next
INVITATION = "say something …   / commands   ↑ history   F1 help"


class ChatApp(Actions):
    """A chat with one bot. `run()` returns when the person quits; `return_code` is 2 when the bot could not be loaded."""

    TITLE = "chatbot talk"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (104, "-wide")]  # noqa: RUF012 - Textual declares no class variable
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-medium"), (32, "-tall")]  # noqa: RUF012
    CSS_PATH = "screen.tcss"

    @dataclass
    class _Loaded(Message):
        card: BotCard
        models: tuple[str, ...]

    @dataclass
    class _NotLoaded(Message):
        trouble: str

    def __init__(
        self,
        engine: Engine,
        *,
        decoding: Decoding = GREEDY,
        compare: bool = False,
        wait: int | None = None,
        ascii_only: bool = False,
        folder: Path | None = None,
        resumed: Session | None = None,
        tour: bool = False,
        preferences: Path | None = None,
        memory: Path | None = None,
    ) -> None:
        """`folder` is where the conversation is kept, if it is; one that is `resumed` goes on.

        `preferences` and `memory` are files that need not exist: what the person has written there, and how the panel was left.
        """
        super().__init__(ascii_only=ascii_only)
        self._engine = engine
        self._conversation = Conversation(decoding, folder)
        self._resumed = resumed
        self._put_off: list[tuple[str, tuple[object, ...]]] = [("tour", ())] if tour else []  # until the bot is loaded
        self._reserve: ChatApp._Loaded | None = None  # the bot that is there should the other one not come
        self._wait = wait  # the interrupter that is wanted
        # Held rather than looked up: a thread may report when the screen has gone already.
        self._status, self._chat, self._panel = StatusBar(), Chat(engine, self._conversation), Panel(engine)
        self._entry = Entry(lambda: self._chat.offered)
        self._prompt = self._entry.prompt
        self._memory, remembered = memory, recall(memory)
        self._panel.display, self._panel.live_ladder = compare or remembered.compare, remembered.live_ladder
        self._models: tuple[str, ...] = ()  # that can be talked with
        chosen = read(preferences, self.available_themes, [*binding_ids(*Actions.BINDINGS, *Turn.BINDINGS)]) if preferences else Preferences()
        self._troubles, self._keys = [*chosen.troubles], chosen.keys
        self.theme = chosen.theme or self.theme
        self.set_keymap(chosen.keys)

    def compose(self) -> ComposeResult:
        """Status, chat beside or above the panel, prompt, keys."""
        yield self._status
        with Container(id="body"):
            yield self._chat
            yield self._panel
        yield self._entry
        yield Keys(compact=True)

    def on_mount(self) -> None:
        """Shows the screen, and only then starts to load."""
        self._status.decoding = self._conversation.decoding
        self._prompt.say("loading … you can already type")
        self._prompt.focus()
        self.call_after_refresh(self.load)

    def on_unmount(self) -> None:
        """Lets go of threads that wait for the engine: the end would wait for them."""
        self._engine.close()

    @property
    def session(self) -> Session:
        """The conversation as it is now; its path is the file in which it is kept, if it is."""
        return self._conversation.session

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers: Textual's own, every slash command, and the bundles."""
        yield from super().get_system_commands(screen)
        for name, command in COMMANDS.items():
            act = (lambda name=name: self._prompt.put(f"{name} ")) if command.argument else partial(self.run_action, name[1:])
            yield SystemCommand(name, command.what, act)
        for model in self._models:
            yield SystemCommand(f"/model {safe_line(model)}", "talks with that bundle", partial(self.action_model, model))

    @work(thread=True, exclusive=True, group="load", exit_on_error=False)
    def load(self, model: str | None = None) -> None:
        """Loads the bot, or another one in its place."""
        try:
            self.post_message(self._Loaded(self._engine.load(model), self._engine.models()))
        except ChatbotError as error:
            if not get_current_worker().is_cancelled:  # by who leaves
                self.post_message(self._NotLoaded(str(error)))

    @on(_Loaded)
    async def _greet(self, message: _Loaded) -> None:
        card, self._models = message.card, message.models
        if not self._chat.is_attached:  # the person has left meanwhile
            return
        if other := next((one for one in self._put_off if one[0] == "model" and one[1]), None):
            self._put_off.remove(other)
            self._reserve = message
            self.action_model(str(other[1][0]))  # before the rest: what waits to be answered is for that one
            return
        if self._loaded:
            self._panel.clear()
            self._chat.part(card)
            self._wait = None
        self._loaded = True
        self._status.card = card
        if self._resumed:
            self._go_on(self._resumed, card)
            self._resumed = None
        else:
            self._conversation.start(card)
        self._prompt.say(INVITATION)
        self._panel.ready(chosen_wait(card.waits, self._wait), attention=card.attention)
        self._chat.open(card)
        while self._troubles:
            self._chat.remark(self._troubles.pop(0))
        self.decoding_changed()
        put_off, self._put_off = self._put_off, []
        elsewhere = self._prompt.text or len(self.screen_stack) > 1  # is the person by then: nothing typed is taken or replaced
        for name, arguments in put_off:
            if arguments or name not in ASK or not elsewhere:
                await self.run_action(("", name, arguments))

    def _go_on(self, session: Session, card: BotCard) -> None:
        remark = self._conversation.resume(session, card)
        self._chat.show_session()
        self._prompt.remember(told.utterance for told in session.turns)
        if remark:
            self._chat.remark(remark)

    @on(_NotLoaded)
    async def _give_up(self, message: _NotLoaded) -> None:
        if self._loaded:
            self._prompt.say(INVITATION)
            self._chat.remark(message.trouble)
        elif self._reserve:
            self._troubles.append(message.trouble)
            await self._greet(self._reserve)
        else:
            self.exit(return_code=2, message=f"chatbot: {message.trouble}")

    @on(DecodingPanel.Changed)
    def _choose(self, message: DecodingPanel.Changed) -> None:
        self._conversation.decoding = message.decoding
        self.decoding_changed()

    @on(Worker.StateChanged)
    def _report_bug(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self.exit(return_code=1, message=safe_line(f"A bug in chatbot: {event.worker.error!r}"))

    async def run_action(self, action: Action, default_namespace: DOMNode | None = None, namespaces: Mapping[str, DOMNode] | None = None) -> bool:
        """Does what a key or a command asks for; what needs the bot, once that is loaded."""
        name, arguments = (action, ()) if isinstance(action, str) else action[1:]
        if self._loaded or name not in NEED_THE_BOT or (name == "decoding" and arguments):
            return await super().run_action(action, default_namespace, namespaces)
        if (name, arguments) not in self._put_off:
            self._put_off.append((name, arguments))
        return True

    @on(Prompt.Sent)
    async def _send(self, message: Prompt.Sent) -> None:
        if not message.text:
            if self._tour:
                self.action_tour()
            return
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
        self.decoding_changed()  # a sampled reply took its seed
        self.refresh_bindings()

    @on(Chat.Answered)
    def _reply_ended(self, message: Chat.Answered) -> None:
        self._panel.compare(message.question, message.reply)
        if self._tour and message.reply.unsure:
            self._chat.remark(self._tour.texts.unlearned)
        self.hear_draft()  # the next reply has another history
        self.refresh_bindings()

    @on(Chat.Refused)
    def _reply_refused(self, message: Chat.Refused) -> None:
        self._prompt.give_back(message.utterance)
        self._panel.clear()
        self.refresh_bindings()

    @on(TextArea.Changed)
    def hear_draft(self) -> None:
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

    @on(Turn.Edited)
    def _edit(self, message: Turn.Edited) -> None:
        self._chat.edit(message.turn)
        self._prompt.put(message.turn.utterance)

    def on_key(self, event: Key) -> None:
        """What is typed while a turn has the focus, or nothing has, goes to the prompt; a blank begins no utterance, and pauses a replay."""
        if event.character and event.is_printable and not (event.character.isspace() and (self._panel.replaying or not self._prompt.text)):
            self._write(event.character)

    def on_paste(self, event: Paste) -> None:
        """What is pasted then goes there too."""
        self._write(event.text)

    def _write(self, text: str) -> None:
        if len(self.screen_stack) == 1 and self.focused is not self._prompt:  # which takes its own
            if self._panel.replaying:  # it ends: a blank that follows at once is part of what is typed
                self._panel.leave()
            self._prompt.focus()
            self._prompt.insert(text)

    @on(Panel.Measured)
    def _measured(self, message: Panel.Measured) -> None:
        if turn := self._chat.turn_of(message.question):
            turn.measure(message.question, message.ladder)

    @on(Panel.Failed)
    def _panel_failed(self, message: Panel.Failed) -> None:
        self._chat.remark(message.trouble)

    def decoding_changed(self) -> None:
        """Shows how the next reply is chosen, and lets the interrupter speak like that."""
        self._status.decoding = self._conversation.decoding
        self.hear_draft()
