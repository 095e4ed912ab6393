"""What makes answering quick changes nothing that is said: weights that stay in fp16, rows that leave, one wait a piece, beams without copies."""

from itertools import product

import pytest
import torch
from test_law_1_steps import PAD, SOURCES, VISIBLE, WITH_HISTORY, V, check_steps, padded
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from chatbot import bundle as bundles
from chatbot.bot import Bot
from chatbot.decoding import Limits, beam, greedy, sampler, stream
from chatbot.networks.packed import PackedLinear, PackedRecurrence, packed
from chatbot.networks.protocol import Context, Memory
from chatbot.vocabulary import EOS

CELLS = ("rnn", "gru", "lstm")
on_x86 = pytest.mark.skipif(torch.backends.quantized.engine not in ("x86", "fbgemm"), reason="this machine packs nothing")


def in_fp16(network):
    """`network` with the weights that a bundle would store."""
    return network.half().float()


# Weights in fp16


@on_x86
@torch.inference_mode()
@pytest.mark.parametrize(("cell", "attention", "layers"), [*product(CELLS, ("none", "dot", "general", "additive"), (1, 2))])
def test_a_packed_listener_says_what_the_plain_one_says(listener, cell, attention, layers):
    plain = in_fp16(listener(V, cell=cell, attention=attention, layers=layers, replies=3))
    quick = packed(plain)
    source, tokens = padded(SOURCES), torch.randint(5, V, (4, 6), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(quick.decode(tokens, quick.encode(source))[0], plain.decode(tokens, plain.encode(source))[0], rtol=0, atol=1e-5)
    check_steps(quick, SOURCES)


@on_x86
@torch.inference_mode()
@pytest.mark.parametrize(("cell", "layers", "wait"), [*product(CELLS, (1, 2), (1, 4))])
def test_a_packed_interrupter_says_what_the_plain_one_says(interrupter, cell, layers, wait):
    plain = in_fp16(interrupter(V, cell=cell, layers=layers, wait=wait))
    quick = packed(plain)
    source, tokens = padded(WITH_HISTORY), torch.randint(5, V, (4, 6), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(quick.decode(tokens, quick.encode(source))[0], plain.decode(tokens, plain.encode(source))[0], rtol=0, atol=1e-5)
    check_steps(quick, WITH_HISTORY)


@on_x86
def test_what_fp16_does_not_hold_exactly_is_not_packed(listener):
    def kinds(network):
        return {type(part) for part in network.modules()} & {PackedLinear, PackedRecurrence, nn.Linear, nn.LSTM}

    assert kinds(packed(in_fp16(listener(V)))) == {PackedLinear, PackedRecurrence}
    assert kinds(packed(listener(V))) == {nn.Linear, nn.LSTM}
    large = in_fp16(listener(V))
    with torch.no_grad():
        large.speak.squeeze.weight[0, 0] = 1e6
    assert kinds(packed(large)) == {PackedLinear, PackedRecurrence, nn.Linear}


def test_packing_leaves_the_network_as_it_was_and_shares_its_embedding(listener):
    plain = in_fp16(listener(V))
    before = {name: weight.clone() for name, weight in plain.state_dict().items()}
    quick = packed(plain)
    assert quick.said.table.weight is plain.said.table.weight
    assert all(torch.equal(weight, before[name]) for name, weight in plain.state_dict().items())
    assert {type(part) for part in plain.modules()} & {PackedLinear, PackedRecurrence} == set()


def test_a_bot_of_a_bundle_says_what_its_plain_network_says(bundle_folder, small_talk):
    bundle = bundles.load(bundle_folder)
    for wait in (None, 1, 4):
        quick = Bot.of(bundle, wait=wait)
        plain = Bot(bundle.listener if wait is None else bundle.interrupters[wait], bundle.vocabulary, reply_limit=12)
        for utterance, _ in small_talk:
            assert quick.reply(utterance).text == plain.reply(utterance).text


def test_loading_draws_no_random_number(bundle_folder):
    before = torch.get_rng_state()
    bundles.load(bundle_folder)
    assert torch.equal(torch.get_rng_state(), before)


# One wait a piece


class Waits(TorchFunctionMode):
    """Counts what makes the host wait for the device."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_function__(self, function, types, args=(), named=None):
        self.count += getattr(function, "__name__", "") in ("tolist", "item", "cpu", "numpy", "__bool__", "__int__", "__float__", "__index__", "nonzero")
        return function(*args, **(named or {}))


class HiddenWaits(TorchDispatchMode):
    """Counts those that the code does not show, such as an index that is a mask."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), named=None):
        name = function.overloadpacket.__name__
        masks = name in ("index", "index_put", "index_put_") and any(one is not None and one.dtype == torch.bool for one in args[1])
        self.count += masks or name in ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal")
        return function(*args, **(named or {}))


@pytest.mark.parametrize("block_ngrams", [0, 2])
@pytest.mark.parametrize("strategy", ["stream", "beam"])
def test_a_piece_is_waited_for_once(listener, strategy, block_ngrams):
    network, steps = listener(V), []
    decode = network.decode
    network.decode = lambda *arguments: (steps.append(1), decode(*arguments))[1]
    source = torch.randint(5, V, (6, 5), generator=torch.Generator().manual_seed(4))
    with Waits() as waits, HiddenWaits() as hidden:
        if strategy == "stream":
            list(stream(network, source, greedy, Limits(VISIBLE, 12, block_ngrams)))
        else:
            beam(network, source, Limits(VISIBLE, 12, block_ngrams), width=3)
    assert len(steps) > 3
    assert 0 < waits.count <= len(steps)
    assert hidden.count == 0


# Rows that leave, and rows that stay where they are


class Counts:
    """A network that says 9 as often as the first piece of its utterance tells, then ends; it notes how many rows it is asked for."""

    def __init__(self):
        self.rows = []

    def encode(self, source):
        memory = Memory(source[:, :1], source[:, :1], source[:, :1] != PAD)
        return Context((), memory, torch.zeros(len(source), dtype=torch.long))

    def decode(self, tokens, context):
        self.rows.append(len(tokens))
        logits = torch.full((len(tokens), 1, V), -9.0)
        logits[:, 0, 9] = 1.0
        logits[:, 0, 10] = 0.5
        logits[context.position >= context.memory.keys[:, 0], 0, EOS] = 9.0
        return logits, context._replace(position=context.position + 1)


def test_rows_that_have_ended_leave_the_batch_and_the_others_go_on():
    network = Counts()
    lengths = [1, 9, 2, 5, 1, 30, 2, 3]
    steps = list(stream(network, torch.tensor([[length] for length in lengths]), greedy, Limits(VISIBLE, 40)))
    said = [list(row) for row in zip(*(step.ids for step in steps), strict=True)]
    assert [row.index(EOS) for row in said] == lengths
    assert all(set(row[row.index(EOS) :]) == {EOS} for row in said)
    assert network.rows[0] == 8
    assert network.rows[-1] == 1
    assert sum(network.rows) < 80, "of 248 if nobody left"


def test_searches_that_have_ended_leave_the_beam_and_the_others_go_on():
    network = Counts()
    lengths = [1, 9, 2, 20]
    found = beam(network, torch.tensor([[length] for length in lengths]), Limits(VISIBLE, 40), width=2)
    assert [row[0].ids for row in found] == [[9] * length for length in lengths]
    assert network.rows[:2] == [4, 8]
    assert network.rows[-1] == 2


def test_a_beam_copies_what_is_looked_at_only_where_rows_multiply_or_leave(listener, monkeypatch):
    copies, rows = [], Memory.rows
    monkeypatch.setattr(Memory, "rows", lambda memory, index: (copies.append(len(index)), rows(memory, index))[1])
    network = listener(V)
    with torch.no_grad():
        network.speak.logits.bias[EOS] = -50.0  # nobody ends
    beam(network, padded(SOURCES), Limits(VISIBLE, 10), width=3)
    assert copies == [len(SOURCES) * 3]


def test_a_row_keeps_its_own_noise_when_others_leave():
    lengths, seeds = [1, 9, 2, 20, 1, 14], [1, 2, 3, 4, 5, 6]

    def said(rows):
        choose = sampler(temperature=1.0, top_k=0, top_p=0.9, seeds=[seeds[row] for row in rows])
        steps = list(stream(Counts(), torch.tensor([[lengths[row]] for row in rows]), choose, Limits(VISIBLE, 40)))
        return [[number for number in row if number != EOS] for row in zip(*(step.ids for step in steps), strict=True)]

    assert said(range(6)) == [said([row])[0] for row in range(6)]
    assert {9, 10} <= set(said([3])[0]), "else the noise decided nothing"
