"""Two processes that train together, one of which is killed, or all of which are stopped: whether they end, and whether the same command goes on.

    python benchmarks/soak/ranks.py [--moments 4] [--seed 1] [--json FILE]

torchrun starts two processes with gloo, on the pairs and the tiny network of kills.py. Two uninterrupted runs must be equal. Then rank 0 and rank 1 are killed in
turn, at moments spread evenly over the run from its first step to its last, and torchrun is sent SIGTERM and SIGINT. All must have ended within a
minute; rank 0, if it was not the one that was killed, has said one line and no traceback (torchrun's own report is its own); the same command then
ends with the weights, the scores and the log of an uninterrupted run. The first wrong outcome ends all.
"""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from kills import PATIENCE, START, Ran, Wrong, command, corpus, left_by, outcome, replies

FIRST, LAST = "first step done", "epoch   4"  # what rank 0 prints first and last of training
BOUND = 60  # seconds after which nothing of an interrupted run may be left


def main() -> None:
    """Measures, and prints a table; exits with 1 at the first wrong outcome."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from measuring import Report, parser

    options = parser(__doc__)
    options.add_argument("--moments", type=int, default=4, metavar="N", help="of each kind")
    options.add_argument("--seed", type=int, default=1, metavar="N")
    given = options.parse_args()
    report = Report(f"two processes, {given.moments} moments of each kind, seed {given.seed}", threads=given.threads)
    with tempfile.TemporaryDirectory() as temporary:
        try:
            folders = [new(Path(temporary) / f"whole {number}") for number in range(2)]
            taken = []
            for folder in folders:
                run = Torchrun(folder)
                run.wait_for(FIRST)
                taken.append(run.wait_for(LAST))
                ran = run.ended(PATIENCE)
                if ran.code:
                    raise Wrong(f"an uninterrupted run ended with {ran.last}; rank 0 said {run.said(0)!r}, rank 1 {run.said(1)!r}")
            right, seconds = outcome(folders[0] / "bundle"), min(taken)
            if outcome(folders[1] / "bundle") != right:
                raise Wrong("two uninterrupted runs differ")
            report.add("an uninterrupted run, from its first step to its last", "s", taken)
            for kind in ("KILL 0", "KILL 1", "TERM", "INT"):
                rng = random.Random(f"{given.seed} {kind}")
                found: list[dict[str, Any]] = []
                for number in range(3 * given.moments):
                    one = life(new(Path(temporary) / f"{kind} {number}"), kind, rng.random() * seconds, right)
                    found += [] if one["missed"] else [one]
                    if len(found) == given.moments:
                        break
                said = {word: sum(word in one["said"] for one in found) for word in ("another process", "stopped;")}
                for one in found:
                    print(f"    {one['where']}: code {one['code']}, it left {one['left']}; rank 0: {one['said'].strip()}", flush=True)
                report.add(
                    f"{kind}: until all had ended", "s", [one["seconds"] for one in found], codes=sorted(one["code"] for one in found), **said
                )  # fmt: skip
        except Wrong as wrong:
            print(f"WRONG, seed {given.seed}: {wrong}", flush=True)
            sys.exit(1)
        finally:
            report.write(given.json)


class Torchrun:
    """A run of two processes, from its start on."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.logs, self.began = folder, folder / f"logs {time.monotonic_ns()}", time.perf_counter()
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--log-dir", str(self.logs), "--redirects", "3"]
        self.process = subprocess.Popen([*launcher, *command()[1:]], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")

    def said(self, rank: int, stream: str = "stderr") -> str:
        """What a rank has printed so far."""
        return "".join(path.read_text("utf-8") for path in self.logs.glob(f"*/*/{rank}/{stream}.log"))

    def wait_for(self, words: str) -> float:
        """Returns the seconds until rank 0 has printed these words, or the run has ended. Raises Wrong."""
        began = time.perf_counter()
        while words not in self.said(0, "stdout") and self.process.poll() is None:
            if time.perf_counter() - began > PATIENCE:
                self.process.kill()
                raise Wrong(f"“{words}” was not printed in {PATIENCE} s")
            time.sleep(0.02)
        return time.perf_counter() - began

    def ranks(self) -> list[psutil.Process]:
        """The processes of the ranks, in order."""
        found = {}
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children():
                with suppress(psutil.NoSuchProcess, psutil.AccessDenied, KeyError):
                    found[int(child.environ()["RANK"])] = child
        return [found[rank] for rank in sorted(found)]

    def ended(self, patience: float) -> Ran:
        """Waits for the end. Raises Wrong when it hangs."""
        family: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(self.process.pid).children(recursive=True)
        try:
            out, err = self.process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            for one in family:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            raise Wrong(f"torchrun had not ended after {patience} s; rank 0 said {self.said(0)!r}, rank 1 {self.said(1)!r}") from None
        if psutil.wait_procs(family, timeout=10)[1]:
            raise Wrong("a process of the run is still there 10 s after torchrun")
        return Ran(self.process.returncode, out, err, time.perf_counter() - self.began)


def life(folder: Path, kind: str, after: float, right: dict[str, Any]) -> dict[str, Any]:
    """A run that is interrupted so many seconds after its first step, and goes on to its end. Raises Wrong for what should not be."""
    where = f"{kind}, {after:.3f} s after the first step"
    run = Torchrun(folder)
    run.wait_for(FIRST)
    with suppress(subprocess.TimeoutExpired):
        run.process.wait(after)
    ranks, missed = run.ranks(), run.process.poll() is not None
    run.began = time.perf_counter()
    if kind.startswith("KILL"):
        rank = int(kind[-1])
        with suppress(IndexError, psutil.NoSuchProcess):
            ranks[rank].kill()
    else:
        rank = -1
        run.process.send_signal(getattr(signal, f"SIG{kind}"))
    try:
        ran = run.ended(BOUND)
    except Wrong as wrong:
        raise Wrong(f"{where}: {wrong}") from None
    left, said = left_by(folder / "bundle"), run.said(0)
    finished = left == "a finished bundle" and not said
    if "Traceback" in said or (rank != 0 and said.count("\n") != 1 and not finished):
        raise Wrong(f"{where}: code {ran.code}, it left {left}, and rank 0 said {said!r}")
    if "Traceback" in run.said(1) and rank != 1:
        raise Wrong(f"{where}: code {ran.code}, it left {left}, and rank 1 said {run.said(1)!r}")
    if (folder / "bundle" / "bundle.json").exists():
        replies(folder, where)
    if left != "a finished bundle":
        again = Torchrun(folder).ended(PATIENCE)
        if again.code:
            raise Wrong(f"{where}: it left {left}, and then the same command ended with {again.last}")
    if outcome(folder / "bundle") != right:
        raise Wrong(f"{where}: it left {left}, and ended in other bytes")
    if (folder / "bundle" / "resume").exists():
        raise Wrong(f"{where}: resume/ is still there")
    shutil.rmtree(folder)
    return {"where": where, "left": left, "seconds": ran.seconds, "code": ran.code, "said": said, "missed": missed}


def new(folder: Path) -> Path:
    """A folder with what a run needs."""
    folder.mkdir()
    (folder / "pairs.tsv").write_text(corpus(), "utf-8")
    (folder / "start.py").write_text(START, "utf-8")
    return folder


if __name__ == "__main__":
    main()
