"""What the bot says now, written into a transcript as what it shall say."""

from collections.abc import Callable, Iterable

from chatbot.errors import TranscriptError
from chatbot.files import write_whole
from chatbot.transcripts.parse import parse
from chatbot.transcripts.playing import Answer, Cast, Outcome
from chatbot.transcripts.scenes import Line, Scene, Transcript, squeezed


def settled(cast: Cast, transcript: Transcript, chosen: Callable[[Transcript], list[Scene]], *, exact: bool, new: bool) -> tuple[Transcript, list[Outcome]]:
    """`transcript` rewritten until the `chosen` of its scenes hold as far as that makes them, and what comes of them then.

    With `exact` it rewrites `<` lines that fail, with `new` the `<?` that hold. Once may not be enough: a scripted reply is heard by the turns after it.
    """
    while True:
        outcomes = cast.play(transcript, chosen(transcript))
        text = rewritten(transcript.text, outcomes, exact=exact, new=new)
        if text == transcript.text:
            return transcript, outcomes
        transcript = parse(text, transcript.path)


def rewritten(text: str, outcomes: Iterable[Outcome], *, exact: bool, new: bool) -> str:
    """`text` with what was said in place of `<` lines that fail and of `<?`; all else, comments and line ends too, stays as it is."""
    lines = text.split("\n")
    for outcome in outcomes:
        if not acceptable(outcome.scene):
            continue
        for answer in outcome.trials[0].answers:
            if (line := _replaced(answer, exact, new)) and (said := squeezed(answer.reply.text)):
                lines[line.number - 1] = f"< {said}{chr(13) * lines[line.number - 1].endswith(chr(13))}"
    return "\n".join(lines)


def acceptable(scene: Scene) -> bool:
    """Whether what is said in it is the one thing that is said there: what is sampled is not, and what shall fail is no model."""
    return scene.settings.decoding.strategy != "sample" and scene.xfail is None


def write(old: Transcript, new: Transcript) -> None:
    """Puts `new` in the place of `old`, whole or not at all. Raises TranscriptError, also when the file is no longer what it was."""
    try:
        if old.path.read_bytes() != old.text.encode():
            raise TranscriptError("changed while it was being played", place=old.path, remedy="start again")
        write_whole(old.path, new.text.encode())
    except OSError as error:
        raise TranscriptError(f"cannot be written: {error.strerror}", place=old.path, remedy="make room, or check its permissions") from None


def _replaced(answer: Answer, exact: bool, new: bool) -> Line | None:
    """The line that what was said takes the place of, if any."""
    met, lines = answer.verdict.met, answer.turn.exact
    if exact and lines and not met:
        return answer.nearest[0] if answer.nearest else lines[0]
    return met if new and met and met.sign == "<?" else None
