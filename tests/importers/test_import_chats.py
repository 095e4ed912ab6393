"""Exported chats: each says the same as the others, and is read so."""

import pytest
from exports import CHATS, PAIRS, TELEGRAM, discord_csv

from chatbot.corpus.importers.chat import PROGRAM, UNSAID


@pytest.mark.parametrize("name", CHATS)
def test_every_export_gives_the_same_pairs(imported, name):
    file, text = CHATS[name]
    found = imported(file, text, reply_as="Ben")
    assert found.conversations == PAIRS
    assert found.reply_as == "Ben"
    assert set(found.speakers) == {"Anna", "Ben"}
    assert not found.alone
    assert found.left_out[PROGRAM] + found.left_out[UNSAID] >= 1


@pytest.mark.parametrize("mark", ['"forwarded_from": "News"', '"forwarded_from": null', '"via_bot": "@gif"'])
def test_forwarded_messages_are_left_out(imported, mark):
    found = imported("result.json", TELEGRAM.replace('"text": "hi Anna: yes"', f'{mark}, "text": "hi Anna: yes"'), reply_as="Ben")
    assert found.conversations == [[(PAIRS[0][0][0], "what is up?")], PAIRS[1]]
    assert found.left_out["forwarded messages, whose words are another's"] == 2


def test_messages_of_different_chats_do_not_answer_each_other(imported, mistake):
    one = '{"messages": [{"date": "2024-01-14T21:05:00", "from": "Anna", "text": "a"}]}'
    other = '{"messages": [{"date": "2024-01-14T21:06:00", "from": "Ben", "text": "b"}, {"date": "2024-01-14T21:06:00", "from": "Anna", "text": "c"}, {"date": "?", "from": "Ben", "text": "d"}]}'
    text = f'{{"chats": {{"list": [\n{one},\n{other}]}}}}'
    column = other.index('{"date": "?"') + 1
    assert mistake("result.json", text, reply_as="Ben") == f"result.json:3:{column}: a message without a date; export it again from Telegram Desktop, as JSON"
    assert imported("result.json", text.replace("?", "2024-01-14T21:07:00"), reply_as="Ben").conversations == [[("c", "d")]]


def test_a_month_with_a_name_leaves_no_doubt(imported):
    found = imported("channel.csv", discord_csv("01-Feb-24 11:50 PM", "02-Feb-24 12:10 AM", "04-Mar-24 09:40 AM", "04-Mar-24 09:41 AM"), reply_as="Ben")
    assert found.conversations == PAIRS
