"""A cleaned copy of a corpus: what is a pair stays, written as one writes pairs; all else goes, and is counted."""

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from chatbot.corpus.folding import HIDDEN, fold
from chatbot.corpus.gathering import Corpora
from chatbot.corpus.lines import LONGEST_LINE, Lines
from chatbot.corpus.pairs import Group, groups_path
from chatbot.corpus.recoding import UTF8, name_of
from chatbot.corpus.written import whole_files
from chatbot.errors import CorpusError

PART = 1000  # turns; a longer conversation is not compared with others

_HIDDEN = re.compile(f"[{re.escape(HIDDEN)}]")


@dataclass(frozen=True)
class Kept:
    """A pair of the copy."""

    utterance: str
    reply: str
    group: Group | None

    @property
    def line(self) -> bytes:
        """It as a line."""
        return f"{self.utterance}\t{self.reply}\n".encode()


@dataclass
class Cleaning:
    """Writes a cleaned copy. `second` is the encoding in which lines are read that are not UTF-8, if any; `conversations`: whether blank lines end them."""

    second: str = ""
    conversations: bool = False
    done: Counter[str] = field(default_factory=Counter)  # what was done, and to how many lines
    pairs: int = 0  # that were written
    _lines: int = 0
    _seen: set[bytes] = field(default_factory=set)

    def write(self, corpora: Corpora, out: Path, *, force: bool = False) -> None:
        """The copy of a corpus, and of its groups. Raises CorpusError when nothing is left of it, and for what cannot be read or written."""
        (path,), (encoding,) = corpora.paths, corpora.encodings
        if encoding != UTF8:
            self.done[f"file converted from {name_of(encoding)}"] += 1
        theirs = groups_path(path)
        grouped = encoding == UTF8 and theirs.is_file()
        with whole_files([out, groups_path(out)] if grouped else [out], force=force, keep=[path, theirs]) as files:
            whole = True
            for kept, ends in self._conversations(corpora):
                if not (whole and ends) or self._is_new(kept):
                    self._put(kept, files, ends)
                whole = ends
            if not self.pairs:
                raise CorpusError(
                    "nothing in it is a pair", place=path, remedy="a line is an utterance, a tab and a reply; for other files see `chatbot corpus import`"
                )

    def _conversations(self, corpora: Corpora) -> Iterator[tuple[list[Kept], bool]]:
        """What stays, by conversation, and whether it ends there: a long one comes in parts. In a corpus without any, line by line."""
        kept: list[Kept] = []
        turns = 0  # of the conversation so far
        for _, block in corpora.blocks():
            for number, raw in enumerate(io.BytesIO(block.lines.raw), block.lines.number):
                text = self._text(block.lines, number, raw)
                pair = self._pair(text, block.groups.get(number)) if text and text.strip(" ") else None
                if pair and pair.group and pair.group.needs > turns:
                    self.done["line left out: a turn before it is none"] += 1
                    pair = None
                if pair:
                    kept.append(pair)
                    turns += 1
                if turns and (not pair or not self.conversations):
                    yield kept, True
                    kept, turns = [], 0
                elif len(kept) == PART:
                    yield kept, False
                    kept = []
        if turns:
            yield kept, True

    def _text(self, lines: Lines, number: int, raw: bytes) -> str | None:
        """A line without its end; None for one that no one can read."""
        if len(raw) > LONGEST_LINE:
            if not raw.endswith(b"\n"):
                what = f"a line of more than {LONGEST_LINE:,} bytes, and what follows it cannot be read"
                raise CorpusError(what, place=f"{lines.path}:{number}:1", remedy="delete that line first")
            self.done["line left out: too long to be a pair"] += 1
            return None
        if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
            raw = raw[3:]
            self.done["byte order mark removed"] += 1
        raw = raw.removesuffix(b"\n")
        if raw.endswith(b"\r"):
            raw = raw[:-1]
            self.done["line end of Windows made a plain one"] += 1
        try:
            return raw.decode(UTF8)
        except UnicodeDecodeError:
            pass
        try:
            text = raw.decode(self.second) if self.second else None
        except UnicodeDecodeError:
            text = None
        self.done["line left out: not UTF-8" if text is None else f"line converted from {name_of(self.second)}"] += 1
        return text

    def _pair(self, text: str, group: Group | None) -> Kept | None:
        """The pair of a line, cleaned; None if it is none."""
        sides = text.split("\t")
        folded = [fold(side) for side in sides]
        shown = [fold(_HIDDEN.sub("", side)) for side in folded] if _HIDDEN.search(text) else folded
        if len(shown) != 2 or not all(shown):
            self.done["line left out: no pair"] += 1
            return None
        if any("\u2028" in new and "\u2028" not in old for old, new in zip(sides, folded, strict=True)):
            self.done["line with another line break inside, now U+2028"] += 1
        elif folded != sides:
            self.done["line trimmed, its blanks squeezed, its accents composed"] += 1
        if shown != folded:
            self.done["line whose control or invisible characters were removed"] += 1
        return Kept(shown[0], shown[1], group)

    def _is_new(self, conversation: list[Kept]) -> bool:
        """Whether it has not been written before."""
        digest = blake2b(b"".join(pair.line for pair in conversation), digest_size=12)
        digest.update(repr([pair.group for pair in conversation]).encode())
        if digest.digest() in self._seen:
            self.done["line left out: in a repeated conversation" if self.conversations else "line left out: repeated"] += len(conversation)
            return False
        self._seen.add(digest.digest())
        return True

    def _put(self, kept: list[Kept], files: Sequence[BinaryIO], ends: bool) -> None:
        """Writes a conversation, or a part of it; a blank line ends it."""
        for pair in kept:
            files[0].write(pair.line)
            self.pairs, self._lines = self.pairs + 1, self._lines + 1
            if pair.group and len(files) > 1:
                files[1].write("\t".join(map(str, (self._lines, *pair.group))).encode() + b"\n")
        if ends and self.conversations:
            files[0].write(b"\n")
            self._lines += 1
