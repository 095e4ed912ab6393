"""Pairs as topics: the utterances that have the same replies stand together, above them."""

import re
import unicodedata
from collections.abc import Iterable

from chatbot.corpus.folding import key

_SLUG_WORDS = 4


def as_topics(pairs: Iterable[tuple[str, str]]) -> str:
    """The text of a .topic file. Each utterance stands in the one topic of all its replies, so nothing is lost but the order."""
    replies: dict[str, dict[str, str]] = {}  # by utterance: its replies by their names
    written: dict[str, str] = {}
    for utterance, reply in pairs:
        utterance, reply = _plain(utterance), _plain(reply)
        replies.setdefault(key(utterance), {}).setdefault(key(reply), reply)
        written.setdefault(key(utterance), utterance)
    topics: dict[frozenset[str], list[str]] = {}
    for name, theirs in replies.items():
        topics.setdefault(frozenset(theirs), []).append(name)
    width = len(str(len(topics)))
    lines = ["# Written by `chatbot corpus import`. Every reply of a topic fits every utterance of it: join topics, add utterances, take out what is odd."]
    for number, names in enumerate(topics.values(), 1):
        lines += ["", f"== {number:0{width}}{_slug(written[names[0]])}"]
        lines += [f"> {written[name]}" for name in names]
        lines += [f"< {reply}" for reply in replies[names[0]].values()]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """`text` without what means something in a .topic file: braces, a lone underscore."""
    return re.sub(r"(?<!\S)_(?=[\s,.:!?]|$)", "-", text.replace("{", "(").replace("}", ")"))


def _slug(text: str) -> str:
    """A few words of `text` as a topic may be named, after a hyphen; nothing when it has no Latin letters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall("[a-z0-9]+", plain)[:_SLUG_WORDS]
    return "-" + "-".join(words)[:40].strip("-") if words else ""
