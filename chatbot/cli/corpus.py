"""`chatbot corpus`: write, import, check and split corpora."""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.cli import corpus_import, corpus_shown, corpus_write, options
from chatbot.errors import CorpusError, OptionError
from chatbot.options import MOST_HISTORY
from chatbot.safe_text import safe_json, safe_line

if TYPE_CHECKING:
    from chatbot.corpus.gathering import Corpora
    from chatbot.corpus.inspection import Found

LARGE = 8_000_000  # bytes; for less of them no other processes are started
MOST_WORKERS = 8
EVERY = 5  # seconds between two lines that tell how far it is

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Write, import, check and split corpora.

    chatbot corpus check faq.tsv
    """,
)
corpus_write.register(app)
app.command("import")(corpus_import.import_)

Paths = Annotated[list[Path], typer.Argument(metavar="CORPUS...", help="TSV files: utterance, a tab, reply; one pair a line. Also .tsv.gz and .tsv.zst.")]
History = Annotated[int, typer.Option(metavar="N", min=0, max=MOST_HISTORY, help="Read N earlier turns with each utterance; conversations end at blank lines.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


@app.command()
def check(
    corpus: Paths,
    history: History = 0,
    fix: Annotated[
        Path | None,
        typer.Option(metavar="OUT.tsv", help="Write a cleaned copy: trimmed, in UTF-8, without repeated lines and what is no pair.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --fix: replace what is there.")] = False,
    json_: options.Json = False,
) -> None:
    """Check corpora before you train: what is wrong, what is doubtful, how long it will take, and what to do about it.

    chatbot corpus check faq.tsv\n
    chatbot corpus check chat.tsv --fix clean.tsv

    Exit code 1 when there is something that training would refuse, 0 when there is nothing but advice.
    """
    from chatbot.corpus.advice import advice
    from chatbot.corpus.cleaning import Cleaning
    from chatbot.corpus.gathering import Corpora
    from chatbot.corpus.inspection import NOT_UTF8
    from chatbot.corpus.report import report

    if fix and len(corpus) > 1:
        raise OptionError("--fix takes one corpus at a time", remedy="check each of them alone")
    if force and not fix:
        raise OptionError("--force does nothing without --fix", remedy="add --fix OUT.tsv")
    corpora = Corpora([options.corpus_path(path) for path in corpus], history=history)
    with inspected(corpora) as found:
        checked = report(corpora, found)
    advised = [one for one in advice(checked, [str(path) for path in corpus]) if not fix or "--fix" not in one]
    cleaning = None
    if fix:
        cleaning = Cleaning(checked.second if NOT_UTF8 in checked.problem_kinds else "", conversations=checked.conversations > 0)
        with corpus_shown.removal_told([fix]):
            cleaning.write(corpora, fix, force=force)
    if json_:
        fixed = {"fixed": {"file": str(fix), "pairs": cleaning.pairs, "done": dict(cleaning.done.most_common())}} if cleaning else {}
        typer.echo(safe_json({**checked.facts(), "advice": [one.replace("\n", " ") for one in advised], **fixed}, indent=1))
    else:
        for line in corpus_shown.check_lines(checked, advised):
            typer.echo(line)
        for line in corpus_shown.fix_lines(cleaning, str(fix)) if cleaning else ():
            typer.echo(line)
    if checked.stops and not cleaning:
        raise typer.Exit(1)


@app.command()
def stats(
    corpus: Paths,
    history: History = 0,
    plain: options.Plain = False,
    json_: options.Json = False,
) -> None:
    """Draw what is in corpora: lengths, topics, turns, the commonest replies and words.

    chatbot corpus stats corpora/dialog.tsv
    """
    from chatbot.corpus.gathering import Corpora
    from chatbot.corpus.stats import stats as counted

    corpora = Corpora([options.corpus_path(path) for path in corpus], history=history)
    with inspected(corpora) as found:
        numbers = counted(corpora, found)
    if not numbers.pairs:
        raise CorpusError("no pairs in it", place=corpus[0], remedy="see `chatbot corpus check`")
    if json_:
        typer.echo(safe_json(numbers.facts(), indent=1))
        return
    for line in corpus_shown.stats_lines(numbers, plain=options.is_plain(plain)):
        typer.echo(line)


@app.command()
def split(
    corpus: Paths,
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where the parts go. Default: NAME-split, beside you.", show_default=False)] = None,
    history: Annotated[int, typer.Option(metavar="N", min=0, max=MOST_HISTORY, help="Keep N earlier turns with each utterance, and so write .jsonl.")] = 0,
    force: Force = False,
    json_: options.Json = False,
) -> None:
    """Write the parts of corpora as files, split as `chatbot train` splits them, so that other programs can be measured on the same pairs.

    chatbot corpus split corpora/dialog.tsv --out parts
    """
    from chatbot.corpus.parts import NAMES, write_parts

    paths = [options.corpus_path(path) for path in corpus]
    folder = Path(f"{paths[0].name.partition('.tsv')[0]}-split") if out is None else out
    with corpus_shown.removal_told([folder / f"{name}.tsv" for name in NAMES]):
        parts = write_parts(paths, folder, history=history, force=force)
    if json_:
        typer.echo(safe_json({"files": [str(file) for file in parts.files], "pairs": dict(zip(NAMES, parts.pairs, strict=True))}, indent=1))
        return
    for name, pairs in zip(NAMES, parts.pairs, strict=True):
        files = " and ".join(str(file) for file in parts.files if file.name.partition(".")[0] == name)
        typer.echo(safe_line(f"{pairs:>9,} pairs  {files}"))


@contextmanager
def inspected(corpora: "Corpora") -> Iterator[Iterable["Found"]]:
    """What there is in each block, in their order; large corpora by several processes, with a line now and then on how far it is."""
    from chatbot.corpus.inspection import inspect
    from chatbot.dataset.workers import Workers

    sizes = [os.path.getsize(path) for path in corpora.paths]
    with Workers(min(MOST_WORKERS, options.cores()) if sum(sizes) > LARGE else 0) as pool:
        yield _told(pool.map(inspect, corpora.blocks()), sizes)


def _told(found: Iterable["Found"], sizes: list[int]) -> Iterator["Found"]:
    """The same; says on stderr how far it has come."""
    told = time.monotonic()
    for one in found:
        yield one
        if time.monotonic() - told > EVERY:
            told = time.monotonic()
            print(f"read: {(sum(sizes[: one.file]) + one.read) / sum(sizes):.0%} of {sum(sizes) / 1e6:,.0f} MB", file=sys.stderr, flush=True)
