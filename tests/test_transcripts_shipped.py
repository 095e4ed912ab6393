"""The transcripts that guard the bots that ship, each folder of tests/transcripts with the bundle of its name: they hold, and they can fail."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from chatbot import bundle as bundles
from chatbot.bot import Bot
from chatbot.records import Decoding
from chatbot.shipped import BUNDLES
from chatbot.transcripts import selecting
from chatbot.transcripts.formatting import formatted
from chatbot.transcripts.margins import traced
from chatbot.transcripts.parse import read
from chatbot.transcripts.playing import Cast
from chatbot.vocabulary import EOS

TRANSCRIPTS = Path(__file__).parent / "transcripts"


@pytest.fixture(scope="module", params=BUNDLES)
def bundle(request):
    return bundles.load(bundles.find(request.param))


@pytest.fixture(scope="module")
def transcripts(bundle):
    return [read(path) for path in selecting.files([TRANSCRIPTS / bundle.name])]


@pytest.fixture(scope="module")
def played(bundle, transcripts):
    cast = Cast.of(bundle)
    return [one for transcript in transcripts for one in cast.play(transcript)]


def test_they_hold_and_none_by_a_hair(played):
    assert [str(one.scene.title.place) for one in played if not one.fine] == []
    assert [str(one.scene.title.place) for one in played if one.fragile] == []


def test_a_trace_is_the_reply_that_was_given_and_goes_no_further(bundle, transcripts):
    bot, utterances = Bot.of(bundle), [scene.turns[0].said.text for transcript in transcripts for scene in transcript.scenes]
    traces = traced(bot, [bot.hear(utterance) for utterance in utterances], [[] for _ in utterances], Decoding())
    replies = bot.replies(utterances)
    assert [trace.path for trace in traces] == [[*([reply.plan.number] if reply.plan else []), *reply.ids, EOS] for reply in replies]


def test_they_are_laid_out_as_they_should_be(transcripts):
    assert [str(transcript.path) for transcript in transcripts if formatted(transcript.text) != transcript.text] == []


def test_with_its_weights_shuffled_a_bot_fails_nearly_all_of_them(bundle, transcripts):
    generator, shuffled = torch.Generator().manual_seed(1), bundles.load(bundle.path)
    with torch.no_grad():
        for weight in shuffled.listener.parameters():
            weight.copy_(weight.flatten()[torch.randperm(weight.numel(), generator=generator)].view_as(weight))
    cast = Cast.of(shuffled)
    every = [one for transcript in transcripts for one in cast.play(transcript) if one.scene.xfail is None]
    assert sum(one.fine for one in every) <= 0.05 * len(every)


def test_the_interrupter_in_the_place_of_the_listener_fails_one_of_two(bundle, transcripts):
    """Of each two scenes that a line `rnn!` sets side by side."""
    interrupter = replace(Cast.of(bundle), bot=Bot.of(bundle, wait=min(bundle.interrupters)))
    pairs = 0
    for transcript in transcripts:
        fine = {one.scene.name: one.fine and not one.scene.xfail for one in interrupter.play(transcript)}
        for scene in transcript.scenes:
            for rival in scene.rivals:
                if rival.pieces is None:
                    pairs += 1
                    assert not (fine[scene.name] and fine[rival.other]), rival.line.place
    assert pairs
