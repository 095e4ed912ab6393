"""Files of text, plain or packed (`.gz`, `.zst`), read as a stream of blocks of whole lines: UTF-8, and only a line feed ends a line."""

import codecs
import errno
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chatbot.errors import CorpusError
from chatbot.safe_text import safe_command

LONGEST_LINE = 64 * 1024  # bytes; a longer line is no utterance but a file of another kind
BLOCK = 1 << 18  # bytes
_PACKED = 8 * 1024  # bytes that are unpacked at a time: they may become a thousand times as many


@dataclass(frozen=True, slots=True)
class Lines:
    """Some whole lines of a file."""

    path: Path
    number: int  # of the first, from 1
    raw: bytes
    read: int = 0  # bytes of the file that were read for it and all before, as they lie on the disk

    def __len__(self) -> int:
        return self.raw.count(b"\n") + (not self.raw.endswith(b"\n"))

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """The numbered lines without their ends. Raises CorpusError, at `file:line:column`, for what is no text."""
        raw = self.raw.removeprefix(codecs.BOM_UTF8) if self.number == 1 else self.raw
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text or max(map(len, self.raw.split(b"\n"))) >= LONGEST_LINE:
            return self._one_by_one()
        lines = text.removesuffix("\n").split("\n")
        return enumerate((line.removesuffix("\r") for line in lines) if "\r" in text else lines, self.number)

    def _one_by_one(self) -> Iterator[tuple[int, str]]:
        """The numbered lines up to the first that is no text."""
        for number, raw in enumerate(io.BytesIO(self.raw), self.number):
            if len(raw) > LONGEST_LINE:
                what = f"a line of more than {LONGEST_LINE:,} bytes"
                raise CorpusError(what, place=f"{self.path}:{number}:1", remedy="is this a TSV file of short utterances?")
            if number == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            raw = raw.removesuffix(b"\n").removesuffix(b"\r")
            try:
                line = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                what = f"byte {error.start + 1} (0x{raw[error.start]:02X}) is not UTF-8"
                remedy = "save the file as UTF-8"
                if self.path.suffix == ".tsv":
                    remedy += f", or convert it: chatbot corpus check {safe_command([str(self.path)])} --fix OUT.tsv"
                column = len(raw[: error.start].decode("utf-8")) + 1
                raise CorpusError(what, place=f"{self.path}:{number}:{column}", remedy=remedy) from None
            if "\0" in line:
                place = f"{self.path}:{number}:{line.index(chr(0)) + 1}"
                raise CorpusError("a NUL character", place=place, remedy="delete it, or save the file as UTF-8")
            yield number, line


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a file. Raises CorpusError when it cannot be read, and at `file:line:column` for what is no text."""
    for lines in read_lines(path):
        yield from lines


def read_lines(path: Path, *, size: int = BLOCK) -> Iterator[Lines]:
    """Yields the lines of a file in blocks of about `size` bytes. Of a line longer than LONGEST_LINE no more is read than shows that it is."""
    with _unpacked(path) as (file, on_disk):
        number, rest = 1, b""
        while True:
            raw = file.read(size)
            rest += raw
            cut = rest.rfind(b"\n") + 1 if raw else len(rest)
            if too_long := len(rest) - cut > LONGEST_LINE:
                cut = len(rest)
            if cut:
                yield (lines := Lines(path, number, rest[:cut], on_disk.tell()))
                number, rest = number + len(lines), rest[cut:]
            if not raw or too_long:
                return


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[io.BufferedIOBase, BinaryIO]]:
    """The bytes of a file, unpacked, and the file itself. Raises CorpusError for what keeps it from being read."""
    try:
        with open(path, "rb") as file:
            if path.suffix == ".gz":
                yield gzip.GzipFile(fileobj=file), file
            elif path.suffix == ".zst":
                yield io.BufferedReader(_Zstandard(file), 2 * _PACKED), file
            else:
                yield file, file
    except FileNotFoundError:
        raise CorpusError("no such file", place=path, remedy="check the path") from None
    except IsADirectoryError:
        raise CorpusError("a folder, not a file", place=path, remedy="name a .tsv file, or run `chatbot corpus expand` on a folder of topics") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(f"cannot be unpacked: {error}", place=path, remedy="fetch or pack it again") from None
    except OSError as error:
        if error.errno == errno.ESPIPE:
            raise CorpusError("a pipe, which cannot be read twice", place=path, remedy="save it as a file first") from None
        raise CorpusError(f"cannot be read: {error.strerror}", place=path, remedy="check the path and its permissions") from None


class _Zstandard(io.RawIOBase):
    """What is packed in a `.zst` file. Its end is checked: zstandard's own reader takes half a file for a whole one."""

    def __init__(self, file: BinaryIO) -> None:
        import zstandard  # only who has such files needs it

        self._file, self._new, self._error = file, zstandard.ZstdDecompressor().decompressobj, zstandard.ZstdError
        self._frame, self._packed, self._ready = self._new(), b"", memoryview(b"")
        self._inside = False  # of a frame

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            self._packed = self._packed or self._file.read(_PACKED)
            if not self._packed:
                if self._inside:
                    raise EOFError("it ends in the middle")
                return 0
            self._unpack()
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def _unpack(self) -> None:
        """Makes of what was read what is ready; after a frame another may begin."""
        try:
            self._ready = memoryview(self._frame.decompress(self._packed))
        except self._error as error:
            raise EOFError(str(error)) from None
        self._inside, self._packed = not self._frame.eof, self._frame.unused_data
        if self._frame.eof:
            self._frame = self._new()
