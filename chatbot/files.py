"""Writing a file whole or not at all."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file beside its place, flushes it to the disk, and puts it there in one move; through a link it writes the file behind it.

    Raises OSError, with nothing changed and nothing left behind; also when `path` is a device or a folder.
    """
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
    except OSError:
        beside.unlink(missing_ok=True)
        raise
