"""A file to be imported, as text: out of a zip or not, in whatever encoding, and never more of it than a machine can hold."""

import codecs
import io
import json
import lzma
import os
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from chatbot.corpus.importers.alphabets import latin
from chatbot.errors import CorpusError

LARGEST = 256 << 20  # bytes of a file, or of a member of a zip, unpacked
LONGEST_LINE = 1 << 20  # characters; a longer line is no message but a file of another kind
_SAMPLE = 64 * 1024  # bytes that tell the encoding

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
          (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip
# What phones and offices of this century write when they do not write UTF-8.
_ENCODINGS = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp949",
    "cp932",
    "gb18030",
    "big5",
    "euc_jp",
    "iso8859_2",
    "iso8859_15",
    "mac_roman",
]
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, NotImplementedError, ValueError, IndexError)


@dataclass(frozen=True)
class Source:
    """A file, or a member of a zip. `name` is how a person is told of it, `suffix` how its name ends."""

    name: str
    suffix: str
    raw: bytes
    workbook: Path | None = None  # an .xlsx, which its own importer opens

    def place(self, line: int, column: int = 1) -> str:
        """`file:line:column`."""
        return f"{self.name}:{line}:{column}"

    def place_of(self, offset: int) -> str:
        """The place of the character at `offset` of the text."""
        before = self.text[:offset]
        return self.place(before.count("\n") + 1, offset - before.rfind("\n"))

    @cached_property
    def text(self) -> str:
        """All of it; line feeds alone end its lines. Raises CorpusError, at `file:line:column`, for what is no text."""
        text = self._decoded[0]
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if (at := text.find("\0")) >= 0:
            place = self.place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
            raise CorpusError("a NUL character", place=place, remedy="is it text at all? delete it, or save the file as UTF-8")
        if not text.strip():
            raise CorpusError("nothing in it", place=self.name, remedy="export it again")
        return text

    @property
    def encoding(self) -> str:
        """What it was decoded from: `utf-8`, or what it seems to be."""
        return self._decoded[1]

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends. Raises CorpusError for one of more than LONGEST_LINE characters."""
        lines = self.text.removesuffix("\n").split("\n")
        for number, line in enumerate(lines, 1):
            if len(line) > LONGEST_LINE:
                raise CorpusError(f"a line of more than {LONGEST_LINE:,} characters", place=self.place(number), remedy="is this the file you meant?")
        return lines

    @cached_property
    def json(self) -> Any:
        """What it says, as JSON. Raises CorpusError at the first character that is not."""
        return self.parsed(self.text)

    def parsed(self, text: str, line: int = 1) -> Any:
        """`text`, which begins on that line, as JSON."""
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            place = self.place(line + error.lineno - 1, error.colno)
            raise CorpusError(f"not JSON: {error.msg}", place=place, remedy="export it again; is the file cut off?") from None
        except RecursionError:
            raise CorpusError("JSON nested too deeply", place=self.place(line), remedy="is this the file you meant?") from None
        except ValueError:
            raise CorpusError("JSON with a number of thousands of digits", place=self.place(line), remedy="is this the file you meant?") from None

    @cached_property
    def _decoded(self) -> tuple[str, str]:
        raw = self.raw
        for mark, encoding in _MARKS:
            if raw.startswith(mark):
                return self._decode(raw[len(mark) :], encoding), encoding
        head = raw[:4096]
        if b"\0" in head:  # UTF-16 that does not say so has a zero in every other byte of Latin text
            for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
                if len(head) > 4 and head[first::2].count(0) > len(head) / 4 and not head[1 - first :: 2].count(0):
                    return self._decode(raw, encoding), encoding
        try:
            return raw.decode("utf-8"), "utf-8"
        except UnicodeDecodeError as error:
            bad = error
        shown = raw.decode("utf-8", "replace")
        wrong = shown.count("\ufffd")
        if sum(not character.isascii() for character in shown) - wrong < wrong and (seems := _guess(raw)):
            return self._decode(raw, seems), seems
        return self._decode(raw, "utf-8", bad), "utf-8"

    def _decode(self, raw: bytes, encoding: str, bad: UnicodeDecodeError | None = None) -> str:
        try:
            if bad is None:
                return raw.decode(encoding)
        except UnicodeDecodeError as error:
            bad = error
        assert bad is not None
        line, column = raw.count(b"\n", 0, bad.start) + 1, bad.start - raw.rfind(b"\n", 0, bad.start)
        what = f"byte {column} (0x{raw[bad.start]:02X}) is not {encoding.upper()}"
        raise CorpusError(what, place=self.place(line, column), remedy="save the file as UTF-8") from None


def open_source(path: Path) -> Source:
    """The file at `path`, or the text in it when it is a zip. Raises CorpusError for what cannot be read or is too large."""
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):
            raise CorpusError("a folder, not a file", place=path, remedy="name the file in it")
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise CorpusError("not a regular file", place=path, remedy="name a file")
        with open(path, "rb") as file:
            head = file.read(4)
            if head == _OLD_OFFICE:
                raise CorpusError("an old workbook or a protected one", place=path, remedy="save it as .xlsx without a password, or as .csv")
            if head == _ZIP:
                return _unpacked(path)
            raw = head + file.read(LARGEST + 1 - len(head))
    except FileNotFoundError:
        raise CorpusError("no such file", place=path, remedy="check the path") from None
    except ValueError:  # a NUL in the path
        raise CorpusError("no such file", place=path, remedy="check the path") from None
    except OSError as error:
        raise CorpusError(f"cannot be read: {error.strerror}", place=path, remedy="check the path and its permissions") from None
    if len(raw) > LARGEST:
        raise CorpusError(f"more than {LARGEST >> 20:,} MiB", place=path, remedy="cut it into several files and name them all")
    return Source(str(path), path.suffix.lower(), raw)


def _unpacked(path: Path) -> Source:
    """The text in a zip: the chat of a WhatsApp export, or the one file that can be read. An .xlsx is told by what is in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if any(info.filename == "xl/workbook.xml" for info in members):
                if sum(info.file_size for info in members) > LARGEST:
                    raise CorpusError(f"more than {LARGEST >> 20:,} MiB, unpacked", place=path, remedy="save it as .csv")
                return Source(str(path), ".xlsx", b"", workbook=path)
            member = _chosen(path, [info for info in members if info.filename.lower().endswith((".txt", ".json", ".jsonl", ".csv", ".tsv"))])
            name = f"{path}/{member.filename}"
            with archive.open(member) as file:
                raw = file.read(LARGEST + 1)
    except _BROKEN_ZIP as error:
        raise CorpusError(f"a zip that cannot be unpacked: {error}", place=path, remedy="export it again; unpack it yourself if it has a password") from None
    if len(raw) > LARGEST:
        raise CorpusError(f"more than {LARGEST >> 20:,} MiB, unpacked", place=name, remedy="cut it into several files and name them all")
    return Source(name, os.path.splitext(member.filename)[1].lower(), raw)


def _chosen(path: Path, members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """The one that is the chat."""
    chats = [info for info in members if "whatsapp" in info.filename.lower() or os.path.basename(info.filename) == "_chat.txt"]
    found = chats[:1] if len(chats) == 1 else [info for info in chats if os.path.basename(info.filename) == "_chat.txt"] or chats or members
    if len(found) == 1:
        return found[0]
    if not found:
        raise CorpusError("a zip without a .txt, .json, .jsonl, .csv or .tsv in it", place=path, remedy="name the file that you exported")
    names = ", ".join(info.filename for info in found[:5])
    raise CorpusError(f"a zip with {len(found)} files that could be meant ({names})", place=path, remedy="unpack it and name one")


def _guess(raw: bytes) -> str | None:
    """The encoding of text that is not UTF-8, by the lines that show it."""
    import charset_normalizer  # only who has such files needs it

    telling, size = [], 0
    for line in io.BytesIO(raw):
        if not line.isascii():
            telling.append(line[:4096])
            size += len(telling[-1])
            if size > _SAMPLE:
                break
    sample = b"".join(telling)
    if found := latin(sample):
        return found
    best = charset_normalizer.from_bytes(sample, cp_isolation=_ENCODINGS, enable_fallback=False).best()
    return best.encoding if best else None


def first_words(text: str, most: int = 40) -> str:
    """How `text` begins, to be shown in a message."""
    line = re.sub(r"\s+", " ", text[: most * 4]).strip()
    return line if len(line) <= most else f"{line[: most - 1]}…"
