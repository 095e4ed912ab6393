"""Several processes train as one would: the same steps, the same losses; and they end together."""

import json
import os
import subprocess
import sys
import textwrap

import pytest
import torch

from chatbot.training.processes import ALONE

PROGRAM = textwrap.dedent('''
    """Trains on three of the four ways to share five batches a step, and prints every loss."""
    import json
    import sys

    import torch

    from chatbot import batches
    from chatbot.batches import Examples
    from chatbot.corpus.pairs import Pair
    from chatbot.networks.seq2seq import Seq2Seq
    from chatbot.networks.token_by_token import TokenByTokenRNN
    from chatbot.options import NetworkOptions, TrainingOptions, VocabularyOptions
    from chatbot.training.loop import train
    from chatbot.training.processes import together
    from chatbot.vocabulary import Vocabulary

    torch.set_num_threads(1)
    pairs = [Pair(f"utterance {i} of {i % 7} " + "la " * (i % 5), f"reply {i % 11} " + "so " * (i % 11 % 3)) for i in range(64)]
    vocabulary = Vocabulary.train((pair.utterance for pair in pairs), (pair.reply for pair in pairs), VocabularyOptions())
    examples, batches.SAID = Examples(pairs, vocabulary), 2
    found = {}
    with together() as processes:
        assert processes.tell(b"told" if processes.first else b"") == b"told"
        assert processes.any(processes.rank == processes.world - 1) and not processes.any(False)
        for dropout in (0.0, 0.3):
            torch.manual_seed(1 + 7 * processes.rank)  # the first one's weights count
            sizes = NetworkOptions(hidden=16, embedding=12, dropout=dropout, attention="none", replies=11)
            networks = {"listener": Seq2Seq(sizes, len(vocabulary)), "interrupter-1": TokenByTokenRNN(sizes, len(vocabulary), hidden=20)}
            options = TrainingOptions(batch_tokens=100, epochs=2, accumulate=2 // processes.world)
            steps = train(networks, examples, examples, options, processes=processes)
            found[str(dropout)] = [(*one.losses.values(), one.tokens, *(validation.perplexity for validation in one.validations.values())) for one in steps]
        if processes.first:
            rows = next(examples.chunks(10_000))
            print(json.dumps({"batches": examples.count(100), "losses": found, "aloud": examples.aloud(rows, 1)[1] / len(rows)}))
''')


def start(tmp_path, *launcher):
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *launcher, str(tmp_path / "program.py")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.skipif(not torch.distributed.is_available() or sys.platform == "win32", reason="this torch knows no gloo")
def test_two_processes_learn_what_one_does(tmp_path):
    """The same batches a step give the same losses, with dropout too; the last step of an epoch has a batch for one of them only."""
    alone, together = start(tmp_path), start(tmp_path, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    found = []
    for process in (alone, together):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        found.append(json.loads(out))
    one, two = found
    assert one["batches"] % 2 == 1
    assert 0.3 < one["aloud"] < 0.9
    for dropout, losses in one["losses"].items():
        assert len(losses) > 10
        for mine, other in zip(losses, two["losses"][dropout], strict=True):
            assert mine == pytest.approx(other, abs=1e-5)


def test_one_alone_has_nobody_to_share_with():
    module = torch.nn.Linear(2, 2)
    assert ALONE.share(module) is module
    assert ALONE.first
    assert (ALONE.any(True), ALONE.any(False)) == (True, False)
    assert ALONE.tell(b"x") == b"x"
    assert float(ALONE.sum(torch.tensor(3.0))) == 3
