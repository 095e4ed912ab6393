"""What `chatbot evaluate --late-cue` tells: of the speakers of a bundle, and of the listeners of others beside it."""

from collections.abc import Mapping, Sequence
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
from chatbot.files import write_whole
from chatbot.records import Decoding


def late_cue_report(
    bundle: Bundle, speakers: Mapping[str, Bot], beside: Sequence[Bundle], asked: Exam, corpus: Sequence[Path], decoding: Decoding, drawing: Path | None
) -> tuple[dict[str, Any], list[str]]:
    """The report as JSON and as lines, and where `drawing` says so as a picture; `speakers` are those of `bundle`, its listener first.

    Raises CorpusError where `corpus` holds no late-cue pair, OptionError for a bundle that cannot be asked the same, or a picture that cannot be drawn.
    """
    if drawing and drawing.suffix != ".svg":
        raise OptionError(f"--picture {drawing} is no SVG", remedy="give it a name that ends in .svg")
    others = {other.name: Bot.of(other) for other in beside}
    if len({**speakers, **others}) < len(speakers) + len(beside):
        raise OptionError("--beside names two speakers alike", remedy="leave one out, or give its folder another name")
    for other in beside:
        if exam(other, corpus).pairs != asked.pairs:
            raise OptionError(
                f"--beside {other.name} was trained on something else", remedy=f"train it on what {bundle.name} was trained on, with as much --history"
            )
    listener, *interrupters = speakers.items()
    found = late_cues(dict([listener, *others.items(), *interrupters]), asked, decoding, workers=options.cores())
    part = "the test part" if asked.part == "test" else "all pairs"
    if found is None:
        where = "its test part" if asked.part == "test" else "it"
        raise CorpusError(f"no late-cue pairs in {where}", place=corpus[0], remedy="write a topic with two endings (corpora/README.md), and expand it")
    how, names = circumstances(bundle), ", ".join(path.name for path in corpus)
    title = f"{', '.join([bundle.name, *others])} on {part} of {names}; {decoding}"
    if drawing:
        _draw(drawing, picture(found, f"{title}; {how['hardware']['on']}"))
    report = {
        "title": title,
        **how,
        "part": asked.part,
        "decoding": str(decoding),
        "bundles": [{"name": one.name, "created": one.details.created, "fingerprint": one.details.fingerprint, **_trained(one)} for one in (bundle, *beside)],
        "late_cues": asdict(found),
    }
    return report, [title, *table(found)]


def _trained(bundle: Bundle) -> dict[str, Any]:
    """By what a bundle was trained."""
    return {name: bundle.details.training.get(name) for name in ("command", "seed")} | {"attention": bundle.details.network.attention}


def _draw(path: Path, svg: str) -> None:
    """Writes the picture. Raises OptionError."""
    try:
        write_whole(path, svg.encode())
    except OSError as error:
        raise OptionError(f"--picture {path} cannot be written: {error.strerror}", remedy="name another file") from None
