"""A run that was interrupted: where it was left, and what of a command keeps it from going on there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chatbot import checkpoint, resume
from chatbot.cli.settings import Settings, Sources
from chatbot.errors import BundleError, CorpusError, OptionError


def begun(folder: Path, settings: Settings, fresh: bool) -> checkpoint.Saved | None:
    """Where an interrupted run of these settings was left; None where there is none. With `fresh` any other run is none, and raises no error."""
    if not resume.is_begun(folder):
        return None
    try:
        saved = checkpoint.load(folder)
    except BundleError:
        if fresh:
            return None
        raise
    before = saved.facts["settings"]
    if not (changed := settings.at(before["threads"]).changed_from(before)):
        return saved
    if fresh:
        return None
    how = _go_on(saved.facts) if saved.facts["command"] else "use these"
    raise OptionError(f"an interrupted run is there, and it began with {changed}", place=folder, remedy=f"{how}, or start over with --fresh")


def _go_on(facts: Mapping[str, Any]) -> str:
    """The advice to give the command of an interrupted run, which is known unless it is private."""
    processes = facts["settings"]["processes"]
    return f"go on with: {f'torchrun --nproc-per-node {processes} -m ' if processes > 1 else ''}{facts['command']}"


def another(sources: Sources, folder: Path, command: str, facts: Mapping[str, Any], now: Sequence[str]) -> CorpusError:
    """What is not as it was when the interrupted run of these `facts` began: the command, or which of the corpora, by their fingerprints."""
    before = facts["fingerprints"]
    if before[0] != now[0] and facts["command"] != command:
        remedy = f"{_go_on(facts)}, name another folder with --out, or start over with --fresh"
        return CorpusError("an interrupted run of another command is there", place=folder, remedy=remedy)
    files = (sources.corpora, sources.mix, (sources.valid,) if sources.valid else ())
    for what, those, then, here in zip(("the corpus", "--mix", "--valid"), files, before, now, strict=True):
        if then != here and bool(then) != bool(here):
            began = f"the interrupted run began {'with' if then else 'without'} {what}"
            return CorpusError(began, place=sources.corpora[0], remedy="give the same command, or start over with --fresh")
        if then != here:
            return CorpusError(f"{what} has changed since the interrupted run began", place=those[0], remedy="restore it, or start over with --fresh")
    return CorpusError("the vocabulary is another than when the interrupted run began", place=sources.corpora[0], remedy="start over with --fresh")
