"""Advice on a corpus, in plain words: what will make a dull or a confused bot, and what to do about it."""

from collections.abc import Iterator, Sequence

from chatbot.corpus.gathering import ENCODING
from chatbot.corpus.inspection import NOT_UTF8
from chatbot.corpus.recoding import name_of
from chatbot.corpus.report import MANY, Report
from chatbot.corpus.wording import NO_LETTERS
from chatbot.options import LIMIT
from chatbot.records import plural
from chatbot.safe_text import safe_command

FEW = 3000  # pairs; fewer teach nobody to talk
DULL = 0.01  # the share of one reply
RARE = 0.0005  # the share of a script; less is an accident
ABOVE = 4  # times as often as a reply comes on average, and it stands out
DOUBTFUL = 0.05  # the share of pairs, or of held-out utterances, from which on it matters


def advice(report: Report, paths: Sequence[str]) -> Iterator[str]:
    """Yields what to do, the gravest first. `paths` are the corpora as they were named."""
    names = safe_command(paths)
    clean = f"chatbot corpus check {names} --fix OUT.tsv" if len(paths) == 1 else "`--fix OUT.tsv`, file by file,"
    if report.second:
        lines = report.problem_kinds[NOT_UTF8]
        yield f"{plural(lines, 'line that is', 'lines that are')} not UTF-8 may be {name_of(report.second)}: {clean} reads them so"
    elif ENCODING in report.problem_kinds:
        yield f"{clean} converts it"
    elif report.bad_lines and report.pairs:
        yield f"{clean} writes a copy without what is no pair"
    if not report.pairs:
        return
    if report.pairs < FEW:
        yield (
            f"{plural(report.pairs, 'pair alone teaches', 'pairs alone teach')} no bot to talk: go on from one that can,\n"
            f"chatbot train {names} --start-from small-talk --mix dialog.tsv --no-interrupter"
        )
    if not report.valid + report.test:
        why = "too few" if report.replies < report.utterances / 2 else "hardly a reply is given twice, and each must be trained on, so too few are left"
        yield f"{why} to hold any out: nothing can be said of how well it generalises; write more ways to say each thing, or train with --valid FILE"
    if report.without_topic:
        yield (
            f"{plural(report.without_topic, 'pair has', 'pairs have')} no topic, as others of the file have: if lines were added since it was expanded,\n"
            "the topics stand at wrong lines; run `chatbot corpus expand` again, or delete NAME.groups.tsv"
        )
    if report.needing:
        yield f"{plural(report.needing, 'pair needs', 'pairs need')} more of the turns before than are read, and are left out: a higher --history hears them, and so does --start-from a bundle that heard as many"
    yield from _replies(report, paths)
    if report.contradictory_pairs > DOUBTFUL * report.pairs:
        hearing = ", or train with --history 1" if report.conversations else ""
        share = f"{report.contradictory_pairs / report.pairs:.0%} of the pairs contradict others"
        yield (
            f"{share}: an utterance whose replies are of different topics can be right by luck only; keep it in one"
            if report.topics
            else f"{share}: an utterance with {MANY} replies or more teaches the bot to say what is never wrong; keep the best replies{hearing}"
        )
    yield from _held_out(report)
    yield from _form(report, clean)


def _replies(report: Report, paths: Sequence[str]) -> Iterator[str]:
    top = report.commonest[0]
    if top.share > DULL and top.times > ABOVE * report.pairs / report.replies:
        yield f"“{top.reply}” is {top.share:.1%} of all replies: a bot learns to say that to everything; {_capped(report, paths)}"
    if report.repeated > DOUBTFUL * report.pairs:
        yield f"{report.repeated / report.pairs:.0%} of the pairs are repeated, letter by letter: what is said often is learnt best, so leave them only where that is meant"


def _capped(report: Report, paths: Sequence[str]) -> str:
    """What to do about a reply that is too common. `corpus import` would drop topics."""
    if report.topics:
        return "give its topic more replies, or keep fewer of its utterances with @pairs"
    cap = f"--cap-replies {max(10, int(report.pairs * DULL / 2))}"
    plain = [path.removesuffix(".gz").removesuffix(".zst") for path in paths]
    return f"{'cap it' if plain == list(paths) else 'unpack it and cap it'},\nchatbot corpus import {safe_command(plain)} {cap} --out OUT.tsv"


def _held_out(report: Report) -> Iterator[str]:
    near = report.near.punctuation + report.near.one_word
    if near > 2 * DOUBTFUL * max(1, report.near.held):
        yield (
            f"{near / report.near.held:.0%} of the held-out utterances differ from one that is trained on by punctuation or one word:\n"
            "a score on them says how well the bot does on such wordings, and less of what strangers will type"
        )
    if report.too_long:
        yield f"{plural(report.too_long, 'pair is', 'pairs are')} probably too long (a side of more than {LIMIT} pieces): `train` leaves such out; cut them into turns"


def _form(report: Report, clean: str) -> Iterator[str]:
    marks = report.marks
    if marks.damaged:
        lines = plural(marks.damaged, "line looks", "lines look")
        yield f"{lines} as if read in a wrong encoding once (first {marks.first_damaged}): what was lost can only be mended where the text comes from"
    if marks.hidden:
        yield f"{plural(marks.hidden, 'line holds', 'lines hold')} control or invisible characters (first {marks.first_hidden}): {clean} removes them"
    if marks.crlf and marks.feeds:
        yield f"line ends are mixed, {marks.crlf:,} of Windows and {marks.feeds:,} others: no harm here, but other tools stumble; {clean} makes them one"
    if marks.breaks:
        yield f"{plural(marks.breaks, 'carriage return', 'carriage returns')} inside of lines, read as line breaks of a text: is it a file of an old Mac?"
    if marks.byte_order_mark:
        yield f"a byte order mark at the beginning: no harm here, but other tools stumble; {clean} removes it"
    few = [name for name, share in report.scripts.items() if name != NO_LETTERS and RARE <= share < DULL]
    if few and any(share >= DULL for share in report.scripts.values()):
        yield f"a little of it is in another script ({', '.join(few)}): each of its letters costs pieces; leave it out unless it is meant"
