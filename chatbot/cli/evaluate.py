"""`chatbot evaluate`: what a bot is worth, as a table or as JSON."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from chatbot.cli import options
from chatbot.errors import OptionError
from chatbot.safe_text import safe_json, safe_line


def evaluate(
    corpus: Annotated[list[Path], typer.Argument(metavar="CORPUS", help="TSV files. Of the corpus that the bundle was trained on, only the test part counts.")],
    model: options.Model = None,
    json_: options.Json = False,
    beam: options.Beam = 0,
    block_ngrams: options.BlockNgrams = 0,
    known_replies: options.KnownReplies = None,
    late_cue: Annotated[bool, typer.Option("--late-cue", help="Instead: pairs of utterances alike up to the word that decides, by where it stands.")] = False,
    beside: Annotated[
        list[str] | None, typer.Option(metavar="NAME|PATH", help="With --late-cue: measure the listener of another bundle too. May be repeated.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="With --late-cue: draw a picture of it.")] = None,
    device: options.Device = "cpu",
) -> None:
    """Score a bot and its interrupters on pairs they have not seen.

    chatbot evaluate corpora/dialog.tsv --model models/dialog\n
    chatbot evaluate corpora/dialog.tsv --late-cue --picture late-cues.svg
    """
    decoding = options.decoding(False, options.DEFAULT.temperature, options.DEFAULT.top_k, options.DEFAULT.top_p, 0, beam, block_ngrams)
    if not late_cue and (beside or picture):
        raise OptionError("--beside and --picture do nothing without --late-cue", remedy="add --late-cue")
    from chatbot.bot import Bot
    from chatbot.evaluation import metrics
    from chatbot.evaluation.exam import exam
    from chatbot.evaluation.table import table

    bundle = options.load_bundle(model, device)
    decoding = options.in_effect(decoding, bundle.details, known_replies, unsure="")
    paths = [options.corpus_path(path) for path in corpus]
    asked = exam(bundle, paths)
    speakers = {"listener": Bot.of(bundle), **{f"interrupter-{wait}": Bot.of(bundle, wait=wait) for wait in sorted(bundle.interrupters)}}
    if late_cue:
        from chatbot.cli.late_cue_report import late_cue_report

        others = [options.load_bundle(name, device) for name in beside or []]
        _tell(json_, *late_cue_report(bundle, speakers, others, asked, paths, decoding, picture))
        return
    found = {name: metrics.evaluate(bot, asked.pairs, asked.allowed, decoding if name == "listener" else None) for name, bot in speakers.items()}
    report = {"bundle": str(bundle.path), "part": asked.part, "decoding": str(decoding), "networks": {name: asdict(one) for name, one in found.items()}}
    part = "the test part, which it was not trained on" if asked.part == "test" else "all pairs of the file"
    lines = [f"{bundle.path}, on {part}: {len(asked.pairs):,} pairs, {found['listener'].utterances:,} utterances; {decoding}", *table(found)]
    _tell(json_, report, lines)


def _tell(json_: bool, report: dict[str, Any], lines: Iterable[str]) -> None:
    """Prints a report: its JSON, or its lines."""
    typer.echo(safe_json(report, indent=1) if json_ else "\n".join(map(safe_line, lines)))
