"""Transcripts, read and checked: each mistake at its line and column, with what was probably meant. The format is told in docs/transcripts.md."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from chatbot.errors import OptionError, TranscriptError
from chatbot.records import Decoding
from chatbot.transcripts.patterns import compiled
from chatbot.transcripts.scenes import NEGATIVE, PATTERNS, POSITIVE, Line, Rival, Scene, Settings, Transcript, Turn

LARGEST = 8 << 20  # bytes: some 100,000 scenes
MOST_TRIALS = 10_000

SIGNS = ("#", "==", ">", *POSITIVE, *NEGATIVE, "rnn!", "rnn=")
_OF_SCENES = ("@trials", "@pass", "@xfail")
DIRECTIVES = ("@chat", "@seed", "@decode", "@history", *_OF_SCENES)
_KNOBS = {"t": "temperature", "p": "top_p", "k": "top_k"}

Number = TypeVar("Number", int, float)


def read(path: Path) -> Transcript:
    """The transcript at `path`. Raises TranscriptError, at `file:line:column`."""
    try:
        if not path.is_file():
            raise TranscriptError("not a file" if path.exists() else "no such file", place=path, remedy="name a .chat file, or a folder of them")
        if (size := path.stat().st_size) > LARGEST:
            raise TranscriptError(f"{size:,} bytes, and nobody writes more than {LARGEST:,}", place=path, remedy="is it a transcript? Cut it in several")
        raw = path.read_bytes()
    except OSError as error:
        raise TranscriptError(f"cannot be read: {error.strerror}", place=path, remedy="check its permissions") from None
    try:
        return parse(raw.decode(), path)
    except UnicodeDecodeError as error:
        number, column = raw.count(b"\n", 0, error.start) + 1, error.start - raw.rfind(b"\n", 0, error.start)
        what = f"byte {column} (0x{raw[error.start]:02X}) is not UTF-8"
        raise TranscriptError(what, place=f"{path}:{number}:{column}", remedy="save the file as UTF-8") from None


def parse(text: str, path: Path) -> Transcript:
    """The transcript that `text`, the content of `path`, is. Raises TranscriptError, at `file:line:column`."""
    reader = _Reader(path)
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if raw.strip() and not raw.startswith("#"):
            reader.take(_line(path, number, raw))
    return Transcript(path, reader.scenes(), text)


def _line(path: Path, number: int, raw: str) -> Line:
    """A line that is neither blank nor a comment, cut in two."""
    sign, _, rest = raw.rstrip().partition(" ")
    line = Line(path, number, sign, rest.strip(), len(sign) + 2 + len(rest) - len(rest.lstrip()))
    if sign in (*SIGNS, *DIRECTIVES):
        if not line.text and sign != "<?":
            raise line.error(f"nothing after `{sign}`", "write it, or delete the line")
        if line.text and sign == "<?":
            raise line.error("`<?` stands alone", "delete what follows, or write `<`")
        return line
    if raw[0].isspace():
        raise TranscriptError("a blank before the operator", place=line.place, remedy="begin the line with its operator")
    if raw.startswith("@"):
        meant = _meant(sign, DIRECTIVES, f"use one of {' '.join(DIRECTIVES)}")
        raise TranscriptError(f"no directive called “{sign}”", place=line.place, remedy=meant)
    if (glued := max((one for one in SIGNS if sign.startswith(one)), key=len, default="")) and sign[len(glued)].isalnum():
        raise TranscriptError(f"no blank after `{glued}`", place=f"{path}:{number}:{len(glued) + 1}", remedy=f"write a blank after `{glued}`")
    meant = _meant(sign, SIGNS, f"use one of {' '.join(SIGNS)} and a blank")
    raise TranscriptError(f"“{sign}” begins no line of a transcript", place=line.place, remedy=meant)


@dataclass
class _Open:
    """The scene that is being read."""

    title: Line
    settings: Settings
    turns: list[Turn] = field(default_factory=list)
    rivals: list[Rival] = field(default_factory=list)
    directives: dict[str, Line] = field(default_factory=dict)
    xfail: str | None = None

    def scene(self) -> Scene:
        """It, if it is whole."""
        name, settings = self.title.text, self.settings
        if not self.turns:
            raise self.title.error(f"nobody says anything in “{name}”", "add a line that begins with `> `")
        if not any(line.sign in POSITIVE for turn in self.turns for line in turn.expected):
            raise self.title.error(f"“{name}” cannot fail", f"say what a reply must be: a line that begins with one of {' '.join(POSITIVE)}")
        if settings.scripted and (mute := next((turn for turn in self.turns[:-1] if not turn.exact), None)):
            raise mute.said.error("no scripted reply to this, and `@history script`", "add a line that begins with `< `")
        if settings.decoding.strategy != "sample" and (of_trials := self.directives.get("@trials") or self.directives.get("@pass")):
            remedy = "add `@decode sample`, or delete the line: every trial would be the same"
            raise of_trials.error(f"`{of_trials.sign}` where nothing is sampled", remedy)
        if settings.decoding.seed + settings.trials > 2**31:
            raise self.title.error("the last seed would be beyond 2147483647", "use a smaller `@seed`")
        return Scene(self.title, tuple(self.turns), settings, tuple(self.rivals), self.xfail)


class _Reader:
    """Reads one file, line by line."""

    def __init__(self, path: Path) -> None:
        self.path, self.settings = path, Settings()
        self.directives: dict[str, Line] = {}
        self.open: _Open | None = None
        self.done: dict[str, Scene] = {}

    def take(self, line: Line) -> None:
        """The next line."""
        if "@chat" not in self.directives:
            if line.sign != "@chat":
                raise TranscriptError("no `@chat 1` before this", place=line.place, remedy="make it the first line")
            if line.text != "1":
                raise line.error(f"format {line.text} is unknown", "this program reads format 1: write `@chat 1`, or update it")
            self.directives["@chat"] = line
        elif line.sign.startswith("@"):
            self._directive(line)
        elif line.sign == "==":
            self._close()
            if first := self.done.get(line.text):
                raise line.error(f"“{line.text}” is the title in line {first.title.number} already", "rename one of the two")
            self.open = _Open(line, self.settings)
        elif self.open is None:
            raise TranscriptError(f"`{line.sign}` before the first scene", place=line.place, remedy="begin with `== title`")
        elif line.sign == ">":
            self.open.turns.append(Turn(line))
        elif not self.open.turns:
            raise TranscriptError(f"`{line.sign}`, and nobody has said anything", place=line.place, remedy="write a line `> ` above it")
        elif line.sign.startswith("rnn"):
            self.open.rivals.append(_rival(line))
        else:
            _check(line)
            turn = self.open.turns[-1]
            self.open.turns[-1] = replace(turn, expected=(*turn.expected, line))

    def scenes(self) -> tuple[Scene, ...]:
        """All that was read, when there is no more."""
        if "@chat" not in self.directives:
            raise TranscriptError("no `@chat 1` in it", place=f"{self.path}:1:1", remedy="make it the first line")
        self._close()
        for scene in self.done.values():
            for rival in scene.rivals:
                _check_rival(rival, scene, self.done)
        return tuple(self.done.values())

    def _close(self) -> None:
        if self.open:
            self.done[self.open.title.text] = self.open.scene()
            self.open = None

    def _directive(self, line: Line) -> None:
        scope = self.open or self
        if first := scope.directives.get(line.sign):
            raise TranscriptError(f"a second `{line.sign}`, after that in line {first.number}", place=line.place, remedy="keep one of the two")
        scope.directives[line.sign] = line
        if line.sign == "@chat":
            raise TranscriptError("`@chat` in the midst of the file", place=line.place, remedy="delete the line")
        if self.open and self.open.turns:
            raise TranscriptError(f"`{line.sign}` below what is said", place=line.place, remedy="move it up, under the title")
        if line.sign in _OF_SCENES and not self.open:
            raise TranscriptError(f"`{line.sign}` before the first scene", place=line.place, remedy="write it under the title of the scene that it is about")
        if line.sign == "@xfail":
            assert self.open
            self.open.xfail = _quoted(line, line.text)
        else:
            scope.settings = _settings(line, scope.settings)


def _settings(line: Line, settings: Settings) -> Settings:
    """`settings` with what a directive changes."""
    match line.sign:
        case "@seed":
            return replace(settings, decoding=replace(settings.decoding, seed=_number(line, int, line.text, lambda seed: 0 <= seed < 2**31, "0 to 2147483647")))
        case "@trials":
            return replace(settings, trials=_number(line, int, line.text, lambda trials: 1 <= trials <= MOST_TRIALS, f"1 to {MOST_TRIALS}"))
        case "@pass":
            return replace(settings, passing=_number(line, float, line.text, lambda share: 0 < share <= 1, "above 0 and up to 1"))
        case "@history":
            if line.text not in ("model", "script"):
                raise line.error(f"“{line.text}” is nobody's history", _meant(line.text, ("model", "script"), "use model or script"))
            return replace(settings, scripted=line.text == "script")
        case _:
            return replace(settings, decoding=_decoding(line, settings.decoding.seed))


def _decoding(line: Line, seed: int) -> Decoding:
    """The decoding that a line asks for."""
    strategy, *knobs = line.text.split()
    try:
        if strategy == "greedy" and not knobs:
            return Decoding(seed=seed)
        if strategy == "beam" and len(knobs) == 1:
            return Decoding(strategy="beam", seed=seed, width=_number(line, int, knobs[0], lambda width: width > 0, "1 to 64"))
        if strategy == "sample":
            decoding = Decoding(strategy="sample", seed=seed)
            for knob in knobs:
                name, _, value = knob.partition("=")
                if name not in _KNOBS:
                    raise line.error(f"nothing called “{knob}” in sampling", "write it as t=0.8 p=0.9 k=20", line.text.index(knob))
                kind: Callable[[str], Any] = int if name == "k" else float
                decoding = replace(decoding, **{_KNOBS[name]: _number(line, kind, value, lambda number: number >= 0, "0 or more")})
            return decoding
    except OptionError as error:
        raise line.error(error.what.partition(" ")[2], error.remedy or "") from None
    meant = _meant(strategy, ("greedy", "sample", "beam"), "use `greedy`, `sample t=0.8 p=0.9` or `beam 5`")
    raise line.error(f"“{line.text}” is no decoding", meant if strategy not in ("greedy", "beam") else "use `greedy` alone, or `beam 5`")


def _number(line: Line, kind: Callable[[str], Number], text: str, possible: Callable[[Number], bool], range_: str) -> Number:
    """The number that `text`, a part of a line, is."""
    try:
        if text.isascii() and possible(number := kind(text)):
            return number
    except ValueError:
        pass
    raise line.error(f"“{text}” is no number that will do", f"use {range_}", line.text.rindex(text))


def _rival(line: Line) -> Rival:
    """A line that begins with `rnn!` or `rnn=`."""
    if line.sign == "rnn!":
        return Rival(line, _quoted(line, line.text), None)
    count, _, other = line.text.partition(" ")
    pieces = _number(line, int, count, lambda pieces: pieces > 0, "a whole number from 1, then the title in quotes")
    return Rival(line, _quoted(line, other.strip()), pieces)


def _check_rival(rival: Rival, scene: Scene, scenes: Mapping[str, Scene]) -> None:
    """Raises TranscriptError unless the other scene is there, and neither is sampled."""
    line, other = rival.line, scenes.get(rival.other)
    offset = line.text.index('"') + 1
    if other is None:
        raise line.error(f"no scene called “{rival.other}”", _meant(rival.other, scenes, "name one of this file"), offset)
    if other is scene:
        raise line.error("that is this scene itself", "name another one", offset)
    if sampled := next((one for one in (scene, other) if one.settings.decoding.strategy == "sample"), None):
        raise line.error(f"“{sampled.name}” is sampled", f"use `@decode greedy` where there is `{line.sign}`", offset)


def _check(line: Line) -> None:
    """Raises TranscriptError for an expectation that could not be tested."""
    if line.sign in PATTERNS:
        compiled(line)
    elif line.sign == "<*" and not all(one.strip() for one in line.text.split("|")):
        raise line.error("an empty alternative", "delete a `|`, or write what stands beside it")


def _quoted(line: Line, text: str) -> str:
    """What stands between quotes."""
    if len(text) > 2 and text[0] == text[-1] == '"' and (inside := text[1:-1].strip()):
        return inside
    raise line.error(f"no quotes around “{text.strip(chr(34))}”", f'write it as {line.sign}{" 5" * (line.sign == "rnn=")} "…"', line.text.rindex(text))


def _meant(word: str, choices: Iterable[str], otherwise: str) -> str:
    """The choice that `word` is nearest to, as a question."""
    near = get_close_matches(word[:100], list(choices), n=1, cutoff=0.5)
    return f"did you mean “{near[0]}”?" if near else otherwise
