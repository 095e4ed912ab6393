"""Law 1: T tokens at once equal T times one; padding and neighbours change nothing; beam(1) is greedy; equal seeds, equal replies; the bans."""

from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chatbot.bot import Bot
from chatbot.decoding import Decoder, Limits, beam, greedy, sampler, stream
from chatbot.networks.protocol import Context
from chatbot.records import Decoding
from chatbot.vocabulary import BOS, EOS, PAD, SEP, UNK

V = 40
CELLS, ATTENTIONS = ("rnn", "gru", "lstm"), ("none", "dot", "general", "additive")
SOURCES = [[9, 17, 30, 8, 11], [12], [22, 6, 35, 7, 14, 28, 39, 10], [33, 20]]
WITH_HISTORY = [[9, 17, SEP, 8, 11, SEP, 30, 9, 25], [12], [5, SEP, 6, SEP, 35, 7, 14, 28, 39, 10], [33, 20, SEP, 21, SEP, 7]]
VISIBLE = torch.tensor([number >= 8 for number in range(V)])


def padded(rows, extra=0):
    longest = max(map(len, rows)) + extra
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


def replies(rows, length=7):
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(5, V, (len(rows), length), generator=generator)
    ids[:, 0] = BOS
    return ids


@torch.inference_mode()
def check_steps(network, rows):
    """All that law 1 says of logits, for one network."""
    tokens, source = replies(rows), padded(rows)
    whole, after = network.decode(tokens, network.encode(source))
    for cuts in ((1, 2, 3, 4, 5, 6), (3,), (1, 5)):
        context, parts = network.encode(source), []
        for part in torch.tensor_split(tokens, cuts, 1):
            logits, context = network.decode(part, context)
            parts.append(logits)
        torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=0, atol=1e-5)
        assert torch.equal(context.position, after.position)
        assert torch.equal(context.position, torch.full((len(rows),), tokens.shape[1]))
    more_padding = network.decode(tokens, network.encode(padded(rows, extra=4)))[0]
    torch.testing.assert_close(more_padding, whole, rtol=0, atol=1e-5)
    for row, alone in enumerate(rows):
        logits = network.decode(tokens[row : row + 1], network.encode(torch.tensor([alone])))[0]
        torch.testing.assert_close(logits, whole[row : row + 1], rtol=0, atol=1e-5)
    index = torch.tensor([2, 0, 0, 3, 1])
    rearranged, context = network.decode(tokens[index], network.encode(source).rows(index))
    torch.testing.assert_close(rearranged, whole[index], rtol=0, atol=1e-5)
    assert context.position.shape == index.shape
    assert float((whole[0] - whole[1]).abs().max()) > 0.1, "the rows must differ, or nothing was tested"


@pytest.mark.parametrize(("cell", "attention", "bidirectional", "layers"), [*product(CELLS, ATTENTIONS, (True, False), (1, 2))])
def test_the_listener_decodes_at_once_as_step_by_step_whatever_stands_beside(listener, cell, attention, bidirectional, layers):
    for tied, reverse in product((True, False), repeat=2):
        changes = {"tied": tied, "reverse_source": reverse, "replies": 3 if tied else 0}
        for rows in (SOURCES, WITH_HISTORY):
            check_steps(listener(V, cell=cell, attention=attention, bidirectional=bidirectional, layers=layers, **changes), rows)


@pytest.mark.parametrize(("cell", "layers", "wait", "rows"), [*product(CELLS, (1, 2), (1, 4), (SOURCES, WITH_HISTORY))])
def test_the_interrupter_decodes_at_once_as_step_by_step_whatever_stands_beside(interrupter, cell, layers, wait, rows):
    for tied in (True, False):
        check_steps(interrupter(V, cell=cell, layers=layers, wait=wait, tied=tied), rows)


@torch.inference_mode()
def test_reading_backwards_is_hearing_the_reversed_utterance(listener):
    forward, backward = listener(V, bidirectional=False), listener(V, bidirectional=False, reverse_source=True)
    tokens = replies(SOURCES)
    turned = forward.decode(tokens, forward.encode(padded([row[::-1] for row in SOURCES])))[0]
    torch.testing.assert_close(backward.decode(tokens, backward.encode(padded(SOURCES)))[0], turned, rtol=0, atol=1e-5)


@torch.inference_mode()
def test_after_the_utterance_the_interrupter_hears_end_marks(interrupter):
    network, tokens = interrupter(V, wait=4), replies(SOURCES)
    closed = network.decode(tokens, network.encode(padded([row + [EOS] * 9 for row in SOURCES])))[0]
    torch.testing.assert_close(network.decode(tokens, network.encode(padded(SOURCES)))[0], closed, rtol=0, atol=1e-5)


def said(network, source, choose=greedy, limit=12, **options):
    steps = list(stream(network, source, choose, Limits(VISIBLE, limit, **options)))
    ids = [list(row) for row in zip(*(step.ids for step in steps), strict=True)]
    scores = [sum(row) for row in zip(*(step.log_probabilities for step in steps), strict=True)]
    return [(row[: row.index(EOS)] if EOS in row else row, EOS in row, score) for row, score in zip(ids, scores, strict=True)]


@pytest.mark.parametrize(("cell", "block_ngrams", "length_penalty", "plans"), [*product(CELLS, (0, 2), (0.0, 1.0), (0, 3))])
def test_a_beam_of_width_1_is_greedy(listener, cell, block_ngrams, length_penalty, plans):
    network, source = listener(V, cell=cell, replies=plans), torch.randint(5, V, (16, 6), generator=torch.Generator().manual_seed(1))
    ends = set()
    for wish in (-5.0, 0.0, 3.0):  # to end early or late
        with torch.no_grad():
            network.speak.logits.bias[EOS] = wish
        found = beam(network, source, Limits(VISIBLE, 12, block_ngrams), width=1, length_penalty=length_penalty)
        plain = said(network, source, block_ngrams=block_ngrams)
        assert [(one.ids, one.finished) for (one,) in found] == [(ids, finished) for ids, finished, _ in plain]
        assert [one.log_probability for (one,) in found] == pytest.approx([score for _, _, score in plain], abs=1e-4)
        ends |= {finished for _, finished, _ in plain}
    assert ends == {True, False}, "some replies must end and some be cut, or less was tested"


@pytest.mark.parametrize("plans", [0, 3])
def test_a_wide_beam_finds_what_is_likelier_than_greedy_and_scores_it_as_the_network_does(listener, plans):
    network, source = listener(V, replies=plans), torch.randint(5, V, (24, 6), generator=torch.Generator().manual_seed(3))
    found = beam(network, source, Limits(VISIBLE, 8), width=6, length_penalty=0.0)
    better = 0
    for row, (hypotheses, (_, _, score)) in enumerate(zip(found, said(network, source, limit=8), strict=True)):
        assert [one.log_probability for one in hypotheses] == sorted((one.log_probability for one in hypotheses), reverse=True)
        better += hypotheses[0].log_probability > score + 1e-4
        for one in hypotheses:
            targets = one.ids + [EOS] * one.finished
            with torch.inference_mode():
                context, planned = network.encode(source[row : row + 1]), 0.0
                if context.plan:
                    planned = float(context.plan.logits.log_softmax(-1)[0, one.plan.number])
                    assert one.plan.log_probability == pytest.approx(planned, abs=1e-4)
                    context = context.decided(context.plan.only(torch.tensor([one.plan.number])))
                logits = network.decode(torch.tensor([[BOS, *targets[:-1]]]), context)[0].log_softmax(-1)
            assert one.log_probability == pytest.approx(planned + float(logits[0, range(len(targets)), targets].sum()), abs=1e-4)
            assert one.score(0.0) == pytest.approx(one.log_probability)
            assert one.score(1.0) == pytest.approx(one.log_probability / (1 if plans else max(1, len(targets))), abs=1e-4)
    assert better, "else nothing was searched"
    assert (len({one.plan for hypotheses in found for one in hypotheses}) > 1) == bool(plans)


@pytest.mark.parametrize("plans", [0, 3])
def test_a_beam_does_not_depend_on_its_neighbours(listener, plans):
    network, source = listener(V, replies=plans), padded(SOURCES)
    together = beam(network, source, Limits(VISIBLE, 10), width=3)
    for row, alone in zip(together, SOURCES, strict=True):
        (lonely,) = beam(network, torch.tensor([alone]), Limits(VISIBLE, 10), width=3)
        assert [one.ids for one in lonely] == [one.ids for one in row]


@pytest.mark.parametrize("decoding", [Decoding(), Decoding(strategy="sample", seed=5, temperature=1.3), Decoding(strategy="beam", width=3)], ids=str)
@pytest.mark.parametrize(("wait", "plans"), [(None, 0), (None, 3), (1, 0), (4, 0)])
def test_a_reply_is_the_same_alone_in_a_batch_and_streamed(vocabulary, listener, interrupter, small_talk, decoding, wait, plans):
    if wait and decoding.strategy == "beam":
        pytest.skip("the interrupter has no beam")
    network = interrupter(len(vocabulary), wait=wait) if wait else listener(len(vocabulary), replies=plans)
    bot, utterances = Bot(network, vocabulary, reply_limit=10), [utterance for utterance, _ in small_talk]
    together = bot.replies(utterances, decoding)
    for utterance, reply in zip(utterances, together, strict=True):
        *chunks, whole = bot.stream(utterance, decoding)
        assert whole.text == reply.text == bot.reply(utterance, decoding).text == "".join(chunks)
        assert (whole.pieces, whole.finished) == (reply.pieces, reply.finished)
        assert whole.log_probability == pytest.approx(reply.log_probability, abs=1e-3)
        assert (whole.plan and whole.plan.number) == (reply.plan and reply.plan.number)
        assert (reply.plan is not None) == bool(plans)
    assert plans or len({reply.text for reply in together}) > 1, "the replies must differ, or nothing was tested"


def test_equal_seeds_give_equal_replies_and_other_seeds_others(vocabulary, listener):
    bot = Bot(listener(len(vocabulary)), vocabulary, reply_limit=10)
    texts = [bot.reply("hello", Decoding(strategy="sample", seed=seed, temperature=2.0, top_p=1.0)).text for seed in (1, 2, 3, 1, 2, 3)]
    assert texts[:3] == texts[3:]
    assert len(set(texts)) == 3


class Wants:
    """A network that always wants the same pieces, the first the most."""

    def __init__(self, *wanted: int) -> None:
        self.logits = torch.zeros(V)
        for place, number in enumerate(wanted):
            self.logits[number] = 50.0 - place

    def encode(self, source):
        return Context((), None, torch.zeros(len(source), dtype=torch.long))

    def decode(self, tokens, context):
        return self.logits.expand(*tokens.shape, V), context._replace(position=context.position + tokens.shape[1])


STRATEGIES = {
    "greedy": lambda network, **options: [ids for ids, _, _ in said(network, padded(SOURCES), **options)],
    "sample": lambda network, **options: [
        ids for ids, _, _ in said(network, padded(SOURCES), sampler(temperature=1.0, top_k=0, top_p=1.0, seeds=[1, 2, 3, 4]), **options)
    ],
    "beam": lambda network, **options: [one.ids for found in beam(network, padded(SOURCES), Limits(VISIBLE, 12, **options), width=3) for one in found],
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_pad_bos_unk_and_sep_are_never_said(strategy):
    for ids in STRATEGIES[strategy](Wants(PAD, BOS, UNK, SEP, 20)):
        assert ids
        assert not {PAD, BOS, UNK, SEP} & set(ids)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_end_mark_never_comes_before_something_visible(strategy):
    for ids in STRATEGIES[strategy](Wants(EOS, 6, 7)):  # 6 and 7 show nothing
        assert any(VISIBLE[ids]) or len(ids) == 12
    first, *_ = STRATEGIES[strategy](Wants(EOS, 9))
    assert first == [9], "once something is visible the end-mark may come"


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("length", [1, 2, 3])
def test_with_ngram_blocking_no_ngram_is_said_twice_and_the_reply_still_ends(strategy, length):
    for ids in STRATEGIES[strategy](Wants(9, EOS, 10), block_ngrams=length):
        grams = [tuple(ids[place : place + length]) for place in range(len(ids) - length + 1)]
        assert len(grams) == len(set(grams))
        assert len(ids) < 12


def test_ngram_blocking_never_bans_the_end_mark():
    decoder = Decoder.listen(Wants(9), torch.tensor([[7]]), Limits(VISIBLE, 9, block_ngrams=2))
    for number in (9, EOS, 9):
        decoder.say(torch.tensor([number]))
    allowed = decoder.step()[1][0]
    assert allowed[EOS].isfinite()
    assert allowed[10].isfinite()


def test_a_network_in_training_mode_may_not_speak(listener):
    network = listener(V).train()
    with pytest.raises(AssertionError):
        Decoder.listen(network, torch.tensor([[7]]), Limits(VISIBLE, 9))
    network.eval()


def test_an_unlucky_draw_never_says_what_is_banned():
    allowed = torch.full((1, 4000), -torch.inf)
    allowed[0, [9, 10]] = -0.7
    for seed in (8502, 18523, 28425):  # their first noise holds a number that rounds to 1 in fp32
        assert int(sampler(temperature=1.0, top_k=0, top_p=1.0, seeds=[seed])(allowed, 0, [0])) in (9, 10)


def test_samples_are_drawn_as_often_as_they_are_likely():
    shares = torch.tensor([0.5, 0.3, 0.15, 0.05])
    ids = sampler(temperature=1.0, top_k=0, top_p=1.0, seeds=list(range(3000)))(shares.log().expand(3000, 4), 0, range(3000))
    counted = torch.bincount(ids, minlength=4) / 3000
    torch.testing.assert_close(counted, shares, rtol=0, atol=0.03)


@given(st.permutations([0.0, -0.5, -1.5, -4.0]), st.integers(0, 99), st.integers(0, 9))
def test_cuts_keep_only_the_likeliest(scores, seed, step):
    allowed = torch.tensor([scores]).log_softmax(-1)
    order = allowed[0].argsort(descending=True).tolist()
    assert int(sampler(temperature=0, top_k=0, top_p=1.0, seeds=[seed])(allowed, step, [0])) == order[0]
    assert int(sampler(temperature=3.0, top_k=1, top_p=1.0, seeds=[seed])(allowed, step, [0])) == order[0]
    assert int(sampler(temperature=3.0, top_k=0, top_p=1e-9, seeds=[seed])(allowed, step, [0])) == order[0]
    assert int(sampler(temperature=3.0, top_k=2, top_p=1.0, seeds=[seed])(allowed, step, [0])) in order[:2]
    nucleus = [number for place, number in enumerate(order) if float(allowed[0].exp()[order[:place]].sum()) < 0.6 + 1e-6]
    assert int(sampler(temperature=1.0, top_k=0, top_p=0.6, seeds=[seed])(allowed, step, [0])) in nucleus


@torch.inference_mode()
@pytest.mark.parametrize(("cell", "wait"), [*product(CELLS, (1, 4))])
def test_in_training_the_interrupter_hears_a_history_and_says_its_reply_in_one_run(interrupter, cell, wait):
    network = interrupter(V, cell=cell, wait=wait, dropout=0.0, word_dropout=0.0)
    for rows in (SOURCES, WITH_HISTORY):
        source, tokens = padded(rows), replies(rows)
        expected = network.eval().decode(tokens, network.encode(source))[0]
        network.train()
        torch.testing.assert_close(network.decode(tokens, network.encode(source))[0], expected, rtol=0, atol=1e-5)
        context, steps = network.encode(source), []
        for token in tokens.split(1, 1):
            logits, context = network.decode(token, context)
            steps.append(logits)
        torch.testing.assert_close(torch.cat(steps, 1), expected, rtol=0, atol=1e-5)
        network.eval()
