"""Processes that work beside this one: they compute, in order, what they are given; they end when it ends, however it ends."""

import gc
import os
import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import count
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, TypeVar

from chatbot.errors import ChatbotError, CorpusError

AHEAD = 2  # items that a worker has at a time: one in hand, one waiting

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers:
    """`count` processes; with 0 all is computed here. A context: on leaving it none is left."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._members: list[tuple[BaseProcess, Connection]] = []

    def __enter__(self) -> "Workers":
        with ExitStack() as undo:
            undo.callback(self._end)
            if self.count and os.name == "posix":
                resource_tracker.ensure_running()  # starting it later would let signals through again
            for _ in range(self.count):
                self._members.append(_start())
            undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._end()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yields what `function` makes of each item, in order; items are taken as they are needed.

        An error of a person's is raised here, after all that came before it, also one that `items` raises. Raises CorpusError when a worker
        dies. Who stops before the end cannot map anything else.
        """
        if not self._members:
            yield from map(function, items)
            return
        for _, connection in self._members:
            _send(connection, function)
        waiting: deque[Connection] = deque()
        mistake: ChatbotError | None = None
        items = iter(items)
        for number in count():
            try:
                item = next(items)
            except StopIteration:
                break
            except ChatbotError as error:
                mistake = error
                break
            connection = self._members[number % self.count][1]
            _send(connection, (item,))
            waiting.append(connection)
            if len(waiting) == AHEAD * self.count:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
        if mistake:
            raise mistake

    def _end(self) -> None:
        for process, connection in self._members:
            connection.close()
            process.terminate()
        for process, _ in self._members:
            process.join()
        self._members.clear()


def _start() -> tuple[BaseProcess, Connection]:
    """A new worker, which Ctrl-C does not reach: what is to be done then is said once, here."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there,), daemon=True)
    masks = hasattr(signal, "pthread_sigmask")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if masks else set()
    try:
        process.start()
    finally:
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        there.close()
    return process, here


def _work(connection: Connection) -> None:
    """What a worker does all its life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # nothing it makes refers to itself, and to look for that took a third of the time
    received: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, received), daemon=True).start()
    function: Callable[[Any], Any] = received.get()
    while True:
        task = received.get()
        if not isinstance(task, tuple):
            function = task
            continue
        try:
            result: tuple[Any, ChatbotError | None] = (function(*task), None)
        except ChatbotError as error:
            result = (None, error)
        try:
            connection.send(result)
        except OSError:
            return


def _receive(connection: Connection, received: "queue.SimpleQueue[Any]") -> None:
    """Takes what comes as it comes, so that who sends never waits long; when nobody is there any more, the worker ends in the middle of its work."""
    try:
        while True:
            received.put(connection.recv())
    except (EOFError, OSError):
        pass
    finally:
        os._exit(0)


def _result(connection: Connection) -> Any:
    """What a worker has made of an item."""
    try:
        result, error = connection.recv()
    except (EOFError, OSError):
        raise _died() from None
    if error:
        raise error
    return result


def _send(connection: Connection, what: object) -> None:
    try:
        connection.send(what)
    except OSError:
        raise _died() from None


def _died() -> ChatbotError:
    return CorpusError("a process that prepared the corpus has died", remedy="if memory was short, free some, and start again")
