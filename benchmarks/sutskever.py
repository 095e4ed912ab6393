"""Network (e) of the tutorials, examples/tutorials/sutskever.py, as they train and measure it: ten epochs of Multi30k, German to English.

    python benchmarks/sutskever.py TRAIN.tsv VALID.tsv TEST.tsv --checkpoint FILE [--epochs N] [--threads N] [--json FILE]

The files hold lower-cased words with blanks between them, as many as the tutorials have, so the weights are as many too. The best epoch is that of
the lowest free-running figure on VALID, as they choose it. Each epoch ends with FILE, a checkpoint: the same command goes on from there to the
same weights. The seconds are those of learning alone.
"""

import copy
import time
from pathlib import Path
from typing import NamedTuple

import sacrebleu
import safetensors.torch
import torch
from measuring import Report, parser, tutorial
from torch import nn

from chatbot.bot import Bot
from chatbot.corpus.pairs import read_pairs
from chatbot.files import write_whole

HEARD, SAID = 7855, 5893  # words of the tutorials' vocabularies, marks included


class Epoch(NamedTuple):
    """What an epoch came to."""

    seconds: float
    training_loss: float
    free_running: float
    perplexity: float


class Run(NamedTuple):
    """All that a training needs to go on."""

    network: nn.Module
    best: nn.Module
    optimiser: torch.optim.Optimizer
    curve: list[Epoch]

    def save(self, path: Path) -> None:
        """Writes it all to `path`, or changes nothing."""
        tensors = self.network.state_dict(prefix="network.") | self.best.state_dict(prefix="best.")
        for number, parts in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": part for name, part in parts.items()}
        write_whole(path, safetensors.torch.save(tensors | {"curve": torch.tensor(self.curve, dtype=torch.float64)}))

    def load(self, path: Path) -> None:
        """Goes on from `path`."""
        tensors = safetensors.torch.load_file(path)
        for role, network in (("network", self.network), ("best", self.best)):
            network.load_state_dict({name: tensors[f"{role}.{name}"] for name in network.state_dict()})
        state = {
            number: {part: tensors[f"optimiser.{number}.{part}"] for part in ("step", "exp_avg", "exp_avg_sq")}
            for number, _ in enumerate(self.network.parameters())
        }
        self.optimiser.load_state_dict(self.optimiser.state_dict() | {"state": state})
        self.curve.extend(Epoch(*row) for row in tensors["curve"].tolist())


def main() -> None:
    """Trains, and prints the curve and what the best epoch gets on TEST."""
    options = parser(__doc__)
    for name in ("train", "valid", "test"):
        options.add_argument(name, type=Path, metavar=f"{name.upper()}.tsv")
    options.add_argument("--epochs", type=int, default=10, metavar="N", help="(default %(default)s)")
    options.add_argument("--checkpoint", type=Path, required=True, metavar="FILE", help="where the run goes on, if it is there")
    chosen = options.parse_args()
    report = Report("Network (e) of the tutorials", threads=chosen.threads, seed=0)
    sutskever = tutorial("sutskever")
    train, valid, test = (list(read_pairs(path)) for path in (chosen.train, chosen.valid, chosen.test))
    heard, said = sutskever.Words((pair.utterance for pair in train), HEARD), sutskever.Words((pair.reply for pair in train), SAID)
    words = sutskever.TwoLanguages(heard, said)
    batches, held_out = sutskever.batches_of(train, words), sutskever.batches_of(valid, words)

    torch.manual_seed(0)
    network = sutskever.Sutskever(len(heard.words), len(said.words))
    report.add("weights", "", [sum(weight.numel() for weight in network.parameters())], heard=len(heard.words), said=len(said.words))
    run = Run(network, copy.deepcopy(network), torch.optim.Adam(network.parameters()), [])
    if chosen.checkpoint.exists():
        run.load(chosen.checkpoint)
        for number, epoch in enumerate(run.curve, 1):
            tell(report, number, epoch)
    for number in range(len(run.curve) + 1, chosen.epochs + 1):
        began = time.perf_counter()
        loss = sutskever.epoch(network, run.optimiser, batches, number)
        seconds = time.perf_counter() - began
        run.curve.append(Epoch(seconds, loss, sutskever.free_running_figure(network, held_out), sutskever.perplexity(network, held_out)))
        if run.curve[-1].free_running == min(epoch.free_running for epoch in run.curve):
            run.best.load_state_dict(network.state_dict())
        run.save(chosen.checkpoint)
        tell(report, number, run.curve[-1])
        report.write(chosen.json)

    unseen = sutskever.batches_of(test, words)
    report.add("all epochs", "s", [sum(epoch.seconds for epoch in run.curve)])
    report.add("the best epoch on TEST, free-running figure", "", [sutskever.free_running_figure(run.best, unseen)])
    report.add("the best epoch on TEST, perplexity", "a word", [sutskever.perplexity(run.best, unseen)])
    replies = Bot(run.best.eval(), words, reply_limit=sutskever.LIMIT).replies([pair.utterance for pair in test])  # type: ignore[arg-type]
    bleu = sacrebleu.BLEU()
    score = bleu.corpus_score([reply.text for reply in replies], [[pair.reply for pair in test]]).score
    report.add("the best epoch on TEST, greedy", "BLEU", [score], signature=str(bleu.get_signature()))
    report.write(chosen.json)


def tell(report: Report, number: int, epoch: Epoch) -> None:
    """One line of the curve."""
    report.add(f"epoch {number}", "s", [epoch.seconds], **epoch._asdict())


if __name__ == "__main__":
    main()
