"""Telegram Desktop's result.json: one chat, or all of an account."""

from typing import Any

from chatbot.corpus.importers.chat import PROGRAM, UNSAID, Chat, Message
from chatbot.corpus.importers.dates import moment
from chatbot.corpus.importers.elements import mistake, text_of
from chatbot.corpus.importers.source import Source
from chatbot.errors import CorpusError

_REMEDY = "export it again from Telegram Desktop, as JSON"


def recognises(source: Source) -> bool:
    """Whether it is an object with messages that have a sender and a date, or with chats."""
    found = source.json
    if not isinstance(found, dict):
        return False
    if isinstance(found.get("chats"), dict):
        return True
    messages = found.get("messages")
    return isinstance(messages, list) and any(isinstance(one, dict) and "date" in one for one in messages)


def read(source: Source) -> Chat:
    """The messages of all chats. Raises CorpusError at the first one that is not understood."""
    found, chat = source.json, Chat([])
    chats = _chats(source, found)
    for room, messages in enumerate(chats):
        for number, message in enumerate(messages):
            where: dict[str, Any] = {"key": "messages", "number": number, "list_number": room}
            if not isinstance(message, dict):
                raise mistake(source, "no message", _REMEDY, **where)
            if message.get("type", "message") != "message":
                chat.left_out[PROGRAM] += 1
                continue
            text = text_of(message.get("text"))
            if text is None:
                raise mistake(source, "a message whose text is neither words nor a list of them", _REMEDY, **where)
            minute = moment(message.get("date"))
            if minute is None:
                raise mistake(source, "a message without a date", _REMEDY, **where)
            speaker = message.get("from") or message.get("from_id")
            if not isinstance(speaker, str):
                if "from" not in message and "from_id" not in message:
                    raise mistake(source, "a message without a sender", _REMEDY, **where)
                speaker = "deleted account"
            if "forwarded_from" in message or "via_bot" in message:  # from a hidden account: null
                chat.left_out["forwarded messages, whose words are another's"] += 1
            elif not text.strip():
                chat.left_out[UNSAID] += 1
            else:
                chat.messages.append(Message(speaker.strip() or "deleted account", text, minute, room))
    return chat


def _chats(source: Source, found: Any) -> list[list[Any]]:
    """The messages of each chat."""
    chats = found.get("chats") if isinstance(found, dict) else None
    each = chats.get("list") if isinstance(chats, dict) else [found]
    found_in = [one.get("messages") if isinstance(one, dict) else None for one in each] if isinstance(each, list) else []
    messages = [one for one in found_in if isinstance(one, list)]
    if not messages or len(messages) < len(found_in):
        raise CorpusError("a chat without a list of messages", place=source.place(1), remedy=_REMEDY)
    return messages
