"""The program: its commands, and the one place where a person's mistake becomes a line on stderr and an exit code."""

import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer

from chatbot.cli import compare, corpus, evaluate, models, reply, talk, test, tour, train
from chatbot.cli.signals import PIPE, Stopped
from chatbot.errors import ChatbotError
from chatbot.safe_text import safe_line

ClickException: Any = typer.BadParameter.__mro__[2]  # typer keeps the base of its own errors to itself

app = typer.Typer(
    name="chatbot",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="""A small chatbot that you train yourself, on your own pairs, and talk to in your terminal.

    chatbot talk                        # talk with the bot that ships\n
    chatbot train corpora/dialog.tsv    # train your own, in minutes\n
    chatbot compare "Today's perfect weather makes me so sad"
    """,
)
app.command("train")(train.train)
app.command("talk")(talk.talk)
app.command("tour")(tour.tour)
app.command("reply")(reply.reply)
app.command("compare")(compare.compare)
app.command("evaluate")(evaluate.evaluate)
app.command("test")(test.play)
app.add_typer(corpus.app, name="corpus")
app.add_typer(models.app, name="models")


def _version(show: bool) -> None:
    if show:
        from importlib.metadata import version  # with all of email, which no other command needs

        typer.echo(f"chatbot {version('chatbot')}")
        raise typer.Exit


@app.callback()
def program(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")] = False) -> None:
    """Options of the program itself."""


def run(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 fine, 1 what was tested failed, 2 the person's mistake, 128 + n stopped by signal n."""
    command = typer.main.get_command(app)
    try:
        code = command.main(arguments, prog_name="chatbot", standalone_mode=False) or 0
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except ChatbotError as error:
        return _mistake(str(error))
    except ClickException as error:
        context = getattr(error, "ctx", None)
        if context and not context.args and context.command is not None and type(error).__name__ == "NoArgsIsHelpError":
            print(context.get_help(), file=sys.stderr)
            return 2
        where = context.command_path if context else "chatbot"
        said = safe_line(error.format_message().strip()).rstrip(".")
        return _mistake(f"{said}; see `{where} --help`")
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except Stopped as stopped:
        return stopped.code
    except (BrokenPipeError, SystemExit):  # the second is typer's answer to the first. Who read our answers has gone before all was said
        _hush()
        return 128 + PIPE
    except OSError as error:
        if error.filename:  # what was named on the command line, or stands where a file should
            return _mistake(f"{safe_line(str(error.filename))}: {error.strerror}; check the path and its permissions")
        _hush()  # stdout cannot be written to, such as on a full disk
        return _mistake(f"the answer cannot be written: {error.strerror}")


def _hush() -> None:
    """Lets what is left in stdout go nowhere: Python would try once more at its end."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _mistake(line: str) -> int:
    print(f"chatbot: {line}", file=sys.stderr)
    return 2


def main() -> None:
    """The entry point."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by who called us
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  # for good
        getattr(sys, name).reconfigure(encoding="utf-8", errors="replace")  # text is UTF-8 whatever the locale; a byte that is not is shown, not fatal
    sys.exit(run())
