"""Training: pairs learnt by heart, schedule, early stop, scheduled sampling, smoothing, clipping, and equal seeds giving equal weights."""

import copy
import math
from dataclasses import asdict
from itertools import islice

import pytest
import torch
from torch import nn
from torch.nn import functional

from chatbot.batches import OPENING, Examples
from chatbot.bot import Bot
from chatbot.corpus.pairs import Pair
from chatbot.errors import OptionError
from chatbot.networks.protocol import Context
from chatbot.networks.seq2seq import Planner, Seq2Seq
from chatbot.networks.token_by_token import TokenByTokenRNN, parameters, twin
from chatbot.options import PRESETS, NetworkOptions, TrainingOptions, batch_of, epochs_of
from chatbot.repeating import Fitting, Repeating, Utterances
from chatbot.training.learner import Learner, learning_rate
from chatbot.training.loop import train
from chatbot.training.loss import Lesson, cross_entropy, log_probabilities, perplexity_of, target_logits
from chatbot.vocabulary import EOS, PAD, SEP


@pytest.fixture(scope="module")
def pairs(small_talk):
    return [Pair(utterance, reply) for utterance, reply in small_talk]


@pytest.fixture(scope="module")
def examples(pairs, vocabulary):
    return Examples(pairs, vocabulary)


@pytest.fixture
def fresh(vocabulary):
    """Two fresh networks of one seed."""

    def make(**changes):
        torch.manual_seed(1)
        options = NetworkOptions(**{"hidden": 16, "embedding": 12, "dropout": 0.1, **changes})
        return {"listener": Seq2Seq(options, len(vocabulary)), "interrupter-1": TokenByTokenRNN(options, len(vocabulary), hidden=20)}

    return make


def run(networks, examples, valid=None, **options):
    return list(train(networks, examples, valid, TrainingOptions(**{"batch_tokens": 200, "epochs": 2, **options})))


def weights(network):
    return {name: weight.detach().clone() for name, weight in network.named_parameters()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


# What it is for


def test_tiny_networks_learn_twelve_pairs_by_heart(pairs, make_vocabulary):
    vocabulary = make_vocabulary("bpe", 450)
    examples, options = Examples(pairs, vocabulary), NetworkOptions(hidden=32, embedding=24, dropout=0.0, word_dropout=0.0)
    torch.manual_seed(1)
    networks = {"listener": Seq2Seq(options, len(vocabulary)), "interrupter-4": TokenByTokenRNN(options, len(vocabulary), hidden=64, wait=4)}
    *_, last = run(networks, examples, epochs=120, batch_tokens=100, learning_rate=0.015, label_smoothing=0.0, plan=0.0)
    for name, network in last.networks.items():
        bot = Bot(network.eval(), vocabulary)
        replies = [reply.text for reply in bot.replies([pair.utterance for pair in pairs])]
        assert replies == [pair.reply for pair in pairs], name
        assert perplexity_of(network, examples) < 1.1


# Law 3: equal seeds


@pytest.mark.parametrize("changes", [{}, {"optimiser": "sgd"}, {"teacher_forcing": (0.5, 0.5)}], ids=str)
def test_training_twice_with_one_seed_gives_the_same_weights_bit_for_bit(pairs, vocabulary, fresh, changes):
    def trained(seed, drawn):
        networks, examples = fresh(dropout=0.3), Examples(pairs, vocabulary)
        torch.rand(drawn)  # whatever else has drawn before
        *_, last = run(networks, examples, examples, seed=seed, **changes)
        return {f"{role}.{name}": weight for role, network in last.networks.items() for name, weight in weights(network).items()}

    first = trained(1, drawn=3)
    assert same(first, trained(1, drawn=8))
    assert not same(first, trained(2, drawn=3))


def test_a_network_learns_the_same_alone_and_beside_another(examples, fresh):
    together, alone = run(fresh(dropout=0.3), examples)[-1], run({"listener": fresh(dropout=0.3)["listener"]}, examples)[-1]
    assert same(weights(together.networks["listener"]), weights(alone.networks["listener"]))


# Progress


def test_progress_tells_where_training_stands(examples, fresh):
    seen = run(fresh(), examples, examples, epochs=3)
    steps, ends = [one for one in seen if not one.epoch_ended], [one for one in seen if one.epoch_ended]
    total = steps[0].steps
    assert [one.epoch for one in ends] == [1, 2, 3]
    assert [one.step for one in steps] == list(range(1, total + 1))
    assert [one.epoch for one in steps] == sorted(one.epoch for one in steps)
    assert sum(one.tokens for one in steps) == 3 * int(examples.source.lengths.sum() + examples.target.lengths.sum() - len(examples))
    for name in ("listener", "interrupter-1"):
        assert steps[-1].losses[name] < steps[0].losses[name]
    for one in steps:
        assert 0 < one.tokens <= one.padded <= 200
        assert one.tokens_per_second > 0
        assert one.validations == {}
        assert not one.best
    left = [one.seconds_left for one in steps]
    assert left[-1] == pytest.approx(0, abs=1e-9)
    assert all(map(math.isfinite, left))
    for one in ends:
        assert one.validations.keys() == one.networks.keys() == {"listener", "interrupter-1"}
        assert one.best == any(validation.best for validation in one.validations.values())
        assert {validation.epoch for validation in one.validations.values()} == {one.epoch}


def test_the_steps_announced_are_the_steps_taken(pairs, vocabulary, fresh):
    seen = run(fresh(), Examples(pairs * 4, vocabulary), epochs=3, batch_tokens=100)
    assert max(one.step for one in seen) == seen[0].steps


def test_the_networks_of_progress_are_the_best_so_far(examples, fresh):
    lowest = math.inf
    for one in run({"listener": fresh()["listener"]}, examples, examples, epochs=8, learning_rate=0.5, clip=0, patience=0):
        if one.epoch_ended:
            validation = one.validations["listener"]
            assert validation.best == (validation.perplexity < lowest)
            lowest = min(lowest, validation.perplexity)
        if lowest < math.inf:
            assert perplexity_of(one.networks["listener"].eval(), examples) == pytest.approx(lowest)


def test_a_network_stops_after_its_patience_and_the_other_goes_on(examples, fresh):
    networks = fresh()
    for weight in networks["listener"].parameters():
        weight.requires_grad_(False)
    networks["listener"].bridge[0].weight.requires_grad_(True)
    with torch.no_grad():  # nothing it can learn is of use
        networks["listener"].speak.logits.weight.zero_()
    ends = [one for one in run(networks, examples, examples, epochs=8, patience=2) if one.epoch_ended]
    epochs = {name: [one.epoch for one in ends if name in one.validations] for name in networks}
    assert epochs == {"listener": [1, 2, 3], "interrupter-1": [1, 2, 3, 4, 5, 6, 7, 8]}
    assert [[name for name, one in end.validations.items() if one.stopped] for end in ends[:4]] == [[], [], ["listener"], []]


def test_when_all_have_stopped_training_ends(examples, fresh):
    network = fresh()["listener"]
    with torch.no_grad():
        network.speak.logits.weight.zero_()
    for name, weight in network.named_parameters():
        weight.requires_grad_(name == "bridge.0.weight")
    assert run({"listener": network}, examples, examples, epochs=50, patience=3)[-1].epoch == 4
    assert run({"listener": network}, examples, examples, epochs=6, patience=0)[-1].epoch == 6


def test_without_validation_all_epochs_are_run_and_the_last_weights_count(examples, fresh):
    networks = fresh()
    ends = [one for one in run(networks, examples, None, epochs=7, patience=1, learning_rate=0.5) if one.epoch_ended]
    assert len(ends) == 7
    assert all(one.best and math.isnan(one.validations["listener"].perplexity) for one in ends)
    assert same(weights(ends[-1].networks["listener"]), weights(networks["listener"]))


# Schedule


@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("steps", [1, 10, 200])
def test_the_learning_rate_rises_linearly_then_falls_to_a_hundredth(steps, warmup):
    rates = [learning_rate(step, steps, TrainingOptions(warmup=warmup)) for step in range(steps)]
    top = max(0, round(steps * warmup) - 1)
    assert all(0 < rate <= 1 for rate in rates)
    assert rates[top] == pytest.approx(1, abs=0.01)
    assert rates[: top + 1] == pytest.approx([(step + 1) / (top + 1) for step in range(top + 1)])
    assert all(after < before or after == pytest.approx(1) for before, after in zip(rates[top:], rates[top + 1 :], strict=False))
    assert learning_rate(steps, steps, TrainingOptions(warmup=warmup)) == pytest.approx(0.01) or warmup == 1 or steps == 1


def test_the_optimiser_follows_the_schedule(examples, fresh, monkeypatch):
    seen = []
    step = torch.optim.SGD.step
    monkeypatch.setattr(torch.optim.SGD, "step", lambda self, *rest: (seen.append(self.param_groups[0]["lr"]), step(self, *rest))[1])
    progress = run({"listener": fresh()["listener"]}, examples, optimiser="sgd", learning_rate=0.5)
    options = TrainingOptions(optimiser="sgd")
    assert seen == pytest.approx([0.5 * learning_rate(number, progress[0].steps, options) for number in range(progress[0].steps)])


@pytest.mark.parametrize("optimiser", ["adamw", "adam", "sgd"])
def test_every_optimiser_lowers_the_loss(examples, fresh, optimiser):
    rate = 1.0 if optimiser == "sgd" else 0.01
    seen = run({"listener": fresh()["listener"]}, examples, epochs=8, optimiser=optimiser, learning_rate=rate)
    assert seen[-1].losses["listener"] < seen[0].losses["listener"] - 0.3


def test_weight_decay_spares_biases_and_embeddings(examples, fresh, monkeypatch):
    groups = []
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda self, *rest: groups.extend(self.param_groups))
    network = fresh()["listener"]
    run({"listener": network}, examples, epochs=1, weight_decay=0.3)
    decay = {id(weight): group["weight_decay"] for group in groups for weight in group["params"]}
    for name, weight in network.named_parameters():
        assert decay[id(weight)] == (0.3 if weight.ndim > 1 and weight.shape[0] != len(network.speak.logits.bias) else 0.0), name


@pytest.mark.parametrize(("plans", "rate"), [(False, 12**0.5), (True, 1.0)], ids=["no plan", "a plan"])
def test_without_a_plan_what_is_heard_learns_at_a_rate_that_fits_its_size(pairs, vocabulary, fresh, plans, rate):
    """Adam's first step moves each weight that it moves by the learning rate."""
    examples = Examples(pairs * 2, vocabulary)
    network = fresh(replies=plans and examples.repeating.distinct, pairs=0, grams=0)["listener"]
    before = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    run({"listener": network}, examples, epochs=1, batch_tokens=10**6, learning_rate=1e-3, warmup=0.0)
    moved = {name: float((weight.detach() - before[name]).abs().max()) for name, weight in network.named_parameters()}
    assert moved["heard.table.weight"] == pytest.approx(rate * 1e-3, rel=0.01)
    assert moved["said.table.weight"] == pytest.approx(1e-3, rel=0.01)


@pytest.mark.parametrize("by_heart", [True, False])
def test_what_is_said_by_heart_learns_at_a_rate_that_fits_its_size(pairs, vocabulary, fresh, by_heart):
    examples = Examples(pairs * 2, vocabulary)
    network = fresh(replies=examples.repeating.distinct, by_heart=by_heart, attention="none")["listener"]
    before = network.planner.told.weight.detach().clone()
    run({"listener": network}, examples, epochs=1, batch_tokens=10**6, learning_rate=1e-3, warmup=0.0)
    moved = float((network.planner.told.weight.detach() - before).abs().max())
    assert moved == pytest.approx(1e-3 * (16**0.5 if by_heart else 1), rel=0.01)


def test_a_nat_counts_as_much_however_many_rows_are_said_to_the_end(small_talk, vocabulary, fresh, monkeypatch):
    """Divided by the pieces of all rows: which of them are drawn makes no step larger."""
    examples = Examples([Pair(f"{utterance} {number}", reply) for utterance, reply in small_talk for number in range(20)], vocabulary)
    examples.chosen, seen = True, []
    learn = Learner.learn
    monkeypatch.setattr(Learner, "learn", lambda self, batches, weight, **rest: seen.append((batches, weight)) or learn(self, batches, weight, **rest))
    list(train({"n": Teacher()}, examples, None, TrainingOptions(epochs=1, accumulate=2)))
    for batches, weight in seen:
        assert round(1 / weight) == sum(examples.sizes(batch.rows)[0] for _, batch in batches) > sum(batch.pieces for _, batch in batches)


@pytest.mark.parametrize(
    ("batches", "tokens", "epochs"), [(1, 1024, 1500), (100, 1024, 15), (1000, 1024, 8), (2999, 1024, 5), (3001, 2048, 5), (5000, 2048, 3), (10**6, 2048, 3)]
)
def test_a_large_corpus_has_larger_batches_and_fewer_epochs_and_a_small_one_more(batches, tokens, epochs):
    usual = TrainingOptions()
    assert batch_of(batches, usual) == tokens
    assert epochs_of(batches, batches * 1024 // tokens, usual) == epochs
    asked = TrainingOptions(epochs=2, batch_tokens=77)
    assert (batch_of(batches, asked), epochs_of(batches, batches, asked)) == (77, 2)


def test_gradients_are_clipped_to_the_norm(examples, fresh, monkeypatch):
    norms = []

    def look(self, *rest):
        norms.append(math.sqrt(sum(float(weight.grad.square().sum()) for group in self.param_groups for weight in group["params"])))

    monkeypatch.setattr(torch.optim.SGD, "step", look)
    run({"listener": fresh()["listener"]}, examples, epochs=1, optimiser="sgd", clip=0.01)
    assert norms
    assert norms == pytest.approx([0.01] * len(norms), rel=1e-3)
    norms.clear()
    run({"listener": fresh()["listener"]}, examples, epochs=1, optimiser="sgd", clip=0)
    assert min(norms) > 0.02


# Loss


def test_scheduled_sampling_at_ratio_1_equals_the_fused_path(examples, fresh):
    for network in fresh().values():
        network.eval()
        for batch in examples.batches(200):
            fused = target_logits(network, batch)
            steps = target_logits(network, batch, teacher_forcing=1 - 1e-12, generator=torch.Generator().manual_seed(1))
            torch.testing.assert_close(steps, fused, rtol=0, atol=1e-5)


def test_scheduled_sampling_at_ratio_0_feeds_the_network_its_own_guesses(examples, fresh):
    network = fresh()["listener"].eval()
    (batch,) = examples.batches(10_000)
    logits = target_logits(network, batch, teacher_forcing=0.0, generator=torch.Generator().manual_seed(1))
    own = torch.cat([batch.tokens[:, :1], logits.argmax(-1)[:, :-1]], 1)
    torch.testing.assert_close(network.decode(own, network.encode(batch.source))[0], logits, rtol=0, atol=1e-5)
    assert not torch.allclose(logits, target_logits(network, batch))


def test_the_share_of_forced_pieces_goes_from_the_first_epoch_to_the_last(examples, fresh, monkeypatch):
    seen = []

    def spy(network, batch, *context, **named):
        if network.training:
            seen.append(named["teacher_forcing"])
        return target_logits(network, batch, *context, **named)

    monkeypatch.setattr("chatbot.training.loss.target_logits", spy)
    progress = run({"listener": fresh()["listener"]}, examples, epochs=5, teacher_forcing=(1.0, 0.2))
    assert list(dict.fromkeys(seen)) == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2])
    assert progress[-1].losses["listener"] < progress[0].losses["listener"]


class Teacher(nn.Module):
    """A network that says everything with equal probability: its loss is the same for every piece."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(400, 1)

    def encode(self, source):
        return Context((), None, source.new_zeros(len(source)))

    def decode(self, tokens, context):
        return 0 * self.table.weight.sum() + torch.ones(*tokens.shape, 400), context


def test_a_piece_counts_as_much_where_most_rows_are_only_heard(small_talk, vocabulary):
    examples = Examples([Pair(f"{utterance} {number}", reply) for utterance, reply in small_talk for number in range(40)], vocabulary)
    examples.chosen = True
    steps = list(train({"n": Teacher()}, examples, None, TrainingOptions(epochs=1)))
    assert steps[0].losses["n"] == pytest.approx(math.log(400), rel=1e-4)
    assert steps[0].tokens < next(examples.batches(1024)).real


@pytest.mark.parametrize(("epochs", "expected"), [(1, [None]), (2, [OPENING, None]), (3, [OPENING, OPENING, None]), (6, [OPENING] * 4 + [None] * 2)])
def test_the_last_epochs_teach_who_cannot_plan_how_replies_go_on(examples, monkeypatch, epochs, expected):
    seen, batch = [], Examples.batch

    def look(self, rows, aloud=None, opening=OPENING):
        seen.append(opening)
        return batch(self, rows, aloud, opening)

    monkeypatch.setattr(Examples, "batch", look)
    steps = [one.epoch for one in train({"n": Teacher()}, examples, None, TrainingOptions(epochs=epochs)) if not one.epoch_ended]
    assert list(dict(zip(steps, seen, strict=True)).values()) == expected


def test_a_plan_hears_all_rows_at_once(examples, fresh, monkeypatch):
    rows, heard = next(examples.batches(400)).rows, []
    for network in fresh(replies=2)["listener"], fresh()["listener"]:
        encode = network.encode
        monkeypatch.setattr(network, "encode", lambda source, encode=encode: heard.append(len(source)) or encode(source))
        Lesson(network, TrainingOptions(), choosing(torch.arange(len(examples)) % 2))(examples.batch(rows, 2), 1.0)
    assert heard == [len(rows), len(rows) - 2, 2]


def test_the_loss_is_summed_over_what_is_no_padding():
    logits = torch.randn(2, 3, 9, generator=torch.Generator().manual_seed(1))
    targets = torch.tensor([[7, 8, EOS], [EOS, PAD, PAD]])
    scores = logits.log_softmax(-1)
    by_hand = -(scores[0, 0, 7] + scores[0, 1, 8] + scores[0, 2, EOS] + scores[1, 0, EOS])
    torch.testing.assert_close(cross_entropy(logits, targets), by_hand)


def choosing(numbers, utterances=None):
    """Which replies fit examples of those `numbers`, each of another utterance unless it is said of which."""
    return Fitting(Repeating(numbers, 2, 0.5), Utterances.of(torch.arange(len(numbers)) if utterances is None else utterances))


def test_a_plan_is_taught_all_that_fits_and_not_the_reply_of_its_row_alone(examples, fresh):
    network, batch = fresh(replies=2, grams=0)["listener"].eval(), next(examples.batches(400))
    fitting = choosing(torch.arange(len(examples)) % 2, torch.arange(len(examples)) // 2)
    loss, nats = Lesson(network, TrainingOptions(), fitting)(batch, 1.0)
    logits = network.encode(batch.source).plan.logits
    torch.testing.assert_close(loss - nats, functional.cross_entropy(logits, fitting(batch.rows), reduction="sum"), rtol=1e-4, atol=1e-4)
    assert fitting(batch.rows)[:, :2].min() == 0.5


def test_a_listener_with_a_plan_learns_which_reply_it_gives_and_the_loss_that_is_told_is_that_of_the_pieces(examples, fresh):
    rows = next(examples.batches(400)).rows
    fitting = choosing(torch.arange(len(examples), dtype=torch.int16) % 3 - 1)  # a third has a reply that nobody else has
    networks = fresh(replies=2, grams=0)
    torch.nn.init.zeros_(networks["listener"].planner.which.weight)  # no reply is likelier, nor is one that nobody else has
    torch.nn.init.zeros_(networks["listener"].planner.told.weight)
    for name, network in networks.items():
        lesson = Lesson(network.eval(), TrainingOptions(plan=2.0), fitting)
        for batch in (examples.batch(rows), examples.batch(rows, 2)):
            both, told = lesson(batch, 1.0)
            if name == "listener":
                torch.testing.assert_close(both - told, torch.tensor(2 * len(rows) * math.log(3)), rtol=1e-5, atol=1e-5)
                context = network.encode(batch.source[: len(batch.tokens)])
                plans = (context.plan.only(fitting.repeating.planned(batch.rows[: len(batch.tokens)])), context.plan.logits.softmax(-1))
                least, most = sorted(cross_entropy(target_logits(network, batch, context.decided(plan)), batch.targets).item() for plan in plans)
                assert least * 0.99 <= told <= most * 1.01, "some are told their reply, and some all of them"
            else:
                assert lesson(batch, 1.0) == Lesson(network, TrainingOptions())(batch, 1.0)
                assert told == cross_entropy(target_logits(network, batch), batch.targets)


def test_who_cannot_plan_is_taught_how_the_replies_begin_that_are_not_said_to_the_end(examples, fresh):
    rows, network = next(examples.batches(400)).rows, fresh()["interrupter-1"].eval()
    both, nats = Lesson(network, TrainingOptions())(examples.batch(rows, 2), 1.0)
    whole = examples.batch(rows[2:])
    begun = cross_entropy(target_logits(network, whole)[:, :OPENING], whole.targets[:, :OPENING])
    torch.testing.assert_close(both - nats, begun, rtol=1e-4, atol=1e-4)


def test_a_plan_teaches_what_the_listener_hears(examples, fresh):
    network = fresh(replies=2)["listener"]
    both, nats = Lesson(network, TrainingOptions(), choosing(torch.arange(len(examples)) % 2))(next(examples.batches(400)), 1.0)
    (both - nats).backward(inputs=[network.heard.table.weight])
    assert network.heard.table.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_of_the_rows_is_told_its_reply_and_the_others_what_was_planned(examples, fresh, monkeypatch, share):
    monkeypatch.setattr("chatbot.training.loss.TOLD", share)
    network, batch = fresh(replies=2)["listener"].eval(), next(examples.batches(400))
    fitting = choosing(torch.arange(len(examples)) % 2)
    context = network.encode(batch.source)
    told = context.plan.only(fitting.repeating.numbers[batch.rows]) if share else context.plan.logits.softmax(-1)
    expected = cross_entropy(target_logits(network, batch, context.decided(told)), batch.targets)
    torch.testing.assert_close(Lesson(network, TrainingOptions(), fitting)(batch, 1.0)[1], expected)


@pytest.mark.parametrize("grams", [0, 8])
def test_each_opinion_of_a_plan_is_taught_by_itself_and_what_is_planned_is_their_mean(examples, fresh, grams):
    network, batch = fresh(replies=2, grams=grams)["listener"].eval(), next(examples.batches(400))
    fitting = choosing(torch.arange(len(examples)) % 2)
    loss, nats = Lesson(network, TrainingOptions(plan=0.5), fitting)(batch, 1.0)
    plan, numbers = network.encode(batch.source).plan, fitting.repeating.numbers[batch.rows]
    assert len(plan.opinions) == (2 if grams else 1)
    torch.testing.assert_close(plan.logits, torch.stack(plan.opinions).mean(0))
    taught = sum(functional.cross_entropy(logits, numbers, reduction="sum") for logits in plan.opinions)
    torch.testing.assert_close(loss - nats, 0.5 * taught, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("by_heart", [True, False])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_what_is_planned_is_told_to_the_decoder_before_its_first_word_and_what_was_heard_only_where_no_reply_repeats(fresh, cell, by_heart):
    network, source = fresh(replies=2, cell=cell, by_heart=by_heart, attention="none")["listener"].eval(), torch.tensor([[7, 8, 9], [9, 8, 7]])
    heard = network.encode(source)
    for reply in range(3):
        torch.nn.init.zeros_(network.planner.which.weight)
        network.planner.which.bias.data = 100 * torch.eye(3)[reply]  # whatever is heard
        context = network.encode(source)
        assert context.plan.logits.argmax(-1).tolist() == [reply, reply]
        told = network.planner.told.weight[reply]
        for decided in (context.decided(), heard.decided(heard.plan.only(torch.tensor([reply, reply])))):
            own = float(reply == 2 or not by_heart)
            torch.testing.assert_close(decided.state[-1], own * heard.state[-1] + told)
            for before, after in zip(heard.state[:-1], decided.state[:-1], strict=True):
                torch.testing.assert_close(after, own * before)
            assert decided.plan is None
            assert decided.decided() is decided


@pytest.mark.parametrize("by_heart", [True, False])
def test_who_goes_on_keeps_the_plan_of_the_replies_that_it_knew(fresh, by_heart):
    network, source = fresh(replies=2, by_heart=by_heart, attention="none")["listener"].eval(), torch.tensor([[7, 8, 9], [9, 8, 7]])
    heard, told = network.encode(source), network.planner.told.weight.clone()
    more = network.planning(4, {3: 0, 0: 1}).eval()
    assert more.options.replies == 4
    torch.testing.assert_close(more.encode(source).plan.logits[:, [3, 0, 4]], heard.plan.logits)
    torch.testing.assert_close(more.planner.told.weight[[3, 0, 4]], told)
    assert torch.equal(more.planner.by_grams.grams.table.weight, network.planner.by_grams.grams.table.weight)
    assert bool(more.planner.told.weight[[1, 2]].any()) == by_heart, "what was heard tells enough of what has yet to be learnt, where it is told at all"
    assert more.planning(0, {}).encode(source).plan is None
    assert more.planning(2, {}).eval().encode(source).decided().state[-1].equal(heard.state[-1]), "a new plan has nothing to tell at first"


def test_padding_does_not_change_a_plan(fresh):
    network = fresh(replies=2)["listener"].eval()
    alone, padded = network.encode(torch.tensor([[7, 8, 9]])), network.encode(torch.tensor([[7, 8, 9, PAD, PAD], [7, 8, 9, 9, 9]]))
    torch.testing.assert_close(alone.plan.logits, padded.plan.logits[:1])
    assert not torch.equal(*padded.plan.logits)


@pytest.mark.parametrize("reverse_source", [False, True])
def test_the_words_that_a_plan_goes_by_are_those_of_the_utterance_and_not_of_the_turns_before(fresh, reverse_source):
    network = fresh(replies=2, reverse_source=reverse_source)["listener"].eval()
    with torch.no_grad():
        network.planner.which.weight[:, : 2 * network.options.hidden] = 0.0  # all but the words themselves
    sources = torch.tensor([[7, 8, PAD, PAD, PAD], [9, 5, SEP, 7, 8], [9, SEP, 7, 8, PAD], [9, SEP, 7, 9, PAD]])
    alone, *after, other = network.encode(sources).plan.logits
    for logits in after:
        torch.testing.assert_close(alone, logits)
    assert not torch.allclose(alone, other)


def test_a_plan_goes_by_what_was_heard_of_the_utterance_alone():
    planner = Planner(NetworkOptions(hidden=8, embedding=6, replies=3), torch.zeros(40, 1, dtype=torch.long)).eval()
    generator = torch.Generator().manual_seed(1)
    embedded, heard, last = torch.randn(1, 5, 6, generator=generator), torch.rand(1, 5, 8, generator=generator) - 0.5, torch.randn(1, 8, generator=generator)
    source, now = torch.tensor([[7, 8, 9, 7, PAD]]), torch.tensor([[False, False, True, True, False]])

    def logits(changed):
        return planner(embedded + changed[:, :, None], heard + changed[:, :, None] * 0.5, last, source + changed, now).logits

    plan = planner(embedded, heard, last, source, now).logits
    torch.testing.assert_close(logits(~now), plan)
    assert not torch.allclose(logits(now), plan)


@pytest.mark.parametrize("reverse_source", [False, True])
def test_the_direction_that_reads_the_utterance_first_is_asked_before_the_turns_before(fresh, reverse_source):
    network = fresh(reverse_source=reverse_source, cell="gru", layers=2)["listener"].eval()
    first = slice(0, 8) if reverse_source else slice(8, 16)  # of the 16 outputs its own
    summaries = []
    network.encoder.register_forward_hook(lambda module, inputs, outputs: summaries.append(outputs[1]))
    network.encode(torch.tensor([[7, 8, PAD, PAD], [9, SEP, 7, 8], [5, SEP, 7, 8]]))
    (alone, after, other) = summaries[0][0]  # of the lower layer; the upper one hears both directions of it
    torch.testing.assert_close(alone[first], after[first])
    torch.testing.assert_close(after[first], other[first])
    assert not torch.allclose(after, other)


def test_label_smoothing_shares_some_of_the_target_with_all_pieces():
    logits, targets = torch.randn(1, 2, 9, generator=torch.Generator().manual_seed(1)), torch.tensor([[7, EOS]])
    scores = logits.log_softmax(-1)
    by_hand = 0.8 * cross_entropy(logits, targets) - 0.2 * scores.mean(-1).sum()
    torch.testing.assert_close(cross_entropy(logits, targets, label_smoothing=0.2), by_hand)


def test_log_probabilities_come_in_the_order_of_the_examples(examples, fresh):
    network = fresh()["listener"].eval()
    whole = log_probabilities(network, examples, budget=60)
    for row in range(len(examples)):
        batch = examples.batch(torch.tensor([row]))
        scores = target_logits(network, batch)[0].log_softmax(-1).detach()
        assert float(whole[row]) == pytest.approx(float(scores[range(len(scores)), batch.targets[0]].sum()), abs=1e-4)


def test_a_listener_that_plans_is_scored_by_its_plan_of_the_reply_and_by_its_pieces_once_that_is_decided(examples, fresh):
    network = fresh(replies=3)["listener"].eval()
    numbers = {tuple(ids): number for number, ids in enumerate(islice(examples.target.rows(), 3))}
    some = Examples.of(examples.source, examples.target).numbered(numbers)
    whole = log_probabilities(network, some, budget=60)
    for row, target in enumerate(some.target.rows()):
        batch, number = some.batch(torch.tensor([row])), numbers.get(tuple(target), 3)
        context = network.encode(batch.source)
        pieces = -cross_entropy(target_logits(network, batch, context.decided(context.plan.only(torch.tensor([number])))), batch.targets)
        assert whole[row].item() == pytest.approx((context.plan.logits.log_softmax(-1)[0, number] + pieces).item(), abs=1e-4)


# Networks and options


@pytest.mark.parametrize("vocabulary_size", [300, 4000, 8000])
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cell": "gru"},
        {"cell": "rnn", "tied": False},
        {"attention": "none"},
        {"attention": "additive", "layers": 3},
        {"bidirectional": False, "attention": "dot"},
        {"cell": "gru", "hidden": 80, "embedding": 8, "layers": 4},
        {"hidden": 66, "embedding": 3},
    ],
    ids=str,
)
def test_the_interrupter_has_as_many_parameters_as_the_listener(preset, changes, vocabulary_size):
    options = NetworkOptions(**{**asdict(PRESETS[preset]), **changes})
    with torch.device("meta"):
        target = parameters(Seq2Seq(options, vocabulary_size))
        other = twin(options, vocabulary_size, wait=2, target=target)
    assert other.wait == 2
    assert abs(parameters(other) / target - 1) < 0.05


def test_a_shared_matrix_counts_once():
    untied, tied = (parameters(Seq2Seq(NetworkOptions(hidden=8, embedding=6, tied=tied), 100)) for tied in (False, True))
    assert untied - tied == 600


def test_training_leaves_the_padding_silent(examples, fresh):
    networks = fresh()
    before = copy.deepcopy(networks)
    run(networks, examples)
    for name, network in networks.items():
        assert not same(weights(network), weights(before[name]))
        for part in network.modules():
            if isinstance(part, nn.Embedding) and part.weight is not network.speak.logits.weight:
                assert torch.equal(part.weight[PAD], next(m for m in before[name].modules() if isinstance(m, nn.Embedding)).weight[PAD])


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (NetworkOptions, {"cell": "tree"}), (NetworkOptions, {"attention": "all"}), (NetworkOptions, {"hidden": 0}), (NetworkOptions, {"hidden": 7}),
        (NetworkOptions, {"layers": 0}), (NetworkOptions, {"word_dropout": 1.0}), (NetworkOptions, {"hidden": 10**9}), (NetworkOptions, {"dropout": 1.0}), (NetworkOptions, {"dropout": -0.1}), (NetworkOptions, {"dropout": math.nan}),
        (TrainingOptions, {"optimiser": "adagrad"}), (TrainingOptions, {"epochs": -1}), (TrainingOptions, {"batch_tokens": -1}), (TrainingOptions, {"clip": -1.0}),
        (TrainingOptions, {"learning_rate": 0.0}), (TrainingOptions, {"learning_rate": math.inf}), (TrainingOptions, {"learning_rate": math.nan}),
        (TrainingOptions, {"label_smoothing": 1.5}), (TrainingOptions, {"plan": -1.0}), (TrainingOptions, {"teacher_forcing": (1.0, 1.2)}), (TrainingOptions, {"seed": -1}),
        (TrainingOptions, {"warmup": -0.5}), (TrainingOptions, {"patience": -1}), (TrainingOptions, {"clip": math.nan}),
    ],
    ids=str,
)  # fmt: skip
def test_options_that_cannot_be_are_refused_with_a_remedy(kind, changes):
    with pytest.raises(OptionError) as caught:
        kind(**changes)
    assert caught.value.remedy
