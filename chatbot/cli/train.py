"""`chatbot train`: from TSV files to a bundle."""

import contextlib
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot import resume
from chatbot.cli import options as shared
from chatbot.cli.settings import Settings, Sources
from chatbot.cli.signals import PIPE, Stop
from chatbot.corpus.folding import fold
from chatbot.corpus.pairs import read_pairs
from chatbot.errors import BundleError, OptionError, TrainingError
from chatbot.options import BATCH, EPOCHS, MOST_HISTORY, PIECES, UNSURE, NetworkOptions, TrainingOptions, VocabularyOptions, changed, network_options
from chatbot.records import whole_number
from chatbot.safe_text import safe_line

if TYPE_CHECKING:
    from chatbot.cli.training_run import TrainingRun

MOST_THREADS, MOST_WAIT = 256, 64

_NETWORK, _TRAINING, _VOCABULARY = NetworkOptions(), TrainingOptions(), VocabularyOptions()


def train(
    corpus: Annotated[list[Path], typer.Argument(metavar="CORPUS...", help="TSV files: utterance, a tab, reply; one pair a line. Also .tsv.gz and .tsv.zst.")],
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where the bundle goes. Default: models/NAME of the first corpus.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Replace a finished bundle, once the new one has its first best; give up an interrupted run of other options.")
    ] = False,
    valid: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Pairs to validate on. Default: a twentieth of the corpus, and another is kept for the test.")
    ] = None,
    start_from: Annotated[
        str | None, typer.Option(metavar="NAME|PATH", help="Go on from the networks and the vocabulary of a bundle, such as small-talk.")
    ] = None,
    mix: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="With --start-from: pairs to go on hearing, so that they are not forgotten.")] = None,
    preset: Annotated[str | None, typer.Option(metavar="tiny|small|base", help="The sizes of the networks. Default: small.")] = None,
    cell: Annotated[str | None, typer.Option(metavar="rnn|gru|lstm", help=f"Of the recurrence. Default: {_NETWORK.cell}.")] = None,
    layers: Annotated[int | None, typer.Option(metavar="N", help=f"Of encoder and decoder each. Default: {_NETWORK.layers}.")] = None,
    hidden: Annotated[int | None, typer.Option(metavar="N", help=f"Width of the recurrence. Default: {_NETWORK.hidden}.")] = None,
    embedding: Annotated[int | None, typer.Option(metavar="N", help=f"Width of a piece. Default: {_NETWORK.embedding}.")] = None,
    pairs: Annotated[
        int | None,
        typer.Option(metavar="N", help=f"Width of a pair of neighbouring pieces, by which the listener plans; 0 for none. Default: {_NETWORK.pairs}."),
    ] = None,
    grams: Annotated[
        int | None,
        typer.Option(metavar="N", help=f"Width of a gram of letters, for a second opinion on what it plans; 0 for none. Default: {_NETWORK.grams}."),
    ] = None,
    dropout: Annotated[
        float | None, typer.Option(metavar="P", help=f"Share of what passes between layers that training switches off. Default: {_NETWORK.dropout}.")
    ] = None,
    word_dropout: Annotated[
        float | None, typer.Option(metavar="P", help=f"Share of the heard pieces that training leaves out. Default: {_NETWORK.word_dropout}.")
    ] = None,
    attention: Annotated[
        str | None,
        typer.Option(
            metavar="auto|none|dot|general|additive",
            help="How the decoder looks at what was heard. Default: auto, which is general, or none where nearly all replies repeat.",
        ),
    ] = None,
    bidirectional: Annotated[
        bool | None, typer.Option("--bidirectional/--one-directional", help="Whether the encoder reads from both ends. Default: both")
    ] = None,
    tied: Annotated[bool | None, typer.Option("--tied/--untied", help="One matrix to embed pieces and to score them. Default: tied")] = None,
    reverse_source: Annotated[bool | None, typer.Option("--reverse-source", help="The encoder reads the last piece first.")] = None,
    wait: Annotated[
        str | None, typer.Option(metavar="K[,K…]", help="Pieces that the interrupter hears before its first; several train several. Default: 1.")
    ] = None,
    no_interrupter: Annotated[bool, typer.Option("--no-interrupter", help="Train the listener alone.")] = False,
    history: Annotated[int, typer.Option(metavar="N", help="Earlier turns to hear; conversations end at blank lines.")] = 0,
    vocabulary: Annotated[str, typer.Option(metavar="unigram|bpe|char", help="Kind of pieces.")] = _VOCABULARY.kind,
    vocab_size: Annotated[
        int, typer.Option(metavar="N", help=f"Pieces to aim at. 0: {PIECES}, or more where the text has many characters.")
    ] = _VOCABULARY.size,
    lowercase: Annotated[bool, typer.Option("--lowercase", help="Hear everything in lower case; replies keep their capitals.")] = _VOCABULARY.lowercase,
    epochs: Annotated[
        int,
        typer.Option(
            metavar="N", help=f"At the most; each network stops when it no longer gets better. 0: {EPOCHS}, more for a small corpus and fewer for a large one."
        ),
    ] = _TRAINING.epochs,
    batch_tokens: Annotated[
        int, typer.Option(metavar="N", help=f"Source + target pieces a step. 0: {BATCH}, or twice that on a large corpus.")
    ] = _TRAINING.batch_tokens,
    accumulate: Annotated[int, typer.Option(metavar="N", help="Batches a step, in each process.")] = _TRAINING.accumulate,
    optimiser: Annotated[str, typer.Option(metavar="adamw|adam|sgd", help="How a gradient becomes a step.")] = _TRAINING.optimiser,
    learning_rate: Annotated[float, typer.Option(metavar="X", help="At its highest.")] = _TRAINING.learning_rate,
    warmup: Annotated[float, typer.Option(metavar="P", help="Share of the steps in which the learning rate rises.")] = _TRAINING.warmup,
    weight_decay: Annotated[float, typer.Option(metavar="X", help="How fast weights that are not needed shrink.")] = _TRAINING.weight_decay,
    clip: Annotated[float, typer.Option(metavar="X", help="Norm of the gradients at the most; 0 for any.")] = _TRAINING.clip,
    label_smoothing: Annotated[float, typer.Option(metavar="P", help="Share of a target that goes to all other pieces.")] = _TRAINING.label_smoothing,
    plan: Annotated[
        float,
        typer.Option(metavar="X", help="Where replies repeat, the listener plans which one it will give: weight of the loss that teaches it. 0 for no plan."),
    ] = _TRAINING.plan,
    teacher_forcing: Annotated[
        str, typer.Option(metavar="P[:Q]", help="Share of pieces that are the corpus's own; from P in the first epoch to Q in the last.")
    ] = "1.0",
    patience: Annotated[int, typer.Option(metavar="N", help="Epochs without a better validation before a network stops; 0 never stops.")] = _TRAINING.patience,
    seed: Annotated[int, typer.Option(metavar="N", help="Equal seeds give equal bundles on the same machine.")] = _TRAINING.seed,
    known_replies: Annotated[
        bool, typer.Option("--known-replies", help="The bot will say nothing but replies of the corpus, word for word, unless it is told to.")
    ] = False,
    unsure: Annotated[str, typer.Option(metavar="TEXT", help="What it will say where it is not sure that it followed.")] = UNSURE,
    device: shared.Device = "auto",
    threads: Annotated[int | None, typer.Option(metavar="N", help="CPU threads. Default: one a core.")] = None,
    private: Annotated[bool, typer.Option("--private", help="Keep examples, samples and paths out of bundle, log, card and what is printed.")] = False,
    plain: shared.Plain = False,
) -> None:
    """Train a bot on pairs: the listener and, beside it, the interrupter.

    chatbot train corpora/dialog.tsv\n
    chatbot train faq.tsv --start-from small-talk --mix dialog.tsv
    """
    vocabulary_options = VocabularyOptions(kind=vocabulary, size=vocab_size, lowercase=lowercase)  # type: ignore[arg-type]
    sizes = {
        "cell": cell, "layers": layers, "hidden": hidden, "embedding": embedding, "pairs": pairs, "grams": grams, "dropout": dropout, "word_dropout": word_dropout,
        "attention": attention, "bidirectional": bidirectional, "tied": tied, "reverse_source": reverse_source,
    }  # fmt: skip
    network = network_options(preset or "small", **{**sizes, "attention": attention or "auto"})
    training = changed(
        _TRAINING, epochs=epochs, batch_tokens=batch_tokens, accumulate=accumulate, optimiser=optimiser,
        learning_rate=learning_rate, warmup=warmup, weight_decay=weight_decay, clip=clip,
        label_smoothing=label_smoothing, plan=plan, teacher_forcing=_ratios("--teacher-forcing", teacher_forcing), patience=patience, seed=seed,
    )  # fmt: skip
    if no_interrupter and wait is not None:
        raise OptionError(f"--wait {safe_line(wait)} is of the interrupter, and --no-interrupter trains none", remedy="leave out one of the two")
    waits = () if no_interrupter else _waits(wait or "1")
    if not 0 <= history <= MOST_HISTORY:
        raise OptionError(f"--history {history} is out of range", remedy=f"use 0 to {MOST_HISTORY}")
    corpora = [shared.corpus_path(path) for path in corpus]
    for path in corpora:
        next(read_pairs(path, history=history))  # a mistake in its name is said before torch is imported
    folder = Path("models") / corpora[0].name.partition(".tsv")[0] if out is None else out
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise OptionError(f"--threads {threads} is out of range", remedy=f"use 1 to {MOST_THREADS}")
    # oneDNN keeps a kernel for every shape it has met, 1,024 of them: 2.4 GB after nine epochs. With 128 it is half, and 3 % slower.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")
    with Stop() as stop, contextlib.ExitStack() as held:
        if os.environ.get("RANK", "0") == "0":  # of several processes the first keeps the bundle
            held.enter_context(resume.claimed(folder))
            _check_room(folder, fresh)
        from chatbot import bundle as bundles
        from chatbot.cli.training_run import TrainingRun
        from chatbot.cli.watch import Preparing
        from chatbot.training.processes import together

        processes = held.enter_context(together())
        base = None
        if start_from:
            given = {
                "preset": preset, "wait": wait, "history": history or None, "lowercase": lowercase or None, "vocab_size": vocab_size or None,
                "vocabulary": vocabulary if vocabulary != _VOCABULARY.kind else None, **sizes,
            }  # fmt: skip
            chosen = [name for name, value in given.items() if value is not None]
            if chosen:
                what = f"--{chosen[0].replace('_', '-')} cannot be chosen with --start-from: it comes with the bundle"
                raise OptionError(what, remedy="leave it out, or train without --start-from")
            base = bundles.load(bundles.find(start_from))
            network, history, waits = base.details.network, base.details.history, () if no_interrupter else tuple(sorted(base.interrupters))
            vocabulary_options = changed(vocabulary_options, lowercase=base.details.lowercase)
        elif mix:
            raise OptionError("--mix goes with --start-from", remedy="name all files as CORPUS to train on them alike")
        settings = Settings(
            vocabulary=vocabulary_options, network=network, training=training, waits=waits, history=history, private=private,
            device=shared.torch_device(device, processes.local), threads=threads or 0, processes=processes.world, start_from=start_from,
            known_replies=known_replies, unsure=fold(unsure),
        )  # fmt: skip
        sources = Sources(tuple(corpora), valid and shared.corpus_path(valid), tuple(shared.corpus_path(path) for path in mix or ()))
        command = "" if private else shlex.join(["chatbot", *sys.argv[1:]])
        run = TrainingRun.prepare(sources, folder, settings, base=base, command=command, fresh=fresh, processes=processes, tell=Preparing())
        _train(run, stop, plain=shared.is_plain(plain))


def _train(run: "TrainingRun", stop: Stop, *, plain: bool) -> None:
    """Trains, shows how it goes, saves, scores, and says what came of it."""
    from chatbot.cli.watch import LiveView, PlainView, Silence
    from chatbot.training.learner import Diverged
    from chatbot.training.memory import Shortage

    first = run.processes.first
    for line in run.first_lines() if first else ():
        print(safe_line(line), flush=True)
    began = time.perf_counter()
    stop.gently = True
    try:
        with Silence() if not first else PlainView() if plain else LiveView() as view:
            interrupted = False
            for progress in run.progress():
                try:
                    if run.noted:
                        view.epoch(progress, run.samples)
                    else:
                        view.step(progress)
                except BrokenPipeError:  # as in `| head`
                    stop.signal = PIPE
                if interrupted := run.processes.any(bool(stop.signal)):
                    break
    except Diverged as error:
        what = f"{error.network}: ten steps in a row up to step {error.step:,} had no finite gradient; {run.stopped()}"
        remedy = "look at these lines, or start over with --fresh and a lower --learning-rate"
        raise TrainingError(what, place=run.places(error.rows), remedy=remedy) from None
    except Shortage:
        raise TrainingError("not even one pair fits into memory", remedy="use a smaller --preset, or shorter utterances and replies") from None
    if interrupted:
        left = run.stopped()
        if first:
            print(safe_line(f"stopped; {left}: {run.folder}; the same command goes on from here"), file=sys.stderr)
        raise typer.Exit(128 + (stop.signal or signal.SIGTERM))
    if not first:
        return
    if not run.saved:
        raise TrainingError("the loss is not a number from the first epoch on", remedy="start over with --fresh and a lower --learning-rate")
    stop.gently = False  # all is kept: scoring can be done again
    run.score()
    for line in _last_lines(run, time.perf_counter() - began):
        print(safe_line(line))


def _ratios(flag: str, text: str) -> tuple[float, float]:
    """`0.5` or `1.0:0.5` as the ratio of the first and of the last epoch."""
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2):
        raise OptionError(f"{flag} “{text}” is no share", remedy="use P or P:Q, such as 0.5 or 1.0:0.5")
    return numbers[0], numbers[-1]


def _waits(text: str) -> tuple[int, ...]:
    """`1` or `1,4,8` as numbers."""
    waits = {whole_number(part.strip()) or 0 for part in text.split(",")}
    if not 1 <= min(waits) <= max(waits) <= MOST_WAIT:
        raise OptionError(f"--wait “{text}” is no list of waits", remedy=f"use whole numbers from 1 to {MOST_WAIT} with commas between them, such as 1,4,8")
    return tuple(sorted(waits))


def _check_room(folder: Path, fresh: bool) -> None:
    """Raises BundleError when `folder` is somebody else's, or holds a finished bundle that `--fresh` does not give up."""
    if os.path.exists(folder / "bundle.json"):
        if not fresh and not resume.is_begun(folder):
            resume.remove(folder)  # what a run that was killed at its very end has left
            again = shlex.join(["chatbot", "train", "--fresh", *sys.argv[2:]])
            raise BundleError("a finished bundle is there", place=folder, remedy=f"keep it with --out FOLDER, or replace it: {again}")
    elif not resume.is_used(folder) and any(entry.name != resume.FOLDER for entry in os.scandir(folder)):
        raise BundleError("there are other files in this folder", place=folder, remedy="name a folder of its own with --out")


def _last_lines(run: "TrainingRun", seconds: float) -> Iterator[str]:
    """What came of it, and what to type next."""
    minutes, rest = divmod(round(seconds), 60)
    yield f"done in {minutes} min {rest} s: {run.folder}"
    if not run.data.test_pairs:
        yield "no utterance was held out for a test, so nothing can be said of how well it generalises"
    for name, scores in run.scores.items():
        yield f"{name:<14} right {scores['right']:6.1%}   perplexity {scores['perplexity']:.4g} a piece   (on {scores['utterances']} held-out utterances)"
    model = "" if run.folder.parent == Path("models") else f" --model {shlex.quote(str(run.folder))}"
    yield f"next:  chatbot talk{model}"
    if run.settings.waits:
        yield f"       chatbot compare{model} {shlex.quote(run.try_me())}"
    if run.data.test_pairs:
        yield f"       chatbot evaluate{model} {shlex.join(map(str, run.sources.corpora))}"
