"""Tables, JSON and lines: columns found by their names, and every row that does not fit told by its place."""

import builtins
import contextlib
import csv
import io
import json
import zipfile

import pytest
from exports import CHATS, LS, PAIRS, QUESTIONS, ROLES, TABLES
from mutations import workbook, zipped

from chatbot.corpus.importers import source
from chatbot.corpus.importers.imported import import_files
from chatbot.corpus.importers.registry import Wishes
from chatbot.errors import ChatbotError


@pytest.mark.parametrize("name", TABLES)
def test_every_table_gives_the_same_pairs(imported, name):
    found = imported(*TABLES[name])
    assert found.conversations == [QUESTIONS]
    assert found.alone
    assert found.tsv() == "".join(f"{utterance}\t{reply}\n" for utterance, reply in QUESTIONS)


@pytest.mark.parametrize("name", ["own.tsv", "own.txt"])
def test_conversations_of_a_corpus_stay_conversations(imported, name):
    text = "hi\tho\nwho?\tme\n\nbye\tciao\n\n"
    found = imported(name, text)
    assert (found.conversations, found.alone, found.tsv()) == ([[("hi", "ho"), ("who?", "me")], [("bye", "ciao")]], False, text)
    assert imported(name, f"\n\n{text}\n \n").tsv() == text
    assert imported(name, f"utterance\treply\n\n{text}").tsv() == text
    assert imported(name, text.replace("\n\n", "\n\t\n")).tsv() == text, "as a spreadsheet writes a blank row"
    assert imported(name, text.replace("hi\t", '"hi\nyou"\t')).tsv() == text.replace("hi", f"hi{LS}you")
    assert imported(name, "hi\tho\nwho?\tme\n\n").conversations == [[("hi", "ho"), ("who?", "me")]]
    assert imported(name, text.replace("me", "ho").replace("ciao", "ho"), cap_replies=2).tsv() == "hi\tho\nwho?\tho\n\n"
    assert imported("t.csv", text.replace("\t", ",").replace("hi,ho", "question,answer")).alone, "nothing else that is a table has conversations"


def test_topics_beside_a_corpus_are_said_not_to_be_read(imported, tmp_path):
    (tmp_path / "own.groups.tsv").write_text("1\tgreet\t\t\n", "utf-8")
    assert imported("own.tsv", "hi\tho\n").files[0].note == (
        "no names of columns: the first is the utterance, the second the reply; the topics in own.groups.tsv are not read"
    )


def test_what_an_instruction_is_about_stands_behind_it_unless_a_column_is_named(imported):
    text = '{"instruction": "Translate", "input": "Hund", "output": "dog"}\n{"instruction": "Go", "output": "I go"}\n'
    found = imported("a.jsonl", text)
    assert found.conversations == [[("Translate Hund", "dog"), ("Go", "I go")]]
    assert found.files[0].note == "utterance from “instruction” and “input”, reply from “output”"
    assert imported("a.jsonl", text, utterance="instruction").conversations == [[("Translate", "dog"), ("Go", "I go")]]
    assert imported("a.jsonl", text.split("\n")[0], reply="input").conversations == [[("Translate", "Hund")]]


def test_what_an_instruction_is_about_need_not_stand_in_the_first_object(imported, mistake):
    rows = [
        {"instruction": "Tell a joke", "context": ["a"], "output": "Ha"},
        {"instruction": "Translate", "input": "cat", "output": "Katze"},
        {"instruction": "Translate", "input": "dog", "context": "to German", "output": "Hund"},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    found = imported("a.jsonl", text)
    assert found.conversations == [[("Tell a joke", "Ha"), ("Translate cat", "Katze"), ("Translate dog to German", "Hund")]]
    assert found.files[0].note == "utterance from “instruction” and “input” and “context”, reply from “output”"
    assert imported("a.jsonl", text, utterance="instruction").conversations[0][1] == ("Translate", "Katze")
    assert mistake("a.jsonl", text + json.dumps(rows[0])).startswith("a.jsonl:4:1: no text “context”, which an object before has")


@pytest.mark.parametrize("name", ROLES)
def test_chats_with_roles_are_conversations(imported, name):
    found = imported(*ROLES[name])
    assert found.conversations == [[pair] for pair in QUESTIONS]
    assert found.tsv().count("\n\n") == 2


def test_a_role_can_be_named(imported, mistake):
    text = '{"messages": [{"role": "guest", "content": "hi"}, {"role": "host", "content": "welcome"}]}'
    assert imported("a.json", text, reply_as="Host").conversations == [[("hi", "welcome")]]
    assert mistake("a.json", text) == "a.json:1:1: whose role is “guest”?; say with --reply-as which role replies"
    assert mistake("a.json", text, reply_as="Anna") == "a.json: no messages from “Anna”; there are guest (1), host (1); choose one of them with --reply-as NAME"


def test_workbooks(imported, mistake, monkeypatch):
    pytest.importorskip("openpyxl")
    assert imported("faq.xlsx", workbook()).conversations == [QUESTIONS]
    sheet = workbook((("was", "dann"), ("hi", 7.0), (None, None), (1.5, "x\ty")))
    assert imported("faq.xlsx", sheet, utterance="was", reply="dann").conversations == [[("hi", "7"), ("1.5", "x y")]]
    assert mistake("faq.xlsx", sheet).startswith(
        "faq.xlsx:1:1: which column is the utterance, and which the reply? There are “was”, “dann”; choose with --utterance"
    )
    assert mistake("faq.xlsx", workbook(())) == "faq.xlsx: no cell with anything in it; is this the file you meant?"
    assert "a zip without" in mistake("faq.xlsx", zipped("a.bin"))


def test_a_workbook_whose_size_is_told_wrong_is_read_to_its_end(imported):
    pytest.importorskip("openpyxl")
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(b'ref="A1:C3"', b'ref="A1:C2"'))
    assert imported("faq.xlsx", file.getvalue()).conversations == [QUESTIONS]


def test_workbooks_without_openpyxl_are_one_line(mistake, monkeypatch):
    pytest.importorskip("openpyxl")
    book, before = workbook(), builtins.__import__

    def without(name, *arguments, **named):
        if name == "openpyxl":
            raise ImportError
        return before(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    assert (
        mistake("faq.xlsx", book)
        == "faq.xlsx: reading .xlsx needs openpyxl, which is not installed; install it with `pip install 'chatbot[import]'`, or save the sheet as .csv"
    )


def test_columns_by_name_and_by_number(imported, mistake):
    text = "Thema;Text;Wer\na;b;c\n"
    assert imported("t.csv", text, utterance="wer", reply="Thema").conversations == [[("c", "a")]]
    assert imported("t.csv", text, utterance="3", reply="2").conversations == [[("Wer", "Text"), ("c", "b")]]
    assert mistake("t.csv", text) == (
        "t.csv:1:1: which column is the utterance, and which the reply? There are “Thema”, “Text”, “Wer”; choose with --utterance and --reply, by name or by number from 1; names stand in the first row"
    )
    assert imported("t.csv", "where,1,here\nbye,2,ciao\n", utterance="1", reply="3").conversations == [[("where", "here"), ("bye", "ciao")]]
    mixed = imported("t.csv", text, utterance="3", reply="Thema")
    assert (mixed.conversations, mixed.files[0].note) == ([[("c", "a")]], "utterance from “Wer”, reply from “Thema”")
    assert imported("t.csv", text, utterance="3", reply="2").files[0].note == "the first row is read as a pair: “Wer” and “Text”"
    known = imported("t.csv", "id,Question,Answer\n1,a,b\n", utterance="2", reply="3")
    assert (known.conversations, known.files[0].note) == ([[("a", "b")]], "utterance from “Question”, reply from “Answer”")
    assert imported("t.csv", "3,2,1\na,b,c\n", utterance="3", reply="2").conversations == [[("a", "b")]], "names before numbers"
    assert mistake("t.csv", text, utterance="4", reply="Thema") == "t.csv:1:1: no column 4; there are 3; count them from 1"
    assert mistake("t.csv", "question,answer,Answer\na,b,c\n").startswith("t.csv:1:1: which column is the utterance, and which the reply?")
    assert mistake("t.csv", text, utterance="Thema", reply="Antwort").startswith("t.csv:1:1: no “Antwort”; there are “Thema”")
    assert mistake("t.csv", text, utterance="1", reply="4") == "t.csv:1:1: no column 4; there are 3; count them from 1"


@pytest.mark.parametrize(
    ("name", "text"), [("t.csv", "Thema,Text\nhi,ho\n"), ("t.tsv", "Thema\tText\nhi\tho\n"), ("t.xlsx", workbook((("Thema", "Text"), ("hi", "ho"))))]
)
@pytest.mark.parametrize(("utterance", "reply"), [("2", "2"), ("text", "Text"), ("2", "Text"), ("Text", "2")])
def test_one_column_is_not_both_sides(mistake, name, text, utterance, reply):
    if not text:
        pytest.skip("no openpyxl")
    assert mistake(name, text, utterance=utterance, reply=reply) == f"{name}:1:1: both are column 2; name two columns"


def test_one_key_is_not_both_sides(mistake):
    for name in ("a.json", "a.jsonl"):
        assert mistake(name, '{"q": "hi", "a": "ho"}', utterance="q", reply="Q") == f"{name}:1:1: both are “q”; name two fields"


@pytest.mark.parametrize(
    ("rows", "pairs"),
    [
        (['Do you deliver?\t"Yes, we do."', "Is it far?\tNo."], [("Do you deliver?", "Yes, we do."), ("Is it far?", "No.")]),
        (['"He said ""big""."\tYes, so.', '"Hm"\tno', "Hm\tno"], [('He said "big".', "Yes, so."), ("Hm", "no"), ("Hm", "no")]),
        (['"two\nlines, both"\tone'], [(f"two{LS}lines, both", "one")]),
        (['"Wren" is it\t"Yes, we do."', "Who?\tMe."], [('"Wren" is it', '"Yes, we do."'), ("Who?", "Me.")]),
        (['"Wren"\tYes.', "Who?\tMe."], [('"Wren"', "Yes."), ("Who?", "Me.")]),
        (['"Wren, come!"\tYes, I do.', "Who?\tMe."], [('"Wren, come!"', "Yes, I do."), ("Who?", "Me.")]),
    ],
)
def test_quotes_in_a_file_with_tabs_are_those_of_a_spreadsheet_or_of_who_speaks(imported, rows, pairs):
    assert imported("t.txt", "\n".join(rows) + "\n").conversations == [pairs]


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
def test_the_mark_that_a_spreadsheet_tells_is_taken(imported, mistake, mark):
    for first in (f"sep={mark}", f'"sep={mark}"'):
        text = f"{first}\nquestion{mark}answer\nhi{mark}hello\nwho{mark}me, it, we\n"
        if mark != ",":
            assert imported("t.csv", text).conversations == [[("hi", "hello"), ("who", "me, it, we")]]
        assert mistake("t.csv", text + f"a{mark}b{mark}c{mark}d{mark}e\n").startswith(f"t.csv:{4 if mark == ',' else 5}:1: ")


def test_a_list_of_objects_in_an_object_is_read(imported, mistake):
    text = '{"version": 1, "license": "none",\n "data": [\n  {"question": "hi", "answer": "ho"},\n  {"question": "who"}]}'
    whole = text.replace('"who"', '"who", "answer": "me"')
    assert imported("a.json", whole).conversations == [[("hi", "ho"), ("who", "me")]]
    assert mistake("a.json", text).startswith("a.json:4:3: no text “answer”, which an object before has")
    assert imported("a.json", '{"q": "a", "a": "b", "tags": [{"x": 1}]}').conversations == [[("a", "b")]]
    assert mistake("a.json", '{"data": [[1]]}').startswith("a.json:1:1: ")
    for odd in ('{"a": [{"q": "a"}], "b": [{"q": "a"}]}', '{"data": {"x": 1}}'):
        assert mistake("a.json", odd) == "a.json:1:1: no object with two texts; each line is an object with two texts, or with messages that have roles"


def test_the_fields_that_were_asked_for_are_looked_for_in_the_whole_object_first(imported, mistake):
    text = '{"f": "x", "g": "y", "logprobs": [{"a": 1}]}'
    assert imported("a.json", text, utterance="f", reply="g").conversations == [[("x", "y")]]
    assert imported("a.json", text.replace("g", "answer", 1), utterance="f").conversations == [[("x", "y")]]
    inside = '{"f": "of what", "data": [{"f": "x", "g": "y", "answer": "z"}]}'
    assert imported("a.json", inside, utterance="f", reply="g").conversations == [[("x", "y")]]
    assert imported("a.json", inside, utterance="f").conversations == [[("x", "z")]]
    assert imported("a.json", '{"q": "a", "a": "b", "data": [{"f": "x", "g": "y"}]}', utterance="f", reply="g").conversations == [[("x", "y")]]
    assert mistake("a.json", text, utterance="f", reply="h") == "a.json:1:35: no “f” and no “h”; there are “a”; choose with --utterance and --reply"


def test_cells_of_several_lines_and_blank_rows(imported):
    found = imported("t.csv", 'question,answer\n\n"one\n\ntwo",three\n,\n')
    assert found.conversations == [[(f"one{LS}two", "three")]]


def test_a_cell_of_any_length_is_left_out_and_counted(imported, mistake):
    usual = csv.field_size_limit()
    found = imported("t.csv", f"question,answer\nhi,hello\nwho,{'x' * LONG}\n")
    assert (found.conversations, found.left_out) == ([[("hi", "hello")]], {"pairs with a side of more than 2,000 characters": 1})
    assert mistake("t.csv", 'question,answer\nhi,"hello\n' + "who,me\n" * LONG).startswith("t.csv:2:1: a row that cannot be read: unexpected end of data; ")
    assert csv.field_size_limit() == usual, "of who calls"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.csv", "question,answer\nhi,hello\nwho, me,yes\n", "a.csv:3:1: 3 cells where the first row has 2"),
        ("a.csv", 'question,answer\nhi,hello\nwho,"me\nyes,no\n', "a.csv:3:1: a row that cannot be read: unexpected end of data"),
        ("a.csv", "question,answer\nhi\0,hello\n", "a.csv:2:3: a NUL character"),
        ("a.tsv", "hi\thello\nwho\n", "a.tsv:2:1: 1 cells where the first row has 2"),
        ("a.csv", "question,answer\n,\n", "a.csv: no pairs"),
        ("a.csv", "question,answer\n", "a.csv: no pairs"),
        ("a.jsonl", '{"q": "a", "a": "b"}\n{"q": "a"}\n', "a.jsonl:2:1: no text “a”, which an object before has"),
        ("a.jsonl", '{"q": "a", "a": "b"}\n\n{"q": }\n', "a.jsonl:3:7: not JSON"),
        ("a.jsonl", '{"x": 1}\n', "a.jsonl:1:1: which column is the utterance"),
        ("a.jsonl", '{"messages": [{"role": "user"}]}\n[]\n7\n', "a.jsonl:3:1: no object"),
        ("a.json", '[{"q": "a", "a": "b"},\n  {"q": ["a"], "a": "b"}]', "a.json:2:3: no text “q”"),
        ("a.json", "[" * 100_000, "a.json:1:1: JSON nested too deeply"),
        ("a.json", '[{"q": ' + "9" * 5000 + "}]", "a.json:1:1: JSON with a number of thousands of digits"),
        ("a.txt", "Once upon a time\nthere was\n", "a.txt:1:1: of no kind that is known: it begins “Once upon a time there was”"),
        ("a.txt", " \n\n", "a.txt: nothing in it"),
        ("a.txt", "a,b\n" + "x" * 2_000_000, "a.txt:1:1: of no kind that is known"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 100, "a.xls: an old workbook"),
        ("a.zip", zipped()[:200], "a.zip: a zip that cannot be unpacked"),
        ("a.tsv", "a\tb\tCC-BY 2.0 (France)\nc\td\n", "a.tsv:2:1: not sentence, translation, attribution"),
    ],
)
def test_the_first_line_that_is_not_understood(mistake, name, text, line):
    assert mistake(name, text).startswith(line)


def test_encodings(imported, mistake):
    rows = "frage;antwort\nwie spät ist es denn?;schön spät, für dich übrigens\nkönnt ihr das?;natürlich können wir das\n"
    korean = "질문,답변\n안녕하세요 오늘 날씨가 어때요,좋아요 산책하러 가세요\n밥 먹었어요,네 김치찌개 먹었어요\n"
    plain = imported("a.csv", rows)
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"):
        found = imported("a.csv", rows.encode(encoding))
        assert found.conversations == plain.conversations, encoding
        assert (found.files[0].encoding == "utf-8") == encoding.startswith("utf-8")
    found = imported("a.csv", korean.encode("cp949"))
    assert (found.conversations, found.files[0].encoding) == (imported("a.csv", korean).conversations, "cp949")
    damaged = rows.encode().replace("schön".encode(), b"sch\xf6n")
    assert mistake("a.csv", damaged) == "a.csv:2:27: byte 27 (0xF6) is not UTF-8; save the file as UTF-8"


def test_two_files_line_by_line(tmp_path):
    ours, theirs = tmp_path / "a.txt", tmp_path / "b.txt"
    ours.write_text("one\n\nthree\n", "utf-8")
    theirs.write_text("eins\nzwei\ndrei", "utf-8")
    found = import_files([ours, theirs], Wishes(format="lines"))
    assert found.conversations == [[("one", "eins"), ("three", "drei")]]
    assert found.left_out == {"pairs with an empty side": 1}
    theirs.write_text("eins\nzwei\n", "utf-8")
    with pytest.raises(ChatbotError, match=r"a\.txt:3:1: a line without one beside it"):
        import_files([ours, theirs], Wishes(format="lines"))
    with pytest.raises(ChatbotError, match="two files are needed"):
        import_files([ours], Wishes(format="lines"))


def test_what_is_too_large_is_not_read(mistake, monkeypatch):
    monkeypatch.setattr(source, "LARGEST", 10_000)
    assert mistake("a.csv", "question,answer\n" + "a,b\n" * 4000) == "a.csv: more than 0 MiB; cut it into several files and name them all"
    assert mistake("a.zip", zipped(text="a" * 1_000_000)) == "a.zip/_chat.txt: more than 0 MiB, unpacked; cut it into several files and name them all"
    if book := workbook(tuple((f"question {row}", "answer") for row in range(2000))):
        assert mistake("a.xlsx", book) == "a.xlsx: more than 0 MiB, unpacked; save it as .csv"


LONG = 200_000


@pytest.mark.parametrize(
    "filler", ["\u200e", " ", "\u00a0", "1", "a-", "1/1/24, ", "\u200e<", "<", "+1", "a.", "@", "{", "\\\\", "\u2028", "\v ", "http://"], ids=ascii
)
def test_lines_of_hundreds_of_thousands_of_characters_are_done_with_at_once(imported, filler):
    text = (filler * LONG)[:LONG]
    for line in (text, f"1/1/24{text}", f"1/1/24, 10:00{text}"):
        chat = f"14.01.24, 10:00 - A: {line}\n{line}\n14.01.24, 10:00 - B: x\n14.01.24, 10:01 - A: y\n14.01.24, 10:01 - B: z\n"
        with contextlib.suppress(ChatbotError):
            assert list(imported("c.txt", chat, reply_as="B", scrub=True).pairs())[-1] == ("y", "z")
        assert imported("c.jsonl", json.dumps({"q": line, "a": "x"}) + '\n{"q": "y", "a": "z"}\n', scrub=True).conversations[-1][-1] == ("y", "z")


@pytest.mark.parametrize("name", ["folder", "missing", "device"])
def test_what_is_no_file(tmp_path, name):
    path = {"folder": tmp_path, "missing": tmp_path / "x", "device": "/dev/null"}[name]
    with pytest.raises(ChatbotError, match={"folder": "a folder", "missing": "no such file", "device": "not a regular file"}[name]):
        import_files([path], Wishes())


def test_formats_that_are_not_there_or_do_not_fit(mistake):
    assert mistake("a.csv", "a,b\n", format="word").startswith("--format: no format called “word”; use one of xlsx, whatsapp")
    assert mistake("a.csv", "a,b\n", format="xlsx") == "a.csv: no workbook (.xlsx); leave out --format"
    for name in ("whatsapp", "telegram", "discord", "jsonl", "tatoeba"):
        assert mistake("a.csv", "hello\nyou\n", format=name).startswith("a.csv:1:1: ")


@pytest.mark.parametrize(
    ("export", "option", "value", "what"),
    [
        (TABLES["csv"], "reply_as", "Ben", "CSV"),
        (TABLES["csv"], "gap", 5, "CSV"),
        (TABLES["csv"], "dates", "day", "CSV"),
        (TABLES["tatoeba"], "utterance", "2", "Tatoeba"),
        (TABLES["tatoeba"], "reply", "1", "Tatoeba"),
        (TABLES["jsonl"], "reply_as", "Ben", "JSON"),
        (ROLES["messages"], "utterance", "content", "JSON"),
        (ROLES["messages"], "gap", 5, "JSON"),
        (CHATS["telegram"], "dates", "day", "Telegram"),
        (CHATS["discord"], "dates", "day", "Discord"),
        (CHATS["discord csv, moments"], "dates", "day", "Discord"),
        (CHATS["discord"], "reply", "1", "Discord"),
    ],
)
def test_options_that_would_do_nothing_are_refused(mistake, export, option, value, what):
    wishes = {"reply_as": "Ben"} if export in CHATS.values() else {}
    assert mistake(*export, **(wishes | {option: value})) == f"--{option.replace('_', '-')}: does nothing with {what}; leave it out"


def test_an_option_may_be_for_one_of_several_files(imported, tmp_path):
    for name, text in (CHATS["telegram"], TABLES["jsonl"]):
        (tmp_path / name).write_text(text, "utf-8")
    found = import_files([tmp_path / "result.json", tmp_path / "faq.jsonl"], Wishes(reply_as="Ben", utterance="input"))
    assert found.conversations == [*PAIRS, *([pair] for pair in QUESTIONS)]
