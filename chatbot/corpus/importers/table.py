"""Tables with a column of utterances and one of replies: CSV, TSV and workbooks."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from chatbot.corpus.importers.chat import Pairs
from chatbot.corpus.importers.rows import Row, delimiter_of, read_rows
from chatbot.corpus.importers.source import Source, first_words
from chatbot.corpus.pairs import groups_path
from chatbot.errors import CorpusError
from chatbot.records import whole_number

# What people call the two columns, the likeliest first, in one case and without blanks and marks.
UTTERANCES = (
    "utterance", "question", "questions", "prompt", "userinput", "usermessage", "instruction", "input", "query", "user", "human", "message", "trigger", "q",
    "source", "src", "context", "frage", "fragen", "eingabe", "질문", "발화", "질의", "pregunta", "entrada", "pergunta", "domanda", "質問", "问题", "問題", "سؤال", "السؤال", "вопрос", "soru",
)  # fmt: skip
REPLIES = (
    "reply", "answer", "answers", "response", "completion", "output", "botresponse", "botreply", "assistant", "bot", "chosen", "a", "target", "tgt", "trg",
    "antwort", "antworten", "ausgabe", "답변", "대답", "응답", "respuesta", "salida", "resposta", "saida", "saída", "réponse", "reponse", "risposta", "回答", "答案", "جواب",
    "الجواب", "إجابة", "الإجابة", "ответ", "cevap",
)  # fmt: skip
_MATERIAL = {"instruction": ("input", "context")}  # what an instruction is about stands beside it, and belongs to it where there is any
SIDES = ("utterance", "reply")  # the wishes that choose columns
_SHOWN = 12  # columns, in one line


class Columns(NamedTuple):
    """Where the two sides stand: an utterance is what its columns hold, joined with blanks."""

    utterance: tuple[int, ...]
    reply: int

    def note(self, names: Sequence[str]) -> str:
        """What is told of them."""
        sides = " and ".join(f"“{names[column].strip()}”" for column in self.utterance)
        return f"utterance from {sides}, reply from “{names[self.reply].strip()}”"


def recognises(source: Source) -> bool:
    """Whether its lines have equally many cells, and more than one."""
    return delimiter_of(source) is not None


def read(source: Source, utterance: str | None, reply: str | None, *, delimiter: str | None = None) -> Pairs:
    """The pairs of a table in text. Raises CorpusError at the first row that is not understood."""
    mark = delimiter or delimiter_of(source)
    rows = read_rows(source, mark)
    plain = mark == "\t" and len(rows[0].cells) == 2
    pairs = pairs_in(rows, source, utterance, reply, plain=plain)
    if plain and os.path.isfile(topics := groups_path(Path(source.name))):
        pairs.note += f"; the topics in {topics.name} are not read"
    return pairs


def pairs_in(rows: Sequence[Row], source: Source, utterance: str | None, reply: str | None, *, plain: bool = False) -> Pairs:
    """The pairs in `rows`, of which the first names the columns, unless they are told by number and it does not look like names. `plain`: a corpus
    may be meant, whose two columns do without names and whose conversations end with blank rows."""
    if not rows:
        raise CorpusError("nothing in it", place=source.name, remedy="is this the file you meant?")
    names = rows[0].cells
    if plain and utterance is None and reply is None and not {_plain(name) for name in names} & {*UTTERANCES, *REPLIES}:
        columns, body, note = Columns((0,), 1), rows, "no names of columns: the first is the utterance, the second the reply"
    else:
        numbers = [asked for asked in (utterance, reply) if asked is not None and asked.isdecimal()]
        by_number = len(numbers) == 2 and not set(numbers) <= set(names)
        place = source.place(rows[0].line)
        columns = (
            Columns((_numbered(numbers[0], names, place),), _numbered(numbers[1], names, place)) if by_number else columns_of(names, utterance, reply, place)
        )
        _refuse_one_for_both(columns, names, place)
        first = names[columns.utterance[0]], names[columns.reply]
        if by_number and not is_pair(first):
            body, note = rows, f"the first row is read as a pair: “{first_words(first[0])}” and “{first_words(first[1])}”"
        else:
            body, note = rows[1:], columns.note(names)
    conversations: list[list[tuple[str, str]]] = [[]]
    for row in body:
        conversations[-1].append((" ".join(row.cells[column] for column in columns.utterance), row.cells[columns.reply]))
        if plain and row.ends:
            conversations.append([])
    return Pairs(conversations, alone=len(conversations) == 1, left_out=Counter(), note=note, heeds=SIDES)


def is_pair(names: Iterable[str]) -> bool:
    """Whether among the names there are those of both sides."""
    plain = {_plain(name) for name in names}
    return bool(plain & set(UTTERANCES) and plain & set(REPLIES))


def columns_of(names: Sequence[str], utterance: str | None, reply: str | None, place: str | None) -> Columns:
    """Which columns, or fields, hold the two sides. Raises CorpusError, which lists them all, when the names do not tell."""
    found = [_column(names, asked, known) for asked, known in ((utterance, UTTERANCES), (reply, REPLIES))]
    for side, asked in enumerate((utterance, reply)):
        if place and asked is not None and asked.isdecimal() and found[side] is None:
            found[side] = _numbered(asked, names, place)
    if utterance is not None and reply is not None and found[0] is not None and found[1] is not None:
        _refuse_one_for_both(Columns((found[0],), found[1]), names, place)
    if found[0] is None or found[1] is None or found[0] == found[1]:
        named = [f"“{name}”" for name, column in ((utterance, found[0]), (reply, found[1])) if name is not None and column is None]
        told = ", ".join(f"“{name.strip()[:40]}”" for name in names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
        what = f"no {' and no '.join(named)}; there are {told}" if named else f"which column is the utterance, and which the reply? There are {told}"
        numbers = ", by name or by number from 1; names stand in the first row" if place else ""
        raise CorpusError(what, place=place, remedy=f"choose with --utterance and --reply{numbers}")
    material = () if utterance is not None else material_in(names, names[found[0]])
    return Columns((found[0], *(column for column in material if column != found[1])), found[1])


def material_in(names: Sequence[str], utterance: str) -> list[int]:
    """The columns of what an instruction is about; none beside other utterances."""
    beside = (_column(names, None, (name,)) for name in _MATERIAL.get(_plain(utterance), ()))
    return [column for column in beside if column is not None]


def _refuse_one_for_both(columns: Columns, names: Sequence[str], place: str | None) -> None:
    if columns.utterance[0] == columns.reply:
        what, kind = (f"column {columns.reply + 1}", "columns") if place else (f"“{names[columns.reply].strip()[:40]}”", "fields")
        raise CorpusError(f"both are {what}", place=place, remedy=f"name two {kind}")


def _column(names: Sequence[str], asked: str | None, known: Sequence[str]) -> int | None:
    """Where the column stands that was asked for, or else the first of the known names; nowhere where two have that name."""
    if asked is not None:
        exact = [number for number, name in enumerate(names) if name.strip() == asked.strip()]
        alike = exact or [number for number, name in enumerate(names) if _plain(name) == _plain(asked)]
        return alike[0] if alike else None
    plain = [_plain(name) for name in names]
    found = next((name for name in known if name in plain), None)
    return plain.index(found) if found and plain.count(found) == 1 else None


def _numbered(number: str, names: Sequence[str], place: str) -> int:
    if (column := whole_number(number)) and column <= len(names):
        return column - 1
    raise CorpusError(f"no column {number[:20]}; there are {len(names)}", place=place, remedy="count them from 1")


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
