"""The Korean corpus that ships: it is what its topics make, large, in one form of Unicode; its verbs come last, and neither they nor what is before tell the answer."""

import re
import unicodedata
from collections import Counter
from itertools import takewhile
from pathlib import Path

import pytest
from late_cues import Corpus, both, cue_alone, late, read, right_of, seen_before

from chatbot.corpus.conversations import conversations, written
from chatbot.corpus.expand import exchanges_in
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import Pair, groups_path, read_pairs
from chatbot.corpus.topics import Block, Topic, read_topics
from chatbot.intervals import wilson

CORPORA = Path(__file__).parent.parent / "corpora"
FOLDER, COMPILED = CORPORA / "dialog.ko", CORPORA / "dialog.ko.tsv"
CONJOINING = re.compile("[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]")  # halves of a syllable, which nobody types
PLACES_OF_HELP = ("119", "109", "1577-0199")
POLITE = re.compile(r"(요|죠|니다)([.!?,]|$)")  # 해요체, but for what stands beside it


@pytest.fixture(scope="module")
def topics() -> list[Topic]:
    return read_topics(FOLDER)


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return list(read_pairs(COMPILED))


@pytest.fixture(scope="module")
def cues(tmp_path_factory) -> Corpus:
    return read(FOLDER, "late*.topic", tmp_path_factory.mktemp("late"))


def blocks(of: list) -> list[Block]:
    """Topics with all that may follow."""
    return [one for block in of for one in (block, *blocks(block.follow_ups))]


def first_words(replies) -> set[str]:
    return {key(reply.split()[0].strip(".,?!")) for reply in replies}


# The whole


def test_it_is_what_its_topics_make_byte_for_byte(topics):
    made = written(conversations(exchanges_in(topics)))
    assert [path.read_text(encoding="utf-8") for path in (COMPILED, groups_path(COMPILED))] == list(made)


def test_it_is_as_large_as_it_should_be(topics):
    plain = [topic for topic in topics if not topic.endings]
    assert len(plain) >= 65
    assert len({key(text) for topic in plain for _, text in topic.utterances}) >= 3000
    assert min(len(topic.utterances) for topic in plain) >= 30
    assert all(4 <= len(topic.replies) <= 6 or topic.follow_ups for topic in plain)
    assert sum(bool(topic.follow_ups) for topic in plain) >= 10


def test_every_line_is_composed_and_of_whole_syllables():
    for path in [*FOLDER.glob("*.topic"), COMPILED]:
        content = path.read_text(encoding="utf-8")
        assert unicodedata.is_normalized("NFC", content), path.name
        assert not CONJOINING.search(content), path.name


def test_no_reply_stands_twice_and_each_is_short_and_polite(topics):
    replies = [reply for block in blocks(topics) for reply in block.replies]
    replies += [reply for topic in topics for ending in topic.endings for reply in ending.replies]
    assert [reply for reply, count in Counter(map(key, replies)).items() if count > 1] == []
    assert [reply for reply in replies if len(reply) > 60] == []
    assert [reply for reply in replies if not POLITE.search(reply)] == []


def test_distress_is_answered_with_people_who_can_help(topics):
    distress = [topic for topic in topics if topic.name in ("feel.distress", "feel.emergency")]
    assert len(distress) == 2
    assert [reply for topic in distress for reply in topic.replies if not any(place in reply for place in PLACES_OF_HELP)] == []


# Late cues


def test_eight_topics_end_in_the_word_that_decides_and_enough_of_them_is_held_out(cues):
    assert len(cues.topics) >= 8
    assert all(late(topic) for topic in cues.topics)
    assert {said.topic for said in cues.held_out} == {topic.name for topic in cues.topics}
    assert len({said.pair for said in cues.held_out}) >= 100


def test_each_topic_has_as_many_turned_frames_as_straight_ones_with_the_same_fillers(cues):
    for topic in cues.topics:
        assert len(topic.utterances) == len(topic.turned) >= 6, topic.place
        for (_, straight), (place, turned) in zip(topic.utterances, topic.turned, strict=True):
            assert re.findall(r"\{[^}]*}", straight) == re.findall(r"\{[^}]*}", turned), place
            assert key(straight) != key(turned), place


def test_whatever_is_said_before_the_cue_and_each_cue_stand_with_both_labels_equally_often(cues):
    before: dict[tuple[str, str], Counter] = {}
    last: dict[tuple[str, str], Counter] = {}
    for said in cues.every:
        before.setdefault((said.topic, said.rest), Counter())[said.label] += 1
        last.setdefault((said.topic, said.cue), Counter())[said.label] += 1
    assert [where for where, counts in before.items() if len(counts) != 2 or len(set(counts.values())) != 1] == []
    assert len(last) == sum(len(ending.cues) for topic in cues.topics for ending in topic.endings)
    assert [where for where, counts in last.items() if len(counts) != 2 or max(counts.values()) - min(counts.values()) > 0.1 * sum(counts.values())] == []


def test_neither_what_is_before_the_cue_nor_the_cue_alone_tells_the_answer_but_both_do(cues):
    low, high = wilson(*right_of(cues.train, cues.held_out, seen_before))
    assert low <= 0.5 <= high
    right, total = right_of(cues.every, cues.every, cue_alone)
    assert right / total <= 0.51
    assert wilson(*right_of(cues.train, cues.held_out, cue_alone))[0] <= 0.5
    assert wilson(*right_of(cues.train, cues.held_out, both))[0] >= 0.9


def test_combinations_of_fillers_are_held_out_and_each_frame_and_cue_is_trained_on(cues):
    trained = {said.unit for said in cues.train}
    assert not trained & {said.unit for said in cues.held_out}
    assert not {said.rest for said in cues.train} & {said.rest for said in cues.held_out}
    assert {(said.topic, said.frame) for said in cues.train} == {(said.topic, said.frame) for said in cues.every}
    assert {(said.topic, said.cue, said.label) for said in cues.train} == {(said.topic, said.cue, said.label) for said in cues.every}


def test_the_first_word_of_a_reply_commits(cues):
    for topic in cues.topics:
        one, other = topic.endings
        assert not first_words(one.replies) & first_words(other.replies), topic.place


def test_the_two_of_a_pair_are_alike_up_to_their_last_words(pairs):
    said: dict[str, set[str]] = {}
    for pair in pairs:
        if pair.group.topic.startswith("late."):
            said.setdefault(pair.group.pair, set()).add(pair.utterance)
    assert len(said) >= 1000
    for name, members in said.items():
        one, other = (text.split() for text in members)
        alike = len(list(takewhile(lambda both: both[0] == both[1], zip(one, other, strict=False))))
        assert alike >= 2, name
        assert alike < len(one) <= alike + 4, name
        assert alike < len(other) <= alike + 4, name
