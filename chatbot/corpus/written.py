"""Files that are written line by line, all of them whole or none at all."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from chatbot.corpus.pairs import PACKED
from chatbot.errors import CorpusError


@contextmanager
def whole_files(paths: Sequence[Path], *, force: bool = False, keep: Sequence[Path] = ()) -> Iterator[Sequence[BinaryIO]]:
    """Files to write to, beside their places; when all is well they are put there, one after the other, and otherwise nothing is.

    Raises CorpusError, with nothing changed, for a file that is there already (with `force` it is replaced), for one of those to `keep`, and for
    what cannot be written.
    """
    for path in paths:
        _check(path, force, keep)
    real = [path.resolve() for path in paths]  # through a link the file behind it is written
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
    except OSError as error:
        raise CorpusError(
            f"cannot be written: {error.strerror}", place=paths[0], remedy="name another file in a folder that is there and yours, or make room"
        ) from None


def _check(path: Path, force: bool, keep: Sequence[Path]) -> None:
    """Raises CorpusError when `path` should not be written."""
    if path.suffix in PACKED:
        raise CorpusError("what is written is not packed", place=path, remedy="name a .tsv file")
    if not os.path.lexists(path):
        return
    if any(os.path.exists(one) and os.path.exists(path) and os.path.samefile(path, one) for one in keep):
        raise CorpusError("that is the corpus itself, which is never changed", place=path, remedy="name another file")
    if os.path.exists(path) and not os.path.isfile(path):
        raise CorpusError("not a regular file", place=path, remedy="name a file")
    if not force:
        raise CorpusError("is there already", place=path, remedy="name another file, or replace it with --force")
