"""`chatbot test`: scripted transcripts, played and reported."""

import difflib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.cli import options
from chatbot.errors import OptionError
from chatbot.files import write_whole
from chatbot.safe_text import safe_json, safe_line

if TYPE_CHECKING:
    from chatbot.transcripts.playing import Cast, Outcome
    from chatbot.transcripts.report import Run
    from chatbot.transcripts.scenes import Scene, Transcript

    Choice = Callable[[Transcript], list[Scene]]

NOTHING = 5
_COLOURS = {"FAILED": "red", "failed as expected": "yellow", "fragile": "yellow"}


def play(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help=".chat files, and folders of them.")] = None,
    keyword: Annotated[str | None, typer.Option("-k", metavar="EXPR", help='Only scenes whose titles fit: "late and not sad".')] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", metavar="NAME|PATH", help="The bundle; several are set side by side, against the first.")
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, max=10_000, metavar="N", help="Trials of sampled scenes, in place of what they say.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="The first seed, in place of what the scenes say.")] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Rewrite the `<` lines that fail to what is said now.")] = False,
    accept_new: Annotated[bool, typer.Option("--accept-new", help="Rewrite `<?` to what is said now.")] = False,
    new: Annotated[
        Path | None, typer.Option("--new", metavar="FROM", help="Print drafts of scenes from a folder of .topic files, a .tsv corpus or a session (.jsonl).")
    ] = None,
    check_format: Annotated[bool, typer.Option("--check-format", help="Say which files are not laid out as they should be; play nothing.")] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a JUnit report too.")] = None,
    json_: options.Json = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first scene that fails.")] = False,
    plain: options.Plain = False,
) -> None:
    """Test a bot by scripted conversations. Ends with 0 when all hold, 1 when some do not, 5 when there are none.

    chatbot test tests/transcripts\n
    chatbot test --new corpora/faq > faq.chat\n
    chatbot test faq.chat --model models/faq --model models/faq-2
    """
    from chatbot.transcripts import selecting
    from chatbot.transcripts.parse import read

    if new:
        from chatbot.cli.drafting import drafted

        if any((paths, keyword, model, trials, seed is not None, accept, accept_new, check_format, junit, json_, fail_fast)):
            raise OptionError("--new prints drafts and plays nothing", remedy="leave out PATH and the other options")
        typer.echo("\n".join(safe_line(line) for line in drafted(new).split("\n")), nl=False)
        return
    if not paths:
        raise OptionError("no PATH to test", remedy="name .chat files or folders of them")
    if (accept or accept_new) and len(model or ()) > 1:
        raise OptionError("--accept takes one --model", remedy="leave the others out")
    if junit and junit.suffix != ".xml":
        raise OptionError(f"--junit {junit} is no XML", remedy="give it a name that ends in .xml")
    if check_format and (accept or accept_new or junit):
        raise OptionError("--check-format plays nothing", remedy="leave out --accept, --accept-new and --junit")
    if fail_fast and (accept or accept_new or len(model or ()) > 1):
        raise OptionError("--fail-fast goes with one --model and without --accept", remedy="leave it out")
    transcripts = [read(path) for path in selecting.files(paths)]
    if check_format and transcripts:
        raise typer.Exit(_check_format(transcripts))
    fits = selecting.titled(keyword) if keyword else lambda scene: True

    def chosen(transcript: "Transcript") -> "list[Scene]":
        return [selecting.reseeded(scene, seed, trials) for scene in transcript.scenes if fits(scene)]

    transcripts = [transcript for transcript in transcripts if chosen(transcript)]
    if not transcripts:
        where = f"{', '.join(map(str, paths))}: nothing to test: no scene there"
        lacking = f" whose title fits -k “{keyword}”; leave it out, or try other words" if keyword else "; name .chat files, or folders that hold some"
        print(safe_line(f"chatbot: {where}{lacking}"), file=sys.stderr)
        raise typer.Exit(NOTHING)
    from chatbot.transcripts.playing import Cast
    from chatbot.transcripts.report import Run

    runs = []
    names: list[str | None] = [*model] if model else [None]
    for name in names:
        cast = Cast.of(options.load_bundle(name, "cpu"))
        if accept or accept_new:
            played = [_accepted(cast, transcript, chosen, accept, accept_new, to_stderr=json_) for transcript in transcripts]
        else:
            played = list(_played(cast, transcripts, chosen, fail_fast))
        runs.append(Run(replace(cast, name=name) if name and len(names) > 1 else cast, played))
    if junit:
        _write_junit(junit, runs)
    if json_:
        from chatbot.transcripts.machine_reports import as_json

        typer.echo(safe_json(as_json(runs), indent=1))
    else:
        coloured = not options.is_plain(plain) and "NO_COLOR" not in os.environ
        for line in _report(runs):
            typer.echo(_painted(safe_line(line)) if coloured else safe_line(line))
    raise typer.Exit(0 if all(run.fine for run in runs) else 1)


def _played(cast: "Cast", transcripts: "Iterable[Transcript]", chosen: "Choice", fail_fast: bool) -> "Iterator[tuple[Transcript, list[Outcome]]]":
    """Yields what comes of each transcript; with `fail_fast` a scene at a time, and no more after one that fails."""
    for transcript in transcripts:
        outcomes: list[Outcome] = []
        for scenes in [[scene] for scene in chosen(transcript)] if fail_fast else [chosen(transcript)]:
            outcomes += cast.play(transcript, scenes)
            if fail_fast and not outcomes[-1].fine:
                yield transcript, outcomes
                return
        yield transcript, outcomes


def _accepted(cast: "Cast", old: "Transcript", chosen: "Choice", exact: bool, new: bool, *, to_stderr: bool) -> "tuple[Transcript, list[Outcome]]":
    """Rewrites a transcript, shows what is changed in it, and says what comes of it then."""
    from chatbot.transcripts import accepting

    settled, outcomes = accepting.settled(cast, old, chosen, exact=exact, new=new)
    if settled.text != old.text:
        accepting.write(old, settled)
    before, after = (text.replace("\r", "").split("\n") for text in (old.text, settled.text))
    for line in difflib.unified_diff(before, after, str(old.path), str(old.path), n=2, lineterm=""):
        typer.echo(safe_line(line), err=to_stderr)
    for outcome in outcomes:
        if not outcome.fine and not accepting.acceptable(outcome.scene):
            print(safe_line(f"chatbot: {outcome.scene.title.place}: not rewritten: what is sampled, or shall fail, is no model"), file=sys.stderr)
    return settled, outcomes


def _check_format(transcripts: "Sequence[Transcript]") -> int:
    """Shows how the files should look that do not, and returns the exit code."""
    from chatbot.transcripts.formatting import formatted

    wrong = 0
    for transcript in transcripts:
        should = formatted(transcript.text)
        wrong += should != transcript.text
        before, after = (text.split("\n") for text in (transcript.text, should))
        for line in difflib.unified_diff(before, after, str(transcript.path), f"{transcript.path} as it should look", lineterm=""):
            typer.echo(safe_line(line.rstrip("\r")))
    return int(bool(wrong))


def _painted(line: str) -> str:
    """A line of the report, its first word in its colour."""
    word = next((word for word in _COLOURS if line.startswith(word)), "")
    return typer.style(word, fg=_COLOURS[word], bold=True) + line.removeprefix(word) if word else line


def _report(runs: "Sequence[Run]") -> Iterator[str]:
    """Yields the lines that a person reads."""
    from chatbot.transcripts import report

    for run in runs:
        yield from report.lines(run)
        if len(runs) > 1:
            yield ""
    if len(runs) > 1:
        yield from report.matrix(runs)


def _write_junit(path: Path, runs: "Sequence[Run]") -> None:
    from chatbot.transcripts.machine_reports import as_junit

    try:
        write_whole(path, as_junit(runs))
    except OSError as error:
        raise OptionError(f"--junit {path} cannot be written: {error.strerror}", remedy="name another file") from None
