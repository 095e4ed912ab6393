"""`chatbot talk`: the conversation, on a screen or in plain lines."""

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from chatbot.cli import options
from chatbot.errors import OptionError, SessionError
from chatbot.records import Decoding, Reply, plural
from chatbot.safe_text import safe_line

if TYPE_CHECKING:
    from chatbot.cli.engine import BundleEngine
    from chatbot.sessions import Session
    from chatbot.tui.engine import Engine


def talk(
    session: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="With --resume: the conversation. Default: the one begun last.", show_default=False)
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a conversation that was kept.")] = False,
    check: Annotated[bool, typer.Option("--check", help="With --resume: ask all of it anew and say which replies are others now.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Keep no file of the conversation.")] = False,
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
    ascii_: options.Ascii = False,
) -> None:
    """Talk with a bot, and watch a second one interrupt you.

    chatbot talk\n
    chatbot talk --compare --model models/dialog\n
    chatbot talk --resume
    """
    decoding = options.decoding(sample, temperature, top_k, top_p, seed, beam, block_ngrams, switchable=True)
    from chatbot import sessions
    from chatbot.cli.engine import BundleEngine

    if (session or check) and not resume:
        what = "--check asks a kept conversation again" if check else "a conversation is named but not gone on with"
        raise OptionError(what, remedy="add --resume")
    if check and (decoding != options.DEFAULT or known_replies is not None or unsure is not None or compare or wait is not None):
        raise OptionError("--check asks each question as it was asked", remedy="leave out --compare, --wait and how replies are chosen")
    folder = session_folder()
    resumed = sessions.read(session or sessions.newest(folder)) if resume else None
    model = model or (resumed.bundle if resumed else None)
    engine = BundleEngine(model, device, wait, known_replies=known_replies, unsure=unsure)
    if check and resumed:
        raise typer.Exit(_checked(resumed, engine))
    kept = None if private or not sys.stdin.isatty() else folder  # what a program sends is nobody's conversation
    conversed(engine, decoding=decoding, compare=compare, plain=plain, ascii_=ascii_, wait=wait, folder=kept, resumed=resumed)


def conversed(
    bundle: "BundleEngine",
    *,
    decoding: Decoding,
    compare: bool,
    plain: bool,
    ascii_: bool,
    wait: int | None = None,
    folder: Path | None = None,
    resumed: "Session | None" = None,
    tour: bool = False,
) -> None:
    """Talks until the person leaves, on the screen or in plain lines, and exits."""
    ascii_only = options.is_ascii(ascii_)
    if options.is_plain(plain) or not sys.stdin.isatty() or not sys.stderr.isatty():  # the screen is drawn on stderr
        from chatbot.tui.glyphs import written
        from chatbot.tui.plain import talk_plain

        def write(line: str) -> None:
            print(written(line, ascii_only=ascii_only), flush=True)

        lines = _typed() if sys.stdin.isatty() else sys.stdin
        raise typer.Exit(talk_plain(bundle, decoding=decoding, compare=compare, wait=wait, lines=lines, write=write, folder=folder, resumed=resumed, tour=tour))
    from chatbot.cli.engine_process import EngineProcess, for_good

    engine = cast("Engine", EngineProcess(bundle))  # it imports torch while the screen is imported and painted here
    os.environ.setdefault("TEXTUAL_FPS", "120")  # a key is drawn with the next frame, and Textual's own come half as often
    with for_good():
        from chatbot.tui.app import ChatApp

    app = ChatApp(
        engine,
        decoding=decoding,
        compare=compare,
        wait=wait,
        ascii_only=ascii_only,
        folder=folder,
        resumed=resumed,
        tour=tour,
        preferences=preferences_file(),
        memory=_state() / "screen.json",
    )

    def leave(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # a second one acts at once
        app.leave(128 + number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # leave the terminal as it was found
        if number := getattr(signal, name, None):
            signal.signal(number, leave)
    app.run()
    if app.session.path and app.session.path.is_file():
        print(safe_line(f"kept: `{going_on(app.session, bundle.model)}` goes on with this conversation, `--private` keeps none"))
    raise typer.Exit(app.return_code or 0)


def going_on(session: "Session", model: str | None) -> str:
    """The command that goes on with a conversation that is kept; `model` is the one that was asked for."""
    assert session.path
    command, newest = ["chatbot", "talk", "--resume"], max(session_folder().glob("*.jsonl"), default=None)
    if newest is None or not session.path.samefile(newest):
        command.append(str(session.path))
    if model and model != session.bundle and Path(model).name == session.bundle:  # a conversation knows its bundle by name only
        command += ["--model", model]
    return shlex.join(command)


def session_folder() -> Path:
    """Where conversations are kept."""
    return _state() / "sessions"


def _state() -> Path:
    from platformdirs import user_state_path

    return user_state_path("chatbot", appauthor=False)


def preferences_file() -> Path:
    """Where a person chooses a theme and keys."""
    from platformdirs import user_config_path

    return user_config_path("chatbot", appauthor=False) / "config.toml"


def _checked(resumed: "Session", engine: "Engine") -> int:
    """Asks every question of a conversation anew, says which replies are others now, and returns the exit code: 1 when there are such."""
    if resumed.trouble:
        raise SessionError(resumed.trouble)
    if engine.load().fingerprint != resumed.fingerprint:
        print(safe_line(f"this conversation was held with another {resumed.bundle}"), file=sys.stderr)
    others = 0
    for number, told in enumerate(resumed.turns, 1):
        *_, reply = engine.stream(told.utterance, told.decoding, resumed.history(told.after))
        assert isinstance(reply, Reply)
        if reply.text != told.reply.text:
            others += 1
            print(safe_line(f"{resumed.path}:{number + 1}: “{told.reply.text}” then, “{reply.text}” now"))
    print(f"{plural(len(resumed.turns), 'turn')}, {others or 'none'} answered otherwise")
    return min(1, others)


def _typed() -> Iterator[str]:
    """What a person types, a line at a time, until the end of input."""
    with suppress(ImportError):  # Windows' own console edits lines
        import readline  # noqa: F401 - gives input() line editing and history
    with suppress(EOFError):
        while True:
            yield input("You: ")
    print()
