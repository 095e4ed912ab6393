"""What stands in the chat: turns and remarks from the oldest to the newest, followed as they grow.

Only some are mounted: older turns come back when one scrolls up.
"""

from collections.abc import Iterable
from itertools import takewhile

from textual.containers import VerticalScroll
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widget import AwaitMount, Widget

from chatbot.records import BotCard
from chatbot.tui.conversation import Conversation, Question
from chatbot.tui.entries import Example, Notice
from chatbot.tui.turn import Turn
from chatbot.tui.wording import welcome

MOUNTED = 30  # the newest entries, half as many more at times; a terminal gets slow with all
FACTS_FROM = 20  # rows of the screen


class ChatLog(VerticalScroll, can_focus=False):
    """The entries of the chat. Typing always goes to the prompt: the chat itself never takes the focus."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0))  # as in a sheet: a new size is no reason to lay the screen out again

    def __init__(self, conversation: Conversation) -> None:
        super().__init__()
        self._conversation = conversation
        self._card: BotCard | None = None

    def on_mount(self) -> None:
        """Follows the newest entry until the person scrolls up."""
        self.anchor()
        self._welcome()

    def on_resize(self) -> None:
        """Leaves the facts out where every row counts."""
        for turn in self.query(Turn):
            turn.facts_shown = self._facts_shown

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Brings older turns back to who has come to the top."""
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value and new_value == 0:
            self.call_next(self._bring_back)

    def show_session(self) -> None:
        """Shows the newest turns of the session that goes on, above what was sent meanwhile."""
        self.query("Example, Notice.-welcome").remove()
        session = self._conversation.session
        self._mount_told(session.thread(len(session.turns))[-MOUNTED:])

    def remark(self, text: str) -> None:
        """Appends a notice."""
        self._add(Notice(text))

    def tell(self, text: str, offers: Iterable[str]) -> None:
        """Appends a long notice, shown from its beginning on, and what can be tried."""
        notice = Notice(text)
        self._add(notice)
        self.mount(*(Example(offer) for offer in offers))
        self.call_after_refresh(self.scroll_to_widget, notice, top=True, animate=False)

    def find(self, text: str) -> str:
        """Marks `text` wherever it was said, and goes to the newest such turn, or to the one before the one that has the focus. Returns what did not work."""
        focused = self.screen.focused
        found = self._marked(text)
        if text and (not found or focused is found[0]) and (depth := self._depth_of(text)):
            self._mount_told(self._older[-depth:])
            found = self._marked(text)
        if not found:
            return f"“{text}” is not in the chat." if text else ""
        place = found.index(focused) - 1 if isinstance(focused, Turn) and focused in found else -1
        turn = found[place]
        turn.note = f"“{text}” {place % len(found) + 1} of {len(found)}"
        turn.focus(scroll_visible=False)
        self._bring_into_sight(turn)
        return ""

    @property
    def chosen(self) -> Turn | None:
        """The turn that has the focus, else the newest one that has been answered."""
        focused = self.screen.focused
        answered = [turn for turn in self.query(Turn) if turn.answer.text]
        return focused if isinstance(focused, Turn) else answered[-1] if answered else None

    @property
    def offered(self) -> list[str]:
        """What stands there to be tried, from the top."""
        return [example.utterance for example in self.query(Example)]

    def turn_of(self, question: Question) -> Turn | None:
        """The turn in which `question` was asked, if it is still there."""
        return next((turn for turn in self.query(Turn) if any(answer.question is question for answer in turn.answers)), None)

    @property
    def _facts_shown(self) -> bool:
        return self.screen.size.height >= FACTS_FROM

    @property
    def _older(self) -> list[int]:
        """The numbers of the turns before the first one that is mounted."""
        first = next((turn.answer.number for turn in self.query(Turn) if turn.answer.number), 0)
        return self._conversation.session.thread(first)[:-1]

    def _marked(self, text: str) -> list[Turn]:
        """Marks `text` in the turns, and returns those in which it stands."""
        for turn in self.query(Turn):
            turn.sought, turn.note = text, ""
        return [turn for turn in self.query(Turn) if text and turn.holds(text)]

    def _depth_of(self, text: str) -> int:
        """How many of the older turns it takes to see the newest one that holds `text`; 0 if none does."""
        turns = self._conversation.session.turns
        told = (turns[number - 1] for number in reversed(self._older))
        return next((depth for depth, one in enumerate(told, 1) if text.casefold() in f"{one.utterance}\n{one.reply.text}".casefold()), 0)

    def _bring_into_sight(self, turn: Turn) -> None:
        """Scrolls to a turn that may just have been mounted, once it has a place."""
        if turn.size:
            turn.scroll_visible(animate=False)
        elif turn.is_attached:
            self.call_after_refresh(self._bring_into_sight, turn)

    async def _bring_back(self) -> None:
        """Mounts older turns; what was in sight stays where it was."""
        if numbers := self._older[-MOUNTED:]:
            height = self.virtual_size.height
            await self._mount_told(numbers)
            self.call_after_refresh(lambda: self.scroll_relative(y=self.virtual_size.height - height, animate=False, force=True))

    def _mount_told(self, numbers: list[int]) -> AwaitMount:
        """Mounts those turns of the session, above all others."""
        turns = [Turn.told(self._conversation, number) for number in numbers]
        for turn in turns:
            turn.facts_shown = self._facts_shown
        return self.mount(*turns, before=0 if self.children else None)

    def _add(self, entry: Widget) -> None:
        """Appends an entry, shows it also to who has scrolled up, and makes the examples go."""
        self.anchor()
        self.query("Example, Notice.-welcome").remove()
        self.mount(entry)
        if len(self.children) > MOUNTED * 3 // 2:
            oldest = takewhile(lambda one: not isinstance(one, Turn) or one.answer.state not in ("waiting", "replying"), self.children[:-MOUNTED])
            self.remove_children(list(oldest))

    def _add_turn(self, utterance: str) -> Turn:
        turn = Turn(utterance)
        turn.facts_shown = self._facts_shown
        self._add(turn)
        return turn

    def _welcome(self) -> None:
        """Fills the empty chat: the bundle's examples, or what can be done while it loads."""
        examples = self._card.examples if self._card else ()
        self.remove_children("*")
        fitting = examples[: max(1, self.screen.size.height // 4)]
        self.mount(Notice(welcome(self._card), classes="-welcome"), *(Example(utterance) for utterance in fitting))
