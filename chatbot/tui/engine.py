"""What the screen asks of a bot: blocking calls, made in a worker thread, that answer with records. The screen knows nothing else of it."""

from collections.abc import Iterator
from typing import Protocol

from chatbot.records import Attention, BotCard, BundleFacts, Choice, Decoding, Influence, Ladder, Race, Reply, Twins


class Engine(Protocol):
    """A bot as the screen sees it. Every call may raise ChatbotError; `load` is called before the others."""

    def load(self, model: str | None = None) -> BotCard:
        """Reads the bundle and warms the networks up: a few seconds, most of them importing torch.

        Called again it takes `model` in the place of the one before, which stays when that fails.
        """
        ...

    def close(self) -> None:
        """The person leaves: what still runs ends soon, or raises."""
        ...

    def models(self) -> tuple[str, ...]:
        """The names that `load` takes."""
        ...

    def facts(self) -> BundleFacts:
        """What there is to know of the bundle that was loaded."""
        ...

    def stream(self, utterance: str, decoding: Decoding, history: tuple[tuple[str, str], ...]) -> Iterator[str | Reply]:
        """The listener's reply: its text in chunks, as it is said, and last the whole Reply. Ceasing to iterate stops it.

        `history` are the (utterance, reply) turns before, oldest first; a bot that was trained without history ignores it.
        """
        ...

    def choices(self, utterance: str, decoding: Decoding, history: tuple[tuple[str, str], ...]) -> tuple[Choice, ...]:
        """What could come next at each step of the reply that `stream` would give, and what the decoding keeps of it."""
        ...

    def hear(self, words: str, decoding: Decoding, wait: int, history: tuple[tuple[str, str], ...]) -> Race:
        """The race so far while a person types: `words` are the finished words. Its `listener` is None."""
        ...

    def race(self, utterance: str, reply: Reply, decoding: Decoding, wait: int, history: tuple[tuple[str, str], ...]) -> Race:
        """The race over the whole utterance, to which the listener gave `reply`."""
        ...

    def ladder(self, utterance: str, decoding: Decoding, history: tuple[tuple[str, str], ...]) -> Ladder:
        """What the listener would have said to each beginning of `utterance`."""
        ...

    def heeded(self, utterance: str, reply: Reply, history: tuple[tuple[str, str], ...]) -> Attention | Influence:
        """What of `utterance` the listener heeded in its `reply`: where it looked or, for a network that cannot look, what each word did."""
        ...

    def twins(self, race: Race, ending: str, decoding: Decoding, history: tuple[tuple[str, str], ...]) -> Twins:
        """`race`, and the race over its utterance with `ending` as the last word."""
        ...
