"""Law 3, first half: a bundle gives back what was stored; a damaged one is refused, a failed save leaves the old one whole."""

import errno
import hashlib
import json
import os
import pickletools
from dataclasses import replace

import pytest
import torch

from chatbot import bundle as bundles
from chatbot.batches import pad
from chatbot.bot import Bot
from chatbot.errors import BundleError, OptionError
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.options import NetworkOptions
from chatbot.spelling import Spelling
from chatbot.vocabulary import BOS, Vocabulary


@pytest.fixture
def folder(tmp_path, save_bundle):
    return save_bundle(tmp_path / "models" / "parrot")


def logits(network, vocabulary):
    source = pad([vocabulary.hear("hello, how are you today"), vocabulary.hear("good night")])
    tokens = torch.tensor([[BOS, *vocabulary.encode("My name")[:3]]] * 2)
    with torch.inference_mode():
        return network.decode(tokens, network.encode(source))[0]


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def change(folder, **values):
    path = folder / "bundle.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


# Law 3


def test_a_loaded_network_gives_the_logits_of_the_weights_that_were_stored(bundle_folder, vocabulary, listener, interrupter):
    bundle = bundles.load(bundle_folder)
    made = {0: listener(len(vocabulary)), 1: interrupter(len(vocabulary), wait=1), 4: interrupter(len(vocabulary), wait=4)}
    for wait, network in {0: bundle.listener, **bundle.interrupters}.items():
        stored = made[wait].half().float()
        assert torch.equal(logits(network, bundle.vocabulary), logits(stored, vocabulary))
        assert not network.training
    assert bundle.interrupters.keys() == {1, 4}
    assert bundle.interrupters[4].wait == 4
    assert bundle.vocabulary.model == vocabulary.model


def test_the_words_that_slips_are_mended_to_come_back(bundle_folder, tmp_path):
    bundle = bundles.load(bundle_folder)
    vocabulary = Vocabulary(bundle.vocabulary.model, lowercase=True, spelling=Spelling(["morning", "rain"]))
    bundles.save(tmp_path / "mended", replace(bundle.details, interrupters={}), vocabulary, {"listener": bundle.listener}, {})
    loaded = bundles.load(tmp_path / "mended").vocabulary
    assert loaded.hear("the rian in the moring") == bundle.vocabulary.hear("the rain in the morning") != bundle.vocabulary.hear("the rian in the moring")


def test_what_is_loaded_and_saved_again_is_the_same_byte_for_byte(bundle_folder, tmp_path):
    bundle = bundles.load(bundle_folder)
    networks = {"listener": bundle.listener, **{f"interrupter-{wait}": network for wait, network in bundle.interrupters.items()}}
    texts = {name: (bundle_folder / name).read_text() for name in ("README.md", "log.jsonl")}
    bundles.save(tmp_path / "again", bundle.details, bundle.vocabulary, networks, texts)
    assert content(tmp_path / "again") == content(bundle_folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"cell": "rnn", "layers": 2},
        {"cell": "gru", "tied": False, "attention": "additive"},
        {"bidirectional": False, "attention": "none"},
        {"attention": "dot", "reverse_source": True},
        {"replies": 5},
    ],
    ids=str,
)
def test_every_kind_of_network_comes_back(tmp_path, vocabulary, listener, interrupter, details, changes):
    networks = {
        "listener": listener(len(vocabulary), torch.tensor(vocabulary.letters()), **changes),
        "interrupter-1": interrupter(len(vocabulary), **changes),
    }
    options = NetworkOptions(hidden=8, embedding=6, dropout=0.2, **changes)
    bundles.save(tmp_path / "a", details(network=options, interrupters={1: 10}, history=3, lowercase=True), vocabulary, networks, {})
    bundle = bundles.load(tmp_path / "a")
    assert bundle.details == details(network=options, interrupters={1: 10}, history=3, lowercase=True)
    assert bundle.vocabulary.lowercase
    assert torch.equal(logits(bundle.listener, vocabulary), logits(rounded(networks["listener"], options), vocabulary))
    assert torch.equal(logits(bundle.interrupters[1], vocabulary), logits(rounded(networks["interrupter-1"], options), vocabulary))


def rounded(network, options):
    """With what a bundle keeps of its weights."""
    for name, weight in network.named_parameters():
        small = options.replies and weight.ndim == 2 and ("planner" in name or "table" in name)
        weight.data = weight.data.to(torch.float8_e4m3fn if small else torch.float16).float()
    return network


def test_a_bundle_of_the_time_before_grams_comes_back_without_them(tmp_path, vocabulary, listener, details):
    options = NetworkOptions(hidden=8, embedding=6, dropout=0.2, replies=5, pairs=0, grams=0)
    bundles.save(
        tmp_path / "a", details(network=options, interrupters={}), vocabulary, {"listener": listener(len(vocabulary), replies=5, pairs=0, grams=0)}, {}
    )
    stored = json.loads((tmp_path / "a" / "bundle.json").read_text())
    assert stored["network"].pop("pairs") == stored["network"].pop("grams") == 0
    assert stored["network"].pop("by_heart")
    (tmp_path / "a" / "bundle.json").write_text(json.dumps(stored))
    assert bundles.load(tmp_path / "a").details.network == replace(options, by_heart=False)


# On disk


def test_files_carry_their_hash_and_bundle_json_names_them(bundle_folder):
    stored = json.loads((bundle_folder / "bundle.json").read_text())
    assert stored["format"] == 1
    assert stored["files"].keys() == {"vocabulary", "listener", "interrupter-1", "interrupter-4"}
    for role, file in stored["files"].items():
        digest = hashlib.sha256((bundle_folder / file["name"]).read_bytes()).hexdigest()
        assert file["sha256"] == digest
        assert file["name"].startswith(f"{role}-{digest[:12]}.")
    assert content(bundle_folder).keys() == {"bundle.json", "README.md", "log.jsonl", *(file["name"] for file in stored["files"].values())}


def test_there_is_no_pickle_in_it(bundle_folder):
    for name, raw in content(bundle_folder).items():
        assert not raw.startswith((b"\x80", b"PK")), name
        if name.endswith(".safetensors"):
            assert json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        with pytest.raises((ValueError, IndexError, UnicodeDecodeError)):
            list(pickletools.genops(raw))


def test_saving_again_replaces_the_old_and_removes_what_is_no_longer_listed(folder, save_bundle):
    before = content(folder)
    for name in ("notes.txt", "listener.safetensors", "vocabulary-of-mine.model"):
        (folder / name).write_text("mine")
    (folder / ".listener-000000000000.safetensors.part").write_text("left by a crash")
    (folder / "resume").mkdir()
    save_bundle(folder, scale=0.5)
    after = content_of_files(folder)
    stale = {name for name in before if name.startswith(("listener", "interrupter"))}
    assert len(stale) == 3
    assert not stale & after.keys()
    assert {"notes.txt", "listener.safetensors", "vocabulary-of-mine.model"} <= after.keys(), "what is not ours stays"
    assert not [name for name in after if name.endswith(".part")]
    assert len([name for name in after if name.startswith("listener-")]) == 1
    assert (folder / "resume").is_dir()
    bundles.load(folder)


def content_of_files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("fails_at", range(1, 8))
def test_a_failed_save_leaves_the_old_bundle_whole(folder, save_bundle, monkeypatch, call, fails_at):
    old, vocabulary = bundles.load(folder), bundles.load(folder).vocabulary
    expected, real, count = logits(old.listener, vocabulary), getattr(os, call), iter(range(1, 100))

    def full(*arguments):
        if next(count) >= fails_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments)

    monkeypatch.setattr(os, call, full)
    with pytest.raises(BundleError, match="No space left"):
        save_bundle(folder, scale=0.5)
    monkeypatch.undo()
    assert torch.equal(logits(bundles.load(folder).listener, vocabulary), expected)
    assert not list(folder.glob(".*.part"))
    save_bundle(folder, scale=0.5)
    assert not torch.equal(logits(bundles.load(folder).listener, vocabulary), expected)


def test_bundle_json_is_replaced_last(folder, save_bundle, monkeypatch):
    order, real = [], os.replace
    monkeypatch.setattr(os, "replace", lambda source, target: (order.append(os.path.basename(target)), real(source, target))[1])
    save_bundle(folder, scale=0.5)
    assert order[-1] == "bundle.json"
    assert len(order) == 7


def test_a_folder_that_cannot_be_made_is_a_persons_mistake(tmp_path, save_bundle):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError) as caught:
        save_bundle(tmp_path / "file" / "parrot")
    assert caught.value.remedy


# Damage

FILES = ["vocabulary", "listener", "interrupter-1", "interrupter-4"]


@pytest.mark.parametrize("role", FILES)
@pytest.mark.parametrize("damage", ["missing", "truncated", "altered", "empty", "folder"])
def test_a_damaged_file_is_named(folder, role, damage):
    path = folder / json.loads((folder / "bundle.json").read_text())["files"][role]["name"]
    raw = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes({"truncated": raw[:-1], "altered": raw[:-1] + bytes([raw[-1] ^ 1]), "empty": b""}[damage])
    with pytest.raises(BundleError) as caught:
        bundles.load(folder)
    assert str(path) in str(caught.value.place)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "3", '"x"', "\xff", '{"format": 1}', '{"format": 1, "files": []}', '{"format": 1, "files": {}}', "[" * 100_000]
)
def test_a_bundle_json_that_is_none_is_refused(folder, text):
    (folder / "bundle.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(BundleError) as caught:
        bundles.load(folder)
    assert str(folder) in str(caught.value.place)


@pytest.mark.parametrize("number", [0, 2, 99, "1", None])
def test_an_unknown_format_is_refused_by_its_number(folder, number):
    change(folder, format=number)
    with pytest.raises(BundleError, match=f"unknown format {number!r}"):
        bundles.load(folder)


@pytest.mark.parametrize(
    "values",
    [
        {"network": {}}, {"network": None}, {"network": {"cell": "tree"}}, {"network": {"colour": "red"}}, {"network": {"hidden": "wide", "embedding": 6}},
        {"network": {"hidden": 16, "embedding": 6}}, {"interrupters": {"1": 11, "4": 10}}, {"interrupters": {"2": 10}}, {"interrupters": {"one": 10}}, {"interrupters": None},
        {"interrupters": {"0": 10}}, {"interrupters": {"1" * 5000: 10}}, {"interrupters": {"1": -1}}, {"examples": None},
        {"files": {"vocabulary": {}}}, {"files": {"vocabulary": {"name": "../../etc/passwd", "sha256": ""}}}, {"files": {"vocabulary": "x"}},
    ],
    ids=lambda values: str(values)[:60],
)  # fmt: skip
def test_a_bundle_json_that_does_not_fit_is_refused(folder, values):
    change(folder, **values)
    with pytest.raises(BundleError):
        bundles.load(folder)


@pytest.mark.parametrize(
    "values",
    [{"history": "some"}, {"history": -1}, {"utterance_limit": None}, {"reply_limit": "64"}, {"reply_limit": 0}, {"examples": [1, 2]}, {"files": {"extra": 5}}],
    ids=str,
)
def test_a_value_of_another_kind_is_refused_before_anybody_talks(folder, values):
    change(folder, **values)
    with pytest.raises(BundleError):
        bundles.load(folder)


@pytest.mark.parametrize("late", ["_checked", "_fill"])
def test_who_reads_while_a_better_one_is_written_has_the_better_one(folder, save_bundle, monkeypatch, late):
    real = getattr(bundles, late)

    def overtaken(*arguments):
        monkeypatch.setattr(bundles, late, real)
        save_bundle(folder, scale=0.5, created="2031-01-01T00:00:00+00:00")
        return real(*arguments)

    monkeypatch.setattr(bundles, late, overtaken)
    assert bundles.load(folder).details.created.startswith("2031")


def test_files_of_another_role_are_refused(folder):
    files = json.loads((folder / "bundle.json").read_text())["files"]
    change(folder, files={**files, "listener": files["interrupter-1"]})
    with pytest.raises(BundleError):
        bundles.load(folder)


def test_a_file_outside_of_the_folder_is_never_read(folder, tmp_path):
    files = json.loads((folder / "bundle.json").read_text())["files"]
    outside = tmp_path / "outside.model"
    outside.write_bytes((folder / files["vocabulary"]["name"]).read_bytes())
    for name in (str(outside), "../../outside.model"):
        change(folder, files={**files, "vocabulary": {**files["vocabulary"], "name": name}})
        with pytest.raises(BundleError):
            bundles.load(folder)


# Finding one


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A working folder, and beside it what ships."""
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setattr(bundles, "shipped", lambda kind: tmp_path / "shipped" / kind)
    return tmp_path


def test_the_newest_own_bundle_is_found_by_when_it_was_made_not_by_file_time(desk, save_bundle):
    models, shipped = desk / "desk" / "models", desk / "shipped" / "models" / "small-talk"
    assert bundles.find(None) == shipped, "with none of one's own, the one that ships"
    save_bundle(shipped, created="2030-01-01T00:00:00+00:00")
    save_bundle(models / "newer", created="2026-03-01T00:00:00+00:00")
    save_bundle(models / "older", created="2026-02-01T00:00:00+00:00")
    os.utime(models / "newer" / "bundle.json", (1, 1))
    os.utime(models / "newer", (1, 1))
    assert bundles.find(None).resolve() == models / "newer"
    (models / "newer" / "bundle.json").write_text("{")
    assert bundles.find(None).resolve() == models / "older", "a damaged one counts as the oldest"
    (models / "empty").mkdir()
    (models / "a file").write_text("")
    assert bundles.find(None).resolve() == models / "older"


def test_a_bundle_is_found_by_path_by_own_name_and_by_shipped_name_in_that_order(desk, save_bundle):
    models, shipped = desk / "desk" / "models", desk / "shipped" / "models"
    save_bundle(shipped / "small-talk")
    assert bundles.find("small-talk") == shipped / "small-talk"
    assert bundles.is_shipped(shipped / "small-talk")
    save_bundle(models / "small-talk")
    assert bundles.find("small-talk").resolve() == models / "small-talk"
    assert not bundles.is_shipped(models / "small-talk")
    save_bundle(desk / "desk" / "small-talk")
    assert bundles.find("small-talk").resolve() == desk / "desk" / "small-talk"
    assert bundles.find(str(models / "small-talk")) == models / "small-talk"
    for missing in ("none", str(models / "none"), "models", "../desk"):
        with pytest.raises(BundleError, match="no bundle of that name or path"):
            bundles.find(missing)


# The bot of a bundle


def test_a_bot_has_the_limits_and_the_networks_of_its_bundle(bundle_folder):
    bundle = bundles.load(bundle_folder)
    bot = Bot.of(bundle)
    assert isinstance(bot.network, Seq2Seq)
    assert (bot.history, bot.utterance_limit, bot.reply_limit) == (0, 60, 12)
    assert Bot.of(bundle, wait=4).network.wait == 4
    assert Bot.load(str(bundle_folder)).reply("hello").text == bot.reply("hello").text
    with pytest.raises(OptionError, match="no interrupter with wait 2 in parrot; it has 1, 4"):
        Bot.of(bundle, wait=2)
