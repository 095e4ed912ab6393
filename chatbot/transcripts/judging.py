"""Whether a reply is what a turn wants it to be: a function of two texts."""

import re
from dataclasses import dataclass

from chatbot.corpus.folding import key
from chatbot.transcripts.classes import Classes
from chatbot.transcripts.patterns import found
from chatbot.transcripts.scenes import Line, Turn, squeezed


@dataclass(frozen=True)
class Broken:
    """A line that does not hold, and why."""

    line: Line
    why: str


@dataclass(frozen=True)
class Verdict:
    """What a turn makes of a reply."""

    broken: tuple[Broken, ...] = ()
    met: Line | None = None  # the line that describes the reply, of those of which one must
    rules: tuple[str, ...] = ()  # by which it is of the classes that it must be of

    @property
    def holds(self) -> bool:
        """Whether the turn is satisfied."""
        return not self.broken


def judged(turn: Turn, reply: str, classes: Classes) -> Verdict:
    """What `turn` makes of `reply`. Raises TranscriptError for a pattern that takes too long, and for a class that there is not."""
    said = squeezed(reply)
    met = next((line for line in turn.one_of if _describes(line, said)), None)
    broken, rules = [], []
    if turn.one_of and not met:
        count = len(turn.one_of)
        broken.append(Broken(turn.one_of[0], "not this" if count == 1 else f"none of these {count}"))
    for line in turn.expected:
        match line.sign:
            case "<+" if key(line.text) not in key(said):
                broken.append(Broken(line, "not in it"))
            case "<-" if key(line.text) in key(said):
                broken.append(Broken(line, "in it"))
            case "<-~" if found(line, said):
                broken.append(Broken(line, "matches"))
            case "<@":
                rule = classes.rule(line, said)
                if rule is None:
                    broken.append(Broken(line, "not of this class"))
                else:
                    rules.append(rule)
    return Verdict(tuple(broken), met, tuple(rules))


def _describes(line: Line, said: str) -> bool:
    """Whether one of the lines of which one must hold does."""
    match line.sign:
        case "<":
            return said == squeezed(line.text)
        case "<~":
            return found(line, said)
        case "<*":
            return any(re.fullmatch(_pattern(glob), key(said)) for glob in line.text.split("|"))
        case _:
            return bool(said)


def _pattern(glob: str) -> str:
    """What an alternative of `<*` stands for: `*` is anything, all else is itself."""
    return ".*".join(map(re.escape, key(glob).split("*")))
