"""Processes beside this one: what they make comes in order, mistakes too, and none outlives the one that started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatbot.dataset.workers import Workers
from chatbot.errors import CorpusError

linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc")


def square(number: int) -> int:
    """Slower for smaller numbers, so that who computes later ones is done sooner."""
    if number < 0:
        raise CorpusError(f"{number} is below 0", place="a.tsv:1", remedy="add to it")
    if number == 13:
        os._exit(1)
    sum(range(20_000 // (number + 1)))
    return number * number


def big(number: int) -> bytes:
    """More than a pipe holds."""
    return bytes(500_000)


@pytest.fixture(scope="module")
def two():
    with Workers(2) as workers:
        yield workers


@pytest.mark.parametrize("count", [0, 1, 7, 50])
def test_results_come_in_order(two, count):
    assert list(two.map(square, range(20, 20 + count))) == [number**2 for number in range(20, 20 + count)]
    assert list(Workers(0).map(square, range(20, 20 + count))) == [number**2 for number in range(20, 20 + count)]


def test_items_are_taken_as_they_are_needed(two):
    taken = []
    results = two.map(square, (taken.append(number) or number for number in range(20, 60)))
    for number in range(20, 60):
        assert next(results) == number**2
        assert len(taken) <= number - 20 + 4 + 1
    assert list(results) == []


def test_items_and_results_larger_than_a_pipe_holds_do_not_block(two):
    assert list(map(len, two.map(big, range(12)))) == [500_000] * 12
    assert list(two.map(len, [bytes(2_000_000)] * 12)) == [2_000_000] * 12


@pytest.mark.parametrize("count", [0, 2])
def test_a_mistake_comes_after_all_that_is_before_it(count):
    def items():
        yield from (20, 21, 22)
        raise CorpusError("no such file")

    with Workers(count) as workers:
        results = workers.map(square, items())
        assert [next(results) for _ in range(3)] == [400, 441, 484]
        with pytest.raises(CorpusError, match="no such file"):
            next(results)
    with Workers(count) as workers:
        results = workers.map(square, [20, 21, -5, 22, -6])
        assert [next(results), next(results)] == [400, 441]
        with pytest.raises(CorpusError) as caught:
            next(results)
    assert (caught.value.what, caught.value.place, caught.value.remedy) == ("-5 is below 0", "a.tsv:1", "add to it")


def test_a_worker_that_dies_is_one_line():
    with Workers(2) as workers, pytest.raises(CorpusError, match="has died"):
        list(workers.map(square, range(10, 30)))


def test_a_worker_that_has_died_between_two_tasks_is_one_line():
    with Workers(1) as workers:
        assert list(workers.map(square, [20])) == [400]
        (process, _), *_ = workers._members
        process.kill()
        process.join()
        with pytest.raises(CorpusError, match="has died"):
            list(workers.map(square, [20]))


def test_what_workers_compute_is_free_of_torch():
    program = "import sys, chatbot.dataset.jobs, chatbot.dataset.workers; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"


PROGRAM = """
import os, signal, sys
from pathlib import Path
from chatbot.dataset import prepare as preparing
from chatbot.options import VocabularyOptions

def stop(number, frame):
    raise SystemExit(128 + number)

def tell(stage, done, total):
    if stage == sys.argv[3] and done * 4 >= total:
        print("now", flush=True)

if __name__ == "__main__":
    preparing.SMALL = preparing.TINY = 0
    preparing.SAMPLE = 20_000 if sys.argv[3] == "vocabulary" else 100
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    preparing.prepare([Path(sys.argv[1])], Path(sys.argv[2]), VocabularyOptions(), workers=2, tell=tell)
"""


def children(process: int) -> set[int]:
    try:
        return {int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()}
    except FileNotFoundError:
        return set()


def alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@linux
@pytest.mark.parametrize(
    ("stage", "kill"), [("reading", signal.SIGINT), ("vocabulary", signal.SIGTERM), ("vocabulary", signal.SIGKILL), ("tokenising", signal.SIGTERM)]
)
def test_whoever_is_stopped_leaves_no_process_and_no_noise(tmp_path, stage, kill):
    corpus = tmp_path / "a.tsv"
    corpus.write_text("".join(f"utterance {number * 7919 % 60013} of many {number * 31 % 977}\treply {number * 104729 % 50021}\n" for number in range(40_000)))
    (tmp_path / "program.py").write_text(PROGRAM)
    with subprocess.Popen(
        [sys.executable, tmp_path / "program.py", corpus, tmp_path / "ids", stage],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "now\n"
        theirs = children(process.pid)
        assert len(theirs) >= 2
        (os.killpg if kill == signal.SIGINT else os.kill)(process.pid, kill)  # Ctrl-C reaches all, the others one
        _, errors = process.communicate(timeout=60)
    assert process.returncode == (-9 if kill == signal.SIGKILL else 128 + kill)
    assert errors == ""
    until = time.monotonic() + 30
    while any(map(alive, theirs)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(map(alive, theirs))
    if kill != signal.SIGKILL:
        assert not (tmp_path / "ids").exists() or list((tmp_path / "ids").iterdir()) == []
