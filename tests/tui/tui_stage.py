"""A bot made of a table, and helpers to drive the screen: no torch, nothing waits for time."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from xml.etree import ElementTree

from textual.app import App
from textual.pilot import Pilot

from chatbot.errors import ChatbotError, PromptError
from chatbot.records import Attention, BotCard, BundleFacts, Candidate, Choice, CurvePoint, Decoding, Influence, Ladder, Race, Reply, Rung, Step, Twins
from chatbot.tui.app import ChatApp

WEATHER = "Today's perfect weather makes me so sad"
EARLY = "That is wonderful to hear"
LATE = "I'm sorry to hear that."
GUESS = "What about it?"
OTHER = "How lovely!"

CARD = BotCard(
    name="daily-gru",
    summary="GRU 2x512 · 8k pieces · epoch 14",
    origin="from models/daily-gru",
    waits=(1,),
    limit=40,
    examples=(WEATHER, "Do you like your new job?", "Hi, how are you?"),
)

NIGHT = "night-gru"

History = tuple[tuple[str, str], ...]


class FakeEngine:
    """Replies from a table. With `gated`, every chunk of a reply waits for `let`; `loading` holds the load back."""

    def __init__(self, *, card: BotCard = CARD, early: str = EARLY, late: str = LATE, other: str = OTHER) -> None:
        self.card, self.early, self.late, self.other = card, early, late, other
        self.loading = threading.Event()
        self.loading.set()
        self.gate: threading.Semaphore | None = None
        self.load_error: Exception | None = None
        self.chunks = 0  # handed out, over all replies
        self.asked: list[tuple[str, Decoding, History]] = []
        self.heard: list[str] = []
        self.races: list[str] = []
        self.ladders: list[str] = []

    def gated(self) -> "FakeEngine":
        """Holds every chunk back until `let`."""
        self.gate = threading.Semaphore(0)
        return self

    def let(self, chunks: int = 1) -> None:
        """Lets so many chunks through."""
        assert self.gate is not None
        self.gate.release(chunks)

    def load(self, model: str | None = None) -> BotCard:
        assert self.loading.wait(20), "nobody let the load go on"
        if self.load_error:
            raise self.load_error
        if model is not None:
            if model not in self.models():
                raise ChatbotError("no bundle of that name or path", place=model, remedy="see `chatbot models list`")
            self.card = replace(self.card, name=model, fingerprint=f"of {model}")
        return self.card

    def close(self) -> None:
        """A test ends what it holds back itself."""

    def models(self) -> tuple[str, ...]:
        return (CARD.name, NIGHT)

    def facts(self) -> BundleFacts:
        curve = tuple(CurvePoint(role, epoch, 8 / epoch, best=True) for epoch in (1, 2, 4) for role in ("listener", "interrupter-1"))
        return BundleFacts(f"# {self.card.name}\n\nA bot. {self.late}", f"models/{self.card.name}", ((self.late, 4_200_000),), curve)

    def choices(self, utterance: str, decoding: Decoding, history: History) -> tuple[Choice, ...]:
        words = [
            Candidate(f" {word}", share, kept=place < (decoding.top_k or 3))
            for place, (word, share) in enumerate(zip(["sorry", "glad", "blue"], (0.7, 0.2, 0.1), strict=True))
        ]
        if decoding.strategy == "greedy":
            words = [replace(word, kept=word is words[0]) for word in words]
        return tuple(Choice(word, tuple(words), sum(one.kept for one in words)) for word in (words[0], replace(words[0], text=self.late)))

    def stream(self, utterance: str, decoding: Decoding, history: History) -> Iterator[str | Reply]:
        self.asked.append((utterance, decoding, history))
        if len(utterance.split()) > self.card.limit:
            raise PromptError(f"{len(utterance.split())} pieces are too long", remedy=f"at most {self.card.limit}")
        if utterance == "break":
            raise ValueError("\x1b[31ma bug[/]")
        text = self.late if decoding.strategy != "sample" else f"{self.late} {decoding.seed}"
        for chunk in re.findall(r"\s*\S+|\s+$", text):
            if self.gate is not None:
                assert self.gate.acquire(timeout=20), "nobody let the reply go on"
            self.chunks += 1
            yield chunk
        yield Reply(text, -1.2, 4, 48.0)

    def hear(self, words: str, decoding: Decoding, wait: int, history: History) -> Race:
        self.heard.append(words)
        return self._race(words, wait, open_end=True)

    def race(self, utterance: str, reply: Reply, decoding: Decoding, wait: int, history: History) -> Race:
        self.races.append(utterance)
        return self._race(utterance, wait, listener=reply)

    def ladder(self, utterance: str, decoding: Decoding, history: History) -> Ladder:
        self.ladders.append(utterance)
        words = utterance.split()
        settled = max(1, len(words) - 1)
        rungs = tuple(Rung(count, " ".join(words[:count]), self.late if count >= settled else GUESS, count >= settled) for count in range(1, len(words) + 1))
        return Ladder(utterance, rungs, settled)

    def heeded(self, utterance: str, reply: Reply, history: History) -> Attention | Influence:
        """Each piece of the reply looks at a word of its own, and more at the last."""
        words, said = utterance.split(), re.findall(r"\s*[\w']+|\S", reply.raw)
        rows = [[0.0] * len(words) for _ in said]
        for number, row in enumerate(rows):
            row[number % len(words)] += 0.375
            row[-1] += 0.625
        return Attention(tuple(words), tuple(range(1, len(words) + 1)), tuple(said), tuple(map(tuple, rows)), (0.0,) * len(said))

    def twins(self, race: Race, ending: str, decoding: Decoding, history: History) -> Twins:
        """The other race, to which the listener says something else."""
        words = [*race.utterance.split()[:-1], ending]
        return Twins(race, self._race(" ".join(words), race.wait, listener=Reply(self.other, -0.4, 3, 40.0)), len(words) - 1)

    def _race(self, utterance: str, wait: int, *, open_end: bool = False, listener: Reply | None = None) -> Race:
        said = [word if place == 0 else f" {word}" for place, word in enumerate(self.early.split(" "))]
        steps = []
        for number, word in enumerate(utterance.split(), 1):
            spoken = said.pop(0) if said and number >= wait else None
            steps.append(Step(word if number == 1 else f" {word}", number, spoken))
        if not open_end:
            steps += [Step("", 0, word) for word in said]
        text = "".join(step.said or "" for step in steps)
        return Race(utterance, wait, tuple(steps), Reply(text, -9.0, 6, 5.0), listener)


class Bundleless(FakeEngine):
    """A bot whose bundle cannot be read."""

    def load(self, model: str | None = None) -> BotCard:
        raise ChatbotError("no bundle", place="models/x", remedy="train one")


def drive(app: App[None], script: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int] = (120, 36)) -> None:
    """Runs `script` on the screen of `app`."""

    async def run() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await script(pilot)

    asyncio.run(run())


async def until(pilot: Pilot[None], condition: Callable[[], object], what: str = "") -> None:
    """Waits until `condition` holds; a failure names what was waited for and shows the screen."""
    for _ in range(1000):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"never: {what}\n{shown(pilot.app)}")


async def see(pilot: Pilot[None], text: str) -> None:
    """Waits until `text` is on the screen."""
    await until(pilot, lambda: text in shown(pilot.app), text)


async def write(pilot: Pilot[None], text: str) -> None:
    """Types `text` in one go, as a paste does, behind what is there."""
    app = pilot.app
    assert isinstance(app, ChatApp)
    app._prompt.insert(text)
    await pilot.pause()


async def ask(pilot: Pilot[None], text: str) -> None:
    """Types `text` and sends it."""
    await write(pilot, text)
    await pilot.press("enter")


def rows(app: App[None]) -> list[str]:
    """The composited screen, a string a row."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


def shown(app: App[None]) -> str:
    """The composited screen."""
    return "\n".join(rows(app))


def assert_clean(app: App[None]) -> None:
    """No control character is on the screen, and a picture of it is valid XML."""
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", shown(app))
    ElementTree.fromstring(app.export_screenshot())
