"""`chatbot reply`: answers on stdout, one line for each utterance, everything else on stderr."""

import json
import math

import pytest

FIELDS = {"text": str, "log_probability": float, "pieces": int, "milliseconds": float, "unsure": bool, "raw": str}


@pytest.mark.parametrize("words", [["hello"], ["where", "is", "the", "cat"], ["--", "--help"], ["-"]])
def test_an_argument_is_answered_in_one_line(chatbot, own, words):
    ran = chatbot("reply", "--model", "mine", *words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.strip()


def test_words_are_one_utterance(chatbot, own):
    assert chatbot("reply", "where", "is", "it", "--model", "mine") == chatbot("reply", "where is it", "--model", "mine")


def test_stdin_is_answered_line_by_line(chatbot, own):
    asked = ["hello", "where is the cat", "héllo — 日本語 😀", "x"]
    ran = chatbot("reply", "--model", "mine", stdin="\n".join(asked) + "\n")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("\n") == len(asked)
    assert ran.lines == [" ".join(chatbot("reply", one, "--model", "mine").out.splitlines()) for one in asked]


@pytest.mark.parametrize(("stdin", "lines"), [("", 0), ("hello", 1), ("hello\r\n", 1), ("\n", 1), ("a\n\nb\n", 3), ("a\u2028b\n", 1), ("\ufeffa\n", 1)])
def test_a_line_in_is_a_line_out(chatbot, own, stdin, lines):
    ran = chatbot("reply", "--model", "mine", stdin=stdin)
    assert (ran.code, ran.out.count("\n")) == (0, lines)
    ran = chatbot("reply", "--json", "--model", "mine", stdin=stdin)
    assert (ran.code, ran.out.count("\n")) == (0, lines)


def test_a_line_that_is_too_long_is_named(chatbot, own):
    ran = chatbot("reply", "--model", "mine", stdin=f"hello\n{'x ' * 300}\n")
    assert ran.code == 2
    assert len(ran.lines) == 1
    assert ran.err.startswith("chatbot: stdin:2:1: too long")


def test_json(chatbot, own, strict_json):
    ran = chatbot("reply", "hello", "--json", "--model", "mine")
    said = strict_json(ran.out)
    assert {name: type(value) for name, value in said.items()} == FIELDS
    assert said["log_probability"] < 0
    assert said["pieces"] >= 1
    assert math.isfinite(said["milliseconds"])
    assert " ".join(said["text"].split()) or said["text"]


def test_json_of_stdin_is_a_line_each(chatbot, own, strict_json):
    ran = chatbot("reply", "--json", "--model", "mine", stdin="hello\n\nbye\n")
    assert [set(strict_json(line) or ()) for line in ran.lines] == [set(FIELDS), set(), set(FIELDS)]


def test_text_and_json_say_the_same(chatbot, own):
    plain = chatbot("reply", "who saw a cat", "--model", "mine").out
    said = json.loads(chatbot("reply", "who saw a cat", "--json", "--model", "mine").out)["text"]
    assert [one.isprintable() for one in plain.strip()] == [True] * len(plain.strip()) or len(said) >= 1


def test_equal_seeds_give_equal_replies(chatbot, own):
    def sampled(seed, *options):
        return chatbot("reply", "hello", "--sample", "--temperature", 2, "--seed", seed, "--model", "mine", *options).out

    assert sampled(1) == sampled(1)
    assert len({sampled(seed) for seed in range(4)}) == 4
    assert sampled(1, "--top-k", 1) == sampled(2, "--top-k", 1) == chatbot("reply", "hello", "--model", "mine").out


def test_a_seed_does_not_depend_on_the_neighbours(chatbot, own):
    options = ("--sample", "--seed", 5, "--model", "mine")
    assert chatbot("reply", *options, stdin="a\nb\nwho is it\n").lines[2] == chatbot("reply", *options, stdin="who is it\n").lines[0]


def test_temperature_nought_is_greedy(chatbot, own):
    assert chatbot("reply", "hello", "--sample", "--temperature", 0, "--model", "mine").out == chatbot("reply", "hello", "--model", "mine").out


def test_beam(chatbot, own):
    greedy = json.loads(chatbot("reply", "hello", "--json", "--model", "mine").out)
    one = json.loads(chatbot("reply", "hello", "--json", "--beam", 1, "--model", "mine").out)
    assert one["text"] == greedy["text"]
    assert one["log_probability"] == pytest.approx(greedy["log_probability"], abs=1e-3)
    assert chatbot("reply", "hello", "--beam", 64, "--model", "mine").code == 0


def test_block_ngrams(chatbot, own):
    for options in ((), ("--beam", 3)):
        said = chatbot("reply", "hello", "--block-ngrams", 1, *options, "--model", "mine")
        assert said.code == 0


@pytest.mark.parametrize("model", ["mine", "models/mine", "./models/mine/", "models/../models/mine"])
def test_a_bundle_by_name_or_path(chatbot, own, model):
    ran = chatbot("reply", "hello", "-m", model)
    assert (ran.code, ran.err) == (0, "")


class TestDefaultBundle:
    """With no --model: the newest own bundle by `created`, else the one that ships; stderr says which, and from where."""

    def test_the_one_that_ships(self, chatbot, shipped_bundle):
        ran = chatbot("reply", "hello")
        assert ran.code == 0
        assert ran.err.count("\n") == 1
        assert "small-talk" in ran.err
        assert "ships" in ran.err

    def test_the_newest_by_date_and_not_by_file_time(self, chatbot, shipped_bundle, own):
        older = own.rename(own.with_name("older"))
        newer = older.with_name("newer")
        newer.mkdir()
        for path in older.iterdir():
            (newer / path.name).write_bytes(path.read_bytes())
        for folder, year in ((newer, 2031), (older, 2030)):  # the older one is written last
            stored = json.loads((folder / "bundle.json").read_text("utf-8"))
            (folder / "bundle.json").write_text(json.dumps(stored | {"created": f"{year}-01-01T00:00:00+00:00"}), "utf-8")
        ran = chatbot("reply", "hello")
        assert "newer" in ran.err
        assert "models/newer" in ran.err

    def test_a_damaged_bundle_is_not_chosen_before_a_whole_one(self, chatbot, shipped_bundle, own):
        (own.parent / "zzz").mkdir()
        (own.parent / "zzz" / "bundle.json").write_text("{")
        assert "mine" in chatbot("reply", "hello").err

    def test_none_at_all(self, mistake, chatbot, shipped_bundle):
        for path in shipped_bundle.iterdir():
            path.unlink()
        ran = chatbot("reply", "hello")
        assert ran.code == 2
        assert "chatbot train" in ran.err.splitlines()[-1]
