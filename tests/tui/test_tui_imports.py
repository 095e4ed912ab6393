"""The screen is painted before torch is imported: the rooms it needs are light."""

import subprocess
import sys

PROGRAM = """
import sys
import chatbot.tui.app, chatbot.tui.plain
heavy = {"torch", "sentencepiece", "numpy"} & sys.modules.keys()
rooms = {name for name in sys.modules if name.startswith("chatbot.") and not name.startswith("chatbot.tui")}
print(sorted(heavy), sorted(rooms))
"""


def test_the_screen_imports_nothing_heavy_and_no_room_above_the_records():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[] ['chatbot.errors', 'chatbot.files', 'chatbot.records', 'chatbot.safe_text', 'chatbot.sessions']", done.stderr


def test_the_plain_mode_does_not_import_textual():
    program = "import sys, chatbot.tui.plain; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr
