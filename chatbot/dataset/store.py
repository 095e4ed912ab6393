"""A prepared data set on disk, which one process at a time may write: flat files of ids that are mapped, not read, and `dataset.json`, written last, which says what they are.

N examples. `source.ids` and `target.ids` hold the ids of all examples and a last PAD, `*.starts` (N + 1) where each begins, `lines` (N) the
line of its file that it comes from.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from chatbot.batches import Ragged
from chatbot.errors import BundleError
from chatbot.files import write_whole
from chatbot.vocabulary import PAD

FORMAT = 3
INDEX = "dataset.json"
MODEL = "vocabulary.model"
LINES = "lines"
SIDES = ("source", "target")
_NARROW = 2**15  # a vocabulary of at most so many pieces has ids of 16 bits


class Writer:
    """The files of a data set while they are made, each beside its place. A context: what is not `finish`ed is removed."""

    def __init__(self, folder: Path, pieces: int) -> None:
        self.folder, self.kind = folder, np.dtype(np.int16 if pieces <= _NARROW else np.int32)
        self.examples = 0
        self._ends = dict.fromkeys(SIDES, 0)
        self._files: dict[str, BinaryIO] = {}

    def __enter__(self) -> "Writer":
        with _writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            for name in (*(f"{side}.{kind}" for side in SIDES for kind in ("ids", "starts")), LINES):
                self._files[name] = open(_beside(self.folder / name), "wb")
        return self

    def __exit__(self, *error: object) -> None:
        for name, file in self._files.items():
            file.close()
            _beside(self.folder / name).unlink(missing_ok=True)

    def add(self, side: str, ids: NDArray[np.int32], lengths: NDArray[np.int64]) -> None:
        """Some more examples on one side: their ids joined, and how many each has."""
        ends = self._ends[side] + np.cumsum(lengths)
        with _writing(self.folder):
            self._files[f"{side}.ids"].write(ids.astype(self.kind).tobytes())
            self._files[f"{side}.starts"].write((ends - lengths).tobytes())
        if len(lengths):
            self._ends[side] = int(ends[-1])

    def add_lines(self, lines: NDArray[np.uint32]) -> None:
        """The lines of some more examples."""
        with _writing(self.folder):
            self._files[LINES].write(lines.tobytes())
        self.examples += len(lines)

    def finish(self, model: bytes, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Puts all files in their places, and returns what `read_index` will: `facts` and more."""
        with _writing(self.folder):
            for side in SIDES:
                self._files[f"{side}.ids"].write(np.array([PAD], self.kind).tobytes())
                self._files[f"{side}.starts"].write(np.array([self._ends[side]], np.int64).tobytes())
            (self.folder / INDEX).unlink(missing_ok=True)
            sizes = {}
            for name, file in self._files.items():
                file.flush()
                os.fsync(file.fileno())
                sizes[name] = file.tell()
                file.close()
                os.replace(_beside(self.folder / name), self.folder / name)
            write_whole(self.folder / MODEL, model)
            sizes[MODEL] = len(model)
            whole = {**facts, "format": FORMAT, "kind": self.kind.name, "sizes": sizes}
            write_index(self.folder, whole)
        return whole


def write_index(folder: Path, facts: Mapping[str, Any]) -> None:
    """Writes what `read_index` reads."""
    with _writing(folder):
        write_whole(folder / INDEX, json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def read_index(folder: Path) -> dict[str, Any] | None:
    """The facts of the data set in `folder`, or None when there is none that is whole."""
    try:
        facts = json.loads((folder / INDEX).read_bytes())
        whole = facts["format"] == FORMAT and all((folder / name).stat().st_size == size for name, size in facts["sizes"].items())
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return facts if whole else None


def ragged(folder: Path, side: str, kind: str, device: torch.device | None) -> Ragged:
    """The ids of one side, mapped."""
    return Ragged.of(mapped(folder / f"{side}.ids", kind), mapped(folder / f"{side}.starts", "int64"), device)


def mapped(path: Path, kind: str) -> Tensor:
    """A file of numbers of that type as a tensor. Of what is written into it nothing reaches the file."""
    return torch.from_numpy(np.memmap(path, kind, "c"))


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Makes of a full disk and the like a mistake of a person's."""
    try:
        yield
    except OSError as error:
        raise BundleError(f"the data set cannot be written: {error.strerror}", place=folder, remedy="make room on the disk, or name another folder") from None
