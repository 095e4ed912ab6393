"""Files that are written line by line, all of them whole or none at all."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from chatbot.corpus.pairs import PACKED, groups_path
from chatbot.errors import CorpusError

_NO_CORPORA = (".jsonl", ".topic")  # what else is written with the name of a corpus


@contextmanager
def whole_files(paths: Sequence[Path], *, force: bool = False, keep: Sequence[Path] = ()) -> Iterator[Sequence[BinaryIO]]:
    """Files to write to, beside their places; when all is well they are put there, one after the other, and otherwise nothing is.

    A NAME.groups.tsv that is not among them goes with the NAME.tsv that it was made for: to the new one its topics would be given by line number.
    Raises CorpusError, with nothing changed, as `check_places` does, and for what cannot be written.
    """
    check_places(paths, force=force, keep=keep)
    real = _real(paths)
    beside = [path.with_name(f".{path.name}.part") for path in real]
    try:
        with ExitStack() as undo:
            for part in beside:
                undo.callback(part.unlink, missing_ok=True)
            with ExitStack() as opened:
                files = [opened.enter_context(open(part, "wb")) for part in beside]
                yield files
                for file in files:
                    file.flush()
                    os.fsync(file.fileno())
            for part, path in zip(beside, real, strict=True):
                os.replace(part, path)
            for path in stale_groups(paths):
                path.unlink(missing_ok=True)
    except OSError as error:
        raise CorpusError(
            f"cannot be written: {error.strerror}", place=paths[0], remedy="name another file in a folder that is there and yours, or make room"
        ) from None


def check_places(paths: Sequence[Path], *, force: bool = False, keep: Sequence[Path] = ()) -> None:
    """Raises CorpusError for a file that is there already (with `force` it is replaced), for one of those to `keep`, and for what is no file."""
    stale = stale_groups(paths)
    for path in (*paths, *stale):
        if path.suffix in PACKED:
            raise CorpusError("what is written is not packed", place=path, remedy="name a .tsv file")
        if not os.path.lexists(path):
            continue
        if any(os.path.exists(one) and os.path.exists(path) and os.path.samefile(path, one) for one in keep):
            raise CorpusError("it is read, so it is not written", place=path, remedy="name another file")
        if os.path.exists(path) and not os.path.isfile(path):
            raise CorpusError("not a regular file", place=path, remedy="name a file")
        if not force and path in stale:
            what = f"is there already: the topics of another {corpus_name(path)}"
            raise CorpusError(what, place=path, remedy="name another file, or remove them with --force")
        if not force:
            raise CorpusError("is there already", place=path, remedy="name another file, or replace it with --force")


def stale_groups(paths: Sequence[Path]) -> list[Path]:
    """The groups of corpora that stand at `paths` now: they go with them, unless they are written as well."""
    written = [*_real(paths), *paths]  # of one place, the name that was given counts
    places = {_place(path) for path in written}
    beside = {_place(groups): groups for path in written if path.name and path.suffix not in _NO_CORPORA for groups in [groups_path(path)]}
    return [groups for place, groups in beside.items() if place not in places and os.path.lexists(groups)]


def corpus_name(groups: Path) -> str:
    """The file whose topics they are."""
    return groups.name.removesuffix(".groups.tsv") + ".tsv"


def _place(path: Path) -> Path:
    """The one name of what may be named in several ways; a link stays one."""
    return Path(os.path.realpath(path.parent), path.name)


def _real(paths: Sequence[Path]) -> list[Path]:
    """The files behind links, which are what is written; of links in a circle one of these."""
    return [Path(os.path.realpath(path)) for path in paths]
