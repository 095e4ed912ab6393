"""`chatbot corpus`: write and check corpora."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli import options
from chatbot.errors import CorpusError
from chatbot.files import write_whole
from chatbot.safe_text import safe_json, safe_line

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Write and check corpora.

    chatbot corpus check faq.tsv
    """,
)


@app.command()
def expand(
    folder: Annotated[Path, typer.Argument(help="A folder of .topic files.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The .tsv file to write. Default: FOLDER.tsv.")] = None,
) -> None:
    """Compile a folder of .topic files into NAME.tsv and NAME.groups.tsv.

    chatbot corpus expand corpora/dialog
    """
    from chatbot.corpus import topics
    from chatbot.corpus.pairs import groups_path

    beside = folder if folder.name else folder.resolve()
    out = beside.with_name(f"{beside.name}.tsv") if out is None else out
    if not out.name:
        raise CorpusError("no name of a file", place=f"--out “{out}”", remedy="name the .tsv file to write")
    found = topics.read_topics(folder)
    lines = list(topics.expand(found))
    pairs = "".join(f"{line.utterance}\t{line.reply}\n" for line in lines)
    groups = "".join(f"{number}\t{line.group.topic}\t{line.group.pair}\t{line.group.label}\n" for number, line in enumerate(lines, 1))
    try:
        for path, text in ((out, pairs), (groups_path(out), groups)):
            write_whole(path, text.encode())
    except OSError as error:
        raise CorpusError(f"cannot be written: {error.strerror}", place=out, remedy="name another file with --out") from None
    late = len({line.group.pair for line in lines if line.group.pair})
    typer.echo(safe_line(f"{out}: {len(lines):,} pairs, {len({line.utterance for line in lines}):,} utterances, {len(found)} topics, {late:,} late-cue pairs"))


@app.command()
def check(
    corpus: Annotated[list[Path], typer.Argument(metavar="CORPUS", help="TSV files.")],
    history: Annotated[int, typer.Option(metavar="N", min=0, help="Read N earlier turns with each utterance.")] = 0,
    json_: options.Json = False,
) -> None:
    """Check corpora: the first line that is not a pair, how much there is, and the commonest replies.

    chatbot corpus check corpora/dialog.tsv
    """
    from chatbot.corpus.folding import key
    from chatbot.corpus.pairs import read_pairs
    from chatbot.corpus.split import split_pairs

    pairs = [pair for path in corpus for pair in read_pairs(options.corpus_path(path), history=history)]
    parts = split_pairs(pairs)
    replies = Counter(pair.reply for pair in pairs)
    report = {
        "pairs": len(pairs),
        "utterances": len({key(pair.utterance) for pair in pairs}),
        "replies": len(replies),
        "train": len(parts.train),
        "valid": len(parts.valid),
        "test": len(parts.test),
        "commonest": [{"reply": reply, "share": times / len(pairs)} for reply, times in replies.most_common(5)],
    }
    if json_:
        typer.echo(safe_json(report, indent=1))
        return
    typer.echo(f"{report['pairs']:,} pairs, {report['utterances']:,} distinct utterances, {report['replies']:,} distinct replies")
    if parts.valid or parts.test:
        typer.echo(f"split: {report['train']:,} to train on, {report['valid']:,} to validate, {report['test']:,} to test")
    else:
        typer.echo("too few to hold any out: all are trained on, and nothing can be said of how well it generalises")
    typer.echo("commonest replies:")
    for reply, times in replies.most_common(5):
        typer.echo(f"  {times / len(pairs):6.2%}  {safe_line(reply, limit=100)}")
