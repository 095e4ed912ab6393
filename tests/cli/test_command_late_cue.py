"""`chatbot evaluate --late-cue`: a table, JSON and a picture, and what it refuses."""

import shutil
from xml.etree import ElementTree

import pytest

FRAMES = ("what do you say of the weather so", "my whole long day was")


@pytest.fixture
def late(tmp_path):
    """./late.tsv: two late-cue pairs."""
    lines, groups = list[str](), list[str]()
    for number, frame in enumerate(FRAMES, 1):
        for cue, reply in (("good", "well, be glad"), ("bad", "oh, be brave")):
            lines.append(f"{frame} {cue}\t{reply}\n")
            groups.append(f"{len(lines)}\tweather\tweather/x/{number}.1\t{cue}\n")
    (tmp_path / "late.tsv").write_text("".join(lines))
    (tmp_path / "late.groups.tsv").write_text("".join(groups))
    return "late.tsv"


@pytest.fixture
def beside(own):
    """A second bundle, ./models/other."""
    return shutil.copytree(own, own.parent / "other")


def test_the_table(chatbot, own, late, beside):
    ran = chatbot("evaluate", late, "--model", "mine", "--late-cue", "--beside", "other")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0] == "mine, other on all pairs of late.tsv; greedy"
    for row in ("listener", "other", "interrupter-1", "interrupter-4", "  late by definition"):
        assert any(line.startswith(row) for line in ran.lines), row
    assert max(map(len, ran.lines)) <= 80


def test_json_says_where_it_comes_from(chatbot, own, late, beside, strict_json):
    report = strict_json(chatbot("evaluate", late, "--model", "mine", "--late-cue", "--json", "--beside", "other").out)
    assert {"CPU", "cores", "threads", "torch", "Python", "on"} <= set(report["hardware"])
    assert set(report["versions"]) == {"chatbot", "torch", "sentencepiece"}
    assert report["seed"] == 1
    assert [(one["name"], one["attention"], one["seed"]) for one in report["bundles"]] == [("mine", "general", 1), ("other", "general", 1)]
    found = report["late_cues"]
    assert (found["late"], found["early"], found["utterances"]) == (2, 0, 4)
    assert [(one["name"], one["wait"]) for one in found["speakers"]] == [("listener", None), ("other", None), ("interrupter-1", 1), ("interrupter-4", 4)]
    assert sum(one["pairs"] for one in found["positions"]) == 2
    for one in found["speakers"]:
        assert one["late"]["late_right"] == 0
        assert set(one["late"]["pairs"]) == {"held", "of", "share", "low", "high"}


def test_the_picture(chatbot, own, late, tmp_path):
    assert chatbot("evaluate", late, "--model", "mine", "--late-cue", "--picture", "late.svg").code == 0
    texts = ["".join(text.itertext()) for text in ElementTree.parse(tmp_path / "late.svg").getroot().iter("{http://www.w3.org/2000/svg}text")]
    assert any(text.startswith("mine on all pairs of late.tsv; greedy; 20") for text in texts)


def test_a_corpus_without_late_pairs_is_refused(mistake, own, tmp_path):
    (tmp_path / "plain.tsv").write_text("hello\tgood day\n")
    assert mistake("evaluate", "plain.tsv", "--model", "mine", "--late-cue").startswith("plain.tsv: no late-cue pairs in it; ")


@pytest.mark.parametrize("option", [("--beside", "other"), ("--picture", "late.svg")])
def test_what_belongs_to_the_late_cue_report_does_nothing_without_it(mistake, own, late, option):
    assert "without --late-cue" in mistake("evaluate", late, "--model", "mine", *option)


@pytest.mark.parametrize("option", [("--trained-on", "late.tsv"), ("--neighbour",), ("--against", "mine"), ("--report", "a.html"), ("--plots", "plots")])
def test_what_belongs_to_the_other_report_is_refused(mistake, own, late, option):
    assert "report of its own" in mistake("evaluate", late, "--model", "mine", "--late-cue", *option)


@pytest.mark.parametrize(("path", "why"), [("late.tsv", "no SVG"), ("nowhere/late.svg", "cannot be written")])
def test_a_picture_overwrites_no_other_file_and_goes_into_no_folder_that_is_not_there(mistake, own, late, tmp_path, path, why):
    before = (tmp_path / "late.tsv").read_bytes()
    assert why in mistake("evaluate", late, "--model", "mine", "--late-cue", "--picture", path)
    assert (tmp_path / "late.tsv").read_bytes() == before


def test_bundles_beside_each_other_must_be_asked_the_same(mistake, own, late, scored):
    folder, _ = scored
    assert "was trained on something else" in mistake("evaluate", folder.parent.parent / "corpus.tsv", "--model", "mine", "--late-cue", "--beside", folder)


def test_no_two_speakers_have_one_name(mistake, own, late, beside):
    assert "two speakers alike" in mistake("evaluate", late, "--model", "mine", "--late-cue", "--beside", "other", "--beside", beside)
