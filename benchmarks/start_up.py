"""How long a person waits before anything happens: for help, for imports, for the first step of training, for a reply from a cold start.

    python benchmarks/start_up.py [CORPUS]            # about a minute

CORPUS is trained on up to the first step; by default it is the corpus that comes with the program.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import Report, parser, seconds

CORPUS = Path(__file__).parents[1] / "corpora" / "dialog.tsv"
CHATBOT = [sys.executable, "-m", "chatbot"]


def ran(*arguments: str, said: str = "") -> None:
    """Runs Python with `arguments` from beginning to end, `said` on its stdin."""
    subprocess.run([sys.executable, *arguments], input=said, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def first_step(corpus: Path, device: str) -> float:
    """Seconds from `chatbot train` to the line that says that the first step is done."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*CHATBOT, "train", str(corpus), "--out", os.path.join(folder, "bundle"), "--plain", "--lowercase", "--device", device]
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            next(line for line in process.stdout if "first step" in line)
            waited = time.perf_counter() - began
            process.kill()
        return waited


def main() -> None:
    """Measures what the command line asks for."""
    options = parser(__doc__)
    options.add_argument("corpus", type=Path, nargs="?", default=CORPUS)
    options.add_argument("--device", default="cpu")
    options.add_argument("--times", type=int, default=5)
    chosen = options.parse_args()
    report = Report(f"start-up, {chosen.corpus.name}", threads=chosen.threads)
    works = {
        "python, nothing imported": ["-c", ""],
        "chatbot --help": ["-m", "chatbot", "--help"],
        "chatbot --version": ["-m", "chatbot", "--version"],
        "import torch": ["-c", "import torch"],
        "import chatbot.bot, torch included": ["-c", "import chatbot.bot"],
        "import chatbot.tui.app": ["-c", "import chatbot.tui.app"],
    }
    for what, arguments in works.items():
        report.add(what, "s", seconds(lambda arguments=arguments: ran(*arguments), chosen.times))  # type: ignore[misc]
    report.add("echo hi | chatbot reply", "s", seconds(lambda: ran("-m", "chatbot", "reply", "--model", "small-talk", said="hi\n"), chosen.times))
    report.add("chatbot train: first step", "s", [first_step(chosen.corpus, chosen.device) for _ in range(3)])
    report.write(chosen.json)


if __name__ == "__main__":
    main()
