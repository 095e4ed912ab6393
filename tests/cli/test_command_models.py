"""`chatbot models`: list, show and remove, and what is never removed."""

import json
import os

import pytest


def test_list(chatbot, shipped_bundle, own):
    ran = chatbot("models", "list")
    assert (ran.code, ran.err) == (0, "")
    mine, ships = ran.lines
    assert mine.startswith("mine ")
    assert "40 pairs" in mine
    assert ships.startswith("small-talk ")
    assert "ships" in ships


def test_list_as_json(chatbot, shipped_bundle, own, strict_json):
    mine, ships = strict_json(chatbot("models", "list", "--json").out)
    assert (mine["name"], mine["ships"], ships["ships"]) == ("mine", False, True)
    assert os.path.samefile(mine["path"], own)


def test_list_names_what_is_wrong(chatbot, shipped_bundle, own):
    (own / "bundle.json").write_text("{")
    line = chatbot("models", "list").lines[0]
    assert line.startswith("mine ")
    assert "not JSON" in line


@pytest.mark.parametrize("name", ["mine", "models/mine", None])
def test_show(chatbot, own, name):
    ran = chatbot("models", "show", *([name] if name else []))
    assert ran.code == 0
    assert ran.out.startswith("# ")
    assert "What to expect" in ran.out


def test_show_as_json(chatbot, own, strict_json):
    assert strict_json(chatbot("models", "show", "mine", "--json").out) == json.loads((own / "bundle.json").read_text("utf-8"))


def test_show_without_a_card(chatbot, own):
    (own / "README.md").unlink()
    assert "mine" in chatbot("models", "show", "mine").out


def test_shapes(chatbot, own, strict_json):
    ran = chatbot("models", "show", "mine", "--shapes", "where is the cat")
    assert (ran.code, ran.err) == (0, "")
    assert "attention.weights" in ran.out
    assert ", chatbot/networks/seq2seq.py:" in ran.out
    ways = strict_json(chatbot("models", "show", "mine", "--shapes", "where is the cat", "--json").out)
    assert list(ways) == ["listener", "interrupter"]
    assert ways["listener"]["calls"][0]["made"][0]["name"] == "source"


def test_shapes_of_strange_texts(chatbot, mistake, own):
    """What is printed is looked at by the fixture."""
    assert chatbot("models", "show", "mine", "--shapes", "\x1b[31mred\u202e <s> 日本").code == 0
    assert "nothing to answer" in mistake("models", "show", "mine", "--shapes", " ")


def test_remove(chatbot, own):
    ran = chatbot("models", "remove", "mine")
    assert ran.code == 0
    assert "models/mine" in ran.out
    assert not own.exists()


@pytest.mark.parametrize("how", ["name", "path", "dots", "link"])
def test_the_shipped_bundle_is_never_removed(mistake, shipped_bundle, tmp_path, how):
    named = {"name": "small-talk", "path": shipped_bundle, "dots": shipped_bundle / ".." / "small-talk", "link": tmp_path / "link"}[how]
    if how == "link":
        named.symlink_to(shipped_bundle)
    before = sorted(os.listdir(shipped_bundle))
    mistake("models", "remove", named)
    assert sorted(os.listdir(shipped_bundle)) == before


def test_an_own_bundle_of_that_name_can_be_removed(chatbot, shipped_bundle, own):
    own.rename(own.with_name("small-talk"))
    assert chatbot("models", "remove", "small-talk").code == 0
    assert not own.with_name("small-talk").exists()
    assert (shipped_bundle / "bundle.json").exists()


def test_a_link_is_not_followed(mistake, own, tmp_path):
    (tmp_path / "models" / "link").symlink_to(own)
    mistake("models", "remove", "link")
    assert (own / "bundle.json").exists()


@pytest.mark.parametrize("foreign", ["thesis.txt", "data/thesis.txt"])
def test_what_is_not_the_bundles_is_not_removed(chatbot, own, foreign):
    """A bundle that was trained into a folder with other files in it (`--out .`) must not take them with it."""
    path = own / foreign
    path.parent.mkdir(exist_ok=True)
    path.write_text("three years of work")
    chatbot("models", "remove", "mine")
    assert path.read_text() == "three years of work"


def test_removing_what_cannot_be_removed_is_one_line(mistake, own, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", str(own))

    for name in ("unlink", "rmdir", "remove"):
        monkeypatch.setattr(os, name, refuse)
    assert "Permission denied" in mistake("models", "remove", "mine")
