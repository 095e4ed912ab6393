"""The program as a stranger runs it: in this process where that will do, tiny bundles, and a check of every byte that it prints."""

import contextlib
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from chatbot.cli.main import run

TINY = [
    "--preset",
    "tiny",
    "--hidden",
    "16",
    "--embedding",
    "16",
    "--epochs",
    "2",
    "--plain",
    "--device",
    "cpu",
    "--threads",
    "1",
]  # one thread: on busy cores two are far slower
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")

FRAMES = (("where is the", "here"), ("do you like the", "very nice"), ("tell me about the", "not known"), ("who saw a", "for me"))
THINGS = ("cat", "dog", "bird", "house", "garden", "river", "song", "book", "train", "window")


class Ran(NamedTuple):
    """What came of one command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Chatbot = Callable[..., Ran]


def small_corpus() -> str:
    """40 pairs: too few to hold any out."""
    return "".join(f"{start} {thing} today\tthe {thing} is {end} I think\n" for thing in THINGS for start, end in FRAMES)


def larger_corpus() -> str:
    """480 pairs with six replies: enough to hold out 20 utterances and more."""
    return "".join(
        f"{start} {thing} number {number}\t{end} {'yes' if number % 2 else 'no'}\n" for number in range(12) for thing in THINGS for start, end in FRAMES
    )


def in_process(arguments: list[str]) -> Ran:
    """One command, for fixtures of the session."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["chatbot", *arguments]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(arguments)
    finally:
        sys.argv = before
    return Ran(code, out.getvalue(), err.getvalue())


def trained(folder: Path, text: str, *options: str) -> tuple[Path, Ran]:
    """The bundle that `chatbot train corpus.tsv` makes of `text` in `folder`, and what it printed."""
    (folder / "corpus.tsv").write_text(text, "utf-8")
    with contextlib.chdir(folder):
        ran = in_process(["train", "corpus.tsv", *TINY, *options])
    assert ran.code == 0, ran.err
    return folder / "models" / "corpus", ran


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A bundle of the small corpus with two interrupters, and what its training printed."""
    return trained(tmp_path_factory.mktemp("small"), small_corpus(), "--wait", "1,4")


@pytest.fixture(scope="session")
def bundle_folder(small: tuple[Path, Ran]) -> Path:
    """A bundle of the small corpus: read it, never change it."""
    return small[0]


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A bundle of the larger corpus, which has scores, and what its training printed. Its corpus lies two folders above it."""
    return trained(tmp_path_factory.mktemp("scored"), larger_corpus(), "--epochs", "1")


@pytest.fixture
def own(bundle_folder: Path, tmp_path: Path) -> Path:
    """A copy of the bundle in ./models/mine, to do with as one likes."""
    return shutil.copytree(bundle_folder, tmp_path / "models" / "mine")


@pytest.fixture
def shipped_bundle(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundle as the one that ships, whatever lies in the source tree."""
    package = tmp_path_factory.mktemp("package")
    monkeypatch.setattr("chatbot.shipped._PACKAGE", package)
    (package / "shipped" / "corpora").mkdir(parents=True)
    (package / "shipped" / "corpora" / "dialog.tsv").write_text(small_corpus(), "utf-8")
    return shutil.copytree(bundle_folder, package / "shipped" / "models" / "small-talk")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """./pets.tsv: 40 pairs."""
    path = tmp_path / "pets.tsv"
    path.write_text(small_corpus(), "utf-8")
    return path


@pytest.fixture
def chatbot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Chatbot:
    """Runs a command in an empty folder. Nothing that it prints may hold a control character or a traceback."""
    monkeypatch.chdir(tmp_path)
    for name in ("CHATBOT_PLAIN", "COLUMNS", "TERMINAL_WIDTH"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: object, stdin: str = "") -> Ran:
        words = [os.fspath(one) if isinstance(one, Path) else str(one) for one in arguments]
        monkeypatch.setattr("sys.argv", ["chatbot", *words])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode("utf-8", "surrogateescape")), "utf-8", "replace"))
        capsys.readouterr()
        code = run(words)
        ran = Ran(code, *capsys.readouterr())
        for stream in (ran.out, ran.err):
            assert not CONTROL.search(stream), f"a control character reaches the terminal: {CONTROL.findall(stream)}"
            assert "Traceback" not in stream
        return ran

    return call


@pytest.fixture(autouse=True)
def at_every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle and a checkpoint are written at the end of every epoch, however short."""
    monkeypatch.setattr("chatbot.cli.training_run.EPOCH_SECONDS", -1)


@pytest.fixture
def train(chatbot: Chatbot) -> Chatbot:
    """`chatbot train` of the tiniest network for two epochs, plainly, on the CPU."""
    return lambda *arguments, sizes=True, **named: chatbot("train", *arguments[:1], *(TINY if sizes else TINY[6:]), *arguments[1:], **named)


@pytest.fixture
def mistake(chatbot: Chatbot) -> Callable[..., str]:
    """Runs a command that must answer in one line on stderr, exit code 2, and nothing on stdout; returns the line."""

    def call(*arguments: object, stdin: str = "") -> str:
        ran = chatbot(*arguments, stdin=stdin)
        assert ran.code == 2, ran
        assert ran.out == ""
        assert ran.err.endswith("\n")
        assert ran.err.count("\n") == 1, ran.err
        assert ran.err.startswith("chatbot: ")
        assert len(ran.err) < 500, ran.err
        return ran.err.removeprefix("chatbot: ").strip()

    return call


@pytest.fixture(scope="session")
def tiny_options() -> list[str]:
    """The options of the tiniest network."""
    return TINY


@pytest.fixture(scope="session")
def larger() -> str:
    """480 pairs as text."""
    return larger_corpus()


@pytest.fixture(scope="session")
def strict_json() -> Callable[[str], object]:
    """Reads JSON as other programs do: NaN and Infinity are none."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return lambda text: json.loads(text, parse_constant=refuse)
