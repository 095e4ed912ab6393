"""Runs that are killed, stopped and interrupted at random moments: what is on disk afterwards, and whether the same command ends in the same bytes.

    python benchmarks/soak/kills.py [--moments 50] [--kinds KILL,TERM,INT,move] [--seed 1] [--jobs 2] [--json FILE]

A run is `chatbot train` of a tiny network and its twin on generated pairs, some seconds long, with a checkpoint every fifth of a second and a process beside
it that trains the vocabulary. Moments are spread evenly over the time that an uninterrupted run takes, Python's start included; after four in ten of them the
run that goes on is interrupted as well. KILL, TERM and INT are signals; `move` is a SIGKILL just before or after the run puts a file in its place or removes
one, any of them alike. After each, a bundle that is there must reply; then the same command must end with the weights, the vocabulary, the scores and
the log of an uninterrupted run, and leave no `resume/`. A run that was asked to stop must do so with 128 + n and one line. A signal before Python has begun
to listen for it, or after all is done, has the system's own answer: that is counted, with the tracebacks among them. The first wrong outcome ends all.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

PATIENCE = 180  # seconds that a process may take before it counts as one that hangs
AGAIN = 0.4  # how often a run that goes on is interrupted as well
PYTHON = Path(sys.executable)
START = '''"""`chatbot`, with checkpoints oftener and workers earlier than a person wants; killed at a move of a file when the environment says so."""
import os, signal
from chatbot.cli import main, train

moves, check_room = [], train._check_room

class Stop(train.Stop):
    def __enter__(self):
        stop = super().__enter__()
        open("listening", "w").close()
        return stop

def counted(function):
    def move(*arguments, **named):
        moves.append(1)
        if len(moves) == kill_at:
            os.kill(os.getpid(), getattr(signal, os.environ.get("KILL_WITH", "SIGKILL")))
        result = function(*arguments, **named)
        if len(moves) == -kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return move

def hurried(folder, fresh):  # called before torch is imported, when the run already listens for signals
    check_room(folder, fresh)
    from chatbot.cli import training_run
    from chatbot.dataset import prepare
    training_run.CHECKPOINT_SECONDS = 0.2
    prepare.SMALL = prepare.TINY = 0

train._check_room, train.Stop = hurried, Stop
if kill_at := int(os.environ.get("KILL_AT", "0")):
    os.replace, os.unlink, os.rmdir = map(counted, (os.replace, os.unlink, os.rmdir))
if __name__ == "__main__":  # not in a process that it starts
    try:
        main.main()
    finally:
        with open("moves", "w") as file:
            file.write(str(len(moves)))
'''
TRAIN = ["--preset", "tiny", "--hidden", "16", "--embedding", "16", "--epochs", "4", "--batch-tokens", "500", "--plain", "--device", "cpu", "--threads", "1"]


class Wrong(Exception):
    """An outcome that must not be."""


@dataclass(frozen=True)
class Ran:
    """What came of a process."""

    code: int
    out: str
    err: str
    seconds: float
    missed: bool = False  # it had ended by itself before it was to be interrupted

    @property
    def last(self) -> str:
        """How it ended, in a line."""
        return f"code {self.code}, stderr {self.err[-1500:]!r}"


@dataclass(frozen=True)
class Interruption:
    """How an interrupted run ended, and what it left."""

    code: int
    left: str
    half: bool  # a file that was being written was left as it was
    bundle: bool
    traceback: bool


def main() -> None:
    """Measures, and prints a table; exits with 1 at the first wrong outcome."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from measuring import Report, parser

    options = parser(__doc__)
    options.add_argument("--moments", type=int, default=50, metavar="N", help="of each kind")
    options.add_argument("--kinds", default="KILL,TERM,INT,move", metavar="KIND[,KIND…]")
    options.add_argument("--seed", type=int, default=1, metavar="N")
    options.add_argument("--jobs", type=int, default=2, metavar="N", help="runs at a time")
    given = options.parse_args()
    report = Report(f"{given.moments} moments of each kind, seed {given.seed}", threads=given.threads)
    with tempfile.TemporaryDirectory() as temporary:
        soak = Soak(Path(temporary), given.seed, given.jobs)
        try:
            soak.measure()
            report.add("an uninterrupted run", "s", [soak.seconds], files_moved=soak.moves)
            for kind in given.kinds.split(","):
                began = time.perf_counter()
                found = soak.kind(kind, given.moments)
                report.add(f"{kind}: moments after which all was well", "", [len(found)], minutes=(time.perf_counter() - began) / 60)
                for name, number in sorted(Counter(one.left for one in found).items()):
                    report.add(f"{kind}: it left {name}", "", [number])
                for name, number in sorted(Counter(str(one.code) for one in found).items()):
                    report.add(f"{kind}: exit code {name}", "", [number], tracebacks=sum(one.traceback for one in found if str(one.code) == name))
                report.add(f"{kind}: a half-written file was left", "", [sum(one.half for one in found)])
                report.add(f"{kind}: a bundle was there, and replied", "", [sum(one.bundle for one in found)])
        except Wrong as wrong:
            print(f"WRONG, seed {given.seed}: {wrong}", flush=True)
            sys.exit(1)
        finally:
            report.write(given.json)


class Soak:
    """Many runs of one command, each in a folder of its own."""

    def __init__(self, folder: Path, seed: int, jobs: int) -> None:
        self.folder, self.seed, self.jobs = folder, seed, jobs
        self.seconds, self.moves = 0.0, 0
        self.right: dict[str, Any] = {}

    def measure(self) -> None:
        """What uninterrupted runs come to, and how long they take when as many run at a time as later on. Raises Wrong when they differ."""
        folders = [self._new(f"whole {number}") for number in range(self.jobs)]
        with ThreadPoolExecutor(self.jobs) as pool:
            runs = list(pool.map(lambda folder: run_to_the_end(folder, {"KILL_AT": "1000000"}), folders))
        for folder, ran in zip(folders, runs, strict=True):
            if ran.code:
                raise Wrong(f"an uninterrupted run ended with {ran.last}")
            self.right = self.right or outcome(folder / "bundle")
            if outcome(folder / "bundle") != self.right:
                raise Wrong("two uninterrupted runs differ")
            self.moves = int((folder / "moves").read_text())
        self.seconds = min(ran.seconds for ran in runs)

    def kind(self, kind: str, moments: int) -> list[Interruption]:
        """Interrupts at so many moments, `jobs` runs at a time. Raises Wrong, as soon as the runs that are under way have come to their end."""
        numbers, found, wrong = iter(range(10 * moments)), list[Interruption](), list[Wrong]()

        def work() -> None:
            while len(found) < moments and not wrong and (number := next(numbers, None)) is not None:
                try:
                    self._life(kind, number, found)
                except Wrong as error:
                    wrong.append(error)

        with ThreadPoolExecutor(self.jobs) as pool:
            for worker in [pool.submit(work) for _ in range(self.jobs)]:
                worker.result()
        if wrong:
            raise wrong[0]
        if len(found) < moments:
            raise Wrong(f"most of the runs had ended before they were interrupted, after less than {self.seconds:.1f} s")
        return found

    def _life(self, kind: str, number: int, found: list[Interruption]) -> None:
        """A run that is interrupted once or twice and then comes to its end; what was done is added to `found`. A run that was faster does not count."""
        rng, folder, moments = random.Random(f"{self.seed} {kind} {number}"), self._new(f"{kind} {number}"), list[str]()
        while not moments or (len(moments) == 1 and rng.random() < AGAIN):
            if kind == "move":
                at = rng.randint(1, self.moves) * rng.choice((1, -1))
                moments.append(f"{'before' if at > 0 else 'after'} move {abs(at)}")
                ran = run_to_the_end(folder, {"KILL_AT": str(at)})
            else:
                after = rng.random() * self.seconds
                moments.append(f"after {after:.3f} s")
                ran = interrupted(folder, int(getattr(signal, f"SIG{kind}")), after)
            where = f"{kind} of run {number}, {' and '.join(moments)}"
            if ran.missed:
                break
            found.append(judged(folder, kind, where, ran))
        finish(folder, where, self.right)
        shutil.rmtree(folder)

    def _new(self, name: str) -> Path:
        folder = self.folder / name.replace(" ", "-")
        folder.mkdir()
        (folder / "pairs.tsv").write_text(corpus(), "utf-8")
        (folder / "start.py").write_text(START, "utf-8")
        return folder


def corpus() -> str:
    """1,200 pairs of 40 words, with eight replies."""
    rng = random.Random(1)
    words = ["".join(rng.choices([first + second for first in "bcdfghklmnprstvw" for second in "aeiou"], k=3)) for _ in range(40)]
    verbs, things, places = words[:20], words[20:24], words[24:39]
    return "".join(
        f"{verb} {thing} {place}\t{thing} {words[39] if number % 2 else things[0]}\n"
        for number, verb in enumerate(verbs)
        for thing in things
        for place in places
    )


def command(*more: str, out: str = "bundle", seed: int = 1) -> list[str]:
    """The command of a run."""
    return [str(PYTHON), "start.py", "train", "pairs.tsv", "--out", out, "--seed", str(seed), *TRAIN, *more]


def run(folder: Path, words: Sequence[str], environment: Mapping[str, str] | None = None, *, patience: float = PATIENCE) -> Ran:
    """Runs a command to its end. Raises Wrong when it hangs."""
    return _ended(_started(folder, words, environment), time.perf_counter(), patience)


def run_to_the_end(folder: Path, environment: Mapping[str, str] | None = None) -> Ran:
    """The command of a run, as a person types it again; `missed` when it was to be killed and was not."""
    ran = run(folder, command(), environment)
    return replace(ran, missed=ran.code != -signal.SIGKILL)


def interrupted(folder: Path, which: int, after: float) -> Ran:
    """Begins a run, sends it a signal after so many seconds, and waits for it and for the processes that it has started. Raises Wrong when one hangs."""
    began = time.perf_counter()
    process = _started(folder, command())
    with suppress(subprocess.TimeoutExpired):
        process.wait(after)
    beside: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        beside = psutil.Process(process.pid).children(recursive=True)
    missed = process.poll() is not None
    process.send_signal(which)
    ran = replace(_ended(process, began, PATIENCE), missed=missed)
    if psutil.wait_procs(beside, timeout=30)[1]:
        raise Wrong("a process that the run had started is still there 30 s after it")
    return ran


def judged(folder: Path, kind: str, where: str, ran: Ran) -> Interruption:
    """What an interrupted run has left. Raises Wrong when that is not what it should be."""
    bundle, number = folder / "bundle", 0 if kind == "move" else int(getattr(signal, f"SIG{kind}"))
    left = left_by(bundle)
    heard = (folder / "listening").exists() and left != "a finished bundle"
    traceback = "Traceback" in ran.err
    if kind in ("KILL", "move"):
        right = ran.code == -signal.SIGKILL or (ran.code == 0 and left == "a finished bundle") or is_finished(ran)
        right = right and not traceback
    else:
        asked = ran.code == 128 + number and not traceback and ran.err.count("\n") <= 1
        unheard = ran.code in (-number, 128 + number) and not heard
        right = asked or unheard or (ran.code == 0 and left == "a finished bundle" and not ran.err) or is_finished(ran)
    if not right:
        raise Wrong(f"{where}: {ran.last}; it left {left}")
    if there := (bundle / "bundle.json").exists():
        replies(folder, where)
    return Interruption(ran.code, left, any(bundle.rglob("*.part")), there, traceback)


def replies(folder: Path, where: str) -> None:
    """Asks the bundle. Raises Wrong when it does not reply."""
    ran = run(folder, [str(PYTHON), "-m", "chatbot", "reply", "--model", "./bundle", corpus().partition("\t")[0]])
    if ran.code or ran.err or ran.out.count("\n") != 1:
        raise Wrong(f"{where}: the bundle does not reply: {ran.last}")


def finish(folder: Path, where: str, right: Mapping[str, Any]) -> None:
    """The same command once more. Raises Wrong when it does not end as an uninterrupted run does."""
    before = left_by(folder / "bundle")
    ran = run_to_the_end(folder)
    if ran.code and not (before == "a finished bundle" and is_finished(ran)):
        raise Wrong(f"{where}: it left {before}, and then the same command ended with {ran.last}")
    if (found := outcome(folder / "bundle")) != right:
        differs = "; ".join(f"{name}: {found[name]}, not {right[name]}" for name in right if right[name] != found[name])
        raise Wrong(f"{where}: it ended in other {differs[:2000]}")
    if (folder / "bundle" / "resume").exists():
        raise Wrong(f"{where}: resume/ is still there: {sorted(path.name for path in (folder / 'bundle' / 'resume').rglob('*'))}")


def is_finished(ran: Ran) -> bool:
    """Whether a run was refused for nothing was left to do."""
    return ran.code == 2 and "a finished bundle is there" in ran.err and ran.err.count("\n") == 1


def left_by(bundle: Path) -> str:
    """What is on disk of a run, in words."""
    best, checkpoint = (bundle / "bundle.json").exists(), (bundle / "resume" / "resume.json").exists()
    if best:
        return "a bundle and a checkpoint" if checkpoint else "a finished bundle"
    if checkpoint:
        return "a checkpoint"
    if not bundle.exists():
        return "nothing"
    return "the corpus, cut" if (bundle / "resume" / "ids" / "dataset.json").exists() else "a beginning"


def outcome(bundle: Path) -> dict[str, Any]:
    """What a run has come to: the sha256 of each file, as told and as it is, the scores, and the log without what a clock says. Raises Wrong."""
    told = json.loads((bundle / "bundle.json").read_text("utf-8"))
    for file in told["files"].values():
        if hashlib.sha256((bundle / file["name"]).read_bytes()).hexdigest() != file["sha256"]:
            raise Wrong(f"{file['name']} is not what bundle.json says")
    log = [json.loads(line) for line in (bundle / "log.jsonl").read_text("utf-8").splitlines()]
    names = sorted(path.name for path in bundle.iterdir())
    return {
        "files": told["files"], "scores": told["scores"], "log": [{**line, "tokens_per_second": 0} for line in log], "names": names,
    }  # fmt: skip


def _started(folder: Path, words: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    (folder / "listening").unlink(missing_ok=True)
    return subprocess.Popen(
        words, cwd=folder, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


def _ended(process: subprocess.Popen[str], began: float, patience: float) -> Ran:
    try:
        out, err = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise Wrong(f"it hung for {patience:.0f} s; stdout {out[-500:]!r}, stderr {err[-500:]!r}") from None
    return Ran(process.returncode, out, err, time.perf_counter() - began)


if __name__ == "__main__":
    main()
