"""The plain mode: a transcript, word for word."""

import pytest
from tui_stage import CARD, WEATHER, Bundleless, FakeEngine

from chatbot.errors import ChatbotError
from chatbot.records import BotCard, Decoding
from chatbot.tui.commands import unknown_command
from chatbot.tui.plain import talk_plain


def transcript(lines, *, engine=None, compare=False, decoding=None):
    """What the plain mode writes in answer to `lines`."""
    written = []
    status = talk_plain(engine or FakeEngine(), decoding=decoding or Decoding(), compare=compare, wait=None, lines=lines, write=written.append)
    assert status == 0
    assert all("\n" not in line for line in written)
    return "\n".join(written)


def test_the_race_and_the_ladder_are_sentences():
    assert (
        transcript([f"{WEATHER}\n"], compare=True)
        == """\
Loading.
Note: daily-gru, from models/daily-gru: GRU 2x512 · 8k pieces · epoch 14. Decoding: greedy. /help lists the commands, /quit ends.
Bot: I'm sorry to hear that.
Early: After "Today's" the interrupter says "That".
Early: After "Today's perfect" the interrupter says "is".
Early: After "Today's perfect weather" the interrupter says "wonderful".
Early: After "… perfect weather makes" the interrupter says "to".
Early: After "… weather makes me" the interrupter says "hear".
Early: When it said its first word, the interrupter had heard 1 of 7 words, and it could not take that word back.
Ladder: Had you stopped after "Today's", the listener would have said "What about it?".
Ladder: Had you stopped after "Today's perfect", the listener would have said "What about it?".
Ladder: Had you stopped after "Today's perfect weather", the listener would have said "What about it?".
Ladder: Had you stopped after "… perfect weather makes", the listener would have said "What about it?".
Ladder: Had you stopped after "… weather makes me", the listener would have said "What about it?".
Ladder: Had you stopped after "… makes me so", the listener would have said "I'm sorry to hear that.".
Ladder: Had you stopped after "… me so sad", the listener would have said "I'm sorry to hear that.".
Ladder: The listener's reply settled after 6 of 7 words.
Heeded: Over its reply the listener looked most at "sad" (62%), "Today's" (6%), "perfect" (6%)."""
    )


def test_twins_are_sentences_too():
    assert (
        transcript(["/ending happy", WEATHER, "/ending", "/ending happy"], compare=True).partition('"perfect" (6%).\n')[2]
        == """\
Note: Say with which word: /ending WORD.
Twins: Ending in "sad": the interrupter says "That is wonderful to hear", the listener "I'm sorry to hear that.".
Twins: Ending in "happy": the interrupter says "That is wonderful to hear", the listener "How lovely!".
Twins: Up to the last word both are the same 6 pieces, so the interrupter's replies cannot differ in the first 5 pieces; they are alike in 5 pieces."""
    )
    assert "There is no race yet: say something." in transcript(["/ending happy"], compare=True)


def test_a_file_of_no_name_is_told_of():
    assert "a␀b.md: cannot be written: no name of a file" in transcript([WEATHER, "/export a\0b.md"])


def test_a_picture_of_the_screen_is_not_offered_where_there_is_none():
    assert transcript(["hello", "/export x.svg"]).endswith("let it end in one of .md .json .chat")


def test_what_it_says_after_the_end_is_one_sentence():
    text = transcript(["good morning", "/replay"], compare=True)
    assert text.count('Early: After the end the interrupter says "wonderful to hear".') == 2


def test_commands_answer_and_the_end_of_input_ends():
    assert (
        transcript(["/replay", "/again", "  ", "hello", "/again", "/decoding", "hello", "/again", "/nonsense", "/compare", "/clear", "/quit", "never"])
        == f"""\
Loading.
Note: daily-gru, from models/daily-gru: GRU 2x512 · 8k pieces · epoch 14. Decoding: greedy. /help lists the commands, /quit ends.
Note: There is no race yet: /compare turns the races on.
Note: Nothing has been asked yet.
Bot: I'm sorry to hear that.
Note: Greedy decoding would say the same again. Switch to sampling first (F6 or /decoding).
Note: From now on: sample t=0.8 p=0.95 seed=0.
Bot: I'm sorry to hear that. 0
Note: sampled with seed 0.
Bot: I'm sorry to hear that. 1
Note: sampled with seed 1.
Note: {unknown_command("/nonsense", plain=True)}
Note: The interrupter is compared.
Note: All that was said is forgotten."""
    )


def test_the_turns_before_are_the_history():
    engine = FakeEngine()
    transcript(["one", "two", "/clear", "three"], engine=engine)
    assert [asked[2] for asked in engine.asked] == [(), (("one", engine.late),), ()]


def test_a_refused_line_is_remarked_upon_and_the_talk_goes_on():
    text = transcript(["word " * 50, "hello"])
    assert text.endswith("Note: 50 pieces are too long; at most 40\nBot: I'm sorry to hear that.")


def test_nothing_but_text_is_written():
    engine = FakeEngine(card=BotCard("\x1b[2J", "a\nb", "from models/x", (1,), 40), early="\x1b[31m x", late="one\ntwo\x07")
    text = transcript(["\x1b]0;x\x07 y", "/\x1b[2J"], engine=engine, compare=True)
    assert "Bot: one two␇" in text
    assert "Note: ␛[2J, from models/x: a b." in text
    assert not [character for character in text if character < " " and character != "\n"]


def test_without_an_interrupter_only_the_ladder_is_told():
    text = transcript(["hello you", "/replay", "/ending glad"], engine=FakeEngine(card=BotCard("b", "s", "from models/x", (), 40)), compare=True)
    assert "Early" not in text
    assert "Ladder: The listener's reply settled after 1 of 2 words." in text
    assert text.count("Note: This bundle has no interrupter, so there is no race.") == 3


def test_a_bundle_that_cannot_be_read_is_the_callers_to_report():
    with pytest.raises(ChatbotError, match="no bundle"):
        transcript([], engine=Bundleless(card=CARD))
