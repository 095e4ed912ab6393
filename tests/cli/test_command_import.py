"""`chatbot corpus import`: a corpus out of what people have, written whole or not at all."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from chatbot.corpus.importers.registry import FORMATS
from chatbot.corpus.pairs import read_pairs

sys.path.insert(0, str(Path(__file__).parents[1] / "importers"))
import exports  # the small exports of tests/importers


@pytest.fixture
def chat(tmp_path):
    path = tmp_path / "WhatsApp Chat.txt"
    path.write_text(exports.WHATSAPP["android de"].replace("lunch?", "lunch? +49 170 1234567"), "utf-8")
    return path


@pytest.fixture
def faq(tmp_path):
    path = tmp_path / "faq.csv"
    path.write_text(exports.TABLES["csv"][1], "utf-8")
    return path


def test_a_chat_becomes_a_corpus_that_is_fine(chatbot, chat, tmp_path):
    ran = chatbot("corpus", "import", chat.name, "--reply-as", "Ben", "--scrub")
    assert (ran.code, ran.out) == (0, "corpus.tsv: 2 pairs in 2 conversations, 2 utterances, 2 replies\n")
    assert ran.err.splitlines() == [
        "WhatsApp Chat.txt: WhatsApp, 5 messages",
        "speakers: Ben (3), Anna (2); Ben replies",
        "left out: pictures, voice messages, calls and notices (3); lines of the program itself (2); deleted messages (1)",
        "scrubbed: [phone] (1)",
    ]
    assert (tmp_path / "corpus.tsv").read_text("utf-8") == "hello Ben\u2028are you there?\thi Anna: yes what is up?\n\nlunch? [phone]\tat 12:30\n\n"
    assert [pair.history for pair in read_pairs(tmp_path / "corpus.tsv", history=1)] == [(), ()]


def test_a_corpus_of_a_chat_can_be_scrubbed_afterwards(chatbot, chat, tmp_path):
    assert chatbot("corpus", "import", chat.name, "--reply-as", "Ben", "--out", "a.tsv").code == 0
    ran = chatbot("corpus", "import", "a.tsv", "--scrub", "--out", "b.tsv")
    assert (ran.code, ran.out) == (0, "b.tsv: 2 pairs in 2 conversations, 2 utterances, 2 replies\n")
    assert chatbot("corpus", "import", chat.name, "--reply-as", "Ben", "--scrub", "--out", "c.tsv").code == 0
    assert (tmp_path / "b.tsv").read_bytes() == (tmp_path / "c.tsv").read_bytes()


def test_it_asks_who_is_imitated(mistake, chat, tmp_path):
    before = os.listdir(tmp_path)
    assert (
        mistake("corpus", "import", chat.name)
        == "WhatsApp Chat.txt: who is to be imitated? Messages are from Ben (3), Anna (2); choose one with --reply-as NAME"
    )
    assert os.listdir(tmp_path) == before


def test_json(chatbot, faq, strict_json):
    ran = chatbot("corpus", "import", "faq.csv", "--json", "--out", "a.tsv")
    assert ran.code == 0
    assert strict_json(ran.out) == {
        "out": "a.tsv", "pairs": 2, "conversations": None, "utterances": 2, "replies": 2, "reply_as": None, "speakers": {},
        "files": [{"path": "faq.csv", "format": "CSV", "encoding": "utf-8", "messages": None, "note": "utterance from “Question”, reply from “Answer”"}],
        "left_out": {}, "scrubbed": {},
    }  # fmt: skip


def test_topics_that_expand(chatbot, faq, tmp_path):
    ran = chatbot("corpus", "import", "faq.csv", "--as", "topics")
    assert (ran.code, ran.out) == (0, "corpus/import.topic: 2 pairs, 2 utterances, 2 replies, 2 topics\n")
    assert chatbot("corpus", "expand", "corpus").code == 0
    lines = (tmp_path / "corpus.tsv").read_text("utf-8").splitlines()
    assert {"\t".join(pair) for pair in exports.QUESTIONS} == {line for line in lines if line}


def test_groups_of_a_corpus_that_was_there_are_not_those_of_what_is_imported(chatbot, mistake, faq, tmp_path):
    chatbot("corpus", "new", "shop")
    chatbot("corpus", "expand", "shop")
    (tmp_path / "shop.tsv").unlink()
    told = "shop.groups.tsv: is there already: the topics of another shop.tsv; name another file, or remove them with --force"
    assert mistake("corpus", "import", "faq.csv", "--out", "shop.tsv") == told
    assert "it is read" in mistake("corpus", "import", "shop.groups.tsv", "--out", "shop.tsv", "--force")
    chatbot("corpus", "expand", "shop")
    ran = chatbot("corpus", "import", "faq.csv", "--out", "shop.tsv", "--force")
    assert (ran.code, ran.err.splitlines()[0]) == (0, "shop.groups.tsv: removed: the topics of another shop.tsv")
    assert all(pair.group is None for pair in read_pairs(tmp_path / "shop.tsv"))
    assert "was not written by `corpus expand`" in mistake("corpus", "expand", "shop")
    assert sorted(os.listdir(tmp_path)) == ["faq.csv", "shop", "shop.tsv"]


def test_nothing_is_overwritten_unasked(chatbot, mistake, faq, tmp_path):
    (tmp_path / "corpus.tsv").write_text("mine\tmine\n")
    assert mistake("corpus", "import", "faq.csv") == "corpus.tsv: is there already; name another file, or replace it with --force"
    assert (tmp_path / "corpus.tsv").read_text() == "mine\tmine\n"
    assert mistake("corpus", "import", "corpus.tsv", "--force") == "corpus.tsv: it is read, so it is not written; name another file"
    assert chatbot("corpus", "import", "faq.csv", "--force").code == 0
    assert sorted(os.listdir(tmp_path)) == ["corpus.tsv", "faq.csv"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nosuch.csv"], "nosuch.csv: no such file; check the path"),
        (
            ["faq.csv", "--out", "nosuch/x.tsv"],
            "nosuch/x.tsv: cannot be written: No such file or directory; name another file in a folder that is there and yours, or make room",
        ),
        (["faq.csv", "--out", "x.txt"], "--out: “x.txt” does not end in .tsv; name a .tsv file"),
        (["faq.csv", "--as", "words"], "--as: no kind of corpus called “words”; use tsv or topics"),
        (["faq.csv", "--dates", "year"], "--dates: “year” comes first in no date; use day or month"),
        (["faq.csv", "--format", "word"], "--format: no format called “word”; use one of xlsx, whatsapp, discord, telegram, jsonl, tatoeba, tsv, csv, lines"),
        (["faq.csv", "--reply-as", "Ben"], "--reply-as: does nothing with CSV; leave it out"),
        (
            ["faq.csv", "--reply", "x\x1b[31m\u202e"],
            "faq.csv:1:1: no “x␛[31m”; there are “id”, “Question”, “tags”, “Answer”; choose with --utterance and --reply, by name or by number from 1; names stand in the first row",
        ),
    ],
)
def test_mistakes_are_one_line(mistake, faq, tmp_path, arguments, line):
    assert mistake("corpus", "import", *arguments) == line
    assert os.listdir(tmp_path) == ["faq.csv"]


def test_hostile_names_reach_the_terminal_as_pictures(chatbot, tmp_path):
    (tmp_path / "c.txt").write_text("14.01.24, 21:05 - E\x1b[31mvil\u202e: hi\n14.01.24, 21:06 - B: ho\n", "utf-8")
    ran = chatbot("corpus", "import", "c.txt", "--reply-as", "B")
    assert ran.code == 0
    assert "E␛[31mvil (1)" in ran.err


def test_the_page_on_importing_has_a_line_for_each_format_and_option(chatbot):
    text = (Path(__file__).parents[2] / "docs" / "importing.md").read_text("utf-8")
    shown = chatbot("corpus", "import", "--help").out
    for title in (
        *(format_.title for format_ in FORMATS.values()),
        "--format lines",
        *(option for option in re.findall(r"--[a-z-]+", shown) if option not in ("--help", "--json")),
    ):
        assert title in text, title


def test_help_imports_nothing_that_only_some_files_need(chatbot):
    import subprocess

    code = "import sys; from chatbot.cli.main import run; run(['corpus', 'import', '--help']); print({'openpyxl', 'charset_normalizer', 'torch', 'numpy'} & set(sys.modules), file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "set()"
    assert json.dumps(ran.stdout)
