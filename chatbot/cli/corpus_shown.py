"""What `chatbot corpus check` and `chatbot corpus stats` show: lines for a terminal, and small plots made of characters; and what is told of all that write."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from chatbot.options import LIMIT
from chatbot.records import plural
from chatbot.safe_text import safe_line

if TYPE_CHECKING:
    from chatbot.corpus.cleaning import Cleaning
    from chatbot.corpus.report import Report
    from chatbot.corpus.stats import Stats

SHOWN = 90  # characters of a text
BAR = 40  # characters, at the most
ROWS = 16  # of a histogram
TOPICS = 15
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def check_lines(report: "Report", advised: Sequence[str]) -> Iterator[str]:
    """The lines of a report."""
    kept = [plural(report.pairs, "pair"), plural(report.utterances, "distinct utterance"), plural(report.replies, "distinct reply", "distinct replies")]
    kept += [plural(report.topics, "topic")] if report.topics else []
    kept += [plural(report.conversations, "conversation")] if report.conversations else []
    yield ", ".join(kept)
    if report.pairs:
        yield from _facts(report)
    if report.stops:
        yield ""
        yield f"{plural(sum(report.problem_kinds.values()), 'problem')}: like this it cannot be trained on"
        for problem in report.problems:
            yield f"  {safe_line(str(problem), limit=300)}"
        if (rest := sum(report.problem_kinds.values()) - len(report.problems)) > 0:
            yield f"  and {rest:,} more; all of them: {', '.join(f'{kind} {times:,}' for kind, times in report.problem_kinds.items())}"
    if advised:
        yield ""
        yield "advice:"
        for one in advised:
            first, *others = one.split("\n")
            yield f"  - {safe_line(first)}"
            yield from (f"    {safe_line(other)}" for other in others)
    if not report.stops and not advised:
        yield ""
        yield "nothing to complain about"


def _facts(report: "Report") -> Iterator[str]:
    """What is neither right nor wrong."""
    from chatbot.corpus.report import MACHINE
    from chatbot.corpus.split import FEWEST_UTTERANCES

    if report.valid or report.test:
        yield f"split: {report.train:,} to train on, {report.valid:,} to validate, {report.test:,} to test"
    else:
        yield "split: none, all of it is trained on"
    near = report.near
    if near.held:
        yield f"held out: {near.held:,} utterances; nearly trained on: {near.punctuation:,} but for punctuation, {near.one_word:,} but for one word"
        for twin in report.near_twins:
            yield f"  {safe_line(twin.held, limit=SHOWN)}   ~   {safe_line(twin.trained, limit=SHOWN)}"
    yield f"scripts: {', '.join(f'{name} {share:.1%}' for name, share in report.scripts.items())}"
    long = report.longest[0]
    beyond = f"; {report.too_long:,} with more than {LIMIT}, which are left out" if report.too_long else f"; {LIMIT} are possible"
    yield f"longest: about {long.pieces:,} pieces, at {safe_line(long.place)}{beyond}"
    yield f"repeated: {plural(report.repeated, 'pair')}"
    contradictory = report.contradictory_utterances
    yield f"contradictions: {plural(contradictory, 'utterance')}, {plural(report.contradictory_pairs, 'pair')}" if contradictory else "contradictions: none"
    for one in report.contradictions:
        replies = " | ".join(safe_line(reply, limit=40) for reply in one.replies)
        yield f"  {safe_line(one.utterance, limit=40)}   {replies}"
    yield "commonest replies:"
    for common in report.commonest:
        yield f"  {common.share:6.2%}  {safe_line(common.reply, limit=SHOWN)}"
    if report.utterances < FEWEST_UTTERANCES:
        return
    yield f"training: some {duration(report.seconds)}, an estimate for {MACHINE}"
    yield f"  ({report.tokens:,} tokens an epoch, {plural(report.epochs, 'epoch')})"


def fix_lines(cleaning: "Cleaning", out: str) -> Iterator[str]:
    """What a cleaning did."""
    yield ""
    yield safe_line(f"{out}: {plural(cleaning.pairs, 'pair')}")
    for what, times in cleaning.done.most_common():
        yield f"  {times:>9,}  {what}"
    if not cleaning.done:
        yield "  nothing had to be done"


@contextmanager
def removal_told(paths: Sequence[Path]) -> Iterator[None]:
    """Tells on stderr, once corpora are written to `paths`, which topics went with what stood there."""
    from chatbot.corpus.written import corpus_name, stale_groups

    before = stale_groups(paths)
    yield
    for groups in before:
        if not os.path.lexists(groups):
            typer.echo(safe_line(f"{groups}: removed: the topics of another {corpus_name(groups)}"), err=True)


def duration(seconds: float) -> str:
    """Seconds as people say it: `40 seconds`, `15 minutes`, `3 hours`, `2 days`."""
    for unit, size, least in (("day", 86_400, 2 * 86_400), ("hour", 3600, 2 * 3600), ("minute", 60, 120)):
        if seconds >= least:
            return plural(round(seconds / size), unit)
    return plural(max(10, round(seconds / 10) * 10), "second")


def stats_lines(stats: "Stats", *, plain: bool) -> Iterator[str]:
    """The lines of the numbers of some corpora."""
    yield f"{plural(stats.pairs, 'pair')}, {plural(stats.utterances, 'distinct utterance')}, {plural(stats.replies, 'distinct reply', 'distinct replies')}"
    if stats.unreadable:
        yield f"{plural(stats.unreadable, 'problem')}: see `chatbot corpus check`"
    for title, histogram in (("words of an utterance", stats.heard_words), ("words of a reply", stats.said_words), ("turns of a conversation", stats.turns)):
        if histogram:
            yield from ("", title)
            yield from bars(bins(histogram), plain=plain)
    if stats.topics:
        largest = dict(list(stats.topics.items())[:TOPICS])
        yield from ("", f"pairs of a topic, the largest of {len(stats.topics):,}" if len(stats.topics) > TOPICS else "pairs of a topic")
        yield from bars(largest, plain=plain)
        if len(stats.topics) > TOPICS:
            smallest = list(stats.topics.items())[-1]
            yield f"  the smallest: {safe_line(smallest[0], limit=30)} {smallest[1]:,}"
    for title, of_words in (("commonest words of utterances", stats.commonest_heard), ("commonest words of replies", stats.commonest_said)):
        if of_words:
            yield from ("", title)
            yield from bars(of_words, plain=plain)
    if stats.commonest:
        yield from ("", "commonest replies")
        for common in stats.commonest:
            yield f"  {common.times:>7,} {common.share:6.2%}  {safe_line(common.reply, limit=SHOWN)}"


def bins(histogram: Mapping[int, int]) -> dict[str, int]:
    """A histogram in at most ROWS rows: equal steps up to where nearly all is, and the rest in the last one."""
    least, total, seen, nearly = min(histogram), sum(histogram.values()), 0, max(histogram)
    for value, times in sorted(histogram.items()):
        seen += times
        if seen >= 0.99 * total:
            nearly = value
            break
    step = -(-(nearly - least + 1) // (ROWS - 1))
    starts = range(least, nearly + 1, step)
    rows = dict.fromkeys(starts, 0)
    beyond = 0
    for value, times in histogram.items():
        if value >= starts[-1] + step:
            beyond += times
        else:
            rows[least + (value - least) // step * step] += times
    named = {f"{start}" if step == 1 else f"{start}-{start + step - 1}": times for start, times in rows.items()}
    return named | ({f"{starts[-1] + step} and more": beyond} if beyond else {})


def bars(rows: Mapping[str, int], *, plain: bool) -> Iterator[str]:
    """A line for each row: its name, a bar as long as its number is large, the number."""
    names = {name: safe_line(name, limit=30) for name in rows}
    width = max(map(len, names.values()))
    room = max(10, min(BAR, shutil.get_terminal_size().columns - width - 14))
    most = max(1, *rows.values())
    for name, times in rows.items():
        yield f"  {names[name]:>{width}}  {bar(times / most, room, plain=plain)} {times:,}"


def bar(share: float, width: int, *, plain: bool) -> str:
    """A bar of `share` of `width`: in eighths of a character, or plainly of whole `#`. What is there at all is seen."""
    if plain:
        return "#" * max(share > 0, round(share * width))
    eighths = max(int(share > 0), round(share * width * 8))
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
