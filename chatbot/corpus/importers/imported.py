"""An import from end to end: files in, one corpus out, and an account of what was left out."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatbot.corpus.folding import HIDDEN, fold, key
from chatbot.corpus.importers.chat import Chat, Pairs, pairs_of, speaker_named
from chatbot.corpus.importers.grouping import as_topics
from chatbot.corpus.importers.line_pairs import read_aligned
from chatbot.corpus.importers.registry import FORMATS, LINES, Wishes, format_of
from chatbot.corpus.importers.scrub import scrub
from chatbot.corpus.importers.source import open_source
from chatbot.errors import CorpusError, OptionError

LONGEST_SIDE = 2000  # characters; longer ones are pasted, not said
_UNSEEN = re.compile("[" + re.escape(re.sub("[\v\f\x85]", "", HIDDEN)) + "]")  # these three end lines
_BLANKS = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]{2,}")  # squeezed first, for folding takes long over long runs


@dataclass(frozen=True)
class File:
    """What one file was found to be."""

    path: str
    title: str
    encoding: str
    messages: int | None  # of a chat
    note: str = ""


@dataclass
class Imported:
    """A corpus, and how it came about. `alone`: pairs of which none follows another."""

    files: list[File] = field(default_factory=list)
    conversations: list[list[tuple[str, str]]] = field(default_factory=list)
    alone: bool = True
    reply_as: str | None = None
    speakers: Counter[str] = field(default_factory=Counter)  # messages of each
    left_out: Counter[str] = field(default_factory=Counter)
    scrubbed: Counter[str] = field(default_factory=Counter)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yields all pairs in their order."""
        for conversation in self.conversations:
            yield from conversation

    def tsv(self) -> str:
        """The corpus as DESIGN tells it: a pair a line, one tab; with conversations, a blank line after each."""
        blank = "" if self.alone else "\n"
        return "".join("".join(f"{utterance}\t{reply}\n" for utterance, reply in pairs) + blank for pairs in self.conversations)

    def topics(self) -> str:
        """The corpus as a .topic file, which knows no conversations."""
        return as_topics(self.pairs())


def import_files(paths: Sequence[Path], wishes: Wishes) -> Imported:
    """The corpus that the files hold. Raises ChatbotError, at `file:line:column` where there is one, and when no pair is left."""
    found = Imported()
    reads: list[Chat | Pairs] = []
    if wishes.format == LINES:
        if len(paths) != 2:
            raise OptionError("two files are needed, of utterances and of replies", place="--format lines", remedy="name both")
        sources = [open_source(path) for path in paths]
        reads.append(read_aligned(*sources))
        found.files = [File(source.name, "lines", source.encoding, None) for source in sources]
    else:
        for path in paths:
            source = open_source(path)
            format_ = FORMATS[format_of(source, wishes.format)]
            reads.append(read := format_.read(source, wishes))
            encoding = "utf-8" if source.workbook else source.encoding
            found.files.append(File(source.name, format_.title, encoding, len(read.messages) if isinstance(read, Chat) else None, read.note))
    chats = [read for read in reads if isinstance(read, Chat)]
    _refuse_idle(wishes, found, {wish for read in reads for wish in read.heeds})
    if chats:
        found.speakers = sum((Counter(message.speaker for message in chat.messages) for chat in chats), Counter[str]())
        if not found.speakers:
            raise CorpusError(
                f"no messages in it{_told(sum((chat.left_out for chat in chats), Counter[str]()))}", place=_place(paths), remedy="export it again"
            )
        found.reply_as = speaker_named(wishes.reply_as, found.speakers, _place(paths))
    parts = [pairs_of(read, found.reply_as or "", gap=wishes.pause) if isinstance(read, Chat) else read for read in reads]
    found.alone = all(part.alone for part in parts)
    replies: Counter[str] = Counter()
    for part in parts:
        found.left_out += part.left_out
        for conversation in part.conversations:
            kept = _tidied(conversation, found, wishes, replies)
            found.conversations += [[pair] for pairs in kept for pair in pairs] if part.alone and not found.alone else kept
    if not found.conversations:
        who = f" in which “{found.reply_as}” replies" if found.reply_as else ""
        raise CorpusError(f"no pairs{who}{_told(found.left_out)}", place=_place(paths), remedy="is it the right file?")
    return found


def _tidied(pairs: list[tuple[str, str]], found: Imported, wishes: Wishes, replies: Counter[str]) -> list[list[tuple[str, str]]]:
    """The pairs that are kept, folded and scrubbed; cut where one is left out, for the next one does not follow the one before."""
    kept: list[list[tuple[str, str]]] = [[]]
    for pair in pairs:
        utterance, reply = (fold(_BLANKS.sub(" ", _UNSEEN.sub("", side))) for side in pair)
        why, scrubbed = "", Counter[str]()
        if not utterance or not reply:
            why = "pairs with an empty side"
        elif max(len(utterance), len(reply)) > LONGEST_SIDE:
            why = f"pairs with a side of more than {LONGEST_SIDE:,} characters"
        elif wishes.scrub:
            utterance, reply = scrub(utterance, scrubbed), scrub(reply, scrubbed)
        if not why and wishes.cap_replies is not None:
            name = key(reply)
            replies[name] += 1
            why = f"pairs over {wishes.cap_replies:,} with one reply" if replies[name] > wishes.cap_replies else ""
        if not why:
            found.scrubbed += scrubbed
            kept[-1].append((utterance, reply))
            continue
        found.left_out[why] += 1
        if kept[-1] and not found.alone:
            kept.append([])
    return [part for part in kept if part]


def _refuse_idle(wishes: Wishes, found: Imported, heeded: set[str]) -> None:
    """Raises OptionError for an option that did nothing with these files."""
    for wish in ("reply_as", "gap", "dates", "utterance", "reply"):
        if getattr(wishes, wish) is not None and wish not in heeded:
            what = " and ".join(dict.fromkeys(file.title for file in found.files))
            raise OptionError(f"does nothing with {what}", place=f"--{wish.replace('_', '-')}", remedy="leave it out")


def _place(paths: Sequence[Path]) -> str:
    return str(paths[0]) + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")


def _told(left_out: Counter[str]) -> str:
    """What was left out, to follow a sentence."""
    return f" (left out: {'; '.join(f'{why} ({times:,})' for why, times in left_out.most_common())})" if left_out else ""
