"""Transcripts that nobody would write, and `--accept` killed at every step.

    python benchmarks/soak/transcripts.py [--files 20000] [--moments 200] [--seed 1] [--json FILE]

A file is one of tests/transcripts, or one with every operator, of which lines and characters are taken out, doubled, swapped, or replaced by others. It must
be what tests/transcript_mutations.py asks of any file. Then an `--accept` is killed before each line of Python that puts the file in its
place, and at moments spread over the time that it takes: the file must be the old one or the new one, and the same command must then
end with the new one. The first wrong outcome ends all.
"""

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from chatbot import bundle as bundles
from chatbot.shipped import BUNDLES
from chatbot.transcripts import accepting
from chatbot.transcripts.parse import read
from chatbot.transcripts.playing import Cast

TESTS = Path(__file__).parents[2] / "tests"


def main() -> None:
    """Measures, and prints a table; exits with 1 at the first wrong outcome."""
    sys.path[:0] = [str(Path(__file__).parents[1]), str(TESTS)]
    from measuring import Report, parser

    options = parser(__doc__)
    options.add_argument("--files", type=int, default=20_000, metavar="N")
    options.add_argument("--moments", type=int, default=200, metavar="N", help="spread over the time that an --accept takes")
    options.add_argument("--seed", type=int, default=1, metavar="N")
    given = options.parse_args()
    report = Report(f"{given.files} files and {given.moments} moments, seed {given.seed}", threads=given.threads or 1)
    try:
        slowest, kinds = mutations(random.Random(given.seed), given.files)
        report.add("the slowest file", "ms", [slowest * 1000])
        for kind, number in kinds.most_common():
            report.add(f"files: {kind}", "", [number])
        with tempfile.TemporaryDirectory() as temporary:
            for name, kinds in accepts(Path(temporary), random.Random(given.seed), given.moments):
                for kind, number in sorted(kinds.items()):
                    report.add(f"--accept killed {name}: {kind}", "", [number])
    except AssertionError as wrong:
        print(f"WRONG, seed {given.seed}: {wrong}", flush=True)
        sys.exit(1)
    report.write(given.json)


def mutations(generator: random.Random, count: int) -> tuple[float, Counter[str]]:
    """The time of the slowest file, and how many are what."""
    from transcript_mutations import WHOLE, check, mutated

    texts = [WHOLE, *(path.read_text("utf-8") for path in sorted((TESTS / "transcripts").rglob("*.chat")))]
    slowest, kinds = 0.0, Counter[str]()
    for _ in range(count):
        text = mutated(generator, generator.choice(texts), texts)
        began = time.perf_counter()
        kinds[check(text)] += 1
        slowest = max(slowest, time.perf_counter() - began)
    return slowest, kinds


def accepts(folder: Path, generator: random.Random, moments: int) -> Iterable[tuple[str, Counter[str]]]:
    """Yields how the files were left, for each way of being killed."""
    torch.set_num_threads(1)
    cast, path = Cast.of(bundles.load(bundles.find(BUNDLES[0]))), folder / "a.chat"
    old = "@chat 1\n" + "".join(f"\n== {number}\n> hello {number}\n< No.\n" for number in range(4))

    def accept() -> None:
        transcript = read(path)
        settled, _ = accepting.settled(cast, transcript, lambda one: list(one.scenes), exact=True, new=False)
        accepting.write(transcript, settled)

    path.write_text(old)
    began = time.perf_counter()
    accept()
    seconds, new = time.perf_counter() - began, path.read_text()

    def left(child: Callable[[], Any], kill: Callable[[int], Any] = lambda _: None) -> str:
        path.write_text(old)
        if (process := os.fork()) == 0:
            child()
            accept()
            os._exit(0)
        kill(process)
        ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        found = path.read_text()
        if found not in (old, new) or ended not in (0, -signal.SIGKILL):
            raise AssertionError(f"code {ended} left {found!r}")
        kind = f"{'the old' if found == old else 'the new'} file, {'killed' if ended else 'done'}"
        path.write_text(old)
        accept()
        if path.read_text() != new:
            raise AssertionError("the same command ended otherwise")
        return kind

    kinds, step = Counter[str](), 0
    while not kinds["the new file, done"]:
        step += 1
        kinds[left(lambda step=step: sys.settrace(killer(step)))] += 1  # type: ignore[misc]
    yield "before a line", kinds
    yield "at a moment", Counter(left(lambda: None, lambda process: stop(process, generator.uniform(0, seconds * 1.5))) for _ in range(moments))


def killer(step: int) -> Callable[[FrameType, str, Any], Any]:
    """A trace that kills this process before that line, from 1, of what writes files."""
    lines = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if frame.f_code.co_name not in ("accept", "write", "write_whole", "_flush_folder"):
            return None
        lines += event == "line"
        if lines == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def stop(process: int, seconds: float) -> None:
    """Kills a process after so long."""
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    main()
