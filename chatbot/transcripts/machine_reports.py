"""What came of a run, for programs: JSON, and the JUnit XML that continuous integration reads."""

import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from chatbot.intervals import wilson
from chatbot.transcripts.playing import Answer, Outcome
from chatbot.transcripts.report import REFERENCE, Run, why

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def as_json(runs: Sequence[Run]) -> dict[str, Any]:
    """The object that `chatbot test --json` prints; docs/transcripts.md tells its fields."""
    return {
        "reference": REFERENCE,
        "fine": all(run.fine for run in runs),
        "models": [
            {"name": run.cast.name, "files": dict(run.cast.hashes), "fine": run.fine, "scenes": [_scene(str(file.path), one) for file, one in run.outcomes]}
            for run in runs
        ],
    }


def _scene(file: str, outcome: Outcome) -> dict[str, Any]:
    scene, settings = outcome.scene, outcome.scene.settings
    shown = next((trial for trial in outcome.trials if not trial.holds), outcome.trials[0])
    return {
        "file": file,
        "line": scene.title.number,
        "title": scene.name,
        "status": outcome.status,
        "reason": scene.xfail,
        "decoding": str(settings.decoding),
        "seed": settings.decoding.seed,
        "trials": len(outcome.trials),
        "held": outcome.held,
        "interval": wilson(outcome.held, len(outcome.trials)),
        "shown_seed": shown.seed,
        "turns": [_turn(answer) for answer in shown.answers],
        "interrupter": [{"line": broken.line.number, "wanted": str(broken.line), "why": broken.why} for broken in outcome.rivals],
    }


def _turn(answer: Answer) -> dict[str, Any]:
    nearest = {"reply": answer.nearest[0].text, "line": answer.nearest[0].number, "behind": answer.nearest[1]} if answer.nearest else None
    return {
        "line": answer.turn.said.number,
        "utterance": answer.turn.said.text,
        "reply": answer.reply.text,
        "unsure": answer.reply.unsure,
        "holds": answer.verdict.holds,
        "broken": [{"line": broken.line.number, "wanted": str(broken.line), "why": broken.why} for broken in answer.verdict.broken],
        "nearest": nearest,
        "lead": answer.lead,
        "fragile": answer.fragile,
        "rules": list(answer.verdict.rules),
    }


def as_junit(runs: Sequence[Run]) -> bytes:
    """JUnit XML: a suite a file, and a bundle where there are several; a case a scene."""
    root = ElementTree.Element("testsuites", name="chatbot test")
    for run in runs:
        for transcript, outcomes in run.files:
            name = f"{transcript.path}{f' with {run.cast.name}' * (len(runs) > 1)}"
            counts = {"tests": len(outcomes), "failures": sum(not one.fine for one in outcomes), "skipped": sum(one.status == "xfailed" for one in outcomes)}
            suite = ElementTree.SubElement(root, "testsuite", {"name": _legal(name), "errors": "0", **{key: str(count) for key, count in counts.items()}})
            for outcome in outcomes:
                _case(suite, name, outcome)
    return ElementTree.tostring(root, "utf-8", xml_declaration=True) + b"\n"


def _case(suite: ElementTree.Element, name: str, outcome: Outcome) -> None:
    title = outcome.scene.title
    facts = {"classname": name, "name": title.text, "file": str(title.path), "line": str(title.number)}
    case = ElementTree.SubElement(suite, "testcase", {key: _legal(fact) for key, fact in facts.items()})
    if outcome.status == "xfailed":
        ElementTree.SubElement(case, "skipped", message=_legal(f"failed as expected: {outcome.scene.xfail}"))
    elif not outcome.fine:
        told = _legal("\n".join(why(outcome)))
        ElementTree.SubElement(case, "failure", message=told.rpartition("\n")[2].strip(), type=outcome.status).text = told


def _legal(text: str) -> str:
    """`text` without what XML cannot hold."""
    return _ILLEGAL.sub("", text)
