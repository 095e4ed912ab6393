"""The systems of the tutorials, examples/tutorials/*.py, on the same pairs, and ours beside them.

    python benchmarks/tutorials.py [PAIRS.tsv] [--only NAME,…] [--threads N] [--json FILE]

Each learns from the same nine tenths and is asked the rest. *Right*, BLEU and chrF are of greedy replies, as `chatbot evaluate` counts them; what the tutorials'
systems say is in small letters. Their perplexity is a word's, the unknown one among them. Seconds are those of learning, ours with the start of the command, and beside
them those of all processors.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from measuring import Report, parser, tutorial

from chatbot import bundle as bundles
from chatbot.bot import Bot
from chatbot.corpus.pairs import Pair, read_pairs
from chatbot.evaluation.metrics import allowed_replies, evaluate
from chatbot.networks.token_by_token import parameters

PAIRS = Path(__file__).parents[1] / "corpora" / "en-ko.tsv"
SYSTEMS = ("first_gru", "reversed_lstm", "reversed_lstm --gru", "batched_gru", "word_lstm", "sutskever", "additive_attention")
OURS = "chatbot train --no-interrupter"


def main() -> None:
    """Trains what is asked for, and prints a table."""
    options = parser(__doc__)
    options.add_argument("pairs", type=Path, nargs="?", default=PAIRS, metavar="PAIRS.tsv", help="(default corpora/en-ko.tsv)")
    options.add_argument("--only", metavar="NAME,…", help=f"of {', '.join((*SYSTEMS, OURS))}")
    chosen = options.parse_args()
    report = Report(f"The tutorials' systems on {chosen.pairs.name}", threads=chosen.threads, seed=1)
    learnt, asked = tutorial("first_gru").hold_out(list(read_pairs(chosen.pairs)))
    for name in chosen.only.split(",") if chosen.only else (*SYSTEMS, OURS):
        began, worked = time.perf_counter(), processors()
        bot = ours(learnt, chosen.threads) if name == OURS else theirs(name, learnt, asked)
        seconds, work = time.perf_counter() - began, processors() - worked
        scores = evaluate(bot, asked, allowed_replies(asked))
        facts: dict[str, Any] = {"processor_seconds": work, "weights": parameters(bot.network), "learnt": len(learnt), "asked": len(asked)}
        facts |= {"right": 100 * scores.right, "BLEU": scores.bleu, "chrF": scores.chrf, "signatures": f"{scores.bleu_signature} {scores.chrf_signature}"}
        if name != OURS:
            facts["perplexity"] = scores.perplexity.per_piece
        report.add(name, "s", [seconds], **facts)
        report.write(chosen.json)


def theirs(name: str, learnt: list[Pair], asked: list[Pair]) -> Bot:
    """A system of the tutorials, trained as its file does it."""
    file, *flags = name.split()
    module = tutorial(file)
    if file == "sutskever":
        return sutskever(module, learnt)
    return module.train(learnt, asked, **{flag.removeprefix("--"): True for flag in flags})


def sutskever(module: ModuleType, learnt: list[Pair]) -> Bot:
    """Network (e) after its ten epochs; its own file keeps the best of them by pairs that are held out."""
    torch.manual_seed(0)
    words = module.TwoLanguages(module.Words(pair.utterance for pair in learnt), module.Words(pair.reply for pair in learnt))
    network = module.Sutskever(len(words.heard.words), len(words.said.words))
    optimiser, batches = torch.optim.Adam(network.parameters()), module.batches_of(learnt, words)
    for number in range(1, 11):
        print(f"epoch {number}: training loss {module.epoch(network, optimiser, batches, number):.3f}", flush=True)
    return Bot(network.eval(), words, reply_limit=module.LIMIT)


def ours(learnt: list[Pair], threads: int) -> Bot:
    """Our preset, by the command that a person would type."""
    with tempfile.TemporaryDirectory() as folder:
        corpus, out = Path(folder) / "learnt.tsv", Path(folder) / "ours"
        corpus.write_text("".join(f"{pair.utterance}\t{pair.reply}\n" for pair in learnt), encoding="utf-8")
        command = [sys.executable, "-m", *OURS.split(), str(corpus), "--out", str(out), "--lowercase", "--device", "cpu", "--plain"]
        subprocess.run([*command, *(("--threads", str(threads)) if threads else ())], check=True)
        bundle = bundles.load(out)
        return Bot(bundle.listener, bundle.vocabulary)  # Bot.of packs its weights: then they cannot be counted


def processors() -> float:
    """The seconds that this process and those it has ended took of all processors."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


if __name__ == "__main__":
    main()
