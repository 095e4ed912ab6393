"""The vocabulary: text to ids and back, by SentencePiece.

Whatever a person types comes back as typed, up to `fold`: with byte fallback there is no unknown character, and nothing that is typed ever
becomes a special piece. `--lowercase` and slips that are mended concern what is heard, not what is said: replies keep their capitals.
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from unicodedata import normalize

import sentencepiece

from chatbot.corpus.folding import fold
from chatbot.errors import OptionError
from chatbot.options import PIECES, VocabularyOptions
from chatbot.spelling import Spelling

PAD, BOS, EOS, UNK, SEP = range(5)  # SEP stands between the turns of a history
SPECIAL = (PAD, BOS, EOS, UNK, SEP)
BYTES = 256

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_RESERVED = "\u2585"  # SentencePiece skips sentences with it: it is left to the bytes
_THREADS = 2  # fixed: the pieces depend on it
_SENTENCES = 2_000_000  # of a larger corpus a sample is enough


class Vocabulary:
    """The pieces of one bundle. `model` holds SentencePiece's own file, byte for byte."""

    def __init__(self, model: bytes, *, lowercase: bool, spelling: Spelling | None = None) -> None:
        self.model, self.lowercase, self.spelling = model, lowercase, spelling
        self._pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
        self._bytes = [self._as_bytes(number) for number in range(len(self))]

    @classmethod
    def train(cls, utterances: Iterable[str], replies: Iterable[str], options: VocabularyOptions) -> "Vocabulary":
        """Trains pieces on the texts of the training part. Raises OptionError when `options.size` is below what they need."""
        folded = [fold(text.lower() if options.lowercase else text) for text in utterances] + [fold(text) for text in replies]
        folded = [text.replace(_RESERVED, " ") for text in folded]
        byte_fallback = options.kind != "char"
        floor = len(SPECIAL) + byte_fallback * BYTES + len(set("".join(folded)) | {" "})
        if options.size and options.size < floor:
            raise OptionError(f"--vocab-size {options.size} is too small", remedy=f"this text needs {floor} at least")
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(folded),
            model_writer=model,
            model_type=options.kind,
            vocab_size=options.size or max(PIECES, floor + floor // 4),
            hard_vocab_limit=False,  # a target, not a demand
            byte_fallback=byte_fallback,
            character_coverage=1.0,
            normalization_rule_name="identity",  # `fold` has done it
            control_symbols=["<sep>"],  # a control piece is never matched in text
            pad_id=PAD,
            bos_id=BOS,
            eos_id=EOS,
            unk_id=UNK,
            num_threads=_THREADS,
            input_sentence_size=_SENTENCES,
            max_sentence_length=1 << 20,
            minloglevel=3,
        )
        return cls(model.getvalue(), lowercase=options.lowercase)

    def __len__(self) -> int:
        return self._pieces.get_piece_size()

    def hear(self, text: str) -> list[int]:
        """The ids of an utterance, as it is understood."""
        text = self.spelling.mended(text) if self.spelling else text
        return self.encode(text.lower() if self.lowercase else text)

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, no special one among them."""
        return [number for number in self._pieces.encode(fold(text)) if number != UNK]  # only `char` has unknown characters

    def encode_all(self, folded: list[str]) -> list[list[int]]:
        """The ids of many texts that are folded already, in half the time."""
        return [[number for number in ids if number != UNK] if UNK in ids else ids for ids in self._pieces.encode(folded)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`, special ones left out; bytes that are not UTF-8 become U+FFFD."""
        return "".join(self.stream(ids))

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        """Yields for each id the text that it adds, up to the last complete character; joined, and with what is left at the end, the whole."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        started = False
        for number in ids:
            text = decoder.decode(self._bytes[number])
            if not started:  # the blank before the first word is SentencePiece's, not the speaker's
                started, text = bool(text), text.removeprefix(" ")
            yield text
        if rest := decoder.decode(b"", final=True):
            yield rest

    def unknown(self, ids: Iterable[int]) -> float:
        """Of the characters of a text the share that no piece has: they are spelt in bytes."""
        spelt = known = 0
        for number in ids:
            if self._pieces.is_byte(number):
                spelt += self._bytes[number][0] & 0xC0 != 0x80  # each once, by its first byte
            else:
                known += len(self.text(number).strip())
        return spelt / max(1, spelt + known)

    def visible(self) -> list[bool]:
        """For each id, whether it shows something by itself: a reply may end only after such a piece."""
        return [bool(text.strip()) for text in self.texts()]

    def texts(self) -> list[str]:
        """What each piece shows, by its id."""
        return [self.text(number) for number in range(len(self))]

    def letters(self) -> list[list[int]]:
        """The letters that each piece shows: (V, L), as `letters_of` has them."""
        return letters_of(self.texts())

    def text(self, number: int) -> str:
        """What a piece shows by itself, the blank before a word included; "" for a special one."""
        return self._bytes[number].decode("utf-8", "replace")

    def _as_bytes(self, number: int) -> bytes:
        """What a piece stands for, as UTF-8."""
        if number in SPECIAL:
            return b""
        piece = self._pieces.id_to_piece(number)
        if self._pieces.is_byte(number) and (match := _BYTE.fullmatch(piece)):
            return bytes([int(match[1], 16)])
        return piece.replace("\u2581", " ").encode()


def letters_of(texts: Sequence[str]) -> list[list[int]]:
    """The letters of each text as code points, in lower case, 0 after the last: (N, L).

    They are taken apart, a syllable of Hangul into two or three and é into two: words that are spelt nearly alike then share most of theirs.
    """
    spelt = [normalize("NFD", text.lower()) for text in texts]
    longest = max(1, *map(len, spelt))
    return [list(map(ord, text.ljust(longest, "\0"))) for text in spelt]


def source_ids(vocabulary: Vocabulary, utterance: str, history: Iterable[tuple[str, str]] = ()) -> list[int]:
    """What a network hears: the turns before, each closed by SEP, then the utterance."""
    ids = []
    for turn in history:
        for side in turn:
            ids += [*vocabulary.hear(side), SEP]
    return ids + vocabulary.hear(utterance)


def target_ids(vocabulary: Vocabulary, reply: str) -> list[int]:
    """What a network says, from BOS to EOS."""
    return [BOS, *vocabulary.encode(reply), EOS]
