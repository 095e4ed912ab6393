"""The report on a bundle: what leaks, what is known by heart, what is reliable; and the page, where no text is ever a tag."""

import math
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from rich.cells import cell_len

from chatbot import bundle as bundles
from chatbot.corpus.pairs import Group, Pair
from chatbot.errors import OptionError
from chatbot.evaluation.exam import Exam, leaks
from chatbot.evaluation.examples import MOST, Example, Wrong, memorised, samples, wrong
from chatbot.evaluation.metrics import allowed_replies
from chatbot.evaluation.page import page
from chatbot.evaluation.reliability import reliability
from chatbot.evaluation.report import report
from chatbot.evaluation.table import WIDTH, lines
from chatbot.evaluation.tally import Answers
from chatbot.records import Attention, CurvePoint, Decoding, Influence, Reply

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><svg onload=alert(1)>",
    "&lt;b&gt; & <b>",
    "\x1b[31m\x00\u202ered",
    "<!--",
    "]]>",
    "아무리 생각해도 어제보다 오늘이 더 춥다고 느껴지는 것은 기분 탓만은 아닌 것 같아요, 그렇지요",
]
VOID = {"meta"}
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "section", "figure", "figcaption", "div"),
    *("table", "thead", "tbody", "tr", "th", "td", "svg", "text", "line", "circle", "rect", "polyline"),
}


def given(*told):
    """Answers of (utterance, reply, log-probability, is it right)."""
    pairs = [Pair(utterance, "") for utterance, *_ in told]
    return Answers(pairs, [Reply(reply, score, 3, 0.0) for _, reply, score, _ in told], [right for *_, right in told])


def asked(pairs, trained=()):
    return Exam("all", pairs, allowed_replies(pairs), trained)


# Leaks


def test_what_stands_in_the_training_part_leaks_folded_or_but_for_marks():
    trained = [Pair("Hello  there", "Hi."), Pair("good bye", "Bye."), Pair("너 누구야", "렌이에요."), Pair("?!", "What?")]
    exam = asked(
        [Pair("hello there", "hi."), Pair("hello there", "No."), Pair("Good-bye!", "Bye."), Pair("너누구야?", "저요."), Pair("!?", "Eh."), Pair("new", "Yes.")],
        trained,
    )
    found, names = leaks(exam)
    assert (found.trained, found.utterances, found.same, found.nearly, found.pairs) == (4, 5, 1, 2, 1)
    assert names == {"hello there", "good-bye!", "너누구야?"}


def test_a_follow_up_leaks_only_from_its_own_topic():
    trained, same, other = (Pair("yes", "Fine.", group=Group(topic, needs=1)) for topic in ("food", "food", "play"))
    assert leaks(asked([same], [trained]))[0].same == 1
    assert leaks(asked([other], [trained]))[0].same == 0


# What they know of themselves


def test_calibration_is_the_gap_between_sure_and_right():
    told = [("a", "x", math.log(0.95), True)] * 9 + [("b", "x", math.log(0.95), False)] + [("c", "x", math.log(0.25), True)] * 10
    found = reliability(given(*told))
    assert [(one.replies, one.right) for one in found.bins] == [(10, 1.0), (10, 0.9)]
    assert found.error == pytest.approx(0.5 * 0.75 + 0.5 * 0.05)
    assert all(one.interval[0] < one.right <= one.interval[1] + 1e-9 for one in found.bins)


def test_right_and_wrong_are_parted_when_the_right_ones_are_surer():
    marks = [(-0.1, True), (-0.2, True), (-0.3, False), (-0.2, False)]
    assert reliability(given(*(("a", "x", *mark) for mark in marks))).parted == pytest.approx((2 + 1.5) / 4)
    assert math.isnan(reliability(given(("a", "x", -1.0, True))).parted)


def test_a_reply_is_by_heart_when_it_stands_there_word_for_word():
    found = memorised(
        given(("a", "Good  bye.", 0.0, True), ("b", "good bye.", 0.0, True), ("c", "New.", 0.0, False), ("d", "Good bye.", 0.0, False)), ["Good bye."]
    )
    assert (found.share, found.right, found.new_right, found.new) == (0.5, 0.5, 0.5, ("good bye.", "New."))
    assert math.isnan(memorised(given(("a", "x", 0.0, True)), ["x"]).new_right)


@pytest.mark.parametrize("count", [0, 1, MOST, MOST + 3, 5 * MOST])
def test_wrong_replies_are_told_once_the_surest_and_the_least_sure(count):
    found = wrong(
        given(("fine", "x", 0.0, True), *((f"{number}", "y", -float(number), False) for number in range(count))),
        {**{f"{number}": ("z",) for number in range(count)}, "fine": ("x",)},
    )
    both = [*found.surest, *found.least_sure]
    assert len(found.surest) == min(MOST, count)
    assert len({one.utterance for one in both}) == len(both) == min(2 * MOST, count)
    assert [one.probability for one in found.surest] == sorted((one.probability for one in found.surest), reverse=True)
    if count > 2 * MOST:
        assert found.least_sure[0].utterance == f"{count - 1}"
    assert all(one.expected == "z" for one in both)


def test_samples_are_of_the_same_utterances_for_all():
    one, other = (given(*((f"{number}", f"{who}{number}", 0.0, who == "a") for number in range(50))) for who in "ab")
    found = samples({"a": one, "b": other}, {f"{number}": ("x",) for number in range(50)})
    assert len(found) == MOST
    for sample in found:
        assert sample.said == {"a": (f"a{sample.utterance}", True), "b": (f"b{sample.utterance}", False)}


# The whole


@pytest.fixture(scope="module")
def bundle(bundle_folder):
    return bundles.load(bundle_folder)


@pytest.fixture(scope="module")
def pairs(small_talk):
    return [Pair(utterance, reply) for utterance, reply in small_talk]


@pytest.fixture(scope="module")
def found(bundle, pairs):
    return report(
        bundle,
        asked(pairs[:6], pairs[4:]),
        Decoding(limit=6),
        against=(bundle, Decoding(limit=6, strategy="beam")),
        curve=[CurvePoint("listener", 1.0, 9.0, True)],
    )


def test_a_report_tells_of_every_network(found, pairs):
    assert found.networks.keys() == found.reliability.keys() == found.memorised.keys() == {"listener", "interrupter-1", "interrupter-4"}
    assert (found.leaks.same, found.clean["listener"].utterances) == (2, 4)
    assert found.against.differences["right"].value == pytest.approx(found.networks["listener"].right - found.against.scores.right)
    assert found.heeded


def test_figures_lie_in_their_intervals(found):
    for one in found.networks.values():
        assert one.intervals.keys() == {"right", "bleu", "chrf", "per_piece", "per_word", "bits_per_byte"}
        assert one.intervals["per_piece"][0] <= one.perplexity.per_piece <= one.intervals["per_piece"][1]


def test_of_a_log_that_was_edited_what_can_be_drawn_is(bundle, pairs):
    odd = [(1.0, 0.0), (1.0, -2.0), (1.0, math.nan), (1.0, math.inf), (math.nan, 2.0), (math.inf, 2.0)]
    found = report(bundle, asked(pairs[:1]), Decoding(limit=1), curve=[CurvePoint("listener", *point, True) for point in odd])
    assert "polyline" not in page(found)
    assert page(replace(found, curve=(CurvePoint("listener", 1.0, 1500.0, True),))).count("<polyline") == 1


def test_where_all_leaks_nothing_is_clean_and_where_it_is_unknown_that_is_said(bundle, pairs):
    everything = report(bundle, asked(pairs[:3], pairs), Decoding(limit=3))
    unknown = report(bundle, asked(pairs[:3]), Decoding(limit=3))
    assert (everything.leaks.same, everything.clean) == (3, {})
    assert (unknown.leaks, unknown.clean) == (None, {})
    assert "--trained-on" in "\n".join(lines(unknown))
    assert "\n".join(lines(everything)).count("Leaks") == 1


def test_neighbours_need_what_was_trained_on(bundle, pairs):
    with pytest.raises(OptionError, match="--neighbour needs the corpus"):
        report(bundle, asked(pairs), Decoding(limit=3), neighbour=True)


def test_the_nearest_neighbour_and_the_classifier_know_what_they_were_taught(bundle):
    pytest.importorskip("sklearn")
    trained = [
        Pair(f"{start} {word}", f"{word}!") for word in ("cats", "dogs") for start in ("i like", "you see", "we met", "they heard", "who took", "tell me of")
    ]
    test = [Pair("somebody saw cats", "cats!"), Pair("nobody has dogs", "dogs!")]
    found = report(bundle, asked(test, trained), Decoding(limit=3), neighbour=True)
    assert {name: one.right for name, one in found.baselines.items()} == {"neighbour": 1.0, "classifier": 1.0}
    assert all(math.isnan(one.perplexity.per_piece) for one in found.baselines.values())
    few = report(bundle, asked(test, trained[::4]), Decoding(limit=3), neighbour=True)
    assert few.baselines.keys() == {"neighbour"}, "too few to learn a class from"
    one = [*trained[:6], trained[6]]
    assert report(bundle, asked(test, one), Decoding(limit=3), neighbour=True).baselines.keys() == {"neighbour"}, "one class alone is no choice"


def test_what_is_a_theorem_is_called_one_and_only_beside_who_it_is_about(bundle):
    pairs = [Pair(f"it is so {label}", f"{label}!", group=Group("late", "late/x/1", label)) for label in ("hot", "cold")]
    whole, alone = (report(one, asked(pairs), Decoding(limit=3)) for one in (bundle, replace(bundle, interrupters={})))
    assert whole.networks["interrupter-1"].late.pairs == 1
    assert ["theorem" in "\n".join(lines(one)) for one in (whole, alone)] == [True, False]


def test_who_is_no_interrupter_is_held_to_the_law_of_the_one_beside_it(bundle):
    pairs = [Pair(f"it is so {label}", f"{label}!", group=Group("late", "late/x/1", label)) for label in ("hot", "cold")]
    found = report(replace(bundle, interrupters={4: bundle.interrupters[4]}), asked(pairs), Decoding(limit=3))
    assert {name: one.late.wait for name, one in found.networks.items()} == {"listener": 4, "interrupter-4": 4}


# On the terminal and on the page


def hostile(report, text):
    """The report with `text` wherever texts come from."""
    said = {name: replace(one, commonest=text) for name, one in report.networks.items()}
    example = Example(text, text, 0.5, text)
    return replace(
        report, bundle=text, created=text, decoding=text, networks=said, wrong=Wrong((example,), (example,)),
        samples=tuple(replace(one, utterance=text, history=((text, text),), said={text: (text, False)}) for one in report.samples),
        against=replace(report.against, bundle=text), curve=(CurvePoint(text, 1.0, 5.0, True), CurvePoint(text, 2.0, 3.0, False)),
        heeded=(Attention((text,), (1,), (text,), ((1.0,),), (0.0,)), Influence((text,), (2.0,))),
    )  # fmt: skip


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = set(), set(), [], []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        raise AssertionError("a comment")


def read(text):
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    return tags


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_ever_a_tag(found, text):
    tags = read(page(hostile(found, text)))
    assert tags.tags <= TAGS
    assert not {name for name in tags.attributes if name.startswith("on") or name in ("src", "href", "style")}
    if text.isprintable():
        assert sum(text in data for data in tags.texts) > 10
    assert not set("".join(tags.texts)) & set("\x00\x1b\u202e")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_but_text_reaches_the_terminal_and_no_line_is_too_long(found, text):
    for line in list(lines(hostile(found, text)))[2:]:
        assert line.isprintable()
        assert cell_len(line) <= WIDTH


def test_the_page_stands_alone_and_tells_what_the_table_tells(found):
    text = page(found)
    assert len(text) < 3_000_000
    assert "http" not in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    tags = read(text)
    assert {"svg", "table", "polyline", "rect"} <= tags.tags
    joined = " ".join(tags.texts)
    for part in (
        "Replies",
        "Perplexity",
        "Leaks",
        "Against",
        "Reliability",
        "Learning",
        "heeded",
        "Samples",
        "interrupter-4",
        f"{found.networks['listener'].chrf:.1f}",
    ):
        assert part in joined, part


def test_a_bundle_without_a_log_and_without_right_replies_has_a_page_too(bundle, pairs):
    bare = report(bundle, asked(pairs[:2]), Decoding(limit=1))
    assert "Learning" not in page(bare)
