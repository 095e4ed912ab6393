"""Files that are not UTF-8: which encoding it seems to be, and their lines as they would be in UTF-8."""

import codecs
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from chatbot.corpus.importers.source import Source
from chatbot.corpus.lines import Lines, read_lines
from chatbot.errors import CorpusError

UTF8 = "utf-8"
_SINGLE = ("cp125", "iso8859", "mac_")  # how the names of encodings begin in which each byte is a letter
_SAMPLE = 1 << 20  # bytes of a file that tell
_PLAIN = {  # what a person calls it
    "cp1252": "Windows-1252 (Western Europe)", "cp1250": "Windows-1250 (Central Europe)", "cp1251": "Windows-1251 (Cyrillic)", "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)", "cp1255": "Windows-1255 (Hebrew)", "cp1256": "Windows-1256 (Arabic)", "cp949": "CP949 (Korean)", "cp932": "Shift-JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)", "big5": "Big5 (Chinese)", "euc_jp": "EUC-JP (Japanese)", "mac_roman": "Mac Roman (Western Europe)",
}  # fmt: skip


def encoding_of(path: Path) -> str:
    """The encoding that the beginning of a file seems to be in; UTF8 where nothing else explains it. Raises CorpusError for what cannot be read."""
    sample = b""
    for lines in read_lines(path):
        sample += lines.raw
        if len(sample) >= _SAMPLE:
            break
    return guess(sample) or UTF8


def guess(sample: bytes) -> str | None:
    """The encoding of these bytes, which may end in the middle of a character; None where nothing explains them better than UTF-8."""
    whole = sample[: sample.rfind(b"\n") + 1] or sample
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in sample[:4096]:
        whole = sample[: len(sample) // 4 * 4]
    try:
        found = Source("", "", whole).encoding
    except CorpusError:
        return None
    return None if found == UTF8 else found


def first_odd(path: Path) -> str:
    """Where in a file the first byte stands that is not UTF-8, as `file:line:column`."""
    for lines in read_lines(path):
        try:
            lines.raw.decode(UTF8)
        except UnicodeDecodeError as error:
            line = lines.raw.count(b"\n", 0, error.start)
            before = lines.raw[: error.start].rpartition(b"\n")[2].decode(UTF8)
            return f"{path}:{lines.number + line}:{len(before) + 1}"
    return str(path)


def name_of(encoding: str) -> str:
    """An encoding as people know it."""
    return _PLAIN.get(encoding, encoding.upper().removesuffix("-LE").removesuffix("-BE").replace("_", "-"))


def read_recoded(path: Path, encoding: str) -> Iterator[Lines]:
    """As `read_lines`, of a file in any encoding: what comes out is UTF-8, with U+FFFD for what is no character.

    Where a byte is a letter, a line that is UTF-8 stays what it is: no text of such letters looks like that, but some files are mixed.
    """
    if encoding == UTF8:
        yield from read_lines(path)
        return
    if encoding.startswith(_SINGLE):
        for lines in read_lines(path):
            yield replace(lines, raw=b"".join(_line(raw, encoding) for raw in io.BytesIO(lines.raw)))
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    number, rest, read = 1, "", 0
    for lines in read_lines(path):
        rest, read = rest + decoder.decode(lines.raw), lines.read
        if cut := rest.rfind("\n") + 1:
            yield (some := Lines(path, number, rest[:cut].encode(UTF8, "replace"), read))
            number, rest = number + len(some), rest[cut:]
    rest += decoder.decode(b"", final=True)
    if rest:
        yield Lines(path, number, rest.encode(UTF8, "replace"), read)


def _line(raw: bytes, encoding: str) -> bytes:
    """A line in UTF-8."""
    try:
        raw.decode(UTF8)
    except UnicodeDecodeError:
        return raw.decode(encoding, "replace").encode(UTF8)
    return raw
