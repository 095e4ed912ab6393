"""Draws docs/race.svg: the real screen, the bundle that ships, the README's sentence."""

import asyncio
from pathlib import Path

from textual.pilot import Pilot

from chatbot.cli.engine import BundleEngine
from chatbot.tui.app import ChatApp

SENTENCE = "Today's perfect weather makes me so sad"


async def until(pilot: Pilot[None], text: str) -> None:
    """Waits until the screen shows `text`, a minute at the most."""
    async with asyncio.timeout(60):
        while text not in pilot.app.export_screenshot().replace("&#160;", " "):
            await pilot.pause(0.1)


async def main() -> None:
    """Types the sentence, sends it, and takes the picture."""
    app = ChatApp(BundleEngine("small-talk", "cpu"), compare=True)
    async with app.run_test(size=(144, 36)) as pilot:
        await until(pilot, "say something")
        await pilot.press(*SENTENCE, "enter")
        await until(pilot, "settled at")
        Path(__file__).with_name("race.svg").write_text(app.export_screenshot(title="chatbot talk --compare"), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    asyncio.run(main())
