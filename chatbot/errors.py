"""The one error tree: what is wrong, where, and what to do about it.

A person's mistake raises one of these and is caught once, at the command line, which prints `str(error)`: a single line. A programmer's
mistake is an assert.
"""

from chatbot.safe_text import safe_line


class ChatbotError(Exception):
    """A mistake that the person at the keyboard can mend.

    `place` is a path, or `path:line:column`, counted from 1. `remedy` says what to do next.
    """

    def __init__(self, what: str, *, place: object = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what, self.place, self.remedy = what, place, remedy

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place is not None else ""
        then = f"; {self.remedy}" if self.remedy else ""
        return safe_line(f"{where}{self.what}{then}")


class CorpusError(ChatbotError):
    """A corpus that cannot be read, or that has too little in it."""


class OptionError(ChatbotError):
    """An option outside of what is possible."""


class BundleError(ChatbotError):
    """A bundle that is missing, damaged, of an unknown format, or in the way."""


class TrainingError(ChatbotError):
    """A run that cannot go on."""


class PromptError(ChatbotError):
    """An utterance that cannot be answered: nothing in it, or too long."""


class TranscriptError(ChatbotError):
    """A transcript that cannot be read or played."""


class SessionError(ChatbotError):
    """A conversation on disk that cannot be read, or one that cannot be written."""
