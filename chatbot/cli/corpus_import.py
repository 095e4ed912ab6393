"""`chatbot corpus import`: pairs out of tables, chats and exports."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from chatbot.cli import corpus_shown, options
from chatbot.errors import CorpusError, OptionError
from chatbot.records import plural
from chatbot.safe_text import safe_json, safe_line

if TYPE_CHECKING:
    from chatbot.corpus.importers.imported import Imported

_SPEAKERS = 6  # in one line


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Tables (.csv, .tsv, .xlsx), JSON and JSONL, exported chats (.txt, .zip, .json).")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What to write. Default: corpus.tsv; with --as topics, corpus/import.topic.", show_default=False)
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="NAME", help="csv, tsv, xlsx, jsonl, whatsapp, telegram, discord, tatoeba; lines, for two files. Default: what it looks like."
        ),
    ] = None,
    reply_as: Annotated[
        str | None, typer.Option(metavar="NAME", help="In a chat: who is imitated. Without it, the speakers are listed.", show_default=False)
    ] = None,
    gap: Annotated[int | None, typer.Option(metavar="MINUTES", min=1, help="In a chat: the pause that ends a conversation. Default: 60.")] = None,
    dates: Annotated[
        str | None, typer.Option(metavar="day|month", help="In a chat: which comes first in a date, if the file does not tell.", show_default=False)
    ] = None,
    utterance: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="In a table: the column of utterances, by name or number.", show_default=False)
    ] = None,
    reply: Annotated[str | None, typer.Option(metavar="COLUMN", help="In a table: the column of replies.", show_default=False)] = None,
    as_: Annotated[str, typer.Option("--as", metavar="tsv|topics", help="Pairs by lines, or topics to go on writing in.")] = "tsv",
    cap_replies: Annotated[int | None, typer.Option(metavar="N", min=1, help="Keep at most N pairs with one reply.", show_default=False)] = None,
    scrub: Annotated[bool, typer.Option("--scrub", help="Write [phone], [e-mail] and [link] in place of them.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    json_: options.Json = False,
) -> None:
    """Make a corpus out of what you have: a table, a chat, an export.

    chatbot corpus import faq.xlsx --out faq.tsv\n
    chatbot corpus import "WhatsApp Chat with Anna.zip" --reply-as Anna --scrub\n
    chatbot corpus import --format lines english.txt korean.txt
    """
    from chatbot.corpus.importers.imported import import_files
    from chatbot.corpus.importers.registry import Wishes
    from chatbot.corpus.written import check_places, whole_files

    if as_ not in ("tsv", "topics"):
        raise OptionError(f"no kind of corpus called “{as_}”", place="--as", remedy="use tsv or topics")
    order: Literal["day", "month"] | None = "day" if dates == "day" else "month" if dates == "month" else None
    if dates is not None and order is None:
        raise OptionError(f"“{dates}” comes first in no date", place="--dates", remedy="use day or month")
    path = out if out is not None else Path("corpus.tsv") if as_ == "tsv" else Path("corpus") / "import.topic"
    ending = ".tsv" if as_ == "tsv" else ".topic"
    if path.suffix != ending:
        raise OptionError(f"“{path}” does not end in {ending}", place="--out", remedy=f"name a {ending} file")
    check_places([path], force=force, keep=files)  # before anything is read
    wishes = Wishes(format_, reply_as, gap, order, utterance, reply, cap_replies, scrub)
    found = import_files(files, wishes)
    text = found.tsv() if as_ == "tsv" else found.topics()
    try:
        if out is None:
            path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise CorpusError(f"no folder can be made: {error.strerror}", place=path.parent, remedy="name another file with --out") from None
    with corpus_shown.removal_told([path]), whole_files([path], force=force, keep=files) as (file,):
        file.write(text.encode())
    report = _report(path, found)
    for line in _account(found):
        typer.echo(safe_line(line), err=True)
    if json_:
        typer.echo(safe_json(report, indent=1))
        return
    told = [
        plural(report["pairs"], "pair") + ("" if found.alone or as_ == "topics" else f" in {plural(report['conversations'], 'conversation')}"),
        plural(report["utterances"], "utterance"),
        plural(report["replies"], "reply", "replies"),
        *([plural(text.count("\n== "), "topic")] if as_ == "topics" else ()),
    ]
    typer.echo(safe_line(f"{path}: {', '.join(told)}"))


def _report(path: Path, found: "Imported") -> dict[str, Any]:
    """What came of it, for programs."""
    from chatbot.corpus.folding import key

    return {
        "out": str(path),
        "pairs": sum(map(len, found.conversations)),
        "conversations": None if found.alone else len(found.conversations),
        "utterances": len({key(utterance) for utterance, _ in found.pairs()}),
        "replies": len({key(reply) for _, reply in found.pairs()}),
        "reply_as": found.reply_as,
        "speakers": dict(found.speakers.most_common()),
        "files": [{"path": file.path, "format": file.title, "encoding": file.encoding, "messages": file.messages, "note": file.note} for file in found.files],
        "left_out": dict(found.left_out.most_common()),
        "scrubbed": dict(found.scrubbed.most_common()),
    }


def _account(found: "Imported") -> list[str]:
    """What was read and what was left out, for a person."""
    lines = []
    for file in found.files:
        what = [file.title]
        what += [f"{file.messages:,} messages"] if file.messages is not None else []
        what += [file.note] if file.note else []
        what += [] if file.encoding == "utf-8" else [f"read as {file.encoding}: look whether its letters are right"]
        lines.append(f"{file.path}: {', '.join(what)}")
    if found.speakers:
        told = ", ".join(f"{speaker} ({count:,})" for speaker, count in found.speakers.most_common(_SPEAKERS))
        more = f" and {len(found.speakers) - _SPEAKERS:,} more" if len(found.speakers) > _SPEAKERS else ""
        lines.append(f"speakers: {told}{more}; {found.reply_as} replies")
    if found.left_out:
        lines.append(f"left out: {'; '.join(f'{why} ({times:,})' for why, times in found.left_out.most_common())}")
    if found.scrubbed:
        lines.append(f"scrubbed: {', '.join(f'{what} ({times:,})' for what, times in found.scrubbed.most_common())}")
    return lines
