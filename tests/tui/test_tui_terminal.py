"""The screen in a real terminal: it paints, takes keys, leaves the terminal as it found it."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytest.importorskip("pty", reason="no pseudo-terminals here")

PROGRAM = """
import signal, sys, threading
sys.path.insert(0, sys.argv[1])
from tui_stage import FakeEngine
from chatbot.tui import terminal
from chatbot.tui.app import ChatApp
terminal.LOOKS = 0.05
from chatbot.tui.race_view import RaceView
RaceView.PACE = 1000.0  # a replay that will not end by itself
engine, moment = FakeEngine(), sys.argv[2]
if moment == "loading":
    engine.loading.clear()
elif moment == "reply":
    engine.gated().let(2)
app = ChatApp(engine, compare=True)
ended = app.exit
def exit(*arguments, **named):
    ended(*arguments, **named)
    engine.loading.set()  # a thread that is at work is through within a step
    if engine.gate:
        engine.let(99)
app.exit = exit
signal.signal(signal.SIGHUP, lambda number, _: app.leave(128 + number))
app.run()
sys.exit(app.return_code)
"""


class Terminal:
    """Python with these arguments in a pseudo-terminal."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        import pty

        self.master, slave = pty.openpty()
        environment = {**os.environ, "TERM": "xterm-256color", "LINES": "24", "COLUMNS": "80", **variables}
        self.program = subprocess.Popen([sys.executable, *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)
        self.seen = b""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self.master)

    def until(self, wanted: bytes) -> None:
        """Reads until `wanted` was written."""
        limit = time.monotonic() + 60
        while wanted not in self.seen:
            assert time.monotonic() < limit, self.seen[-2000:]
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 65536)
            else:
                assert self.program.poll() is None, self.seen[-2000:]

    def type(self, keys: bytes) -> None:
        """Presses keys."""
        os.write(self.master, keys)

    def left(self) -> int:
        """Waits for the end; the exit code. The alternate screen was entered and left, the cursor is there again."""
        self.until(b"\x1b[?1049l")
        assert b"\x1b[?1049h" in self.seen
        self.until(b"\x1b[?25h")
        return self.program.wait(30)


def staged(moment: str = "") -> Terminal:
    """The screen with the bot of the examples, held at that moment."""
    return Terminal("-c", PROGRAM, str(Path(__file__).parent), moment)


def test_a_talk_in_a_terminal_ends_with_code_0_and_leaves_the_alternate_screen():
    with staged() as terminal:
        terminal.until(b"daily-gru")
        terminal.type(b"hello there\r")
        terminal.until(b"I'm sorry to hear that.")
        terminal.type(b"/quit\r")
        assert terminal.left() == 0


@pytest.mark.parametrize(("moment", "shown"), [("loading", b"loading"), ("reply", b"I'm sorry"), ("replay", b"settled at 1")])
def test_it_can_be_left_while_it_loads_replies_or_replays(moment, shown):
    with staged(moment) as terminal:
        terminal.until(b"loading")
        terminal.type(b"hello there\r")
        terminal.until(shown)
        if moment == "replay":
            terminal.type(b"\x1b[15~")  # F5
        terminal.type(b"\x03")
        terminal.until(b"trl+c once more quits")
        terminal.type(b"\x03")
        assert terminal.left() == 0


def test_a_bundle_is_talked_with_and_its_process_goes_with_the_screen(bundle_folder, tmp_path):
    with Terminal("-m", "chatbot", "talk", "--private", "--model", str(bundle_folder), XDG_STATE_HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path)) as terminal:
        terminal.until(b"loading")
        terminal.type(b"hello\r")
        terminal.until(b"heard 1 of 1")
        (bot,) = [one for one in psutil.Process(terminal.program.pid).children() if "spawn_main" in " ".join(one.cmdline())]
        terminal.type(b"/quit\r")
        assert terminal.left() == 0
        bot.wait(30)


def test_a_signal_ends_a_screen_that_waits_for_a_key():
    with staged() as terminal:
        terminal.until(b"daily-gru")
        terminal.program.send_signal(signal.SIGHUP)
        assert terminal.left() == 128 + signal.SIGHUP


def test_when_its_terminal_goes_without_a_word_so_does_the_screen():
    with staged() as terminal:
        terminal.until(b"daily-gru")
        os.dup2(os.open(os.devnull, os.O_RDWR), terminal.master)  # closes the only end of the terminal that is held here
        assert terminal.program.wait(30) in (129, 120)  # 120: Python could not flush what nobody reads
