"""`chatbot evaluate`: what a bot is worth, as a table or as JSON."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from chatbot.cli import options
from chatbot.cli.engine import learning_curve
from chatbot.errors import OptionError
from chatbot.files import write_whole
from chatbot.safe_text import safe_json, safe_line


def evaluate(
    corpus: Annotated[
        list[Path], typer.Argument(metavar="CORPUS...", help="TSV files. Of the corpus that the bundle was trained on, only the test part counts.")
    ],
    model: options.Model = None,
    trained_on: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="What the bundle was trained on, to see what leaks. Known where CORPUS is just that. May be repeated."),
    ] = None,
    neighbour: Annotated[
        bool, typer.Option("--neighbour", help="Beside it what needs no network: the nearest utterance that was trained on, and a linear classifier.")
    ] = False,
    against: Annotated[str | None, typer.Option(metavar="NAME|PATH", help="Another bundle that is asked the same.")] = None,
    html: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.html", help="Write all of it as one page that opens offline, curves and samples too.")
    ] = None,
    plots: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Draw the curves as PNG files there.")] = None,
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
    chatbot evaluate corpora/dialog.tsv --neighbour --report report.html\n
    chatbot evaluate corpora/dialog.tsv --late-cue --picture late-cues.svg
    """
    as_asked = options.decoding(False, options.DEFAULT.temperature, options.DEFAULT.top_k, options.DEFAULT.top_p, 0, beam, block_ngrams)
    if not late_cue and (beside or picture):
        raise OptionError("--beside and --picture do nothing without --late-cue", remedy="add --late-cue")
    if html and html.suffix != ".html":
        raise OptionError(f"--report {html} is no page", remedy="give it a name that ends in .html")
    if picture and picture.suffix != ".svg":
        raise OptionError(f"--picture {picture} is no SVG", remedy="give it a name that ends in .svg")
    if late_cue and (trained_on or neighbour or against or html or plots):
        raise OptionError("--late-cue is a report of its own", remedy="leave out --trained-on, --neighbour, --against, --report and --plots")
    for flag, path in (("--report", html), ("--picture", picture)):
        if path and not path.parent.is_dir():  # told before all is asked, not after
            raise OptionError(f"{flag} {path} cannot be written: there is no such folder", remedy="make it, or name another file")
    from chatbot import bundle as bundles
    from chatbot.evaluation.exam import exam
    from chatbot.evaluation.hardware import circumstances
    from chatbot.evaluation.report import report
    from chatbot.evaluation.table import lines

    bundle = options.load_bundle(model, device)
    other = options.load_bundle(against, device) if against is not None else None
    paths, known = ([options.corpus_path(path) for path in files] for files in (corpus, trained_on or []))
    asked = exam(bundle, paths, known, against=other)
    decoding = options.in_effect(as_asked, bundle.details, known_replies, unsure="")
    if late_cue:
        from chatbot.cli.late_cue_report import late_cue_report

        others = [options.load_bundle(name, device) for name in beside or []]
        beside_it = [(other, options.in_effect(as_asked, other.details, known_replies, unsure="")) for other in others]
        facts, told, drawn = late_cue_report(asked, paths, (bundle, decoding), *beside_it)
        if picture:
            _write("--picture", picture, drawn)
        _tell(json_, facts, told)
        return
    if plots:
        from chatbot.evaluation.plots import plot, ready

        ready(plots)
    curve = learning_curve(bundles.text(bundle.path, "log.jsonl"))
    rival = (other, options.in_effect(as_asked, other.details, known_replies, unsure="")) if other else None
    found = report(bundle, asked, decoding, against=rival, neighbour=neighbour, curve=curve, workers=options.cores())
    if html:
        from chatbot.evaluation.page import page

        _write("--report", html, page(found))
    if plots:
        plot(found, plots)
    _tell(json_, {**circumstances(bundle), **asdict(found)}, lines(found))


def _write(flag: str, path: Path, text: str) -> None:
    """Writes a file that was asked for. Raises OptionError."""
    try:
        write_whole(path, text.encode("utf-8", "replace"))
    except OSError as error:
        raise OptionError(f"{flag} {path} cannot be written: {error.strerror}", remedy="name another file") from None


def _tell(json_: bool, report: dict[str, Any], lines: Iterable[str]) -> None:
    """Prints a report: its JSON, or its lines."""
    typer.echo(safe_json(report, indent=1) if json_ else "\n".join(map(safe_line, lines)))
