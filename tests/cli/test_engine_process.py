"""Laws of the engine in another process: it answers as it would here, stops when nobody listens, and neither its death nor ours leaves anybody waiting."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from chatbot.cli.engine_process import EngineProcess
from chatbot.errors import BundleError, ChatbotError, PromptError
from chatbot.records import Decoding


class Counter:
    """An engine of numbers, which counts how many streams have ended."""

    def __init__(self) -> None:
        self.ended = 0

    def prepare(self):
        pass

    def load(self, model):
        if model == "never":
            threading.Event().wait()
        if isinstance(model, Path) and not model.exists():
            raise BundleError("no bundle", place=model, remedy="train one")
        self.model = model
        return (model, os.getpid())

    def loaded(self):
        return self.model

    def stream(self, utterance, decoding, history):
        if not utterance:
            raise PromptError("nothing to answer", place=Path("x"), remedy="say something")
        try:
            for number in itertools.count() if utterance == "for ever" else range(decoding.width):
                yield f"{utterance} {number}"
        finally:
            self.ended += 1

    def models(self):
        return (self.ended,)

    def facts(self):
        raise KeyError("\x1b[31m")


@pytest.fixture(scope="module")
def engine():
    process = EngineProcess(Counter())
    yield process
    process.close()


def wait(condition):
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("never")


def test_it_answers_from_several_threads_each_its_own(engine):
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda number: list(engine.stream(f"{number}", Decoding(width=9), ())), range(8)))
    assert [{part.split()[0] for part in parts} for parts in answers] == [{str(number)} for number in range(8)]
    assert [len(parts) for parts in answers] == [9] * 8
    assert engine.load("x")[1] != os.getpid()


def test_who_ceases_to_listen_stops_it(engine):
    (before,) = engine.models()
    for part in engine.stream("for ever", Decoding(), ()):
        if part == "for ever 3":
            break
    wait(lambda: engine.models() == (before + 1,))


def test_a_persons_mistake_comes_as_it_is_and_a_bug_as_one_line(engine):
    with pytest.raises(PromptError, match="x: nothing to answer; say something"):
        list(engine.stream("", Decoding(), ()))
    with pytest.raises(RuntimeError, match=r"KeyError\('\\x1b\[31m'\)"):
        engine.facts()
    with pytest.raises(RuntimeError, match="no attribute 'nonsense'"):
        engine.nonsense()


def test_its_death_is_told_to_all_who_wait_and_the_next_call_starts_another(engine):
    _, before = engine.load("x")
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(engine.load, "never") for _ in range(2)]
        wait(lambda: len(engine._waiting) == 2)
        os.kill(before, signal.SIGTERM)
        for answer in waiting:
            with pytest.raises(ChatbotError, match="the process of the bot has ended"):
                answer.result(30)
    engine._process.join(30)
    with ThreadPoolExecutor(2) as threads:
        assert [*threads.map(lambda _: engine.loaded(), range(2))] == ["x", "x"], "with the bundle that was there before"
    assert engine._process.pid != before


def test_where_the_bundle_has_gone_meanwhile_each_call_says_so_until_it_is_back(tmp_path):
    engine, bundle = EngineProcess(Counter()), tmp_path / "bundle"
    bundle.touch()
    engine.load(bundle)
    bundle.unlink()
    engine._process.kill()
    engine._process.join(30)
    for _ in range(2):
        with pytest.raises(BundleError, match="no bundle"):
            engine.loaded()
    bundle.touch()
    assert engine.loaded() == bundle
    engine.close()


def test_once_it_is_closed_nothing_starts_another():
    engine = EngineProcess(Counter())
    engine.close()
    engine._process.join(30)
    with pytest.raises(ChatbotError, match="the process of the bot has ended"):
        engine.load("x")
    assert not engine._process.is_alive()


def test_it_ends_when_we_are_killed_whatever_it_is_at():
    program = f"""
import sys; sys.path[:0] = {[str(Path(__file__).parent)]!r}
from test_engine_process import Counter, EngineProcess
engine = EngineProcess(Counter())
print(engine.load("x")[1], flush=True)
engine.load("never")
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as ours:
        theirs = psutil.Process(int(ours.stdout.readline()))
        ours.kill()
        theirs.wait(30)
