"""`chatbot compare`: the race, the ladder and what was heeded, as text and as JSON."""

import json
import re

import pytest

from chatbot.tui.glyphs import ASCII

SAD, HAPPY = "where is the cat today so sad", "where is the cat today so glad"


def test_the_race_and_the_ladder_are_tables(chatbot, own):
    ran = chatbot("compare", SAD, "--model", "mine")
    assert (ran.code, ran.err) == (0, "")
    for word in SAD.split():
        assert any(word in line.split() for line in ran.lines)
    assert "Settled after" in ran.out
    assert "the interrupter had heard 1 of 7 words" in ran.out
    assert all(line == line.rstrip() for line in ran.lines)


def test_json(chatbot, own, strict_json):
    report = strict_json(chatbot("compare", SAD, "--json", "--model", "mine").out)
    assert set(report) == {"races", "ladders", "heeded", "alike"}
    (race,), (ladder,) = report["races"], report["ladders"]
    assert "".join(step["heard"] for step in race["steps"]) == SAD == race["utterance"]
    assert "".join(step["said"] or "" for step in race["steps"]) == race["interrupter"]["text"]
    assert [rung["words"] for rung in ladder["rungs"]] == list(range(1, 8))
    assert ladder["rungs"][-1]["reply"] == race["listener"]["text"] == json.loads(chatbot("reply", SAD, "--json", "--model", "mine").out)["text"]
    assert ladder["rungs"][-1]["final"] is True
    assert 1 <= ladder["settled"] <= 7
    assert report["alike"] is None
    (attention,) = report["heeded"]
    assert "".join(attention["heard"]) == SAD
    assert "".join(attention["said"]) == race["listener"]["text"]
    assert [sum(row) for row in attention["weights"]] == pytest.approx([1.0] * len(attention["said"]))


def test_the_attention_is_a_table_of_tenths(chatbot, own):
    lines = chatbot("compare", SAD, "--model", "mine").lines
    start = next(number for number, line in enumerate(lines) if line.startswith("Attention:"))
    assert lines[start + 1].split() == [*map(str, range(1, 8)), "most"]
    for line in lines[start + 2 : lines.index("", start)]:
        *_, number, word = line.split()
        assert SAD.split()[int(number) - 1] == word


def test_without_attention_it_is_the_influence_of_each_word(chatbot, train, corpus):
    train("pets.tsv", "--attention", "none", "--epochs", 1)
    lines = chatbot("compare", "my cat sat", "--model", "pets").lines
    start = next(number for number, line in enumerate(lines) if line.startswith("Influence:"))
    assert [line.split()[:3] for line in lines[start + 1 : start + 4]] == [["1", "my", "×"], ["2", "cat", "×"], ["3", "sat", "×"]]
    assert "Attention" not in "".join(lines)


def test_an_ending_is_the_twin_with_that_last_word(chatbot, own):
    twin = chatbot("compare", SAD, "--ending", "glad", "--model", "mine", "--json")
    assert strip_times(twin.out) == strip_times(chatbot("compare", SAD, HAPPY, "--model", "mine", "--json").out)
    text = chatbot("compare", SAD, "--ending", "glad", "--model", "mine").lines[-1]
    alike = json.loads(twin.out)["alike"]
    assert text.startswith(f"Up to the last word both are the same {alike['pieces_heard_alike']} pieces")
    assert f"{alike['pieces_bound']} piece" in text


def strip_times(text):
    return re.sub(r'"milliseconds": [0-9.e-]+', "", text)


@pytest.mark.parametrize("arguments", [(SAD, HAPPY, "--ending", "glad"), (SAD, "--ending", " ")])
def test_an_ending_is_one_word_of_one_text(mistake, own, arguments):
    assert "--ending" in mistake("compare", *arguments, "--model", "mine")


def test_the_word_that_it_ends_in_is_no_other_ending(mistake, own):
    assert "“Sad” is the word that it ends in; take another" in mistake("compare", SAD, "--ending", "Sad", "--model", "mine")


@pytest.mark.parametrize("how", [{}, {"CHATBOT_ASCII": "1"}])
def test_in_ascii_there_is_no_glyph_of_uncertain_width(chatbot, own, monkeypatch, how):
    for name, value in how.items():
        monkeypatch.setenv(name, value)
    text = chatbot("compare", SAD, "--ending", "glad", "--model", "mine", *([] if how else ["--ascii"])).out
    assert not {*map(chr, ASCII)} & {*text}
    assert "(end)" in text


@pytest.mark.parametrize("wait", [1, 4])
@pytest.mark.parametrize("options", [(), ("--sample", "--temperature", "3", "--seed", "4")], ids=["greedy", "sampled"])
def test_the_interrupter_says_the_same_until_it_hears_the_difference(chatbot, own, wait, options):
    report = json.loads(chatbot("compare", SAD, HAPPY, "--wait", wait, "--json", "--model", "mine", *options).out)
    first, second = ([step["said"] for step in race["steps"] if step["said"] is not None] for race in report["races"])
    heard = report["alike"]["pieces_heard_alike"]
    assert heard >= 5
    law = heard - wait + 1
    assert first[:law] == second[:law]
    said = report["alike"]["pieces_said_alike"]
    assert said >= min(law, len(first), len(second))
    assert first[:said] == second[:said]


def test_waiting_is_seen_in_the_race(chatbot, own):
    (race,) = json.loads(chatbot("compare", SAD, "--wait", 4, "--json", "--model", "mine").out)["races"]
    assert race["wait"] == 4
    assert [step["said"] for step in race["steps"][:3]] == [None] * 3
    assert race["steps"][3]["said"] is not None


def test_the_default_is_the_smallest_wait(chatbot, own):
    assert json.loads(chatbot("compare", "a", "--json", "--model", "mine").out)["races"][0]["wait"] == 1


def test_two_are_set_side_by_side(chatbot, own):
    text = chatbot("compare", SAD, HAPPY, "--model", "mine").out
    assert text.count("Race:") == text.count("Ladder:") == 2
    assert "both are the same" in text


@pytest.mark.parametrize(
    "texts", [("a", "a"), ("a", "b"), ("cat", "cat sat"), ("日本語のテスト", "日本語です"), ("a", "b", "c"), ("😀",), ("a" * 100,), ("a\nb\tc",)]
)
def test_odd_utterances(chatbot, own, texts):
    assert chatbot("compare", *texts, "--model", "mine").code == 0
    assert len(json.loads(chatbot("compare", *texts, "--json", "--model", "mine").out)["races"]) == len(texts)


def test_a_count_of_one_is_singular(chatbot, own):
    text = chatbot("compare", "a", "b", "--model", "mine").out
    assert " 1 words" not in text
    assert " 1 pieces" not in text


def test_without_an_interrupter(chatbot, mistake, train, corpus):
    """There is no race to show; the line says so and what can be done."""
    train("pets.tsv", "--no-interrupter", "--epochs", 1)
    line = mistake("compare", "hello", "--model", "pets")
    assert "interrupter" in line
    assert "wait 1" not in line, "nobody asked for a wait"
    assert "train" in line
