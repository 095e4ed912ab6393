"""How long a person waits: for help, for the first sign of training, for the first text of a reply, and how fast training is.

    python benchmarks/waiting.py            # about a minute

Prints medians with minimum and maximum. Machines differ and are shared: compare two versions on one machine, in turn.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from chatbot.batches import Examples
from chatbot.bot import Bot
from chatbot.corpus.pairs import read_pairs
from chatbot.corpus.split import split_pairs
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import parameters, twin
from chatbot.options import TrainingOptions, VocabularyOptions, network_options
from chatbot.training.loop import train
from chatbot.vocabulary import Vocabulary

CORPUS = Path(__file__).parents[1] / "corpora" / "dialog.tsv"


def report(what: str, unit: str, figures: list[float]) -> None:
    """One line: median, minimum, maximum."""
    print(f"{what:<58} {statistics.median(figures):>10,.1f} {unit:<9} ({min(figures):,.1f} to {max(figures):,.1f}, n={len(figures)})", flush=True)


def repeated(times: int, measure: Callable[[], float]) -> list[float]:
    """`times` measurements after one that does not count."""
    measure()
    return [measure() for _ in range(times)]


def start_of_help() -> float:
    """Milliseconds of `chatbot --help`."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "chatbot", "--help"], stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000


def first_step(device: str) -> float:
    """Seconds from `chatbot train` to the line that says that the first step is done."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "chatbot", "train", str(CORPUS), "--out", f"{folder}/bundle", "--plain", "--lowercase", "--device", device]
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            next(line for line in process.stdout if "first step" in line)
            waited = time.perf_counter() - began
            process.kill()
        return waited


def training(preset: str, device: str, steps: int) -> None:
    """Tokens a second of each network, and the share of them that is not padding."""
    parts = split_pairs(read_pairs(CORPUS))
    options = VocabularyOptions(lowercase=True)
    vocabulary = Vocabulary.train((pair.utterance for pair in parts.train), (pair.reply for pair in parts.train), options)
    examples = Examples(parts.train, vocabulary, torch.device(device))
    network = network_options(preset)
    listener = Seq2Seq(network, len(vocabulary)).to(device)
    interrupter = twin(network, len(vocabulary), wait=1, target=parameters(listener)).to(device)
    for name, one in (("listener", listener), ("interrupter", interrupter)):
        rates, tokens, padded, began = [], 0, 0, time.perf_counter()
        for progress in train({name: one}, examples, None, TrainingOptions(epochs=1)):
            tokens, padded = tokens + progress.tokens, padded + progress.padded
            if progress.step % 25 == 0:
                rates.append(25 * tokens / progress.step / (time.perf_counter() - began))
                began = time.perf_counter()
            if progress.step >= steps:
                break
        report(f"training, {name}, {preset}, real/padded {tokens / padded:.3f}", "tokens/s", rates[1:])


def first_text() -> float:
    """Milliseconds from Enter to the first text of a greedy reply, and throws the rest away."""
    began = time.perf_counter()
    next(chunk for chunk in BOT.stream("today's perfect weather makes me so sad") if chunk)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--device", default="cpu")
    arguments.add_argument("--preset", default="small")
    arguments.add_argument("--steps", type=int, default=200)
    chosen = arguments.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {chosen.device}")
    report("chatbot --help", "ms", repeated(5, start_of_help))
    report("chatbot train: first step", "s", repeated(2, lambda: first_step(chosen.device)))
    training(chosen.preset, chosen.device, chosen.steps)
    torch.set_num_threads(1)
    BOT = Bot.load("small-talk")
    report("greedy reply: first text, warm, one thread", "ms", repeated(50, first_text))
    report("greedy reply: whole, warm, one thread", "ms", repeated(50, lambda: BOT.reply("today's perfect weather makes me so sad").milliseconds))
