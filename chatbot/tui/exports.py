"""A conversation as a file for others: text, data, a transcript to test with, a picture of the screen."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from chatbot.errors import SessionError
from chatbot.files import write_whole
from chatbot.records import plural
from chatbot.safe_text import safe_json, safe_line, safe_text
from chatbot.sessions import Session

ENDINGS = ".md .json .chat"


def export(session: Session, at: int, where: str, picture: Callable[[], str] | None = None) -> str:
    """Writes what was said, every turn of the thread that ends with turn `at`, and returns a sentence that says so.

    `where` is a path, or an ending alone. The ending of `where` names the kind; `picture` draws the screen, where there is one. Raises SessionError for what
    cannot be written.
    """
    endings = f"{ENDINGS} .svg" if picture else ENDINGS
    if not where:
        raise SessionError("a conversation is exported to a file", remedy=f"name one, or its ending alone: {endings}")
    path = Path(f"{session.bundle}-{datetime.now():%Y-%m-%dT%H%M%S}{where}" if where in endings.split() else os.path.expanduser(where))
    kind = path.suffix.lower()
    numbers = session.thread(at)
    if kind == ".svg" and picture is not None:
        text = picture()
    elif not kind and os.path.isdir(path):
        raise SessionError("a folder, not a file", place=where, remedy=f"type /export {where.rstrip('/')}/talk.md, or another ending: {endings}")
    elif kind not in ENDINGS.split():
        what = f"no kind of file called “{safe_line(kind)}”" if kind else "no ending, which tells the kind of file"
        raise SessionError(what, place=where, remedy=f"let it end in one of {endings}")
    elif not numbers:
        raise SessionError(
            "nothing has been said to this bundle yet", place=where, remedy="say something first; what was said before /model is another conversation"
        )
    else:
        text = {".md": _markdown, ".json": _json, ".chat": _chat}[kind](session, numbers)
    if os.path.exists(path):
        raise SessionError("is there already, and stays as it is", place=where, remedy="name another file")
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise SessionError(f"cannot be written: {error.strerror}", place=where, remedy="name another file") from None
    return f"Wrote {path}: {'the screen' if kind == '.svg' else plural(len(numbers), 'turn')}."


def _markdown(session: Session, numbers: list[int]) -> str:
    """Each turn as two quotations of literal text, in which nothing is markup."""
    parts = [f"# A conversation with `{safe_line(session.bundle)}`"]
    for number in numbers:
        told = session.turns[number - 1]
        parts += ["**You**", _literal(told.utterance), f"**Bot** ({safe_line(str(told.decoding))})", _literal(told.reply.text)]
    return "\n\n".join(parts) + "\n"


def _literal(text: str) -> str:
    """`text` as an indented block, which Markdown leaves alone."""
    return "\n".join(f"    {line}" for line in safe_text(text).split("\n"))


def _json(session: Session, numbers: list[int]) -> str:
    turns = [session.facts(number) for number in numbers]
    return safe_json({"bundle": session.bundle, "fingerprint": session.fingerprint, "turns": turns}, indent=1) + "\n"


def _chat(session: Session, numbers: list[int]) -> str:
    from chatbot.transcripts import draft_of_session

    draft = draft_of_session(session, numbers)
    return "\n".join(map(safe_line, draft.split("\n")))
