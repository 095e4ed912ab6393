"""The late-cue report: networks made by hand, of which it is known what they get right, and the laws of its parts, its table and its picture."""

from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from chatbot.bot import Bot
from chatbot.corpus.pairs import Group, Pair
from chatbot.evaluation.exam import Exam
from chatbot.evaluation.lagging import average_lagging
from chatbot.evaluation.late_cues import GROUPS, CuePair, Share, by_position, lag, late_cues
from chatbot.evaluation.late_cues_picture import picture
from chatbot.evaluation.late_cues_table import table
from chatbot.evaluation.metrics import allowed_replies
from chatbot.listening import ladder, ladders
from chatbot.networks.protocol import Context
from chatbot.records import Decoding, Reply
from chatbot.vocabulary import EOS, PAD

SVG = "{http://www.w3.org/2000/svg}"


class Echo:
    """Says a piece that it heard, and ends: `which` names its place among the pieces of the utterance, or a piece that it says whatever it hears."""

    def __init__(self, vocabulary, which):
        self.size, self.which = len(vocabulary), which

    def encode(self, source):
        lengths = (source != PAD).sum(1)
        places = {"first": torch.ones_like(lengths), "last": lengths - 1}  # the piece before the first is a blank
        heard = source.gather(1, places[self.which][:, None])[:, 0] if self.which in places else torch.full_like(lengths, self.which)
        return Context((heard[None, :, None],), None, torch.zeros_like(lengths))

    def decode(self, tokens, context):
        heard = context.state[0][0]  # (B, 1)
        said = torch.where(tokens == heard, EOS, heard)  # (B, T)
        return torch.nn.functional.one_hot(said, self.size) * 9.0, context


@pytest.fixture(scope="module")
def speaker(vocabulary):
    """speaker("last"): a bot that says the last piece that it hears; speaker("7") one that says 7."""

    def make(which):
        return Bot(Echo(vocabulary, which if which in ("first", "last") else vocabulary.encode(which)[-1]), vocabulary, reply_limit=4)

    return make


def exam(*utterances, histories=((), ())):
    """Pairs of utterances, each with a reply that is its digit alone; the first member is asked after the first history."""
    said = []
    for number, both in enumerate(utterances):
        for utterance, history in zip(both, histories, strict=True):
            digit = next(letter for letter in utterance if letter.isdigit())
            said.append(Pair(utterance, digit, "", history, Group(f"t{number}", f"t{number}/x/1.1", digit)))
    return Exam("all", said, allowed_replies(said))


LATE = exam(("q z q z 7", "q z q z 9"), ("z q 9", "z q 7"))
EARLY = exam(("7 q z", "9 q z"), ("q z q z 7", "q z q z 9"))


GREEDY = Decoding()


def reported(bots, asked, decoding=GREEDY):
    return late_cues({name: (bot, decoding) for name, bot in bots.items()}, asked)


def measured(bot, asked):
    return reported({"it": bot}, asked).speakers[0]


# Networks whose answers are known


def test_who_hears_the_cue_last_and_heeds_it_has_everything(speaker):
    found = measured(speaker("last"), LATE)
    assert (found.late.pairs.share, found.late.members.share, found.late.forced.share, found.right.share) == (1, 1, 1, 1)
    assert [one.pairs.held for one in found.positions] == [1, 1]
    settling = found.settling["late"]
    assert (settling.utterances, settling.words, settling.settled, settling.with_cue.share) == (4, 4, 4, 1)


def test_who_says_one_thing_whatever_it_hears_has_one_member_of_each_pair_and_no_pair(speaker):
    found = measured(speaker("7"), LATE)
    assert (found.late.pairs.share, found.late.members.share, found.late.forced.share, found.right.share) == (0, 0.5, 0.5, 0.5)
    assert [(one.members.share, one.forced.share) for one in found.positions] == [(0.5, 0.5)] * 2
    assert (found.late.late, found.late.open.of) == (0, 2), "that it is lost is a finding: it has heard the cue"
    assert (found.settling["late"].settled, found.settling["late"].with_cue.share) == (1, 0)


def test_who_says_something_else_may_still_find_the_right_reply_likelier(speaker):
    said = [replace(pair, reply=f"{pair.reply}z") for pair in LATE.pairs]
    found = measured(speaker("last"), Exam("all", said, allowed_replies(said))).late
    assert (found.members.share, found.forced.share) == (0, 1)


def test_a_reply_that_is_right_for_both_is_not_chosen_against(speaker):
    said = [one for pair in LATE.pairs for one in (pair, replace(pair, reply="x"))]
    found = measured(speaker("x"), Exam("all", said, allowed_replies(said))).late
    assert (found.pairs.share, found.forced.share) == (1, 1)


def test_who_has_made_up_its_mind_before_the_cue_has_not_settled_with_it(speaker):
    for which, share in (("first", 0), ("last", 1)):
        assert measured(speaker(which), exam(("q 7", "q 9"))).settling["late"].with_cue.share == share


def test_early_twins_stand_apart(speaker):
    report = reported({"first": speaker("first"), "last": speaker("last")}, EARLY)
    assert (report.late, report.early, report.utterances) == (1, 1, 4)
    assert [(one.early.pairs.share, one.late.pairs.share) for one in report.speakers] == [(1, 0), (0, 1)]
    assert [one.early.forced.share for one in report.speakers] == [1, 0], "of replies that are as likely none is the likelier"
    assert {kind: one.settled for kind, one in report.speakers[0].settling.items()} == {"late": 1, "early": 1}


def test_utterances_of_no_pair_count_too(speaker):
    plain = [Pair("z z z 7", "7"), Pair("z z z 8", "9")]
    both = [*LATE.pairs, *plain]
    found = measured(speaker("last"), Exam("all", both, allowed_replies(both)))
    assert (found.right.held, found.right.of, found.late.pairs.of) == (5, 6, 2)
    assert found.settling["other"].utterances == 2
    assert found.settling["other"].with_cue is None


def test_without_late_pairs_there_is_no_report(speaker):
    plain = [Pair("q", "7")]
    assert reported({"it": speaker("7")}, Exam("all", plain, allowed_replies(plain))) is None
    assert reported({"it": speaker("7")}, exam(("7 q", "9 q"))) is None


def test_a_pair_is_right_when_it_is_after_every_history_and_a_member_counts_for_each(speaker):
    """Who remembers one turn, and says the first piece of that, is right where the turn before begins with the cue."""
    helps, hurts = ((("7 z", "x"),), (("9 z", "x"),))
    first, second = (Pair("q z 7", "7", "", history, Group("t", "t/x/1.1", "7")) for history in (helps, hurts))
    twin = Pair("q z 9", "9", "", hurts, Group("t", "t/x/1.1", "9"))
    bot = replace(speaker("first"), history=1)
    found = [measured(bot, Exam("all", pairs, allowed_replies(pairs))).late for pairs in ([first, second, twin], [first, twin])]
    assert [(one.pairs.share, one.members.share) for one in found] == [(0, 0.75), (1, 1)]
    assert found[0].forced.share == 0.75


# The theorem


@pytest.fixture(scope="module")
def interrupting(vocabulary, interrupter):
    return lambda wait: Bot(interrupter(len(vocabulary), wait=wait), vocabulary, history=1, reply_limit=12)


def said_by(bot, first, second, history=()):
    """An exam in which what the bot says to `first` is right for it, and for `second` what begins otherwise."""
    reply = bot.reply(first, None, history).text
    said = [Pair(text, right, "", history, Group("t", "t/x/1.1", text)) for text, right in ((first, reply), (second, f"zz{reply}"))]
    return Exam("all", said, allowed_replies(said))


@pytest.mark.parametrize("wait", [1, 2, 4, 8])
def test_what_is_late_by_definition_is_lost_and_told_apart(interrupting, wait):
    bot = interrupting(wait)
    found = measured(bot, said_by(bot, "q z q z q z q z 7", "q z q z q z q z 9")).late
    assert (found.late, found.late_right, found.open) == (1, 0, None)
    assert (found.pairs.share, found.members.share) == (0, 0.5)


def test_whether_a_pair_is_late_depends_on_the_wait(interrupting):
    asked = exam(("q z q z 7", "q z q z 9"))  # 8 pieces and a blank are heard before the cue, and the replies differ at their second
    late = [reported({"it": interrupting(wait)}, asked).speakers[0].late for wait in (1, 8, 9)]
    assert [(one.late, one.open and one.open.of) for one in late] == [(1, None), (1, None), (0, 1)]


def test_after_different_turns_nothing_is_late_by_definition(interrupting):
    before = ((("a", "b"),), (("c", "d"),))
    for histories, late in ((before, 0), ((before[0], before[0]), 1)):
        assert measured(interrupting(1), exam(("q z q z 7", "q z q z 9"), histories=histories)).late.late == late


def test_a_speaker_lags_by_its_wait_and_a_listener_by_all(interrupting, speaker, vocabulary):
    asked = exam(("q z q z 7", "q z q z 9"))
    assert measured(speaker("last"), asked).lagging == len(vocabulary.hear("q z q z 7"))
    lags = [measured(interrupting(wait), asked).lagging for wait in (1, 2, 4, 8)]
    assert lags == sorted(lags)
    assert all(lag <= measured(speaker("last"), asked).lagging for lag in lags)


def test_each_speaker_decodes_as_it_is_told(interrupting, speaker):
    known = Decoding(known_replies=True)
    found = reported({"it": replace(speaker("7"), known=("x",))}, LATE, known).speakers[0]
    assert (found.right.share, found.late.forced.share) == (0, 0.5), "it would say 7, if it might"
    early = replace(interrupting(1), known=("7", "9"))
    assert reported({"it": early}, EARLY, known).speakers[0].right.share > 0, "an interrupter is held to known replies like a listener"
    both = late_cues({"it": (replace(speaker("7"), known=("x",)), known), "free": (speaker("7"), GREEDY)}, LATE)
    assert [one.right.share for one in both.speakers] == [0, 0.5]


# Average lagging


@given(st.integers(1, 40), st.integers(1, 40))
def test_who_keeps_pace_lags_by_its_wait(source, wait):
    heard = [min(source, wait + step) for step in range(source)]
    assert average_lagging(heard, source) == pytest.approx(min(wait, source))


@given(st.integers(1, 40), st.integers(1, 40))
def test_who_hears_all_first_lags_by_all(source, said):
    assert average_lagging([source] * said, source) == source


@pytest.mark.parametrize(
    ("heard", "source", "lag"),
    [([1, 2], 4, (1 + (2 - 2)) / 2), ([1, 2, 3, 3, 3, 3], 3, (1 + 1.5 + 2) / 3), ([2, 4, 4], 4, (2 + (4 - 4 / 3)) / 2)],
)
def test_lagging_by_hand(heard, source, lag):
    assert average_lagging(heard, source) == pytest.approx(lag)


def test_the_lag_of_a_reply_follows_from_the_wait():
    reply = Reply("", 0.0, 4, 0.0, ids=(5, 6, 7))
    assert lag(reply, 5, 2) == pytest.approx((2 + (3 - 1 * 5 / 3) + (4 - 2 * 5 / 3)) / 3)
    assert lag(reply, 5, None) == 5


# Shares and positions


@pytest.mark.parametrize(("marks", "interval"), [([0] * 10, (0, 0.2775)), ([1, 0] * 5, (0.2366, 0.7634)), ([0.5] * 10, (0.2366, 0.7634))])
def test_a_share_and_its_interval(marks, interval):
    found = Share.among(marks)
    assert (found.held, found.of, found.share) == (sum(marks), 10, sum(marks) / 10)
    assert (found.low, found.high) == pytest.approx(interval, abs=1e-4)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=60))
def test_each_pair_stands_in_one_of_few_groups_and_the_groups_follow_each_other(words):
    pairs = [CuePair(f"{'q ' * count}7 {number}", f"{'q ' * count}9 {number}") for number, count in enumerate(words)]
    groups = by_position(pairs)
    assert sorted((pair for group in groups for pair in group), key=pairs.index) == pairs
    assert 1 <= len(groups) <= GROUPS
    spans = [(min(pair.words for pair in group), max(pair.words for pair in group)) for group in groups]
    assert all(before[1] < after[0] for before, after in pairwise(spans))


def test_groups_are_about_equally_large():
    sizes = {6: 1, 7: 2, 8: 12, 9: 17, 10: 22, 11: 13, 12: 2}
    pairs = [CuePair(f"{'q ' * words}7 {number}", f"{'q ' * words}9 {number}") for words, count in sizes.items() for number in range(count)]
    assert [len(group) for group in by_position(pairs)] == [15, 17, 22, 15]


# Ladders


def test_many_ladders_are_those_of_each_alone_and_no_beginning_is_answered_twice(vocabulary, listener, monkeypatch):
    bot = Bot(listener(len(vocabulary)), vocabulary, history=1, reply_limit=8)
    texts, turns = ["hello you there", "hello you", "hello you there", "I am sad"], [(), (), (("a", "b"),), ()]
    decoding = Decoding(strategy="sample", seed=3)
    alone = [ladder(bot, text, decoding, history) for text, history in zip(texts, turns, strict=True)]
    asked = []
    monkeypatch.setattr(Bot, "replies", lambda self, *told, replies=Bot.replies: asked.extend(zip(told[0], told[2], strict=True)) or replies(self, *told))
    found = ladders(bot, texts, decoding, turns)
    assert found == alone
    assert [one.rungs[-1].reply for one in found] == [bot.reply(text, decoding, history).text for text, history in zip(texts, turns, strict=True)]
    assert len(asked) == len(set(asked)) == 3 + 3 + 3


# What is shown


@pytest.fixture(scope="module")
def report(speaker, interrupting):
    found = reported({"listener": speaker("last"), "7": speaker("7"), "interrupter-1": interrupting(1), "interrupter-4": interrupting(4)}, EARLY)
    return reported({"listener": speaker("last"), "interrupter-1": interrupting(1), "interrupter-8": interrupting(8)}, LATE), found


def named(report, name):
    return replace(report, speakers=tuple(replace(speaker, name=name) for speaker in report.speakers))


@pytest.mark.parametrize(
    "name", ["listener", "[/]\x1b[31mred\x9b", "한국어로 된 아주 긴 이름의 묶음입니다", "x" * 200, "\u202eevil\n\tx", "<script>&amp;</script>"]
)
def test_the_table_fits_80_columns_and_the_picture_is_well_formed_whatever_the_name(report, name):
    for one in report:
        lines = list(table(named(one, name)))
        assert max(map(cell_len, lines)) <= 80
        assert not any(letter in line for line in lines for letter in "\x1b\x9b\u202e\n\t")
        root = ElementTree.fromstring(picture(named(one, name), name))
        assert root.tag == f"{SVG}svg"
        assert not root.findall(f".//{SVG}script")


def test_the_table_tells_the_theorem_from_what_is_measured(report):
    lines = list(table(report[0]))
    (place,) = (number for number, line in enumerate(lines) if line.startswith("interrupter-1 ") and line.split()[-1] == "-")
    assert lines[place].split()[1:] == ["-"] * 3
    assert lines[place + 1].split() == ["late", "by", "definition", *["0", "of", "1"] * 2, "0", "of", "2"]
    assert not any("late by definition" in line for line in table(replace(report[0], speakers=report[0].speakers[:1])))


def test_what_is_hatched_is_what_is_late_by_definition(report):
    for one in report:
        root = ElementTree.fromstring(picture(one, ""))
        panels = [group for group in root.findall(f"{SVG}g") if group.find(f"{SVG}rect[@class='theorem']") is not None][: len(one.speakers)]
        whole = [float(line.get("y1")) for line in panels[0].findall(f"{SVG}line[@class='grid']")]
        for panel, speaker in zip(panels, one.speakers, strict=True):
            outcomes = [*([speaker.early] if speaker.early else []), *speaker.positions]
            hatched = [float(rect.get("height")) / max(whole) for rect in panel.findall(f"{SVG}rect")]
            assert hatched == pytest.approx([outcome.late / outcome.pairs.of for outcome in outcomes])


def test_the_marks_of_the_picture_stand_where_the_figures_say(report):
    listener, interrupter = ElementTree.fromstring(picture(report[0], "")).findall(f"{SVG}g")[:2]
    heights = [{float(dot.get("cy")) for dot in panel.findall(f"{SVG}circle[@class='mark full']")} for panel in (listener, interrupter)]
    assert heights == [{0.0}, {84.0}], "all right is at the top, all lost at the bottom"
    lines = interrupter.findall(f"{SVG}line[@class='mark']")
    assert lines[0].get("y1") == lines[0].get("y2"), "a law has no interval"


def test_the_words_of_the_picture_are_text(report):
    texts = ["".join(text.itertext()) for text in ElementTree.fromstring(picture(report[1], "a caption")).iter(f"{SVG}text")]
    for wanted in ("listener", "words before the cue", "1 early pair", "1 pair", "a caption"):
        assert wanted in texts
    assert any("theorem" in text for text in texts)
