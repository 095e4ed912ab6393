"""Regular expressions that people write: checked when they are read, stopped when they take too long."""

import regex

from chatbot.transcripts.scenes import Line

LONGEST = 1000  # characters
SECONDS = 1.0


def compiled(line: Line) -> "regex.Pattern[str]":
    """The pattern that a line is. Raises TranscriptError at its place."""
    if len(line.text) > LONGEST:
        raise line.error(f"a pattern of {len(line.text):,} characters", f"use {LONGEST:,} at the most")
    try:
        return regex.compile(line.text)
    except regex.error as error:
        raise line.error(f"no regular expression: {error.msg}", "mend it, or write `<` for plain text", error.pos or 0) from None
    except (RecursionError, OverflowError, ValueError, KeyError, IndexError):
        raise line.error("no regular expression that can be compiled", "write a simpler one") from None


def found(line: Line, text: str) -> bool:
    """Whether the pattern that a line is occurs in `text`. Raises TranscriptError at its place when that takes too long."""
    try:
        return compiled(line).search(text, timeout=SECONDS) is not None
    except TimeoutError:
        raise line.error(f"this pattern takes more than {SECONDS:g} s on one reply", "write it without repeats inside of repeats") from None
