"""All that `chatbot evaluate` finds out about a bundle, as one record that the table, the page, the plots and JSON show."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from chatbot.bot import Bot
from chatbot.bundle import Bundle
from chatbot.errors import OptionError
from chatbot.evaluation.baselines import baselines
from chatbot.evaluation.exam import Exam, Leaks, leaks
from chatbot.evaluation.examples import Memorised, Sample, Wrong, memorised, samples, wrong
from chatbot.evaluation.metrics import Scores, answers, begin_differently, distinct_pairs, judged, losses, scores, twins_among
from chatbot.evaluation.reliability import Reliability, reliability
from chatbot.evaluation.tally import Answers, Difference, Rows, Tally, differences
from chatbot.listening import heeded
from chatbot.records import Attention, CurvePoint, Decoding, Influence, Reply

PICTURES = 4  # utterances whose attention is shown
LISTENER = "listener"


@dataclass(frozen=True)
class Clean:
    """The figures of what no training part holds, and their intervals."""

    utterances: int
    figures: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Against:
    """Another bundle's listener, asked the same, and by how much this one's figures exceed its."""

    bundle: str
    scores: Scores
    differences: Mapping[str, Difference]


@dataclass(frozen=True)
class Report:
    """What was asked of which bundle, and what came of it. Mappings are by system: `listener`, `interrupter-1`, …, `neighbour`, `classifier`."""

    bundle: str
    created: str
    part: str  # "test" or "all", as the exam has it
    decoding: str
    networks: Mapping[str, Scores]
    baselines: Mapping[str, Scores]
    leaks: Leaks | None  # None where it is not known what it was trained on
    clean: Mapping[str, Clean]  # empty where nothing leaks
    reliability: Mapping[str, Reliability]
    memorised: Mapping[str, Memorised]  # empty where the replies that were trained on are not known
    wrong: Wrong
    samples: tuple[Sample, ...]
    against: Against | None
    curve: tuple[CurvePoint, ...]
    heeded: tuple[Attention | Influence, ...]


@dataclass(frozen=True)
class System:
    """One that was asked, and what came of it."""

    answers: Answers
    tally: Tally
    scores: Scores


def report(
    bundle: Bundle,
    asked: Exam,
    decoding: Decoding,
    *,
    against: tuple[Bundle, Decoding] | None = None,
    neighbour: bool = False,
    curve: Sequence[CurvePoint] = (),
    workers: int = 1,
) -> Report:
    """Asks `bundle`, and if wished for another one and what needs no network, and finds out all there is.

    `curve` is what its log tells, `workers` how many threads may be at work. Raises OptionError for what cannot be done.
    """
    bots = speakers(bundle)
    listener = bots[LISTENER]
    jobs = [(bot, decoding) for bot in bots.values()]
    if against:
        jobs.append((Bot.of(against[0]), against[1]))
    if neighbour and not asked.trained:
        raise OptionError("--neighbour needs the corpus that the bundle was trained on", remedy="name it with --trained-on")
    pairs, law = distinct_pairs(asked.pairs), min(bundle.interrupters, default=1)
    unlearnt = baselines(asked.trained, pairs, workers=workers) if neighbour else iter(())
    # A thread for each thing to do: threads that share one product of small matrices wait for each other, on busy cores twenty times as long.
    with ThreadPoolExecutor(workers) as pool:
        given = [pool.submit(answers, bot, asked.pairs, asked.allowed, how) for bot, how in jobs]
        lost = [pool.submit(losses, bot, asked.pairs) for bot, _ in jobs]
        found = [_system(bot, asked, said.result(), nats.result(), law) for (bot, _), said, nats in zip(jobs, given, lost, strict=True)]
    other = found.pop() if against else None
    networks = dict(zip(bots, found, strict=True))
    others = {}
    for name, said in unlearnt:
        others[name] = _system(listener, asked, judged(pairs, [Reply(text, math.nan, 0, 0.0) for text in said], asked.allowed), None, law)
    systems = {**networks, **others}
    leaked, names = leaks(asked) if asked.trained else (None, frozenset[str]())
    known = [pair.reply for pair in asked.trained] or bundle.replies
    first = networks[LISTENER]
    return Report(
        bundle=str(bundle.path),
        created=bundle.details.created,
        part=asked.part,
        decoding=str(decoding),
        networks={name: one.scores for name, one in networks.items()},
        baselines={name: one.scores for name, one in others.items()},
        leaks=leaked,
        clean=_clean(systems, names),
        reliability={name: reliability(one.answers) for name, one in networks.items()},
        memorised={name: memorised(one.answers, known) for name, one in networks.items()} if known else {},
        wrong=wrong(first.answers, asked.allowed),
        samples=samples({name: one.answers for name, one in systems.items()}, asked.allowed),
        against=Against(str(against[0].path), other.scores, differences(first.tally, other.tally)) if against and other else None,
        curve=tuple(one for one in curve if math.isfinite(one.epoch) and 0 < one.perplexity < math.inf),  # a log can be edited
        heeded=tuple(_heeded(listener, first.answers)),
    )


def speakers(bundle: Bundle) -> dict[str, Bot]:
    """The listener of a bundle, and its interrupters by their wait."""
    return {LISTENER: Bot.of(bundle), **{f"interrupter-{wait}": Bot.of(bundle, wait=wait) for wait in sorted(bundle.interrupters)}}


def _system(bot: Bot, asked: Exam, given: Answers, lost: Rows | None, law: int) -> System:
    """What there is to say of the answers `given`, by `bot` or by one that lends its vocabulary to tell which pairs are late for a wait of `law`."""
    tally = Tally.of(given, asked.allowed, asked.pairs, lost)
    return System(given, tally, scores(given, tally, bot, asked.pairs, asked.allowed, wait=law))


def _clean(systems: Mapping[str, System], leaked: Collection[str]) -> dict[str, Clean]:
    """Each system's figures without the utterances that leak, if any do and any are left."""
    left = {name: one.tally.without(leaked) for name, one in systems.items()} if leaked else {}
    return {name: Clean(len(tally.names), tally.figures._asdict(), tally.intervals()) for name, tally in left.items() if tally.names}


def _heeded(listener: Bot, answers: Answers) -> Iterator[Attention | Influence]:
    """What the listener heeded when it answered both members of a late-cue pair, if one was asked, and some others."""
    twins = next((both for both in twins_among(answers.asked) if not begin_differently(*both)), ())
    places = {pair.utterance: place for place, pair in reversed(list(enumerate(answers.asked)))}
    chosen = [*(places[utterance] for utterance in twins), *(number * len(answers.asked) // PICTURES for number in range(PICTURES))]
    for place in list(dict.fromkeys(chosen))[:PICTURES]:
        if answers.replies[place].ids:
            yield heeded(listener, answers.asked[place].utterance, answers.replies[place], answers.asked[place].history)
