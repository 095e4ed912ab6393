"""Draws the README's pictures from the real screen, the bundle that ships and the README's sentence: docs/race.svg, which moves, and stills."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from textual.pilot import Pilot

from chatbot.cli.engine import BundleEngine
from chatbot.records import Decoding, Reply
from chatbot.tui.app import ChatApp
from chatbot.tui.attention_view import AttentionView
from chatbot.tui.panel import Panel
from chatbot.tui.race_view import RaceView
from chatbot.tui.twins_view import TwinsView

HERE = Path(__file__).parent
SENTENCE, ENDING = "Today's perfect weather makes me so sad", "happy"
WORD, LAST = 0.8, 5.0  # seconds that a frame is seen
SVG = "http://www.w3.org/2000/svg"
ElementTree.register_namespace("", SVG)


class Untimed(BundleEngine):
    """The bot that ships, of whose replies each takes the same time: so a picture comes out the same whenever it is drawn."""

    def stream(self, utterance: str, decoding: Decoding, history: tuple[tuple[str, str], ...]) -> Iterator[str | Reply]:
        """The reply, as it is said."""
        for said in super().stream(utterance, decoding, history):
            yield replace(said, milliseconds=12.0) if isinstance(said, Reply) else said


async def pictures() -> dict[str, list[str]]:
    """The frames of each picture: screenshots, as SVG."""
    app = ChatApp(Untimed("small-talk", "cpu"), compare=True)
    async with app.run_test(size=(144, 36)) as pilot:
        race = [await _shot(pilot) async for _ in _typed(pilot)]
        await pilot.resize_terminal(96, 30)
        app.query_one(Panel).page = "heeded"
        await pilot.press("f8", *["down"] * len(SENTENCE.split()))
        influence = await _shot(pilot)
        await pilot.resize_terminal(120, 28)
        await pilot.press("escape", *f"/ending {ENDING}", "enter")
        await _until(pilot, lambda: app.query_one(TwinsView).twins)
        return {"race": race, "influence": [influence], "twins": [await _shot(pilot)]}


def fingerprint(frames: list[str]) -> str:
    """What a picture was drawn from: all that stands on its screens."""
    texts = [[(text.get("x"), text.get("y"), "".join(text.itertext())) for text in ElementTree.fromstring(frame).iter(f"{{{SVG}}}text")] for frame in frames]
    return hashlib.sha256(repr(texts).encode()).hexdigest()


def stored(picture: Path) -> str | None:
    """The fingerprint of what a picture was drawn from."""
    return ElementTree.parse(picture).getroot().get("data-drawn-from")


async def _shot(pilot: Pilot[None]) -> str:
    await pilot.pause()
    return pilot.app.export_screenshot(title="chatbot talk --compare")


async def _typed(pilot: Pilot[None]) -> AsyncIterator[None]:
    """Types the sentence and sends it; stops where there is something new to see."""
    view, words = pilot.app.query_one(RaceView), SENTENCE.split()
    await _until(pilot, lambda: view.state == "idle")
    for number, word in enumerate(words[:-1], 1):
        yield
        await pilot.press(*word, "space")
        await _until(pilot, lambda number=number: view.race and len(view.race.words) == number)
    yield
    await pilot.press(*words[-1], "enter")
    await _until(pilot, lambda: pilot.app.query_one(AttentionView).heed)
    yield


async def _until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Waits until something is so, a minute at the most."""
    async with asyncio.timeout(60):
        while not condition():
            await pilot.pause(0.02)


def film(frames: list[str]) -> Element:
    """One SVG that shows the frames in turn. What several frames hold is in it once; without animation it is the last frame."""
    roots, classes = [], dict[str, str]()
    for frame in frames:
        root = ElementTree.fromstring(re.sub(r"terminal-\d+", "terminal", frame))
        rules = dict(re.findall(r"\.(terminal-r\d+) \{ (.*?) \}", root.findtext(f"{{{SVG}}}style") or ""))
        for element in root.iter():
            if (name := element.get("class")) in rules:
                element.set("class", classes.setdefault(rules[name], f"s{len(classes)}"))
        roots.append(root)
    seen: dict[str, set[int]] = {}  # in which frames each background and each text stands
    for number, root in enumerate(roots):
        for part in _parts(root):
            seen.setdefault(ElementTree.tostring(part, encoding="unicode"), set()).add(number)
    whole = roots[-1]
    screen = whole.findall(f"{{{SVG}}}g")[-1]
    matrix = screen.find(f"{{{SVG}}}g")
    assert matrix is not None
    screen[:], matrix[:] = [], []
    groups: dict[frozenset[int], Element] = {}
    for kind, parent in (("rect", screen), ("text", matrix)):
        groups.clear()
        for text, numbers in seen.items():
            part = ElementTree.fromstring(text)
            if part.tag == f"{{{SVG}}}{kind}":
                shown = frozenset(numbers)
                if shown not in groups:
                    hidden = {} if len(frames) - 1 in shown else {"visibility": "hidden"}
                    groups[shown] = ElementTree.SubElement(parent, f"{{{SVG}}}g", {"class": _named(shown), **hidden} if len(shown) < len(frames) else {})
                groups[shown].append(part)
    screen.append(matrix)
    style = whole.find(f"{{{SVG}}}style")
    assert style is not None
    kept = re.sub(r"\s*\.terminal-r\d+ \{.*?\}", "", style.text or "")
    rules_ = [f".{name} {{ {rule} }}" for rule, name in classes.items()]
    shows = {frozenset(numbers) for numbers in seen.values() if len(numbers) < len(frames)}
    style.text = "\n".join([kept, *rules_, *(_animation(shown, len(frames)) for shown in sorted(shows, key=sorted))])
    return whole


def _parts(root: Element) -> list[Element]:
    """The backgrounds and the texts of a screen."""
    screen = root.findall(f"{{{SVG}}}g")[-1]
    return [*screen.findall(f"{{{SVG}}}rect"), *screen.findall(f"{{{SVG}}}g/{{{SVG}}}text")]


def _named(shown: frozenset[int]) -> str:
    return "f" + "-".join(map(str, sorted(shown)))


def _animation(shown: frozenset[int], frames: int) -> str:
    """The rule of what is seen in these frames only; who asks for reduced motion sees the last one."""
    lengths = [WORD] * (frames - 1) + [LAST]
    starts = [0.0, *accumulate(lengths)]
    steps = " ".join(
        f"{100 * start / starts[-1]:.2f}% {{ visibility: {'visible' if number in shown else 'hidden'} }}" for number, start in enumerate(starts[:-1])
    )
    name = _named(shown)
    return f"@keyframes {name} {{ {steps} }} @media (prefers-reduced-motion: no-preference) {{ .{name} {{ animation: {name} {starts[-1]:g}s step-end infinite }} }}"


async def main() -> None:
    """Writes the pictures."""
    for name, frames in (await pictures()).items():
        root = film(frames)
        root.set("data-drawn-from", fingerprint(frames))
        ElementTree.ElementTree(root).write(HERE / f"{name}.svg", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
