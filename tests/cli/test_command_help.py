"""Helps: what each command does, an example that can be copied, and no torch."""

import re
import shlex
import subprocess
import sys

import pytest

COMMANDS = [
    "train",
    "talk",
    "reply",
    "compare",
    "evaluate",
    "test",
    "corpus expand",
    "corpus import",
    "corpus check",
    "corpus stats",
    "corpus split",
    "tour",
    "models list",
    "models show",
    "models remove",
]
GROUPS = ["", "corpus", "models"]


def examples(text):
    """The lines of a help that one can type."""
    before_options = re.split(r"\n(?:Arguments|Options|Commands):", text)[0].partition("\n")[2]
    return [line.strip() for line in before_options.splitlines() if re.match(r"\s+(chatbot|printf)\b", line)]


@pytest.mark.parametrize("command", [*GROUPS, *COMMANDS])
def test_help_opens_with_what_it_does_and_an_example(chatbot, command):
    ran = chatbot(*command.split(), "--help")
    assert ran.code == 0
    assert ran.err == ""
    usage, blank, says, *_ = ran.lines
    assert usage.startswith(f"Usage: chatbot {command}".strip())
    assert not blank
    assert says[2].isupper()
    assert any(line.split("|")[-1].strip().startswith(f"chatbot {command}".strip()) for line in examples(ran.out)), "no example"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_examples_can_be_copied(chatbot, command):
    for line in examples(chatbot(*command.split(), "--help").out):
        words = shlex.split(line.split("|")[-1], comments=True)  # an example that was wrapped has an open quote
        assert words[0] == "chatbot"
        assert chatbot(*words[1:], "--help").code == 0


@pytest.mark.parametrize("group", GROUPS)
def test_without_a_command_the_help_is_shown_as_it_is(chatbot, group):
    ran = chatbot(*group.split())
    assert ran.code in (0, 2)
    assert chatbot(*group.split(), "--help").out.strip() in (ran.out + ran.err).replace("chatbot: ", "", 1)


def test_version(chatbot):
    assert re.fullmatch(r"chatbot \d+\.\d+\.\d+\n", chatbot("--version").out)


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["corpus", "nosuch"]])
def test_help_and_usage_errors_import_nothing_heavy(arguments):
    code = f"import sys; from chatbot.cli.main import run; run({arguments!r}); print(sorted({{'torch', 'textual', 'sentencepiece'}} & set(sys.modules)), file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "[]"
