"""Latin letters in one byte each: a few lines tell which encoding, and other scripts are left to others."""

import pytest

from chatbot.corpus.importers.alphabets import latin

LINES = {
    "cp1252": (
        "Où êtes-vous ?;Nous sommes à côté de la mairie, près du théâtre.", "Onde fica?;Siga até à receção, às nove não há ninguém.", "Wie spät ist es?;Zwölf.", "café;yes",
        "¿Dónde está?;Mañana por la mañana, señor.", "Hvor er du?;Jeg står på gården og får smørrebrød.", "È già tardi?;No, così è perfetto, perché no.", "“Hello” – it’s 5 €…;fine",
    ),
    "cp1250": (
        "Kde to je?;Není to daleko, příští týden tě čekám.", "Gdzie jesteś?;W domu, będę się jeszcze uczyć.", "Hol vagy?;Öt perc múlva ott leszek, őszintén.", "Gdje si?;Kuća je tu, čekaj do šest.",
    ),
    "cp1254": ("Neredesin?;Şimdi geliyorum, bugün çok güzel bir gün, ığdır.",),
    "iso8859_2": ("Gdzie jesteś?;W domu, będę się jeszcze uczyć źle.",),
    "mac_roman": ("Wie spät ist es?;Zwölf Uhr in Köln, und schön.", "Où êtes-vous ?;À côté du théâtre."),
}  # fmt: skip


@pytest.mark.parametrize(("encoding", "line"), [(encoding, line) for encoding, lines in LINES.items() for line in lines])
def test_a_line_tells(encoding, line):
    found = latin(line.encode(encoding))
    assert found is not None
    assert line.encode(encoding).decode(found) == line


@pytest.mark.parametrize(("encoding", "line"), [("cp1251", "Привет, как дела?;хорошо"), ("cp949", "안녕하세요, hello;네 안녕"), ("cp932", "こんにちは;はい")])
def test_other_scripts_are_not_taken_for_latin_letters(encoding, line):
    assert latin(line.encode(encoding)) is None
