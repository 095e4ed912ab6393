"""Watching a run: a live picture in a terminal, or one line a validation."""

import math
import time
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from chatbot.records import plural
from chatbot.safe_text import safe_line

if TYPE_CHECKING:
    from chatbot.cli.training_run import Sample
    from chatbot.training.loop import Progress

EVERY = 10  # seconds


class Preparing:
    """A line every ten seconds while a large corpus is prepared; nothing for a small one."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """`done` of `total` bytes of the files; 0 of 0 where nobody can say."""
        if time.monotonic() - self._told > EVERY:
            self._told = time.monotonic()
            print(f"{stage}: {done / total:.0%} of {total / 1e6:,.0f} MB" if total else stage, flush=True)


class Silence:
    """What all but the first of several processes show."""

    def __enter__(self) -> "Silence":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        pass

    def step(self, progress: "Progress") -> None:
        """Nothing."""

    def epoch(self, progress: "Progress", samples: Iterable["Sample"]) -> None:
        """Nothing."""


class PlainView(Silence):
    """One line a validation, and whole lines only."""

    def step(self, progress: "Progress") -> None:
        """The first step shows that it runs; the others are not worth a line."""
        if progress.step == 1:
            print(f"first step done: {', '.join(f'{name} loss {loss:.2f}' for name, loss in progress.losses.items())}", flush=True)

    def epoch(self, progress: "Progress", samples: Iterable["Sample"]) -> None:
        """A line for each network, and its replies to the samples."""
        for line in _validation_lines(progress):
            print(line, flush=True)
        for line in _sample_lines(samples):
            print(line, flush=True)


class LiveView(Silence):
    """A picture redrawn four times a second: where each network stands, and what it said after the last validation."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._samples: list[str] = []
        self._live = Live(console=Console(), refresh_per_second=4, get_renderable=self._picture)

    def __enter__(self) -> "LiveView":
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._live.__exit__(kind, error, traceback)

    def step(self, progress: "Progress") -> None:
        """Keeps the latest."""
        self._progress = progress

    def epoch(self, progress: "Progress", samples: Iterable["Sample"]) -> None:
        """Leaves a line for each network above the picture."""
        for line in _validation_lines(progress):
            self._live.console.print(Text(line))
        self._samples = _sample_lines(samples)

    def _picture(self) -> Group:
        if (one := self._progress) is None:
            return Group(Text("…"))
        done = round(20 * one.step / one.steps)
        table = Table.grid(padding=(0, 2))
        for name, loss in one.losses.items():
            bar = Text("▰" * done, style="blue" if name == "listener" else "dark_orange") + Text("▱" * (20 - done), style="dim")
            table.add_row(name, bar, f"epoch {one.epoch}", f"step {one.step:,} of {one.steps:,}", f"loss {loss:.3f}")
        facts = Text(f"{one.tokens_per_second:,.0f} tokens a second · {_clock(one.seconds_left)} left at most · Ctrl-C saves and stops", style="dim")
        return Group(*(Text(line) for line in self._samples), table, facts)


def _validation_lines(progress: "Progress") -> list[str]:
    """One line a network."""
    lines = []
    for name, one in progress.validations.items():
        measured = "" if math.isnan(one.perplexity) else f"   valid perplexity {one.perplexity:8.4g}{' best' if one.best else '     '}"
        lines.append(
            f"epoch {one.epoch:>3}   {name:<14} loss {one.loss:.3f}{measured}   {progress.tokens_per_second:,.0f} tokens/s   {_clock(progress.seconds_left)} left"
        )
        if one.stopped:
            lines.append(f"{name} stops here: for some epochs it has become no better")
    if progress.skipped:
        lines.append(f"skipped so far: {plural(progress.skipped, 'step')} without a finite gradient")
    return lines


def _sample_lines(samples: Iterable["Sample"]) -> list[str]:
    """An utterance and the replies of all networks to it."""
    lines = []
    for sample in samples:
        lines.append(f"    > {safe_line(sample.utterance, limit=100)}")
        lines += [f"    {name + ':':<15} {safe_line(reply, limit=100)}" for name, reply in sample.replies.items()]
    return lines


def _clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}" if math.isfinite(seconds) else "-:--"
