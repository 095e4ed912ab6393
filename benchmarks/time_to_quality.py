"""How good a network is after how many seconds from the start of the command: reading, vocabulary and ids included, scoring not.

    python benchmarks/time_to_quality.py CORPUS.tsv --test TEST.tsv --fast --threads 2 [--json FILE]

Trains the listener alone, by the loop of `chatbot train`, on all pairs of CORPUS.tsv, and stops the clock now and then to score it on TEST.tsv:
BLEU (sacreBLEU, greedy, raw text, 13a, lower-cased), and the share of replies that are right where CORPUS.tsv has topics or says which replies
it allows. `--fast` are options that come to 28.3 BLEU on Multi30k de-en in one epoch; each can be given by itself, under its name in `chatbot train`.
"""

import argparse
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import psutil
import torch
from measuring import Report, matrix_rate, parser

from chatbot.batches import Examples
from chatbot.bot import Bot
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair, read_pairs
from chatbot.evaluation.metrics import allowed_replies, is_right
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import parameters
from chatbot.options import NetworkOptions, TrainingOptions, VocabularyOptions, changed
from chatbot.training.loop import train
from chatbot.vocabulary import Vocabulary

FAST = {"size": 4000, "attention": "dot", "dropout": 0.0, "word_dropout": 0.0, "epochs": 1, "batch_tokens": 512, "plan": 0.0}
KINDS = (VocabularyOptions, NetworkOptions, TrainingOptions)


def main() -> None:
    """Trains, scores, and prints a table."""
    options = parser(__doc__)
    options.add_argument("corpus", type=Path, metavar="CORPUS.tsv")
    options.add_argument("--test", type=Path, metavar="TEST.tsv", required=True, help="pairs to score on")
    options.add_argument("--every", type=float, default=10, metavar="SECONDS", help="of training between two scores (default %(default)s)")
    options.add_argument("--goal", type=float, default=28.3, metavar="BLEU", help="the seconds to reach it are told (default %(default)s)")
    options.add_argument("--fast", action="store_true", help=", ".join(f"{_flag(name)} {value}" for name, value in FAST.items()))
    for kind in KINDS:
        for field in fields(kind):
            if field.name != "teacher_forcing":
                default = getattr(kind(), field.name)
                how: dict[str, Any] = (
                    {"action": argparse.BooleanOptionalAction}
                    if isinstance(default, bool)
                    else {"type": float if default is None else type(default), "metavar": "X"}
                )
                options.add_argument(_flag(field.name), dest=field.name, default=None, help=f"default {default}", **how)
    chosen = options.parse_args()
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    changes = (FAST if chosen.fast else {}) | {name: value for name, value in vars(chosen).items() if value is not None}
    vocabulary, network, training = (changed(kind(), **{name: value for name, value in changes.items() if name in _names(kind)}) for kind in KINDS)
    clock = Clock()
    report = Report("Time to quality", seed=training.seed)
    given = {name: value for name, value in changes.items() if any(name in _names(kind) for kind in KINDS)}
    print("  " + ", ".join(f"{_flag(name)} {value}" for name, value in given.items()), flush=True)
    report.add("fp32 matrix product, 2048 x 2048", "GFLOP/s", [matrix_rate()])
    clock.go_on()
    curve(report, clock, list(read_pairs(chosen.corpus)), list(read_pairs(chosen.test)), (vocabulary, network, training), every=chosen.every, goal=chosen.goal)
    report.write(chosen.json)


class Clock:
    """The seconds since the command began, less those in which it stood still."""

    def __init__(self) -> None:
        self.seconds = time.time() - psutil.Process().create_time()  # who waits for a bot waits for the imports too
        self._since = 0.0

    def go_on(self) -> None:
        """Lets the seconds count."""
        self._since = time.perf_counter()

    def stand_still(self) -> float:
        """Stops counting; the seconds so far."""
        self.seconds += time.perf_counter() - self._since
        return self.seconds


def curve(
    report: Report, clock: Clock, pairs: list[Pair], test: list[Pair], options: tuple[VocabularyOptions, NetworkOptions, TrainingOptions],
    *, every: float, goal: float,
) -> None:  # fmt: skip
    """Scores against seconds; the clock is going."""
    from sacrebleu.metrics import BLEU

    vocabulary = Vocabulary.train([pair.utterance for pair in pairs], [pair.reply for pair in pairs], options[0])
    examples = Examples(pairs, vocabulary)
    torch.manual_seed(options[2].seed)
    network = Seq2Seq(replace(options[1], replies=examples.repeating.choices if options[2].plan else 0), len(vocabulary))
    bleu, allowed, reached = BLEU(lowercase=True), allowed_replies([*pairs, *test]), None
    report.add("before the first step", "s", [clock.stand_still()], pieces=len(vocabulary), weights=parameters(network))
    clock.go_on()
    tokens, last = 0, clock.seconds
    for progress in train({"listener": network}, examples, None, options[2]):
        tokens += progress.tokens
        clock.stand_still()
        if progress.epoch_ended or clock.seconds >= last + every:
            last = clock.seconds
            network.eval()
            replies = [reply.text for reply in Bot(network, vocabulary).replies([pair.utterance for pair in test])]
            network.train()
            score = bleu.corpus_score(replies, [[pair.reply for pair in test]]).score
            right = sum(is_right(reply, allowed[key(pair.utterance)]) for reply, pair in zip(replies, test, strict=True)) / len(test)
            report.add(
                f"step {progress.step:,} of {progress.steps:,}", "BLEU", [score], seconds=round(last, 1), right=round(right, 3),
                tokens_per_second=round(progress.tokens_per_second), loss=round(progress.losses["listener"], 3),
            )  # fmt: skip
            reached = reached or (last if score >= goal else None)
        clock.go_on()
    report.add(f"seconds to {goal} BLEU, {bleu.get_signature()}", "s", [reached if reached else float("nan")])


def _names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def _flag(name: str) -> str:
    return {"kind": "--vocabulary", "size": "--vocab-size"}.get(name, "--" + name.replace("_", "-"))


if __name__ == "__main__":
    main()
