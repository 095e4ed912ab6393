"""Writing files whole or not at all, one alone or several that belong together."""

import errno
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file beside its place, flushes it to the disk, and puts it there in one move; through a link it writes the file behind it.

    Raises OSError, with nothing changed and nothing left behind; also when `path` is a device or a folder.
    """
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "no name of a file", str(path))
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise FileExistsError(None, "not a regular file", str(path))
    beside = path.with_name(f".{path.name}.part")
    try:
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        _flush_folder(path.parent)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def write_set(folder: Path, index: str, facts: Mapping[str, Any], contents: Mapping[str, tuple[bytes, str]], ours: re.Pattern[str]) -> None:
    """Writes files that belong together: each of `contents`, bytes and ending by role, under a name that carries its hash, and last `index`.

    `index` is JSON: the `facts`, and under "files" the name and sha256 of each role. So a reader sees the old set or the new one, never half of
    one. Files of a name like `ours` that it does not list are removed afterwards. Raises OSError; what was there before is then still whole.
    """
    files = {}
    folder.mkdir(parents=True, exist_ok=True)
    for role, (content, ending) in contents.items():
        digest = hashlib.sha256(content).hexdigest()
        name = f"{role}-{digest[:12]}.{ending}"
        files[role] = {"name": name, "sha256": digest}
        write_whole(folder / name, content)
    text = json.dumps({**facts, "files": files}, indent=1, ensure_ascii=False) + "\n"
    write_whole(folder / index, text.encode("utf-8", "replace"))
    named = {file["name"] for file in files.values()}
    for path in folder.iterdir():
        if ours.fullmatch(path.name) and path.name not in named:
            path.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Makes the disk remember which files are in `folder`; Windows does so by itself."""
    if os.name != "nt":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
