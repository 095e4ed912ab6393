"""Laws of conversations on disk: what was said comes back, a line at a time, and nothing broken is fatal."""

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.errors import SessionError
from chatbot.records import Decoding, Planned, Reply
from chatbot.sessions import Session, Told, newest, read

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
plans = st.builds(Planned, st.integers(0, 900), st.floats(-90, 0), st.floats(0, 9))
replies = st.builds(
    Reply, text, st.floats(-90, 0), st.integers(1, 90), st.floats(0, 999), st.booleans(), st.none() | text, st.lists(st.integers(0, 99), max_size=3).map(tuple),
    st.none() | plans,
)  # fmt: skip
decodings = st.builds(Decoding, strategy=st.sampled_from(["greedy", "sample", "beam"]), seed=st.integers(0, 2**31 - 1), unsure=text)


def told(utterance: str = "hello", reply: str = "Hello.", after: int = 0, **decoding) -> Told:
    return Told(utterance, Decoding(**decoding), Reply(reply, -1.5, 3, 4.0), after)


@pytest.fixture
def session(tmp_path) -> Session:
    """Three turns, the second of which was asked twice."""
    session = Session("small/talk", "f00", tmp_path)
    for turn in (told(), told("a", "b", 1), told("a", "c", 1, strategy="sample", seed=7), told("d", "e", 3)):
        session.add(turn)
    return session


@given(st.lists(st.tuples(text, decodings, replies), max_size=5))
def test_what_was_said_comes_back(tmp_path_factory, said):
    session = Session("b", "f", tmp_path_factory.mktemp("sessions"), own=Decoding(known_replies=True, unsure="What?"))
    for number, (utterance, decoding, reply) in enumerate(said):
        session.add(Told(utterance, decoding, reply, number // 2))
    if said:
        found = read(session.path)
        assert (found.turns, found.trouble, found.bundle, found.fingerprint, found.own) == (session.turns, "", "b", "f", session.own)


def test_a_turn_is_on_disk_when_it_was_said_and_not_before(tmp_path):
    session = Session("b", "f", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    session.add(told())
    assert len(session.path.read_bytes().split(b"\n")) == 3
    session.add(told("again"))
    assert read(session.path).turns == session.turns
    assert os.stat(tmp_path / "new").st_mode & 0o077 == 0, "nobody else's business"


def test_a_thread_leads_through_the_replies_that_counted(session):
    assert session.thread(4) == [1, 3, 4]
    assert session.history(4) == (("hello", "Hello."), ("a", "c"), ("d", "e"))
    assert session.alternatives(2) == [2, 3]


def test_what_is_said_next_goes_to_the_same_file_unless_somebody_else_has_written_to_it(session, tmp_path):
    found = read(session.path)
    found.add(told("mine", after=4))
    assert read(session.path).turns == found.turns
    session.add(told("yours", after=4))
    assert session.path != found.path
    assert read(session.path).turns == session.turns
    assert len(list(tmp_path.iterdir())) == 2


def test_talks_that_begin_at_once_get_a_file_each(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda path: False)  # who looks first looks too early
    sessions = [Session("b", "f", tmp_path) for _ in range(3)]
    assert [session.add(told()) for session in sessions] == [1, 1, 1]
    assert len({session.path for session in sessions}) == 3
    assert all(read(session.path).turns == session.turns for session in sessions)


@pytest.mark.parametrize(
    "line",
    [
        b"", b"{}", b"[]", b"nonsense", b"\xff", b"[" * 99_999, b'{"turn": 5}',
        *(
            json.dumps({"turn": 5, "after": 4, "utterance": "x", "reply": "y", "decoding": {}, "facts": {"instead_of": None}} | change).encode()
            for change in (
                {"turn": 6}, {"after": 5}, {"after": -1}, {"after": "1"}, {"utterance": 3}, {"utterance": "\ud800"}, {"reply": None}, {"decoding": {"seed": -1}},
                {"decoding": {"seed": "7"}}, {"decoding": {"colour": 1}}, {"facts": {"instead_of": None, "log_probability": 1e308, "pieces": 1}},
                {"facts": {"instead_of": None, "milliseconds": 10**400}}, {"facts": {"instead_of": None, "ids": ["x"]}}, {"facts": {"instead_of": None, "plan": {"number": "x"}}}, {"facts": {"instead_of": None, "plan": [1]}},
            )
        ),
    ],
)  # fmt: skip
def test_of_a_broken_file_what_stands_before_the_broken_line_is_read_and_the_file_is_left_alone(session, line):
    before = session.path.read_bytes() + line + b"\n" + session.path.read_bytes()
    session.path.write_bytes(before)
    found = read(session.path)
    assert found.turns == session.turns
    assert found.trouble.startswith(f"{session.path}:6:1: ")
    found.add(told("next", after=4))
    assert found.path != session.path
    assert session.path.read_bytes() == before


@given(st.data())
def test_no_change_of_a_file_is_fatal(tmp_path_factory, data):
    session = Session("b", "f", tmp_path_factory.mktemp("sessions"))
    for number in range(3):
        session.add(told(after=number))
    content = bytearray(session.path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=3))
    session.path.write_bytes(content)
    with suppress(SessionError):
        assert len(read(session.path).turns) <= 3


def test_what_cannot_be_written_is_kept_in_memory_and_said_once(tmp_path):
    (tmp_path / "file").write_text("")
    session = Session("b", "f", tmp_path / "file" / "folder")
    with pytest.raises(SessionError, match="not kept any more"):
        session.add(told())
    assert session.add(told()) == 2


def test_a_file_that_is_none_of_ours_is_refused(tmp_path):
    with pytest.raises(SessionError, match="no conversation has been kept"):
        newest(tmp_path)
    path = tmp_path / "a.jsonl"
    with pytest.raises(SessionError, match="cannot be read"):
        read(path)
    for content in (b"", b"[]\n", b'{"chatbot_session": 2}\n', b"\x00\xff"):
        path.write_bytes(content)
        with pytest.raises(SessionError, match=r"a.jsonl:1:1: not a conversation"):
            read(path)
    with open(path, "wb") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(SessionError, match="larger than 64 MiB"):
        read(path)
