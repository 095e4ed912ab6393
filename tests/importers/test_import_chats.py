"""Exported chats: each says the same as the others, and is read so."""

import pytest
from exports import CHATS, PAIRS

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
