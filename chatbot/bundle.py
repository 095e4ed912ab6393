"""A trained bot as one directory on disk: saved whole or not at all, verified when loaded, no pickle anywhere.

Weights and vocabulary lie in files that carry the first letters of their sha256 in their name. `bundle.json` names them and is replaced last, so
that a reader sees the old bundle or the new one, never half of one; files that it no longer names are removed afterwards.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn

from chatbot import resume
from chatbot.errors import BundleError, OptionError
from chatbot.files import write_set, write_whole
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import TokenByTokenRNN
from chatbot.networks.undrawn import Undrawn
from chatbot.options import UNSURE, NetworkOptions, network_options_from
from chatbot.records import whole_number
from chatbot.shipped import BUNDLES, shipped
from chatbot.spelling import Spelling
from chatbot.vocabulary import Vocabulary

FORMAT = 1
_RESTORE = "restore it, or train the bundle again"
_OURS = re.compile(r"(vocabulary|words|replies|listener|interrupter-\d+)-[0-9a-f]{12}\.(model|txt|safetensors)|\.[\w.-]+\.part")


@dataclass(frozen=True, kw_only=True)
class Details:
    """All that `bundle.json` says, the files apart."""

    network: NetworkOptions
    lowercase: bool
    history: int
    utterance_limit: int  # pieces; a longer utterance is refused
    reply_limit: int  # pieces; a longer reply is cut
    fingerprint: str  # of the corpus: sha256 of its pairs
    corpus: Mapping[str, Any]  # names of its files, numbers of pairs and distinct utterances
    created: str  # ISO 8601, UTC
    interrupters: Mapping[int, int] = field(default_factory=dict)  # hidden width by wait
    examples: tuple[str, ...] = ()  # utterances to try
    training: Mapping[str, Any] = field(default_factory=dict)  # options, and the command that trains it
    scores: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    known_replies: bool = False  # whether it says nothing but replies that it was trained on, unless it is told to
    unsure: str = UNSURE  # what it says where it is not sure enough
    threshold: Mapping[str, float] = field(default_factory=dict)  # `sureness` of a reply below which that is so and, if it was found here, what it does


_TYPES: dict[str, tuple[Any, int | None]] = {  # of each field of Details in bundle.json, and the least number that it may be
    **dict.fromkeys(("network", "interrupters", "corpus", "training", "scores", "versions"), (dict, None)),
    **dict.fromkeys(("fingerprint", "created"), (str, None)),
    "lowercase": (bool, None),
    "history": (int, 0),
    "utterance_limit": (int, 1),
    "reply_limit": (int, 1),
    "examples": (list, None),
}
_LATER: dict[str, Any] = {"known_replies": bool, "unsure": str, "threshold": dict}  # fields that bundles of 0.1 do not have


@dataclass(frozen=True)
class Bundle:
    """Two networks or more and their vocabulary, in memory."""

    path: Path
    details: Details
    vocabulary: Vocabulary
    listener: Seq2Seq
    interrupters: Mapping[int, TokenByTokenRNN] = field(default_factory=dict)  # by wait
    replies: tuple[str, ...] = ()  # those that it was trained on, if it keeps them

    @property
    def name(self) -> str:
        """What the bundle is called."""
        return self.path.name


def save(
    folder: Path, details: Details, vocabulary: Vocabulary, networks: Mapping[str, nn.Module], texts: Mapping[str, str], replies: Iterable[str] = ()
) -> None:
    """Writes a bundle: the weights of `networks` (`listener`, `interrupter-1`, …) in fp16, or some in fp8; `texts` by file name, such as the model card, and known `replies`.

    Raises BundleError when the folder cannot be written to; what was there before is then still whole.
    """
    contents = {"vocabulary": (vocabulary.model, "model")}
    if vocabulary.spelling:
        contents["words"] = ("".join(f"{word}\n" for word in vocabulary.spelling.words).encode(), "txt")
    if listed := "".join(f"{reply}\n" for reply in replies):
        contents["replies"] = (listed.encode("utf-8", "replace"), "txt")
    for role, network in networks.items():
        kept = {name: weight.detach().to(_stored_as(name, weight, details.network.replies > 0)) for name, weight in network.named_parameters()}
        weights = {name: weight.contiguous().cpu() for name, weight in kept.items()}
        contents[role] = (safetensors.torch.save(weights), "safetensors")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_whole(folder / name, text.encode("utf-8", "replace"))
        write_set(folder, "bundle.json", {"format": FORMAT, **asdict(details), "vocabulary": len(vocabulary)}, contents, _OURS)
    except OSError as error:
        raise BundleError(
            f"cannot be written: {error.strerror}", place=error.filename or folder, remedy="make room, or name another folder with --out"
        ) from None


def _stored_as(name: str, weight: torch.Tensor, plans: bool) -> torch.dtype:
    """Where replies are planned, half of a bundle would be the plan and the embeddings: each of their numbers is one of hundreds in a sum, and what is lost evens out."""
    small = plans and weight.ndim == 2 and (name.startswith("planner.") or name.endswith("table.weight"))
    return torch.float8_e4m3fn if small else torch.float16


def load(folder: Path, *, device: torch.device | str = "cpu") -> Bundle:
    """Reads the bundle in `folder` and checks every file against its sha256. Raises BundleError for anything missing or altered.

    A run may be writing a better one meanwhile: then that is the one which is read.
    """
    while True:
        stored = read_json(folder)
        try:
            return _loaded(folder, stored, device)
        except BundleError:
            if read_json(folder) == stored:
                raise


def _loaded(folder: Path, stored: dict[str, Any], device: torch.device | str) -> Bundle:
    files = stored["files"]
    try:
        details = Details(**{name: stored[name] for name in (*_TYPES, *(_LATER.keys() & stored.keys()))})
        details = replace(
            details,
            network=network_options_from(stored["network"]),
            interrupters={int(wait): hidden for wait, hidden in stored["interrupters"].items()},
            examples=tuple(stored["examples"]),
        )
        spelling = Spelling(_lines(folder, files["words"])) if "words" in files else None
        vocabulary = Vocabulary(_checked(folder, files["vocabulary"]).read_bytes(), lowercase=details.lowercase, spelling=spelling)
        with Undrawn():
            listener = Seq2Seq(details.network, len(vocabulary), torch.tensor(vocabulary.letters()))
            interrupters = {wait: TokenByTokenRNN(details.network, len(vocabulary), hidden=hidden, wait=wait) for wait, hidden in details.interrupters.items()}
        for role, network in {"listener": listener, **{f"interrupter-{wait}": network for wait, network in interrupters.items()}}.items():
            _fill(network, _checked(folder, files[role]))
            network.to(device).eval()
        replies = _lines(folder, files["replies"]) if "replies" in files else ()
    except BundleError:
        raise
    except OptionError as error:
        raise BundleError(error.what, place=folder / "bundle.json", remedy=_RESTORE) from None
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}", place=error.filename or folder, remedy=_RESTORE) from None
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, safetensors.SafetensorError):
        raise BundleError("what it says does not fit the other files", place=folder / "bundle.json", remedy=_RESTORE) from None
    return Bundle(folder, details, vocabulary, listener, interrupters, replies)


def read_json(folder: Path) -> dict[str, Any]:
    """What `bundle.json` in `folder` says, without loading the networks. Raises BundleError when it is not a bundle of a known format."""
    path = folder / "bundle.json"
    try:
        stored = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise BundleError("no bundle there", place=folder, remedy="train one with `chatbot train CORPUS`, or see `chatbot models list`") from None
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}", place=path, remedy="check its permissions") from None
    except (ValueError, RecursionError):
        raise BundleError("not JSON", place=path, remedy=_RESTORE) from None
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        found = stored.get("format") if isinstance(stored, dict) else None
        raise BundleError(f"unknown format {found!r}", place=path, remedy=f"this program reads format {FORMAT}: update it, or train the bundle again")
    for name, (kind, least) in {**_TYPES, "files": (dict, None)}.items():
        value = stored.get(name)
        if not isinstance(value, kind) or (least is not None and value < least):
            raise BundleError(f"“{name}” is missing, or is not what it should be", place=path, remedy=_RESTORE)
    for name, kind in _LATER.items():
        if name in stored and not isinstance(stored[name], kind):
            raise BundleError(f"“{name}” is not what it should be", place=path, remedy=_RESTORE)
    inside = {
        "files": all(isinstance(file, dict) and isinstance(file.get("name"), str) and isinstance(file.get("sha256"), str) for file in stored["files"].values()),
        "threshold": all(isinstance(number, int | float) for number in stored.get("threshold", {}).values()),
        "corpus": all(isinstance(stored["corpus"].get(name), int) for name in ("pairs", "utterances")),
        "examples": all(isinstance(example, str) for example in stored["examples"]),
        "interrupters": all(whole_number(wait) and isinstance(hidden, int) and hidden > 0 for wait, hidden in stored["interrupters"].items()),
    }
    if wrong := [name for name, right in inside.items() if not right]:
        raise BundleError(f"“{wrong[0]}” is not what it should be", place=path, remedy=_RESTORE)
    return stored


def fingerprint(folder: Path) -> str:
    """What tells the bundle in `folder` from any other: a hash over the hashes of its files."""
    hashes = sorted(str(file["sha256"]) for file in read_json(folder)["files"].values())
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def text(folder: Path, name: str) -> str:
    """What a text that travels with the bundle says, such as its model card; "" where there is none."""
    try:
        return (folder / name).read_text("utf-8", "replace")
    except OSError:
        return ""


def remove(folder: Path) -> None:
    """Removes the files of the bundle in `folder`, an interrupted run of it too, and the folder if nothing else is in it.

    Raises BundleError when they cannot be removed, or when a run is at work in it.
    """
    read_json(folder)
    for needed in (folder, folder.parent):
        if not os.access(needed, os.W_OK):
            raise BundleError("cannot be removed: it may not be written to", place=needed, remedy="check its permissions")
    try:
        with resume.claimed(folder):
            resume.remove(folder)
            for path in sorted(folder.iterdir()):
                if _OURS.fullmatch(path.name) or path.name in ("bundle.json", "log.jsonl", "README.md"):
                    path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise BundleError(f"cannot be removed: {error.strerror}", place=error.filename or folder, remedy="check its permissions") from None


def find(model: str | None, *, racing: bool = False) -> Path:
    """The folder of a bundle: by path, by name under ./models or among the shipped; by default the newest own one, else the shipped one.

    With `racing` the default is the newest that has an interrupter.
    """
    own = Path("models")
    if model is None:
        mine = (path for path in own.glob("*/") if os.path.isfile(path / "bundle.json") and not is_shipped(path))
        newest = max(((_created(path), path) for path in mine if not racing or _races(path)), default=None)
        return newest[1] if newest else shipped("models") / BUNDLES[0]
    for folder in (Path(model), own / model, shipped("models") / model):
        if model and os.path.isfile(folder / "bundle.json"):  # unlike Path.is_file, no error for a name that is too long
            return folder
    raise BundleError("no bundle of that name or path", place=model, remedy="see `chatbot models list`, or train one with `chatbot train CORPUS`")


def every() -> list[Path]:
    """The folders of all bundles, each once: those under ./models, then those that ship."""
    folders = [*sorted(Path("models").glob("*/")), *(shipped("models") / name for name in BUNDLES)]
    return list({folder.resolve(): folder for folder in reversed(folders) if os.path.isfile(folder / "bundle.json")}.values())[::-1]


def is_shipped(folder: Path) -> bool:
    """Whether the bundle in `folder` is one that travels with the program."""
    return folder.resolve().parent == shipped("models").resolve() and folder.resolve().name in BUNDLES


def origin(folder: Path) -> str:
    """Where the bundle in `folder` comes from, in words."""
    return "which ships with the program" if is_shipped(folder) else f"from {folder}"


def _created(folder: Path) -> str:
    """When the bundle in `folder` was made; damaged ones count as the oldest."""
    try:
        return str(read_json(folder).get("created", ""))
    except BundleError:
        return ""


def _races(folder: Path) -> bool:
    """Whether the bundle in `folder` has an interrupter; damaged ones count as without."""
    try:
        return bool(read_json(folder)["interrupters"])
    except BundleError:
        return False


def _fill(network: nn.Module, path: Path) -> None:
    """Copies into `network` the weights of the file at `path`, which is mapped into memory: each is read as it is widened."""
    weights = dict(network.named_parameters())
    readable = "\ufffd" not in os.fsencode(path).decode("utf-8", "replace")  # safetensors takes no path that is not UTF-8
    stored = safetensors.torch.load_file(path) if readable else safetensors.torch.load(path.read_bytes())
    if weights.keys() != stored.keys():
        raise ValueError(f"weights {sorted(weights.keys() ^ stored.keys())[0]}")
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(stored[name])


def _lines(folder: Path, file: Mapping[str, str]) -> tuple[str, ...]:
    """The lines of a file that `bundle.json` names, its content checked."""
    return tuple(_checked(folder, file).read_bytes().decode().removesuffix("\n").split("\n"))


def _checked(folder: Path, file: Mapping[str, str]) -> Path:
    """The path of a file that `bundle.json` names, its content checked."""
    path = folder / Path(file["name"]).name
    try:
        with open(path, "rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except FileNotFoundError:
        raise BundleError("this file of the bundle is missing", place=path, remedy=_RESTORE) from None
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}", place=path, remedy="check its permissions") from None
    if digest != file["sha256"]:
        raise BundleError("this file of the bundle is truncated or altered", place=path, remedy=_RESTORE)
    return path
