"""Writes docs/reference.md: every command and every option, as the program itself describes them.

python docs/write_reference.py
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from chatbot.cli.main import app

PAGE = Path(__file__).parent / "reference.md"
OPENING = """# Reference

Every command and every option, written by `make docs` from the program itself; `chatbot COMMAND --help` says the same. Answers go to stdout, everything else to stderr.
Exit codes: 0 fine, 1 what was tested failed, 2 a mistake, 5 nothing to test, 128 + n stopped by signal n.
"""


def reference() -> str:
    """The page."""
    program = typer.Context(typer.main.get_command(app), info_name="chatbot", terminal_width=200)
    commands = list(_commands(program))
    index = "".join(f"- [`{one.command_path}`](#{one.command_path.replace(' ', '-')}): {_paragraphs(one)[0]}\n" for one in commands)
    return "\n".join([OPENING, index, *map(_section, commands)])


def _commands(context: typer.Context) -> Iterator[typer.Context]:
    """Each command that does something, in the order of the help."""
    group: Any = context.command
    for name in group.list_commands(context):
        below = typer.Context(group.get_command(context, name), info_name=name, parent=context)
        yield from _commands(below) if hasattr(below.command, "list_commands") else [below]


def _section(context: typer.Context) -> str:
    """One command: what it does, how it is called, examples, arguments and options."""
    says, *examples = _paragraphs(context)
    usage = context.command.get_usage(context).removeprefix("Usage: ")
    records = [parameter.get_help_record(context) for parameter in context.command.get_params(context) if "--help" not in parameter.opts]
    options = [f"- `{names}`: {text}" for names, text in filter(None, records)]
    return "\n".join([f"## {context.command_path}", "", says, "", *(f"    {line}" for line in [usage, *examples]), "", *options, ""])


def _paragraphs(context: typer.Context) -> list[str]:
    """The paragraphs of a help, each in one line."""
    return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", (context.command.help or "").strip())]


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
