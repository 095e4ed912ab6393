"""`chatbot train`: from TSV files to a bundle."""

import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.cli import options as shared
from chatbot.cli.signals import Stop
from chatbot.corpus.pairs import read_pairs
from chatbot.errors import BundleError, OptionError
from chatbot.options import EPOCHS, PIECES, NetworkOptions, TrainingOptions, VocabularyOptions, changed, network_options
from chatbot.safe_text import safe_line

if TYPE_CHECKING:
    from chatbot.cli.training_run import TrainingRun

MOST_THREADS = 256

_NETWORK, _TRAINING, _VOCABULARY = NetworkOptions(), TrainingOptions(), VocabularyOptions()


def train(
    corpus: Annotated[list[Path], typer.Argument(metavar="CORPUS", help="TSV files: utterance, a tab, reply; one pair a line.")],
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where the bundle goes. Default: models/NAME of the first corpus.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Replace a finished bundle, once the new one has its first best.")] = False,
    preset: Annotated[str, typer.Option(metavar="tiny|small|base", help="The sizes of the networks.")] = "small",
    cell: Annotated[str | None, typer.Option(metavar="rnn|gru|lstm", help=f"Of the recurrence. Default: {_NETWORK.cell}.")] = None,
    layers: Annotated[int | None, typer.Option(metavar="N", help=f"Of encoder and decoder each. Default: {_NETWORK.layers}.")] = None,
    hidden: Annotated[int | None, typer.Option(metavar="N", help=f"Width of the recurrence. Default: {_NETWORK.hidden}.")] = None,
    embedding: Annotated[int | None, typer.Option(metavar="N", help=f"Width of a piece. Default: {_NETWORK.embedding}.")] = None,
    dropout: Annotated[
        float | None, typer.Option(metavar="P", help=f"Share of what passes between layers that training switches off. Default: {_NETWORK.dropout}.")
    ] = None,
    word_dropout: Annotated[
        float | None, typer.Option(metavar="P", help=f"Share of the heard pieces that training leaves out. Default: {_NETWORK.word_dropout}.")
    ] = None,
    attention: Annotated[
        str | None, typer.Option(metavar="none|dot|general|additive", help=f"How the decoder looks at what was heard. Default: {_NETWORK.attention}.")
    ] = None,
    bidirectional: Annotated[
        bool | None, typer.Option("--bidirectional/--one-directional", help="Whether the encoder reads from both ends. Default: both")
    ] = None,
    tied: Annotated[bool | None, typer.Option("--tied/--untied", help="One matrix to embed pieces and to score them. Default: tied")] = None,
    reverse_source: Annotated[bool | None, typer.Option("--reverse-source", help="The encoder reads the last piece first.")] = None,
    wait: Annotated[str, typer.Option(metavar="K[,K…]", help="Pieces that the interrupter hears before its first; several train several.")] = "1",
    no_interrupter: Annotated[bool, typer.Option("--no-interrupter", help="Train the listener alone.")] = False,
    history: Annotated[int, typer.Option(metavar="N", help="Earlier turns to hear; conversations end at blank lines.")] = 0,
    vocabulary: Annotated[str, typer.Option(metavar="unigram|bpe|char", help="Kind of pieces.")] = _VOCABULARY.kind,
    vocab_size: Annotated[
        int, typer.Option(metavar="N", help=f"Pieces to aim at. 0: {PIECES}, or more where the text has many characters.")
    ] = _VOCABULARY.size,
    lowercase: Annotated[bool, typer.Option("--lowercase", help="Hear everything in lower case; replies keep their capitals.")] = _VOCABULARY.lowercase,
    epochs: Annotated[
        int, typer.Option(metavar="N", help=f"At the most; each network stops when it no longer gets better. 0: {EPOCHS}, or more for a small corpus.")
    ] = _TRAINING.epochs,
    batch_tokens: Annotated[int, typer.Option(metavar="N", help="Source + target pieces a step.")] = _TRAINING.batch_tokens,
    optimiser: Annotated[str, typer.Option(metavar="adamw|adam|sgd", help="How a gradient becomes a step.")] = _TRAINING.optimiser,
    learning_rate: Annotated[float, typer.Option(metavar="X", help="At its highest.")] = _TRAINING.learning_rate,
    warmup: Annotated[float, typer.Option(metavar="P", help="Share of the steps in which the learning rate rises.")] = _TRAINING.warmup,
    weight_decay: Annotated[float, typer.Option(metavar="X", help="How fast weights that are not needed shrink.")] = _TRAINING.weight_decay,
    clip: Annotated[float, typer.Option(metavar="X", help="Norm of the gradients at the most; 0 for any.")] = _TRAINING.clip,
    label_smoothing: Annotated[float, typer.Option(metavar="P", help="Share of a target that goes to all other pieces.")] = _TRAINING.label_smoothing,
    teacher_forcing: Annotated[
        str, typer.Option(metavar="P[:Q]", help="Share of pieces that are the corpus's own; from P in the first epoch to Q in the last.")
    ] = "1.0",
    patience: Annotated[int, typer.Option(metavar="N", help="Epochs without a better validation before a network stops; 0 never stops.")] = _TRAINING.patience,
    seed: Annotated[int, typer.Option(metavar="N", help="Equal seeds give equal bundles on the same machine.")] = _TRAINING.seed,
    device: shared.Device = "auto",
    threads: Annotated[int | None, typer.Option(metavar="N", help="CPU threads. Default: one a core.")] = None,
    private: Annotated[bool, typer.Option("--private", help="Keep examples, samples and paths out of bundle, log and card.")] = False,
    plain: shared.Plain = False,
) -> None:
    """Train a bot on pairs: the listener and, beside it, the interrupter.

    chatbot train corpora/dialog.tsv\n
    chatbot train faq.tsv --preset tiny --lowercase --no-interrupter
    """
    vocabulary_options = VocabularyOptions(kind=vocabulary, size=vocab_size, lowercase=lowercase)  # type: ignore[arg-type]
    network = network_options(
        preset, cell=cell, layers=layers, hidden=hidden, embedding=embedding, dropout=dropout, word_dropout=word_dropout, attention=attention,
        bidirectional=bidirectional, tied=tied, reverse_source=reverse_source,
    )  # fmt: skip
    training = changed(
        _TRAINING, epochs=epochs, batch_tokens=batch_tokens, optimiser=optimiser, learning_rate=learning_rate, warmup=warmup,
        weight_decay=weight_decay, clip=clip, label_smoothing=label_smoothing, teacher_forcing=_ratios(teacher_forcing), patience=patience, seed=seed,
    )  # fmt: skip
    waits = () if no_interrupter else _waits(wait)
    if history < 0:
        raise OptionError(f"--history {history} is too small", remedy="use 0 or more")
    corpora = [shared.corpus_path(path) for path in corpus]
    for path in corpora:
        next(read_pairs(path, history=history))  # a mistake in its name is said before torch is imported
    folder = Path("models") / corpora[0].stem if out is None else out
    _check_room(folder, fresh)

    # oneDNN keeps a kernel for every shape it has met, 1,024 of them: 2.4 GB after nine epochs. With 128 it is half, and 3 % slower.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")
    import torch

    from chatbot.cli.training_run import TrainingRun
    from chatbot.cli.watch import LiveView, PlainView

    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise OptionError(f"--threads {threads} is out of range", remedy=f"use 1 to {MOST_THREADS}")
    torch.set_num_threads(threads or os.cpu_count() or 1)
    command = "" if private else shlex.join(["chatbot", *sys.argv[1:]])
    run = TrainingRun.prepare(
        corpora, folder, vocabulary_options, network, training, waits=waits, history=history, device=shared.torch_device(device), private=private, command=command
    )  # fmt: skip
    for line in run.first_lines():
        print(safe_line(line), flush=True)
    began = time.perf_counter()
    with Stop() as stop, PlainView() if shared.is_plain(plain) else LiveView() as view:
        for progress in run.progress():
            if progress.epoch_ended:
                view.epoch(progress, run.samples)
            else:
                view.step(progress)
            if stop.signal:
                break
        replaces = not run.saved and (folder / "bundle.json").exists()
        if stop.signal and not run.saved and not replaces:
            run.save(progress)
    if stop.signal:
        left = "it had no best yet, and the bundle that was there is kept" if replaces else "the best so far is a usable bundle"
        print(safe_line(f"stopped; {left}: {folder}"), file=sys.stderr)
        raise typer.Exit(128 + stop.signal)
    if not run.saved:
        raise OptionError("the loss is not a number from the first epoch on", remedy="train with a lower --learning-rate")
    run.score()
    for line in _last_lines(run, time.perf_counter() - began):
        print(safe_line(line))


def _ratios(text: str) -> tuple[float, float]:
    """`0.5` or `1.0:0.5` as the ratio of the first and of the last epoch."""
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2):
        raise OptionError(f"--teacher-forcing “{text}” is no share", remedy="use P or P:Q, such as 0.5 or 1.0:0.5")
    return numbers[0], numbers[-1]


def _waits(text: str) -> tuple[int, ...]:
    """`1` or `1,4,8` as numbers."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() and 1 <= int(part) <= 64 for part in parts):
        raise OptionError(f"--wait “{text}” is no list of waits", remedy="use whole numbers from 1 to 64 with commas between them, such as 1,4,8")
    return tuple(sorted({int(part) for part in parts}))


def _check_room(folder: Path, fresh: bool) -> None:
    """Raises BundleError when `folder` cannot be made or written to, is somebody else's, or holds a finished bundle that `--fresh` does not give up."""
    if os.path.exists(folder / "bundle.json"):
        if not fresh:
            again = shlex.join(["chatbot", "train", "--fresh", *sys.argv[2:]])
            raise BundleError("a finished bundle is there", place=folder, remedy=f"keep it with --out FOLDER, or replace it: {again}")
    elif os.path.isdir(folder) and any(os.scandir(folder)):
        raise BundleError("there are other files in this folder", place=folder, remedy="name a folder of its own with --out")
    nearest = next(place for place in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(place))
    if not os.path.isdir(nearest) or not os.access(nearest, os.W_OK):
        raise BundleError("a bundle cannot be written there", place=folder, remedy="name another folder with --out")


def _last_lines(run: "TrainingRun", seconds: float) -> Iterator[str]:
    """What came of it, and what to type next."""
    minutes, rest = divmod(round(seconds), 60)
    yield f"done in {minutes} min {rest} s: {run.folder}"
    if not run.parts.valid:
        yield "no utterance was held out, so nothing can be said of how well it generalises"
    for name, scores in run.scores.items():
        yield f"{name:<14} right {scores['right']:6.1%}   perplexity {scores['perplexity']:.4g} a piece   (on {scores['utterances']} held-out utterances)"
    model = "" if run.folder.parent == Path("models") else f" --model {shlex.quote(str(run.folder))}"
    yield f"next:  chatbot talk{model}"
    yield f"       chatbot compare{model} {shlex.quote(run.try_me())}"
    yield f"       chatbot evaluate{model} {shlex.join(map(str, run.corpora))}"
