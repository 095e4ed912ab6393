"""The bot that the screen talks to: a bundle behind the Engine protocol of the TUI."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from chatbot.cli.options import in_effect
from chatbot.records import Attention, BotCard, Decoding, Influence, Ladder, Race, Reply, Twins

if TYPE_CHECKING:
    from chatbot.bot import Bot
    from chatbot.bundle import Details

History = tuple[tuple[str, str], ...]


class BundleEngine:
    """Loads a bundle when it is asked to, so that the screen can be drawn before torch is imported."""

    def __init__(self, model: str | None, device: str, wait: int | None = None, *, known_replies: bool | None = None, unsure: str | None = None) -> None:
        self._model, self._device, self._wait, self._known_replies, self._unsure = model, device, wait, known_replies, unsure
        self._details: Details
        self._listener: Bot
        self._interrupters: dict[int, Bot] = {}

    def load(self) -> BotCard:
        """Reads the bundle and says a first word to nobody, so that the first reply is quick."""
        interval = sys.getswitchinterval()
        sys.setswitchinterval(0.001)  # importing torch in a thread would stall the screen
        try:
            import torch

            from chatbot import bundle as bundles
            from chatbot.bot import Bot
            from chatbot.cli.options import torch_device
        finally:
            sys.setswitchinterval(interval)
        torch.set_num_threads(1)  # one reply at a time runs best on one thread
        folder = bundles.find(self._model)
        bundle = bundles.load(folder, device=torch_device(self._device))
        self._listener = Bot.of(bundle)
        if self._wait is not None:
            Bot.of(bundle, wait=self._wait)  # says so when the bundle has none of that wait
        self._interrupters = {wait: Bot.of(bundle, wait=wait) for wait in bundle.interrupters}
        for bot in (self._listener, *self._interrupters.values()):
            bot.reply("hello")
        self._details, network = bundle.details, bundle.details.network
        details = self._details
        self._listener.reply("hello", self._in_effect(Decoding()))  # says so when there are no known replies
        summary = f"{network.cell.upper()} {network.layers}x{network.hidden} · {len(bundle.vocabulary):,} pieces · {details.corpus['pairs']:,} pairs"
        return BotCard(bundle.name, summary, bundles.origin(folder), tuple(sorted(bundle.interrupters)), details.utterance_limit, details.examples)

    def stream(self, utterance: str, decoding: Decoding, history: History) -> Iterator[str | Reply]:
        """The listener's reply, as it is said."""
        return self._listener.stream(utterance, self._in_effect(decoding), history)

    def hear(self, words: str, decoding: Decoding, wait: int, history: History) -> Race:
        """The race so far, over the finished words."""
        from chatbot.listening import race

        return race(self._interrupters[wait], words, self._raw(decoding), history, still_typing=True)

    def race(self, utterance: str, reply: Reply, decoding: Decoding, wait: int, history: History) -> Race:
        """The race over the whole utterance."""
        from chatbot.listening import race

        return race(self._interrupters[wait], utterance, self._raw(decoding), history, listener=reply)

    def ladder(self, utterance: str, decoding: Decoding, history: History) -> Ladder:
        """What the listener would have said to each beginning."""
        from chatbot.listening import ladder

        return ladder(self._listener, utterance, self._raw(decoding), history)

    def heeded(self, utterance: str, reply: Reply, history: History) -> Attention | Influence:
        """What of `utterance` the listener heeded in its `reply`."""
        from chatbot.listening import heeded

        return heeded(self._listener, utterance, reply, history)

    def twins(self, race: Race, ending: str, decoding: Decoding, history: History) -> Twins:
        """`race`, and the race over its utterance with another last word."""
        from chatbot.listening import twins, with_ending

        utterance = with_ending(race.utterance, ending)
        reply = self._listener.reply(utterance, self._in_effect(decoding), history)
        return twins(self._interrupters[race.wait], race, self.race(utterance, reply, decoding, race.wait, history))

    def _in_effect(self, decoding: Decoding) -> Decoding:
        """`decoding` with what the bundle, or the person, says of known replies and of doubt."""
        return in_effect(decoding, self._details, self._known_replies, self._unsure)

    def _raw(self, decoding: Decoding) -> Decoding:
        """The same, whatever the doubt: race and ladder show what a network says."""
        return replace(self._in_effect(decoding), unsure="")
