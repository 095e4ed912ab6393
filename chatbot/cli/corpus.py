"""`chatbot corpus`: write and check corpora."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli import corpus_write, options
from chatbot.safe_text import safe_json, safe_line

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Write and check corpora.

    chatbot corpus check faq.tsv
    """,
)
corpus_write.register(app)


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
