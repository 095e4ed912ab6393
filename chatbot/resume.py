"""What an interrupted run needs to go on, in the folder `resume` of its bundle; and the lock that keeps a second run out of it.

`resume.json` names the other files with their sha256 and is replaced last, like a bundle's `bundle.json`: a run that is killed at any moment
finds its last checkpoint whole. No pickle.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch
from filelock import FileLock, Timeout
from torch import Tensor

from chatbot.errors import BundleError
from chatbot.files import write_set

FORMAT = 1
FOLDER = "resume"
_OURS = re.compile(r"(vocabulary|state)-[0-9a-f]{12}\.(model|safetensors)|\.[\w.-]+\.part")
_REMEDY = "start over with --fresh"


class Saved(NamedTuple):
    """A checkpoint on disk."""

    facts: dict[str, Any]
    vocabulary: bytes
    tensors: dict[str, Tensor]


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keeps other runs out of the bundle in `folder` while entered; the system lets go when a process dies. Leaves nothing empty behind.

    Raises BundleError when another run is in it, or when nothing can be written there.
    """
    inside = folder / FOLDER
    made = not folder.exists()
    path = inside / "lock"
    lock = FileLock(path, timeout=0)
    try:
        inside.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise BundleError("another `chatbot train` is at work in it", place=folder, remedy="wait for it, or name another folder with --out") from None
    except OSError as error:
        raise BundleError(f"a bundle cannot be written there: {error.strerror}", place=folder, remedy="name another folder with --out") from None
    try:
        yield
    finally:
        lock.release()
        path.unlink(missing_ok=True)
        if not any(inside.iterdir()):
            inside.rmdir()
        if made and folder.exists() and not any(folder.iterdir()):
            folder.rmdir()


def is_begun(folder: Path) -> bool:
    """Whether an interrupted run of the bundle in `folder` can go on."""
    return (folder / FOLDER / "resume.json").is_file()


def save(folder: Path, facts: Mapping[str, Any], vocabulary: bytes, tensors: Mapping[str, Tensor]) -> None:
    """Writes a checkpoint of the run in `folder`. Raises BundleError when it cannot be written; the one before is then still whole."""
    contents = {
        "vocabulary": (vocabulary, "model"),
        "state": (safetensors.torch.save({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}), "safetensors"),
    }
    try:
        write_set(folder / FOLDER, "resume.json", {"format": FORMAT, **facts}, contents, _OURS)
    except OSError as error:
        raise BundleError(
            f"cannot be written: {error.strerror}", place=error.filename or folder, remedy="make room; the same command goes on from the checkpoint before"
        ) from None


def load(folder: Path) -> Saved:
    """The last checkpoint of the run in `folder`. Raises BundleError when it is damaged, or of another version of this program."""
    inside = folder / FOLDER
    try:
        facts = json.loads((inside / "resume.json").read_bytes())
        if facts["format"] != FORMAT:
            raise BundleError(f"a checkpoint of unknown format {facts['format']!r}", place=inside / "resume.json", remedy=_REMEDY)
        contents = {}
        for role, file in facts["files"].items():
            path = inside / Path(file["name"]).name
            contents[role] = path.read_bytes()
            if hashlib.sha256(contents[role]).hexdigest() != file["sha256"]:
                raise BundleError("this file of the checkpoint is truncated or altered", place=path, remedy=_REMEDY)
        return Saved(facts, contents["vocabulary"], safetensors.torch.load(contents["state"]))
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}", place=error.filename or inside, remedy=_REMEDY) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, safetensors.SafetensorError):
        raise BundleError("not a checkpoint", place=inside / "resume.json", remedy=_REMEDY) from None


def remove(folder: Path) -> None:
    """Forgets the interrupted run of the bundle in `folder`: its checkpoint first, then what it was kept for. Raises BundleError."""
    inside = folder / FOLDER
    try:
        (inside / "resume.json").unlink(missing_ok=True)
        for path in inside.iterdir() if inside.is_dir() else ():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "lock":
                path.unlink()
    except OSError as error:
        raise BundleError(f"cannot be removed: {error.strerror}", place=error.filename or inside, remedy="check its permissions") from None
