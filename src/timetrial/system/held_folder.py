"""Temporary folders that nobody takes away while they are in use, and the next command does if their user is killed."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from timetrial.errors import NoRoomError
from timetrial.system.signals import deferred

GATE: Final = "timetrial-gate-"
LAUNCH: Final = "timetrial-launch-"
LEDGER: Final = "worktrees"
"""A file in a folder that holds git worktrees, which only a gate knows how to take down."""
_LOCK: Final = "lock"
_TRIES: Final = 20
_PAUSE_S: Final = 0.05


@contextmanager
def held_folder(prefix: str) -> Iterator[Path]:
    """A new one; those that commands which were killed have left are removed first."""
    for folder in abandoned(GATE, LAUNCH):
        if not (folder / LEDGER).exists():
            remove(folder)
    folder, lock = claim_new(prefix)
    try:
        yield folder
    finally:
        with deferred():  # or Ctrl-C in this moment would leave it behind
            lock.close()
            remove(folder)


def claim_new(prefix: str) -> tuple[Path, IO[bytes]]:
    """A new folder, and the open file that holds it; raises OSError, and NoRoomError where nothing can be written."""
    for _ in range(_TRIES):
        folder = Path(tempfile.mkdtemp(prefix=prefix)).resolve()
        lock = claim(folder)
        if lock is not None:
            return folder, lock
        shutil.rmtree(folder, ignore_errors=True)
    raise NoRoomError(f"can't write to new folders in {tempfile.gettempdir()}; set the variable TMPDIR to another one")


def claim(folder: Path) -> IO[bytes] | None:
    """The folder's lock, or None if another process holds it or has just removed the folder."""
    try:
        lock = (folder / _LOCK).open("ab")
    except OSError:
        return None
    if _lock(lock) and (folder / _LOCK).exists():
        return lock
    lock.close()
    return None


def abandoned(*prefixes: str) -> list[Path]:
    """Folders in the temporary directory that this user's commands made, and none of them holds any more."""
    found = (path for prefix in prefixes for path in sorted(Path(tempfile.gettempdir()).glob(f"{prefix}*")))
    return [folder for folder in found if is_abandoned(folder)]


def is_abandoned(folder: Path) -> bool:
    """Whether a folder is this user's, and no process holds it."""
    lock = claim(folder) if _is_ours(folder) else None
    if lock is None:
        return False
    lock.close()
    return True


def remove(folder: Path) -> bool:
    """Whether it is gone; processes that are about to end, and write into it, get a second."""
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return True
        time.sleep(_PAUSE_S)
    return False


def _lock(file: IO[bytes]) -> bool:
    """Whether this process now holds the file; the system lets go of it when the process ends."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]  # Windows
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_ours(folder: Path) -> bool:
    """A real folder of the same user: in a shared temporary directory there may be others'."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return folder.is_dir() and not folder.is_symlink() and (os.name == "nt" or status.st_uid == os.getuid())
