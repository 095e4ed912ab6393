"""The report as tables of text, which the terminal and the page show alike: a row a system, a column a figure."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatbot.evaluation.examples import Example
from chatbot.evaluation.metrics import Scores
from chatbot.evaluation.report import LISTENER, Report
from chatbot.evaluation.tally import Figures
from chatbot.intervals import wilson
from chatbot.records import plural

FIGURES: Mapping[str, tuple[str, Callable[[float], str]]] = {  # how each is called and written
    "right": ("right", lambda value: f"{100 * value:.1f}"),
    "bleu": ("BLEU", lambda value: f"{value:.1f}"),
    "chrf": ("chrF", lambda value: f"{value:.1f}"),
    "per_piece": ("a piece", lambda value: f"{value:.4g}"),
    "per_word": ("a word", lambda value: f"{value:.4g}"),
    "bits_per_byte": ("bits a byte", lambda value: f"{value:.4g}"),
}
REPLIES, LOSS = ("right", "bleu", "chrf"), ("per_piece", "per_word", "bits_per_byte")
PLACES = {"said_first": "said first", "after_a_turn": "after a turn", "follow_ups": "follow-ups"}
CLEAN, BESIDE = ("right", "chrf", "bits_per_byte"), ("right", "bleu", "chrf", "bits_per_byte")
THEOREM = "Late by definition: {} must differ before it can have heard the cue, so its 0% is a theorem, not a finding."

Row = tuple[str, ...]
Told = tuple[Mapping[str, float], Mapping[str, tuple[float, float]]]  # figures by name, and their intervals


@dataclass(frozen=True)
class Table:
    """Rows of text under heads; the first column says what the row is of."""

    title: str
    heads: Row
    rows: Sequence[Row]
    notes: Row = ()


def headline(report: Report) -> str:
    """What was asked of which bundle."""
    first = report.networks[LISTENER]
    part = "the test part, which it was not trained on" if report.part == "test" else "all pairs of the file"
    return f"{report.bundle}, on {part}: {first.pairs:,} pairs, {first.utterances:,} utterances; {report.decoding}"


def tables(report: Report) -> Iterator[Table]:
    """Yields all that are short."""
    systems, first = {**report.networks, **report.baselines}, report.networks[LISTENER]
    told = {name: (_figures(one), one.intervals) for name, one in systems.items()}
    signatures = (f"BLEU {first.bleu_signature}", f"chrF {first.chrf_signature}")
    yield _figured("Replies: right, in % (the whole reply is an allowed one), and how near", told, REPLIES, signatures)
    yield _figured("Perplexity a piece (+ 1 a reply), a white-space word (+ 1), bits a byte (+ 1)", {name: told[name] for name in report.networks}, LOSS)
    if first.late or first.early:
        yield _pairs(systems)
    if first.places:
        yield _places(systems)
    varied = [
        (name, f"{one.distinct_1:.3f}", f"{one.distinct_2:.3f}", f"{one.length:.1f}", f"{one.commonest_share:.1%}", one.commonest)
        for name, one in systems.items()
    ]
    yield Table("Variety", ("", "distinct-1", "distinct-2", "words", "commonest", ""), varied)
    yield _trust(report)
    yield _leaks(report)
    if report.against:
        yield _against(report)


def reliability(report: Report) -> Table:
    """How often the listener is right when it is so sure."""
    heads = ("probability of the reply", "replies", "on average", "right", "interval")
    rows = [
        (f"{one.low:.1f}–{one.high:.1f}", f"{one.replies:,}", f"{one.probability:.2f}", f"{one.right:.1%}", "–".join(f"{bound:.1%}" for bound in one.interval))
        for one in report.reliability[LISTENER].bins
    ]
    return Table("Reliability of the listener", heads, rows)


def examples(title: str, shown: Sequence[Example]) -> Table:
    """Replies one should read."""
    return Table(title, ("p", "utterance", "reply", "right would be"), [(f"{one.probability:.2f}", one.utterance, one.reply, one.expected) for one in shown])


def samples(report: Report) -> Table:
    """Some utterances, and what each system said."""
    rows = []
    for one in report.samples:
        heard = " / ".join([*(side for turn in one.history for side in turn), one.utterance])
        for name, (said, right) in one.said.items():
            rows.append((heard, name, said if right else f"✗ {said}"))
            heard = ""
    return Table("Samples (✗ is wrong)", ("utterance", "", "reply"), rows)


def _figured(title: str, told: Mapping[str, Told], names: Sequence[str], notes: Row = ()) -> Table:
    """The figures of that name, each with its interval of 95 %."""
    return Table(title, ("", *(FIGURES[name][0] for name in names)), [(system, *(_cell(name, *one) for name in names)) for system, one in told.items()], notes)


def _cell(name: str, figures: Mapping[str, float], intervals: Mapping[str, tuple[float, float]]) -> str:
    written = FIGURES[name][1]
    if name not in intervals:
        return "–"
    return f"{written(figures[name])}  {'–'.join(map(written, intervals[name]))}"


def _figures(scores: Scores) -> dict[str, float]:
    loss = scores.perplexity
    return Figures(scores.right, scores.bleu, scores.chrf, loss.per_piece, loss.per_word, loss.bits_per_byte)._asdict()


def _places(systems: Mapping[str, Scores]) -> Table:
    """Shares of utterances that are answered right by where in a conversation they are said, with their Wilson intervals."""
    heads = ("", *(f"{PLACES[place]}, of {asked.utterances:,}" for place, asked in systems[LISTENER].places.items()))
    rows = [(name, *(_share(asked.right, asked.utterances) for asked in one.places.values())) for name, one in systems.items()]
    return Table("By what was heard before: right, in %", heads, rows)


def _pairs(systems: Mapping[str, Scores]) -> Table:
    """Shares of pairs whose members are both right, with their Wilson intervals."""
    first, heads = systems[LISTENER], [""]
    lawful = next((name for name in systems if name.startswith("interrupter-")), LISTENER)  # whose law the second column tells
    bound = systems[lawful].late
    if first.late and bound:
        heads += [f"late-cue, of {first.late.pairs}", f"by definition, of {bound.late}"]
    if first.early:
        heads.append(f"first word, of {first.early.pairs}")
    rows = []
    for name, one in systems.items():
        row = [name]
        if one.late and bound:
            row += [_share(one.late.right, one.late.pairs), _share(one.late.late_right, one.late.late) if one.late.wait == bound.wait else "–"]
        if one.early:
            row.append(_share(one.early.right, one.early.pairs))
        rows.append(tuple(row))
    notes = (THEOREM.format(lawful),) if bound and lawful != LISTENER else ()
    return Table("Pairs of utterances that differ in one word: both right, in %", tuple(heads), rows, notes)


def _share(share: float, of: int) -> str:
    """A share of pairs in per cent with its interval."""
    return f"{100 * share:.1f}  {'–'.join(f'{100 * bound:.1f}' for bound in wilson(share * of, of))}" if of else "–"


def _trust(report: Report) -> Table:
    """How far what they say of themselves can be trusted, and what they know by heart."""
    rows = []
    for name, one in report.reliability.items():
        heart = report.memorised.get(name)
        rest = (_known(heart.share, ".1%"), _known(heart.right, ".1%"), _known(heart.new_right, ".1%")) if heart else ()
        rows.append((name, f"{one.error:.3f}", _known(one.parted, ".3f"), *rest))
    heads = ("", "ECE", "AUC", *(("by heart", "right by heart", "right if new") if report.memorised else ()))
    return Table("Trust: calibration error, right above wrong, replies known by heart", heads, rows)


def _leaks(report: Report) -> Table:
    """What is asked and was trained on, and the figures without it."""
    title, found = "Leaks", report.leaks
    if not found:
        return Table(title, (), (), ("It is not known what it was trained on: name the files with --trained-on.",))
    note = (
        f"Of {plural(found.utterances, 'different utterance')} asked {found.same:,} stand in the training part of {plural(found.trained, 'pair')}, and {found.nearly:,}"
        f" but for marks and blanks; of the pairs {found.pairs:,}."
    )
    if not report.clean:
        return Table(title, (), (), (note,))
    told = {name: (one.figures, one.intervals) for name, one in report.clean.items()}
    return _figured(f"{title}: the figures without them, of {plural(report.clean[LISTENER].utterances, 'different utterance')}", told, CLEAN, (note,))


def _against(report: Report) -> Table:
    """By how much this bundle exceeds another one."""
    other = report.against
    assert other
    this, that = _figures(report.networks[LISTENER]), _figures(other.scores)
    rows = []
    for name in BESIDE:
        label, written = FIGURES[name]
        gap = other.differences[name]
        rows.append((label, *map(written, (this[name], that[name], gap.value)), f"{written(gap.low)} to {written(gap.high)}", f"{gap.p:.3f}"))
    return Table(f"Against {other.bundle}, on the same utterances", ("", "this", "that", "difference", "interval", "p"), rows)


def _known(value: float, form: str) -> str:
    """The value, and a dash where there is none."""
    return "–" if math.isnan(value) else format(value, form)
