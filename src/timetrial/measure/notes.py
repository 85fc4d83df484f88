"""What can only be seen from within a worker or a loop, and would be gone with it: it is noted down for the client."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from timetrial.measure.unawaited import Dropped, counted, is_unstarted, never_awaited_sentence


@dataclass(frozen=True)
class Notes:
    """A folder with a file for each process that has something to say.

    The process in which it is unpickled, a worker, notes at its end which coroutines it has never awaited.
    """

    folder: Path

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        dropped, known = Dropped(), weakref.WeakSet(_unstarted())  # a forked worker has its parent's
        dropped.listen()
        Finalize(None, _note_unawaited, args=(self, dropped, known), exitpriority=0)

    def add(self, sentences: Iterable[str]) -> None:
        """Notes them down, a line each."""
        lines = [f"{each}\n" for each in sentences]
        if lines:
            with (self.folder / str(os.getpid())).open("a", encoding="utf-8") as file:
                file.writelines(lines)

    def read(self) -> list[str]:
        """What all have noted, in order of the processes' ids, with which one it was where it is not this one."""
        found = []
        for file in sorted(self.folder.iterdir(), key=lambda file: int(file.name)):
            who = "" if int(file.name) == os.getpid() else f" in worker process {file.name}"
            found += [f"{line}{who}" for line in file.read_text(encoding="utf-8").splitlines()]
        return found


@contextmanager
def open_notes() -> Generator[Notes]:
    """New notes; the folder goes at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tt-notes-"))
    try:
        yield Notes(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _note_unawaited(notes: Notes, dropped: Dropped, known: Collection[Any]) -> None:
    told = dropped.stop()
    kept = Counter(never_awaited_sentence(each) for each in _unstarted() if each not in known)
    notes.add([*told, *counted(kept)])


def _unstarted() -> list[Any]:
    return [each for each in gc.get_objects() if is_unstarted(each)]
