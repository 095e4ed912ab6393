"""Hostile text: markup, special pieces, escape sequences and bidi controls are shown literally, wherever they come from.

That no control character is printed is asserted of every command by the `chatbot` fixture.
"""

import json
import os
import re

import pytest

STRINGS = ["[/]", "[@click=app.quit]x[/]", "[bold]x", "<unk>", "<s></s><pad><sep>", "<0x1B>", "\x1b[2J\x1b[31mred", "\x1b]0;title\x07", "\x9b31mC1", "\u202eevil\u202c", "\u2066x\u2069",
           "a\x7fb\x00c\x08d", "\rover", "{x} %s \\n $HOME `x`", "e" + "\u0301" * 60, "\ufeff\u200b\u2028x", "\U0001f468\u200d\U0001f469\u200d\U0001f467"]  # fmt: skip
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
IDS = [ascii(text)[:20] for text in STRINGS]


@pytest.fixture(params=STRINGS, ids=IDS)
def hostile(request):
    return request.param


def visible(text):
    """What is left of a hostile string that must be read in the output."""
    return re.findall(r"[\[\]/@=.<>A-Za-z0-9]{3,}", text)


def test_a_prompt(chatbot, own, hostile):
    if "\0" not in hostile:
        assert chatbot("reply", hostile, "--model", "mine").code == 0
    ran = chatbot("reply", "--model", "mine", stdin=hostile + "\n")
    assert ran.code == 0
    assert not BIDI.search(ran.out + ran.err)


@pytest.mark.parametrize("command", ["reply", "compare"])
def test_a_prompt_answered_in_json(chatbot, own, hostile, command):
    ran = chatbot(command, hostile, "--json", "--model", "mine")
    assert ran.code == 0
    assert not BIDI.search(ran.out)
    json.loads(ran.out)


def test_a_prompt_that_is_compared(chatbot, own, hostile):
    ran = chatbot("compare", f"hello {hostile} you", "--model", "mine")
    assert ran.code == 0
    assert not BIDI.search(ran.out)
    shown = re.sub(r"\s", "", ran.out)
    assert all(part in shown for part in visible(hostile))


def test_a_line_of_a_talk(chatbot, own, hostile):
    ran = chatbot("talk", "--plain", "--compare", "--model", "mine", stdin=f"{hostile}\n/{hostile}\n")
    assert ran.code == 0
    assert not BIDI.search(ran.out)


@pytest.mark.parametrize(
    "command",
    [["train"], ["corpus", "check"], ["corpus", "expand"], ["models", "show"], ["models", "remove"], ["reply", "hi", "--model"], ["train", "x", "--cell"], []],
)
def test_an_argument_that_is_wrong(mistake, own, hostile, command):
    if "\0" in hostile:
        pytest.skip("no shell passes a NUL")
    assert not BIDI.search(mistake(*command, hostile))


def hostile_corpus():
    """Every hostile string on either side, where a corpus may hold it."""
    strings = [text.replace("\0", "").replace("\n", " ").strip("\r") for text in STRINGS]
    return "".join(f"{number} {text}\t{text} {number}\n" for number, text in enumerate(strings))


@pytest.fixture
def wicked(tmp_path):
    path = tmp_path / "wicked.tsv"
    path.write_text(hostile_corpus(), "utf-8", newline="")
    return path


@pytest.mark.parametrize("vocabulary", ["unigram", "char"])
def test_a_corpus(chatbot, train, wicked, vocabulary):
    ran = train("wicked.tsv", "--vocabulary", vocabulary, "--epochs", 8)
    assert (ran.code, ran.err) == (0, "")
    assert not BIDI.search(ran.out)
    assert "[/]" in ran.out + chatbot("models", "show", "wicked", "--json").out
    ran = chatbot("corpus", "check", "wicked.tsv")
    assert ran.code == 0
    assert not BIDI.search(ran.out)
    assert chatbot("models", "show", "wicked").code == 0


@pytest.mark.parametrize("arguments", ["corpus check wicked.tsv --json", "models show wicked --json"])
def test_a_corpus_in_json(chatbot, train, wicked, arguments):
    train("wicked.tsv", "--epochs", 1, "--no-interrupter")
    ran = chatbot(*arguments.split())
    assert ran.code == 0
    json.loads(ran.out)
    assert not BIDI.search(ran.out)


def test_replies(chatbot, own):
    """A network that has learnt nothing says any byte."""
    for seed in range(8):
        for options in ((), ("--json",)):
            assert chatbot("reply", "hello", "--sample", "--temperature", 10, "--top-p", 1, "--seed", seed, *options, "--model", "mine").code == 0


NAMES = ["a\x1b[31mb", "c\x9bd\x7f", "e\u202ef", "[bold]x[@click=app.quit]", "new\nline", "with blank", "-x", "a|b", "日本語", os.fsdecode(b"caf\xe9")]


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name) for name in NAMES])
def test_a_name(chatbot, corpus, tmp_path, tiny_options, name):
    """A corpus, and so a bundle, of a hostile name: trained, listed, shown, talked with, removed."""
    corpus.rename(tmp_path / f"{name}.tsv")
    ran = chatbot("train", *tiny_options, "--epochs", 1, "--", f"{name}.tsv")
    assert ran.code == 0
    printed = [ran]
    printed += [chatbot(*command.split()) for command in ("reply hello", "models list", "models show")]
    printed.append(chatbot("talk", "--plain", stdin="hello\n"))
    printed.append(chatbot("corpus", "check", f"./{name}.tsv"))
    printed.append(chatbot("models", "remove", f"models/{name}"))
    for one in printed:
        assert one.code == 0, one
        assert not BIDI.search(one.out + one.err)
    assert not os.listdir(tmp_path / "models")


@pytest.mark.parametrize("name", NAMES[:-1], ids=[ascii(name) for name in NAMES[:-1]])
@pytest.mark.parametrize("arguments", ["models list --json", "models show --json"])
def test_a_name_in_json(chatbot, own, arguments, name):
    own.rename(own.with_name(name))
    ran = chatbot(*arguments.split())
    assert ran.code == 0
    json.loads(ran.out)


def test_a_folder_of_topics_of_a_hostile_name(chatbot, tmp_path):
    folder = tmp_path / "a\x1b[31mb\u202e"
    folder.mkdir()
    (folder / "a.topic").write_text("== a\n> hi \x1b[2J\n< ho \u202e\n", "utf-8")
    ran = chatbot("corpus", "expand", folder.name)
    assert ran.code == 0
    assert not BIDI.search(ran.out)


def test_a_card_that_somebody_else_wrote(chatbot, own):
    (own / "README.md").write_bytes(b"# \x1b[2J\x9b \xff [/] \xe2\x80\xae")
    ran = chatbot("models", "show", "mine")
    assert "[/]" in ran.out
    assert not BIDI.search(ran.out)


def test_a_bundle_json_that_somebody_else_wrote(chatbot, own):
    stored = json.loads((own / "bundle.json").read_text("utf-8"))
    evil = "\x1b[2J\x9b\u202e[/]"
    (own / "bundle.json").write_text(json.dumps(stored | {"created": evil, "examples": [evil], "corpus": {"pairs": evil, "names": [evil]}}), "utf-8")
    assert chatbot("models", "list").code == 0
    assert chatbot("talk", "--plain", "--model", "mine", stdin="/help\n").code in (0, 2)
