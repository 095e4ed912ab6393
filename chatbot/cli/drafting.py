"""What `chatbot test --new` makes drafts of."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from chatbot import sessions
from chatbot.cli import options
from chatbot.corpus.conversations import conversations
from chatbot.corpus.expand import exchanges_in
from chatbot.corpus.pairs import Pair, read_pairs
from chatbot.corpus.topics import read_topics
from chatbot.errors import TranscriptError
from chatbot.evaluation.metrics import allowed_replies
from chatbot.transcripts import draft_of_session
from chatbot.transcripts.held_out import drafts


def drafted(source: Path) -> str:
    """A transcript: of what a folder of .topic files, or a corpus, holds out; or of the last conversation of a session. Raises ChatbotError."""
    if source.suffix == ".jsonl":
        session = sessions.read(source)
        if session.trouble:
            print(f"chatbot: {session.trouble}", file=sys.stderr)
        if not session.turns:
            raise TranscriptError("nothing was said in it", place=source, remedy="name another conversation")
        return draft_of_session(session, session.thread(len(session.turns)), title=source.stem)
    pairs = list(_of_topics(source) if os.path.isdir(source) else read_pairs(options.corpus_path(source), alone=True))
    return drafts(pairs, allowed_replies(pairs))


def _of_topics(folder: Path) -> Iterator[Pair]:
    """The pairs that `chatbot corpus expand` makes of a folder, in their order, follow-ups left out."""
    for talk in conversations(exchanges_in(read_topics(folder))):
        yield from (Pair(line.utterance, line.reply, group=line.group) for line in talk if not line.group.needs)
