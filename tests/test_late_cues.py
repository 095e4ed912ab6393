"""Late cues that ship: neither what is said before the cue nor the cue alone tells which answer fits, only both. Early twins: the first word does."""

from collections import Counter
from pathlib import Path

import pytest
from late_cues import Corpus, both, cue_alone, read, right_of, seen_before

from chatbot.corpus.folding import key
from chatbot.intervals import wilson

DIALOG = Path(__file__).parent.parent / "corpora" / "dialog"
FAMILIES = {"late.feeling", "late.negation", "late.object", "late.correction", "late.tag", "late.time", "late.person", "late.irony"}


@pytest.fixture(scope="module")
def late(tmp_path_factory) -> Corpus:
    return read(DIALOG, "late*.topic", tmp_path_factory.mktemp("late"))


@pytest.fixture(scope="module")
def early(tmp_path_factory) -> Corpus:
    return read(DIALOG, "early*.topic", tmp_path_factory.mktemp("early"))


def families(names) -> set[str]:
    return {name.partition("-")[0] for name in names}


def first_words(replies) -> set[str]:
    return {key(reply.split()[0].strip(".,?!")) for reply in replies}


# How much there is


def test_eight_families_are_held_out_and_trained_on(late):
    assert families(topic.name for topic in late.topics) >= FAMILIES
    assert families(said.topic for said in late.train) >= FAMILIES
    assert families(said.topic for said in late.held_out) >= FAMILIES


def test_enough_pairs_are_held_out(late):
    assert len({said.pair for said in late.held_out}) >= 400
    assert len({said.pair for said in late.test}) >= 190


def test_the_example_of_the_readme_is_a_straight_frame(late):
    (feeling,) = (topic for topic in late.topics if topic.name == "late.feeling")
    straight = [text for _, text in feeling.utterances]
    for start, end in (("today's {", "} weather makes me so _"), ("today's {", "} weather makes me much _")):
        assert any(text.startswith(start) and text.endswith(end) for text in straight)
    assert any(text.startswith("i broke up yesterday. today's {perfect|") and text.endswith("} weather makes me much _") for text in straight)
    assert [ending.cues[0] for ending in feeling.endings] == ["happy", "sad"]


# Balance


def test_each_topic_has_as_many_turned_frames_as_straight_ones_with_the_same_fillers(late):
    for topic in late.topics:
        assert len(topic.utterances) == len(topic.turned) >= 6, topic.place
        for (_, straight), (place, turned) in zip(topic.utterances, topic.turned, strict=True):
            assert [part for part in straight.split("{")[1:] if part.partition("}")[0] not in turned] == [], place
            assert key(straight) != key(turned), place


def test_whatever_is_said_before_the_cue_stands_with_both_endings_equally_often(late):
    labels: dict[tuple[str, str], Counter] = {}
    for said in late.every:
        labels.setdefault((said.topic, said.rest), Counter())[said.label] += 1
    for where, counts in labels.items():
        assert len(counts) == 2, where
        assert len(set(counts.values())) == 1, where


def test_each_cue_stands_with_both_labels_equally_often(late):
    labels: dict[tuple[str, str], Counter] = {}
    for said in late.every:
        labels.setdefault((said.topic, said.cue), Counter())[said.label] += 1
    assert len(labels) == sum(len(ending.cues) for topic in late.topics for ending in topic.endings)
    for where, counts in labels.items():
        assert len(counts) == 2, where
        assert max(counts.values()) - min(counts.values()) <= 0.1 * sum(counts.values()), where


# What can be told from a part of the utterance


def test_what_is_said_before_the_cue_does_not_tell_the_answer(late):
    right, total = right_of(late.train, late.held_out, seen_before)
    low, high = wilson(right, total)
    assert low <= 0.5 <= high, f"{right / total:.1%} of {total}"


def test_the_cue_alone_does_not_tell_the_answer(late):
    """No rule about cues is right for more than half of all utterances, so whatever it learns in training is worth nothing outside of it."""
    right, total = right_of(late.every, late.every, cue_alone)
    assert right / total <= 0.51
    right, total = right_of(late.train, late.held_out, cue_alone)
    assert wilson(right, total)[0] <= 0.5, f"{right / total:.1%} of {total}"


def test_both_together_tell_the_answer(late):
    right, total = right_of(late.train, late.held_out, both)
    assert wilson(right, total)[0] >= 0.9, f"{right / total:.1%} of {total}"


# What is held out


def test_no_combination_of_fillers_is_in_two_parts(late, early):
    for corpus in (late, early):
        trained = {said.unit for said in corpus.train}
        assert not trained & {said.unit for said in corpus.held_out}
        assert not {said.unit for said in corpus.valid} & {said.unit for said in corpus.test}
        assert not {said.rest for said in corpus.train} & {said.rest for said in corpus.held_out}


def test_each_frame_and_each_cue_with_each_label_is_trained_on(late, early):
    for corpus in (late, early):
        assert {(said.topic, said.frame) for said in corpus.train} == {(said.topic, said.frame) for said in corpus.every}
        assert {(said.topic, said.cue, said.label) for said in corpus.train} == {(said.topic, said.cue, said.label) for said in corpus.every}


# Replies


def test_the_first_word_of_a_reply_commits(late, early):
    alike = []
    for topic in (*late.topics, *early.topics):
        one, other = topic.endings
        assert not first_words(one.replies) & first_words(other.replies), topic.place
        for ending in (one, other):
            assert len(ending.replies) == 4, ending.place
            alike += [(topic.name, ending.cues[0])] * (4 - len(first_words(ending.replies)))
    assert alike == [("late.feeling", "happy")], "who cannot wait for the last word of the README's example guesses that all is well"


def test_replies_are_short_and_each_stands_in_one_topic(late, early):
    owners: dict[str, tuple[str, str]] = {}
    for corpus in (late, early):
        for owner, replies in corpus.replies.items():
            for reply in replies:
                assert len(reply.split()) <= 14, reply
                assert owners.setdefault(key(reply), owner) == owner, reply


# Early twins


def test_there_are_eight_topics_of_early_twins(early):
    assert len(early.topics) >= 8
    assert all(topic.name.startswith("early.") and len(topic.utterances) == 8 and not topic.turned for topic in early.topics)
    assert len({said.pair for said in early.held_out}) >= 30


def test_early_twins_differ_in_their_first_word_only(early):
    twins: dict[str, list] = {}
    for said in early.every:
        twins.setdefault(said.pair, []).append(said)
    for name, members in twins.items():
        one, other = members
        assert one.rest == other.rest, name
        first, second = one.cue.split(), other.cue.split()
        assert first[0] != second[0], name
        assert first[1:] == second[1:] or first == first[:1] * 2, name  # said twice for emphasis: “love love”
        assert one.label != other.label, name


def test_the_first_word_of_an_early_twin_tells_topic_and_answer(early):
    said_by = {}
    for topic in early.topics:
        for ending in topic.endings:
            for cue in ending.cues:
                first = key(cue.split()[0].strip(","))
                assert said_by.setdefault(first, (topic.name, ending.cues[0])) == (topic.name, ending.cues[0]), first
