"""`chatbot evaluate`: what a bot is worth, as a table or as JSON."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli import options
from chatbot.safe_text import safe_json, safe_line


def evaluate(
    corpus: Annotated[list[Path], typer.Argument(metavar="CORPUS", help="TSV files. Of the corpus that the bundle was trained on, only the test part counts.")],
    model: options.Model = None,
    json_: options.Json = False,
    beam: options.Beam = 0,
    block_ngrams: options.BlockNgrams = 0,
    known_replies: options.KnownReplies = None,
    device: options.Device = "cpu",
) -> None:
    """Score a bot and its interrupters on pairs they have not seen.

    chatbot evaluate corpora/dialog.tsv --model models/dialog
    """
    decoding = options.decoding(False, options.DEFAULT.temperature, options.DEFAULT.top_k, options.DEFAULT.top_p, 0, beam, block_ngrams)
    from chatbot.bot import Bot
    from chatbot.evaluation import metrics
    from chatbot.evaluation.exam import exam
    from chatbot.evaluation.table import table

    bundle = options.load_bundle(model, device)
    decoding = options.in_effect(decoding, bundle.details, known_replies, unsure="")
    asked = exam(bundle, [options.corpus_path(path) for path in corpus])
    speakers = {"listener": Bot.of(bundle), **{f"interrupter-{wait}": Bot.of(bundle, wait=wait) for wait in sorted(bundle.interrupters)}}
    found = {name: metrics.evaluate(bot, asked.pairs, asked.allowed, decoding if name == "listener" else None) for name, bot in speakers.items()}
    report = {"bundle": str(bundle.path), "part": asked.part, "decoding": str(decoding), "networks": {name: asdict(one) for name, one in found.items()}}
    part = "the test part, which it was not trained on" if asked.part == "test" else "all pairs of the file"
    lines = [f"{bundle.path}, on {part}: {len(asked.pairs):,} pairs, {found['listener'].utterances:,} utterances; {decoding}", *table(found)]
    if json_:
        typer.echo(safe_json(report, indent=1))
        return
    typer.echo("\n".join(map(safe_line, lines)))
