"""`chatbot talk` from a pipe: whole lines, nothing redrawn."""

import pytest


@pytest.fixture
def talk(chatbot, own):
    return lambda *options, stdin: chatbot("talk", "--plain", "--model", "mine", *options, stdin=stdin)


def test_each_line_is_answered(talk, chatbot):
    ran = talk(stdin="hello\n\nwho is it\n")
    assert (ran.code, ran.err) == (0, "")
    replies = [line.removeprefix("Bot: ") for line in ran.lines if line.startswith("Bot: ")]
    assert len(replies) == 2
    assert replies[0] == " ".join(chatbot("reply", "hello", "--model", "mine").out.splitlines())


def test_a_pipe_is_plain_without_being_told(chatbot, own):
    assert "Bot: " in chatbot("talk", "--model", "mine", stdin="hello\n").out


def test_quit_ends(talk):
    assert sum(line.startswith("Bot: ") for line in talk(stdin="a\n/quit\nb\n").lines) == 1


def test_compare_tells_the_race_in_sentences(talk):
    text = talk("--compare", stdin="where is the cat\n").out
    assert 'After "where" the interrupter says "' in text
    assert "the listener would have said" in text


@pytest.mark.parametrize("wait", [1, 4])
def test_wait(talk, wait):
    assert talk("--compare", "--wait", wait, stdin="where is the cat today\n").code == 0


def test_a_wait_that_the_bundle_has_not_is_one_line(talk):
    ran = talk("--compare", "--wait", 9, stdin="hello\n")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "wait 9" in ran.err


@pytest.mark.parametrize("line", ["/help", "/nosuch", "/again", "/replay", "/decoding", "/clear", "/compare", "/", "//", "x " * 400])
def test_commands_and_bad_lines_do_not_end_the_talk(talk, line):
    ran = talk(stdin=f"{line}\nhello\n")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[-1].startswith(("Bot: ", "Early: ", "Ladder: ", "Note: "))
    assert any(one.startswith("Bot: ") for one in ran.lines)


@pytest.mark.parametrize("options", [("--model", "nosuch"), ("--model", "mine", "--device", "toaster"), ("--model", "mine", "--beam", "3", "--sample")])
def test_mistakes(chatbot, own, options):
    ran = chatbot("talk", "--plain", *options, stdin="hello\n")
    assert ran.code == 2
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("options", [("--sample", "--seed", "3"), ("--beam", "3"), ("--block-ngrams", "2")])
def test_decodings(talk, options):
    assert talk(*options, stdin="hello\n").code == 0


def test_it_says_which_bundle_and_from_where(chatbot, shipped_bundle, own):
    ran = chatbot("talk", "--plain", stdin="hello\n")
    first = "\n".join([ran.err, *ran.lines[:2]])
    assert "mine" in first
    assert "models/mine" in first


def test_a_bundle_without_an_interrupter(chatbot, train, corpus):
    train("pets.tsv", "--no-interrupter", "--epochs", 1, "--vocabulary", "char")
    ran = chatbot("talk", "--plain", "--compare", "--model", "pets", stdin="hello\n")
    assert (ran.code, ran.err) == (0, "")
    assert "no interrupter" in ran.out


def test_a_bundle_of_another_script(chatbot, train, tmp_path):
    (tmp_path / "mir.tsv").write_text("".join(f"привет {letter}\tда {letter}\n" for letter in "абвгдежзиклмн"), "utf-8")
    train("mir.tsv", "--vocabulary", "char", "--no-interrupter", "--epochs", 1)
    assert chatbot("talk", "--plain", "--model", "mir", stdin="привет\n").code == 0
