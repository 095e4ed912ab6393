"""JSON of pairs: one object a line (or a list of objects), with two fields, or with messages that have roles."""

import itertools
import json
from collections import Counter
from typing import Any

from chatbot.corpus.importers.chat import Pairs, as_typed, speaker_named
from chatbot.corpus.importers.elements import mistake, text_of
from chatbot.corpus.importers.source import Source
from chatbot.corpus.importers.table import SIDES, Columns, columns_of, is_pair, material_in
from chatbot.errors import CorpusError

_REPLY_ROLES = {"assistant", "gpt", "bot", "model", "chatgpt", "ai", "chatbot"}
_UTTERANCE_ROLES = {"user", "human", "customer", "prompter"}
_SILENT_ROLES = {"system", "developer", "tool", "function", "observation", "function_call"}
_ROLE_KEYS, _TEXT_KEYS, _LIST_KEYS = ("role", "from"), ("content", "value", "text"), ("messages", "conversations", "conversation")
_REMEDY = "each line is an object with two texts, or with messages that have roles"


def recognises(source: Source) -> bool:
    """Whether it is JSON and no chat of another kind: by lines, or as a whole."""
    return source.text.lstrip()[:1] in ("{", "[") and (is_by_lines(source) or isinstance(source.json, list | dict))


def is_by_lines(source: Source) -> bool:
    """Whether its first line is an object by itself."""
    first, _, rest = source.text.lstrip().partition("\n")
    if source.suffix == ".jsonl" or not rest.strip():
        return source.suffix == ".jsonl"
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def read(source: Source, utterance: str | None, reply: str | None, reply_as: str | None) -> Pairs:
    """The pairs. Raises CorpusError at the first line, or element, that is not understood."""
    roles, left_out = Counter[str](), Counter[str]()
    conversations: list[list[tuple[str, str]]] = []
    loose: list[tuple[str, str]] = []
    names: list[str] = []  # of the texts of the first object, and of what later instructions are about
    columns: Columns | None = None
    under, records = _records(source, utterance, reply)
    for number, line, element in records:
        try:
            messages = next((element[key] for key in _LIST_KEYS if isinstance(element.get(key), list)), None) if isinstance(element, dict) else element
            if isinstance(messages, list):
                conversations.append(_conversation(messages, reply_as, roles, left_out))
            elif isinstance(element, dict):
                new = [name for name in _texts(element) if name not in names]
                if columns is None:
                    names = new
                    if not names:
                        raise CorpusError("no object with two texts", remedy=_REMEDY)
                    columns = columns_of(names, utterance, reply, None)
                elif utterance is None and (material := [new[column] for column in material_in(new, names[columns.utterance[0]])]):
                    columns = columns._replace(utterance=(*columns.utterance, *range(len(names), len(names) + len(material))))
                    names += material
                first, *material = (names[column] for column in columns.utterance)
                said = [_side(element, first), *(_side(element, name) for name in material if name in element)]
                loose.append((" ".join(said), _side(element, names[columns.reply])))
            else:
                raise CorpusError("no object", remedy=_REMEDY)
        except CorpusError as error:
            if line:
                raise CorpusError(error.what, place=source.place(line), remedy=error.remedy) from None
            raise mistake(source, error.what, error.remedy or _REMEDY, key=under, number=number) from None
    heeds = (("reply_as",) if conversations else ()) + (SIDES if columns else ())
    if reply_as is not None and conversations:
        speaker_named(reply_as, roles, source.name)
    if conversations and loose:
        conversations += [[pair] for pair in loose]
        loose = []
    return Pairs(conversations or [loose], alone=not conversations, left_out=left_out, note=columns.note(names) if columns else "", heeds=heeds)


def _records(source: Source, utterance: str | None, reply: str | None) -> tuple[str | None, list[tuple[int, int, Any]]]:
    """The objects with their number from 0 and, when each has a line of its own, that line from 1, else 0; and the key of their list, if it has one."""
    if is_by_lines(source):
        lines = [(number, line) for number, line in enumerate(source.text.split("\n"), 1) if line.strip()]
        return None, [(number, line, source.parsed(text, line)) for number, (line, text) in enumerate(lines)]
    whole, under = source.json, None
    if isinstance(whole, dict) and not any(isinstance(whole.get(key), list) for key in _LIST_KEYS):
        lists = [key for key, value in whole.items() if isinstance(value, list) and value and all(isinstance(one, dict) for one in value)]
        if len(lists) == 1 and not _is_pair(whole, utterance, reply):
            whole, under = whole[lists[0]], lists[0]
    if isinstance(whole, list) and whole and all(isinstance(one, dict) and _first(one, _ROLE_KEYS) is not None for one in whole):
        return under, [(0, 1, whole)]  # the messages of one conversation
    return under, [(number, 0, one) for number, one in enumerate(whole)] if isinstance(whole, list) else [(0, 1, whole)]


def _is_pair(record: dict[str, Any], utterance: str | None, reply: str | None) -> bool:
    """Whether it has both sides itself: the fields that were asked for, or those of known names."""
    if utterance is None and reply is None:
        return is_pair(record)
    try:
        columns_of(_texts(record), utterance, reply, None)
    except CorpusError:
        return False
    return True


def _conversation(messages: list[Any], reply_as: str | None, roles: Counter[str], left_out: Counter[str]) -> list[tuple[str, str]]:
    """The pairs of one conversation. What the same side says in a row is one turn. Counts the messages of each role."""
    turns: list[tuple[bool, list[str]]] = []
    for message in messages:
        role = _first(message, _ROLE_KEYS) if isinstance(message, dict) else None
        text = text_of(_first(message, _TEXT_KEYS)) if isinstance(message, dict) else None
        if not isinstance(role, str) or text is None:
            raise CorpusError("a message without a role and a text", remedy=_REMEDY)
        known = role.strip().casefold()
        roles[role.strip()] += 1
        asked = reply_as is not None and as_typed(role) == as_typed(reply_as)
        if known in _SILENT_ROLES and not asked:
            left_out["messages of system and tools"] += 1
            continue
        if reply_as is None and known not in _REPLY_ROLES | _UTTERANCE_ROLES:
            raise CorpusError(f"whose role is “{role[:40]}”?", remedy="say with --reply-as which role replies")
        replies = known in _REPLY_ROLES if reply_as is None else asked
        if not text.strip():
            left_out["messages without a text"] += 1
        elif turns and turns[-1][0] == replies:
            turns[-1][1].append(text)
        else:
            turns.append((replies, [text]))
    pairs = [(" ".join(said), " ".join(answer)) for (_, said), (replies, answer) in itertools.pairwise(turns) if replies]
    left_out["turns without an answer or before the first utterance"] += len(turns) - 2 * len(pairs)
    return pairs


def _first(record: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((record[key] for key in keys if record.get(key) is not None), None)


def _texts(record: dict[str, Any]) -> list[str]:
    """The names of its fields that hold a text, or what is written as one."""
    return [name for name, value in record.items() if not isinstance(value, list | dict)]


def _side(record: dict[str, Any], name: str) -> str:
    """The text in a field."""
    if name not in record or isinstance(record[name], list | dict):
        raise CorpusError(f"no text “{name[:40]}”, which an object before has", remedy="mend the object, or leave it out")
    return "" if record[name] is None else str(record[name])
