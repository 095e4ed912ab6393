"""What came of a run, for a person: the conversation, the line that failed, what was said instead, and how near it was."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatbot.intervals import wilson
from chatbot.records import plural
from chatbot.transcripts.drafts import spelled
from chatbot.transcripts.playing import Answer, Cast, Outcome, Status
from chatbot.transcripts.scenes import Line, Transcript, squeezed

REFERENCE = "on the CPU in fp32, one thread, one utterance at a time"

_SAYS: dict[Status, str] = {"passed": "passed", "failed": "failed", "xfailed": "failed as expected", "xpassed": "passed against expectation"}


@dataclass(frozen=True)
class Run:
    """What a bundle made of some transcripts."""

    cast: Cast
    files: Sequence[tuple[Transcript, Sequence[Outcome]]]

    @property
    def outcomes(self) -> Iterator[tuple[Transcript, Outcome]]:
        """Yields what came of each scene."""
        return ((transcript, outcome) for transcript, outcomes in self.files for outcome in outcomes)

    @property
    def fine(self) -> bool:
        """Whether all is as it was expected."""
        return all(outcome.fine for _, outcome in self.outcomes)


def lines(run: Run) -> Iterator[str]:
    """The report of one bundle. What was said is not yet safe for a terminal."""
    yield head(run)
    for transcript, outcomes in run.files:
        yield f"{transcript.path}: {counted(outcomes)}"
    for _, outcome in run.outcomes:
        yield from notes(outcome)
    for _, outcome in run.outcomes:
        if not outcome.fine:
            yield ""
            yield f"FAILED {_where(outcome)}"
            yield from (f"  {line}" for line in why(outcome))
    yield ""
    yield counted([outcome for _, outcome in run.outcomes])


def notes(outcome: Outcome) -> Iterator[str]:
    """What is to be known of a scene that came out as it should."""
    if outcome.status == "xfailed":
        yield f"failed as expected {_where(outcome)}: {outcome.scene.xfail}"
    elif outcome.fine:
        if len(outcome.trials) > 1:
            yield f"sampled {_where(outcome)}: {trials(outcome)}"
        yield from (f"class {_place(answer)}: {rule}" for answer in outcome.trials[0].answers for rule in answer.verdict.rules)
    yield from (f"fragile {_place(answer)}: leads by {answer.lead:.3f} nats: {answer.verdict.met}" for answer in outcome.fragile)


def head(run: Run) -> str:
    """Who played, and how."""
    hashes = ", ".join(f"{role} {run.cast.hashes[role]}" for role in ("listener", "vocabulary") if role in run.cast.hashes)
    decodings = [outcome.scene.settings.decoding for _, outcome in run.outcomes]
    ways, seeds = (list(dict.fromkeys(those)) for those in (map(spelled, decodings), (str(decoding.seed) for decoding in decodings)))
    return f"{run.cast.name}{f' ({hashes})' * bool(hashes)} {REFERENCE}; {_few(ways)}; seed {_few(seeds)}"


def counted(outcomes: Sequence[Outcome]) -> str:
    """How many passed and failed."""
    counts = Counter(outcome.status for outcome in outcomes)
    told = [f"{counts[status]:,} {said}" for status, said in _SAYS.items() if counts[status]]
    fragile = sum(bool(outcome.fragile) for outcome in outcomes)
    return ", ".join(told) + f"; {fragile:,} fragile" * bool(fragile)


def why(outcome: Outcome) -> Iterator[str]:
    """Why an outcome is not fine: its conversation up to the line that failed."""
    if outcome.status == "xpassed":
        yield f"it passes, and was expected to fail: {outcome.scene.xfail}; delete its `@xfail`"
        return
    if len(outcome.trials) > 1:
        yield f"{trials(outcome)}; {outcome.scene.settings.passing:g} of them must"
    if trial := next((trial for trial in outcome.trials if not trial.holds), None):
        if len(outcome.trials) > 1:
            yield f"the first that did not, with seed {trial.seed}:"
        for answer in trial.answers:
            yield f"> {answer.turn.said.text}"
            yield f"< {answer.reply.text}{doubted(answer)}"
            if not answer.verdict.holds:
                yield from complaints(answer)
                break
    yield from (f"  {broken.line.path}:{broken.line.number}: {broken.why}: {broken.line}" for broken in outcome.rivals)


def failing(outcome: Outcome) -> Line:
    """The line at which an outcome that is not fine fails."""
    broken = [broken.line for trial in outcome.trials for answer in trial.answers for broken in answer.verdict.broken]
    return next(iter([*broken, *(rival.line for rival in outcome.rivals)]), outcome.scene.title)


def complaints(answer: Answer) -> Iterator[str]:
    """The lines that an answer breaks; of those of which one had to hold, the one that it was nearest to, and how near."""
    for broken in answer.verdict.broken:
        near = behind(answer) if broken.line in answer.turn.one_of and answer.nearest else ""
        yield f"  {broken.line.path}:{broken.line.number}: {broken.why}{near}: {broken.line}"


def behind(answer: Answer) -> str:
    """How near an answer was to what was wanted."""
    assert answer.nearest
    line, distance = answer.nearest
    doubted = answer.reply.unsure and squeezed(line.text) == squeezed(answer.reply.raw)
    if not math.isfinite(distance):
        return ", and this bundle cannot say it as it decodes here"
    this = ", this one" if len(answer.turn.one_of) > 1 else ","
    return f"{this} lost by {distance:.3f} nats{' to its doubt' if doubted else ' where they part'}"


def doubted(answer: Answer) -> str:
    """What the bot would have said, had it been sure."""
    return f"  (not sure enough of: {answer.reply.raw})" if answer.reply.unsure else ""


def trials(outcome: Outcome) -> str:
    """In how many of its trials a scene held."""
    low, high = wilson(outcome.held, len(outcome.trials))
    return f"held in {outcome.held} of {plural(len(outcome.trials), 'trial')} (Wilson 95 % interval {low:.2f} to {high:.2f})"


def matrix(runs: Sequence[Run]) -> Iterator[str]:
    """Several bundles side by side: the scenes in which they differ, and what each lost and gained against the first."""
    table = [
        (f"{those[0][0].path}: {those[0][1].scene.name}", [outcome for _, outcome in those]) for those in zip(*(run.outcomes for run in runs), strict=True)
    ]
    differ = [(title, [outcome.status for outcome in cells]) for title, cells in table if len({outcome.status for outcome in cells}) > 1]
    widths = [max(len(run.cast.name), 7) for run in runs]
    for title, cells in (("", [run.cast.name for run in runs]), *differ):
        yield "  ".join([*(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)), title]).rstrip()
    for number, run in enumerate(runs[1:], 1):
        lost = sum(cells[0].fine and not cells[number].fine for _, cells in table)
        gained = sum(cells[number].fine and not cells[0].fine for _, cells in table)
        yield f"{run.cast.name} against {runs[0].cast.name}: {lost:,} lost, {gained:,} gained, of {plural(len(table), 'scene')}"


def _few(words: Sequence[str]) -> str:
    """At most three of `words`."""
    return ", ".join([*words[:3], *([f"and {len(words) - 3} more"] if len(words) > 3 else [])])


def _where(outcome: Outcome) -> str:
    return f"{outcome.scene.title.path}:{outcome.scene.title.number}: {outcome.scene.name}"


def _place(answer: Answer) -> str:
    line = answer.verdict.met or answer.turn.said
    return f"{line.path}:{line.number}"
