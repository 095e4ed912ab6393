"""Disks that are full before or in the midst of a run: whether it says so in one line, the bundle that is there stays whole, and the same command goes on later.

    python benchmarks/soak/disks.py [--moments 8] [--seed 1] [--json FILE]

Needs root on Linux: a tmpfs of some megabytes holds a finished bundle of kills.py, and `chatbot train --fresh` with another seed writes there. First the disk
is filled before the run, up to several remainders from nothing to what a run needs; then it is filled in the midst of a run, before files chosen at random are
put in their places. Who finds no room ends with one line and code 2, and the bundle that is there (the old one, or the new one once it has its first best) is
whole and replies. When the room is free again, the same command ends with the weights, the scores and the log of a run that always had room. Last, the same
without an old bundle. The first wrong outcome ends all.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from kills import PATIENCE, START, Ran, Wrong, _ended, _started, command, corpus, left_by, outcome, replies, run

SIZE = 8 << 20
SMALL = ("--fresh", "--plan", "0")  # a plan would take more than such a disk
REMAINDERS = (0, 4, 16, 64, 128, 256, 384, 512, 768, 1024, 1536)  # KiB


def main() -> None:
    """Measures, and prints a table; exits with 1 at the first wrong outcome."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from measuring import Report, parser

    options = parser(__doc__)
    options.add_argument("--moments", type=int, default=8, metavar="N", help="at which it is filled, with an old bundle and without")
    options.add_argument("--seed", type=int, default=1, metavar="N")
    given = options.parse_args()
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        print("skipped: a tmpfs can be mounted by root only")
        return
    report = Report(f"a disk of {SIZE >> 20} MiB that is filled, seed {given.seed}", threads=given.threads)
    with tempfile.TemporaryDirectory() as temporary:
        try:
            disk = Disk(Path(temporary))
            report.add("a run that has room", "s", [disk.seconds], files_moved=disk.moves)
            for old in (True, False):
                beside = "" if old else ", no old bundle"
                for remainder in REMAINDERS:
                    report.add(f"{remainder} KiB left before the run{beside}", "", [1], **disk.trial(old, left=remainder << 10))
                rng = random.Random(f"{given.seed} {old}")
                for at in sorted(rng.sample(range(1, disk.moves), min(given.moments, disk.moves - 1))):
                    report.add(f"filled before the {at}th move of a file{beside}", "", [1], **disk.trial(old, at=at))
        except Wrong as wrong:
            print(f"WRONG, seed {given.seed}: {wrong}", flush=True)
            sys.exit(1)
        finally:
            report.write(given.json)


class Disk:
    """A folder in which a small disk is mounted when it is needed, and what runs on it come to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bundle = folder, folder / "disk" / "bundle"
        (folder / "disk").mkdir()
        (folder / "pairs.tsv").write_text(corpus(), "utf-8")
        (folder / "start.py").write_text(START, "utf-8")
        (folder / "bundle").symlink_to("disk/bundle")
        with self.mounted():
            self.must(self.again(seed=1))
            self.old, self.first = outcome(self.bundle), {path.name: path.read_bytes() for path in self.bundle.iterdir()}
            ran = self.must(self.again(seed=2, environment={"KILL_AT": "1000000"}))
            self.new, self.seconds = outcome(self.bundle), ran.seconds
            self.moves = int((folder / "moves").read_text())

    def trial(self, old: bool, *, left: int = 0, at: int = 0) -> dict[str, Any]:
        """A run on a disk with so much room left, or one that is filled before so many files were moved. Raises Wrong."""
        where = f"{f'filled before move {at}' if at else f'{left} bytes left'}{'' if old else ', without an old bundle'}"
        with self.mounted():
            if old:
                self.bundle.mkdir()
                for name, content in self.first.items():
                    (self.bundle / name).write_bytes(content)
            if at:
                ran = self.filled(at)
            else:
                self.fill(left)
                ran = self.again(seed=2)
            state = left_by(self.bundle)
            right = ran.code == 0 or (ran.code == 2 and ran.err.count("\n") == 1 and ran.err.startswith("chatbot: ") and "No space left" in ran.err)
            if not right:
                raise Wrong(f"{where}: {ran.last}; it left {state}")
            if list(self.folder.glob("disk/**/*.part")):
                raise Wrong(f"{where}: it left a half-written file: {list(self.folder.glob('disk/**/*.part'))}")
            is_old = old and (self.bundle / "bundle.json").exists() and outcome(self.bundle)["files"] == self.old["files"]
            if old or (self.bundle / "bundle.json").exists():
                replies(self.folder, where)
            self.free()
            if ran.code:
                finished = self.again(seed=2)
                if finished.code:
                    raise Wrong(f"{where}: it ended with {ran.err!r} and left {state}; with room again the same command ended with {finished.last}")
            if (found := outcome(self.bundle)) != self.new:
                raise Wrong(
                    f"{where}: it left {state}, and with room again it ended in other {', '.join(name for name in found if found[name] != self.new[name])}"
                )
            if (self.bundle / "resume").exists():
                raise Wrong(f"{where}: resume/ is still there")
        return {"code": ran.code, "left": state, "whose": "the old one's" if is_old else "the new one's", "said": ran.err.strip().partition(": ")[2][-90:]}

    def filled(self, at: int) -> Ran:
        """A run that holds on before a move of a file, and goes on when the disk is full."""
        environment = {"KILL_AT": str(at), "KILL_WITH": "SIGSTOP"}
        began = _started(self.folder, command(*SMALL, out="disk/bundle", seed=2), environment)
        while began.poll() is None and psutil.Process(began.pid).status() != psutil.STATUS_STOPPED:
            time.sleep(0.01)
        self.fill(0)
        began.send_signal(signal.SIGCONT)
        return _ended(began, 0, PATIENCE)

    def again(self, seed: int, environment: dict[str, str] | None = None) -> Ran:
        """A run to its end."""
        return run(self.folder, command(*SMALL, out="disk/bundle", seed=seed), environment)

    def must(self, ran: Ran) -> Ran:
        """`ran`, which must have ended well."""
        if ran.code:
            raise Wrong(f"a run that had room ended with {ran.last}")
        return ran

    def room(self) -> int:
        """Bytes that are free."""
        found = os.statvfs(self.folder / "disk")
        return found.f_bfree * found.f_bsize

    def fill(self, left: int) -> None:
        """Takes the room, but for so many bytes."""
        with open(self.folder / "disk" / "filler", "wb", buffering=0) as file, suppress(OSError):
            while (room := self.room() - left) > 0:
                file.write(bytes(min(room, 1 << 16)))

    def free(self) -> None:
        """Gives the room back."""
        (self.folder / "disk" / "filler").unlink()

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """The disk, empty."""
        disk = self.folder / "disk"
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", disk], capture_output=True, text=True)
        if made.returncode:
            print(f"skipped: {made.stderr.strip()}")
            sys.exit(0)
        try:
            yield
        finally:
            subprocess.run(["umount", "-l", disk], check=True)


if __name__ == "__main__":
    main()
