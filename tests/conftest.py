"""What the tests of the core rooms share: one tiny vocabulary, tiny networks, one bundle; all random, all the same each time."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from corpus_reports import checked
from hypothesis import HealthCheck, settings
from torch import nn

from chatbot import bundle as bundles
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import TokenByTokenRNN
from chatbot.options import NetworkOptions, VocabularyOptions
from chatbot.vocabulary import Vocabulary

settings.register_profile("here", deadline=None, max_examples=50, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

PAIRS = [
    ("hello", "Hello. How are you?"),
    ("what is your name", "My name is Wren."),
    ("how are you today", "I am well, thank you."),
    ("tell me a joke", "A snail was robbed by two turtles."),
    ("good night", "Good night. Sleep well."),
    ("do you like tea", "I have never tasted any."),
    ("it rains here", "Take an umbrella with you."),
    ("I am sad", "I'm sorry to hear that."),
    ("I am happy", "That is lovely to hear."),
    ("what can you do", "I listen, and then I answer."),
    ("who made you", "Somebody with a small computer."),
    ("good bye", "Good bye. It was nice to talk."),
]
SMALL = {"hidden": 8, "embedding": 6, "dropout": 0.2}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--snapshot-update", action="store_true", help="write tests/tui/snapshots anew instead of comparing with them")


@pytest.fixture(autouse=True)
def _one_thread():
    """Before each test: a command that was tried before it may have taken more, and sums then round otherwise."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def small_talk() -> list[tuple[str, str]]:
    return PAIRS


@pytest.fixture(scope="session")
def make_vocabulary() -> Callable[..., Vocabulary]:
    def make(kind: str = "unigram", size: int = 320, lowercase: bool = False, pairs: list[tuple[str, str]] = PAIRS) -> Vocabulary:
        options = VocabularyOptions(kind=kind, size=size, lowercase=lowercase)  # type: ignore[arg-type]
        return Vocabulary.train([utterance for utterance, _ in pairs], [reply for _, reply in pairs], options)

    return make


@pytest.fixture(scope="session")
def vocabulary(make_vocabulary) -> Vocabulary:
    return make_vocabulary()


@pytest.fixture(scope="session")
def listener() -> Callable[..., Seq2Seq]:
    """listener(vocabulary=40, cell="gru", …): one whose weights are large, so that a wrong step shows."""

    def make(vocabulary: int = 40, letters: torch.Tensor | None = None, **changes) -> Seq2Seq:
        return _wild(Seq2Seq(NetworkOptions(**{**SMALL, **changes}), vocabulary, letters))

    return make


@pytest.fixture(scope="session")
def interrupter() -> Callable[..., TokenByTokenRNN]:
    """interrupter(vocabulary=40, wait=1, cell="gru", …)."""

    def make(vocabulary: int = 40, *, wait: int = 1, **changes) -> TokenByTokenRNN:
        return _wild(TokenByTokenRNN(NetworkOptions(**{**SMALL, **changes}), vocabulary, hidden=10, wait=wait))

    return make


@pytest.fixture(scope="session")
def details() -> Callable[..., bundles.Details]:
    def make(**changes) -> bundles.Details:
        plain = {
            "network": NetworkOptions(**SMALL), "lowercase": False, "history": 0, "utterance_limit": 60, "reply_limit": 12, "fingerprint": "f",
            "created": "2026-01-01T00:00:00+00:00", "interrupters": {1: 10, 4: 10}, "examples": ("hello", "good night"),
            "corpus": {"names": ["a.tsv"], "pairs": 12, "utterances": 12},
        }  # fmt: skip
        return bundles.Details(**{**plain, **changes})

    return make


@pytest.fixture(scope="session")
def save_bundle(vocabulary, listener, interrupter, details) -> Callable[..., Path]:
    """save_bundle(folder, created=…): a bundle whose weights are random but fixed, times `scale`."""

    def save(folder: Path, *, scale: float = 1.0, **changes) -> Path:
        size = len(vocabulary)
        networks: dict[str, nn.Module] = {"listener": listener(size), "interrupter-1": interrupter(size, wait=1), "interrupter-4": interrupter(size, wait=4)}
        with torch.no_grad():
            for network in networks.values():
                for weight in network.parameters():
                    weight.mul_(scale)
        bundles.save(folder, details(**changes), vocabulary, networks, {"README.md": "# A bundle\n", "log.jsonl": "{}\n"})
        return folder

    return save


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory, save_bundle) -> Path:
    return save_bundle(tmp_path_factory.mktemp("models") / "parrot")


def _wild(network):
    """`network` in evaluation mode, its weights drawn wide."""
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.6)
    return network.eval()


@pytest.fixture
def told(tmp_path):
    """The report on a corpus of these lines or bytes."""

    def call(content, groups=None, **named):
        raw = content if isinstance(content, bytes) else "".join(f"{line}\n" for line in content).encode()
        (tmp_path / "a.tsv").write_bytes(raw)
        if groups:
            (tmp_path / "a.groups.tsv").write_text("".join(f"{line}\n" for line in groups))
        return checked(tmp_path / "a.tsv", **named)

    return call
