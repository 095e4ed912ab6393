"""The slash commands: one table, of which the screen, the plain mode, the help and the palette are made. On the screen `/x` is the action `x`."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Command:
    """What a command does, what may stand behind it, and whether it means anything without a screen."""

    what: str
    argument: str = ""  # "": nothing
    plain: bool = True


COMMANDS = {
    "/help": Command("lists these commands"),
    "/compare": Command("the interrupter beside the listener"),
    "/ladder": Command("draws the ladder while you type; again: no longer", plain=False),
    "/decoding": Command("how replies are chosen, such as sample top_k=5", "SETTINGS"),
    "/again": Command("the last question, another seed"),
    "/replay": Command("the last race once more"),
    "/ending": Command("the last race beside its twin, which ends in that word", "WORD"),
    "/find": Command("a text in the chat; ctrl+f goes further up", "TEXT", plain=False),
    "/copy": Command("the reply, to the terminal's clipboard", plain=False),
    "/export": Command("writes the conversation: .md, .json, .chat; .svg, the screen", "FILE"),
    "/model": Command("another bundle; what was said stays, but is not heard", "NAME"),
    "/wait": Command("the interrupter that hears K pieces before it speaks", "K"),
    "/tour": Command("what there is to see, in five steps"),
    "/clear": Command("forgets what was said"),
    "/quit": Command("ends the talk"),
}


class Given(NamedTuple):
    """A command as it was typed."""

    name: str
    argument: str


def command_of(line: str) -> Given | None:
    """The command that a line is: one word that begins with a slash, known or not, or a known one and what it takes; the slash alone asks for help.

    None for an utterance.
    """
    if not line.startswith("/") or not line.strip():
        return None
    name, *rest = line.split(maxsplit=1)
    name, argument = "/help" if name == "/" else name.lower(), "".join(rest).strip()
    known = COMMANDS.get(name)
    return None if argument and not (known and known.argument) else Given(name, argument)


def completion(begun: str) -> str:
    """How the first command that begins like this goes on; "" where none does, and for the slash alone, which lists them all."""
    if not begun.startswith("/") or begun == "/":
        return ""
    names = (f"{name} " if command.argument else name for name, command in COMMANDS.items())
    return next((name.removeprefix(begun) for name in names if name.startswith(begun)), "")


def unknown_command(name: str, *, plain: bool = False) -> str:
    """The one line that answers a command that does not exist."""
    return f"There is no {name}. Commands: {' '.join(_listed(plain))}"


def command_list(*, plain: bool = False) -> str:
    """The commands, one a line."""
    listed = {f"{name} {command.argument}".rstrip(): command.what for name, command in _listed(plain).items()}
    width = max(map(len, listed))
    return "\n".join(f"{name:<{width}}  {what}" for name, what in listed.items())


def _listed(plain: bool) -> dict[str, Command]:
    return {name: command for name, command in COMMANDS.items() if command.plain or not plain}
