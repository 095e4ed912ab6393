"""The folder `resume` of a bundle: what an interrupted run needs to go on is kept there, and a lock that keeps a second run out. Free of torch."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatbot.errors import BundleError

FOLDER = "resume"
INDEX = "resume.json"


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keeps other runs out of the bundle in `folder` while entered; the system lets go when a process dies. Leaves nothing empty behind.

    Raises BundleError when another run is in it, or when nothing can be written there.
    """
    from filelock import FileLock, Timeout  # imports much, for those alone who write

    inside = folder / FOLDER
    made = [one for one in (folder, *folder.parents) if not os.path.exists(one)]  # unlike Path.exists, no error in a folder that may not be looked into
    path = inside / "lock"
    lock = FileLock(path, timeout=0)
    try:
        inside.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise BundleError("another `chatbot train` is at work in it", place=folder, remedy="wait for it, or use another folder") from None
    except OSError as error:
        raise BundleError(f"a bundle cannot be written there: {error.strerror}", place=folder, remedy="name another folder with --out") from None
    try:
        yield
    finally:
        if os.name == "nt":
            lock.release()
        path.unlink(missing_ok=True)  # where that can be, while it is held: after that it may be another's
        lock.release()
        if not any(inside.iterdir()):
            inside.rmdir()
        for one in made:
            if one.exists() and not any(one.iterdir()):
                one.rmdir()


def is_begun(folder: Path) -> bool:
    """Whether an interrupted run of the bundle in `folder` can go on."""
    return (folder / FOLDER / INDEX).is_file()


def is_used(folder: Path) -> bool:
    """Whether a run has left anything in the folder of the bundle in `folder`, however early it was killed."""
    return any(path.name != "lock" for path in (folder / FOLDER).iterdir())


def forget(folder: Path) -> None:
    """Gives up the interrupted run of the bundle in `folder`; the prepared corpus is kept, for it may be the same."""
    (folder / FOLDER / INDEX).unlink(missing_ok=True)


def remove(folder: Path) -> None:
    """Forgets the interrupted run of the bundle in `folder`: its checkpoint first, then what it was kept for. Raises BundleError."""
    inside = folder / FOLDER
    try:
        (inside / INDEX).unlink(missing_ok=True)
        for path in inside.iterdir() if inside.is_dir() else ():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "lock":
                path.unlink()
    except OSError as error:
        raise BundleError(f"cannot be removed: {error.strerror}", place=error.filename or inside, remedy="check its permissions") from None
