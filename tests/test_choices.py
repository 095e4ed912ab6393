"""The law of the decoding panel: what is shown as kept is what the sampler can draw, no more and no less."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chatbot import bundle as bundles
from chatbot.bot import Bot
from chatbot.decoding import cut, sampler
from chatbot.records import Decoding

V = 12
settings = st.fixed_dictionaries({"temperature": st.floats(0.3, 3), "top_k": st.integers(0, V), "top_p": st.floats(0.05, 1)})


@given(st.lists(st.floats(-4, 0), min_size=V, max_size=V), settings)
def test_what_is_kept_is_what_can_be_drawn(logits, chosen):
    allowed = torch.tensor([logits]).log_softmax(-1)
    allowed[0, 0] = -torch.inf  # banned
    kept = set((cut(allowed, **chosen)[0] > -torch.inf).nonzero().flatten().tolist())
    rows = 400
    drawn = sampler(**chosen, seeds=list(range(rows)))(allowed.expand(rows, -1), 0, range(rows))
    assert set(drawn.tolist()) <= kept
    assert 0 not in kept
    shares = cut(allowed, **chosen)[0].softmax(-1)
    assert {number for number in kept if shares[number] > 0.05} <= set(drawn.tolist()), "kept, and never drawn"


@pytest.fixture(scope="module")
def bot(bundle_folder) -> Bot:
    return Bot.of(bundles.load(bundle_folder))


@pytest.mark.parametrize(
    "decoding",
    [
        Decoding(),
        Decoding(strategy="sample", temperature=1.4, seed=3),
        Decoding(strategy="sample", top_k=3, top_p=1.0, seed=5),
        Decoding(strategy="sample", temperature=0),
        Decoding(strategy="beam", width=3),
        Decoding(block_ngrams=2),
    ],
    ids=str,
)
def test_the_steps_are_those_of_the_reply(bot, decoding):
    choices = bot.choices("it rains here", decoding)
    reply = bot.reply("it rains here", decoding)
    assert "".join(choice.said.text for choice in choices).strip() == reply.text.strip()
    assert len(choices) == reply.pieces
    for choice in choices:
        assert choice.said.kept, "what was said can be said"
        shown = [one.probability for one in choice.likeliest]
        assert shown == sorted(shown, reverse=True)
        assert 0 < sum(shown) <= 1.00001
        if decoding.strategy == "greedy" or decoding.temperature == 0:
            assert choice.kept == 1
        if decoding.top_k and decoding.strategy == "sample":
            assert [one.kept for one in choice.likeliest] == [place < 3 for place in range(len(choice.likeliest))]


@pytest.mark.parametrize(
    "decoding", [Decoding(), Decoding(strategy="sample", temperature=1.0, top_k=2, top_p=1.0, seed=5), Decoding(strategy="beam", width=2)], ids=str
)
def test_where_a_reply_is_planned_the_first_step_is_which(bot, listener, decoding):
    bot = replace(bot, network=listener(len(bot.vocabulary), replies=3), reply_limit=8)
    plan, *steps = bot.choices("it rains here", decoding)
    reply = bot.reply("it rains here", decoding)
    assert plan.planning
    assert not any(choice.planning for choice in steps)
    assert len(steps) == reply.pieces
    assert plan.said.probability == pytest.approx(math.exp(reply.plan.log_probability), abs=1e-4)
    assert len(plan.likeliest) == 4, "three replies, and one that does not repeat"
    assert sum(one.probability for one in plan.likeliest) == pytest.approx(1, abs=1e-4)
    assert plan.kept == (1 if decoding.strategy == "greedy" else 2)
    if decoding.strategy == "greedy":
        assert plan.said.text == reply.text
