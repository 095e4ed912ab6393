"""`chatbot corpus check` on a million pairs: seconds and memory, of each number of processes, with and without a cleaned copy.

    python benchmarks/checking.py [--pairs 1000000] [--folder FOLDER] [--json FILE]

The pairs are those of benchmarks/soak/millions.py; a hundredth of them is said again, and every thousandth line is no pair. Each run is the command
itself, from its start to its end. Memory is what all of its processes had together at the most, looked at twenty times a second (pages that they
share counted once for each). Seconds of processors are those of all processes together.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "soak"))

import millions
from measuring import Report, parser

EVERY = 0.05  # seconds


def main() -> None:
    """Measures, and prints a table."""
    options = parser(__doc__)
    options.add_argument("--pairs", type=int, default=1_000_000, metavar="N")
    options.add_argument("--folder", type=Path, metavar="FOLDER", help="where the pairs go, and stay")
    given = options.parse_args()
    report = Report(f"{given.pairs:,} generated pairs are checked", threads=given.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        corpus = folder / f"faulty-{given.pairs}.tsv"
        if not corpus.exists():
            write(corpus, given.pairs)
        report.add("the file", "MB", [corpus.stat().st_size / 1e6])
        clean = folder / "clean.tsv"
        for what, arguments in {
            "corpus check": ["check", str(corpus), "--json"],
            "corpus check --fix": ["check", str(corpus), "--json", "--fix", str(clean), "--force"],
            "corpus stats": ["stats", str(corpus), "--json"],
            "corpus split of the cleaned copy": ["split", str(clean), "--out", str(folder / "parts"), "--force"],
        }.items():
            seconds, busy, memory = run(["corpus", *arguments])
            report.add(f"{what}: by the clock", "s", [seconds])
            report.add(f"{what}: of processors", "s", [busy])
            report.add(f"{what}: memory of all processes", "GB", [memory])
    report.write(given.json)


def write(path: Path, count: int) -> None:
    """Writes the pairs, some of them twice, with lines among them that are none."""
    plain = path.with_suffix(".plain")
    millions.write(plain, count)
    with open(plain, "rb") as file, open(path, "wb") as faulty:
        for number, line in enumerate(file, 1):
            faulty.write(line if number % 100 else line * 2)
            if number % 1000 == 0:
                faulty.write(b"no tab\n")
    plain.unlink()


def run(arguments: list[str]) -> tuple[float, float, float]:
    """Seconds by the clock, seconds of processors, and the most GB, of one command."""
    began, most = time.perf_counter(), 0
    with subprocess.Popen([sys.executable, "-m", "chatbot", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        this, busy = psutil.Process(process.pid), 0.0
        while process.poll() is None:
            try:
                everyone = [this, *this.children(recursive=True)]
                most = max(most, sum(one.memory_info().rss for one in everyone))
                times = [one.cpu_times() for one in everyone]
                busy = max(
                    busy, sum(one.user + one.system for one in times), times[0].user + times[0].system + times[0].children_user + times[0].children_system
                )
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                pass
            time.sleep(EVERY)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    return time.perf_counter() - began, busy, most / 1e9


if __name__ == "__main__":
    main()
