"""Exported chats: each says the same as the others, and is read so."""

import zipfile

import pytest
from exports import CHATS, PAIRS, TELEGRAM, WHATSAPP


@pytest.mark.parametrize("name", CHATS)
def test_every_export_gives_the_same_pairs(imported, name):
    file, text = CHATS[name]
    found = imported(file, text, reply_as="Ben")
    assert found.conversations == PAIRS
    assert found.reply_as == "Ben"
    assert set(found.speakers) == {"Anna", "Ben"}
    assert not found.alone
    assert found.left_out["lines of the program itself"] + found.left_out["pictures, voice messages, calls and notices"] >= 1
