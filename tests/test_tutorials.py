"""The systems of the tutorials, each a file of its own under examples/: they run, they learn, and they keep to the one interface."""

import ast
import copy
import importlib.util
import inspect
import math
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import mean
from types import ModuleType

import pytest
import torch
from torch import nn

from chatbot.batches import pad
from chatbot.bot import Bot
from chatbot.corpus.pairs import Pair
from chatbot.networks.protocol import Context
from chatbot.vocabulary import BOS, EOS, PAD, UNK

FOLDER = Path(__file__).parents[1] / "examples" / "tutorials"
FILES = sorted(FOLDER.glob("*.py"))
PAIRS = [
    Pair("ein hund rennt.", "a dog runs.", ""),
    Pair("ein kind lacht.", "a child laughs.", ""),
    Pair("zwei kinder rennen schnell weg.", "two children run away fast.", ""),
]
ROWS = [[BOS, 7, 5, 9, EOS], [BOS, 6, EOS], [BOS, 8, 8, 5, EOS]]
MADE = {
    "first_gru": lambda module: module.FirstGRU(12, 11, hidden=10),
    "reversed_lstm": lambda module: module.Reversed(12, 11, hidden=10),
    "reversed_lstm --gru": lambda module: module.Reversed(12, 11, gru=True, hidden=10),
    "batched_gru": lambda module: module.BatchedGRU(12, 11, hidden=10),
    "word_lstm": lambda module: module.WordLSTM(12, 11, embedding=8, hidden=10),
    "sutskever": lambda module: module.Sutskever(12, 11, embedding=8, hidden=10),
    "additive_attention": lambda module: module.AdditiveAttention(12, 11, embedding=8, hidden=10),
}
every = pytest.mark.parametrize("system", MADE)


@pytest.fixture(scope="module")
def tutorial() -> Callable[[str], ModuleType]:
    """The file of that name."""

    def load(name: str) -> ModuleType:
        specification = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        return module

    loaded = {path.stem: load(path.stem) for path in FILES}
    return lambda system: loaded[system.split()[0]]


@pytest.fixture
def make(tutorial) -> Callable[[str], nn.Module]:
    """A small network of that system, its weights so large that a wrong step shows."""

    def made(system: str) -> nn.Module:
        torch.manual_seed(1)
        network = MADE[system](tutorial(system)).eval()
        with torch.no_grad():
            for weight in network.parameters():
                weight.copy_(torch.randn_like(weight) * 0.6)
        return network

    return made


@pytest.fixture
def corpus(tmp_path) -> Path:
    """A file of pairs of which hold_out leaves enough to learn."""
    lines = [f"ein {noun} {verb}.\ta {noun} {verb}.\n" for noun in "abcdefgh" for verb in ("rennt", "lacht", "singt", "weint")]
    (tmp_path / "pairs.tsv").write_text("".join(lines), encoding="utf-8")
    return tmp_path / "pairs.tsv"


def test_every_file_is_tested():
    assert {path.stem for path in FILES} == {system.split()[0] for system in MADE}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.parametrize("name", ["words_in", "Words", "TwoLanguages", "batches_of", "hold_out"])
def test_what_two_files_have_both_they_have_word_for_word(name):
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in FILES if path.stem != "sutskever"]
    written = [ast.unparse(node) for tree in trees for node in tree.body if getattr(node, "name", "") == name]
    assert len(written) > 1
    assert len(set(written)) == 1


@every
@torch.inference_mode()
def test_all_words_at_once_are_the_same_as_one_at_a_time(make, system):
    network, target = make(system), pad(ROWS)
    context = network.encode(target)
    whole, after = network.decode(target, context)
    steps = []
    for token in target.split(1, 1):
        logits, context = network.decode(token, context)
        steps.append(logits)
    torch.testing.assert_close(torch.cat(steps, 1), whole, atol=1e-5, rtol=0)
    torch.testing.assert_close(context.state, after.state, atol=1e-5, rtol=0)
    assert context.position.tolist() == after.position.tolist() == [target.shape[1]] * len(target)


@every
@torch.inference_mode()
def test_padding_and_neighbours_change_nothing(make, system):
    network, tokens = make(system), torch.tensor([[BOS, 7, 8]])
    together = network.encode(pad([*ROWS, [BOS, *[9] * 9, EOS]]))
    for place, row in enumerate(ROWS):
        alone = network.decode(tokens, network.encode(torch.tensor([row])))[0]
        torch.testing.assert_close(network.decode(tokens, together.rows(torch.tensor([place])))[0], alone, atol=1e-5, rtol=0)


@every
@torch.inference_mode()
def test_the_order_of_what_is_heard_matters(make, system):
    network = make(system)
    one, other = (network.decode(torch.tensor([[BOS]]), network.encode(torch.tensor([[BOS, *said, EOS]])))[0] for said in ((7, 5), (5, 7)))
    assert not torch.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("system", [system for system in MADE if system != "sutskever"])
def test_it_is_trained_on_a_file_and_answers_what_was_held_out(tutorial, monkeypatch, capsys, corpus, system):
    name, *flags = system.split()
    counted = "--steps" if "steps" in inspect.signature(tutorial(name).train).parameters else "--epochs"
    monkeypatch.setattr(sys, "argv", [name, str(corpus), *flags, counted, "3"])
    tutorial(name).main()
    printed = capsys.readouterr().out
    assert "held out" in printed
    assert printed.count("said") == 3


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_that_is_not_there_is_told_in_one_line(tutorial, monkeypatch, capsys, tmp_path, path):
    monkeypatch.setattr(sys, "argv", [path.name, *[str(tmp_path / "nothing.tsv")] * (2 if path.stem == "sutskever" else 1)])
    with pytest.raises(SystemExit) as stopped:
        tutorial(path.stem).main()
    assert stopped.value.code == 2
    assert "nothing.tsv" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("system", "much"),
    [("first_gru", 250), ("reversed_lstm", 120), ("reversed_lstm --gru", 120), ("batched_gru", 40), ("word_lstm", 25), ("additive_attention", 25)],
)
def test_it_learns_and_a_bot_speaks_through_it(tutorial, monkeypatch, system, much):
    name, *flags = system.split()
    module, pairs = tutorial(name), PAIRS[:2]
    monkeypatch.setattr(module, "LEARNING_RATE", 0.3, raising=False)  # at a tutorial's rate a few pairs are learnt in minutes
    monkeypatch.setattr(torch.optim, "Adam", partial(torch.optim.Adam, lr=0.01))
    counted = "steps" if "steps" in inspect.signature(module.train).parameters else "epochs"
    bot = module.train(pairs * 2, pairs, **{counted: much}, **({"gru": True} if flags else {}))
    assert [reply.text for reply in bot.replies([pair.utterance for pair in pairs])] == [pair.reply for pair in pairs]
    *chunks, whole = bot.stream(pairs[0].utterance)
    assert "".join(chunks) == whole.text == pairs[0].reply


def test_no_utterance_is_learnt_and_asked(tutorial):
    pairs = [Pair(f"u{number % 60}", f"r{number}", "") for number in range(100)]
    learnt, asked = tutorial("first_gru").hold_out(pairs)
    assert sorted(learnt + asked, key=pairs.index) == pairs
    assert len(asked) >= 10
    assert not {pair.utterance for pair in learnt} & {pair.utterance for pair in asked}
    assert tutorial("first_gru").hold_out(PAIRS)[1], "of a few pairs too"


def test_a_word_seen_once_is_unknown_and_a_mark_is_never_heard(tutorial):
    words = tutorial("first_gru").Words(["A dog.", "a cat."])
    assert words.words == [""] * 5 + ["a", "."]
    assert words.encode("a <eos> a.") == [5, UNK, UNK, UNK, 5, 6]


def test_the_first_never_learns_a_long_pair_and_prints_each_thousandth_step(tutorial, monkeypatch, capsys):
    module, learnt = tutorial("first_gru"), []
    monkeypatch.setattr(module, "PRINT_EVERY", 5)
    monkeypatch.setattr(module, "tensorize", lambda words, pair, tensorize=module.tensorize: learnt.append(pair) or tensorize(words, pair))
    long = [Pair("so " * 11, "nein", ""), Pair("so", "nein " * 13, "")]
    module.train([*PAIRS, *long], PAIRS[:1], steps=19)
    assert set(learnt) <= set(PAIRS)
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()[:-1]] == ["step 5", "step 10", "step 15"]


@pytest.mark.parametrize("system", ["reversed_lstm", "reversed_lstm --gru", "sutskever"])
@torch.inference_mode()
def test_it_reads_the_last_word_first(make, system):
    network = make(system)
    state = network.encoder(network.heard(torch.tensor([ROWS[0][::-1]])))[1]
    torch.testing.assert_close(network.encode(torch.tensor([ROWS[0]])).state, (state,) if system.endswith("gru") else state)


@pytest.mark.parametrize("system", ["reversed_lstm", "reversed_lstm --gru"])
@torch.inference_mode()
def test_who_is_not_told_the_true_words_hears_its_own(tutorial, make, system):
    network, source, target = make(system), torch.tensor(ROWS[:1]), torch.tensor([[BOS, 9, 9, EOS]])
    said, total = [BOS], 0.0
    for true in target[0, 1:].tolist():
        logits = network.decode(torch.tensor([said]), network.encode(source))[0][0, -1]
        total -= float(logits.log_softmax(-1)[true])
        said.append(int(logits.argmax()))
    assert float(tutorial(system).loss_of(network, source, target, told=False)) == pytest.approx(total, rel=1e-4)
    assert float(tutorial(system).loss_of(network, source, target)) != pytest.approx(total, rel=1e-3)


class Says(nn.Module):
    """A network that says these rows, whatever it hears, and goes on with their last word."""

    def __init__(self, *rows: list[int]) -> None:
        super().__init__()
        self.rows = rows

    def encode(self, source):
        return Context((), None, torch.zeros(len(source), dtype=torch.long))

    def decode(self, tokens, context):
        said = [row[min(int(context.position[0]), len(row) - 1)] for row in self.rows]
        return nn.functional.one_hot(torch.tensor(said), 12)[:, None].float(), context._replace(position=context.position + 1)


def test_it_stops_when_all_have_ended_and_counts_what_each_has_said(tutorial):
    said, lengths = tutorial("batched_gru").answer(Says([7, EOS, 8], [8, 9, 5, EOS], [EOS, 9]), torch.ones(3, 2, dtype=torch.long))
    assert said.tolist() == [[7, EOS, 8, 8], [8, 9, 5, EOS], [EOS, 9, 9, 9]]
    assert lengths.tolist() == [2, 4, 1]
    said, lengths = tutorial("batched_gru").answer(Says([7]), torch.ones(1, 2, dtype=torch.long))
    assert lengths.tolist() == [tutorial("batched_gru").LIMIT] == [said.shape[1]]


def test_right_is_right_to_the_last_word_and_never_by_not_knowing(tutorial):
    batches = [(torch.ones(4, 2, dtype=torch.long), pad([[BOS, 7, EOS], [BOS, 8, 9, EOS], [BOS, 5, 6, EOS], [BOS, UNK, EOS]]))]
    assert tutorial("batched_gru").right(Says([7, EOS, 8], [8, 9, EOS], [5, EOS, 6], [UNK, EOS]), batches) == 2 / 4


@torch.inference_mode()
def test_nobody_looks_at_padding(make):
    network = make("additive_attention")
    context = network.encode(pad(ROWS))
    weights = network.weights(context.state[0][0], context.memory)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3))
    assert (weights[pad(ROWS) == PAD] == 0).all()
    assert (weights[pad(ROWS) != PAD] > 0).all()


def test_it_has_the_tutorials_number_of_weights(tutorial):
    with torch.device("meta"):
        assert sum(weight.numel() for weight in tutorial("sutskever").Sutskever(7855, 5893).parameters()) == 13_899_013


@pytest.mark.parametrize("system", ["sutskever", "batched_gru"])
@torch.inference_mode()
def test_a_coin_decides_whether_a_step_hears_the_true_word_or_its_own(tutorial, make, system):
    network, rows, module = make(system), pad(ROWS), tutorial(system)
    told = module.logits_step_by_step(network, rows, rows, teacher_forcing=1)
    torch.testing.assert_close(network.decode(rows[:, :-1], network.encode(rows))[0], told, atol=1e-5, rtol=0)
    free = module.logits_step_by_step(network, rows, rows, teacher_forcing=0)
    said = torch.cat([rows[:, :1], free.argmax(-1)[:, :-1]], 1)
    torch.testing.assert_close(network.decode(said, network.encode(rows))[0], free, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_each_batch_counts_the_same_in_the_free_running_figure_and_each_word_in_the_perplexity(tutorial, make):
    network, sutskever = make("sutskever"), tutorial("sutskever")
    halves = [ROWS[:2], ROWS[2:]]
    batches = [(pad(rows), pad(rows)) for rows in halves]

    def nats(logits: torch.Tensor, rows: list[list[int]]) -> list[float]:
        return [-float(logits[row, place].log_softmax(-1)[number]) for row, said in enumerate(rows) for place, number in enumerate(said[1:])]

    free = [nats(sutskever.logits_step_by_step(network, *batch, teacher_forcing=0), rows) for batch, rows in zip(batches, halves, strict=True)]
    assert sutskever.free_running_figure(network, batches) == pytest.approx(math.exp(mean(map(mean, free))), rel=1e-4)
    told = [nats(network.decode(pad(rows)[:, :-1], network.encode(pad(rows)))[0], rows) for rows in halves]
    for module in (sutskever, tutorial("word_lstm")):
        assert module.perplexity(network, batches) == pytest.approx(math.exp(mean(told[0] + told[1])), rel=1e-4)


def test_sutskever_learns_and_a_bot_speaks_through_it(tutorial):
    sutskever = tutorial("sutskever")
    torch.manual_seed(1)
    words = sutskever.TwoLanguages(sutskever.Words([pair.utterance for pair in PAIRS * 2]), sutskever.Words([pair.reply for pair in PAIRS * 2]))
    network = sutskever.Sutskever(len(words.heard.words), len(words.said.words), embedding=16, hidden=24, layers=1, dropout=0.0)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
    batches = sutskever.batches_of(PAIRS, words)
    for number in range(120):
        sutskever.epoch(network, optimiser, batches, number)
    bot = Bot(network.eval(), words, reply_limit=8)
    assert [reply.text for reply in bot.replies([pair.utterance for pair in PAIRS])] == [pair.reply for pair in PAIRS]


def test_ten_epochs_of_sutskever_go_on_where_they_were_cut(tutorial, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(FOLDER.parents[1] / "benchmarks")
    benchmark, sutskever, batches = import_module("sutskever"), tutorial("sutskever"), [(pad(ROWS), pad(ROWS))]

    def started():
        torch.manual_seed(1)
        network = MADE["sutskever"](sutskever)
        return benchmark.Run(network, copy.deepcopy(network), torch.optim.Adam(network.parameters()), [])

    one, other = started(), started()
    sutskever.epoch(one.network, one.optimiser, batches, 1)
    one.best.load_state_dict(one.network.state_dict())
    one.curve.append(benchmark.Epoch(1.0, 2.0, 3.0, 4.0))
    one.save(tmp_path / "checkpoint")
    other.load(tmp_path / "checkpoint")
    assert other.curve == one.curve
    losses = [sutskever.epoch(run.network, run.optimiser, batches, 2) for run in (one, other)]
    assert losses[0] == losses[1]
    for ours, theirs in ((one.network, other.network), (one.best, other.best)):
        assert all(torch.equal(weight, same) for weight, same in zip(ours.parameters(), theirs.parameters(), strict=True))
    assert not torch.equal(one.network.speak.weight, one.best.speak.weight)


def test_of_the_words_that_sutskever_sees_twice_the_commonest_are_known(tutorial):
    words = tutorial("sutskever").Words(["a dog and a cat", "a cat or a dog", "the dog"], 7)
    assert words.words == [""] * 5 + ["a", "dog"]
    assert words.encode("a dog <eos>  the cat") == [5, 6, UNK, UNK, UNK]


def test_sutskever_runs_as_the_first_lines_of_the_file_say(tutorial, monkeypatch, capsys, corpus):
    monkeypatch.setattr(sys, "argv", ["sutskever.py", str(corpus), str(corpus), "--epochs", "1", "--most", "9", "9"])
    tutorial("sutskever").main()
    printed = capsys.readouterr().out
    assert "9 words to hear, 9 to say" in printed
    assert "epoch 1: " in printed
    assert printed.count("should") == 3
