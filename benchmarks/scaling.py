"""What training costs against the size of the networks and the number of processes, on random pairs of the lengths of a chat.

    python benchmarks/scaling.py [--threads 2] [--rounds 3] [--json FILE]

Tokens are source and target pieces that are not padding. Every figure is a process (or several) of its own, and all of them come in turn. Of
`processes` each has its share of the threads: two processes with one thread each, and one with two. With one process, networks that learn at the
same time, each with its own threads, are compared with the listener alone on all of them.
"""

import json
import os
import subprocess
import sys
from argparse import SUPPRESS
from itertools import accumulate

import torch
from measuring import Report, matrix_rate, parser

from chatbot.batches import Examples, Ragged
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import parameters, twin
from chatbot.options import PRESETS, TrainingOptions, network_options
from chatbot.training.loop import train
from chatbot.training.processes import together
from chatbot.vocabulary import BOS, EOS, PAD, SEP

PIECES = 2500


def main() -> None:
    """Measures, and prints a table."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=3, metavar="N")
    options.add_argument("--steps", type=int, default=60, metavar="N", help="of each, after a tenth as many that do not count")
    options.add_argument("--worker", nargs=4, help=SUPPRESS)
    chosen = options.parse_args()
    threads = chosen.threads or 2
    if chosen.worker:
        preset, both, batch_tokens, share = chosen.worker
        worker(preset, both == "both", int(batch_tokens), threads=int(share), steps=chosen.steps)
        return
    report = Report("scaling", threads=threads, seed=1)
    cases = {f"{preset}, {which}": (preset, which, 1024, 1) for preset in PRESETS for which in ("listener", "both")}
    cases |= {f"small, both, {tokens:,} tokens a step": ("small", "both", tokens, 1) for tokens in (2048, 4096)}
    cases |= {f"{preset}, both, 2 processes": (preset, "both", 1024, 2) for preset in ("small", "base")}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in cases}
    rates = []
    for _ in range(chosen.rounds):
        rates.append(matrix_rate())
        for name, case in cases.items():
            found[name].append(run(*case, threads=threads, steps=chosen.steps))
    report.add("2048 x 2048 matrix products, fp32", "GFLOP/s", rates)
    for name, ones in found.items():
        report.add(name, "tokens/s", [one["rate"] for one in ones], parameters=int(ones[0]["parameters"]))
    report.write(chosen.json)


def run(preset: str, which: str, batch_tokens: int, processes: int, *, threads: int, steps: int) -> dict[str, float]:
    """One measurement in processes of its own."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    command = [sys.executable, *launcher, __file__, "--steps", str(steps), "--worker", preset, which, str(batch_tokens), str(threads // processes)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads // processes), "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "128"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def worker(preset: str, both: bool, batch_tokens: int, *, threads: int, steps: int) -> None:
    """Trains some steps, and the first process prints tokens a second and how many weights there are."""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    options = network_options(preset)
    networks: dict[str, torch.nn.Module] = {"listener": Seq2Seq(options, PIECES)}
    if both:
        networks["interrupter-1"] = twin(options, PIECES, wait=1, target=parameters(networks["listener"]))
    with together() as processes:
        tokens, seconds = 0, 0.0
        for progress in train(networks, random_examples(), None, TrainingOptions(batch_tokens=batch_tokens), processes=processes):
            if progress.step == steps // 10:
                tokens, seconds = counted(progress)
            if progress.step == steps:
                more, later = counted(progress)
                break
        if processes.first:
            print(json.dumps({"rate": (more - tokens) / (later - seconds), "parameters": sum(map(parameters, networks.values()))}))


def counted(progress: object) -> tuple[int, float]:
    """Tokens and seconds of the run so far."""
    place = progress.checkpoint().facts["place"]  # type: ignore[attr-defined]
    return place["tokens"], place["seconds"]


def random_examples(number: int = 20_000) -> Examples:
    """Pairs of random pieces: 4 to 16 of them heard, 6 to 26 said."""
    draw = torch.Generator().manual_seed(1)

    def side(least: int, most: int, ends: bool) -> Ragged:
        lengths = torch.randint(least, most + 1, (number,), generator=draw) + 2 * ends
        starts = torch.tensor([0, *accumulate(lengths.tolist())])
        flat = torch.randint(SEP + 1, PIECES, (int(starts[-1]) + 1,), generator=draw)
        flat[-1] = PAD
        if ends:
            flat[starts[:-1]], flat[starts[1:] - 1] = BOS, EOS
        return Ragged.of(flat, starts)

    return Examples.of(side(4, 16, False), side(6, 26, True))


if __name__ == "__main__":
    main()
