"""The table of docs/design.md, read off the imports themselves: they point down only."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import chatbot

PACKAGE = Path(chatbot.__file__).parent
FLOORS = {
    "errors": 0, "safe_text": 0, "records": 0, "intervals": 0, "options": 0, "shipped": 0, "files": 0, "resume": 0,
    "sessions": 1, "corpus": 1, "spelling": 1, "vocabulary": 2, "prefix_tree": 2, "repeating": 2, "batches": 3, "dataset": 4, "networks": 4, "decoding": 5, "training": 5, "bundle": 6, "checkpoint": 6, "bot": 7, "listening": 8, "shapes": 8,
    "evaluation": 9, "transcripts": 9, "tui": 10, "cli": 11, "__main__": 12, "__init__": 12,
}  # fmt: skip
NO_TORCH = {"errors", "safe_text", "records", "intervals", "options", "shipped", "files", "sessions", "corpus", "spelling", "vocabulary", "tui"}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "shipped/" not in str(path.relative_to(PACKAGE)))
IDS = [str(path.relative_to(PACKAGE)) for path in FILES]


def module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


def room(name: str) -> str:
    """`chatbot.corpus.pairs` is of the room `corpus`; `chatbot` itself is `__init__`."""
    return [*name.split("."), "__init__"][1]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


MODULES = {module(path) for path in FILES}


@cache
def imports(path: Path) -> frozenset[str]:
    """All modules that a file imports anywhere, inside of functions and under TYPE_CHECKING too."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = module(path).split(".")[: -node.level] if node.level else []
            name = ".".join([*package, *([node.module] if node.module else [])])
            inside = {f"{name}.{alias.name}" for alias in node.names}
            found |= {one if one in MODULES else name for one in inside}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and room(module(path)) != "__init__":
            raise AssertionError(f"{path}:{node.lineno}: an import that nobody can read")
    return frozenset(found)


def ours(path: Path) -> set[str]:
    return {name for name in imports(path) if name.split(".")[0] == "chatbot"}


def test_the_imports_were_found():
    assert "chatbot.options" in ours(PACKAGE / "networks" / "attention.py"), "from chatbot import options"
    assert "torch" in imports(PACKAGE / "cli" / "options.py"), "inside of a function"
    assert "chatbot.corpus.pairs" in ours(PACKAGE / "batches.py")
    assert len(FILES) > 40


def test_every_room_has_a_floor():
    assert {room(name) for name in MODULES} <= FLOORS.keys()


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_imports_point_down_only(path):
    here = room(module(path))
    for name in ours(path):
        there = room(name)
        assert there == here or FLOORS[there] < FLOORS[here] or (FLOORS[there] == FLOORS[here] == 0), f"{here} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_who_must_not_know_whom(path):
    here, rooms = room(module(path)), {room(name) for name in ours(path)}
    if here not in ("cli", "__main__"):
        assert "cli" not in rooms
    if here == "training":
        assert "decoding" not in rooms
        assert "bundle" not in rooms
    if here == "decoding":
        assert "training" not in rooms
    if here == "bundle":
        assert "training" not in rooms
    if here == "networks":
        assert not {"corpus", "batches"} & rooms
        assert not {"unicodedata", "re", "sentencepiece"} & imports(path), "of text it knows numbers"
    if here == "tui":
        assert rooms <= {"errors", "safe_text", "records", "files", "sessions", "transcripts", "tui"}
    elif here != "cli":
        assert "tui" not in rooms
    if here not in ("__init__", "__main__"):
        assert "__init__" not in rooms, "the public face is for those outside"


def test_rooms_of_one_floor_import_each_other_in_no_circle():
    after = {module(path): ours(path) - {module(path)} for path in FILES if room(module(path)) != "__init__"}

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way, name))
        if name not in done:
            for there in after.get(name, ()):
                visit(there, (*way, name))
            done.add(name)

    done: set[str] = set()
    for name in after:
        visit(name, ())


@pytest.mark.parametrize("path", [path for path in FILES if room(module(path)) in NO_TORCH], ids=str)
def test_light_rooms_import_no_torch_even_by_way_of_another(path):
    seen, waiting = set(), {module(path)}
    files = {module(file): file for file in FILES}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        if name in files:
            found = imports(files[name])
            heavy = {"torch", "safetensors"} | (set() if room(name) == "corpus" else {"numpy"})  # a split is counted on arrays
            assert not heavy & {one.split(".")[0] for one in found}, f"by way of {name}"
            waiting |= {one for one in found if one.startswith("chatbot.")} - seen


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_nobody_catches_everything_or_pickles(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            names = {name.strip(" ()") for name in caught.split(",")}
            assert not names & {"", "Exception", "BaseException"}, f"line {node.lineno}"
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in ("torch.load", "torch.save", "contextlib.suppress(Exception)", "suppress(Exception)"), f"line {node.lineno}"
    assert not {"pickle", "dill", "shelve", "marshal", "joblib"} & {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_files_are_short_and_named_after_a_thing(path):
    most = 300 if room(module(path)) == "tui" else 400
    assert len(path.read_text(encoding="utf-8").splitlines()) < most
    assert path.stem not in ("utils", "util", "helpers", "helper", "common", "misc")


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_nothing_seeds_sets_threads_or_configures_logging_at_import(path):
    for node in tree(path).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            text = ast.unparse(node)
            assert not any(word in text for word in ("manual_seed(", "set_num_threads(", "basicConfig(", "random.seed(")), text


def imported_by(program: str) -> set[str]:
    """Which of the heavy packages a fresh interpreter has imported after `program`."""
    heavy = "{'torch', 'textual', 'sentencepiece', 'numpy', 'sacrebleu', 'safetensors'}"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\nprint('HEAVY', *({heavy} & sys.modules.keys()))"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("HEAVY")[2].split())


def test_importing_the_package_or_asking_for_help_imports_nothing_heavy():
    assert imported_by("import chatbot") == set()
    assert imported_by("from chatbot.cli.main import run\nassert run(['--help']) == 0\nassert run(['train', '--help']) == 0") == set()


def test_training_needs_no_screen():
    assert "textual" not in imported_by("import chatbot.cli.train, chatbot.cli.training_run, chatbot.cli.watch")


def test_the_public_names_are_there():
    assert {"Bot", "train", "ChatbotError", "Reply", "Decoding"} <= set(chatbot.__all__)
    for name in chatbot.__all__:
        assert getattr(chatbot, name).__module__.startswith("chatbot.")
    with pytest.raises(AttributeError):
        _ = chatbot.nothing_of_that_name
