"""Networks that do the same thing at the same time, each on its share of the cores.

Small matrices do not fill two cores: with a core each, two networks of the preset small learn 1.25 times as many pieces a second as one with
both, two of the preset tiny 1.4 times (benchmarks/scaling.py). Large ones fill them anyway.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from types import TracebackType
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


class SideBySide:
    """Calls a function on several things at once, in as many threads as there are, among which torch's threads are divided; with one core in turn."""

    def __init__(self, most: int) -> None:
        threads = min(most, torch.get_num_threads())
        share = torch.get_num_threads() // threads
        self._pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(share,)) if threads > 1 else None

    def __enter__(self) -> "SideBySide":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._pool:
            self._pool.shutdown()

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """What `function` makes of each item. Raises what it raises, of several the first, when all have ended."""
        if self._pool is None:
            return [function(item) for item in items]
        futures = [self._pool.submit(function, item) for item in items]
        wait(futures)
        return [future.result() for future in futures]
