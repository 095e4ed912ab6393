"""`chatbot train` under torchrun: two processes make one bundle, and a person's mistake is one line from each."""

import os
import subprocess
import sys

import pytest
import torch

from tests.cli.test_command_train import stored

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "chatbot", "train"]


@pytest.mark.skipif(not torch.distributed.is_available() or sys.platform == "win32", reason="this torch knows no gloo")
def test_two_processes_make_one_bundle(chatbot, tmp_path, larger, tiny_options):
    (tmp_path / "corpus.tsv").write_text(larger)

    def ran(*options):
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.run([*TORCHRUN, "corpus.tsv", *tiny_options, *options], cwd=tmp_path, capture_output=True, text=True, timeout=120, env=environment)

    done = ran("--epochs", "1")
    assert done.returncode == 0, done.stderr
    assert "2 processes" in done.stdout.splitlines()[0]
    assert done.stdout.count("first step done") == 1
    assert set(stored(tmp_path / "models" / "corpus")["scores"]) == {"listener", "interrupter-1"}
    assert not (tmp_path / "models" / "corpus" / "resume").exists()
    assert chatbot("reply", "where is the cat number 3").code == 0

    refused = ran("--epochs", "1")
    assert "a finished bundle is there" in refused.stderr
    assert 'File "' not in refused.stderr.partition("torch/distributed")[0]
