"""What holds of every chat: who answers whom, when a conversation ends, which date is meant, what is scrubbed and what is capped."""

import json
from collections import Counter

import pytest
from exports import LRM, PAIRS, TELEGRAM, WHATSAPP
from hypothesis import given
from hypothesis import strategies as st
from mutations import zipped

from chatbot.corpus.folding import key
from chatbot.corpus.importers.chat import Chat, Message, pairs_of
from chatbot.corpus.importers.grouping import _plain, as_topics
from chatbot.corpus.importers.imported import _UNSEEN, LONGEST_SIDE, import_files
from chatbot.corpus.importers.registry import Wishes
from chatbot.corpus.importers.scrub import scrub
from chatbot.corpus.pairs import read_pairs
from chatbot.corpus.topics import read_topics
from chatbot.errors import ChatbotError
from chatbot.safe_text import UNSEEN

MESSAGES = st.lists(st.builds(Message, st.sampled_from("ABC"), st.sampled_from(["x", "y", "z"]), st.integers(0, 90), st.integers(0, 1)), max_size=30)


@given(MESSAGES, st.integers(1, 60))
def test_each_reply_answers_the_turn_before_it(messages, gap):
    minute = 0
    timed = []
    for number, message in enumerate(messages):
        minute += message.minute
        timed.append(message._replace(minute=minute, text=f"{message.text}{number}", room=number // 10))
    pairs = pairs_of(Chat(timed), "B", gap=gap)
    at = {message.text: number for number, message in enumerate(timed)}
    for conversation in pairs.conversations:
        for utterance, reply in conversation:
            said, answered = [at[text] for text in utterance.split()], [at[text] for text in reply.split()]
            numbers = [*said, *answered]
            assert numbers == list(range(numbers[0], numbers[-1] + 1)), "nobody spoke in between"
            assert len({timed[number].speaker for number in said}) == 1
            assert {timed[number].speaker for number in answered} == {"B"} != {timed[said[0]].speaker}
            assert all(timed[later].minute - timed[later - 1].minute <= gap for later in numbers[1:])
            assert len({timed[number].room for number in numbers}) == 1
    turns = sum(pairs.left_out.values()) + 2 * sum(map(len, pairs.conversations))
    assert turns == sum(
        number == 0 or one.speaker != timed[number - 1].speaker or one.room != timed[number - 1].room or one.minute - timed[number - 1].minute > gap
        for number, one in enumerate(timed)
    )


def test_the_newest_first_is_turned_round():
    chat = Chat([Message("B", "yes", 3), Message("A", "well?", 2), Message("B", "hm", 1)])
    assert pairs_of(chat, "B").conversations == [[("well?", "yes")]]


def test_a_name_may_be_written_in_any_case(imported):
    assert imported("c.txt", WHATSAPP["android de"], reply_as="bEN").conversations == PAIRS


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("+49\u00a0170\u00a01234567", "+49 170 1234567"),
        ("+1\u00a0(555)\u00a0123\u20114567", "+1 (555) 123-4567"),
        ("Jose\u0301", "jos\u00e9"),
        ("\u202aBen\u202c", "Ben"),
    ],
)
def test_a_name_may_be_written_as_it_is_shown(imported, name, shown):
    found = imported("result.json", TELEGRAM.replace('"from": "Ben"', f'"from": "{name}"'), reply_as=shown)
    assert found.conversations == PAIRS
    assert imported("a.json", json.dumps([{"role": "x", "content": "hi"}, {"role": name, "content": "ho"}]), reply_as=shown).conversations == [[("hi", "ho")]]


def named(*messages):
    """A chat of (name, words)."""
    return "".join(f"14.01.24, 21:{minute:02} - {name}: {words}\n" for minute, (name, words) in enumerate(messages))


def test_a_name_with_a_colon_is_known_by_what_the_program_wrote_behind_it_or_where_it_is_asked_for(imported):
    said = [("Mama: new", "hi"), ("B", "P.S.: ho"), ("Mama: new", "how: are you"), ("B", "fine")]
    text = named(*said, ("Mama: new", "<Media omitted>"), ("C", "x: y"), ("C", "x: z"))
    found = imported("c.txt", text, reply_as="Mama: new")
    assert found.conversations == [[("P.S.: ho", "how: are you")]]
    assert found.speakers == {"Mama: new": 2, "B": 2, "C": 2}
    assert imported("c.txt", text, reply_as="B").conversations == [[("hi", "P.S.: ho"), ("how: are you", "fine")]]
    marked = text.replace("14.01.24, ", "[14.01.24, ").replace(" - ", "] ").replace("<Media omitted>", f"{LRM}image omitted")
    assert imported("c.txt", marked, reply_as="B").speakers == found.speakers
    asked = imported("c.txt", named(*said), reply_as="mama: New")
    assert (asked.conversations, asked.speakers) == ([[("P.S.: ho", "how: are you")]], {"Mama: new": 2, "B": 2})


@pytest.mark.parametrize("last", ["3", "null", "video call"])
def test_what_somebody_always_begins_with_was_said(imported, last):
    text = named(("Anna", "a"), ("Bot", "Order: 1"), ("Anna", "b"), ("Bot", "Order: 2"), ("Anna", "c"), ("Bot", f"Order: {last}"))
    found = imported("c.txt", text, reply_as="Bot")
    assert found.conversations == [[("a", "Order: 1"), ("b", "Order: 2"), ("c", f"Order: {last}")]]
    assert found.speakers == {"Anna": 3, "Bot": 3}


@pytest.mark.parametrize(
    ("evening", "night", "pairs"), [("11:50 PM", "12:10 AM", 1), ("11:50 AM", "12:10 PM", 1), ("12:10 AM", "11:50 PM", 0), ("12:50 PM", "1:10 PM", 1)]
)
def test_noon_and_midnight_by_a_clock_of_twelve_hours(imported, mistake, evening, night, pairs):
    text = f"1/14/24, {evening} - A: a\n1/{14 + (night == '12:10 AM')}/24, {night} - B: b\n"
    if pairs:
        assert list(imported("c.txt", text, reply_as="B").pairs()) == [("a", "b")]
    else:
        assert mistake("c.txt", text, reply_as="B").startswith("c.txt: no pairs")


def test_where_the_word_for_noon_leads_the_year_does_too(imported):
    text = "24/3/1 PM 11:50 - A: a\n24/3/2 AM 12:10 - B: b\n"
    assert list(imported("c.txt", text, reply_as="B").pairs()) == [("a", "b")]


def test_a_pause_ends_a_conversation(imported):
    text = "".join(
        f"14.01.24, {time} - {who}: {said}\n"
        for time, who, said in (("10:00", "A", "hi"), ("10:59", "B", "ho"), ("11:59", "B", "new"), ("13:00", "A", "x"), ("13:01", "B", "y"))
    )
    assert imported("c.txt", text, reply_as="B").conversations == [[("hi", "ho new")], [("x", "y")]]
    assert imported("c.txt", text, reply_as="B", gap=59).conversations == [[("hi", "ho")], [("x", "y")]]
    assert imported("c.txt", text, reply_as="B", gap=61).conversations == [[("hi", "ho new"), ("x", "y")]]


def test_who_is_imitated_is_asked(mistake):
    text = WHATSAPP["android de"]
    assert mistake("c.txt", text) == "c.txt: who is to be imitated? Messages are from Ben (3), Anna (2); choose one with --reply-as NAME"
    assert mistake("c.txt", text, reply_as="Carl") == "c.txt: no messages from “Carl”; there are Ben (3), Anna (2); choose one of them with --reply-as NAME"


def days(*dates):
    """One message a date, A and B in turn, each a few minutes before or after midnight."""
    return "".join(f"{date}, {'23:50' if number % 2 == 0 else '00:10'} - {'AB'[number % 2]}: m{number}\n" for number, date in enumerate(dates))


@pytest.mark.parametrize(
    ("dates", "pairs"),
    [
        (("1/2/24", "2/2/24", "13/2/24"), 1),  # the thirteenth tells that the day is first
        (("2/1/24", "2/2/24", "2/13/24"), 1),  # the month
        (("30/4/24", "1/5/24"), 1),
        (("1/2/24", "2/2/24", "1/3/24", "2/3/24"), 2),  # read the other way, the third would be before the second
        (("3/3/24", "3/3/24"), 0),  # no matter
        (("1/2/24", "3/4/24"), 0),  # neither
        (("2024/2/1", "2024/2/2"), 1),
    ],
)
def test_the_order_of_day_and_month_is_told_by_the_whole_file(imported, mistake, dates, pairs):
    text = days(*dates)
    if pairs:
        assert len(list(imported("c.txt", text, reply_as="B").pairs())) == pairs
    else:
        assert mistake("c.txt", text, reply_as="B").startswith("c.txt: no pairs in which “B” replies")


def test_a_date_that_can_be_read_in_two_ways_is_asked_for(imported, mistake):
    text = days("1/2/24", "2/2/24")
    assert mistake("c.txt", text, reply_as="B") == (
        "c.txt:1:1: 1/2/24 can be read in two ways, and nothing in the file tells whether the day or the month comes first; say --dates day or --dates month"
    )
    assert list(imported("c.txt", text, reply_as="B", dates="day").pairs()) == [("m0", "m1")]
    assert mistake("c.txt", text, reply_as="B", dates="month").startswith("c.txt: no pairs")


@pytest.mark.parametrize(
    ("order", "dates", "said"),
    [
        ("month", ("1/2/24", "14/2/24"), "c.txt:2:1: no such date: 14/2/24; leave out --dates month, or say --dates day"),
        ("day", ("2/14/24", "2/1/24"), "c.txt:1:1: no such date: 2/14/24; leave out --dates day, or say --dates month"),
        ("month", ("14/2/24", "31/2/24"), "c.txt:1:1: no such date: 14/2/24; mend that line"),
        ("day", ("2024/2/1", "2024/2/30"), "c.txt:2:1: no such date: 2024/2/30; mend that line"),
    ],
)
def test_an_order_that_does_not_fit_the_dates_is_what_to_mend_if_the_other_does(mistake, order, dates, said):
    assert mistake("c.txt", days(*dates), reply_as="B", dates=order) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("14.01.24, 21:07 xx - A: hi", "c.txt:3:1: no date and time of a kind that is known: “14.01.24, 21:07 xx - A: hi”; set"),
        ("[14.01.24, 21:07:00 xx] A: hi", "c.txt:3:1: no date and time of a kind that is known: “[14.01.24, 21:07:00 xx] A: hi”"),
        ("31.02.24, 21:07 - A: hi", "c.txt:3:1: no such date: 31/2/24"),
        ("14.01.24, 25:07 - A: hi", "c.txt:3:1: no such time: “14.01.24, 25:07 - A: hi”"),
    ],
)
def test_a_line_that_is_no_message_is_told(mistake, line, said):
    assert mistake("c.txt", f"14.01.24, 21:05 - A: hi\n14.01.24, 21:06 - B: ho\n{line}\n", reply_as="B").startswith(said)
    assert mistake("c.txt", f"Hello\n14.01.24, 21:05 - A: hi\n14.01.24, 21:06 - B: ho\n{line}\n", reply_as="B").startswith("c.txt:1:1: not understood: “Hello”")


@pytest.mark.parametrize("line", ["14/01/2024, 9:00 xx - Ben: hi", "[14/01/2024, 9:00:00 xx] Ben: hi"])
def test_a_clock_of_an_unknown_kind_is_told(mistake, line):
    told = f"c.txt:1:1: no date and time of a kind that is known: “{line}”; set the phone to English and export the chat again"
    assert mistake("c.txt", f"{line}\n{line}\n", reply_as="Ben") == told
    assert mistake("c.txt", "[14-Jan-24 9:00] B: hi\n", format="whatsapp").startswith("c.txt:1:1: no date and time of a kind that is known: “[14-Jan-24 9:00]")
    assert mistake("c.txt", "[14-Jan-24 9:00] B: hi\n").startswith("c.txt:1:1: of no kind that is known: it begins “[14-Jan-24 9:00] B: hi”")


@pytest.mark.parametrize("line", ["12.03.24 07:45 BER-LIS", "14.01.24, 21:07 A hi", "12.03.24 07:45 to 12.03.24 09:10 - BER", "12.03.24 07:45 BER: gate 3"])
def test_a_line_with_a_date_goes_on_with_the_message(imported, line):
    text = f"14.01.24, 21:05 - A: my flights:\n{line}\n14.01.24, 21:06 - B: ho\n"
    assert imported("c.txt", text, reply_as="B").conversations == [[(f"my flights:\u2028{line}", "ho")]]


def test_two_exports_in_one_file_are_told(imported, mistake):
    one = "".join(f"14.01.24, 21:{minute:02} - {'AB'[minute % 2]}: m{minute}\n" for minute in range(30))
    copies = [f"[14.01.24, 21:{minute:02}:00] {'AB'[minute % 2]}: m{minute}\n" for minute in range(30)]
    assert mistake("c.txt", one + "".join(copies), reply_as="B").startswith(
        "c.txt:31:1: a date of another kind than elsewhere: “[14.01.24, 21:00:00] A: m0”; import"
    )
    assert imported("c.txt", one + "".join(copies[:3]), reply_as="B").conversations[0][-1][1].startswith("m29\u2028[14.01.24, 21:00:00] A: m0")


def test_the_other_phone_may_name_people_otherwise(mistake):
    lines = [f"14.01.24, 21:{minute:02} - {'AB'[minute % 2]}: m\n" for minute in range(30)]
    lines += [f"[14.01.24, 21:{minute:02}:00] {('Mum', 'Anna')[minute % 2]}: m\n" for minute in range(20)]
    assert mistake("c.txt", "".join(lines), reply_as="B").startswith("c.txt:31:1: a date of another kind")


def test_a_copied_message_in_a_message_is_text(imported):
    text = "14.01.24, 21:05 - A: look\n[14.01.24, 20:00:00] C: pasted\n14.01.24, 21:06 - B: ho\n"
    assert imported("c.txt", text, reply_as="B").conversations == [[("look\u2028[14.01.24, 20:00:00] C: pasted", "ho")]]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<Media omitted>\na caption", "a caption"),
        ("<Medien ausgeschlossen>\nreport.pdf", ""),
        ("IMG-20240114-WA0003.jpg (Datei angehängt)\nlook at that", "look at that"),
        ("right <This message was edited>", "right"),
        ("location: https://maps.google.com/?q=1,2", ""),
        ("POLL:\nPizza?\nOPTION: yes (1 vote)", ""),
        ("report.pdf • 2 pages document omitted", ""),
        ("<Media omitted>\nBack at 10.30", "Back at 10.30"),
        ("<Media omitted>\nsee birds.example", "see birds.example"),
        ("<Media omitted>\nBill of May.PDF", ""),
        ("No answer. I'll try again later", "No answer. I'll try again later"),
        ("No answer", "No answer"),
        ("Video call, in ten minutes?", "Video call, in ten minutes?"),
        ("Voice call, 1 hr 5 min", ""),
        ("Voice call, 3:20", ""),
        ("음성 통화, 3분 20초", ""),
        ("Video call. No answer", ""),
        ("Missed voice call, Tap to call back", ""),
        ("\nlist\n- a", "list\u2028- a"),
        ("null", ""),
        ("is null a word", "is null a word"),
        ("he said: <no>", "he said: <no>"),
        ("this message was deleted by me, sorry", "this message was deleted by me, sorry"),
        ("", ""),
    ],
)
def test_what_the_program_writes_is_left_out(imported, body, said):
    text = f"14.01.24, 21:05 - A: first\n14.01.24, 21:06 - A: {body}\n".replace(": \n", ":\n") + "14.01.24, 21:07 - B: ho\n"
    assert imported("c.txt", text, reply_as="B").conversations == [[(f"first {said}".strip(), "ho")]]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"Look at this {LRM}image omitted", "Look at this"),
        (f"two\nlines {LRM}Bild weggelassen", "two\u2028lines"),
        (f"report.pdf • {LRM}2 pages {LRM}document omitted", ""),
        (f"wie {LRM}Anna", "wie Anna"),
    ],
)
def test_a_caption_is_what_was_said_on_an_iphone_too(imported, body, said):
    text = f"[14.01.24, 21:05:00] A: first\n[14.01.24, 21:06:00] A: {body}\n[14.01.24, 21:07:00] B: ho\n"
    assert imported("c.txt", text, reply_as="B").conversations == [[(f"first {said}".strip(), "ho")]]


def test_names_with_quotation_marks_numbers_and_strangers(imported):
    text = (
        f'[14.01.24, 21:05:00] Ben "Bear" B.: hi\n[14.01.24, 21:06:00] ~\u202f{LRM}+49 151 234: who?\n[14.01.24, 21:07:00] Ben "Bear" B.: me\n'
        '14.01.24, 21:05:00 - x\n[14.01.24, 21:07:00] Anna changed the subject to "a: b"\n'
        '[14.01.24, 21:08:00] Anna tok "a: b" som emne\n[14.01.24, 21:08:00] Anna tok „a: b“ som emne\n'
    )
    found = imported("c.txt", text, reply_as='Ben "Bear" B.')
    assert found.speakers == {'Ben "Bear" B.': 2, "+49 151 234": 1}
    assert list(found.pairs()) == [("who?", "me\u202814.01.24, 21:05:00 - x")]


def test_a_chat_in_a_zip(imported, mistake):
    assert imported("WhatsApp Chat.zip", zipped(), reply_as="Ben").conversations == PAIRS
    assert imported("x.zip", zipped("WhatsApp Chat with Anna.txt"), reply_as="Ben").conversations == PAIRS
    assert imported("x.zip", zipped("folder/result.txt"), reply_as="Ben").conversations == PAIRS
    assert mistake("x.zip", zipped("_chat.txt", "no chat")).startswith("x.zip/_chat.txt:1:1: of no kind that is known")


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("call +49 170 1234567 or (030) 123 45-67!", "call [phone] or [phone]!"),
        ("555-123-4567, 010-1234-5678, 01701234567", "[phone], [phone], [phone]"),
        ("in 2024-01-14, at 12:30, for 1.000.000 or 3.50, 1999-2004, room 12 34", "in 2024-01-14, at 12:30, for 1.000.000 or 3.50, 1999-2004, room 12 34"),
        ("write to anna.b+x@mail.example.org.", "write to [e-mail]."),
        ("see https://example.org/a?b=1, (www.example.org) youtu.be/xyz", "see [link], ([link]) [link]"),
        ("e.g. this.that and a/b, 3/4", "e.g. this.that and a/b, 3/4"),
        ("http://localhost:3000/reset?token=x or smb://files/mine, a@b", "[link] or [link], a@b"),
        ("+1 (555) 123\u20114567, 0170\u2013123 45 67, 555\u2010123\u20104567", "[phone], [phone], [phone]"),
        ("0170 1234567 12.03.2024 10:30 0170 1234567", "[phone] 12.03.2024 10:30 [phone]"),
        ("10:30 +49 170 1234567, 12/03/24 0170 1234567", "10:30 [phone], 12/03/24 [phone]"),
        ("01.23.45.67.89 or 20.12.34.56, 06 12 34 56 78, 030/12 34 56", "[phone] or [phone], [phone], [phone]"),
        ("0170 12-12-12, 8 3412 25-12-20, 0221 12.12.12, +49 170 12.12.1278", "[phone], [phone], [phone], [phone]"),
        ("ring 07 12/11/10, 06-12-24 56 78 or 06-12-24 567890", "ring [phone], [phone] or [phone]"),
        ("0170 12-12-12\u20280170 13-11-12 10:30, 0170 2024 12 24", "[phone] 10:30, [phone]"),
        ("0301234567 12.05.2023, 12.05.23 0170 1234567 16.05.23", "[phone] 12.05.2023, 12.05.23 [phone] 16.05.23"),
        ("0170 1234567 0171 7654321, 0170 1234567 - 10:30", "[phone], [phone] - 10:30"),
    ],
)
def test_scrubbing(text, scrubbed):
    counts = Counter()
    assert scrub(text, counts) == scrubbed
    assert sum(counts.values()) == scrubbed.count("[")
    assert scrub(scrubbed, counts) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "12.03.2024 10:30", "10:30 12.03.2024", "2024 12 24 18 30", "16/03/24 17/03/24", "2024-01-14 09:15:20", "2024. 12. 24. 18:30", "12.03.2024 10:30 13.03.2024 11:30",
        "12.03.2024 18 Uhr", "12.03.2024 18.30 Uhr", "12/03/24 5 pm", "12.03.24 (20 people)", "12.03.24 250,00", "2024 12 24 18 30 55", "12.03.2024 10.0.0.1",
        "12.\u201315.03.2024", "12.03.-15.03.2024", "1999\u20132004", "12.03.24\u201315.03.24", "192.168.178.20", "192.168.178.20:8080", "10.0.0.1 10.0.0.2",
    ],
)  # fmt: skip
def test_dates_times_and_addresses_of_machines_are_no_phones(text):
    assert scrub(f"since {text}, too", Counter()) == f"since {text}, too"


@pytest.mark.parametrize("filler", ["1", "1 ", "1.", "( ", "12.-", "12-12-12 ", "12.12.2012 1", "0170 1.1.11 ", "2012 12 12 "])
def test_a_row_of_numbers_is_scrubbed_at_once(filler):
    scrub((filler * LONGEST_SIDE)[:LONGEST_SIDE], Counter())


def test_what_cannot_be_seen_goes_and_what_is_pasted_is_left_out(imported):
    rows = [{"q": "a\x1b[31m\u202e\u200bb\ufeff", "a": "c  \td\r\n\r\n e"}, {"q": "\u200b", "a": "x"}, {"q": "x" * 2000, "a": "y"}, {"q": "y", "a": "x" * 2001}]
    found = imported("a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert found.conversations == [[("a[31mb", "c d\u2028e"), ("x" * 2000, "y")]]
    assert found.left_out == {"pairs with an empty side": 1, "pairs with a side of more than 2,000 characters": 1}


@pytest.mark.parametrize("character", UNSEEN, ids=ascii)
def test_what_nobody_sees_goes_and_hides_neither_date_nor_placeholder(imported, character):
    text = f"14{character}.01.24, 21:05 - A: h{character}i\n14.01.24, 21:06 - A: <Media{character} omitted>\n14.01.24, 21:07 - {character}B{character}: ho{character}\n"
    assert imported("c.txt", text, reply_as="B").conversations == [[("hi", "ho")]]


def test_at_most_so_many_pairs_with_one_reply(imported):
    text = "".join(
        f"14.01.24, 21:{minute:02} - {who}: {said}\n"
        for minute, (who, said) in enumerate([("A", "a"), ("B", "ok"), ("A", "b"), ("B", "OK"), ("A", "c"), ("B", "no")])
    )
    found = imported("c.txt", text, reply_as="B", cap_replies=1)
    assert found.conversations == [[("a", "ok")], [("c", "no")]], "what was in between is gone, so the one does not follow the other"
    assert found.left_out == {"pairs over 1 with one reply": 1}


SIDES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.sampled_from(
    ["_", "a _", "_ b", "{a|b}", "> x", "== y", "# z", "@pairs 3", "= a", "then 1"]
)


@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=8))
def test_what_was_imported_reads_as_it_was_told_as_pairs_and_as_topics(tmp_path_factory, pairs):
    folder = tmp_path_factory.getbasetemp() / "topics"
    folder.mkdir(exist_ok=True)
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps({"q": utterance, "a": reply}) + "\n" for utterance, reply in pairs), "utf-8")
    if not any(key(_UNSEEN.sub("", utterance)) and key(_UNSEEN.sub("", reply)) for utterance, reply in pairs):
        with pytest.raises(ChatbotError, match="no pairs"):
            import_files([path], Wishes())
        return
    found = import_files([path], Wishes())
    again = path.with_suffix(".tsv")
    again.write_bytes(found.tsv().encode())
    assert [(pair.utterance, pair.reply) for pair in read_pairs(again)] == list(found.pairs())
    (folder / "a.topic").write_bytes(found.topics().encode())
    topics = read_topics(folder)
    read = [(key(utterance), key(reply)) for topic in topics for _, utterance in topic.utterances for reply in topic.replies]
    assert len(read) == len(set(read))
    assert set(read) == {(key(_plain(utterance)), key(_plain(reply))) for utterance, reply in found.pairs()}
    assert sum(len(topic.utterances) for topic in topics) == len({utterance for utterance, _ in read}), "each stands in one topic"


def test_utterances_with_the_same_replies_stand_together():
    text = as_topics([("hi", "hello"), ("Hello", "hello"), ("who", "me"), ("hi", "good day"), ("HI", "hello"), ("a {b} _", "c"), ("you there", "Hello")])
    assert [block.split("\n") for block in text.strip().split("\n\n")[1:]] == [
        ["== 1-hi", "> hi", "< hello", "< good day"],
        ["== 2-hello", "> Hello", "> you there", "< hello"],
        ["== 3-who", "> who", "< me"],
        ["== 4-a-b", "> a (b) -", "< c"],
    ]
