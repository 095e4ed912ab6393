"""What a key or a slash command does: `/x` and the binding of `x` are the action `x`."""

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual.app import ScreenStackError
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from chatbot.errors import ChatbotError, OptionError
from chatbot.records import plural
from chatbot.safe_text import safe_text
from chatbot.tui.bundle_sheet import BundleSheet
from chatbot.tui.chat import Chat
from chatbot.tui.commands import command_list
from chatbot.tui.conversation import Conversation
from chatbot.tui.decoding_panel import DecodingPanel
from chatbot.tui.engine import Engine
from chatbot.tui.exports import export
from chatbot.tui.keys_sheet import KeysSheet
from chatbot.tui.panel import Panel
from chatbot.tui.prompt import Prompt
from chatbot.tui.remembered import Remembered, keep
from chatbot.tui.status_bar import StatusBar
from chatbot.tui.terminal import TerminalApp
from chatbot.tui.tour import Tour
from chatbot.tui.turn import Turn
from chatbot.tui.wording import no_race, wanted_wait

TWICE = 2.0  # seconds within which a second ctrl+c quits


class Actions(TerminalApp):
    """The keys of the screen and what they do. Which widgets there are, and what they report, is the business of `ChatApp`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "show_help_panel", "Help", id="keys"),
        Binding("f2", "compare", "Compare", tooltip="the interrupter beside the listener", id="compare"),
        Binding("f3", "view", "View", tooltip="race, ladder, what was heeded, or twins", id="view"),
        Binding("f4", "ladder", "Ladder", show=False, tooltip="while you type; again: no longer", id="ladder"),
        Binding("f5", "replay", "Replay", tooltip="the last race, piece by piece; space pauses", id="replay"),
        Binding("f6", "decoding", "Decoding", tooltip="how replies are chosen, and what that cuts", id="decoding"),
        Binding("f7", "ending", "Twin", show=False, tooltip="the last sentence with another last word", id="ending"),
        Binding("f8", "point", "Cursor", show=False, tooltip="through the pictures, by the arrows", id="point"),
        Binding("space", "pause", show=False, system=True, id="pause"),
        Binding("escape", "stop", "Stop", id="stop"),
        Binding("f9", "model", "Bundle", show=False, tooltip="what it is, how it learned, and the others", id="model"),
        Binding("f10", "tour", "Tour", show=False, tooltip="five steps of a minute each; again: the next one", id="tour"),
        Binding("ctrl+r", "again", "Again", tooltip="with another seed", id="again"),
        Binding("ctrl+y", "copy", "Copy", tooltip="the reply, to the terminal's clipboard", id="copy"),
        Binding("ctrl+f", "find", "Find", show=False, tooltip="the last text looked for, further up", id="find"),
        Binding("ctrl+l", "clear", "Clear", show=False, id="clear"),
        Binding("pageup", "scroll_chat(-1)", "Scroll the chat", show=False, priority=True, id="scroll_chat_up"),
        Binding("pagedown", "scroll_chat(1)", "Scroll the chat", show=False, priority=True, id="scroll_chat_down"),
        Binding("ctrl+up", "scroll_panel(-1)", "Scroll the panel", show=False, id="scroll_panel_up"),
        Binding("ctrl+down", "scroll_panel(1)", "Scroll the panel", show=False, id="scroll_panel_down"),
        Binding("ctrl+c", "interrupt", "Quit, pressed twice", show=False, priority=True, id="interrupt"),
    ]

    _conversation: Conversation
    _chat: Chat
    _panel: Panel
    _prompt: Prompt
    _engine: Engine
    _status: StatusBar
    _memory: Path | None  # the file in which the panel is remembered
    _keys: Mapping[str, str]  # that the person has chosen, by the ids of the bindings
    _loaded = False
    _tour: Tour | None = None  # the one that is under way
    _sought = ""  # the last text that was looked for
    _interrupted = float("-inf")  # when ctrl+c was last pressed

    def load(self, model: str | None = None) -> object:
        """Loads the bot, or another one in its place."""
        raise NotImplementedError

    def decoding_changed(self) -> None:
        """Tells the others how the next reply is chosen."""
        raise NotImplementedError

    def hear_draft(self) -> None:
        """Lets the interrupter hear the finished words of the prompt."""
        raise NotImplementedError

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
            case "pause":
                return self._panel.replaying
            case "stop":
                return self._chat.busy or self._chat.editing or self._panel.can_leave or self.focused is not self._prompt
            case _:
                return True

    def _tell(self, text: str, offers: tuple[str, ...] = ()) -> None:
        """Says something long, for which the panel makes room."""
        self._panel.make_room()
        self._chat.tell(text, offers)

    def action_help(self) -> None:
        """Lists the commands."""
        self._tell(command_list())

    def action_show_help_panel(self) -> None:
        """Lists the keys, also from the palette: Textual's own panel would squeeze the chat, and hide by a border what has no room."""
        places = {"In the prompt": Prompt.BINDINGS, "On a turn, which Tab goes to": Turn.BINDINGS, "Everywhere": self.BINDINGS}
        self.push_screen(KeysSheet(places, self._keys))

    def action_compare(self) -> None:
        """Opens or closes the panel."""
        self._panel.open(not self._panel.display)
        self._panel_chosen()

    def action_ladder(self) -> None:
        """Draws the ladder while the person types, or no longer."""
        wanted = not (self._panel.live_ladder and self._panel.display)
        self._panel.open(True)
        self._panel.draw_ladder_live(wanted)
        self._panel_chosen()

    def _panel_chosen(self) -> None:
        """The panel stays as it is now, in the next talk too."""
        keep(self._memory, Remembered(self._panel.display, self._panel.live_ladder))
        self.hear_draft()
        self.refresh_bindings()

    def action_view(self) -> None:
        """Turns the page of the panel."""
        self._panel.turn()

    def action_replay(self) -> None:
        """Shows the last race again."""
        if not self._panel.can_replay:
            self._chat.remark(self._no_race)
        else:
            self._panel.open(True)
            self._panel.replay()
            self.refresh_bindings()

    @property
    def _no_race(self) -> str:
        return no_race(self._status.card.waits if self._status.card else (), "say something while the panel is open (F2)")

    def action_point(self) -> None:
        """Lets the arrows move the cursor of the pictures."""
        self._panel.open(True)
        self._panel.focus()

    def action_pause(self) -> None:
        """Holds the replay, or lets it go on."""
        self._panel.pause()

    def action_ending(self, word: str = "") -> None:
        """Sets the last race beside that of the same sentence with another last word; without one, asks for it."""
        if not word and self._status.card and self._status.card.waits:
            self._prompt.put("/ending ")
            self._panel.explain_twins()
        elif not self._panel.can_replay:
            self._chat.remark(self._no_race)
        else:
            self._panel.open(True)
            self._panel.set_beside(word)
            self.refresh_bindings()

    def action_decoding(self, settings: str = "") -> None:
        """Takes settings for the next reply; without any, opens the panel in which they are chosen."""
        if settings:
            try:
                self._chat.remark(self._conversation.choose(settings))
                self.decoding_changed()
            except OptionError as error:
                self._chat.remark(str(error))
        else:
            turn = self._chat.chosen
            question = turn.answer.question if turn is not None and turn.answer.number else None
            self.push_screen(DecodingPanel(self._engine, self._conversation.decoding, question), lambda again: self.action_again() if again else None)

    def action_model(self, name: str = "") -> None:
        """Takes another bundle; without a name, tells of this one and offers the others."""
        if name:
            self._prompt.say(f"loading {name} …")
            self.load(name)
        elif self._status.card:
            self.push_screen(BundleSheet(self._engine, self._status.card), lambda chosen: self.action_model(chosen) if chosen else None)

    def action_tour(self) -> None:
        """Begins the tour, or takes its next step."""
        if self._status.card is None:
            return
        self._tour = self._tour or Tour(self._status.card.examples, attention=self._status.card.attention)
        turn = self._chat.chosen
        step, texts = self._tour.next(turn.utterance if turn else ""), self._tour.texts
        if step is None:
            self._tour = None
            self._chat.remark(texts.over)
        else:
            self._panel.open(True)
            self._panel.page = step.page
            self._tell(f"{step.text}\n\n{texts.following}", step.offers)

    def action_wait(self, pieces: str = "") -> None:
        """Races with another of the bundle's interrupters."""
        if self._status.card is None:
            return
        try:
            wait = wanted_wait(self._status.card.waits, pieces)
        except OptionError as error:
            self._chat.remark(str(error))
        else:
            self._panel.ready(wait, attention=self._status.card.attention)
            self._chat.remark(f"The interrupter hears {plural(wait, 'piece')} before its first.")
            if turn := self._chat.chosen:
                turn.action_pick()

    def action_again(self) -> None:
        """Asks the last question once more."""
        self._chat.again()

    def action_stop(self) -> None:
        """Stops the reply; else leaves a turn that has the focus, or that was about to be changed."""
        if self._chat.busy:
            self._panel.clear()
            self._chat.stop()
        elif self._chat.editing:
            self._chat.edit(None)
            self._prompt.put("")
        self._chat.find("")
        self._panel.leave()
        self._prompt.focus()
        self.refresh_bindings()

    def action_copy(self) -> None:
        """Hands the reply of the chosen turn to the terminal, which does not say whether it took it."""
        turn = self._chat.chosen
        if turn is None:
            self._chat.remark("Nothing has been said yet.")
        else:
            self.copy_to_clipboard(safe_text(turn.answer.text))
            turn.note = "handed to the terminal's clipboard, if it has one"

    def action_find(self, text: str = "") -> None:
        """Looks for a text in the chat; without one, for the last one further up."""
        self._sought = text or self._sought
        if not self._sought:
            self._prompt.put("/find ")
        elif trouble := self._chat.find(self._sought):
            self._chat.remark(trouble)

    def action_export(self, where: str = "") -> None:
        """Writes the conversation to a file."""
        try:
            self._chat.remark(export(self._conversation.session, self._conversation.at, where, self.export_screenshot))
        except ChatbotError as error:
            self._chat.remark(str(error))

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
        """Copies what is selected; else leaves a sheet, or stops the reply and quits when pressed twice."""
        selected = self.screen.get_selected_text() or self._prompt.selected_text
        now = time.monotonic()
        if selected:
            self.copy_to_clipboard(selected)
        elif isinstance(self.screen, ModalScreen):
            self.screen.dismiss()
        elif now - self._interrupted < TWICE:
            self.exit()
        else:
            self.action_stop()
            self._prompt.put("")
            self._interrupted = now
            self._prompt.hint("ctrl+c once more quits", TWICE)
