"""`.topic` files: what they make, and where their mistakes are."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.corpus.expand import expand
from chatbot.corpus.folding import key
from chatbot.corpus.gaps import MOST_CHOICES
from chatbot.corpus.topics import read_topics
from chatbot.errors import CorpusError


@pytest.fixture
def topics(tmp_path):
    def write(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"{name}.topic").write_text(text, encoding="utf-8")
        return tmp_path

    return write


PLAIN = "# comment\n== greet\n> hi\n> hello  there\n\n> hey\n< One.\n< Two.\n< Three.\n"
LATE = """== late.feeling
> the {first|last} {day|night} left me _
> it was _
= happy | glad
< Good.
< Lovely.
= sad | low
< Sorry.
"""


def test_each_utterance_gets_two_replies_by_rotation(topics):
    lines = [(line.utterance, line.reply) for line in expand(read_topics(topics(a=PLAIN)))]
    assert lines == [("hi", "One."), ("hi", "Two."), ("hello there", "Two."), ("hello there", "Three."), ("hey", "Three."), ("hey", "One.")]


def test_any_blanks_may_stand_where_one_does(topics):
    plain = "@slot\ta\t=\tone\n==\ta\n>\thi\t {a}  {x|\u3000y }\n<\u00a0\u3000Yes.  {a}?\n"
    assert [(line.utterance, line.reply) for line in expand(read_topics(topics(a=plain)))] == [("hi one x", "Yes. One?"), ("hi one y", "Yes. One?")]
    late = "== a\n>\tso\t_\n=\tx |\ty\n<  Oh  no.\n= z\t| w\n<\tAh.\n"
    lines = [(line.utterance, line.reply) for line in expand(read_topics(topics(a=late)))]
    assert lines == [("so x", "Oh no."), ("so z", "Ah."), ("so y", "Oh no."), ("so w", "Ah.")]


def test_a_topic_with_one_reply_gives_it_once(topics):
    assert [line.reply for line in expand(read_topics(topics(a="== a\n> x\n> y\n< Only.\n")))] == ["Only.", "Only."]


def test_a_late_topic_gives_pairs_alike_up_to_the_last_word(topics):
    lines = list(expand(read_topics(topics(a=LATE))))
    pairs = {}
    for line in lines:
        pairs.setdefault(line.group.pair, {})[line.group.label] = line
    assert len(pairs) == (2 * 2 + 1) * 2
    assert Counter(line.utterance for line in lines) == {line.utterance: {"happy": 2, "sad": 1}[line.group.label] for line in lines}
    cues = Counter()
    for members in pairs.values():
        happy, sad = members["happy"], members["sad"]
        assert happy.utterance.rpartition(" ")[0] == sad.utterance.rpartition(" ")[0]
        cues[happy.utterance.rpartition(" ")[2], sad.utterance.rpartition(" ")[2]] += 1
        assert happy.reply in ("Good.", "Lovely.")
        assert sad.reply == "Sorry."
    assert cues == {("happy", "sad"): 5, ("glad", "low"): 5}
    assert {line.utterance for line in lines} >= {"the first day left me happy", "the last night left me low", "it was glad"}
    assert all(line.group.topic == "late.feeling" for line in lines)


def test_pairs_with_the_same_fillers_are_one_unit_of_the_split(topics):
    units = {}
    for line in expand(read_topics(topics(a=LATE))):
        units.setdefault(line.group.unit, set()).add(line.utterance.rpartition(" ")[0])
    assert {frozenset(starts) for starts in units.values()} == {
        frozenset({f"the {number} {part} left me"}) for number in ("first", "last") for part in ("day", "night")
    } | {frozenset({"it was"})}


def test_at_most_so_many_pairs_are_kept_the_same_each_time_and_whole(topics):
    every = list(expand(read_topics(topics(a=LATE))))
    few = list(expand(read_topics(topics(a=LATE.replace("feeling\n", "feeling\n@pairs 4\n")))))
    assert few == list(expand(read_topics(topics())))
    assert len({line.group.pair for line in few}) == 4
    assert len({line.utterance for line in few}) == 8
    assert {(line.utterance, line.group) for line in few} < {(line.utterance, line.group) for line in every}


def test_what_other_topics_lend_is_given_less_often_the_further_off_they_are_and_is_right_too(topics):
    files = {
        "a": "== a\n@also near far\n> {" + "|".join(map(str, range(70))) + "}\n< one\n< two\n",
        "b": "== near\n> hi\n< three\n< four\n== far\n< five\n< six\n",
    }
    lines = [line for line in expand(read_topics(topics(**files))) if line.group.topic == "a"]
    assert Counter(line.reply for line in lines) == {"one": 40, "two": 40, "three": 20, "four": 20, "five": 10, "six": 10}
    assert all(len({line.reply for line in lines if line.utterance == str(number)}) == 2 for number in range(70))
    assert [topic.name for topic in read_topics(topics(**files))] == ["a", "near"], "who has nothing to say of its own only lends"


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("> hi\n< yes\n", ":1:1", "before the first topic"),
        ("# x\n== Bad Name\n", ":2:4", "no name"),
        ("==\n", ":1:3", "no name"),
        ("== a\n> hi\n* yes\n", ":3:1", "begins no line"),
        ("== a\n>hi\n< yes\n", ":2:1", "begins no line"),
        ("== a\n> hi\n  < yes\n", ":3:1", "a blank before the sign"),
        ("== a\n>\n< yes\n", ":2:2", "nothing after `>`"),
        ("== a\n@pairs\n", ":2:7", "nothing after `@pairs`"),
        ("== a\n@pairs 0\n> x _\n", ":2:8", "no number"),
        ("== a\n@pairs many\n> x _\n", ":2:8", "no number"),
        (f"== a\n@pairs {'1' * 5000}\n> x _\n", ":2:8", "no number"),
        ("\n== a\n< yes\n", ":2:4", "has no utterance"),
        ("== a\n> hi\n== b\n> ho\n< x\n", ":1:4", "no reply"),
        ("== a\n> hi\n", ":1:4", "no reply"),
        ("== a\n> hi {x|}\n< yes\n", ":2:9", "empty word"),
        ("== a\n> hi _\n= x\n< yes\n", ":3:1", "two endings"),
        ("== a\n> hi _\n= x\n< yes\n= y | z\n< no\n", ":5:1", "equally many"),
        ("== a\n> hi _\n< early\n= x\n< yes\n= y\n< no\n", ":6:1", "above its replies"),
        ("== a\n> hi _\n= x\n= y\n< no\n", ":3:1", "no reply"),
        ("== a\n> hi _\n= x |\n< yes\n= y | z\n< no\n", ":3:6", "empty word"),
        ("== a\n> hi\n= x\n< yes\n= y\n< no\n", ":2:3", "ends in the one blank"),
        ("== a\n> a _ b _\n= x\n< yes\n= y\n< no\n", ":2:3", "one blank"),
        ("== a\n> a {b _\n= x\n< yes\n= y\n< no\n", ":2:5", "a brace that does not close"),
        ("== a\n> hi\n< a\n== a\n> ho\n< b\n", ":4:4", "stands at .*:1:4 already"),
        ("== a.then-1\n> hi\n< yes\n", ":1:4", "block of follow-ups"),
        ("@pairs 3\n== a\n> hi\n< yes\n", ":1:1", "before the first topic"),
        ("== a\n@pairs 3\n@pairs 4\n> hi\n< yes\n", ":3:1", "second @pairs"),
        ("== a\n@also b\n@also b\n", ":3:1", "second @also"),
        ("== a\n@also b a\n> hi\n< yes\n", ":2:9", "named twice, or by itself"),
        ("== a\n@also b b\n> hi\n< yes\n", ":2:9", "named twice, or by itself"),
        ("== a\n@also b c d e\n> hi\n< yes\n", ":2:13", "more than 3"),
        ("== a\n@also b\n> hi\n< yes\n", ":2:7", "no topic b"),
        ("== a\n@also b\n> hi _\n= x\n< yes\n= y\n< no\n== b\n< so\n", ":2:7", "late-cue"),
        ("@slot food = a\n== a\n@also b\n> hi\n< yes\n== b\n> {food}\n< {food}!\n", ":3:7", "a slot in a reply of b"),
        ("@slot\n", ":1:6", "no slot"),
        ("@slot food\n", ":1:7", "no slot"),
        ("@slot Food = a\n", ":1:7", "no slot"),
        ("@slot food =\n", ":1:7", "no slot"),
        ("@slot food = a\n@slot food = b\n", ":2:7", "stands at .*:1:7 already"),
        ("@slot food = a | | b\n", ":1:18", "empty word"),
        ("@slot food = a | b | a\n", ":1:22", "stands in the list twice"),
        ("@slot food = a | {b}\n", ":1:18", "braces in a list"),
        ("== a\n> i like {food}\n< yes\n", ":2:11", "no slot called food"),
        ("@slot food = a\n== a\n> i like {fod}\n< yes\n", ":3:11", "no slot called fod"),
        ("== a\n> i like {food}\n< yes\n@slot food = a\n", ":2:11", "no slot called food"),
        ("== a\n> i {}\n< yes\n", ":2:6", "nothing between braces"),
        ("== a\n> i {like\n< yes\n", ":2:5", "does not close"),
        ("== a\n> i {a|{b}}\n< yes\n", ":2:5", "does not close"),
        ("== a\n> i like} it\n< yes\n", ":2:9", "was not opened"),
        ("== a\n> i {a||b}\n< yes\n", ":2:8", "empty word"),
        ("== a\n> i {a|b|a}\n< yes\n", ":2:10", "stands in the list twice"),
        ("== a\n> hi\n< {yes|no}\n", ":3:3", "choices in a reply"),
        ("@slot food = a\n== a\n> {food}\n> hi\n< yes\n< {food}!\n", ":6:3", "utterance in line 4 has none"),
        ("@slot food = a\n== a\n> {food}\n< yes\n>> hi\n<< {food}!\n", ":6:4", "utterance in line 5 has none"),
        ("@slot food = a\n== a\n> hi _\n= x\n< {food}\n= y\n< no\n", ":5:3", "slot in a reply of a late-cue topic"),
        ("== a\n> so _\n< yes\n", ":2:6", "blank outside"),
        ("== a\n> so\n< yes\n>> so _ it\n<< no\n", ":4:7", "blank outside"),
        ("== a\n>! so\n< yes\n", ":2:1", "outside of a late-cue topic"),
        ("== a\n> so _\n> _ so\n= x\n< yes\n= y\n< no\n", ":3:3", "in the same topic"),
        ("== a\n> so _\n>! _ so\n= x\n< yes\n= y\n< no\n", ":3:4", "in the same topic"),
        ("== a\n> so _ it\n= x\n< yes\n= y\n< no\n", ":2:3", "ends in the one blank"),
        ("== a\n> _\n= x\n< yes\n= y\n< no\n", ":2:3", "ends in the one blank"),
        ("== a\n> so _\n= x\n< yes\n= y\n< no\n>> why\n<< so\n", ":7:1", "follow-ups in a late-cue topic"),
        ("== a\n> hi\n>> ho\n< yes\n", ":3:1", "nothing that this `>>` could follow"),
        ("== a\n> hi\n< yes\n<< no\n", ":4:1", "`<<` before `>>`"),
        ("== a\n> hi\n< yes\n>> why\n<< so\n<<< no\n", ":6:1", "`<<<` before `>>>`"),
        ("== a\n> hi\n< yes\n>>> why\n", ":4:1", "nothing that this `>>>` could follow"),
        ("== a\n> hi\n< yes\n>> ho\n>>> why\n", ":5:1", "nothing that this `>>>` could follow"),
        ("== a\n> hi\n< yes\n>> why\n<< so\n>>> oh\n<<< yes\n<< no\n", ":8:1", "`<<` before `>>`"),
        ("== a\n> hi\n< yes\n>> why\n<< so\n>>>> oh\n", ":6:1", "begins no line"),
        ("== a\n> hi\n< yes\n>> why\n== b\n> ho\n< yes\n", ":4:1", "no reply to this"),
        ("== a\n> hi\n< yes\n>> why\n<< so\n>>> oh\n>> no\n<< so\n", ":6:1", "no reply to this"),
        ("== a\n> hi\n< yes\n>> why\n<< so\n> ho\n", ":6:1", "below its follow-ups"),
        ("== a\n> hi\n< yes\n>> why\n<< so\n< ho\n", ":6:1", "below its follow-ups"),
        ("== a\n> hi\n< yes\n>> why\n<< so\n>> WHY\n<< ho\n", ":6:4", "is said at .*:4:4 already"),
        ("== a\n> hi\n< yes\n>> why\n<< so\n>>> oh\n>>> Oh\n<<< ho\n", ":7:5", "is said at .*:6:5 already"),
        ("== a\n> hi {a|b} {a|b}\n> hi a b\n< yes\n", ":3:3", "is said at .*:2:3 already"),
        ("== a\n>    i like {fod}\n< yes\n", ":2:14", "no slot called fod"),
        ("== a\n>\ti\u2028  like {  fod }\n< yes\n", ":2:15", "no slot called fod"),
        ("== a\n> cafe\u0301 {fod}\n< yes\n", ":2:10", "no slot called fod"),
        ("== a\n>   i  {a|  b|  a}\n< yes\n", ":2:17", "stands in the list twice"),
        ("== a\n> a\n>  A\n< yes\n", ":3:4", "is said at .*:2:3 already"),
        ("== a\n> hi\n<   yes  {\n", ":3:10", "does not close"),
        ("@slot food = a\n== a\n> hi {food}\n<  {food}  {a|b}\n", ":4:12", "choices in a reply"),
        ("@slot x = a\n@slot y = b\n== a\n> hi {x}\n<  {x}  { y }\n", ":5:9", "{y} in a reply"),
        ("== a\n> hi\n< yes\n>>   so  _\n<< no\n", ":4:10", "blank outside"),
        ("== a\n>   so\n= x\n< yes\n= y\n< no\n", ":2:5", "ends in the one blank"),
        ("== a\n> so _\n>!   _ so\n= x\n< yes\n= y\n< no\n", ":3:6", "in the same topic"),
        ("== a\n> hi\n< yes\n==   a\n> ho\n< no\n", ":4:6", "stands at .*:1:4 already"),
        ("==   A\n", ":1:6", "no name"),
        ("== a\n@pairs   x\n", ":2:10", "no number"),
        ("@slot   Food = a\n", ":1:9", "no slot"),
        ("@slot   food =   a |  a\n", ":1:23", "stands in the list twice"),
        ("== a\n@pairs 1\n> so _\n>! no _\n= x\n< yes\n= y\n< no\n", ":1:4", "@pairs 1 keeps nothing"),
        ("== a\n@also b  zz\n> hi\n< yes\n== b\n> x\n< y\n", ":2:10", "no topic zz"),
        (f"== a\n> {'{a|b}' * 14}\n< yes\n", ":2:3", "16,384 utterances in one line"),
    ],
)
def test_a_topic_that_is_not_whole_is_named_by_line_and_column(topics, text, place, what):
    folder = topics(a=text)
    with pytest.raises(CorpusError, match=what) as caught:
        list(expand(read_topics(folder)))
    assert str(caught.value.place) == f"{folder / 'a.topic'}{place}"
    assert caught.value.remedy


@pytest.mark.parametrize("second", ["== b\n> HI  there\n< x\n", "== b\n> hi _\n= there | all\n< x\n= here | none\n< y\n"])
def test_an_utterance_of_two_topics_is_refused(topics, second):
    folder = topics(a="== a\n> hi there\n< x\n", b=second)
    with pytest.raises(CorpusError, match=r"a\.topic:2:3 already") as caught:
        list(expand(read_topics(folder)))
    assert caught.value.place == f"{folder / 'b.topic'}:2:3"


@pytest.mark.parametrize(
    "text",
    [
        "== a\n> hi\n> Hi\n< x\n",
        "== a\n> hi _\n= x | x\n< yes\n= y | z\n< no\n",
        "== a\n> hi _\n= x\n< yes\n= X\n< no\n",  # the two members would be one utterance with two contrary replies
    ],
)
def test_an_utterance_that_stands_twice_in_a_topic_is_refused(topics, text):
    with pytest.raises(CorpusError):
        list(expand(read_topics(topics(a=text))))


def test_a_folder_without_topics_is_refused(tmp_path):
    (tmp_path / "a.topic").touch()
    for folder, what in (
        (tmp_path / "empty", r"no \.topic files there"),
        (tmp_path / "missing", "no such folder"),
        (tmp_path / "a.topic", "a file, not a folder"),
    ):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(CorpusError, match=what):
            read_topics(folder)


# Slots and choices

FOOD = """@slot food = pizza | sushi | pasta | dumplings | soup | rice
== food.love
> {i|we} love {food}
> {food} again
< Ah, {food}. Nice.
< {food}? With what?
< Good choice.
"""


def test_each_choice_is_an_utterance_of_its_own(topics):
    lines = list(expand(read_topics(topics(a="== a\n> {he|she} is {in|out}\n< ok\n"))))
    assert [line.utterance for line in lines] == ["he is in", "he is out", "she is in", "she is out"]
    assert {line.group for line in lines} == {("a", "", "", 0)}


def test_a_slot_gives_each_utterance_four_values_in_rotation(topics):
    lines = list(expand(read_topics(topics(a=FOOD))))
    values = {}
    for line in lines:
        values.setdefault(line.group.pair.rpartition("/")[0], []).append(line.group.label)
    assert [len(set(those)) for those in values.values()] == [4, 4, 4]
    order = [value for those in values.values() for value in dict.fromkeys(those)]
    menu = ["pizza", "sushi", "pasta", "dumplings", "soup", "rice"]
    first = menu.index(order[0])
    assert order == [menu[(first + number) % 6] for number in range(12)], "in rotation"


def test_a_slot_with_fewer_than_four_values_gives_each_once(topics):
    lines = list(expand(read_topics(topics(a="@slot x = a | b\n== t\n> so {x} and {x}\n< ok\n"))))
    assert sorted(line.utterance for line in lines) == ["so a and a", "so b and b"]


def test_a_reply_has_the_value_of_its_utterance_and_a_capital_where_a_sentence_begins(topics):
    lines = list(expand(read_topics(topics(a=FOOD))))
    for line in lines:
        value = line.group.label
        assert value in line.utterance
        assert line.reply in (f"Ah, {value}. Nice.", f"{value.capitalize()}? With what?", "Good choice.")
    assert len({line.reply for line in lines}) > 10


def test_all_values_of_a_frame_are_one_unit_of_the_split_and_each_choice_is_a_frame(topics):
    units = {}
    for line in expand(read_topics(topics(a=FOOD))):
        units.setdefault(line.group.unit, set()).add(line.utterance.replace(line.group.label, "_"))
    assert sorted(map(sorted, units.values())) == [["_ again"], ["i love _"], ["we love _"]]


def test_values_no_reply_uses_are_no_label(topics):
    lines = list(expand(read_topics(topics(a="@slot x = a/b | c\n== t\n> so {x}\n< ok\n"))))
    assert {(line.group.unit, line.group.label) for line in lines} == {("t/1", "")}


def test_two_slots_are_one_label(topics):
    text = "@slot x = a | b\n@slot y = c | d | e\n== t\n> {x} to {y}\n< From {x}.\n< To {y}, hm.\n"
    for line in expand(read_topics(topics(a=text))):
        x, y = line.group.label.split("+")
        assert line.utterance == f"{x} to {y}"
        assert line.reply in (f"From {x}.", f"To {y}, hm.")


def test_at_most_so_many_utterances_are_kept_the_same_each_time(topics):
    text = "== a\n@pairs 5\n> {a|b|c} and {d|e|f}\n< x\n< y\n"
    every = {line.utterance for line in expand(read_topics(topics(a=text.replace("@pairs 5\n", ""))))}
    lines = list(expand(read_topics(topics(a=text))))
    assert len({line.utterance for line in lines}) == 5
    assert {line.utterance for line in lines} < every
    assert lines == list(expand(read_topics(topics())))
    assert Counter(line.reply for line in lines) == {"x": 5, "y": 5}


# Follow-ups

TALK = """== food
> pizza
> sushi
< Good. What with it?
>> cheese
>> {no idea|dunno}
<< Ah.
<< Oh.
>>> really
<<< Yes.
>> why
<< Because.
== play
> chess
< Who won?
>> why
<< I just wonder.
"""


def test_follow_ups_are_blocks_named_by_their_place_and_need_the_turns_before(topics):
    found = {}
    for line in expand(read_topics(topics(a=TALK))):
        found.setdefault((line.group.topic, line.group.needs), set()).add(line.utterance)
    assert found == {
        ("food", 0): {"pizza", "sushi"},
        ("food.then-1", 1): {"cheese", "no idea", "dunno"},
        ("food.then-1.then-1", 2): {"really"},
        ("food.then-2", 1): {"why"},
        ("play", 0): {"chess"},
        ("play.then-1", 1): {"why"},
    }


def test_a_follow_up_may_be_an_opening_of_another_topic(topics):
    lines = list(expand(read_topics(topics(a=TALK, b="== b\n> why\n< So.\n"))))
    assert {(line.group.topic, line.group.needs) for line in lines if line.utterance == "why"} == {("food.then-2", 1), ("play.then-1", 1), ("b", 0)}


# Late and early cues

TURNED = """== late.mood
@pairs 12
> the {first|last|next} {day|night} left me _
> it was {so|very} _
>! the {first|last|next} {day|night} left me anything but _
= happy | glad | fine
< Good.
= sad | low | blue
< Sorry.
"""


def test_in_a_turned_frame_the_replies_change_places_and_the_label_tells_which_fit(topics):
    for line in expand(read_topics(topics(a=TURNED))):
        glad = line.utterance.rpartition(" ")[2] in ("happy", "glad", "fine")
        turned = "anything but" in line.utterance
        assert (line.reply == "Good.") == (glad != turned) == (line.group.label == "happy")


@pytest.mark.parametrize("most", [6, 12, 13, 24, 1000])
def test_straight_and_turned_pairs_are_equally_many_for_each_cue_so_that_neither_part_tells_the_label(topics, most):
    lines = list(expand(read_topics(topics(a=TURNED.replace("12", str(most))))))
    pairs = {line.group.pair: "anything but" in line.utterance for line in lines}
    half = min(most // 2, 18)
    assert Counter(pairs.values()) == {True: half, False: half}
    cues = Counter((line.utterance.rpartition(" ")[2], line.group.label) for line in lines)
    for cue, _ in list(cues):
        assert cues[cue, "happy"] == cues[cue, "sad"]
    assert max(cues.values()) - min(cues.values()) <= 1


def test_an_early_topic_gives_pairs_alike_but_for_what_they_begin_with(topics):
    text = "== early\n> _ it is {monday|friday}\n> _, you know\n= oh no | how sad\n< Sorry.\n= hooray | how nice\n< Good.\n"
    pairs = {}
    for line in expand(read_topics(topics(a=text))):
        pairs.setdefault(line.group.pair, {})[line.group.label] = line.utterance
    assert {frozenset(both.values()) for both in pairs.values()} == {
        frozenset(f"{cue}{rest}" for cue in cues)
        for cues in (("oh no", "hooray"), ("how sad", "how nice"))
        for rest in (" it is monday", " it is friday", ", you know")
    }


# Whatever is written


sign = st.sampled_from(["==", ">", ">", ">", "<", "<", ">>", ">>", "<<", "<<", ">>>", "<<<", ">!", "=", "@pairs", "@slot", "@also", "#", "*", ""])
word = st.sampled_from(["a", "b.c", "hi", "{x}", "{a|b}", "{", "}", "_", "x = a | b", "a | b", "3", "", " ", "\t", "é", "\u2028", "\0", "🙂"])


@given(st.lists(st.tuples(sign, st.lists(word, max_size=3)), max_size=12), st.booleans())
def test_whatever_is_written_is_read_or_refused_at_a_place(tmp_path_factory, written, begun):
    folder = tmp_path_factory.mktemp("any")
    text = "@slot x = a | b\n== t\n> {x}\n< so\n" * begun + "".join(f"{sign} {' '.join(words)}\n" for sign, words in written)
    (folder / "a.topic").write_text(text, encoding="utf-8")
    try:
        lines = list(expand(read_topics(folder)))
    except CorpusError as error:
        mistake: CorpusError | None = error
    else:
        mistake = None
    if mistake:
        path, *numbers = str(mistake.place).rsplit(":", 2)
        assert path == str(folder / "a.topic")
        assert all(number.isdecimal() and int(number) > 0 for number in numbers)
        assert int(numbers[0]) <= text.count("\n")
        assert mistake.remedy
        assert "\n" not in str(mistake)
    else:
        assert all(line.utterance and line.reply and "\t" not in line.utterance + line.reply for line in lines)
        openings = [key(line.utterance) for line in lines if not line.group.needs]
        assert max(Counter(openings).values(), default=0) <= 2


def test_no_line_stands_for_more_utterances_than_can_be_meant(topics):
    lists = "{" + "|".join(map(str, range(100))) + "}"
    assert MOST_CHOICES == 100 * 100
    assert len(list(expand(read_topics(topics(a=f"== a\n@pairs 7\n> {lists} {lists}\n< x\n"))))) == 7
