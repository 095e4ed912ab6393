"""Being stopped politely: a signal sets a flag, the step in hand ends, the best so far is saved."""

import signal
from types import FrameType, TracebackType
from typing import Any


class Stop:
    """While entered, the first SIGINT, SIGTERM or SIGHUP sets `signal` to its number; a second one acts at once, as if nobody caught it."""

    def __init__(self) -> None:
        self.signal = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stop":
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
            if number := getattr(signal, name, None):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        self._restore()

    def _restore(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())
