"""Being stopped politely: a signal sets a flag, the step in hand ends, all is saved."""

import signal
from types import FrameType, TracebackType
from typing import Any

PIPE = 13  # SIGPIPE, which Windows does not have


class Stopped(BaseException):
    """A signal came while there was nothing to save."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


class Stop:
    """While entered, the first SIGINT, SIGTERM or SIGHUP (on Windows SIGBREAK) sets `signal` to its number; a second one acts at once, as if nobody caught it.

    `gently` False makes the first one raise Stopped where it comes.
    """

    def __init__(self) -> None:
        self.signal = 0
        self.gently = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stop":
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            if number := getattr(signal, name, None):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        self._restore()
        if not self.gently:
            raise Stopped(number)

    def _restore(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())
