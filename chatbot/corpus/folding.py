"""Two foldings of text: `fold`, which the vocabulary applies to all it reads, and `key`, under which two utterances are the same."""

import re
import unicodedata

from chatbot.safe_text import UNSEEN

# Control characters but tabs and the ends of lines, and what nobody sees: of no use in a corpus.
HIDDEN = "".join(chr(code) for code in (*range(32), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r") + UNSEEN
LINE_BREAK = "\u2028"  # how a line break inside of an utterance or a reply stands in a corpus

_SURROGATES = re.compile("[\ud800-\udfff]")  # halves of a character, which UTF-8 cannot hold
_BREAK = re.compile("[\n\r\v\f\x85\u2028\u2029]")
_BLANKS = re.compile(r"\s+")


def fold(text: str) -> str:
    """`text` in NFC, runs of blanks squeezed to one, line breaks as U+2028, nothing blank at either end."""
    if text.isprintable() and "  " not in text and (text.isascii() or ("\u2581" not in text and unicodedata.is_normalized("NFC", text))):
        return text.strip()  # nearly every text: of all blanks and breaks only the space is printable
    # SentencePiece writes a blank as U+2581, so the two cannot be told apart after encoding: both are read as a blank.
    text = unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text.replace("\u2581", " ")))
    return _BLANKS.sub(lambda run: LINE_BREAK if _BREAK.search(run[0]) else " ", text).strip()


def key(text: str) -> str:
    """The name under which an utterance is known: folded, without case, line breaks as blanks."""
    folded = fold(text)
    if folded.isascii():
        return folded.lower()
    return unicodedata.normalize("NFC", " ".join(folded.casefold().split()))
