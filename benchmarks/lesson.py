"""The exercises of docs/lesson.md, done as a class does them, with several seeds.

    python benchmarks/lesson.py FOLDER --json benchmarks/results/lesson.json

FOLDER/SEED is where a seed does them. A bundle that is there already is not trained again, there or in a later exercise, as in the lesson: the
seconds of an exercise are told where something was left to be trained.
"""

import contextlib
import json
import os
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from measuring import Report, parser

LESSON = Path(__file__).parents[1] / "docs" / "lesson"
sys.path.insert(0, str(LESSON))

import by_length  # noqa: E402 what the class runs lies beside its page
import draws  # noqa: E402
import exercises  # noqa: E402
import hearing_itself  # noqa: E402


def main() -> None:
    """Does the exercises and prints the figures."""
    options = parser(__doc__)
    options.add_argument("folder", type=Path, metavar="FOLDER")
    options.add_argument("--seeds", type=int, default=2, metavar="N", help="(default %(default)s)")
    chosen = options.parse_args()
    report = Report(f"The exercises of the lesson, seeds 1 to {chosen.seeds}", threads=chosen.threads or 1, seed=1)
    found = defaultdict[tuple[str, str], list[float]](list)
    for seed in range(1, chosen.seeds + 1):
        shutil.copytree(LESSON, chosen.folder / str(seed), dirs_exist_ok=True)
        with contextlib.chdir(chosen.folder / str(seed)):
            for what, unit, value in lesson(seed):
                found[what, unit].append(value)
    for (what, unit), values in found.items():
        report.add(what, unit, values)
    report.write(chosen.json)


def lesson(seed: int) -> Iterator[tuple[str, str, float]]:
    """Yields what each figure is, its unit and its value."""
    figures = {2: bottleneck, 3: forcing, 4: sampling, 5: waiting}
    for number, exercise in exercises.EXERCISES.items():
        done = all(map(exercises.is_trained, exercise.trainings))
        began, before = time.perf_counter(), os.times()
        exercises.do(exercise, seed=seed)
        after = os.times()
        if not done:
            yield f"exercise {number}", "s", time.perf_counter() - began
            yield f"exercise {number}", "processor s", sum(after[2:4]) - sum(before[2:4])
        yield from figures[number]()


def bottleneck() -> Iterator[tuple[str, str, float]]:
    """Exercise 2: lists right by their length."""
    for name in exercises.BOTTLENECK:
        for length, right in by_length.right_by_length(f"models/{name}").items():
            yield f"lists of {length} words right, {name}", "%", 100 * right


def forcing() -> Iterator[tuple[str, str, float]]:
    """Exercise 3: with the teacher's words and with its own."""
    for name in exercises.FORCING:
        one = hearing_itself.measured(f"models/{name}")
        yield f"perplexity a piece, {name}", "", one.perplexity
        yield f"words right, whispered to, {name}", "%", 100 * one.whispered
        yield f"words right, alone, {name}", "%", 100 * one.alone
        yield f"lists right, alone, {name}", "%", 100 * one.lists


def sampling() -> Iterator[tuple[str, str, float]]:
    """Exercise 4: right and different replies by temperature and top-p."""
    for one in draws.drawn("models/moods"):
        yield f"draws right, temperature {one.temperature:g}, top-p {one.top_p:g}", "%", 100 * one.right
        yield f"different replies, temperature {one.temperature:g}, top-p {one.top_p:g}", f"of {draws.DRAWS}", one.different


def waiting() -> Iterator[tuple[str, str, float]]:
    """Exercise 5: pairs right by the number of words before the cue, apart from those that are late by definition."""
    report = json.loads(exercises.type_(f"{exercises.EXERCISES[5].measure} --json"))["late_cues"]
    for speaker in report["speakers"]:
        for position, outcome in zip(report["positions"], speaker["positions"], strict=True):
            where = f"{speaker['name']}, {position['least']} words before the cue"
            yield f"pairs right, {where}", "%", 100 * outcome["pairs"]["share"]
            yield f"late by definition, {where}", "pairs", outcome["late"]
            yield f"pairs, {where}", "pairs", outcome["pairs"]["of"]


if __name__ == "__main__":
    main()
