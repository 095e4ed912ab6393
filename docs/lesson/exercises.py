"""Types what an exercise of the lesson says, two trainings side by side, and shows what comes of it.

python exercises.py 2
"""

import argparse
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

AT_ONCE = 2
SMALL = "--vocabulary bpe --embedding 64 --dropout 0 --word-dropout 0 --learning-rate 0.005"
LISTS = f"chatbot train lists/train.tsv --valid lists/valid.tsv --no-interrupter --one-directional --cell gru {SMALL} --batch-tokens 512 --epochs 8 --threads 1"
MOODS = f"chatbot train moods.tsv --out models/moods --wait 1,3,5,8 --hidden 64 {SMALL} --batch-tokens 256 --epochs 12 --threads 2"
BOTTLENECK = {
    "none-16": "--attention none --hidden 16",
    "none-64": "--attention none --hidden 64",
    "none-256": "--attention none --hidden 256 --learning-rate 0.002",  # with 0.005 a network as wide as this learns nothing
    "reversed-64": "--attention none --hidden 64 --reverse-source",
    "additive-16": "--attention additive --hidden 16",
    "additive-64": "--attention additive --hidden 64",
}
FORCING = {
    "none-64": BOTTLENECK["none-64"],
    "half-forced": f"{BOTTLENECK['none-64']} --teacher-forcing 0.5",
}


@dataclass(frozen=True)
class Exercise:
    """The commands of an exercise: what makes its corpus, what trains its bundles, and what measures them."""

    corpus: str
    trainings: Sequence[str]
    measure: str


def listed(bots: dict[str, str], measure: str) -> Exercise:
    """An exercise on shopping lists."""
    folders = [f"models/{name}" for name in bots]
    trainings = [f"{LISTS} {options} --out {folder}" for options, folder in zip(bots.values(), folders, strict=True)]
    return Exercise("python lists.py", trainings, shlex.join(["python", measure, *folders]))


EXERCISES = {
    2: listed(BOTTLENECK, "by_length.py"),
    3: listed(FORCING, "hearing_itself.py"),
    4: Exercise("chatbot corpus expand moods", [MOODS], "python draws.py models/moods"),
    5: Exercise("chatbot corpus expand moods", [MOODS], "chatbot evaluate moods.tsv --model models/moods --late-cue"),
}


def do(exercise: Exercise, *, seed: int = 1) -> None:
    """Types all commands of `exercise`; a bundle that is there already is not trained again."""
    type_(exercise.corpus)
    missing = [f"{command} --seed {seed}" for command in exercise.trainings if not is_trained(command)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(type_, missing))
    print(type_(exercise.measure), end="")


def is_trained(training: str) -> bool:
    """Whether the bundle of a training is there and finished."""
    words = shlex.split(training)
    folder = Path(words[words.index("--out") + 1])
    return (folder / "bundle.json").exists() and not (folder / "resume").exists()


def type_(command: str) -> str:
    """Runs a command as this Python would, and returns what it printed. Ends the program with what it complained of, if it failed."""
    began = time.perf_counter()
    _, *words = shlex.split(command)
    start = ["-m", "chatbot"] if command.startswith("chatbot ") else []
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # in networks as small as these a second thread is only waited for
    done = subprocess.run([sys.executable, *start, *words], capture_output=True, encoding="utf-8", env=alone, check=False)
    if done.returncode:
        sys.exit(f"$ {command}\n{done.stderr}")
    print(f"$ {command}\n  {time.perf_counter() - began:.0f} s", flush=True)
    return done.stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exercise", type=int, choices=EXERCISES)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the trainings (default %(default)s)")
    chosen = parser.parse_args()
    do(EXERCISES[chosen.exercise], seed=chosen.seed)
