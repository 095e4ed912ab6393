"""`chatbot corpus expand` and `chatbot corpus new`: what writes corpora."""

from pathlib import Path
from typing import Annotated

import typer

from chatbot.errors import CorpusError
from chatbot.files import write_whole
from chatbot.safe_text import safe_line


def expand(
    folder: Annotated[Path, typer.Argument(help="A folder of .topic files.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The .tsv file to write. Default: FOLDER.tsv.")] = None,
) -> None:
    """Compile a folder of .topic files into NAME.tsv and NAME.groups.tsv.

    chatbot corpus expand corpora/dialog
    """
    from chatbot.corpus.expand import expand as pairs_of
    from chatbot.corpus.pairs import groups_path
    from chatbot.corpus.topics import read_topics

    beside = folder if folder.name else folder.resolve()
    out = beside.with_name(f"{beside.name}.tsv") if out is None else out
    if not out.name:
        raise CorpusError("no name of a file", place=f"--out “{out}”", remedy="name the .tsv file to write")
    found = read_topics(folder)
    lines = list(pairs_of(found))
    pairs = "".join(f"{line.utterance}\t{line.reply}\n" for line in lines)
    groups = "".join(f"{number}\t{line.group.topic}\t{line.group.pair}\t{line.group.label}\n" for number, line in enumerate(lines, 1))
    try:
        for path, text in ((out, pairs), (groups_path(out), groups)):
            write_whole(path, text.encode())
    except OSError as error:
        raise CorpusError(f"cannot be written: {error.strerror}", place=out, remedy="name another file with --out") from None
    late = len({line.group.pair for line in lines if line.group.pair})
    typer.echo(safe_line(f"{out}: {len(lines):,} pairs, {len({line.utterance for line in lines}):,} utterances, {len(found)} topics, {late:,} late-cue pairs"))


def register(app: typer.Typer) -> None:
    """Adds the commands of this file to `app`."""
    app.command("expand")(expand)
