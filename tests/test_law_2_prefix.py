"""Law 2: utterances that share their first t pieces get identical first t - k + 1 reply pieces from the wait-k RNN."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chatbot.bot import Bot
from chatbot.decoding import Limits, greedy, sampler, stream
from chatbot.listening import race
from chatbot.records import Decoding
from chatbot.vocabulary import BOS, SEP

V, LIMIT, WAITS = 40, 12, (1, 2, 4)
VISIBLE = torch.tensor([number >= 8 for number in range(V)])
pieces = st.integers(5, V - 1)
some = st.lists(pieces, max_size=8)
HISTORIES = ([], [9, SEP, 30, 12, SEP], [7, SEP, 8, SEP, 33, 21, SEP, 6, SEP])


def says(network, source, choose=greedy):
    return [said.ids[0] for said in stream(network, torch.tensor([source]), choose, Limits(VISIBLE, LIMIT))]


@torch.inference_mode()
def logits(network, source, tokens):
    return network.decode(torch.tensor([tokens]), network.encode(torch.tensor([source])))[0][0]  # (T, V)


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_what_comes_after_the_cut_changes_nothing_before_it(interrupter, cell, wait, history):
    network = interrupter(V, cell=cell, wait=wait)

    @given(st.lists(pieces, min_size=1, max_size=8), some, some, st.lists(pieces, min_size=LIMIT, max_size=LIMIT), st.integers(0, 99))
    def holds(shared, tail, other_tail, forced, seed):
        one, other = [*history, *shared, *tail], [*history, *shared, *other_tail]
        bound = max(0, len(shared) - wait + 1)
        tokens = [BOS, *forced]
        torch.testing.assert_close(logits(network, one, tokens)[:bound], logits(network, other, tokens)[:bound], rtol=0, atol=1e-5)
        assert says(network, one)[:bound] == says(network, other)[:bound]
        choose = sampler(temperature=1.0, top_k=0, top_p=0.9, seeds=[seed])
        assert says(network, one, choose)[:bound] == says(network, other, choose)[:bound]

    holds()


@pytest.mark.parametrize("wait", WAITS)
def test_the_piece_after_the_cut_is_heard_at_once(interrupter, wait):
    network, shared, tokens = interrupter(V, wait=wait), [9, 17, 30, 8, 11], [BOS, *range(10, 20)]
    one, other = logits(network, [*shared, 20, 7], tokens), logits(network, [*shared, 33, 7], tokens)
    bound = len(shared) - wait + 1
    assert float((one[:bound] - other[:bound]).abs().max()) < 1e-5
    assert float((one[bound] - other[bound]).abs().max()) > 0.1


@torch.inference_mode()
@pytest.mark.parametrize("wait", WAITS)
def test_an_utterance_may_grow_while_the_reply_goes_on(interrupter, wait):
    network, source, tokens = interrupter(V, wait=wait), [9, 17, 30, 8, 11, 25, 6, 31], [BOS, *range(10, 19)]
    whole = logits(network, source, tokens)
    context, done = network.encode(torch.tensor([source[:wait]])), []
    for heard in range(wait, len(source) + 1):
        context = context._replace(memory=network.remember(torch.tensor([source[:heard]])))
        step, context = network.decode(torch.tensor([[tokens[len(done)]]]), context)
        done.append(step[0, 0])
    torch.testing.assert_close(torch.stack(done), whole[: len(done)], rtol=0, atol=1e-5)


def parts(said):
    return [step.said for step in said.steps if step.said is not None]


words = st.lists(st.sampled_from(["hello", "I", "am", "sad", "what", "is", "it,", "today?", "été", "天", "Zz-9", "tea", "…", "👋🏽"]), min_size=1, max_size=6)


def growing(bot, heard, decoding):
    """The races over one more word each, and at last the one over the whole."""
    texts = [" ".join(heard[:count]) for count in range(1, len(heard) + 1)]
    return [race(bot, text, decoding, still_typing=True) for text in texts] + [race(bot, texts[-1], decoding)]


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("decoding", [Decoding(), Decoding(strategy="sample", seed=3)], ids=str)
def test_a_growing_race_never_takes_back_what_was_said(vocabulary, interrupter, wait, decoding):
    bot = Bot(interrupter(len(vocabulary), wait=wait), vocabulary, reply_limit=30)
    began = []

    @given(words)
    def holds(heard):
        *open_, whole = growing(bot, heard, decoding)
        for before, after in zip(open_, [*open_[1:], whole], strict=True):
            assert parts(after)[: len(parts(before))] == parts(before)
            assert len(parts(before)) <= max(0, len(bot.hear(before.utterance)) - wait + 1)
        began.append(len(parts(open_[-1])) > 0)

    holds()
    assert sum(began) > 10


@pytest.mark.parametrize("wait", WAITS)
def test_the_text_of_a_growing_race_is_never_taken_back(vocabulary, interrupter, wait):
    bot = Bot(interrupter(len(vocabulary), wait=wait), vocabulary, reply_limit=30)

    @given(words, st.integers(0, 99))
    def holds(heard, seed):  # so hot that it says bytes of characters that it does not finish
        *open_, whole = growing(bot, heard, Decoding(strategy="sample", temperature=9.0, top_p=1.0, seed=seed))
        for before, after in zip(open_, [*open_[1:], whole], strict=True):
            assert after.interrupter.text.startswith(before.interrupter.text)

    holds()
