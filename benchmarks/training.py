"""How fast networks are trained, beside what the machine can do at the most, in one run.

    python benchmarks/training.py WORDS.tsv [--corpus corpora/dialog.tsv] [--threads 2] [--json FILE]

On the pairs of WORDS.tsv, lower-cased words with blanks between them, the tutorials' network (e) of examples/tutorials/sutskever.py is trained
by its own loop, a step of the decoder at a time, and by ours, all steps in one call: the same sizes, the same batches, in turn. On the pairs of
`--corpus` the networks of the default preset are trained as `chatbot train` does it.

Tokens are source and target words (pieces) that are not padding. Useful work is counted on them alone: products of the recurrences and of the
output layer, forwards and, twice as much, backwards. Its share is of the rate of 2048 x 2048 matrix products in the same round.
"""

import random
import statistics
import time
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch
from measuring import Report, in_turn, matrix_rate, parser, tutorial
from torch import Tensor, nn

from chatbot.batches import Batch, Examples
from chatbot.corpus.pairs import read_pairs
from chatbot.corpus.split import split_pairs
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import parameters, twin
from chatbot.options import NetworkOptions, TrainingOptions, VocabularyOptions
from chatbot.training.learner import Learner
from chatbot.training.loop import train
from chatbot.training.processes import ALONE
from chatbot.vocabulary import PAD, Vocabulary

HEARD, SAID = 7855, 5893  # words of the tutorials' vocabularies
LAYERS, HIDDEN, EMBEDDING, DROPOUT = 2, 512, 256, 0.5

Rows = tuple[Tensor, Tensor]  # source (B, S) and target (B, T), BOS and EOS on both


class Work(NamedTuple):
    """What is worth counting of some batches."""

    heard: int  # source words
    said: int  # target words

    def gflop(self, network: nn.Module) -> float:
        """Useful GFLOP of training `network` on them."""
        cells = sum(2 * (EMBEDDING * (layer == 0) + HIDDEN * (layer > 0) + HIDDEN) * 4 * HIDDEN for layer in range(LAYERS))
        outputs = sum(2 * part.weight.numel() for part in network.modules() if isinstance(part, nn.Linear) and SAID in part.weight.shape)
        between = sum(2 * part.weight.numel() for part in network.modules() if isinstance(part, nn.Linear) and part.weight.shape == (EMBEDDING, HIDDEN))
        return 3 * (cells * (self.heard + self.said) + (outputs + between) * self.said) / 1e9


def main() -> None:
    """Measures, and prints a table."""
    options = parser(__doc__)
    options.add_argument("words", type=Path, metavar="WORDS.tsv", help="pairs of words with blanks between them, for network (e)")
    options.add_argument("--corpus", type=Path, metavar="TSV", help="pairs for the default preset")
    options.add_argument("--batches", type=int, default=10, metavar="N", help="of 128 pairs, for network (e) (default %(default)s)")
    options.add_argument("--seconds", type=float, default=30, metavar="N", help="for the default preset (default %(default)s)")
    options.add_argument("--rounds", type=int, default=3, metavar="N", help="of which the median counts (default %(default)s)")
    chosen = options.parse_args()
    report = Report("Training", threads=chosen.threads, seed=1)
    network_e(report, chosen.words, count=chosen.batches, rounds=chosen.rounds)
    if chosen.corpus:
        preset(report, chosen.corpus, seconds=chosen.seconds, rounds=chosen.rounds)
    report.write(chosen.json)


def network_e(report: Report, path: Path, *, count: int, rounds: int) -> None:
    """The per-step loop beside ours on the same batches."""
    sutskever = tutorial("sutskever")
    torch.manual_seed(1)
    random.seed(1)
    batches = words_of(sutskever, path, count)
    work = Work(sum(int((source != PAD).sum()) for source, _ in batches), sum(int((target[:, 1:] != PAD).sum()) for _, target in batches))
    padded = sum(source.numel() + target[:, 1:].numel() for source, target in batches)
    network = sutskever.Sutskever(HEARD, SAID)
    optimiser = torch.optim.Adam(network.parameters())
    exactly, ours = Seq2Seq(sizes(), SAID), Seq2Seq(sizes(), HEARD)
    exactly.heard.table, exactly.speak = nn.Embedding(HEARD, EMBEDDING, padding_idx=PAD), nn.Linear(HIDDEN, SAID)  # type: ignore[assignment]
    ours.speak.logits, ours.said.table = nn.Linear(EMBEDDING, SAID), nn.Embedding(SAID, EMBEDDING, padding_idx=PAD)
    learners = {"ours, the same sizes": Learner("e", 0, exactly, 10_000, training(), ALONE, 1)}
    learners["ours, as --layers 2 --hidden 512 build it"] = Learner("e", 0, ours, 10_000, training(), ALONE, 1)
    prepared = [batch_of(source, target) for source, target in batches]
    rates: list[float] = []

    def loop() -> None:
        for source, target in batches:
            sutskever.learn(network, optimiser, source, target)

    def fused(learner: Learner) -> None:
        for place, batch in enumerate(prepared):
            learner.learn([(place, batch)], 1 / batch.pieces, epoch=1, teacher_forcing=1.0)

    works: dict[str, Any] = {"loop": loop} | {name: lambda learner=learner: fused(learner) for name, learner in learners.items()}
    taken = in_turn({"rate": lambda: rates.append(matrix_rate()), **works}, rounds)
    rates = rates[-rounds:]
    report.add("fp32 matrix product, 2048 x 2048", "GFLOP/s", rates)
    tokens = work.heard + work.said
    names = {"loop": ("the tutorials' loop, a step at a time", network)} | {name: (name, learner.network) for name, learner in learners.items()}
    for key, (name, trained) in names.items():
        shares = [work.gflop(trained) / second / rate for second, rate in zip(taken[key], rates, strict=True)]
        ratios = [before / now for before, now in zip(taken["loop"], taken[key], strict=True)]
        report.add(
            f"network (e), {name}", "tokens/s", [tokens / second for second in taken[key]],
            share=round(statistics.median(shares), 3), times_the_loop=round(statistics.median(ratios), 2), weights=parameters(trained),
            real_of_padded=round(tokens / padded, 3),
        )  # fmt: skip


def preset(report: Report, path: Path, *, seconds: float, rounds: int) -> None:
    """Listener and interrupter of the default preset, as `chatbot train` trains them, for `seconds` each round."""
    parts = split_pairs(list(read_pairs(path)))
    vocabulary = Vocabulary.train((pair.utterance for pair in parts.train), (pair.reply for pair in parts.train), VocabularyOptions(lowercase=True))
    examples = Examples(parts.train, vocabulary)
    torch.manual_seed(1)
    listener = Seq2Seq(NetworkOptions(), len(vocabulary))
    networks = {"listener": listener, "interrupter": twin(NetworkOptions(), len(vocabulary), wait=1, target=parameters(listener))}
    for name, network in networks.items():
        steps = train({name: network}, examples, None, TrainingOptions(epochs=100))
        for _ in range(30):  # the first steps of each shape build their kernels
            next(steps)
        speeds, real, padded = [], 0, 0
        for _ in range(rounds):
            began, tokens = time.perf_counter(), 0
            while time.perf_counter() - began < seconds / rounds / len(networks):
                progress = next(steps)
                tokens, real, padded = tokens + progress.tokens, real + progress.tokens, padded + progress.padded
            speeds.append(tokens / (time.perf_counter() - began))
        report.add(f"default preset on {path.name}, {name}", "tokens/s", speeds, weights=parameters(network), real_of_padded=round(real / padded, 3))


def words_of(sutskever: ModuleType, path: Path, count: int) -> list[Rows]:
    """Some batches of the pairs at `path`; a word beyond the tutorials' vocabularies is unknown."""
    pairs = list(read_pairs(path))
    heard = sutskever.Words((pair.utterance for pair in pairs), HEARD)
    batches = sutskever.batches_of(pairs, sutskever.TwoLanguages(heard, sutskever.Words((pair.reply for pair in pairs), SAID)))
    return random.sample(batches, min(count, len(batches)))


def batch_of(source: Tensor, target: Tensor) -> Batch:
    """The same rows as our batch."""
    pieces = int((target[:, 1:] != PAD).sum())
    return Batch(source, target[:, :-1], target[:, 1:], torch.arange(len(source)), int((source != PAD).sum()) + pieces, pieces)


def sizes() -> NetworkOptions:
    """Network (e) in our options."""
    return NetworkOptions(
        layers=LAYERS,
        hidden=HIDDEN,
        embedding=EMBEDDING,
        dropout=DROPOUT,
        word_dropout=0.0,
        bidirectional=False,
        attention="none",
        tied=False,
        reverse_source=True,
    )


def training() -> TrainingOptions:
    """How the tutorials train."""
    return TrainingOptions(optimiser="adam", learning_rate=1e-3, weight_decay=0.0, clip=1.0)


if __name__ == "__main__":
    main()
