"""`chatbot talk`: the conversation, on a screen or in plain lines."""

import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated

import typer

from chatbot.cli import options


def talk(
    model: options.Model = None,
    compare: Annotated[bool, typer.Option("--compare", help="Open the panel that shows who had heard what when it spoke.")] = False,
    wait: Annotated[
        int | None, typer.Option(metavar="K", help="The interrupter that hears K pieces before its first. Default: the smallest in the bundle.")
    ] = None,
    sample: options.Sample = False,
    temperature: options.Temperature = options.DEFAULT.temperature,
    top_k: options.TopK = options.DEFAULT.top_k,
    top_p: options.TopP = options.DEFAULT.top_p,
    seed: options.Seed = 0,
    beam: options.Beam = 0,
    block_ngrams: options.BlockNgrams = 0,
    known_replies: options.KnownReplies = None,
    unsure: options.Unsure = None,
    device: options.Device = "cpu",
    plain: options.Plain = False,
) -> None:
    """Talk with a bot, and watch a second one interrupt you.

    chatbot talk\n
    chatbot talk --compare --model models/dialog
    """
    decoding = options.decoding(sample, temperature, top_k, top_p, seed, beam, block_ngrams, switchable=True)
    from chatbot.cli.engine import BundleEngine

    engine = BundleEngine(model, device, wait, known_replies=known_replies, unsure=unsure)
    if options.is_plain(plain) or not sys.stdin.isatty() or not sys.stderr.isatty():  # the screen is drawn on stderr
        from chatbot.tui.plain import talk_plain

        raise typer.Exit(talk_plain(engine, decoding=decoding, compare=compare, wait=wait, lines=_typed() if sys.stdin.isatty() else sys.stdin, write=_write))
    from chatbot.tui.app import ChatApp

    app = ChatApp(engine, decoding=decoding, compare=compare, wait=wait)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # leave the terminal as it was found
        if number := getattr(signal, name, None):
            signal.signal(number, lambda number, _: app.exit(return_code=128 + number))
    app.run()
    raise typer.Exit(app.return_code or 0)


def _typed() -> Iterator[str]:
    """What a person types, a line at a time, until the end of input."""
    with suppress(ImportError):  # Windows' own console edits lines
        import readline  # noqa: F401 - gives input() line editing and history
    with suppress(EOFError):
        while True:
            yield input("You: ")
    print()


def _write(line: str) -> None:
    print(line, flush=True)
