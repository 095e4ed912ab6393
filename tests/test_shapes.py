"""The way of an utterance, tensor by tensor: what is noted was made, by the line that is named, and noting it changes nothing."""

from pathlib import Path

import pytest

from chatbot.bot import Bot
from chatbot.shapes import way

ROOT = Path(__file__).parents[1]
TEXT = "what is your name"


@pytest.fixture
def walked(vocabulary):
    """walked(network): its way through TEXT, and in each call the shapes by the name of their part."""

    def walk(network):
        found = way(Bot(network, vocabulary, reply_limit=5), network, TEXT)
        assert all(len({part.name for part in call.made}) == len(call.made) for call in found.calls), "each once"
        return found, [{part.name: part.shapes for part in call.made} for call in found.calls]

    return walk


@pytest.mark.parametrize("attention", ["none", "dot", "general", "additive"])
@pytest.mark.parametrize(("cell", "states"), [("gru", 1), ("lstm", 2)])
@pytest.mark.parametrize("directions", [1, 2])
def test_the_listener(walked, vocabulary, listener, attention, cell, states, directions):
    network = listener(len(vocabulary), attention=attention, cell=cell, layers=2, bidirectional=directions == 2)
    found, (hears, *says) = walked(network)
    pieces, hidden, embedding = len(vocabulary.hear(TEXT)), network.options.hidden, network.options.embedding
    assert [call.function for call in found.calls] == ["encode"] + ["decode"] * 5
    assert hears["source"] == ((1, pieces),)
    assert hears["heard"] == ((1, pieces, embedding),)
    for layer in range(2):
        for direction in range(directions):
            assert hears[f"encoder.layers.{layer}.{direction}"][0] == (1, pieces, hidden // directions)
        assert hears[f"bridge.{layer}"] == ((1, states * hidden),)
    assert hears["state"] == ((2, 1, hidden),) * states
    assert ("memory.keys" in hears) == (attention != "none")
    for made in says:
        assert made["decoder"] == ((1, 1, hidden), *((2, 1, hidden),) * states)
        assert made.get("attention.weights", ((1, 1, pieces),)) == ((1, 1, pieces),)
        assert ("attention.weights" in made) == (attention != "none")
        assert made["speak"] == ((1, 1, len(vocabulary)),)


@pytest.mark.parametrize("wait", [1, 4])
def test_the_interrupter(walked, vocabulary, interrupter, wait):
    network = interrupter(len(vocabulary), wait=wait)
    _, (hears, *says) = walked(network)
    assert hears["memory.keys"][0][1] == len(vocabulary.hear(TEXT))
    assert ("recurrence" in hears) == (wait > 1), "it hears the first ones silently"
    for made in says:
        assert made["recurrence"][0] == (1, 1, 10)
        assert made["speak"] == ((1, 1, len(vocabulary)),)


def test_each_line_stands_where_it_is_said_to(walked, vocabulary, listener):
    found, _ = walked(listener(len(vocabulary)))
    by_name = {part.name: part.line for call in found.calls for part in call.made}
    assert "self.heard(source)" in by_name["heard"].code
    assert by_name["bridge.0"].function.startswith("Seq2Seq."), "not its comprehension"
    assert by_name["speak.logits"].file == "chatbot/networks/seq2seq.py"
    for line in by_name.values():
        assert (ROOT / line.file).read_text("utf-8").splitlines()[line.number - 1].strip() == line.code


def test_noting_changes_nothing(walked, vocabulary, listener):
    network = listener(len(vocabulary), attention="additive")
    found, _ = walked(network)
    reply = Bot(network, vocabulary, reply_limit=5).reply(TEXT)
    assert found.said == tuple(map(vocabulary.text, reply.ids))
    assert "".join(found.heard).strip() == TEXT
    assert not any(part._forward_hooks for part in network.modules())
