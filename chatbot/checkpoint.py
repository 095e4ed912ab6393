"""The checkpoint of an interrupted run, on disk in the folder `resume` of its bundle.

`resume.json` names the other files with their sha256 and is replaced last, like a bundle's `bundle.json`: a run that is killed at any moment
finds its last checkpoint whole. No pickle.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch
from torch import Tensor

from chatbot.errors import BundleError
from chatbot.files import write_set
from chatbot.resume import FOLDER, INDEX

FORMAT = 2  # 1 had another order of the data
FACTS = {"settings", "command", "fingerprints", "saved", "unsaved", "log", "checkpoint"}  # what going on needs to know beside the tensors
_OURS = re.compile(r"(vocabulary|state)-[0-9a-f]{12}\.(model|safetensors)|\.[\w.-]+\.part")
_REMEDY = "start over with --fresh"


class Saved(NamedTuple):
    """A checkpoint on disk."""

    facts: dict[str, Any]
    vocabulary: bytes
    tensors: dict[str, Tensor]


def save(folder: Path, facts: Mapping[str, Any], vocabulary: bytes, tensors: Mapping[str, Tensor]) -> None:
    """Writes a checkpoint of the run in `folder`, with its FACTS. Raises BundleError when it cannot be written; the one before is then still whole."""
    contents = {
        "vocabulary": (vocabulary, "model"),
        "state": (safetensors.torch.save({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}), "safetensors"),
    }
    try:
        write_set(folder / FOLDER, INDEX, {"format": FORMAT, **facts}, contents, _OURS)
    except OSError as error:
        raise BundleError(
            f"cannot be written: {error.strerror}", place=error.filename or folder, remedy="make room, then give the same command again"
        ) from None


def load(folder: Path) -> Saved:
    """The last checkpoint of the run in `folder`. Raises BundleError when it is damaged, or of another version of this program."""
    inside = folder / FOLDER
    try:
        facts = json.loads((inside / INDEX).read_bytes())
        if facts["format"] != FORMAT:
            raise BundleError(f"a checkpoint of unknown format {facts['format']!r}", place=inside / INDEX, remedy=_REMEDY)
        if missing := FACTS - facts.keys():
            raise KeyError(missing)
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
        raise BundleError("not a checkpoint", place=inside / INDEX, remedy=_REMEDY) from None


def told_to_all(saved: Saved | None, tell: Callable[[bytes], bytes]) -> Saved | None:
    """What the first of several processes has loaded, in every one of them; `tell` carries bytes from the first to all."""
    facts = tell(json.dumps(saved.facts if saved else None).encode())
    vocabulary = tell(saved.vocabulary if saved else b"")
    tensors = tell(safetensors.torch.save(saved.tensors) if saved else b"")
    return saved or (Saved(json.loads(facts), vocabulary, safetensors.torch.load(tensors)) if tensors else None)
