"""Every measured figure of the pages stands in a results file, which says where and when it was measured.

A block of Markdown with such figures comes after `<!-- figures: FILE.json, … -->`, names of files in benchmarks/results, after `<!-- scores: FILE.json -->`,
which docs/fill_in.py fills, or after `<!-- figures: none -->`, where nothing was measured: a limit, a definition, an example.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pages import PAGES, ROOT, script

RESULTS = ROOT / "benchmarks" / "results"
TOLD = re.compile(r"CHANGELOG\.md|docs/experiments\.md|docs/reference\.md|models/.*")  # what was, and what the program itself writes
MEASURED = [page for page in PAGES if not TOLD.fullmatch(page)]
SCALES = {"%": 100, "ms": 1e3, "us": 1e6, "min": 1 / 60, "minutes": 1 / 60, "분": 1 / 60, "MB": 1e-6, "GB": 1e-9, "M": 1e-6}  # from what a file may hold
UNITS = "|".join([*SCALES, "s", "seconds", "processor seconds", "초", "GFLOP/s", "tokens/s", "tokens a second", "pairs a second", "BLEU", "chrF", "nats"])
COUNTS = "utterances|pairs|replies|parameters|개"  # figures where a block has a mark; they ask for none
FIGURE = re.compile(rf"(?<![\w.,/^-])(\d[\d,]*(?:\.\d+)?)(e-?\d+)?(?: ?({UNITS}|{COUNTS})(?![a-z]))?")
MARK = re.compile(r"<!-- (figures|scores): (.*) -->")


class Block(NamedTuple):
    """A block of a page: its place, its text without code, and the files of the mark before it, if it has one."""

    place: str
    text: str
    files: tuple[str, ...] | None

    def figures(self) -> Iterator[re.Match[str]]:
        """What was measured of its numbers: those with a unit or a decimal point, and in a table those that begin a cell, but for the first."""
        for found in FIGURE.finditer(self.text):
            cells = self.text[: found.start()].rpartition("\n")[2].split("|")
            in_table = len(cells) > 2 and not cells[-1].strip("* ")
            if found[3] or "." in found[1] or in_table:
                yield found


@cache
def blocks(page: str) -> list[Block]:
    text = PAGES[page].read_text("utf-8")
    lines = text.splitlines()
    found = []
    top = [token for token in MarkdownIt("commonmark").enable("table").parse(text) if token.level == 0 and token.map]
    for before, token in pairwise([None, *top]):
        if token.type in ("paragraph_open", "table_open", "bullet_list_open", "ordered_list_open"):
            mark = MARK.match(before.content) if before and before.type == "html_block" else None
            files = tuple(re.findall(r"[\w.-]+\.json", mark[2])) if mark else None
            found.append(Block(f"{page}:{token.map[0] + 1}", re.sub(r"`[^`]*`", "`", "\n".join(lines[slice(*token.map)])), files))
    return found


@cache
def values(name: str) -> tuple[float, ...]:
    """All numbers of a results file, those in its words too: versions, sizes of what was measured."""

    def numbers(value: object) -> Iterator[float]:
        if isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                yield from numbers(part)
        elif isinstance(value, str):
            yield from map(float, re.findall(r"\d+(?:\.\d+)?", value.replace(",", "")))
        elif value is not None:
            yield value

    return tuple(numbers(json.loads((RESULTS / name).read_text("utf-8"))))


def stands_in(figure: re.Match[str], known: Iterable[float]) -> bool:
    """Whether one of the numbers is this one, rounded as it is written: 8.9 may be 8.94, and from a thousand on 17,000 may be 17,169."""
    written, power = figure[1].replace(",", ""), figure[2] or ""
    zeros = len(written) - len(written.rstrip("0")) if len(written) > 3 and "." not in written else 0
    half = 0.5001 * float(f"1{power}") * 10.0 ** (zeros - len(written.partition(".")[2]))
    return any(abs(value * scale - float(written + power)) <= half for value in known for scale in (1, SCALES.get(figure[3] or "", 1)))


@given(st.floats(0, 1e5), st.integers(1, 4), st.sampled_from(["", " s", " %", " tokens/s"]))
def test_a_figure_is_its_value_rounded_as_written(value, decimals, unit):
    figure = FIGURE.search(f"It took {value:,.{decimals}f}{unit}, or so.")
    assert stands_in(figure, [value])
    assert not stands_in(figure, [value + 1.6 * 10.0**-decimals])


@pytest.mark.parametrize(
    ("text", "value", "stands"),
    [
        ("82.6 %", 0.8258, True), ("82.6 %", 82.58, True), ("82.7 %", 0.8258, False), ("17,000 tokens/s", 17169, True), ("17,100 tokens/s", 17169, False),
        ("100 %", 0.95, False), ("8.9 ms", 0.00894, True), ("2 min", 135, True), ("1.81 M", 1_806_692, True), ("4e-3", 0.004, True),
    ],
)  # fmt: skip
def test_what_a_figure_stands_for(text, value, stands):
    assert stands_in(FIGURE.search(text), [value]) == stands


@pytest.mark.parametrize("page", MEASURED)
def test_each_figure_stands_in_its_results_file(page):
    missing = [
        f"{block.place}: {figure[0]} is not in {', '.join(block.files)}"
        for block in blocks(page)
        if block.files
        for figure in block.figures()
        if not stands_in(figure, [value for name in block.files for value in values(name)])
    ]
    assert not missing


@pytest.mark.parametrize("page", MEASURED)
def test_what_looks_measured_names_its_results_file(page):
    unmarked = [
        f"{block.place}: {figure[0]}"
        for block in blocks(page)
        if block.files is None
        for figure in block.figures()
        if figure[3] and not re.match(COUNTS, figure[3])
    ]
    assert not unmarked, "write <!-- figures: FILE.json --> before the block"


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.name)
def test_a_results_file_says_where_and_when_it_was_measured(path):
    results = json.loads(path.read_text("utf-8"))
    assert {"CPU", "cores", "threads", "torch", "Python", "on"} <= results["hardware"].keys()
    assert date.fromisoformat(results["hardware"]["on"])
    assert "seed" in results


def test_a_page_tells_of_each_results_file():
    named = {name for page in MEASURED for block in blocks(page) for name in block.files or ()}
    assert not {path.name for path in RESULTS.glob("*.json")} - named


@pytest.mark.parametrize("page", MEASURED)
def test_the_tables_of_scores_are_filled(page):
    fill_in = script("fill_in")
    assert PAGES[page].read_text("utf-8") == fill_in.with_tables(PAGES[page]), f"{page} is stale: make docs"


@pytest.mark.parametrize("name", ["small-talk", "small-talk.ko"])
def test_the_scores_are_those_of_the_bundle_that_ships(name):
    trained = json.loads((ROOT / "models" / name / "bundle.json").read_text("utf-8"))["scores"]
    measured = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))["networks"]
    for voice, scores in trained.items():
        assert measured[voice]["right"] == pytest.approx(scores["right"], abs=0.005), f"benchmarks/results/{name}.json is stale: make scores"
