"""A prepared data set: the same examples as of pairs in memory, whatever way they are read; kept on disk, and made anew when they must be."""

import os
import random
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chatbot.batches import Examples
from chatbot.corpus.fingerprint import fingerprint
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair, groups_path, read_blocks, read_pairs
from chatbot.corpus.split import Split, split_pairs
from chatbot.dataset import prepare as preparing
from chatbot.dataset import scan as scanning
from chatbot.dataset import store
from chatbot.dataset.jobs import draw, line_numbers
from chatbot.dataset.prepare import Dataset, prepare
from chatbot.dataset.scan import Sample
from chatbot.errors import BundleError, CorpusError, OptionError
from chatbot.evaluation.exam import exam
from chatbot.evaluation.metrics import allowed_replies
from chatbot.options import VocabularyOptions
from chatbot.vocabulary import SEP, Vocabulary

OPTIONS = VocabularyOptions(size=330)
WORDS = ["where", "is", "the", "café", "my", "hat", "blue", "today", "it", "rains", "on", "monday", "who", "sings", "tea", "late", "night", "good"]


def write(path: Path, count: int, *, seed: int = 1, replies: int = 30, late: int = 0) -> Path:
    """A corpus in conversations of three, with CRLF and a byte order mark; of the first `late` lines each two are a late-cue pair."""
    rng = random.Random(seed)
    lines, groups = [], []
    for number in range(count):
        lines.append(f"{' '.join(rng.choices(WORDS, k=rng.randint(2, 7)))} {number}\tReply {rng.randrange(replies)} {rng.choice(WORDS)}")
        if number < late:
            groups.append(f"{len(lines)}\tlate\tlate/{number // 2}/1.1\t{'ab'[number % 2]}\n")
        elif number % 3 == 0:
            groups.append(f"{len(lines)}\tplain\t\t\n")
        if number % 3 == 2:
            lines.append("")
    path.write_bytes("\ufeff".encode() + "\r\n".join([*lines, ""]).encode())
    groups_path(path).write_text("".join(groups))
    return path


@pytest.fixture
def corpus(tmp_path):
    return write(tmp_path / "a.tsv", 900, late=120)


@pytest.fixture
def ids(tmp_path):
    return tmp_path / "ids"


def rows(examples: Examples) -> list[tuple[list[int], list[int]]]:
    def of(ragged, row):
        return ragged.flat[ragged.starts[row] : ragged.starts[row] + ragged.lengths[row]].tolist()

    return [(of(examples.source, row), of(examples.target, row)) for row in range(len(examples))]


def hearing_only_trained(parts: Split) -> list[Pair]:
    """The training part, each pair with the turns after the last one that is held out."""
    held = {key(pair.utterance) for pair in (*parts.valid, *parts.test)}
    pairs = []
    for pair in parts.train:
        turns = pair.history
        while any(key(utterance) in held for utterance, _ in turns):
            turns = turns[1:]
        pairs.append(replace(pair, history=turns))
    return pairs


def trained_on(parts: Split, options: VocabularyOptions = OPTIONS) -> Vocabulary:
    return Vocabulary.train([pair.utterance for pair in parts.train], [pair.reply for pair in parts.train], options)


def all_of(data: Dataset) -> tuple:
    return data.vocabulary.model, rows(data.train), data.valid_pairs, data.test_pairs, data.lines.tolist(), data.fingerprint, data.left_out, data.longest


@pytest.fixture
def cut(monkeypatch):
    """cut(50): corpora are read in blocks of about 50 bytes, and workers are worth it."""

    def small(size: int) -> None:
        monkeypatch.setattr(scanning, "read_blocks", partial(read_blocks, size=size))
        monkeypatch.setattr(preparing, "SMALL", 0)
        monkeypatch.setattr(preparing, "TINY", 0)

    return small


@pytest.mark.parametrize("history", [0, 2])
@pytest.mark.parametrize("lowercase", [False, True])
def test_it_holds_what_pairs_in_memory_hold(corpus, ids, history, lowercase):
    options = VocabularyOptions(size=330, lowercase=lowercase)
    data = prepare([corpus], ids, options, history=history)
    pairs = list(read_pairs(corpus, history=history))
    parts = split_pairs(pairs)
    assert parts.valid
    assert parts.test
    assert data.vocabulary.model == trained_on(parts, options).model
    parts = Split(hearing_only_trained(parts), parts.valid, parts.test)
    assert rows(data.train) == rows(Examples(parts.train, data.vocabulary))
    assert rows(data.valid) == rows(Examples(parts.valid, data.vocabulary))
    assert (data.valid_pairs, data.test_pairs, data.train_pairs) == (parts.valid, parts.test, parts.train)
    assert [data.place(row) for row in range(len(data.train))] == [pair.place for pair in parts.train]
    assert (data.pairs, data.utterances, data.left_out) == (900, len({key(pair.utterance) for pair in pairs}), 0)
    assert data.longest == max(len(data.vocabulary.encode(pair.reply)) for pair in parts.train)
    assert data.fingerprint == fingerprint(pairs)
    assert (data.mix_fingerprint, data.valid_fingerprint) == ("", "")


def test_the_topics_and_what_is_held_out_tell_which_replies_are_allowed(corpus, ids):
    data = prepare([corpus], ids, OPTIONS)
    every, few = allowed_replies(read_pairs(corpus)), allowed_replies([*data.topics, *data.valid_pairs, *data.test_pairs])
    for pair in (*data.valid_pairs, *data.test_pairs):
        assert set(few[key(pair.utterance)]) == set(every[key(pair.utterance)])


FOLLOWED = [(f"opening {number}", f"reply {number % 7}", f"and {number % 5}", f"then {number % 3}") for number in range(400)]


@pytest.mark.parametrize("size", [0, 60])
def test_nothing_that_is_held_out_is_heard_in_training_and_no_follow_up_stands_without_its_turn(ids, tmp_path, cut, size):
    path = tmp_path / "a.tsv"
    path.write_text("".join(f"{opening}\t{reply}\n{asked}\t{answer}\n\n" for opening, reply, asked, answer in FOLLOWED))
    needing = [number for number in range(len(FOLLOWED)) if number % 2]  # the other half of the second turns are unrelated
    groups_path(path).write_text(
        "".join(f"{3 * number + 1}\topen\t\t\t0\n" + f"{3 * number + 2}\topen.then-1\t\t\t1\n" * (number % 2) for number in range(400))
    )
    if size:
        cut(size)
    data = prepare([path], ids, OPTIONS, history=1)
    held = {pair.utterance for pair in (*data.valid_pairs, *data.test_pairs) if pair.utterance.startswith("opening")}
    assert len(held) > 10
    decode, turns = data.vocabulary.decode, {}
    for row, (source, _) in enumerate(rows(data.train)):
        turns[int(data.place(row).rpartition(":")[2])] = decode(source[: source.index(SEP)]) if SEP in source else None
    assert not held & set(turns.values())
    every = {pair.place: pair for pair in read_pairs(path, history=1)}
    out = {int(pair.place.rpartition(":")[2]) for pair in (*data.valid_pairs, *data.test_pairs)}
    for place, pair in every.items():
        line = int(place.rpartition(":")[2])
        if line in out:
            continue
        after_held = bool(pair.history) and pair.history[0][0] in held
        if after_held and line // 3 in needing:
            assert line not in turns, "a follow-up needs its turn"
        else:
            assert turns[line] == (pair.history[0][0] if pair.history and not after_held else None)
    assert data.left_out == 0, "is for what is too long"


def test_a_bundle_is_asked_what_its_training_was_scored_on(ids, tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("".join(f"opening {number}\treply {number % 7}\nand {number}\tthen {number % 200}\n\n" for number in range(400)))
    groups_path(path).write_text("".join(f"{3 * number + 1}\topen\t\t\t0\n{3 * number + 2}\topen.then-1\t\t\t1\n" for number in range(400)))
    data = prepare([path], ids, OPTIONS, history=1)
    assert (data.left_out, len(data.train) + len(data.valid_pairs) + len(data.test_pairs)) == (0, 800 - data.torn)
    details = SimpleNamespace(history=1, fingerprint=data.fingerprint, utterance_limit=256, training={})
    asked = exam(SimpleNamespace(details=details, vocabulary=data.vocabulary), [path])
    assert asked.pairs == data.test_pairs
    assert [pair.place for pair in asked.trained] == [data.place(row) for row in range(len(data.train))]


@pytest.mark.parametrize("history", [0, 2])
def test_it_is_the_same_however_the_files_are_cut_and_whoever_cuts_them(corpus, ids, tmp_path, cut, history):
    other = write(tmp_path / "b.tsv", 300, seed=2)
    whole = all_of(prepare([corpus, other], ids, OPTIONS, history=history))
    for size, workers in ((300, 0), (4000, 2)):
        cut(size)
        assert all_of(prepare([corpus, other], tmp_path / f"ids-{size}", OPTIONS, history=history, workers=workers)) == whole


def test_a_corpus_of_several_files_is_their_pairs_one_after_the_other(corpus, ids, tmp_path):
    other = write(tmp_path / "b.tsv", 300, seed=2)
    data = prepare([corpus, other], ids, OPTIONS)
    parts = split_pairs([*read_pairs(corpus), *read_pairs(other)])
    assert rows(data.train) == rows(Examples(parts.train, data.vocabulary))
    assert [data.place(row) for row in range(len(data.train))] == [pair.place for pair in parts.train]
    assert data.fingerprint == fingerprint([*read_pairs(corpus), *read_pairs(other)])


def test_a_pair_with_a_long_side_is_left_out_and_so_is_a_held_out_one_whose_reply_nothing_else_has(corpus, ids):
    whole = prepare([corpus], ids, OPTIONS)
    limit = sorted(len(whole.vocabulary.encode(pair.reply)) for pair in whole.train_pairs)[len(whole.train_pairs) // 2]
    data = prepare([corpus], ids, OPTIONS, limit=limit)
    parts, vocabulary = split_pairs(read_pairs(corpus)), whole.vocabulary

    def short(pairs):
        return [pair for pair in pairs if len(vocabulary.hear(pair.utterance)) <= limit and len(vocabulary.encode(pair.reply)) <= limit]

    train = short(parts.train)
    known = {key(pair.reply) for pair in train}
    held = [[pair for pair in short(part) if key(pair.reply) in known] for part in (parts.valid, parts.test)]
    assert rows(data.train) == rows(Examples(train, vocabulary))
    assert [data.valid_pairs, data.test_pairs] == held
    assert data.left_out == 900 - sum(len(short(part)) for part in (parts.train, parts.valid, parts.test)) > 100
    assert data.torn == sum(len(short(part)) for part in (parts.valid, parts.test)) - sum(map(len, held))
    assert data.longest <= limit
    with pytest.raises(CorpusError, match="no pair with at most 1 pieces"):
        prepare([corpus], ids, OPTIONS, limit=1)


def test_with_a_validation_file_all_of_the_corpus_is_trained_on(corpus, ids, tmp_path):
    own = write(tmp_path / "own.tsv", 30, seed=9)
    data = prepare([corpus], ids, OPTIONS, valid=own)
    assert len(data.train) == 900
    assert (data.valid_pairs, data.test_pairs) == (list(read_pairs(own)), [])
    assert data.valid_fingerprint == fingerprint(read_pairs(own))


def test_what_is_said_in_a_validation_file_and_trained_on_is_not_validated_on(corpus, ids, tmp_path):
    mix, own = write(tmp_path / "mix.tsv", 600, seed=3), write(tmp_path / "own.tsv", 30, seed=9)
    trained = [next(iter(read_pairs(corpus))), split_pairs(read_pairs(mix)).train[0]]
    leaked = "".join(f"{pair.utterance.upper()}\tReply 1 tea\n" for pair in trained)
    with open(own, "a") as file:
        file.write(leaked)
    data = prepare([corpus], ids, OPTIONS, valid=own, mix=[mix])
    assert data.valid_pairs == list(read_pairs(own))[:-2]
    assert (data.leaked, data.left_out) == (2, 0)
    own.write_text(leaked)
    groups_path(own).unlink()
    with pytest.raises(CorpusError, match="all that is said in it is trained on too"):
        prepare([corpus], ids, OPTIONS, valid=own, mix=[mix])


def test_of_a_mix_is_trained_on_what_nobody_holds_out(corpus, ids, tmp_path):
    mix = write(tmp_path / "mix.tsv", 600, seed=3)
    with open(mix, "ab") as file:  # utterances of the corpus with replies of their own
        file.write("".join(f"{pair.utterance.upper()}\tReply 1 tea\n" for pair in read_pairs(corpus)).encode())
    alone, mixed = split_pairs(read_pairs(corpus)), split_pairs(read_pairs(mix))
    held = {key(pair.utterance) for pair in (*alone.valid, *alone.test)}
    data = prepare([corpus], ids, OPTIONS, mix=[mix])
    assert (data.valid_pairs, data.test_pairs) == (alone.valid, alone.test)
    assert rows(data.train) == rows(Examples([*alone.train, *(pair for pair in mixed.train if key(pair.utterance) not in held)], data.vocabulary))
    assert len(data.train) > len(alone.train) + 500
    assert data.place(len(data.train) - 1).startswith(f"{mix}:")
    assert (data.pairs, data.fingerprint, data.mix_fingerprint) == (900, fingerprint(read_pairs(corpus)), fingerprint(read_pairs(mix)))


def test_a_vocabulary_that_is_given_is_used(corpus, ids, vocabulary):
    data = prepare([corpus], ids, OPTIONS, vocabulary=vocabulary)
    assert data.vocabulary.model == vocabulary.model
    assert rows(data.train) == rows(Examples(split_pairs(read_pairs(corpus)).train, vocabulary))


def test_a_vocabulary_of_many_pieces_has_ids_of_32_bits(corpus, ids, monkeypatch):
    narrow = prepare([corpus], ids, OPTIONS)
    monkeypatch.setattr(store, "_NARROW", 100)
    wide = prepare([corpus], ids / "wide", OPTIONS)
    assert (narrow.train.source.flat.dtype, wide.train.source.flat.dtype) == (torch.int16, torch.int32)
    assert rows(narrow.train) == rows(wide.train)


# The sample that a vocabulary is trained on


@given(
    lots=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=80, unique=True),
    size=st.integers(1, 30),
    blocks=st.integers(1, 9),
)
def test_a_sample_is_of_the_lowest_draws_however_often_others_are_forgotten(lots, size, blocks):
    sample = Sample(size)
    for first in range(0, len(lots), blocks):
        limit = sample.most
        sample.add([(lot, row, f"u{lot}", f"r{lot}") for row, lot in enumerate(lots[first : first + blocks]) if lot <= limit], first)
    lowest = sorted(lots)[:size]
    assert sample.texts(torch.zeros(len(lots), dtype=torch.uint8).numpy()) == tuple([f"{side}{lot}" for lot in lots if lot in lowest] for side in "ur")
    assert len(sample.drawn) <= size + size // 2


def test_of_a_large_corpus_the_vocabulary_is_that_of_a_sample_whoever_draws_it(corpus, ids, tmp_path, cut, monkeypatch):
    monkeypatch.setattr(preparing, "SAMPLE", 200)
    train = split_pairs(read_pairs(corpus)).train
    lots = draw(line_numbers(train), 0).tolist()
    lowest = set(sorted(lots)[:200])
    drawn = [pair for pair, lot in zip(train, lots, strict=True) if lot in lowest]
    for size, workers in ((300, 0), (4000, 2)):
        cut(size)
        assert prepare([corpus], tmp_path / str(size), OPTIONS, workers=workers).vocabulary.model == trained_on(Split(drawn, [], [])).model


# What is kept for the next run


@pytest.fixture
def read_again(monkeypatch):
    """How often the files were read, and how often cut into pieces."""
    done = {"scan": 0, "run": 0}

    def noted(where, name):
        original = getattr(where, name)

        def wrapper(*args):
            done[name] += 1
            return original(*args)

        monkeypatch.setattr(where, name, wrapper)

    noted(preparing, "scan")
    noted(preparing._Cutting, "run")
    return done


def test_a_second_run_reads_nothing(corpus, ids, read_again, tmp_path):
    first = prepare([corpus], ids, OPTIONS)
    second = prepare([corpus], ids, OPTIONS)
    assert read_again == {"scan": 1, "run": 1}
    assert all_of(second) == all_of(first)
    assert second.place(5) == first.place(5)
    assert [second.topics, second.train_pairs, second.pairs, second.utterances] == [first.topics, first.train_pairs, first.pairs, first.utterances]


def test_files_that_were_only_touched_or_packed_otherwise_are_read_but_not_cut_again(corpus, ids, read_again):
    first = prepare([corpus], ids, OPTIONS)
    os.utime(corpus, ns=(1, 1))
    again = prepare([corpus], ids, OPTIONS)
    assert read_again == {"scan": 2, "run": 1}
    assert all_of(again) == all_of(first)
    prepare([corpus], ids, OPTIONS)
    assert read_again == {"scan": 2, "run": 1}, "the new time is noted"


@pytest.mark.parametrize("change", ["an utterance", "a reply", "the groups", "a line more"])
def test_a_changed_corpus_is_read_and_cut_again(corpus, ids, read_again, change):
    first = prepare([corpus], ids, OPTIONS)
    if change == "the groups":
        groups_path(corpus).write_text(groups_path(corpus).read_text().replace("plain", "other"))
    elif change == "a line more":
        corpus.write_bytes(corpus.read_bytes() + b"a line more\tReply 1 tea\r\n")
    else:
        old, new = (b" 7\t", b" 8\t") if change == "an utterance" else (b"\tReply 7", b"\tReply 8")
        corpus.write_bytes(corpus.read_bytes().replace(old, new))
        os.utime(corpus, ns=(1, 1))
    second = prepare([corpus], ids, OPTIONS)
    assert read_again == {"scan": 2, "run": 2}
    assert second.fingerprint != first.fingerprint
    assert rows(second.train) == rows(Examples(split_pairs(read_pairs(corpus)).train, second.vocabulary))


@pytest.mark.parametrize(
    "other",
    [{"history": 1}, {"limit": 20}, {"options": VocabularyOptions(size=331)}, {"options": VocabularyOptions(size=330, lowercase=True)}, {"valid": "own.tsv"}],
)
def test_other_options_cut_again(corpus, ids, read_again, other, monkeypatch):
    monkeypatch.chdir(corpus.parent)
    write(Path("own.tsv"), 30, seed=9)
    prepare([corpus], ids, OPTIONS)
    options, other = other.get("options", OPTIONS), {name: Path(value) if name == "valid" else value for name, value in other.items() if name != "options"}
    data = prepare([corpus], ids, options, **other)
    assert read_again == {"scan": 2, "run": 2}
    assert all_of(data) == all_of(prepare([corpus], ids / "fresh", options, **other))


def test_the_vocabulary_that_was_trained_may_be_given_and_no_other(corpus, ids, read_again, vocabulary):
    first = prepare([corpus], ids, OPTIONS)
    assert all_of(prepare([corpus], ids, OPTIONS, vocabulary=first.vocabulary)) == all_of(first)
    assert read_again == {"scan": 1, "run": 1}
    prepare([corpus], ids, OPTIONS, vocabulary=Vocabulary(first.vocabulary.model, lowercase=True))
    assert read_again == {"scan": 2, "run": 2}
    prepare([corpus], ids, OPTIONS, vocabulary=vocabulary)
    prepare([corpus], ids, OPTIONS)
    assert read_again == {"scan": 4, "run": 4}


@pytest.mark.parametrize("name", ["source.ids", "target.starts", "lines", "vocabulary.model", "dataset.json"])
@pytest.mark.parametrize("harm", [lambda raw: raw[:-1], lambda raw: b"", None])
def test_what_is_not_whole_is_made_anew(corpus, ids, read_again, name, harm):
    first = all_of(prepare([corpus], ids, OPTIONS))
    if harm:
        (ids / name).write_bytes(harm((ids / name).read_bytes()))
    else:
        (ids / name).unlink()
    assert all_of(prepare([corpus], ids, OPTIONS)) == first
    assert read_again == {"scan": 2, "run": 2}


def test_a_data_set_of_another_format_is_made_anew(corpus, ids, read_again):
    prepare([corpus], ids, OPTIONS)
    for content in (b"{}", b"[]", b"7", (ids / "dataset.json").read_bytes().replace(b'"format": %d' % store.FORMAT, b'"format": 1')):
        (ids / "dataset.json").write_bytes(content)
        prepare([corpus], ids, OPTIONS)
    assert read_again == {"scan": 5, "run": 5}


def test_what_is_interrupted_leaves_nothing_half_made(corpus, ids, read_again):
    def stop(stage, done, total):
        if stage == "tokenising":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare([corpus], ids, OPTIONS, tell=stop)
    assert list(ids.iterdir()) == []
    prepare([corpus], ids, OPTIONS)
    assert not [path for path in ids.iterdir() if "part" in path.name]


# Mistakes


@pytest.mark.parametrize("workers", [0, 2])
def test_mistakes_are_told_in_the_order_of_the_files(corpus, ids, tmp_path, cut, workers):
    cut(1000)
    bad = tmp_path / "bad.tsv"
    bad.write_bytes(corpus.read_bytes() + b"no tab\n" + corpus.read_bytes() + b"a\tb\tc\n")
    with pytest.raises(CorpusError, match=r"bad.tsv:1201:7: no tab"):
        prepare([corpus, bad, tmp_path / "missing.tsv"], ids, OPTIONS, workers=workers)
    with pytest.raises(CorpusError, match=r"missing.tsv: no such file"):
        prepare([corpus, tmp_path / "missing.tsv"], ids, OPTIONS, workers=workers)
    with pytest.raises(OptionError, match="--vocab-size 3 is too small"):
        prepare([corpus], ids, VocabularyOptions(size=3), workers=workers)


@pytest.mark.parametrize("size", [1000, 1_000_000])
@pytest.mark.parametrize("change", [lambda lines: [*lines, b"a line more\tReply 1 tea\r\n"], lambda lines: lines * 2, lambda lines: lines[:30]])
def test_a_file_that_changes_while_it_is_read_is_refused(corpus, ids, cut, size, change):
    def rewrite(stage, done, total):
        if stage == "vocabulary":
            corpus.write_bytes(b"".join(change(corpus.read_bytes().splitlines(keepends=True))))

    cut(size)
    with pytest.raises(CorpusError, match=f"{corpus}: changed while it was being read"):
        prepare([corpus], ids, OPTIONS, tell=rewrite)


def test_a_file_that_becomes_shorter_by_a_whole_block_is_refused(corpus, ids, cut):
    cut(1000)
    groups_path(corpus).unlink()
    first, *_ = read_blocks(corpus, size=1000)

    def rewrite(stage, done, total):
        if stage == "vocabulary":
            corpus.write_bytes(first.lines.raw)

    with pytest.raises(CorpusError, match=f"{corpus}: changed while it was being read"):
        prepare([corpus], ids, OPTIONS, tell=rewrite)


def test_a_folder_that_cannot_be_written_to_is_one_line(corpus, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="cannot be written") as caught:
        prepare([corpus], tmp_path / "file" / "ids", OPTIONS)
    assert "\n" not in str(caught.value)


def test_progress_is_told_from_the_first_byte_to_the_last(corpus, ids, tmp_path, cut):
    other, told = write(tmp_path / "b.tsv", 300, seed=2), []
    cut(3000)
    prepare([corpus, other], ids, OPTIONS, tell=lambda *one: told.append(one))
    size = corpus.stat().st_size + other.stat().st_size
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["reading", "vocabulary", "tokenising"]
    for stage in ("reading", "tokenising"):
        done = [(done, total) for name, done, total in told if name == stage]
        assert done == sorted(done)
        assert done[0] == (0, size)
        assert done[-1] == (size, size)
        assert len(done) > 5


def test_where_pairs_may_stand_alone_a_file_without_blank_lines_has_no_history(ids, tmp_path):
    plain, talks = tmp_path / "plain.tsv", tmp_path / "talks.tsv"
    plain.write_text("".join(f"question {number}\tanswer {number % 3}\n" for number in range(40)))
    talks.write_text("".join(f"opening {number}\treply {number % 3}\nand {number}\tthen {number % 3}\n\n" for number in range(40)))
    with pytest.raises(CorpusError, match="no blank line"):
        prepare([plain], ids, OPTIONS, mix=[talks], history=1)
    data = prepare([plain], ids, OPTIONS, mix=[talks], history=1, alone=True)
    heard = {data.place(row).rpartition("/")[2].partition(":")[0]: set() for row in range(len(data.train))}
    for row, (source, _) in enumerate(rows(data.train)):
        heard[data.place(row).rpartition("/")[2].partition(":")[0]].add(SEP in source)
    assert heard == {"plain.tsv": {False}, "talks.tsv": {False, True}}
    assert data.fingerprint == fingerprint(read_pairs(plain, history=1, alone=True))
    assert not any(pair.history for pair in read_pairs(plain, history=1, alone=True))
