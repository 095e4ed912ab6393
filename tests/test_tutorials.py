"""The systems of the tutorials, each a file of its own under examples/: they run, they learn, and they keep to the one interface."""

import importlib.util
import math
import subprocess
import sys
from pathlib import Path
from statistics import mean
from types import ModuleType

import pytest
import torch

from chatbot.batches import pad
from chatbot.bot import Bot
from chatbot.corpus.pairs import Pair
from chatbot.vocabulary import BOS, EOS, UNK

FOLDER = Path(__file__).parents[1] / "examples" / "tutorials"
PAIRS = [
    Pair("ein hund rennt", "a dog runs", ""),
    Pair("ein kind lacht", "a child laughs", ""),
    Pair("zwei kinder rennen schnell weg", "two children run away fast", ""),
]
ROWS = [[BOS, 7, 5, 9, EOS], [BOS, 6, EOS], [BOS, 8, 8, 5, EOS]]


@pytest.fixture(scope="module")
def sutskever() -> ModuleType:
    specification = importlib.util.spec_from_file_location("sutskever", FOLDER / "sutskever.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def network(sutskever):
    torch.manual_seed(1)
    made = sutskever.Sutskever(12, 11, embedding=8, hidden=10).eval()
    with torch.no_grad():
        for weight in made.parameters():
            weight.mul_(8)  # so that a wrong step shows
    return made


def test_it_has_the_tutorials_number_of_weights(sutskever):
    with torch.device("meta"):
        assert sum(weight.numel() for weight in sutskever.Sutskever(7855, 5893).parameters()) == 13_899_013


def test_all_words_at_once_are_the_same_as_one_at_a_time(sutskever, network):
    target = pad(ROWS)
    whole = network.decode(target[:, :-1], network.encode(target))[0]
    torch.testing.assert_close(sutskever.logits_step_by_step(network, target, target, teacher_forcing=1.0), whole, atol=1e-5, rtol=0)


def test_padding_and_neighbours_change_nothing(network):
    together = network.encode(pad(ROWS))
    for place, row in enumerate(ROWS):
        alone = network.encode(torch.tensor([row]))
        for part, other in zip(together.rows(torch.tensor([place])).state, alone.state, strict=True):
            torch.testing.assert_close(part, other, atol=1e-5, rtol=0)


def test_it_reads_the_last_word_first(network):
    network.encoder.flatten_parameters()
    heard = network.heard(torch.tensor([ROWS[0][::-1]]))
    torch.testing.assert_close(network.encode(torch.tensor([ROWS[0]])).state, network.encoder(heard)[1])


def test_without_the_true_words_it_hears_its_own(sutskever, network):
    source, target = pad(ROWS), pad(ROWS)
    free = sutskever.logits_step_by_step(network, source, target, teacher_forcing=0.0)
    said = torch.cat([target[:, :1], free.argmax(-1)[:, :-1]], 1)
    torch.testing.assert_close(network.decode(said, network.encode(source))[0], free, atol=1e-5, rtol=0)


def test_it_learns_and_a_bot_speaks_through_it(sutskever):
    torch.manual_seed(1)
    heard, said = sutskever.Words([pair.utterance for pair in PAIRS * 2]), sutskever.Words([pair.reply for pair in PAIRS * 2])
    words = sutskever.TwoLanguages(heard, said)
    network = sutskever.Sutskever(len(heard.words), len(said.words), embedding=16, hidden=24, layers=1, dropout=0.0)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
    batches = sutskever.batches_of(PAIRS, words)
    losses = [sutskever.epoch(network, optimiser, batches, number) for number in range(150)]
    assert losses[-1] < 0.1 < losses[0]
    assert sutskever.perplexity(network, batches) < 1.1
    bot = Bot(network.eval(), words, reply_limit=8)
    assert [reply.text for reply in bot.replies([pair.utterance for pair in PAIRS])] == [pair.reply for pair in PAIRS]
    assert bot.reply(PAIRS[0].utterance).text == PAIRS[0].reply


@torch.inference_mode()
def test_each_batch_counts_the_same_in_the_free_running_figure_and_each_word_in_the_perplexity(sutskever, network):
    halves = [ROWS[:2], ROWS[2:]]
    batches = [(pad(rows), pad(rows)) for rows in halves]

    def nats(logits: torch.Tensor, rows: list[list[int]]) -> list[float]:
        return [-float(logits[row, place].log_softmax(-1)[number]) for row, said in enumerate(rows) for place, number in enumerate(said[1:])]

    free = [nats(sutskever.logits_step_by_step(network, *batch, teacher_forcing=0), rows) for batch, rows in zip(batches, halves, strict=True)]
    assert sutskever.free_running_figure(network, batches) == pytest.approx(math.exp(mean(map(mean, free))), rel=1e-4)
    told = [nats(network.decode(pad(rows)[:, :-1], network.encode(pad(rows)))[0], rows) for rows in halves]
    assert sutskever.perplexity(network, batches) == pytest.approx(math.exp(mean(told[0] + told[1])), rel=1e-4)


def test_a_word_seen_once_is_unknown_and_of_the_others_the_commonest_are_known(sutskever):
    words = sutskever.Words(["a dog and a cat", "a cat or a dog", "the dog"])
    assert words.words == [""] * 5 + ["a", "dog", "cat"]
    assert words.encode("a dog <eos>  the") == [5, 6, UNK, UNK]
    assert sutskever.Words(["a dog and a cat", "a cat or a dog", "the dog"], 7).words == [""] * 5 + ["a", "dog"]


def test_it_runs_as_the_first_lines_of_the_file_say(tmp_path):
    for name, pairs in (("train", PAIRS * 2), ("valid", PAIRS)):
        (tmp_path / f"{name}.tsv").write_text("".join(f"{pair.utterance}\t{pair.reply}\n" for pair in pairs), encoding="utf-8")
    command = [sys.executable, FOLDER / "sutskever.py", tmp_path / "train.tsv", tmp_path / "valid.tsv", "--epochs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "epoch 1: " in done.stdout
    assert done.stdout.count("should") == 3


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_an_example_is_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 200
