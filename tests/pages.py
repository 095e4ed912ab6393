"""The pages of the project, and the scripts of docs/, which is no package."""

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
FOLDERS = ("", "docs/**/", "corpora/", "benchmarks/", "examples/**/", "models/*/")
PAGES = {path.relative_to(ROOT).as_posix(): path for folder in FOLDERS for path in sorted(ROOT.glob(f"{folder}*.md"))}


def script(name: str) -> ModuleType:
    """docs/NAME.py."""
    specification = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
