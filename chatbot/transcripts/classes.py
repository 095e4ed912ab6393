"""Classes of replies for `<@`: lists and patterns in `classes.toml` beside the transcript, and the topics of the corpus that it names.

corpus = "corpora/faq.tsv"          # for `<@ topic:NAME`

[sympathy]                          # for `<@ sympathy`
replies = ["Oh no."]                # whole replies, without case
patterns = ['\\bsorry\\b']
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from chatbot.corpus.folding import key
from chatbot.corpus.pairs import read_pairs
from chatbot.errors import TranscriptError
from chatbot.transcripts.patterns import compiled, found
from chatbot.transcripts.scenes import Line

NAME = "classes.toml"
_DEEP = 8  # turns of a history: follow-ups have replies too
_SHAPE = 'write [name], then replies = ["…"] or patterns = ["…"]'


@dataclass(frozen=True)
class Class:
    """What the replies of a class are."""

    replies: frozenset[str]
    patterns: tuple[Line, ...]


@dataclass(frozen=True)
class Classes:
    """The classes of one folder of transcripts."""

    path: Path
    named: Mapping[str, Class] = field(default_factory=dict)
    corpus: Path | None = None

    @classmethod
    def beside(cls, transcript: Path) -> "Classes":
        """Those beside a transcript; none when there is no such file. Raises TranscriptError."""
        path = transcript.with_name(NAME)
        try:
            stored = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return cls(path)
        except OSError as error:
            raise TranscriptError(f"cannot be read: {error.strerror}", place=path, remedy="check its permissions") from None
        except (ValueError, RecursionError) as error:
            where = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
            place = f"{path}:{where[1]}:{where[2]}" if where else path
            raise TranscriptError(f"not TOML: {str(error).partition(' (at')[0]}", place=place, remedy="mend it") from None
        corpus = stored.pop("corpus", None)
        if corpus is not None and not isinstance(corpus, str):
            raise TranscriptError("“corpus” is no path", place=path, remedy='write corpus = "faq.tsv"')
        return cls(path, {name: _class(path, name, facts) for name, facts in stored.items()}, path.parent / corpus if corpus else None)

    def rule(self, line: Line, reply: str) -> str | None:
        """The rule by which `reply` is of the class that a line names, or None. Raises TranscriptError at that line for a class that there is not."""
        name = line.text
        if name.startswith("topic:"):
            return f"a reply of {name}" if key(reply) in self._topic(line, name.removeprefix("topic:")) else None
        if name not in self.named:
            raise self._unknown(line, f"no class called “{name}” in {self.path}", name, self.named, "define it there, or write topic:NAME")
        if key(reply) in self.named[name].replies:
            return f"one of the replies of {name}"
        return next((f"pattern {pattern.text} of {name}" for pattern in self.named[name].patterns if found(pattern, reply)), None)

    def _topic(self, line: Line, name: str) -> frozenset[str]:
        if self.corpus is None:
            raise line.error("no corpus to look the topic up in", f'write corpus = "….tsv" into {self.path}')
        if name not in self._topics:
            raise self._unknown(line, f"no topic called “{name}” in {self.corpus}", name, self._topics, "name one of its topics")
        return self._topics[name]

    @cached_property
    def _topics(self) -> dict[str, frozenset[str]]:
        """The replies of each topic of the corpus."""
        assert self.corpus is not None
        replies: dict[str, set[str]] = {}
        for pair in read_pairs(self.corpus, history=_DEEP, alone=True):
            if pair.group:
                replies.setdefault(pair.group.topic, set()).add(key(pair.reply))
        return {topic: frozenset(those) for topic, those in replies.items()}

    def _unknown(self, line: Line, what: str, name: str, names: Mapping[str, Any], otherwise: str) -> TranscriptError:
        near = get_close_matches(name, names, n=1)
        return line.error(what, f"did you mean “{near[0]}”?" if near else otherwise)


def _class(path: Path, name: str, facts: Any) -> Class:
    """The class of that name. Raises TranscriptError when it is not what it should be."""
    lists = facts if isinstance(facts, dict) and facts and facts.keys() <= {"replies", "patterns"} else {}
    if not lists or not all(isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts) for texts in lists.values()):
        raise TranscriptError(f"“{name}” is no class", place=path, remedy=_SHAPE)
    patterns = tuple(Line(path, 1, "<~", text, 1) for text in lists.get("patterns", ()))
    for pattern in patterns:
        try:
            compiled(pattern)
        except TranscriptError as error:
            what = f"the pattern “{pattern.text}” of “{name}”: {error.what}"
            raise TranscriptError(what, place=path, remedy="mend it, or put it among its replies") from None
    return Class(frozenset(key(text) for text in lists.get("replies", ())), patterns)
