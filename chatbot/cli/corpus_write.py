"""`chatbot corpus expand` and `chatbot corpus new`: what writes corpora."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli import corpus_shown
from chatbot.errors import CorpusError
from chatbot.files import write_whole
from chatbot.records import plural
from chatbot.safe_text import safe_line


def expand(
    folder: Annotated[Path, typer.Argument(help="A folder of .topic files.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The .tsv file to write. Default: FOLDER.tsv.")] = None,
) -> None:
    """Compile a folder of .topic files into NAME.tsv and NAME.groups.tsv.

    chatbot corpus expand corpora/dialog
    """
    from chatbot.corpus.conversations import conversations, written
    from chatbot.corpus.expand import exchanges_in
    from chatbot.corpus.folding import key
    from chatbot.corpus.pairs import groups_path
    from chatbot.corpus.topics import read_topics
    from chatbot.corpus.written import whole_files

    beside = folder if folder.name else folder.resolve()
    out = beside.with_name(f"{beside.name}.tsv") if out is None else out
    if not out.name:
        raise CorpusError("no name of a file", place=f"--out “{out}”", remedy="name the .tsv file to write")
    topics = read_topics(folder)
    talks = conversations(exchanges_in(topics))
    if not talks:
        raise CorpusError("no utterance with a reply in it", place=folder, remedy="write some: `chatbot corpus new` shows how")
    if out.suffix != ".tsv":
        raise CorpusError("pairs are written to a .tsv file", place=out, remedy=f"name {out.with_suffix('.tsv').name}")
    if os.path.lexists(out) and not os.path.isfile(groups_path(out)):
        raise CorpusError("is there already, and was not written by `corpus expand`", place=out, remedy="name another file with --out, or delete it")
    with corpus_shown.removal_told([out, groups_path(out)]), whole_files([out, groups_path(out)], force=True) as files:
        for file, text in zip(files, written(talks), strict=True):
            file.write(text.encode())
    lines = [line for talk in talks for line in talk]
    labels: dict[str, set[str]] = {}
    for line in lines:
        labels.setdefault(line.group.pair, set()).add(line.group.label)
    counts = (
        plural(len(lines), "pair"),
        plural(len({key(line.utterance) for line in lines}), "utterance"),
        plural(len(topics), "topic"),
        plural(sum(line.group.needs > 0 for line in lines), "follow-up"),
        plural(sum(bool(pair) and len(those) == 2 for pair, those in labels.items()), "late-cue pair"),
    )
    typer.echo(safe_line(f"{out}: {', '.join(counts)}"))


def new(
    folder: Annotated[Path, typer.Argument(metavar="NAME", help="The folder to write. It must not be there yet.")],
) -> None:
    """Begin a corpus of your own: the questions and answers of a small library, to be rewritten into yours.

    chatbot corpus new faq
    """
    from chatbot.corpus.starter import FILES, PLACE

    name = folder.name or folder.resolve().name
    if not name.isprintable():
        raise CorpusError("a name that cannot be printed", place=folder, remedy="use letters, digits, - and _")
    if "-" in (name[:1], str(folder)[:1]):
        raise CorpusError("a name that begins with a hyphen, as options do", place=folder, remedy="begin it with a letter or a digit")
    if folder.suffix in (".tsv", ".topic"):
        raise CorpusError("a folder is begun, not a file", place=folder, remedy=f"name it {folder.stem}")
    try:
        folder.mkdir()
        for file in FILES:
            write_whole(folder / file, (PLACE / file).read_bytes())
    except FileExistsError:
        raise CorpusError("is there already", place=folder, remedy="choose another name, or delete it first") from None
    except OSError as error:
        raise CorpusError(f"cannot be written: {error.strerror}", place=folder, remedy="choose another name, in a folder that is there and is yours") from None
    typer.echo(safe_line(f"{folder}: {' and '.join(FILES)}, questions and answers of a small library. Rewrite them into yours; then:"))
    typer.echo(safe_line(f"  chatbot corpus expand {shlex.quote(str(folder))}"))
    typer.echo(
        safe_line(
            f"  chatbot train {shlex.quote(str(folder.with_name(name + '.tsv')))} --start-from small-talk --mix dialog.tsv --no-interrupter --known-replies"
        )
    )
    typer.echo(safe_line(f"  chatbot talk --model {shlex.quote('models/' + name)}"))


def register(app: typer.Typer) -> None:
    """Adds the commands of this file to `app`."""
    app.command("expand")(expand)
    app.command("new")(new)
