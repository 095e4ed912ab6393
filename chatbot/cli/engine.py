"""The bot that the screen talks to: a bundle behind the Engine protocol of the TUI."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.cli.options import in_effect
from chatbot.errors import BundleError
from chatbot.records import Attention, BotCard, BundleFacts, Choice, CurvePoint, Decoding, Influence, Ladder, Race, Reply, Twins

if TYPE_CHECKING:
    from chatbot.bot import Bot

History = tuple[tuple[str, str], ...]


class BundleEngine:
    """Loads a bundle when it is asked to, so that the screen can be drawn before torch is imported."""

    def __init__(
        self, model: str | None, device: str, wait: int | None = None, *, known_replies: bool | None = None, unsure: str | None = None, racing: bool = False
    ) -> None:
        self.model, self._device, self._wait, self._known_replies, self._unsure, self._racing = model, device, wait, known_replies, unsure, racing
        self._folder: Path
        self._listener: Bot
        self._interrupters: dict[int, Bot] = {}

    @staticmethod
    def prepare() -> None:
        """Imports all that a bundle needs, which takes most of the time of loading one."""
        import chatbot.listening  # noqa: F401 - and so torch

    def load(self, model: str | None = None) -> BotCard:
        """Reads the bundle and says a first word to nobody, so that the first reply is quick."""
        import torch

        from chatbot import bundle as bundles
        from chatbot.bot import Bot
        from chatbot.cli.options import torch_device

        torch.set_num_threads(1)  # one reply at a time runs best on one thread
        folder = bundles.find(model or self.model, racing=self._racing)
        bundle = bundles.load(folder, device=torch_device(self._device))
        details, network = bundle.details, bundle.details.network
        listener = Bot.of(bundle)
        if model is None and self._racing and not bundle.interrupters:
            raise BundleError("no interrupter in it, which a tour shows", place=folder, remedy="add --model small-talk")
        if model is None and self._wait is not None:
            Bot.of(bundle, wait=self._wait)  # says so when the bundle has none of that wait
        interrupters = {wait: Bot.of(bundle, wait=wait) for wait in bundle.interrupters}
        for bot in (listener, *interrupters.values()):
            bot.reply("hello")
        chosen = in_effect(Decoding(), details, self._known_replies, self._unsure)
        listener.reply("hello", chosen)  # says so when there are no known replies
        self._folder, self._listener, self._interrupters = folder, listener, interrupters
        return BotCard(
            bundle.name,
            f"{network.cell.upper()} {network.layers}x{network.hidden} · {len(bundle.vocabulary):,} pieces · {details.corpus['pairs']:,} pairs",
            bundles.origin(folder),
            tuple(sorted(bundle.interrupters)),
            details.utterance_limit,
            details.examples,
            bundles.fingerprint(folder),
            chosen.known_replies,
            chosen.unsure,
            network.attention != "none",
            in_effect(Decoding(), details, None, None),
        )

    def close(self) -> None:
        """Does nothing: no call is that long."""

    def models(self) -> tuple[str, ...]:
        """The bundles by name: those under ./models, then those that ship."""
        from chatbot import bundle as bundles

        return tuple(dict.fromkeys(folder.name for folder in bundles.every()))

    def facts(self) -> BundleFacts:
        """The model card, the files and the learning curve."""
        from chatbot import bundle as bundles

        try:
            files = tuple((path.name, path.stat().st_size) for path in sorted(self._folder.iterdir()) if path.is_file())
        except OSError as error:
            raise BundleError(f"cannot be read: {error.strerror}", place=error.filename, remedy="talk with another bundle (/model NAME)") from None
        return BundleFacts(bundles.text(self._folder, "README.md"), str(self._folder), files, learning_curve(bundles.text(self._folder, "log.jsonl")))

    def stream(self, utterance: str, decoding: Decoding, history: History) -> Iterator[str | Reply]:
        """The listener's reply, as it is said."""
        return self._listener.stream(utterance, decoding, history)

    def choices(self, utterance: str, decoding: Decoding, history: History) -> tuple[Choice, ...]:
        """What could come next at each step of that reply."""
        return self._listener.choices(utterance, decoding, history)

    def hear(self, words: str, decoding: Decoding, wait: int, history: History) -> Race:
        """The race so far, over the finished words."""
        from chatbot.listening import race

        return race(self._interrupters[wait], words, _raw(decoding), history, still_typing=True)

    def race(self, utterance: str, reply: Reply, decoding: Decoding, wait: int, history: History) -> Race:
        """The race over the whole utterance."""
        from chatbot.listening import race

        return race(self._interrupters[wait], utterance, _raw(decoding), history, listener=reply)

    def ladder(self, utterance: str, decoding: Decoding, history: History) -> Ladder:
        """What the listener would have said to each beginning."""
        from chatbot.listening import ladder

        return ladder(self._listener, utterance, _raw(decoding), history)

    def heeded(self, utterance: str, reply: Reply, history: History) -> Attention | Influence:
        """What of `utterance` the listener heeded in its `reply`."""
        from chatbot.listening import heeded

        return heeded(self._listener, utterance, reply, history)

    def twins(self, race: Race, ending: str, decoding: Decoding, history: History) -> Twins:
        """`race`, and the race over its utterance with another last word."""
        from chatbot.listening import twins, with_ending

        utterance = with_ending(race.utterance, ending)
        reply = self._listener.reply(utterance, decoding, history)
        return twins(self._interrupters[race.wait], race, self.race(utterance, reply, decoding, race.wait, history))


def _raw(decoding: Decoding) -> Decoding:
    """The same, whatever the doubt: race and ladder show what a network says."""
    return replace(decoding, unsure="")


def learning_curve(log: str) -> tuple[CurvePoint, ...]:
    """The validations that log.jsonl tells of; lines that tell of something else are left out."""
    curve = []
    for line in log.split("\n"):
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            told = json.loads(line)
            curve.append(CurvePoint(str(told["network"]), float(told["epoch"]), float(told["perplexity"]), told["best"] is True))
    return tuple(curve)
