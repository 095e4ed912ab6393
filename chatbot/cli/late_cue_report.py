"""What `chatbot evaluate --late-cue` tells: of the speakers of a bundle, and of the listeners of others beside it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatbot.bot import Bot
from chatbot.bundle import Bundle
from chatbot.cli import options
from chatbot.errors import CorpusError, OptionError
from chatbot.evaluation.exam import Exam, exam
from chatbot.evaluation.hardware import circumstances
from chatbot.evaluation.late_cues import late_cues
from chatbot.evaluation.late_cues_picture import picture
from chatbot.evaluation.late_cues_table import table
from chatbot.evaluation.report import speakers
from chatbot.records import Decoding


def late_cue_report(asked: Exam, corpus: Sequence[Path], *bundles: tuple[Bundle, Decoding]) -> tuple[dict[str, Any], list[str], str]:
    """The report as JSON, as lines, and as a picture (SVG): of all speakers of the first of `bundles`, and of the others' listeners, each asked by its decoding.

    Raises CorpusError where `corpus` holds no late-cue pair, OptionError for a bundle that cannot be asked the same.
    """
    (bundle, decoding), *beside = bundles
    listener, *interrupters = ((name, (bot, decoding)) for name, bot in speakers(bundle).items())
    others = {other.name: (Bot.of(other), its) for other, its in beside}
    asking = dict([listener, *others.items(), *interrupters])
    if len(asking) < 1 + len(beside) + len(interrupters):
        raise OptionError("--beside names two speakers alike", remedy="leave one out, or give its folder another name")
    for other, _ in beside:
        if exam(other, corpus).pairs != asked.pairs:
            raise OptionError(
                f"--beside {other.name} was trained on something else", remedy=f"train it on what {bundle.name} was trained on, with as much --history"
            )
    found = late_cues(asking, asked, workers=options.cores())
    part = "the test part" if asked.part == "test" else "all pairs"
    if found is None:
        where = "its test part" if asked.part == "test" else "it"
        raise CorpusError(f"no late-cue pairs in {where}", place=corpus[0], remedy="write a topic with two endings (corpora/README.md), and expand it")
    how, names = circumstances(bundle), ", ".join(path.name for path in corpus)
    decodings = dict.fromkeys(str(its) for _, its in bundles)
    told = decodings if len(decodings) == 1 else [f"{one.name} {its}" for one, its in bundles]
    title = f"{', '.join(one.name for one, _ in bundles)} on {part} of {names}; {', '.join(told)}"
    report = {
        "title": title,
        **how,
        "part": asked.part,
        "decoding": str(decoding),
        "bundles": [{"name": one.name, "created": one.details.created, "fingerprint": one.details.fingerprint, **_trained(one)} for one, _ in bundles],
        "late_cues": asdict(found),
    }
    return report, [title, *table(found)], picture(found, f"{title}; {how['hardware']['on']}")


def _trained(bundle: Bundle) -> dict[str, Any]:
    """By what a bundle was trained."""
    return {name: bundle.details.training.get(name) for name in ("command", "seed")} | {"attention": bundle.details.network.attention}
