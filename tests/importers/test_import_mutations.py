"""A thousand damaged exports: either pairs that can be read, or one line that says where. More with IMPORT_MUTATIONS=100000."""

import os
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import inside, mutated, originals

from chatbot.corpus.importers.imported import Imported, import_files
from chatbot.corpus.importers.registry import NAMES, Wishes
from chatbot.corpus.lines import LONGEST_LINE
from chatbot.corpus.pairs import read_pairs
from chatbot.errors import ChatbotError

MUTATIONS = int(os.environ.get("IMPORT_MUTATIONS", "1000"))
ORIGINALS = originals()
EACH = -(-MUTATIONS // len(ORIGINALS))


def outcome(path, wishes) -> Imported | None:
    """What comes of a file, checked; None when it is refused in one line with a place."""
    try:
        found = import_files([path], wishes)
    except ChatbotError as error:
        mistake = error
    else:
        mistake = None
    if mistake:
        line = str(mistake)
        assert re.search(r"[\w.]+(:\d+:\d+)?: ", line), line
        assert len(line) < 1000, line
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u202e]", line), line
        assert mistake.remedy
        return None
    assert any(found.conversations)
    text = found.tsv()
    out = path.with_name("out.tsv")
    out.write_bytes(text.encode())
    assert [(pair.utterance, pair.reply) for pair in read_pairs(out)] == list(found.pairs())
    assert max(map(len, text.encode().split(b"\n"))) < LONGEST_LINE
    return found


@pytest.mark.parametrize("name", ORIGINALS)
def test_mutated_exports_give_pairs_or_one_line(tmp_path, name):
    file, raw, wishes = ORIGINALS[name]
    draw = random.Random(f"{name} 1")
    assert outcome(_written(tmp_path / file, raw), Wishes(**wishes)) is not None, "the original itself"
    for _ in range(EACH):
        path = _written(tmp_path / file, inside(raw, draw) if "inside" in name else mutated(raw, draw))
        outcome(path, Wishes(**wishes))


@given(
    raw=st.binary(max_size=400), suffix=st.sampled_from([".txt", ".csv", ".tsv", ".json", ".jsonl", ".zip", ".xlsx"]), name=st.sampled_from([None, *NAMES[:-1]])
)
def test_any_bytes_give_pairs_or_one_line(tmp_path_factory, raw, suffix, name):
    outcome(
        _written(tmp_path_factory.getbasetemp() / f"any{suffix}", raw),
        Wishes(format=name, reply_as="Ben" if name in ("whatsapp", "telegram", "discord") else None),
    )


def _written(path, raw):
    path.write_bytes(raw)
    return path
