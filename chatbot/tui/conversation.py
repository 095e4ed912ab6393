"""What has been said and how the next reply is chosen: the state that the screen and the plain mode share."""

from dataclasses import dataclass, replace

from chatbot.records import Decoding, Reply


@dataclass(frozen=True)
class Question:
    """What a reply depends on. Late answers are told apart by the very object (`is`), not by what is in it."""

    utterance: str
    decoding: Decoding
    history: tuple[tuple[str, str], ...]


class Conversation:
    """The turns so far and the decoding of the next reply. Every sampled reply takes a seed of its own, counted up from the first."""

    def __init__(self, decoding: Decoding) -> None:
        self.decoding = decoding
        self.history: tuple[tuple[str, str], ...] = ()
        self._calm = decoding if decoding.strategy != "sample" else replace(decoding, strategy="greedy")
        self._last: Question | None = None
        self._last_answered = False

    def ask(self, utterance: str) -> Question:
        """The next question, put after all that was answered."""
        return self._put(Question(utterance, self.decoding, self.history))

    def again(self) -> Question | str:
        """The last question once more, with the decoding of now; or a sentence that says why not."""
        if self._last is None:
            return "Nothing has been asked yet."
        same = self.decoding.strategy != "sample" and self.decoding == self._last.decoding
        if same and self._last_answered:
            return f"{self.decoding.strategy.capitalize()} decoding would say the same again. Switch to sampling first (F6 or /decoding)."
        return self._put(Question(self._last.utterance, self.decoding, self._last.history))

    def answered(self, question: Question, reply: Reply) -> None:
        """Notes the reply; one to a question that was asked again takes the place of the one before."""
        self.history = (*question.history, (question.utterance, reply.text))
        self._last_answered = question is self._last

    def switch(self) -> str:
        """Turns sampling on or off and says so."""
        sampled = self.decoding.strategy == "sample"
        self.decoding = replace(self._calm, seed=self.decoding.seed) if sampled else replace(self.decoding, strategy="sample")
        return f"From now on: {self.decoding}."

    def clear(self) -> None:
        """Forgets all that was said."""
        self.history, self._last = (), None

    def _put(self, question: Question) -> Question:
        self._last, self._last_answered = question, False
        if question.decoding.strategy == "sample":
            self.decoding = replace(self.decoding, seed=self.decoding.seed + 1)
        return question
