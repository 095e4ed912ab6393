"""An engine in a process of its own.

Importing torch, answering and drawing all hold Python's one lock, and a screen that shared it would stand still meanwhile.
"""

import gc
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from chatbot.errors import BundleError, ChatbotError

if TYPE_CHECKING:
    from chatbot.cli.engine import BundleEngine


@contextmanager
def for_good() -> Iterator[None]:
    """What is imported meanwhile stays: to look for garbage in it, then and ever after, would take a tenth of the time."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


class _Part(NamedTuple):
    """The next part of the answer to a call; or the `last` word on it, which is None or the error that ended it."""

    call: int
    value: Any
    last: bool = False


class EngineProcess:
    """An Engine that hands every call, from several threads at once, to a copy of `engine` in another process.

    That process begins to import torch at once. It ends when this one does, however this one ends; if it ends before, the next call starts another.
    """

    def __init__(self, engine: "BundleEngine") -> None:
        self._engine = engine
        self._model: str | None = None  # the one that was loaded last
        self._calls = count()
        self._starting, self._sending = Lock(), Lock()
        self._closed = False
        self._start()

    def _start(self) -> None:
        context = get_context("spawn")
        self._connection, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, self._engine), daemon=True)
        self._process.start()
        there.close()
        self._waiting = dict[int, SimpleQueue[_Part]]()  # those who wait for an answer, by the number of their call
        Thread(target=_receive, args=(self._connection, self._waiting), daemon=True).start()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self._answer, name)

    def load(self, model: str | None = None) -> Any:
        """As Engine."""
        card = self._answer("load", model)
        self._model = model or self._model
        return card

    def stream(self, *arguments: Any) -> Iterator[Any]:
        """As Engine."""
        return self._parts("stream", *arguments)

    def close(self) -> None:
        """As Engine."""
        self._closed = True
        self._process.terminate()

    def _answer(self, name: str, *arguments: Any) -> Any:
        (answer,) = self._parts(name, *arguments)
        return answer

    def _parts(self, name: str, *arguments: Any) -> Iterator[Any]:
        """The parts of an answer, as they come, if need be from another process. Ceasing to iterate stops it."""
        with self._starting:
            if not self._closed and not self._process.is_alive():
                self._start()
                try:
                    for _ in self._asked("load", self._model):
                        pass
                except ChatbotError:  # without a bundle it can answer nothing: the next call tries again
                    self._process.kill()
                    self._process.join()
                    raise
        return self._asked(name, *arguments)

    def _asked(self, name: str, *arguments: Any) -> Iterator[Any]:
        call, waiting = next(self._calls), self._waiting
        parts = waiting[call] = SimpleQueue[_Part]()
        try:
            self._send(call, name, arguments)
            while not (part := parts.get()).last:
                yield part.value
            if part.value is not None:
                raise part.value
        except OSError:
            raise _died() from None
        finally:
            del waiting[call]
            with suppress(OSError):
                self._send(call)

    def _send(self, *message: Any) -> None:
        with self._sending:
            self._connection.send(message)


def _receive(connection: Connection, waiting: dict[int, SimpleQueue[_Part]]) -> None:
    """Hands each part to who waits for it; once there will be none any more, the error that says so."""
    try:
        while True:
            part = _Part(*connection.recv())
            if parts := waiting.get(part.call):
                parts.put(part)
    except (EOFError, OSError):
        for call, parts in [*waiting.items()]:
            parts.put(_Part(call, _died(), last=True))


def _died() -> ChatbotError:
    return BundleError("the process of the bot has ended", remedy="say it again: another one starts; if memory was short, free some first")


def _serve(connection: Connection, engine: "BundleEngine") -> None:
    """What the other process does all its life: answers calls, each in a thread, until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (1, 2):  # the terminal belongs to the screen
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    with for_good():
        engine.prepare()
    sending, wanted = Lock(), set[int]()

    def send(part: _Part) -> None:
        with sending:
            connection.send(part)

    def answer(call: int, name: str, arguments: tuple[Any, ...]) -> None:
        answered = getattr(engine, name)(*arguments)
        for value in answered if isinstance(answered, Iterator) else (answered,):
            if call not in wanted:
                return
            send(_Part(call, value))

    def end(call: int, answered: "Future[None]") -> None:
        error = answered.exception()
        send(_Part(call, error if isinstance(error, ChatbotError | None) else RuntimeError(repr(error)), last=True))

    threads = ThreadPoolExecutor()
    try:
        while True:
            call, *asked = connection.recv()
            if asked:
                wanted.add(call)
                threads.submit(answer, call, *asked).add_done_callback(partial(end, call))
            else:
                wanted.discard(call)  # of a call to a process before this one nothing is known
    except (EOFError, OSError):
        os._exit(0)
