"""What has been said and how the next reply is chosen: the state that the screen and the plain mode share."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from chatbot.errors import OptionError
from chatbot.records import SEEDS, BotCard, Decoding, Reply, Strategy
from chatbot.sessions import Session, Told

History = tuple[tuple[str, str], ...]

CHOICES = ("temperature", "top_k", "top_p", "width", "block_ngrams", "known_replies", "seed")
NUMBER = re.compile(r"\d{1,10}(\.\d{1,10})?")


@dataclass(frozen=True)
class Question:
    """What a reply depends on. Late answers are told apart by the very object (`is`), not by what is in it."""

    utterance: str
    decoding: Decoding
    history: History
    after: int = 0  # the number of the turn before it in the session; 0: none


class Conversation:
    """The turns so far and the decoding of the next reply. Every sampled reply takes a seed of its own, counted up from the first.

    With a `folder` they are kept in a file there, a new one for each conversation.
    """

    def __init__(self, decoding: Decoding, folder: Path | None = None) -> None:
        self.decoding = decoding
        self.session = Session("", "")
        self._folder = folder
        self._card: BotCard | None = None
        self.at = 0  # the number of the turn that the next question follows
        self._last: Question | None = None
        self._last_answered = False

    @property
    def history(self) -> History:
        """What the next question follows: (utterance, reply), oldest first."""
        return self.session.history(self.at)

    def start(self, card: BotCard) -> None:
        """Begins a conversation with this bot: it hears nothing of what was said to another."""
        self._card = card
        self.decoding = replace(self.decoding, known_replies=card.known_replies and not self.decoding.block_ngrams, unsure=card.unsure)
        self.clear()

    def resume(self, session: Session, card: BotCard) -> str:
        """Goes on where `session` ended, in its own file unless that is broken or the bot is another; returns what is to be said of it."""
        chosen = self.decoding
        self.start(card)
        same = session.fingerprint == card.fingerprint
        whole = same and not session.trouble and self._folder is not None
        self.session = session if whole else replace(self.session, turns=session.turns)
        if session.turns:
            self.go_back(len(session.turns))
            if chosen == Decoding():
                last = session.turns[-1].decoding
                self.decoding = replace(last, known_replies=card.known_replies and not last.block_ngrams, unsure=card.unsure)
                self._count_up()
        return session.trouble or ("" if same else f"This conversation was held with another {session.bundle}: the same question may get another reply now.")

    def ask(self, utterance: str, instead_of: Question | None = None) -> Question:
        """The next question, put after all that was answered, or in the place of another one: what stood after that is gone."""
        if instead_of:
            self.at = instead_of.after
        return self._put(Question(utterance, self.decoding, self.history, self.at))

    def again(self) -> Question | str:
        """The last question once more, with the decoding of now; or a sentence that says why not."""
        if self._last is None:
            return "Nothing has been asked yet."
        if self._last_answered and self.decoding.strategy != "sample" and self.decoding == self._last.decoding:
            return f"{self.decoding.strategy.capitalize()} decoding would say the same again. Switch to sampling first (F6 or /decoding)."
        return self._put(replace(self._last, decoding=self.decoding))

    def answered(self, question: Question, reply: Reply) -> int:
        """Notes the reply and returns its number; one to a question that was asked again takes the place of the one before. Raises SessionError."""
        self._last_answered = question is self._last
        self.at = len(self.session.turns) + 1
        return self.session.add(Told(question.utterance, question.decoding, reply, question.after))

    def question(self, number: int) -> Question:
        """What was asked in turn `number`."""
        told = self.session.turns[number - 1]
        return Question(told.utterance, told.decoding, self.session.history(told.after), told.after)

    def go_back(self, number: int) -> None:
        """The next question follows turn `number`, which is also the last one asked."""
        self.at, self._last, self._last_answered = number, self.question(number), True

    def choose(self, settings: str = "") -> str:
        """Takes settings such as `sample temperature=0.7 top_k=5`, or turns sampling on or off, and says so. Raises OptionError."""
        strategy = "greedy" if self.decoding.strategy == "sample" else "sample"
        self.decoding = changed(self.decoding, settings or strategy)
        return f"From now on: {self.decoding}."

    def clear(self) -> None:
        """Forgets all that was said; what follows is another conversation."""
        card = self._card
        self.session = Session(card.name, card.fingerprint, self._folder, own=card.own) if card else Session("", "")
        self.at, self._last = 0, None

    def _put(self, question: Question) -> Question:
        self._last, self._last_answered = question, False
        self._count_up()
        return question

    def _count_up(self) -> None:
        if self.decoding.strategy == "sample":
            self.decoding = replace(self.decoding, seed=(self.decoding.seed + 1) % SEEDS)


def changed(decoding: Decoding, settings: str) -> Decoding:
    """`decoding` with `settings`: a strategy, or `name=value` for each of its fields. Raises OptionError for what it cannot be."""
    values: dict[str, str | int | float | bool] = {}
    for setting in settings.split():
        name, sign, value = setting.partition("=")
        kind = type(getattr(decoding, name)) if name in CHOICES else None
        if not sign and name in get_args(Strategy):
            values["strategy"] = name
        elif kind is bool and value in ("yes", "no"):
            values[name] = value == "yes"
        elif kind in (int, float) and NUMBER.fullmatch(value) and (kind is float or "." not in value):
            values[name] = kind(value)
        else:
            remedy = f"say {', '.join(get_args(Strategy))}, or one of {', '.join(CHOICES)} with = and a number, or known_replies=yes"
            raise OptionError(f"“{setting}” is no setting", remedy=remedy)
    return replace(decoding, **values)  # type: ignore[arg-type]
