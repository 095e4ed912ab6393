"""`chatbot corpus new`: what it writes can be compiled, read and trained on, and what it says can be typed; and `expand` of what it writes."""

import os
import shlex
from pathlib import Path

import pytest

from chatbot.corpus.conversations import conversations
from chatbot.corpus.expand import exchanges_in
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import read_pairs
from chatbot.corpus.split import split_pairs
from chatbot.corpus.topics import read_topics


@pytest.fixture
def faq(chatbot, tmp_path):
    assert chatbot("corpus", "new", "faq").code == 0
    return tmp_path / "faq"


def test_it_writes_a_folder_and_says_what_to_type_next(chatbot, tmp_path):
    ran = chatbot("corpus", "new", "faq")
    assert (ran.code, ran.err) == (0, "")
    assert sorted(os.listdir(tmp_path / "faq")) == ["faq.chat", "faq.topic"]
    first, *commands = ran.lines
    assert first.startswith("faq: ")
    typed = [shlex.split(line) for line in commands]
    assert [words[:2] for words in typed] == [["chatbot", "corpus"], ["chatbot", "train"], ["chatbot", "talk"]]
    assert {"--no-interrupter", "--known-replies", "small-talk"} <= set(typed[1])
    assert chatbot(*typed[0][1:]).code == 0, "can be typed"
    assert typed[1][2] == "faq.tsv"
    assert (tmp_path / "faq.tsv").is_file()
    for words in typed[1:]:
        options = {word for word in words if word.startswith("--")}
        assert options <= set(chatbot(words[1], "--help").out.split()), "no such option"


def test_its_folder_may_be_anywhere_and_have_any_name(chatbot, tmp_path):
    (tmp_path / "my corpora").mkdir()
    ran = chatbot("corpus", "new", "my corpora/questions, answers")
    expand, train, talk = (shlex.split(line) for line in ran.lines[1:])
    assert chatbot(*expand[1:]).code == 0
    assert (tmp_path / train[2]).is_file()
    assert talk[-1] == "models/questions, answers"


def test_what_is_there_is_kept(mistake, faq, tmp_path):
    (faq / "faq.topic").write_text("mine")
    assert "is there already" in mistake("corpus", "new", "faq")
    assert (faq / "faq.topic").read_text() == "mine"
    (tmp_path / "file").write_text("mine")
    mistake("corpus", "new", "file")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["", ".", "..", "nosuch/faq", "a\nb", "\x1b[31m", "x" * 300, "-lib", "./-lib", "--"])
def test_a_name_that_cannot_be_is_refused(mistake, tmp_path, name):
    mistake("corpus", "new", "--", name)
    assert os.listdir(tmp_path) == []


def test_what_it_writes_makes_a_corpus_with_which_one_can_train_and_test(chatbot, faq, tmp_path):
    ran = chatbot("corpus", "expand", "faq")
    assert (ran.code, ran.err) == (0, "")
    assert "14 topics, 20 follow-ups" in ran.out
    pairs = list(read_pairs(tmp_path / "faq.tsv", history=1))
    assert len({pair.group.topic for pair in pairs}) == 16
    assert len({key(pair.utterance) for pair in pairs}) >= 200
    parts = split_pairs(pairs)
    assert parts.test
    assert parts.valid
    assert chatbot("corpus", "check", "faq.tsv").code == 0


def test_its_answers_are_no_longer_than_can_be_learnt(faq):
    for talk in conversations(exchanges_in(read_topics(faq))):
        for line in talk:
            assert len(line.reply.split()) <= 26
            assert line.utterance.isascii()


def test_its_first_transcript_asks_what_is_trained_on_and_allows_all_answers_of_the_topic(faq):
    topics = {key(exchange.utterance): block for block in exchanges_in(read_topics(faq)) for exchange in block.exchanges}
    version, *scenes = [
        [line for line in scene.splitlines() if line and not line.startswith("#")] for scene in Path(faq / "faq.chat").read_text().split("\n== ")
    ]
    assert version == ["@chat 1"]
    assert len(scenes) >= 5
    for _, asked, *answers in scenes:
        sign, _, utterance = asked.partition(" ")
        assert sign == ">"
        assert {answer.partition(" ")[0] for answer in answers} == {"<"}
        replies = {reply for exchange in topics[key(utterance)].exchanges for reply in exchange.replies}
        assert {answer.partition(" ")[2] for answer in answers} == replies


def test_expand_overwrites_nothing_but_what_it_wrote(chatbot, mistake, faq, tmp_path):
    (tmp_path / "faq.tsv").write_text("my own\twork\n")
    assert "faq.tsv: is there already" in mistake("corpus", "expand", "faq")
    assert "a folder is begun, not a file; name it own" in mistake("corpus", "new", "own.tsv")
    assert "pairs are written to a .tsv file" in mistake("corpus", "expand", "faq", "--out", faq / "faq.topic")
    for _ in range(2):
        assert chatbot("corpus", "expand", "faq", "--out", "other.tsv").code == 0
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "bare.topic").write_text("# nothing yet\n")
    assert "no utterance with a reply" in mistake("corpus", "expand", "bare", "--out", "other.tsv")
    assert (tmp_path / "other.tsv").read_text()
    assert (tmp_path / "faq.tsv").read_text() == "my own\twork\n"


def test_expand_ends_each_conversation_with_a_blank_line_and_numbers_the_groups_accordingly(chatbot, faq, tmp_path):
    chatbot("corpus", "expand", "faq")
    lines = (tmp_path / "faq.tsv").read_text().split("\n")
    groups = [line.split("\t") for line in (tmp_path / "faq.groups.tsv").read_text().splitlines()]
    assert {len(group) for group in groups} == {5}
    assert [int(group[0]) for group in groups] == [number for number, line in enumerate(lines, 1) if line]
    assert lines[-2:] == ["", ""]
    needs = {int(number): needed for number, *_, needed in groups}
    assert set(needs.values()) == {"0", "1"}
    assert all(lines[number - 2] for number, needed in needs.items() if needed == "1"), "a turn is before it"
