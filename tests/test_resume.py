"""Law 3: N steps are k steps, a checkpoint, and N - k steps, bit for bit; and what is no finite gradient, or too much memory, changes nothing."""

import copy
import json
import math
from itertools import islice, pairwise

import pytest
import safetensors.torch
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from chatbot.batches import Examples
from chatbot.corpus.pairs import Pair
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.networks.token_by_token import TokenByTokenRNN
from chatbot.options import NetworkOptions, TrainingOptions
from chatbot.repeating import Fitting, Repeating, Utterances
from chatbot.training import learner as learners
from chatbot.training import loop, memory
from chatbot.training.learner import IN_A_ROW, Diverged, Learner
from chatbot.training.loop import Checkpoint, train
from chatbot.training.memory import Shortage, cut, parts_for, step_bytes
from chatbot.training.processes import ALONE

REPLIES = 12  # of small talk


@pytest.fixture(scope="module")
def examples(small_talk, vocabulary):
    """Each utterance with its reply and with that of the next: an epoch draws one of them."""
    pairs = [*small_talk, *((utterance, reply) for (utterance, _), (_, reply) in pairwise([*small_talk, small_talk[0]]))]
    examples = Examples([Pair(utterance, reply) for utterance, reply in pairs], vocabulary)
    examples.chosen = True
    assert examples.repeating.distinct == REPLIES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chatbot.batches.SAID", 0.5)
        assert 1 < examples.aloud(torch.arange(len(examples)), 1)[1] < len(examples), "most rows are only begun"
    return examples


def networks(vocabulary, *, dropout=0.3, word_dropout=0.2, replies=REPLIES):
    torch.manual_seed(1)
    options = NetworkOptions(hidden=16, embedding=12, dropout=dropout, word_dropout=word_dropout, replies=replies)
    return {"listener": Seq2Seq(options, len(vocabulary)), "interrupter-1": TokenByTokenRNN(options, len(vocabulary), hidden=20)}


def run(vocabulary, examples, *, checkpoint=None, **options):
    chosen = TrainingOptions(**{"batch_tokens": 100, "epochs": 2, **options})
    return train(networks(vocabulary), examples, examples, chosen, checkpoint=checkpoint)


def through_a_file(checkpoint):
    """As it comes back from the disk."""
    return Checkpoint(safetensors.torch.load(safetensors.torch.save(dict(checkpoint.tensors))), json.loads(json.dumps(checkpoint.facts)))


def same(one, other):
    assert one.keys() == other.keys()
    return all(torch.equal(weight, other_weight) for name in one for weight, other_weight in zip(one[name].parameters(), other[name].parameters(), strict=True))


def told(progress):
    """What a progress says, the wall clock apart."""
    return (progress.epoch, progress.step, progress.losses, progress.tokens, progress.padded, progress.validations, progress.best)


OPTIONS = [
    {},
    {"accumulate": 2, "seed": 3},
    {"optimiser": "sgd", "learning_rate": 0.5},
    {"teacher_forcing": (0.9, 0.4), "optimiser": "adam", "label_smoothing": 0.1},
    {"learning_rate": 0.5, "clip": 0, "patience": 1, "epochs": 4},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_law_3_a_run_that_goes_on_from_any_step_ends_in_the_same_bits(vocabulary, examples, options):
    whole = list(run(vocabulary, examples, **options))
    assert len(whole) > 7
    ends = [number for number, one in enumerate(whole, 1) if one.epoch_ended]
    for k in {1, 2, 5, len(whole) // 2, ends[0] - 1, ends[0], ends[0] + 1, len(whole) - 1}:
        begun = run(vocabulary, examples, **options)
        *_, last = islice(begun, k)
        kept = through_a_file(last.checkpoint())
        begun.close()
        rest = list(run(vocabulary, examples, checkpoint=kept, **options))
        assert list(map(told, rest)) == list(map(told, whole[k:])), f"from {k} on"
        if rest:
            assert same(rest[-1].networks, whole[-1].networks), f"from {k} on"


def test_a_run_that_had_come_to_its_end_tells_once_what_it_has_come_to(vocabulary, examples):
    *_, last = run(vocabulary, examples)
    (again,) = run(vocabulary, examples, checkpoint=through_a_file(last.checkpoint()))
    assert (again.step, again.epoch_ended, again.best) == (last.step, False, False)
    assert same(again.networks, last.networks)


def test_law_3_a_run_goes_on_in_as_many_parts_whatever_memory_is_free_by_then(vocabulary, examples, monkeypatch):
    """Each part of a batch draws its own dropout."""
    monkeypatch.setattr(loop, "free_memory", lambda: 300_000)
    whole = list(run(vocabulary, examples))
    begun = run(vocabulary, examples)
    *_, last = islice(begun, 3)
    kept = through_a_file(last.checkpoint())
    assert kept.facts["networks"]["listener"]["parts"] > 1
    monkeypatch.setattr(loop, "free_memory", lambda: 2**40)
    rest = list(run(vocabulary, examples, checkpoint=kept))
    assert list(map(told, rest)) == list(map(told, whole[3:]))
    assert same(rest[-1].networks, whole[-1].networks)
    assert not same(list(run(vocabulary, examples))[-1].networks, whole[-1].networks), "the parts would have to matter"


def test_law_3_a_checkpoint_does_not_change_with_the_steps_after_it(vocabulary, examples):
    begun = run(vocabulary, examples)
    *_, one = islice(begun, 3)
    kept = one.checkpoint()
    before = copy.deepcopy(kept)
    for _ in islice(begun, 4):
        pass
    assert before.facts == kept.facts
    assert all(torch.equal(before.tensors[name], tensor) for name, tensor in kept.tensors.items())


def test_law_3_a_run_that_dies_within_a_step_goes_on_from_before_it(vocabulary, examples, monkeypatch):
    """In the second of the three batches of a step."""
    whole = list(run(vocabulary, examples, accumulate=3))
    begun = run(vocabulary, examples, accumulate=3)
    kept = through_a_file(next(begun).checkpoint())
    forward, calls = learners.Lesson.forward, []

    def dies(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return forward(*arguments)

    monkeypatch.setattr(learners.Lesson, "forward", dies)
    with pytest.raises(KeyboardInterrupt):
        next(begun)
    monkeypatch.undo()
    rest = list(run(vocabulary, examples, checkpoint=kept, accumulate=3))
    assert list(map(told, rest)) == list(map(told, whole[1:]))
    assert same(rest[-1].networks, whole[-1].networks)


def test_what_is_random_does_not_depend_on_what_was_drawn_elsewhere(vocabulary, examples):
    quiet, noisy = run(vocabulary, examples), run(vocabulary, examples)
    for one, other in zip(quiet, noisy, strict=True):
        assert told(one) == told(other)
        torch.rand(7)


def test_networks_side_by_side_learn_what_they_learn_in_turn(vocabulary, examples):
    """With two threads each network has one to itself, with one they take turns."""
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(list(run(vocabulary, examples)))
    finally:
        torch.set_num_threads(before)
    in_turn, side_by_side = found
    assert list(map(told, in_turn)) == list(map(told, side_by_side))
    assert same(in_turn[-1].networks, side_by_side[-1].networks)


# Accumulation and parts


def learner(vocabulary, *, parts=1, dropout=0.0, **options):
    network = networks(vocabulary, dropout=dropout, word_dropout=0.0)["listener"]
    return Learner("listener", 0, network, 10, TrainingOptions(**options), ALONE, parts)


def stepped(one, batches):
    one.learn(list(enumerate(batches)), 1 / sum(batch.pieces for batch in batches), epoch=1, teacher_forcing=1.0)
    return one


def near(one, other):
    """Adam divides by what may be almost nothing, so gradients are compared by way of SGD."""
    for weight, other_weight in zip(one.network.parameters(), other.network.parameters(), strict=True):
        torch.testing.assert_close(weight, other_weight, rtol=0, atol=1e-6)
    assert one.loss == pytest.approx(other.loss, abs=1e-5)


SGD = {"optimiser": "sgd", "learning_rate": 1.0, "clip": 0.0}


def test_batches_that_are_accumulated_teach_what_one_batch_of_them_all_does(vocabulary, examples):
    (whole,) = examples.batches(10_000)
    pieces = list(examples.batches(60))
    assert len(pieces) > 3
    near(stepped(learner(vocabulary, **SGD), [whole]), stepped(learner(vocabulary, **SGD), pieces))


@pytest.mark.parametrize("parts", [2, 3, 4, 64])
def test_a_batch_computed_in_parts_teaches_the_same_without_dropout(vocabulary, examples, parts):
    (whole,) = examples.batches(10_000)
    assert 1 < len(cut(whole, parts)) <= parts
    near(stepped(learner(vocabulary, **SGD), [whole]), stepped(learner(vocabulary, parts=parts, **SGD), [whole]))


@pytest.mark.parametrize("parts", [2, 3, 64])
@pytest.mark.parametrize("replies", [0, 2])
def test_the_parts_of_a_batch_share_the_rows_that_are_answered_and_those_that_are_only_begun(vocabulary, examples, monkeypatch, replies, parts):
    monkeypatch.setattr("chatbot.training.loss.TOLD", 1.0)  # who is told draws in each part anew
    (whole,) = examples.batches(10_000)
    batch, fitting = examples.batch(whole.rows, 5), Fitting(Repeating(torch.arange(len(examples)) % 2, 2, 0.5), Utterances.of(torch.arange(len(examples))))
    assert len(cut(batch, parts)) == min(parts, len(whole.rows))
    assert len(cut(batch, parts)[-1].tokens), "several processes share the gradient of the last part"
    assert sorted(torch.cat([part.rows for part in cut(batch, parts)]).tolist()) == sorted(whole.rows.tolist())

    def one(parts):
        network = networks(vocabulary, dropout=0.0, word_dropout=0.0, replies=replies)["listener"]
        return stepped(Learner("listener", 0, network, 10, TrainingOptions(**SGD), ALONE, parts, fitting if replies else None), [batch])

    near(one(1), one(parts))


def scarce(monkeypatch, rows, message="[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"):
    """A machine whose memory holds that many rows."""
    forward = learners.Lesson.forward

    def run_short(self, batch, teacher_forcing):
        if len(batch.rows) > rows:
            raise RuntimeError(message)
        return forward(self, batch, teacher_forcing)

    monkeypatch.setattr(learners.Lesson, "forward", run_short)


def test_where_memory_is_short_the_batch_is_halved_until_it_fits(vocabulary, examples, monkeypatch):
    (whole,) = examples.batches(10_000)
    plenty = stepped(learner(vocabulary, **SGD), [whole])
    scarce(monkeypatch, rows=3)
    short = stepped(learner(vocabulary, **SGD), [whole])
    near(plenty, short)
    assert math.ceil(len(whole.rows) / short.at.parts) <= 3 < math.ceil(2 * len(whole.rows) / short.at.parts)


def test_the_longest_batch_is_tried_before_the_first_step(vocabulary, examples, monkeypatch):
    (whole,) = examples.batches(10_000)
    scarce(monkeypatch, rows=2)
    one = learner(vocabulary, **SGD)
    one.try_out(whole)
    assert one.at.parts > 1
    assert one.at.step == 0
    assert all(weight.grad is None for weight in one.weights)


def test_where_not_even_a_row_fits_training_says_so(vocabulary, examples, monkeypatch):
    scarce(monkeypatch, rows=0)
    with pytest.raises(Shortage):
        stepped(learner(vocabulary), list(examples.batches(10_000)))


def test_another_mistake_is_no_shortage(vocabulary, examples, monkeypatch):
    scarce(monkeypatch, rows=2, message="shapes cannot be multiplied")
    with pytest.raises(RuntimeError, match="shapes"):
        stepped(learner(vocabulary), list(examples.batches(10_000)))


def test_a_cpu_sets_its_parts_beforehand_from_what_is_free(vocabulary):
    some, options = networks(vocabulary).values(), TrainingOptions(batch_tokens=4096)
    need = max(step_bytes(network, 4096) for network in some)
    assert parts_for(some, options, 2 * need) == 1
    assert parts_for(some, options, 2 * need - 8) == 2
    assert parts_for(some, options, need // 2) == 4
    assert parts_for(some, options, 0) >= 1024


def test_a_control_group_is_counted_as_free_memory(monkeypatch, tmp_path):
    assert memory.free_memory() > 0
    monkeypatch.setattr(memory, "_CONTROL_GROUP", tmp_path)
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert memory.free_memory() == 2000
    (tmp_path / "memory.stat").write_text("anon 300\ninactive_file 600\nactive_file 100\n")
    assert memory.free_memory() == 2600, "of files that were read the kernel gives back what nobody uses"
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_memory() > 2000


# Gradients that are not finite


def poison(monkeypatch, steps):
    """The loss of these calls is no number."""
    forward, calls = learners.Lesson.forward, []

    def poisoned(*arguments):
        calls.append(len(calls))
        return tuple(part * (math.nan if calls[-1] in steps else 1.0) for part in forward(*arguments))

    monkeypatch.setattr(learners.Lesson, "forward", poisoned)


@pytest.mark.parametrize("options", [{}, {"optimiser": "adam", "clip": 0}, {"optimiser": "sgd"}], ids=str)
def test_a_step_without_a_finite_gradient_changes_nothing(vocabulary, examples, monkeypatch, options):
    poison(monkeypatch, {2, 3})
    one = learner(vocabulary, **options)
    (whole,) = examples.batches(10_000)
    for _ in range(2):
        stepped(one, [whole])
    before, _ = one.state()
    assert len(before) > len(one.weights)
    for skipped in (1, 2):
        stepped(one, [whole])
        after, facts = one.state()
        assert all(torch.equal(before[name], after[name]) for name in before)
        assert (facts["skipped"], facts["step"]) == (skipped, 2 + skipped)
    stepped(one, [whole])
    after, facts = one.state()
    assert not torch.equal(before["listener/weight/network.bridge.0.weight"], after["listener/weight/network.bridge.0.weight"])
    assert (facts["skipped"], facts["skipped_in_all"]) == (0, 2)


@pytest.mark.parametrize("heed", [1, 4, 50])
def test_ten_in_a_row_end_the_run_and_name_the_rows(vocabulary, examples, monkeypatch, heed):
    """However seldom the host looks; the weights are those before the first of them."""
    monkeypatch.setattr(learners, "HEED", {"cpu": heed})
    poison(monkeypatch, {1, *range(3, 200)})
    one, batches = learner(vocabulary), list(examples.batches(60))
    for number in range(3):
        stepped(one, [batches[number % len(batches)]])
    good = one.state()[0]

    def go_on():
        for number in range(3, 100):
            stepped(one, [batches[number % len(batches)]])

    with pytest.raises(Diverged) as ended:
        go_on()
    assert ended.value.step == 3 + IN_A_ROW
    assert torch.equal(ended.value.rows, batches[(2 + IN_A_ROW) % len(batches)].rows)
    assert all(torch.equal(good[name], tensor) for name, tensor in one.state()[0].items())


class Waits(TorchDispatchMode):
    """Counts how often the host asks for a number."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        self.count += function is torch.ops.aten._local_scalar_dense.default
        return function(*arguments, **(named or {}))


def test_the_host_does_not_wait_within_a_step(vocabulary, examples, monkeypatch):
    """As a GPU wants it: a look every so many steps, and none between."""
    monkeypatch.setattr(learners, "HEED", {"cpu": 8})
    one, batches = learner(vocabulary, dropout=0.3), list(examples.batches(60))
    with Waits() as waits:
        for number in range(7):
            stepped(one, [batches[number % len(batches)]])
        assert waits.count == 0
        stepped(one, [batches[0]])
    assert waits.count > 0
