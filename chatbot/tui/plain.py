"""`chatbot talk --plain`: the chat as whole lines, for screen readers, pipes, logs and tests. Nothing is redrawn, nothing is drawn."""

from collections.abc import Callable, Iterable
from pathlib import Path

from chatbot.errors import ChatbotError
from chatbot.records import Decoding, Race, Reply, plural
from chatbot.safe_text import safe_line
from chatbot.sessions import Session
from chatbot.tui.commands import COMMANDS, Given, command_list, command_of, unknown_command
from chatbot.tui.conversation import Conversation, Question
from chatbot.tui.engine import Engine
from chatbot.tui.exports import export
from chatbot.tui.tour import Tour
from chatbot.tui.wording import NO_INTERRUPTER, chosen_wait, heed_sentences, ladder_sentences, no_race, race_sentences, twins_sentences, wanted_wait


def talk_plain(
    engine: Engine,
    *,
    decoding: Decoding,
    compare: bool,
    wait: int | None,
    lines: Iterable[str],
    write: Callable[[str], None],
    folder: Path | None = None,
    resumed: Session | None = None,
    tour: bool = False,
) -> int:
    """Talks until `lines` end or one of them is `/quit`, and returns the exit status.

    `write` gets one line at a time, without its line break, as `print` wants it. What the person types is not echoed. With `compare`
    each reply is followed by the race and the ladder in sentences. A bot that cannot be loaded raises ChatbotError; an utterance that
    cannot be answered is remarked upon, and the talk goes on. `folder` is where the conversation is kept, if it is; one that is `resumed` goes on.
    """
    write("Loading.")
    talk = _Talk(engine, Conversation(decoding, folder), compare, wait, write)
    talk.begin(resumed)
    if tour:
        talk.do(Given("/tour", ""))
    for line in lines:
        text = line.strip()
        given = command_of(text)
        if given and given.name == "/quit":
            break
        if given:
            talk.do(given)
        elif text:
            talk.answer(text)
    return 0


class _Talk:
    """The talk so far: what each line does."""

    def __init__(self, engine: Engine, conversation: Conversation, compare: bool, wait: int | None, write: Callable[[str], None]) -> None:
        self._engine, self._conversation, self._comparing, self._write = engine, conversation, compare, write
        self._card = engine.load()
        self._interrupter = chosen_wait(self._card.waits, wait)
        self._race: Race | None = None  # the last one
        self._raced: Question | None = None  # what it is the race of
        self._touring: Tour | None = None

    def begin(self, resumed: Session | None = None) -> None:
        """Says who is there, and what was said in the session that is `resumed`."""
        card, conversation = self._card, self._conversation
        remark = ""
        if resumed:
            remark = conversation.resume(resumed, card)
            for utterance, reply in conversation.history:
                self._say("You", utterance)
                self._say("Bot", reply or "(nothing)")
        else:
            conversation.start(card)
        self._say("Note", f"{card.name}, {card.origin}: {card.summary}. Decoding: {conversation.decoding}. /help lists the commands, /quit ends.")
        if remark:
            self._say("Note", remark)
        if self._comparing and self._interrupter is None:
            self._say("Note", NO_INTERRUPTER)

    def do(self, given: Given) -> None:
        """Obeys a command, or says that there is none of that name."""
        known = COMMANDS.get(given.name)
        if known and known.plain:
            getattr(self, f"_{given.name[1:]}")(*([given.argument] if known.argument else []))
        else:
            self._say("Note", unknown_command(given.name, plain=True))

    def answer(self, utterance: str) -> None:
        """Answers an utterance."""
        self._answer(self._conversation.ask(utterance))

    def _tour(self) -> None:
        self._touring = self._touring or Tour(self._card.examples, attention=self._card.attention)
        step, texts = self._touring.next(self._raced.utterance if self._raced else ""), self._touring.texts
        if step is None:
            self._touring = None
            self._say("Tour", texts.over)
        else:
            self._comparing = True
            self._say("Tour", step.text)
            for offer in step.offers:
                self._say("Try", offer)

    def _help(self) -> None:
        for line in command_list(plain=True).split("\n"):
            self._say("Note", line)

    def _clear(self) -> None:
        self._conversation.clear()
        self._race = None
        self._say("Note", "All that was said is forgotten.")

    def _compare(self) -> None:
        self._comparing = not self._comparing
        self._say("Note", "The interrupter is compared." if self._comparing else "The interrupter is silent.")

    def _decoding(self, settings: str) -> None:
        try:
            self._say("Note", self._conversation.choose(settings))
        except ChatbotError as error:
            self._say("Note", str(error))

    def _model(self, name: str) -> None:
        try:
            if not name:
                self._say("Note", f"This is {self._card.name}. There are: {', '.join(self._engine.models())}.")
                return
            self._card = self._engine.load(name)
        except ChatbotError as error:
            self._say("Note", str(error))
        else:
            self._interrupter, self._race, self._raced = chosen_wait(self._card.waits, None), None, None
            self.begin()

    def _wait(self, pieces: str) -> None:
        try:
            self._interrupter = wanted_wait(self._card.waits, pieces)
            self._say("Note", f"The interrupter hears {plural(self._interrupter, 'piece')} before its first.")
        except ChatbotError as error:
            self._say("Note", str(error))

    def _export(self, where: str) -> None:
        try:
            self._say("Note", export(self._conversation.session, self._conversation.at, where))
        except ChatbotError as error:
            self._say("Note", str(error))

    def _again(self) -> None:
        question = self._conversation.again()
        if isinstance(question, str):
            self._say("Note", question)
        else:
            self._answer(question)

    def _replay(self) -> None:
        if self._race is None:
            self._say("Note", self._no_race)
        else:
            self._tell_race(self._race)

    def _ending(self, word: str) -> None:
        if self._race is None or self._raced is None:
            self._say("Note", self._no_race)
        elif not word:
            self._say("Note", "Say with which word: /ending WORD.")
        else:
            try:
                twins = self._engine.twins(self._race, word, self._raced.decoding, self._raced.history)
            except ChatbotError as error:
                self._say("Note", str(error))
            else:
                for sentence in twins_sentences(twins):
                    self._say("Twins", sentence)

    @property
    def _no_race(self) -> str:
        return no_race(self._card.waits, "say something" if self._comparing else "/compare turns the races on")

    def _answer(self, question: Question) -> None:
        """Says the reply in one line, and then compares if that is wanted."""
        try:
            for said in self._engine.stream(question.utterance, question.decoding, question.history):
                if isinstance(said, Reply):
                    self._say("Bot", said.text or "(nothing)")
                    self._conversation.answered(question, said)
                    self._tell(question, said)
        except ChatbotError as error:
            self._say("Note", str(error))

    def _tell(self, question: Question, reply: Reply) -> None:
        utterance, decoding, history = question.utterance, question.decoding, question.history
        if reply.unsure:
            self._say("Note", self._touring.texts.unlearned if self._touring else "it was not sure enough to say what it would have said.")
        if decoding.strategy == "sample":
            self._say("Note", f"sampled with seed {decoding.seed}.")
        if not self._comparing:
            return
        if self._interrupter is not None:
            self._race, self._raced = self._engine.race(utterance, reply, decoding, self._interrupter, history), question
            self._tell_race(self._race)
        for sentence in ladder_sentences(self._engine.ladder(utterance, decoding, history)):
            self._say("Ladder", sentence)
        for sentence in heed_sentences(self._engine.heeded(utterance, reply, history)):
            self._say("Heeded", sentence)

    def _tell_race(self, race: Race) -> None:
        for sentence in race_sentences(race):
            self._say("Early", sentence)

    def _say(self, who: str, text: str) -> None:
        self._write(f"{who}: {safe_line(text)}")
