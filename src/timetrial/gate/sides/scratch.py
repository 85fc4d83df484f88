"""A temporary folder for worktrees and environments that is gone afterwards, whatever ends the gate.

What a killed run left behind is found and removed when the next one starts: each folder is locked by the process that
uses it, and lists the worktrees that git has to forget.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from timetrial.errors import NoRoomError
from timetrial.gate.sides.git import Repository, failure
from timetrial.system.signals import endings_unwind, undisturbed

PREFIX: Final = "timetrial-gate-"
_LOCK: Final = "lock"
_LEDGER: Final = "worktrees"
_TRIES: Final = 20
_PAUSE_S: Final = 0.05


class Scratch:
    """The folder, and the list of the worktrees in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def announce_worktree(self, repository: Repository, path: Path) -> None:
        """Notes a worktree before it is made, so that it is found even if the making is cut off."""
        with (self.folder / _LEDGER).open("a", encoding="utf-8") as ledger:
            ledger.write(json.dumps([str(repository.top), str(path)]) + "\n")


@contextmanager
def scratch(repository: Repository, say: Callable[[str], None]) -> Iterator[Scratch]:
    """An empty folder, removed at the end with the worktrees in it, after a signal too."""
    _sweep(repository, say)
    with endings_unwind():
        folder, lock = _claim_new()
        try:
            yield Scratch(folder)
        finally:
            with undisturbed():
                lock.close()
                if not _remove(folder):
                    say(f"could not remove all of {folder}; the next gate tries again")


@contextmanager
def held_folder() -> Iterator[Path]:
    """A new temporary folder that no other gate takes away meanwhile, and that the next one does if this is killed."""
    folder, lock = _claim_new()
    try:
        yield folder
    finally:
        lock.close()
        _remove(folder)


@contextmanager
def files_or_error() -> Iterator[None]:
    """Turns what the file system refuses into a GateError; for the preparation, not for what is then measured."""
    try:
        yield
    except OSError as error:
        raise failure(f"can't prepare the two sides: {error}", str(error)) from error


def _claim_new() -> tuple[Path, IO[bytes]]:
    for _ in range(_TRIES):
        with files_or_error():
            folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        lock = _claim(folder)
        if lock is not None:
            return folder, lock
        shutil.rmtree(folder, ignore_errors=True)
    raise NoRoomError(f"can't write to new folders in {tempfile.gettempdir()}; set the variable TMPDIR to another one")


def _claim(folder: Path) -> IO[bytes] | None:
    """The folder's lock, or None if another process holds it or has just removed the folder."""
    try:
        lock = (folder / _LOCK).open("ab")
    except OSError:
        return None
    if _lock(lock) and (folder / _LOCK).exists():
        return lock
    lock.close()
    return None


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


def _sweep(repository: Repository, say: Callable[[str], None]) -> None:
    """Removes what killed gates left: folders that nobody holds any more, and worktrees whose folder is gone."""
    worktrees = _worktrees_of_ours(repository)
    folders = {*Path(tempfile.gettempdir()).glob(f"{PREFIX}*"), *(each.parents[1] for each in worktrees)}
    for folder in sorted(each for each in folders if _is_ours(each)):
        lock = _claim(folder)
        if lock is not None:
            lock.close()
            say(f"removing {folder}, left behind by a gate that was killed")
            _remove(folder)
    for path in worktrees:
        if not path.exists():
            repository.try_to("worktree", "remove", "--force", "--force", path)


def _worktrees_of_ours(repository: Repository) -> list[Path]:
    """Those at ``.../timetrial-gate-…/SIDE/NAME``, which is where ``sides`` puts them."""
    lines = repository.try_to("worktree", "list", "--porcelain").output.splitlines()
    paths = [Path(line.removeprefix("worktree ")) for line in lines if line.startswith("worktree ")]
    return [path for path in paths if len(path.parents) > 1 and path.parents[1].name.startswith(PREFIX)]


def _is_ours(folder: Path) -> bool:
    """A real folder of the same user: in a shared temporary directory there may be others'."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return folder.is_dir() and not folder.is_symlink() and (os.name == "nt" or status.st_uid == os.getuid())


def _remove(folder: Path) -> bool:
    """Worktrees first, those of submodules before their parents'; processes that are about to end get a second."""
    for top, path in reversed(_ledger(folder)):
        if top.is_dir():
            Repository(top).try_to("worktree", "remove", "--force", "--force", path)
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return True
        time.sleep(_PAUSE_S)
    return False


def _ledger(folder: Path) -> list[tuple[Path, Path]]:
    pairs = []
    with suppress(OSError, ValueError):  # none was made, or the last line was cut off
        for line in (folder / _LEDGER).read_text(encoding="utf-8").splitlines():
            top, path = json.loads(line)
            pairs.append((Path(top), Path(path)))
    return pairs
