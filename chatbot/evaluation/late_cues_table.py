"""The late-cue report as lines for a terminal of 80 columns: a row a speaker."""

from collections.abc import Iterator, Sequence

from rich.cells import set_cell_size

from chatbot.evaluation.late_cues import LateCues, Position, Share
from chatbot.records import plural
from chatbot.safe_text import safe_line

_NAME, _CELL = 20, 12  # columns
_KINDS = {"late": "late-cue", "early": "early pairs", "other": "others"}


def table(report: LateCues) -> Iterator[str]:
    """Yields the lines."""
    yield f"{plural(report.late, 'late-cue pair')}, {plural(report.early, 'early pair')}, {plural(report.utterances, 'utterance')} in all"
    yield "Shares are percentages, with their intervals of 95 % (Wilson 1927)."
    yield ""
    yield "Both members of a pair right, by the number of words before the cue"
    yield _row("", [*map(before, report.positions), "all"])
    yield _row("pieces before it", [f"{one.pieces:.1f}" for one in report.positions])
    yield _row("pairs", [f"{number:,}" for number in (*(one.pairs for one in report.positions), report.late)])
    for speaker in report.speakers:
        outcomes = [*speaker.positions, speaker.late]
        yield _row(speaker.name, [_share(one.open) for one in outcomes])
        if speaker.late.late:
            yield _row("  late by definition", [f"{one.late_right:,} of {one.late:,}" for one in outcomes])
    if any(speaker.late.late for speaker in report.speakers):
        yield "Late by definition: the interrupter's reply must differ before it can have heard"
        yield "the cue, so that it loses these pairs is a theorem, not a finding. The row above"
        yield "each of these is of the other pairs: that is measured."
    yield ""
    yield "Beside it"
    yield _row("", ["members", "forced", "early", "all", "lagging,"])
    yield _row("", ["right", "choice", "pairs", "utterances", "pieces"])
    for speaker in report.speakers:
        early = speaker.early.pairs if speaker.early else None
        shares = (speaker.late.members, speaker.late.forced, early, speaker.right)
        yield _row(speaker.name, [*map(_share, shares), f"{speaker.lagging:.1f}"])
    yield ""
    yield "The word after which a listener's reply no longer changes"
    yield _row("", ["utterances", "words", "settled", "with cue"])
    for speaker in (one for one in report.speakers if one.settling):
        yield _row(speaker.name, [])
        for kind, one in speaker.settling.items():
            yield _row(f"  {_KINDS[kind]}", [f"{one.utterances:,}", f"{one.words:.1f}", f"{one.settled:.1f}", _share(one.with_cue)])


def before(position: Position) -> str:
    """The numbers of words before the cue: `9`, `6-8`."""
    return f"{position.least}" if position.least == position.most else f"{position.least}-{position.most}"


def _share(share: Share | None) -> str:
    return f"{100 * share.share:.0f} {100 * share.low:.0f}-{100 * share.high:.0f}" if share else "-"


def _row(name: str, cells: Sequence[str]) -> str:
    return (set_cell_size(safe_line(name), _NAME) + "".join(cell.rjust(_CELL) for cell in cells)).rstrip()
