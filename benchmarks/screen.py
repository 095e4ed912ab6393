"""How long a person waits for the screen of `chatbot talk`: its first paint, a key, a bot that answers; and what it costs at rest.

    python benchmarks/screen.py [--model NAME]            # about a minute

The program runs in a terminal of its own (a pseudo-terminal of 120x36), as one that is installed does: its byte code is on the disk. Keys are timed
from being sent to being drawn: at loading, at rest, and with 300 turns mounted, while one reply is under way and while thirty are. Memory and
processor are those of the screen and of the process in which the bot is, together.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import psutil
from measuring import Report, parser

from chatbot.records import Decoding, Reply
from chatbot.sessions import Session, Told

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")
LETTERS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚ"  # that nothing else draws


class Terminal:
    """A program in a terminal, what it has drawn, and the time at which it did."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none", "PYTHONDONTWRITEBYTECODE": ""}
        self._began = time.perf_counter()
        self.process = subprocess.Popen([sys.executable, "-m", "chatbot", *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)

    def until(self, wanted: str, seconds: float = 60) -> float:
        """Waits until `wanted` is drawn; the seconds since the program was started."""
        drawn, limit = b"", time.perf_counter() + seconds
        while wanted.encode() not in ESCAPES.sub(b"", drawn):
            assert time.perf_counter() < limit, f"{wanted!r} was not drawn:\n{drawn[-2000:]!r}"
            if select.select([self._master], [], [], 0.5)[0]:
                drawn += os.read(self._master, 1 << 16)
        return time.perf_counter() - self._began

    def type(self, text: str) -> None:
        """Sends keys."""
        os.write(self._master, text.encode())

    def echo(self, letter: str) -> float:
        """Milliseconds from a key to its letter being drawn."""
        began = time.perf_counter()
        self.type(letter)
        self.until(letter)
        return (time.perf_counter() - began) * 1000

    @property
    def processes(self) -> list[psutil.Process]:
        """The program and what it has started."""
        program = psutil.Process(self.process.pid)
        return [program, *program.children(recursive=True)]

    def memory(self) -> float:
        """Megabytes in use."""
        return sum(one.memory_info().rss for one in self.processes) / 1e6

    def worked(self) -> float:
        """Seconds of a core that were used so far."""
        return sum(sum(one.cpu_times()[:2]) for one in self.processes)

    def rest(self, seconds: float) -> None:
        """Reads what is drawn until nothing has been for so long."""
        while select.select([self._master], [], [], seconds)[0]:
            try:
                os.read(self._master, 1 << 16)
            except OSError:  # on Linux a terminal whose program has ended is an error to read
                return

    def close(self) -> int:
        """Quits the program; its exit code."""
        self.type("\x03")
        self.rest(0.3)
        self.type("\x03")
        self.rest(1)
        return self.process.wait(20)


def long_talk(folder: Path, model: str) -> Path:
    """A conversation of 300 turns."""
    session = Session(model, "", folder)
    for number in range(300):
        session.add(Told(f"how is the weather today, number {number}?", Decoding(), Reply("I have no window, so you tell me.", -2.0, 9, 12.0), number))
    assert session.path is not None
    return session.path


def main() -> None:
    """Measures what the command line asks for."""
    options = parser(__doc__)
    options.add_argument("--model", default="small-talk")
    options.add_argument("--times", type=int, default=5)
    chosen = options.parse_args()
    report = Report(f"the screen, {chosen.model}", threads=chosen.threads)
    command = ("talk", "--private", "--compare", "--model", chosen.model)
    first = Terminal(*command)
    first.until("pieces")  # compiles what was not
    assert first.close() == 0
    painted, ready, loading, work_painted, work_ready = [], [], [], [], []
    for _ in range(chosen.times):
        terminal = Terminal(*command)
        painted.append(terminal.until("loading"))
        work_painted.append(terminal.worked())
        loading += [terminal.echo(letter) for letter in LETTERS[:3]]
        ready.append(terminal.until("pieces"))
        work_ready.append(terminal.worked())
        assert terminal.close() == 0
    report.add("first paint", "s", painted)
    report.add("processor until then, the bot's own included", "s", work_painted)
    report.add("key to echo while loading", "ms", loading)
    report.add("ready to answer", "s", ready)
    report.add("processor until then", "s", work_ready)
    with tempfile.TemporaryDirectory() as folder:
        terminal = Terminal(*command, "--resume", str(long_talk(Path(folder), chosen.model)))
        terminal.until("pieces")
        terminal.rest(2)
        report.add("memory, both networks loaded, 300 turns mounted", "MB", [terminal.memory()])
        report.add("key to echo, 300 turns mounted", "ms", [terminal.echo(letter) for letter in LETTERS])
        one, thirty = [], []
        for letter in LETTERS:
            terminal.type("\x03")
            terminal.rest(1)
            terminal.type("what do you think of today's weather\r")
            terminal.until("weather")  # a person's keys do not come all at once
            one.append(terminal.echo(letter))
        terminal.type("\x03")
        terminal.rest(1)
        for number in range(30):
            terminal.type(f"what do you think of number {number}\r")
        terminal.until("number 29")
        thirty += [terminal.echo(letter) for letter in LETTERS]
        report.add("key to echo, the same, a reply under way", "ms", one)
        report.add("key to echo, the same, thirty replies under way", "ms", thirty)
        terminal.rest(3)
        before = terminal.worked()
        time.sleep(10)
        report.add("processor at rest, of one core over 10 s", "%", [(terminal.worked() - before) * 10])
        assert terminal.close() == 0
    report.write(chosen.json)


if __name__ == "__main__":
    main()
