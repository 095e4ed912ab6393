"""Laws of the conversations that topics make: every pair has its place, and the turn before tells something or nothing, as it should."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.corpus.conversations import TIMES, conversations, written
from chatbot.corpus.expand import exchanges_in
from chatbot.corpus.folding import key
from chatbot.corpus.pairs import groups_path, read_pairs
from chatbot.corpus.split import split_pairs
from chatbot.corpus.topics import Block, Ending, Topic, read_topics
from chatbot.dataset import prepare as preparing
from chatbot.evaluation.metrics import allowed_replies

SAME = ["yes", "no", "why", "sure", "hm", "never", "maybe", "ok"]  # what many blocks have

shape = st.tuples(st.integers(1, 8), st.integers(1, 4), st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 4)), max_size=2))


def block(name: str, turn: int, utterances: list[str], replies: int) -> Block:
    return Block(name, "a.topic:1", turn, [("a.topic:2", text) for text in utterances], [f"{name} reply {number}." for number in range(replies)])


def topic(name: str, utterances: int, replies: int, follow_ups: list[tuple[int, int, int]], opening: str = "") -> Topic:
    made = Topic(**vars(block(name, 0, [f"{name} {number}" for number in range(utterances)] + [opening] * bool(opening), replies)))
    for number, (asked, answers, asked_then) in enumerate(follow_ups, 1):
        first = 4 * (number - 1)
        below = block(f"{name}.then-{number}", 1, SAME[first : first + asked], answers)
        if asked_then:
            below.follow_ups.append(block(f"{below.name}.then-1", 2, SAME[:asked_then], 2))
        made.follow_ups.append(below)
    return made


def base(line) -> str:
    return line.group.topic.partition(".then-")[0]


def turns(talks):
    """Each line with the one before it, or None."""
    return [(line, talk[number - 1] if number else None) for talk in talks for number, line in enumerate(talk)]


@given(st.lists(shape, min_size=1, max_size=5), st.booleans())
def test_every_pair_has_its_place_and_follow_ups_follow_their_topic(shapes, with_an_opening_that_is_a_follow_up):
    topics = [topic(f"t{number}", *one) for number, one in enumerate(shapes)]
    if with_an_opening_that_is_a_follow_up:
        topics.append(topic("plain", 3, 2, [], opening="why"))
    blocks = exchanges_in(topics)
    talks = conversations(blocks)
    assert talks == conversations(exchanges_in(topics)), "always the same"
    assert all(talks)

    count = Counter((line.utterance, line.reply) for line, _ in turns(talks) if not line.group.needs)
    for block in blocks:
        pairs = [(line.utterance, line.reply) for exchange in block.exchanges for line in exchange.lines()]
        wanted = sum(max(len(below.exchanges), sum(len(one.exchanges) for one in below.follow_ups)) for below in block.follow_ups)
        times = [count.pop(pair) for pair in pairs]
        assert max(times) <= max(1, -(-wanted // len(pairs))), "once, or where follow-ups are many as often as they need"
        assert max(times) - min(times) <= 1
    assert not count

    expected = {block.name: {key(exchange.utterance) for below in block.follow_ups for exchange in below.exchanges} for block in blocks}
    for block in blocks:
        expected |= {below.name: {key(exchange.utterance) for last in below.follow_ups for exchange in last.exchanges} for below in block.follow_ups}
    for line, before in turns(talks):
        if line.group.needs:
            assert line.group.topic.rpartition(".then-")[0] == before.group.topic
            assert line.group.needs == before.group.needs + 1
        elif before:
            assert base(before) != base(line)
            assert key(line.utterance) not in expected.get(before.group.topic, ())

    asked = Counter((line.group.topic, line.utterance) for line, _ in turns(talks) if line.group.needs)
    every = {(name, said.utterance) for block in blocks for name, said in follow_ups(block)}
    assert set(asked) == every


def follow_ups(block):
    return [(below.name, exchange) for below in block.follow_ups for exchange in below.exchanges] + [
        one for below in block.follow_ups for one in follow_ups(below)
    ]


def test_nothing_unrelated_stands_where_it_would_be_a_third_turn():
    food = topic("food", 40, 2, [])
    food.follow_ups.append(block("food.then-1", 1, [f"with {number}" for number in range(16)], 2))
    food.follow_ups[0].follow_ups.append(block("food.then-1.then-1", 2, SAME, 2))
    plain = Topic(**vars(block("plain", 0, SAME, 2)))
    before = Counter(before and before.group.topic for line, before in turns(conversations(exchanges_in([food, plain]))) if line.group.topic == "plain")
    assert before["food.then-1"] == 0
    assert before["food"] + before["food.then-1.then-1"] == len(SAME)


def test_half_of_the_pairs_open_a_conversation_and_half_come_second_whatever_the_topic():
    topics = [topic(f"t{number}", 5 + number % 3, 4, []) for number in range(12)]
    topics.append(
        Topic(
            "late", "a:1", 0, [("a:2", "it {is|was} _")], endings=[Ending("a:3", ["hot", "warm"], ["A.", "B."]), Ending("a:4", ["cold", "cool"], ["C.", "D."])]
        )
    )
    talks = conversations(exchanges_in(topics))
    first, second = Counter(), Counter()
    for line, before in turns(talks):
        (second if before else first)[line.utterance] += 1
    assert set(first) == set(second)
    assert set(first.values()) == set(second.values()) == {1}
    assert {len(talk) for talk in talks} == {2}


def test_an_utterance_with_one_reply_opens_or_comes_second_about_equally_often():
    talks = conversations(exchanges_in([topic(f"t{number}", 10, 1, []) for number in range(40)]))
    opening = sum(before is None for _, before in turns(talks))
    assert 0.4 < opening / 400 < 0.65
    assert max(map(len, talks)) == 2


def test_a_follow_up_comes_after_four_openings_and_their_replies_and_with_all_of_its_own():
    topics = [topic("food", 40, 4, [(4, 3, 4), (4, 4, 0)]), *(topic(f"t{number}", 20, 3, []) for number in range(4))]
    openings, replies, own = {}, {}, {}
    for line, before in turns(conversations(exchanges_in(topics))):
        if line.group.needs:
            name = (line.group.topic, line.utterance)
            openings.setdefault(name, []).append(before.utterance)
            replies.setdefault(name, set()).add(before.reply)
            own.setdefault(name, set()).add(line.reply)
    assert len(openings) == 12
    for name, those in openings.items():
        assert len(those) == len(set(those)) == TIMES, name
        assert len(replies[name]) >= 3
        assert len(own[name]) == {"food.then-1": 3, "food.then-1.then-1": 2, "food.then-2": 4}[name[0]]


def test_the_topics_are_mixed():
    talks = conversations(exchanges_in([topic(f"t{number}", 30, 2, []) for number in range(10)]))
    heads = [base(talk[0]) for talk in talks]
    assert len(set(heads[:30])) >= 7
    assert len({(base(talk[0]), base(talk[1])) for talk in talks if len(talk) == 2}) >= 60


def test_of_one_topic_alone_all_pairs_open_a_conversation():
    assert {len(talk) for talk in conversations(exchanges_in([topic("a", 500, 2, [])]))} == {1}


# What is written is read

TALK = """== food
> pizza
> sushi
< Good. What with it?
< Tell me more.
>> cheese
>> yes
<< Ah.
>>> really
<<< Yes.
== play
> chess
> cards
< Who won?
< Nice.
>> yes
<< And then?
== agree
> yes
> yeah
< Good.
"""


@pytest.fixture
def compiled(tmp_path) -> Path:
    def write(text: str) -> Path:
        (tmp_path / "a.topic").write_text(text)
        pairs, groups = written(conversations(exchanges_in(read_topics(tmp_path))))
        path = tmp_path / "a.tsv"
        path.write_text(pairs)
        groups_path(path).write_text(groups)
        return path

    return write


def test_a_pair_that_needs_more_turns_than_are_read_is_left_out(compiled):
    path = compiled(TALK)
    needs = [Counter(pair.group.needs for pair in read_pairs(path, history=history)) for history in range(3)]
    assert [set(count) for count in needs] == [{0}, {0, 1}, {0, 1, 2}]
    assert needs[0][0] == needs[1][0] == needs[2][0]
    assert needs[1][1] == needs[2][1]
    for pair in read_pairs(path, history=2):
        assert len(pair.history) >= pair.group.needs


def test_what_is_read_has_the_groups_and_the_histories_that_were_written(compiled):
    path = compiled(TALK)
    talks = conversations(exchanges_in(read_topics(path.parent)))
    lines = [
        (line.utterance, line.reply, line.group, [(one.utterance, one.reply) for one in talk[:number]]) for talk in talks for number, line in enumerate(talk)
    ]
    assert [(pair.utterance, pair.reply, pair.group, list(pair.history)) for pair in read_pairs(path, history=9)] == lines
    assert path.read_text().endswith("\n\n")


MANY = "".join(
    f"== t{number}\n" + "".join(f"> opening {number} {way}\n" for way in range(30)) + "< One.\n< Two.\n>> yes\n>> no\n>> why\n>> maybe\n<< Three.\n<< Four.\n"
    for number in range(30)
) + "== yes\n> yes\n> yeah\n> yep\n< Good.\n"  # fmt: skip


def test_a_follow_up_is_held_out_by_its_topic_and_judged_by_its_block(compiled, tmp_path):
    path = compiled(MANY)
    pairs = list(read_pairs(path, history=1))
    parts = split_pairs(pairs)
    sides = {}
    for name, part in (("train", parts.train), ("valid", parts.valid), ("test", parts.test)):
        for pair in part:
            assert sides.setdefault(pair.name, name) == name
    followed = [pair for pair in (*parts.valid, *parts.test) if pair.group.needs]
    assert {key(pair.utterance) for pair in followed} & {key(pair.utterance) for pair in parts.train if pair.group.needs}, "yes is on both sides"
    assert len({pair.name for pair in followed}) < 30
    data = preparing.prepare([path], tmp_path / "ids", preparing.VocabularyOptions(size=300), history=1)
    assert ({pair.name for pair in data.valid_pairs}, {pair.name for pair in data.test_pairs}) == (
        {pair.name for pair in parts.valid},
        {pair.name for pair in parts.test},
    )
    assert {(pair.group.topic.rpartition(".")[2], pair.group.needs) for pair in data.topics} > {("yes", 0), ("then-1", 1)}
    every, few = allowed_replies(pairs), allowed_replies([*data.topics, *data.valid_pairs, *data.test_pairs])
    for pair in (*data.valid_pairs, *data.test_pairs):
        assert set(few[pair.name]) == set(every[pair.name]) == ({"Three.", "Four."} if pair.group.needs else {"One.", "Two."})


def test_without_history_follow_ups_do_not_exist(compiled):
    path = compiled(MANY)
    assert {pair.reply for pair in read_pairs(path)} == {"One.", "Two.", "Good."}


# What is told of the format


DOCS = Path(__file__).parent.parent


@pytest.mark.parametrize("page", ["corpora/README.md", "docs/your-own-bot.md"])
def test_the_examples_of_the_format_are_of_it(tmp_path, page):
    blocks = [block for block in (DOCS / page).read_text().split("```\n")[1::2] if "\n> " in block]
    assert len(blocks) == {"corpora/README.md": 5, "docs/your-own-bot.md": 1}[page]
    for number, block in enumerate(blocks):
        (tmp_path / "a.topic").write_text(block)
        assert conversations(exchanges_in(read_topics(tmp_path))), number
