"""`chatbot talk --resume`, `--check` and `chatbot tour`, as a person types them."""

import re
import shutil

import pytest

from chatbot.bot import Bot
from chatbot.bundle import fingerprint
from chatbot.cli.engine import learning_curve
from chatbot.cli.talk import going_on
from chatbot.records import CurvePoint, Decoding
from chatbot.sessions import Session, Told


@pytest.fixture
def kept(own, tmp_path):
    """A conversation with ./models/mine of two turns, as it was held: one greedy, one sampled after it."""
    bot, session = Bot.load(str(own)), Session("mine", fingerprint(own), tmp_path)
    decoding = Decoding(strategy="sample", temperature=2.0, seed=11)
    session.add(Told("where is the cat today", Decoding(), bot.reply("where is the cat today")))
    session.add(Told("who saw a dog today", decoding, bot.reply("who saw a dog today", decoding, session.history(1)), 1))
    return session.path


def test_a_conversation_that_is_checked_gets_the_same_replies_or_it_is_said_which_line_does_not(chatbot, kept):
    assert chatbot("talk", "--resume", kept, "--check").out == "2 turns, none answered otherwise\n"
    kept.write_text(kept.read_text().replace('"seed": 11', '"seed": 12'))
    ran = chatbot("talk", "--resume", kept, "--check")
    assert ran.code == 1
    assert ran.out.startswith(f"{kept}:3: “")
    assert ran.out.endswith("2 turns, 1 answered otherwise\n")


def test_a_conversation_that_is_resumed_plainly_is_told_and_gone_on_with(chatbot, kept):
    before = kept.read_bytes()
    ran = chatbot("talk", "--plain", "--resume", kept, stdin="/decoding\n/export .md\n")
    assert ran.code == 0
    assert "You: where is the cat today\nBot: " in ran.out
    assert "Note: mine, from models/mine" in ran.out, "with the bundle that it was held with"
    assert re.search(r"Note: Wrote mine-.*\.md: 2 turns\.", ran.out)
    assert kept.read_bytes() == before, "what a program sends is nobody's conversation"


def test_the_command_that_goes_on_with_a_conversation_is_the_one_that_does(monkeypatch, tmp_path):
    monkeypatch.setattr("chatbot.cli.talk.session_folder", lambda: tmp_path)
    older, newer = (tmp_path / f"2026-01-0{day}T000000-mine.jsonl" for day in (1, 2))
    older.touch()
    newer.touch()
    assert going_on(Session("mine", "f", path=newer), None) == "chatbot talk --resume"
    assert going_on(Session("mine", "f", path=newer), "mine") == "chatbot talk --resume"
    assert going_on(Session("other", "f", path=newer), "my bots/mine") == "chatbot talk --resume", "after /model other"
    assert going_on(Session("mine", "f", path=older), "my bots/mine") == f"chatbot talk --resume {older} --model 'my bots/mine'"


def test_what_cannot_be_resumed_is_said_in_a_line(mistake, kept, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert "no conversation has been kept yet" in mistake("talk", "--resume")
    assert "cannot be read" in mistake("talk", "--resume", "nosuch.jsonl")
    assert "add --resume" in mistake("talk", kept)
    assert "add --resume" in mistake("talk", "--check")
    assert "as it was asked" in mistake("talk", "--resume", kept, "--check", "--unsure", "")
    assert "as it was asked" in mistake("talk", "--resume", kept, "--check", "--beam", "4")
    kept.write_bytes(kept.read_bytes() + b"{}\n")
    assert f"{kept}:4:1: not a turn" in mistake("talk", "--resume", kept, "--check")
    kept.write_text("{}\n")
    assert f"{kept}:1:1: not a conversation" in mistake("talk", "--resume", kept)


def test_another_bundle_and_other_settings_are_taken_in_the_middle_of_a_plain_talk(chatbot, own, shipped_bundle):
    lines = "/model\n/model mine\n/wait 4\n/wait 2\n/decoding sample top_k=3\n/decoding nonsense\nwhere is the cat today\n/model nosuch\n"
    ran = chatbot("talk", "--plain", "--model", "small-talk", stdin=lines)
    for said in (
        "Note: This is small-talk. There are: mine, small-talk.",
        "Note: mine, from models/mine",
        "Note: The interrupter hears 4 pieces before its first.",
        "no interrupter with wait “2”",
        "Note: From now on: sample t=0.8 k=3 p=0.95 seed=0.",
        "“nonsense” is no setting",
        "Note: sampled with seed 0.",
        "Note: nosuch: no bundle of that name or path",
    ):
        assert said in ran.out


def test_a_plain_tour_has_five_steps_and_an_end(chatbot, own):
    ran = chatbot("tour", "--plain", stdin="/tour\n" * 5)
    assert [line.split()[1] for line in ran.lines if line.startswith("Tour: ")] == ["1/5", "2/5", "3/5", "4/5", "5/5", "That"]


def test_a_tour_is_taken_with_a_bundle_that_has_an_interrupter(chatbot, own, shipped_bundle, train, corpus):
    assert train("pets.tsv", "--no-interrupter", "--epochs", 1).code == 0  # the newest bundle
    assert "mine, from models/mine" in chatbot("tour", "--plain").out
    shutil.rmtree(own)
    assert "small-talk, which ships" in chatbot("tour", "--plain").out
    for command in ("tour", "--plain"), ("compare", "where is the cat"):
        ran = chatbot(*command, "--model", "pets")
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "models/pets: no interrupter in it" in ran.err
        assert "; add --model small-talk" in ran.err


def test_a_learning_curve_leaves_out_what_is_no_validation():
    line = '{"network": "listener", "epoch": 1, "perplexity": 2.5, "best": true}'
    assert learning_curve(f'{line}\n\nnonsense\n[]\n{{"epoch": 1}}\n{line[:-5]}}}') == (CurvePoint("listener", 1.0, 2.5, best=True),)
