"""A trained bot as one directory on disk: saved whole or not at all, verified when loaded, no pickle anywhere.

Weights and vocabulary lie in files that carry the first letters of their sha256 in their name. `bundle.json` names them and is replaced last, so
that a reader sees the old bundle or the new one, never half of one; files that it no longer names are removed afterwards.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn

from chatbot.errors import BundleError, ChatbotError
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import TokenByTokenRNN
from chatbot.options import NetworkOptions, network_options_from
from chatbot.shipped import shipped
from chatbot.vocabulary import Vocabulary

FORMAT = 1
_OURS = re.compile(r"(vocabulary|listener|interrupter-\d+)-[0-9a-f]{12}\.(model|safetensors)|\.[\w.-]+\.part")


@dataclass(frozen=True, kw_only=True)
class Details:
    """All that `bundle.json` says, the files apart."""

    network: NetworkOptions
    lowercase: bool
    history: int
    utterance_limit: int  # pieces; a longer utterance is refused
    reply_limit: int  # pieces; a longer reply is cut
    fingerprint: str  # of the corpus: sha256 of its pairs
    created: str  # ISO 8601, UTC
    interrupters: Mapping[int, int] = field(default_factory=dict)  # hidden width by wait
    examples: tuple[str, ...] = ()  # utterances to try
    corpus: Mapping[str, Any] = field(default_factory=dict)  # names and sizes
    training: Mapping[str, Any] = field(default_factory=dict)  # options, and the command that trains it
    scores: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """Two networks or more and their vocabulary, in memory."""

    path: Path
    details: Details
    vocabulary: Vocabulary
    listener: Seq2Seq
    interrupters: Mapping[int, TokenByTokenRNN] = field(default_factory=dict)  # by wait

    @property
    def name(self) -> str:
        """What the bundle is called."""
        return self.path.name

    @property
    def is_shipped(self) -> bool:
        """Whether it is the one that travels with the program."""
        return is_shipped(self.path)


def save(folder: Path, details: Details, vocabulary: Vocabulary, networks: Mapping[str, nn.Module], texts: Mapping[str, str]) -> None:
    """Writes a bundle: the weights of `networks` (`listener`, `interrupter-1`, …) in fp16, and `texts` by file name, such as the model card.

    Raises BundleError when the folder cannot be written to; what was there before is then still whole.
    """
    contents = {"vocabulary": (vocabulary.model, "model")}
    for role, network in networks.items():
        weights = {name: weight.detach().half().contiguous().cpu() for name, weight in network.named_parameters()}
        contents[role] = (safetensors.torch.save(weights), "safetensors")
    files = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for role, (content, ending) in contents.items():
            digest = hashlib.sha256(content).hexdigest()
            name = f"{role}-{digest[:12]}.{ending}"
            files[role] = {"name": name, "sha256": digest}
            _write(folder / name, content)
        for name, text in texts.items():
            _write(folder / name, text.encode())
        stored = {"format": FORMAT, **asdict(details), "vocabulary": len(vocabulary), "files": files}
        _write(folder / "bundle.json", (json.dumps(stored, indent=1, ensure_ascii=False) + "\n").encode())
        named = {file["name"] for file in files.values()}
        for path in folder.iterdir():
            if _OURS.fullmatch(path.name) and path.name not in named:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise BundleError(
            f"cannot be written: {error.strerror}", place=error.filename or folder, remedy="make room, or name another folder with --out"
        ) from None


def load(folder: Path, *, device: torch.device | str = "cpu") -> Bundle:
    """Reads the bundle in `folder` and checks every file against its sha256. Raises BundleError for anything missing or altered."""
    stored = read_json(folder)
    files = stored["files"]
    try:
        known = {one.name for one in fields(Details)}
        details = Details(**{name: value for name, value in stored.items() if name in known})
        details = replace(
            details,
            network=network_options_from(stored["network"]),
            interrupters={int(wait): hidden for wait, hidden in stored["interrupters"].items()},
            examples=tuple(stored["examples"]),
        )
        vocabulary = Vocabulary(_read(folder, files["vocabulary"]), lowercase=details.lowercase)
        listener = Seq2Seq(details.network, len(vocabulary))
        interrupters = {wait: TokenByTokenRNN(details.network, len(vocabulary), hidden=hidden, wait=wait) for wait, hidden in details.interrupters.items()}
        for role, network in {"listener": listener, **{f"interrupter-{wait}": network for wait, network in interrupters.items()}}.items():
            _fill(network, safetensors.torch.load(_read(folder, files[role])))
            network.to(device).eval()
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, safetensors.SafetensorError, ChatbotError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(
            f"bundle.json does not fit its files ({error})", place=folder / "bundle.json", remedy="train it again, or restore the bundle"
        ) from None
    return Bundle(folder, details, vocabulary, listener, interrupters)


def read_json(folder: Path) -> dict[str, Any]:
    """What `bundle.json` in `folder` says, without loading the networks. Raises BundleError when it is not a bundle of a known format."""
    path = folder / "bundle.json"
    try:
        stored = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise BundleError("no bundle there", place=folder, remedy="train one with `chatbot train CORPUS`, or see `chatbot models list`") from None
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}", place=path, remedy="check its permissions") from None
    except ValueError:
        raise BundleError("not JSON", place=path, remedy="train it again, or restore the bundle") from None
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        found = stored.get("format") if isinstance(stored, dict) else None
        raise BundleError(f"unknown format {found!r}", place=path, remedy=f"this program reads format {FORMAT}: update it, or train the bundle again")
    if not isinstance(stored.get("files"), dict):
        raise BundleError("names no files", place=path, remedy="train it again, or restore the bundle")
    return stored


def find(model: str | None) -> Path:
    """The folder of a bundle: by path, by name under ./models or among the shipped; by default the newest own one, else the shipped one."""
    own = Path("models")
    if model is None:
        newest = max(((_created(path), path) for path in own.glob("*/") if (path / "bundle.json").is_file() and not is_shipped(path)), default=None)
        return newest[1] if newest else shipped("models") / "small-talk"
    for folder in (Path(model), own / model, shipped("models") / model):
        if (folder / "bundle.json").is_file():
            return folder
    raise BundleError("no bundle of that name or path", place=model, remedy="see `chatbot models list`, or train one with `chatbot train CORPUS`")


def is_shipped(folder: Path) -> bool:
    """Whether the bundle in `folder` is one that travels with the program."""
    return folder.resolve().parent == shipped("models").resolve() and folder.resolve().name == "small-talk"


def _created(folder: Path) -> str:
    """When the bundle in `folder` was made; damaged ones count as the oldest."""
    try:
        return str(read_json(folder).get("created", ""))
    except BundleError:
        return ""


def _fill(network: nn.Module, stored: Mapping[str, torch.Tensor]) -> None:
    """Copies the stored weights into `network`."""
    weights = dict(network.named_parameters())
    if weights.keys() != stored.keys():
        raise ValueError(f"weights {sorted(weights.keys() ^ stored.keys())[0]}")
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(stored[name])


def _read(folder: Path, file: Mapping[str, str]) -> bytes:
    """The content of a file that `bundle.json` names, checked."""
    path = folder / Path(file["name"]).name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise BundleError("this file of the bundle is missing", place=path, remedy="restore it, or train the bundle again") from None
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}", place=path, remedy="check its permissions") from None
    if hashlib.sha256(content).hexdigest() != file["sha256"]:
        raise BundleError("this file of the bundle is truncated or altered", place=path, remedy="restore it, or train the bundle again")
    return content


def _write(path: Path, content: bytes) -> None:
    """Writes a file beside its place, flushes it to the disk, and puts it there in one move."""
    beside = path.with_name(f".{path.name}.part")
    try:
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
