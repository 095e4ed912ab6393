"""The pages: every link leads somewhere, every command is understood, and what stands below a command is what it prints."""

import io
import re
import shlex
import zipfile
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from urllib.parse import unquote

import pytest
import typer
from corpus_reports import SHOP
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pages import PAGES, ROOT, script

from chatbot.cli.main import ClickException, app, run

PROGRAM = typer.main.get_command(app)
CHAT = """14/01/2024, 21:03 - Messages and calls are end-to-end encrypted.
14/01/2024, 21:05 - Ben: are you still coming tomorrow
14/01/2024, 21:06 - Anna: yes!! but later, the bus is a joke on sundays
14/01/2024, 21:06 - Anna: like 11?
14/01/2024, 21:07 - Ben: fine. bring the big pot
14/01/2024, 21:09 - Anna: pot is packed haha
14/01/2024, 21:10 - Ben: call me if the bus fails, +44 20 7946 0958
14/01/2024, 21:11 - Anna: ok ok
15/01/2024, 10:40 - Ben: where are you
15/01/2024, 10:41 - Anna: bus!!
15/01/2024, 10:42 - Ben: <Media omitted>
15/01/2024, 10:43 - Anna: haha nooo
"""


def zipped(name: str, text: str) -> bytes:
    with zipfile.ZipFile(content := io.BytesIO(), "w") as archive:
        archive.writestr(name, text)
    return content.getvalue()


FILES = {  # what the pages run commands on
    "shop.tsv": SHOP,
    "broken.tsv": b"hello\thi\nbye\tgood bye\nhow are you\tgreat\tthanks\n",
    "WhatsApp Chat with Anna.zip": zipped("_chat.txt", CHAT),
}
LONG = re.compile(r"chatbot (train (?!broken)|evaluate|talk|tour)|models/")  # what takes long, and what needs it


@cache
def tokens(page: str) -> list[Token]:
    blocks = MarkdownIt("commonmark").enable("table").parse(PAGES[page].read_text("utf-8"))
    return [token for block in blocks for token in (block, *(block.children or ()))]


def anchors(page: str) -> set[str]:
    """What a link may name after #, as GitHub makes it of a heading."""
    headings = (after.content for token, after in pairwise(tokens(page)) if token.type == "heading_open")
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for link in filter(None, (token.attrGet("href") or token.attrGet("src") for token in tokens(page))):
        path, _, anchor = unquote(str(link)).partition("#")
        if not re.match(r"https?:|mailto:", path):
            target = (PAGES[page].parent / path).resolve() if path else PAGES[page]
            assert target.exists(), link
            assert not anchor or anchor in anchors(str(target.relative_to(ROOT))), link


def commands(text: str) -> list[list[str]]:
    """The words of each command of this program in `text`, `chatbot` itself left out."""
    return [shlex.split(words, comments=True) for words in re.findall(r"(?m)^(?:.*\||.* -m|\$)? *chatbot ([^|>\n]*)", text)]


def understand(words: list[str]) -> None:
    """Parses one command and does nothing. Raises what typer raises where there is no such command or option."""
    command, name, context = PROGRAM, "chatbot", None
    while hasattr(command, "resolve_command"):
        context = command.make_context(name, words, parent=context)
        name, command, words = command.resolve_command(context, [*context._protected_args, *context.args])
    command.make_context(name, words, parent=context)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/reference.md"])  # which shows how commands are called in general
def test_commands_are_understood(page):
    mistakes = []
    for token in tokens(page):
        if token.type in ("fence", "code_block", "code_inline") and token.info == "":
            for words in commands(token.content):
                try:
                    understand(words)
                except typer.Exit:  # --help
                    pass
                except ClickException as mistake:
                    if token.type != "code_inline" or type(mistake).__name__ != "MissingParameter":  # running text may name a command without its files
                        mistakes.append(f"chatbot {' '.join(words)}: {mistake.format_message()}")
    assert not mistakes


def sessions(page: str) -> Iterator[tuple[str, str]]:
    """Each command of a page that stands after a $, and what is shown below it."""
    for token in tokens(page):
        if token.type == "fence":
            for session in re.split(r"(?m)^\$ chatbot ", token.content)[1:]:
                command, _, shown = session.partition("\n")
                yield command, shown


@pytest.mark.parametrize("page", [page for page in PAGES if any(not LONG.search(f"chatbot {command}") for command, _ in sessions(page))])
def test_what_is_shown_is_what_is_printed(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    for command, shown in sessions(page):
        if not LONG.search(f"chatbot {command}"):
            run(shlex.split(command))
            printed = "".join(capsys.readouterr())
            pattern = "(?s:.*)".join(map(re.escape, shown.split("…\n")))
            assert not shown or re.fullmatch(pattern, printed), f"chatbot {command} prints\n{printed}\nand not\n{shown}"


def test_the_reference_is_what_the_program_says():
    assert (ROOT / "docs" / "reference.md").read_text("utf-8") == script("write_reference").reference(), "docs/reference.md is stale: make docs"
