"""How much memory `chatbot train` takes at its peak: for each preset, and for each number of tokens a step.

    python benchmarks/memory.py corpora/dialog.tsv [--seconds 60] [--presets small,base] [--batch-tokens 1024,4096] [--threads 2] [--json FILE]

Each run is the command itself in a process of its own, watched for `--seconds` from its first step and then stopped; it stops by itself when it is done.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from measuring import Report, parser

from chatbot.options import BATCH, PRESETS, TrainingOptions

GLANCE = 0.05  # seconds between two looks at the memory


class Peak(NamedTuple):
    """The most that a run took, in megabytes."""

    own: float  # of the process that trains
    all: float  # with those that it starts
    before: float  # of all, before the first step
    seconds: float  # until it ended


def main() -> None:
    """Measures, and prints a table."""
    options = parser(__doc__)
    options.add_argument("corpus", type=Path, metavar="CORPUS.tsv")
    options.add_argument("--presets", default=",".join(PRESETS), metavar="NAME[,NAME…]", help="default %(default)s")
    options.add_argument("--batch-tokens", default=f"{BATCH},4096", metavar="N[,N…]", help="default %(default)s")
    options.add_argument("--seconds", type=float, default=60, metavar="N", help="of training (default %(default)s)")
    chosen = options.parse_args()
    report = Report("Peak memory of `chatbot train`", threads=chosen.threads, seed=TrainingOptions().seed)
    for preset in chosen.presets.split(","):
        for batch_tokens in chosen.batch_tokens.split(","):
            peak = watch(chosen.corpus, preset, batch_tokens, seconds=chosen.seconds, threads=chosen.threads)
            report.add(
                f"{preset}, {int(batch_tokens):,} tokens a step", "MB", [peak.own],
                with_children=round(peak.all), before_the_first_step=round(peak.before), after_seconds=round(peak.seconds),
            )  # fmt: skip
    report.write(chosen.json)


def watch(corpus: Path, preset: str, batch_tokens: str, *, seconds: float, threads: int) -> Peak:
    """Trains for `seconds`, and looks at the memory all the while."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "chatbot", "train", str(corpus), "--out", str(Path(folder) / "bundle"), "--preset", preset]
        command += ["--batch-tokens", batch_tokens, "--device", "cpu", "--plain", *(["--threads", str(threads)] if threads else [])]
        began, own, everything, before, first = time.perf_counter(), 0.0, 0.0, 0.0, None
        log = Path(folder) / "log"
        with log.open("wb") as output:
            running = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
            process = psutil.Process(running.pid)
            while running.poll() is None:
                one = resident(process)
                own, everything = max(own, one), max(everything, one + sum(map(resident, children(process))))
                if first is None and started(log):
                    first, before = time.perf_counter(), everything
                if first is not None and time.perf_counter() - first > seconds:
                    os.kill(running.pid, signal.SIGTERM)
                    running.wait()
                time.sleep(GLANCE)
        if first is None:
            sys.exit(f"{' '.join(command)} did not come to its first step:\n{log.read_text(encoding='utf-8')}")
        return Peak(own, everything, before, time.perf_counter() - began)


def started(log: Path) -> bool:
    """Whether the command has said what it is going to train: it then begins."""
    return b" parameters " in log.read_bytes()


def children(process: psutil.Process) -> list[psutil.Process]:
    """What `process` has started and still runs."""
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def resident(process: psutil.Process) -> float:
    """Megabytes of memory that `process` holds now; none when it is gone."""
    try:
        return process.memory_info().rss / 1e6
    except psutil.NoSuchProcess:
        return 0.0


if __name__ == "__main__":
    main()
