"""The screen in a real terminal: it paints, takes keys, leaves the terminal as it found it."""

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("pty", reason="no pseudo-terminals here")

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from tui_stage import FakeEngine
from chatbot.tui.app import ChatApp
app = ChatApp(FakeEngine())
app.run()
sys.exit(app.return_code)
"""


def test_a_talk_in_a_terminal_ends_with_code_0_and_leaves_the_alternate_screen():
    import pty

    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "LINES": "24", "COLUMNS": "80"}
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, str(Path(__file__).parent)], stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    seen = b""

    def read_until(wanted: bytes) -> None:
        nonlocal seen
        limit = time.monotonic() + 30
        while wanted not in seen:
            assert time.monotonic() < limit, seen[-2000:]
            assert program.poll() is None, seen[-2000:]
            if select.select([master], [], [], 0.1)[0]:
                seen += os.read(master, 65536)

    try:
        read_until(b"daily-gru")
        os.write(master, b"hello there\r")
        read_until(b"I'm sorry to hear that.")
        os.write(master, b"/quit\r")
        read_until(b"\x1b[?1049l")
        assert b"\x1b[?1049h" in seen
        assert program.wait(20) == 0
    finally:
        program.kill()
        os.close(master)
