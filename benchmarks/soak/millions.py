"""Ten million pairs: how fast they are prepared, how fast is trained on them, and in how much memory, beside a hundred thousand.

    python benchmarks/soak/millions.py [--pairs 10000000] [--workers 2] [--threads 2] [--folder FOLDER] [--json FILE]

The pairs are generated, always the same: utterances of 3 to 11 words of 30,000, the n-th of which comes about n times less often than the first,
and replies of which there are 500,000. They are written to a temporary folder (or to one that is named, and kept there), 80 bytes a pair.
Preparing is reading, splitting and cutting into pieces; the vocabulary is trained on a sample and counted apart. On a machine that others use as
well, pairs for a second of two processors say what it would be alone. Training is the listener of the
default preset on both data sets in turn. Every stage is a process of its own. Memory is what the operating system says a process had resident at
the most, mapped files counted. Tokens are source and target pieces that are not padding.
"""

import json
import math
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil

FEW = 100_000
BATCHES = 40_000
STEPS, ROUNDS = 40, 7  # steps of one data set before it is the other's turn; how often
WORDS, REPLIES = 30_000, 500_000
_CHUNK = 50_000


def main() -> None:
    """Measures, and prints a table."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from measuring import Report, parser  # imports torch, which the workers need not

    options = parser(__doc__)
    options.add_argument("--pairs", type=int, default=10_000_000, metavar="N")
    options.add_argument("--workers", type=int, default=2, metavar="N", help="processes that prepare")
    options.add_argument("--folder", type=Path, metavar="FOLDER", help="where pairs and ids go, and stay")
    given = options.parse_args()
    report = Report(f"{given.pairs:,} generated pairs", threads=given.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        corpora = {count: folder / f"{count}.tsv" for count in (FEW, given.pairs)}
        for count, path in corpora.items():
            if not path.exists():
                print(f"  writing {count:,} pairs …", flush=True)
                write(path, count)
        for count, path in corpora.items():
            found = apart(prepare, path, given.workers)
            what = f"{count:,} pairs"
            report.add(f"preparing {what}: reading and cutting", "pairs/s", [count / found["cutting"]])
            report.add(f"preparing {what}: the same for a second of two processors", "pairs/s", [2 * count / found["busy"]])
            report.add(f"preparing {what}: the vocabulary", "s", [found["vocabulary"]])
            report.add(f"preparing {what}: all", "s", [found["all"]])
            report.add(f"preparing {what}: memory of the process", "GB", [found["memory"]])
            report.add(f"preparing {what}: memory of the largest worker", "GB", [found["worker"]])
            report.add(f"preparing {what} again: from what is kept", "s", [found["again"]])
        found = apart(read_all, corpora[given.pairs])
        report.add(f"{BATCHES:,} batches, not trained on: a batch", "us", [found["batch"] * 1e6])
        report.add(f"{BATCHES:,} batches: memory of the process", "GB", [found["memory"]])
        few, many = apart(train, list(corpora.values()), given.threads)["rates"]
        report.add(f"training on {FEW:,} pairs", "tokens/s", few)
        report.add(f"training on {given.pairs:,} pairs", "tokens/s", many)
        report.add("the latter of the former, round by round", "", [one / other for one, other in zip(many, few, strict=True)])
        for count, path in corpora.items():
            report.add(f"training on {count:,} pairs alone: memory of the process", "GB", [apart(train, [path], given.threads)["memory"]])
    report.write(given.json)


def write(path: Path, count: int) -> None:
    """Writes `count` generated pairs, always the same."""
    rng = np.random.default_rng(1)
    syllables = [first + second for first in "bcdfghklmnprstvw" for second in ("a", "e", "i", "o", "u", "an", "er", "is")]
    words = ["".join(rng.choice(syllables, rng.integers(1, 4))) for _ in range(WORDS)]

    def sentences(number: int) -> list[str]:
        lengths = rng.integers(3, 12, number)
        ranks = np.exp(rng.random(lengths.sum()) * math.log(WORDS)).astype(int)  # the n-th about n times less often than the first
        drawn = iter([words[rank] for rank in np.minimum(ranks, WORDS - 1).tolist()])
        return [" ".join(islice(drawn, length)) for length in lengths.tolist()]

    replies = [sentence.capitalize() + "." for sentence in sentences(min(REPLIES, count))]
    beside = path.with_suffix(".part")
    with open(beside, "w", encoding="utf-8", newline="\n") as file:
        for start in range(0, count, _CHUNK):
            utterances = sentences(min(_CHUNK, count - start))
            chosen = rng.integers(0, len(replies), len(utterances)).tolist()
            file.writelines(f"{utterance}\t{replies[reply]}\n" for utterance, reply in zip(utterances, chosen, strict=True))
    beside.rename(path)


def apart(work: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    """What `work` finds out in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_report, args=(there, work, given))
    process.start()
    there.close()
    found = json.loads(here.recv())
    process.join()
    return found


def _report(connection: Any, work: Callable[..., dict[str, Any]], given: tuple[Any, ...]) -> None:
    found = work(*given)
    connection.send(json.dumps({**found, "memory": _memory(resource.RUSAGE_SELF), "worker": _memory(resource.RUSAGE_CHILDREN)}))


def _memory(whose: int) -> float:
    """GB resident at the most; of children the largest."""
    return resource.getrusage(whose).ru_maxrss / 1e6


def _dataset(path: Path, workers: int = 0, tell: Callable[[str, int, int], None] = lambda *_: None) -> Any:
    from chatbot.dataset.prepare import prepare
    from chatbot.options import VocabularyOptions

    return prepare([path], path.with_suffix(".ids"), VocabularyOptions(), workers=workers, tell=tell)


def prepare(path: Path, workers: int) -> dict[str, Any]:
    """Seconds of each stage, by the clock and of processors; what was kept before is removed."""
    for old in path.with_suffix(".ids").glob("*"):
        old.unlink()
    starts: dict[str, tuple[float, float]] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in starts or done == total:
            starts[stage if stage not in starts else "the end"] = (time.perf_counter(), _processors())

    _dataset(path, workers, tell)
    ended = time.perf_counter()
    _dataset(path, workers)
    clock, busy = ({stage: start[kind] for stage, start in starts.items()} for kind in (0, 1))
    return {
        "cutting": clock["vocabulary"] - clock["reading"] + ended - clock["tokenising"],  # reading, splitting and writing too
        "busy": busy["vocabulary"] - busy["reading"] + busy["the end"] - busy["tokenising"],
        "vocabulary": clock["tokenising"] - clock["vocabulary"],
        "all": ended - clock["reading"],
        "again": time.perf_counter() - ended,
    }


def _processors() -> float:
    """Seconds that processors have worked for this process and its children so far."""
    this = psutil.Process()
    times = [one.cpu_times() for one in (this, *this.children())]
    return sum(one.user + one.system for one in times)


def read_all(path: Path) -> dict[str, Any]:
    """Seconds of a batch, of so many that nearly every page of the mapped files is touched."""
    import torch

    from chatbot.options import BATCH

    examples = _dataset(path).train
    began = time.perf_counter()
    batches = sum(1 for _ in islice(examples.batches(BATCH, torch.Generator().manual_seed(1)), BATCHES))
    return {"batch": (time.perf_counter() - began) / batches}


def train(paths: list[Path], threads: int) -> dict[str, Any]:
    """Tokens a second on each, in turn."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")  # as the command does
    import torch

    from chatbot.networks.seq2seq import Seq2Seq
    from chatbot.options import NetworkOptions, TrainingOptions
    from chatbot.training import loop

    torch.set_num_threads(threads or torch.get_num_threads())
    runs: list[Iterator[loop.Progress]] = []
    for path in paths:
        data = _dataset(path)
        torch.manual_seed(1)
        runs.append(loop.train({"listener": Seq2Seq(NetworkOptions(), len(data.vocabulary))}, data.train, None, TrainingOptions(epochs=9)))
    rates: list[list[float]] = [[] for _ in runs]
    for turn in range(ROUNDS + 1):
        for run, rate in zip(runs, rates, strict=True):
            began = time.perf_counter()
            tokens = sum(progress.tokens for progress in islice(run, STEPS))
            if turn:  # the first is a warming up
                rate.append(tokens / (time.perf_counter() - began))
    return {"rates": rates}


if __name__ == "__main__":
    main()
