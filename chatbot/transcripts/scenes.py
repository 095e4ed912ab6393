"""What a transcript is: lines, turns and scenes, each knowing where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from chatbot.corpus.folding import fold
from chatbot.errors import TranscriptError
from chatbot.records import Decoding

ONE_OF = ("<", "<~", "<*", "<?")  # a reply that one of these describes will do
POSITIVE = (*ONE_OF, "<+", "<@")
NEGATIVE = ("<-", "<-~")
PATTERNS = ("<~", "<-~")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its operator, and the text after it. Lines and columns are counted from 1."""

    path: Path
    number: int
    sign: str
    text: str
    column: int  # of the text

    @property
    def place(self) -> str:
        """Where the line begins."""
        return f"{self.path}:{self.number}:1"

    def error(self, what: str, remedy: str, offset: int = 0) -> TranscriptError:
        """The mistake at this line's text, or so many characters into it."""
        return TranscriptError(what, place=f"{self.path}:{self.number}:{self.column + offset}", remedy=remedy)

    def __str__(self) -> str:
        return f"{self.sign} {self.text}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a scene is played."""

    decoding: Decoding = field(default_factory=Decoding)
    scripted: bool = False  # whether a bot that hears earlier turns has heard itself say what the script wants, or what it said
    trials: int = 1  # with seeds from the decoding's on
    passing: float = 1.0  # the share of trials that must hold

    def trial(self, number: int) -> Decoding:
        """The decoding of that trial, from 0."""
        return replace(self.decoding, seed=self.decoding.seed + number)


@dataclass(frozen=True)
class Turn:
    """What the person says, and what the reply must be."""

    said: Line
    expected: tuple[Line, ...] = ()

    @property
    def exact(self) -> tuple[Line, ...]:
        """The replies that are written out."""
        return tuple(line for line in self.expected if line.sign == "<")

    @property
    def one_of(self) -> tuple[Line, ...]:
        """The lines of which one must describe the reply."""
        return tuple(line for line in self.expected if line.sign in ONE_OF)


@dataclass(frozen=True)
class Rival:
    """A line that sets the interrupter's replies in two scenes side by side."""

    line: Line
    other: str  # the title of the other scene
    pieces: int | None  # alike at the beginning (`rnn=`); None: not both scenes hold (`rnn!`)


@dataclass(frozen=True)
class Scene:
    """One test: a conversation from its beginning."""

    title: Line
    turns: tuple[Turn, ...]
    settings: Settings = Settings()
    rivals: tuple[Rival, ...] = ()
    xfail: str | None = None  # why it is expected to fail

    @property
    def name(self) -> str:
        """Its title, which no other scene of the file has."""
        return self.title.text


@dataclass(frozen=True)
class Transcript:
    """A file of scenes."""

    path: Path
    scenes: tuple[Scene, ...]
    text: str = field(repr=False)  # the whole file

    def scene(self, name: str) -> Scene:
        """The scene of that title, which must be there."""
        return next(scene for scene in self.scenes if scene.name == name)

    def lines(self) -> Iterator[Line]:
        """Yields what its scenes are made of, in no particular order."""
        for scene in self.scenes:
            yield scene.title
            for turn in scene.turns:
                yield turn.said
                yield from turn.expected
            yield from (rival.line for rival in scene.rivals)


def squeezed(text: str) -> str:
    """`text` as replies are compared: in NFC, each run of blanks and line breaks a single blank."""
    return " ".join(fold(text).split())
