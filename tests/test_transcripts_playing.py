"""Playing transcripts: what each operator wants, and that a run is the same whatever is played beside it, in whatever order."""

import math
import random
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
import torch

from chatbot.bot import Bot
from chatbot.decoding import stream
from chatbot.errors import TranscriptError
from chatbot.records import Decoding, shared
from chatbot.transcripts import patterns
from chatbot.transcripts.classes import Classes
from chatbot.transcripts.judging import judged
from chatbot.transcripts.margins import traced
from chatbot.transcripts.parse import parse, read
from chatbot.transcripts.playing import FRAGILE, Cast
from chatbot.transcripts.scenes import squeezed
from chatbot.vocabulary import EOS

UTTERANCES = ["hello", "what is your name", "how are you today", "tell me a joke", "good night", "do you like tea", "it rains here", "I am sad", "I am happy"]


@pytest.fixture(scope="module")
def cast(vocabulary, listener, interrupter) -> Cast:
    size = len(vocabulary)
    return Cast("parrot", Bot(listener(size), vocabulary, reply_limit=12), Bot(interrupter(size), vocabulary, reply_limit=12))


@pytest.fixture(scope="module")
def listening(vocabulary, listener) -> Cast:
    """One that hears the turn before."""
    return Cast("parrot", Bot(listener(len(vocabulary)), vocabulary, history=1, reply_limit=12))


def transcript(*lines: str):
    return parse("\n".join(["@chat 1", *lines]), Path("a.chat"))


def scene(expected: list[str], utterance: str = "hello", title: str = "a", *directives: str) -> list[str]:
    return [f"== {title}", *directives, f"> {utterance}", *expected]


def said(bot: Bot, utterance: str, history=(), decoding: Decoding | None = None) -> str:
    return squeezed(bot.reply(utterance, decoding, history).text)


def outcome(cast: Cast, *lines: str):
    return cast.play(transcript(*lines))[0]


# Operators


REPLY = "Oh no.\nI am  sorry, that is GREAT"


@pytest.mark.parametrize(
    ("lines", "broken"),
    [
        (["< Oh no. I am sorry, that is GREAT"], []),
        (["< Oh no.   I am sorry, that is GREAT"], []),
        (["< oh no. I am sorry, that is great"], ["<"]),
        (["< Oh no.", "< Oh no. I am sorry, that is GREAT"], []),
        (["< Oh no.", "<~ sorry"], []),
        (["<~ ^I am"], ["<~"]),
        (["<~ SORRY"], ["<~"]),
        (["<~ (?i)SORRY"], []),
        (["<* *SORRY*"], []),
        (["<* sorry"], ["<*"]),
        (["<* x|OH NO*"], []),
        (["<* oh no?*"], ["<*"]),
        (["<* oh [mn]o*"], ["<*"]),
        (["<+ oh no. I", "<+ great"], []),
        (["<?", "<+ lovely", "<+ great", "<+ happy"], ["<+", "<+"]),
        (["<?", "<- great"], ["<-"]),
        (["<?", "<- greater"], []),
        (["<?", "<-~ GR.AT"], ["<-~"]),
        (["<?", "<-~ gr.at"], []),
        (["< Oh no.", "<- great", "<+ lovely"], ["<", "<-", "<+"]),
        (["<?"], []),
    ],
)
def test_what_each_line_wants(lines, broken):
    (turn,) = transcript(*scene(lines)).scenes[0].turns if any(not line.startswith("<-") for line in lines) else ()
    verdict = judged(turn, REPLY, Classes(Path("classes.toml")))
    assert [one.line.sign for one in verdict.broken] == broken
    assert verdict.holds == (not broken)


def test_composed_and_decomposed_letters_are_the_same():
    (turn,) = transcript(*scene(["< 안녕, caf\u00e9"])).scenes[0].turns
    assert judged(turn, "\u110b\u1161\u11ab\u1102\u1167\u11bc, cafe\u0301", Classes(Path("classes.toml"))).holds


def test_any_reply_is_not_none():
    (turn,) = transcript(*scene(["<?"])).scenes[0].turns
    assert not judged(turn, " \n", Classes(Path("classes.toml"))).holds


def test_a_pattern_that_never_ends_is_stopped_and_told_at_its_place(monkeypatch):
    monkeypatch.setattr(patterns, "SECONDS", 0.01)
    (turn,) = transcript(*scene(["<~ (a|aa)+$"])).scenes[0].turns
    with pytest.raises(TranscriptError, match=r"a.chat:4:4: this pattern takes more than 0.01 s"):
        judged(turn, "a" * 60 + "b", Classes(Path("classes.toml")))


# Classes


def classes_of(tmp_path, text: str) -> Classes:
    (tmp_path / "classes.toml").write_text(text)
    return Classes.beside(tmp_path / "a.chat")


def test_a_class_is_what_its_lists_and_patterns_say(tmp_path):
    classes = classes_of(tmp_path, "[sympathy]\nreplies = ['Oh no.']\npatterns = ['sorry']\n")
    (turn,) = transcript(*scene(["<@ sympathy"])).scenes[0].turns
    assert judged(turn, "OH  no.", classes).rules == ("one of the replies of sympathy",)
    assert judged(turn, "So sorry!", classes).rules == ("pattern sorry of sympathy",)
    assert not judged(turn, "Oh no. Why?", classes).holds


def test_a_topic_of_the_corpus_is_a_class(tmp_path):
    (tmp_path / "faq.tsv").write_text("when are you open\tFrom 10 to 18.\nhello\tHi.\n")
    (tmp_path / "faq.groups.tsv").write_text("1\thours\t\t\t0\n2\tgreeting\t\t\t0\n")
    classes = classes_of(tmp_path, 'corpus = "faq.tsv"\n')
    (turn,) = transcript(*scene(["<@ topic:hours"])).scenes[0].turns
    assert judged(turn, "from 10 to 18.", classes).rules == ("a reply of topic:hours",)
    assert not judged(turn, "Hi.", classes).holds
    (turn,) = transcript(*scene(["<@ topic:hour"])).scenes[0].turns
    with pytest.raises(TranscriptError, match=r"a.chat:4:4: no topic called “hour” in .*did you mean “hours”"):
        judged(turn, "Hi.", classes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sympathy]\nreplies = ['x']\n", "a.chat:4:4: no class called “sympaty” in .*did you mean “sympathy”"),
        ("", "a.chat:4:4: no class called “sympaty”"),
        ("[sympathy\n", "classes.toml:1:10: not TOML"),
        ("[sympathy]\nreplies = 'x'\n", "“sympathy” is no class"),
        ("[sympathy]\nreply = ['x']\n", "“sympathy” is no class"),
        ("[sympathy]\npatterns = ['(']\n", r"classes.toml: the pattern “\(” of “sympathy”: no regular expression: .*; mend it, or put"),
        ("corpus = 3\n", "“corpus” is no path"),
    ],
)
def test_a_mistake_in_classes_is_told(tmp_path, text, told):
    (turn,) = transcript(*scene(["<@ sympaty"])).scenes[0].turns
    with pytest.raises(TranscriptError, match=told):
        judged(turn, "x", classes_of(tmp_path, text))


# The same, whatever is played beside it


def drawn(cast: Cast, count: int) -> list[str]:
    """Scenes of every kind of decoding, right ones and wrong ones, of one turn and of several."""
    generator = random.Random(3)
    lines = []
    for number in range(count):
        how = generator.choice([["@decode greedy"], ["@decode beam 2"], ["@decode sample t=1", f"@seed {number}", "@trials 3", "@pass 0.3"]])
        utterances = generator.choices(UTTERANCES, k=generator.randint(1, 3))
        wanted = [said(cast.bot, utterance) if generator.random() < 0.8 else "No." for utterance in utterances]
        lines += [f"== {number}", *how, *(line for pair in zip(utterances, wanted, strict=True) for line in (f"> {pair[0]}", f"< {pair[1]}"))]
    return lines


def facts(outcomes) -> dict:
    return {
        one.scene.name: [
            (trial.seed, answer.reply.text, answer.verdict.holds, round(answer.lead, 3), answer.nearest and round(answer.nearest[1], 3))
            for trial in one.trials
            for answer in trial.answers
        ]
        for one in outcomes
    }


@pytest.mark.parametrize("which", ["cast", "listening"])
def test_scenes_played_together_come_out_as_one_by_one_in_any_order(request, which):
    cast = request.getfixturevalue(which)
    every = transcript(*drawn(cast, 24))
    together = facts(cast.play(every))
    backwards = facts(cast.play(every, every.scenes[::-1]))
    alone = {name: those for one in every.scenes for name, those in facts(cast.play(every, [one])).items()}
    assert together == backwards == alone
    assert {one.status for one in cast.play(every)} == {"passed", "failed"}


def test_a_greedy_reply_is_what_the_bot_says_one_utterance_at_a_time(cast):
    every = transcript(*(line for utterance in UTTERANCES for line in scene(["<?"], utterance, utterance)))
    assert [one.trials[0].answers[0].reply.text for one in cast.play(every)] == [cast.bot.reply(utterance).text for utterance in UTTERANCES]


def test_a_reply_that_hung_by_a_hair_is_asked_for_alone(cast, monkeypatch):
    monkeypatch.setattr("chatbot.transcripts.playing.TIPPED", math.inf)
    asked = []
    monkeypatch.setattr(Bot, "replies", lambda bot, utterances, *rest, ask=Bot.replies: asked.append(utterances) or ask(bot, utterances, *rest))
    cast.play(transcript(*scene(["<?"]), *scene(["<?"], "I am sad", "b")))
    assert asked == [["hello", "I am sad"], ["hello"], ["I am sad"]]


# History, trials, what is expected to fail


@pytest.mark.parametrize("scripted", [False, True])
def test_each_scene_begins_afresh_and_hears_what_the_bot_or_the_script_said(listening, monkeypatch, scripted):
    heard = []
    monkeypatch.setattr(
        Bot, "hear", lambda bot, utterance, history=(), hear=Bot.hear: heard.append((utterance, list(history))) or hear(bot, utterance, history)
    )
    lines = ["== a", f"@history {'script' if scripted else 'model'}", "> hello", "< Who are you?", "> I am sad", "<?", "== b", "> good night", "<?"]
    outcomes = listening.play(transcript(*lines))
    first = outcomes[0].trials[0].answers[0].reply.text
    assert ("hello", []) in heard
    assert ("good night", []) in heard
    assert {tuple(history) for utterance, history in heard if utterance == "I am sad"} == {(("hello", "Who are you?" if scripted else first),)}


def test_trials_draw_with_one_seed_after_the_other(cast):
    wanted = [said(cast.bot, "hello", decoding=Decoding(strategy="sample", temperature=1, top_p=0.9, seed=seed)) for seed in range(5, 15)]
    lines = scene([f"< {wanted[0]}"], "hello", "a", "@seed 5", "@decode sample t=1 p=0.9", "@trials 10")
    one = outcome(cast, *lines)
    assert [squeezed(trial.answers[0].reply.text) for trial in one.trials] == wanted
    assert one.held == wanted.count(wanted[0]) < 10
    assert one.status == "failed"
    assert outcome(cast, *[*lines[:4], f"@pass {one.held / 10}", *lines[4:]]).status == "passed"


def test_what_is_expected_to_fail_must_fail(cast):
    for expected, status, fine in (["< No."], "xfailed", True), (["<?"], "xpassed", False):
        one = outcome(cast, *scene(expected, "hello", "a", '@xfail "not learned"'))
        assert (one.status, one.fine) == (status, fine)


def test_what_cannot_be_heard_is_a_mistake_at_its_place(cast):
    with pytest.raises(TranscriptError, match=r"a.chat:3:3: too long: \d+ pieces"):
        outcome(cast, *scene(["<?"], "tea " * 400))


# Margins


def test_a_lost_reply_is_as_far_behind_as_the_pieces_where_it_parts(cast):
    """Measured by hand: the reply is forced up to the piece where the wanted one parts from it."""
    bot = cast.bot
    reply = bot.reply("hello")
    whole = [*reply.ids, EOS] if reply.finished else list(reply.ids)
    for wanted in ("Hello. How are you?", said(bot, "hello") + " Bye."):
        ids = [*bot.vocabulary.encode(wanted), EOS]
        part = next(place for place, (one, other) in enumerate(zip(whole, ids, strict=False)) if one != other)
        seen = []

        def forced(allowed, step, rows, seen=seen):
            seen.append(allowed[0])
            return torch.tensor([whole[step]])

        list(zip(range(part + 1), stream(bot.network, torch.tensor([bot.hear("hello")]), forced, bot.limits(Decoding())), strict=False))
        by_hand = (seen[part][whole[part]] - seen[part][ids[part]]).item()
        answer = outcome(cast, *scene(["< Quite something else, and longer.", f"< {wanted}"])).trials[0].answers[0]
        (trace,) = traced(bot, [bot.hear("hello")], [[ids]], Decoding())
        assert trace.behind == [pytest.approx(by_hand, abs=1e-4)]
        assert answer.nearest[1] <= by_hand + 1e-4


@pytest.mark.parametrize("known", [("Hello there!", "Good night.", "See you soon, then."), ()])
def test_what_is_planned_is_a_step_of_the_reply_where_it_is_known_whose_number_is_whose(listener, vocabulary, known):
    bot = Bot(listener(len(vocabulary), replies=3), vocabulary, reply_limit=8, known=known)
    with torch.inference_mode():
        plan = bot.network.encode(torch.tensor([bot.hear("hello")])).plan.logits[0].log_softmax(-1).tolist()
    reply = bot.reply("hello")
    others = [number for number in range(4) if number != reply.plan.number]
    paths = [[number, 9, EOS][not known :] for number in (reply.plan.number, *others)]
    (trace,) = traced(bot, [bot.hear("hello")], [paths], Decoding())
    assert trace.path == [*([reply.plan.number] if known else []), *reply.ids, *[EOS] * reply.finished]
    if known:
        assert trace.behind[1:] == [pytest.approx(max(plan) - plan[number], abs=1e-4) for number in others]
        (alone,) = traced(bot, [bot.hear("hello")], [[trace.path]], Decoding())
        assert alone.lead <= sorted(plan)[-1] - sorted(plan)[-2] + 1e-5


def test_a_scene_of_a_bot_that_plans_is_met_by_the_reply_that_it_gives_and_lost_to_it_by_the_lead_of_its_plan(listener, vocabulary, cast):
    known = ("Hello there!", "Good night.", "See you soon, then.")
    bot = Bot(listener(len(vocabulary), replies=3), vocabulary, reply_limit=8, known=known, threshold=-math.inf)
    planner = replace(cast, bot=bot)
    reply = bot.reply("hello")
    assert outcome(planner, *scene([f"< {squeezed(reply.text)}"])).fine
    other = next(text for text, number in bot.planned.items() if number != reply.plan.number)
    (answer,) = outcome(planner, *scene([f"< {other}"])).trials[0].answers
    with torch.inference_mode():
        plan = bot.network.encode(torch.tensor([bot.hear("hello")])).plan.logits[0].log_softmax(-1)
    assert answer.nearest[1] == pytest.approx(float(plan.max() - plan[bot.planned[other]]), abs=1e-4)


def test_a_lead_is_the_least_over_what_leads_to_nothing_wanted(cast):
    """Where the second choice leads to another reply that is allowed, it decides nothing."""
    bot = cast.bot
    reply = bot.reply("hello")
    (alone,) = traced(bot, [bot.hear("hello")], [[[*reply.ids, *[EOS] * reply.finished]]], Decoding())
    assert alone.lead == pytest.approx(alone.closest)
    seen = []

    def watched(allowed, step, rows):
        seen.append(allowed[0].topk(3))
        return allowed.argmax(-1)

    ids = [piece.ids[0] for piece in stream(bot.network, torch.tensor([bot.hear("hello")]), watched, bot.limits(Decoding()))]
    gaps = [(scores[0] - scores[1]).item() for scores, _ in seen]
    assert alone.closest == pytest.approx(min(gaps), abs=1e-5)
    least = gaps.index(min(gaps))
    trace = type(alone)([*alone.wanted, [*ids[:least], seen[least].indices[1].item(), EOS]])
    for step, number in enumerate(ids):
        scores = seen[step].values.tolist(), seen[step].indices.tolist()
        trace.take(number, scores[0], scores[1], torch.full((len(bot.vocabulary),), -9.0))
    assert trace.closest == pytest.approx(min(gaps), abs=1e-5)
    assert trace.lead > trace.closest


def test_a_reply_that_holds_by_little_is_fragile(cast, monkeypatch):
    one = outcome(cast, *scene([f"< {said(cast.bot, 'hello')}"]))
    lead = one.trials[0].answers[0].lead
    assert bool(one.fragile) == (lead < FRAGILE)
    for limit, fragile in (lead * 2, True), (lead / 2, False):
        monkeypatch.setattr("chatbot.transcripts.playing.FRAGILE", limit)
        assert bool(one.fragile) == fragile


def test_doubt_is_a_margin_too(vocabulary, listener):
    sure = Bot(listener(len(vocabulary)), vocabulary, reply_limit=12).reply("hello")
    for threshold, expected, lead in (-0.02, squeezed(sure.text), 0.02), (0.02, "What?", 0.02):
        bot = Bot(listener(len(vocabulary)), vocabulary, reply_limit=12, threshold=sure.log_probability + threshold)
        (answer,) = outcome(Cast("doubter", bot, unsure="What?"), *scene([f"< {expected}"])).trials[0].answers
        assert answer.verdict.holds
        assert answer.lead == pytest.approx(lead, abs=1e-4)
    (answer,) = outcome(Cast("doubter", bot, unsure="What?"), *scene([f"< {squeezed(sure.text)}"])).trials[0].answers
    assert answer.reply.unsure
    assert answer.nearest[1] == pytest.approx(0.02, abs=1e-4)


# The interrupter


SAD, HAPPY = "it rains and I am sad", "it rains and I am happy"


def pair(line: str, sad: str = "I'm sorry to hear that.", happy: str = "That is lovely to hear.", **other: str) -> list[str]:
    return [*scene([f"< {sad}", line], other.get("sad_said", SAD), "sad"), *scene([f"< {happy}"], other.get("happy_said", HAPPY), "happy")]


def test_what_the_law_forbids_the_interrupter_does_not_do(cast):
    assert not cast.play(transcript(*pair('rnn! "happy"')))[0].rivals


def test_in_the_place_of_the_bot_it_fails_one_of_the_two(cast):
    outcomes = Cast("interrupter", cast.interrupter).play(transcript(*pair("<- zzz")))
    assert not all(one.fine for one in outcomes)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            pair('rnn! "happy"', happy="I'm sorry to hear that. No!", sad_said="I am sad", happy_said="I am happy"),
            "`rnn!` would not be certain: “I'm sorry to hear that.” and “I'm sorry to hear that. No!”",
        ),
        (pair('rnn! "happy"', happy="I'm  sorry to hear that."), "both scenes allow “I'm sorry to hear that.”"),
        (pair('rnn! "happy"', sad_said="sad", happy_said="happy"), "only its first 0 pieces must be the same"),
        (pair('rnn! "happy"', happy="x\n<~ y"), "line 9 allows more replies than can be listed"),
        ([*scene(["<+ x", 'rnn! "b"']), *scene(["< y"], "hello", "b")], "no reply is written out"),
    ],
)
def test_what_the_law_does_not_make_certain_is_refused_at_its_place(cast, lines, told):
    with pytest.raises(TranscriptError) as caught:
        cast.play(transcript(*lines))
    assert told in str(caught.value)
    assert str(caught.value).startswith("a.chat:5:6: ")


def test_what_it_has_heard_before_counts(vocabulary, listener, interrupter):
    size = len(vocabulary)
    cast = Cast("parrot", Bot(listener(size), vocabulary, history=1), Bot(interrupter(size), vocabulary, history=1))
    lines = pair('rnn! "happy"')
    assert cast.play(transcript("== sad", "> hello", *lines[1:4], "== happy", "> hello", *lines[5:]))
    with pytest.raises(TranscriptError, match=r"differ before their last turns"):
        cast.play(transcript("== sad", "> good night", *lines[1:4], "== happy", "> hello", *lines[5:]))


def test_its_first_pieces_are_the_same_until_it_hears_a_difference(cast):
    hear = cast.interrupter.vocabulary.hear
    heard = shared(hear(SAD), hear(HAPPY))
    assert not cast.play(transcript(*pair(f'rnn= {heard} "happy"')))[0].rivals
    replies = {utterance: cast.interrupter.reply(utterance).ids for utterance in UTTERANCES}
    first, second = next((one, other) for one, other in combinations(UTTERANCES, 2) if replies[one] != replies[other])
    differ = shared(replies[first], replies[second])
    one = cast.play(transcript(*pair(f'rnn= {differ + 1} "happy"', sad=said(cast.bot, first), sad_said=first, happy_said=second)))[0]
    assert [broken.why for broken in one.rivals] == [f"the interrupter's replies part at piece {differ + 1}"]
    assert one.status == "failed"


def test_without_an_interrupter_there_is_nothing_to_compare(cast):
    with pytest.raises(TranscriptError, match=r"a.chat:5:6: no interrupter in parrot"):
        Cast("parrot", cast.bot).play(transcript(*pair('rnn! "happy"')))


def test_hashes_of_the_bundle_are_known(bundle_folder):
    from chatbot import bundle as bundles

    cast = Cast.of(bundles.load(bundle_folder))
    names = {path.name for path in bundle_folder.iterdir()}
    assert f"listener-{cast.hashes['listener']}.safetensors" in names
    assert cast.interrupter.network.wait == 1


def test_a_transcript_is_read_and_played(cast, tmp_path):
    path = tmp_path / "a.chat"
    path.write_text("\n".join(["@chat 1", *scene(["<?"])]))
    assert cast.play(read(path))[0].status == "passed"
