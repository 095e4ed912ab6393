"""Fills in what the pages tell of the bundles that ship: tables of scores, and what `chatbot compare` and `chatbot reply` print.

    python docs/fill_in.py

A table stands below `<!-- scores: FILE.json -->`; the file lies in benchmarks/results and is what `chatbot evaluate --json` printed. A session is a block
that begins with `$ chatbot compare` or `reply`; one that ends in "…" keeps its number of lines.
"""

import contextlib
import io
import json
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chatbot.cli.main import run

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGES = sorted(path for pattern in ("*.md", "docs/*.md", "benchmarks/*.md") for path in ROOT.glob(pattern))
TABLE = re.compile(r"(?m)^(<!-- scores: (\S+) -->)\n(?:\|.*\n)*")
SESSION = re.compile(r"(?m)^\$ chatbot ((?:compare|reply) .*)\n((?:(?!```).*\n)*)")
SCORES = {  # the rows of a table of scores, by the page's language
    "en": (
        "*right*: the whole reply is one that the corpus allows for the topic",
        "late-cue pairs right, both members, of {late[pairs]}",
        "of these the {late[late]} that are late by definition",
        "*by definition*",
        "perplexity a piece / a word",
        "BLEU / chrF (signatures: run the command)",
    ),
    "ko": (
        "*정답*: 말뭉치가 그 주제에 허용하는 답과 통째로 같은 답",
        "마지막 말이 결정하는 문장 짝 {late[pairs]}개 중 둘 다 맞힌 것",
        "그중 정의상 늦은 {late[late]}개",
        "*정의상*",
        "퍼플렉시티, 조각당 / 어절당",
        "BLEU / chrF (서명은 명령을 실행하면 나옵니다)",
    ),
}
PLACES = {  # the rows of what was heard before
    "en": {
        "said_first": "– of what is said first, {utterances:,} utterances",
        "after_a_turn": "– of the same, after something else",
        "follow_ups": "– of {utterances:,} follow-ups, which mean nothing without the turn before",
    },
    "ko": {
        "said_first": "– 처음 하는 말 {utterances:,}개",
        "after_a_turn": "– 다른 말 다음에 하는 말 {utterances:,}개",
        "follow_ups": "– 앞말이 있어야 뜻이 통하는 말 {utterances:,}개",
    },
}


def with_tables(page: Path) -> str:
    """The page, with its tables of scores as the results files have them."""
    language = "ko" if ".ko" in page.suffixes else "en"
    return TABLE.sub(lambda mark: "\n".join([mark[1], *scores(mark[2], SCORES[language], PLACES[language]), ""]), page.read_text("utf-8"))


def with_sessions(text: str) -> str:
    """`text`, with its sessions as they go now."""
    return SESSION.sub(lambda session: f"$ chatbot {session[1]}\n{printed(session[1], session[2])}", text)


def scores(name: str, words: tuple[str, ...], places: dict[str, str]) -> Iterator[str]:
    """The lines of a table: the listener beside the interrupter."""
    networks = json.loads((RESULTS / name).read_text("utf-8"))["networks"]
    right, pairs, late, theorem, perplexity, overlap = (text.format(**networks["listener"]) for text in words)
    both = [networks["listener"], networks["interrupter-1"]]
    yield row("", ["listener", "interrupter"])
    yield "|---|---|---|"
    yield row(right, [percent(one["right"]) for one in both])
    for place, asked in networks["listener"]["places"].items():
        yield row(places[place].format(**asked), [percent(one["places"][place]["right"]) for one in both])
    yield row(pairs, [percent(one["late"]["right"]) for one in both])
    yield row(late, [percent(both[0]["late"]["late_right"]), f"{percent(both[1]['late']['late_right'])} {theorem}"])
    yield row(perplexity, [f"{one['perplexity']['per_piece']:.3f} / {one['perplexity']['per_word']:.3f}" for one in both])
    yield row(overlap, [f"{one['bleu']:.1f} / {one['chrf']:.1f}" for one in both])


def row(first: str, cells: list[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join([first, *cells])} |".replace("|  |", "| |")


def percent(share: float) -> str:
    """82.6 %."""
    return f"{100 * share:.1f} %"


def printed(command: str, shown: str) -> str:
    """What a command prints where no other bundles are than those that ship; if what is `shown` of it ends in …, as many lines."""
    out = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        run(shlex.split(command))
    lines = out.getvalue().splitlines(keepends=True)
    return "".join(lines[: shown.count("\n") - 1]) + "…\n" if shown.endswith("…\n") else "".join(lines)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(with_sessions(with_tables(page)), encoding="utf-8")
