"""The program as a process of its own: signals, pipes that break, streams that are closed, disks that are full."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and shells of POSIX")
CHATBOT = [sys.executable, "-m", "chatbot"]


def start(*arguments, cwd, **named):
    return subprocess.Popen(
        [*CHATBOT, *map(str, arguments)], cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", **named
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_training_leaves_a_bundle(corpus, tmp_path, tiny_options, chatbot, number, code):
    process = start("train", "pets.tsv", *tiny_options, "--epochs", 100_000, cwd=tmp_path)
    for line in process.stdout:
        if line.startswith("epoch"):
            break
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert err.count("\n") == 1
    assert "models/pets" in err
    assert chatbot("reply", "hello", "--model", "pets").code == 0


def test_stdin_is_answered_while_it_is_open_and_a_broken_pipe_is_silent(tmp_path, bundle_folder):
    process = start("reply", "--model", bundle_folder, cwd=tmp_path)
    for asked in ("hello\n", "who is it\n"):
        process.stdin.write(asked)
        process.stdin.flush()
        assert process.stdout.readline().strip(), "the answer waits for more input"
    process.stdout.close()  # as `| head -2` does
    try:
        for _ in range(50):
            process.stdin.write("more\n")
            process.stdin.flush()
            time.sleep(0.01)
        process.stdin.close()
    except BrokenPipeError:
        pass
    assert process.stderr.read() == ""
    assert process.wait(timeout=30) == 128 + 13, "as any program that SIGPIPE ends: what was not told may have been a failure"


def test_training_whose_lines_nobody_reads_any_more_stops_and_keeps_what_it_has(chatbot, corpus, tmp_path):
    process = start("train", corpus, "--preset", "tiny", "--no-interrupter", "--epochs", 10_000, "--batch-tokens", 150, "--plain", cwd=tmp_path)
    while not process.stdout.readline().startswith("first step"):
        pass
    process.stdout.close()  # as `| head -4` does
    err = process.stderr.read()
    assert process.wait(timeout=60) == 128 + 13
    assert (err.count("\n"), "the same command goes on" in err) == (1, True)
    assert chatbot("reply", "hello", "--model", "pets").code == 0


@pytest.fixture
def heeded():
    """SIGINT reaches what a test starts: a shell has what runs in the background ignore it, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
def test_ctrl_c_at_the_prompt(tmp_path, bundle_folder):
    process = start("talk", "--plain", "--model", bundle_folder, cwd=tmp_path)
    while not process.stdout.readline().startswith("Note:"):
        pass
    process.send_signal(signal.SIGINT)
    code = process.wait(timeout=30)  # before `communicate` ends the input, which would end the program as well
    assert (code, process.communicate()[1]) == (130, "")


def test_stdin_that_is_no_utf8_is_answered(tmp_path, bundle_folder):
    ran = subprocess.run([*CHATBOT, "reply", "--model", bundle_folder], cwd=tmp_path, input=b"caf\xe9\n\xff\n", capture_output=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.count(b"\n") == 2


def test_a_narrow_locale(tmp_path):
    """Text is UTF-8 whatever the locale."""
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run([*CHATBOT, "corpus", "check", "no\u00e9\u65e5.tsv"], cwd=tmp_path, capture_output=True, timeout=60, env=environment)
    assert ran.returncode == 2
    assert ran.stderr.startswith(b"chatbot: no")
    assert ran.stderr.count(b"\n") == 1


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_is_no_traceback(tmp_path, closed):
    ran = subprocess.run(["sh", "-c", f'"$0" -m chatbot --version {closed}', sys.executable], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in ran.stderr
    assert "Error" not in ran.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
@pytest.mark.parametrize(("words", "code"), [("corpus stats pets.tsv", 0), ("corpus split nosuch.tsv", 2), ("reply --model nosuch", 2)])
def test_a_stream_that_is_closed_from_the_beginning_ends_in_no_traceback(corpus, tmp_path, words, code, closed):
    command = f"{shlex.quote(sys.executable)} -m chatbot {words} {closed}"
    ran = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, "Traceback" in ran.stderr) == (code, False)


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", ["--version", "--help"])
def test_a_full_disk_under_stdout_is_one_line(tmp_path, arguments):
    with open("/dev/full", "w") as full:
        ran = subprocess.run([*CHATBOT, arguments], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "No space left" in ran.stderr


def test_the_entry_point(tmp_path):
    program = shutil.which("chatbot", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if program is None:
        pytest.skip("not installed")
    ran = subprocess.run([program, "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ran.stdout.startswith("chatbot ")
    ran = subprocess.run([program, "nosuch"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)


def test_training_in_a_terminal(tmp_path, tiny_options):
    """The live view: it runs, and what the corpus holds is shown, never obeyed."""
    import pty

    (tmp_path / "wild.tsv").write_text(
        "".join(f"[/] <unk> hello \x1b]0;evil\x07\x9b31m\u202e {number}\t[red]hi {number % 5}\n" for number in range(40)), "utf-8"
    )
    ours, theirs = pty.openpty()
    options = [option for option in tiny_options if option != "--plain"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    environment.pop("CHATBOT_PLAIN", None)
    process = subprocess.Popen([*CHATBOT, "train", "wild.tsv", *options], cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end has closed
            break
        if not read:
            break
        shown += read
    os.close(ours)
    text = shown.decode("utf-8", "replace")
    assert process.wait(timeout=30) == 0, text[-1500:]
    assert "[/] <unk> hello" in text
    assert "chatbot talk" in text
    assert "\x1b]0;" not in text
    assert not set("\x07\x9b\u202e") & set(text)
    assert "Traceback" not in text
