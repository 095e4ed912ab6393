"""Options that several commands share, and what they mean to this machine."""

import contextlib
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.errors import OptionError
from chatbot.records import Decoding, Strategy
from chatbot.safe_text import safe_line
from chatbot.shipped import shipped

if TYPE_CHECKING:
    from chatbot.bundle import Bundle, Details

DEFAULT = Decoding()

Model = Annotated[
    str | None, typer.Option("--model", "-m", metavar="NAME|PATH", help="The bundle. Default: the newest under ./models, else the one that ships.")
]
Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda[:N]|mps", help="Where the networks run.")]
Plain = Annotated[bool, typer.Option("--plain", help="Whole lines, nothing redrawn (also CHATBOT_PLAIN=1, or no terminal).")]
Ascii = Annotated[bool, typer.Option("--ascii", help="No glyph that some terminals draw two cells wide (also CHATBOT_ASCII=1).")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Sample = Annotated[bool, typer.Option("--sample", help="Draw replies instead of taking the likeliest.")]
Temperature = Annotated[float, typer.Option(metavar="T", help="With --sample: higher is more varied; 0 is greedy.")]
TopK = Annotated[int, typer.Option(metavar="K", help="With --sample: only the K likeliest pieces; 0 for all.")]
TopP = Annotated[float, typer.Option(metavar="P", help="With --sample: only the likeliest pieces that together reach P.")]
Seed = Annotated[int, typer.Option(metavar="N", help="With --sample: equal seeds give equal replies.")]
Beam = Annotated[int, typer.Option(metavar="W", help="Beam search of width W; 0 for none.")]
BlockNgrams = Annotated[int, typer.Option(metavar="N", help="Never say N pieces in a row twice in one reply; 0 allows it.")]
KnownReplies = Annotated[
    bool | None, typer.Option("--known-replies/--any-replies", help="Only replies that the bundle was trained on, word for word. Default: as it was trained.")
]
Unsure = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help='What to say instead where the bot is not sure that it followed; "" for nothing. Default: what the bundle says.'),
]


def decoding(sample: bool, temperature: float, top_k: int, top_p: float, seed: int, beam: int, block_ngrams: int, *, switchable: bool = False) -> Decoding:
    """The decoding that these options ask for. Raises OptionError for what contradicts itself or is out of range."""
    if sample and beam:
        raise OptionError("--sample and --beam exclude each other", remedy="use one of them")
    strategy: Strategy = "sample" if sample else "beam" if beam else "greedy"
    chosen = Decoding(strategy=strategy, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed, width=beam or DEFAULT.width, block_ngrams=block_ngrams)
    if not sample and not switchable and (temperature, top_k, top_p, seed) != (DEFAULT.temperature, DEFAULT.top_k, DEFAULT.top_p, DEFAULT.seed):
        raise OptionError("--temperature, --top-k, --top-p and --seed do nothing without --sample", remedy="add --sample")
    return chosen


def in_effect(decoding: Decoding, details: "Details", known_replies: bool | None, unsure: str | None) -> Decoding:
    """`decoding` with what the bundle says where the person has said nothing. Raises OptionError for what contradicts itself."""
    known = details.known_replies and not decoding.block_ngrams if known_replies is None else known_replies
    return replace(decoding, known_replies=known, unsure=details.unsure if unsure is None else unsure)


def is_plain(plain: bool) -> bool:
    """Whether to write whole lines and redraw nothing."""
    return plain or os.environ.get("CHATBOT_PLAIN", "") not in ("", "0") or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb"


def is_ascii(ascii_: bool) -> bool:
    """Whether to leave out glyphs whose width depends on the terminal."""
    return ascii_ or os.environ.get("CHATBOT_ASCII", "") not in ("", "0")


def corpus_path(path: Path) -> Path:
    """The corpus at `path`, or else the one of that path or name that ships."""
    inside = shipped("corpora") / path.name
    return inside if path.name and path.parent in (Path(), Path("corpora")) and not os.path.exists(path) and os.path.isfile(inside) else path


def cores() -> int:
    """How many cores this process may use: those it is bound to, and no more than its control group pays for."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        share, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        if share != "max":
            bound = min(bound, -(-int(share) // int(period)))
    return max(1, bound)


def torch_device(name: str, local: int = 0) -> str:
    """The device of that name, as torch knows it; of several GPUs the one of process `local`. Raises OptionError when this machine, or this torch, has none."""
    import torch

    kind, colon, number = name.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (colon and (kind != "cuda" or not number.isdecimal())):
        raise OptionError(f"no device called “{name}”", remedy="use auto, cpu, cuda, cuda:N or mps")
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if kind == "auto":
        if not cuda and torch.version.cuda is None and (shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists()):
            print("chatbot: there is an NVIDIA driver, but this torch has no CUDA; see “GPU” in the README", file=sys.stderr)
        return (
            (f"cuda:{local}" if torch.cuda.device_count() > 1 else "cuda") if cuda else "cpu"
        )  # on an MPS device networks this small are slower than on the CPU beside it
    if kind == "cuda" and (not cuda or int(number or 0) >= torch.cuda.device_count()):
        raise OptionError(f"no device {name} here", remedy="use --device cpu, or install a torch with CUDA (see “GPU” in the README)")
    if kind == "mps" and not mps:
        raise OptionError("no device mps here", remedy="use --device cpu")
    return name


def load_bundle(model: str | None, device: str) -> "Bundle":
    """The bundle that `--model` names, on `device`; says on stderr which one it is, unless it was named."""
    import torch

    from chatbot import bundle as bundles

    torch.set_num_threads(1)  # one reply at a time runs best on one thread
    folder = bundles.find(model)
    if model is None:
        print(safe_line(f"with {folder.name}, {bundles.origin(folder)}"), file=sys.stderr)
    return bundles.load(folder, device=torch_device(device))
