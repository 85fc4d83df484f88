"""What can only be seen from within a worker or a loop, and would be gone with it: it is noted down for the client."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import warnings
import weakref
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, TextIO

from timetrial.measure.leftovers.unawaited import NEVER_AWAITED, counted, dropped_sentence, is_unstarted, kept_sentence


@dataclass(frozen=True)
class Notes:
    """A folder with a file for each process that has something to say.

    The process in which it is unpickled, a worker, notes at its end which coroutines it has never awaited.
    """

    folder: Path

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        known = weakref.WeakSet(_unstarted())  # a forked worker has its parent's
        Finalize(None, _note_unawaited, args=(self, _hear_of_dropped(), known), exitpriority=0)

    def add(self, sentences: Iterable[str]) -> None:
        """Notes them down, a line each."""
        lines = [f"{sentence}\n" for sentence in sentences]
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


def _hear_of_dropped() -> Counter[str]:
    """Counts Python's warnings of dropped coroutines, to the end of this process; others go where they went."""
    dropped: Counter[str] = Counter()
    show = warnings.showwarning

    def hear(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        sentence = dropped_sentence(message, filename, lineno)
        if sentence is not None:
            dropped[sentence] += 1
        else:
            show(message, category, filename, lineno, file, line)

    warnings.filterwarnings("always", message=NEVER_AWAITED, category=RuntimeWarning)
    warnings.showwarning = hear
    return dropped


def _note_unawaited(notes: Notes, dropped: Counter[str], known: Collection[Any]) -> None:
    gc.collect()
    kept = Counter(kept_sentence(each) for each in _unstarted() if each not in known)
    notes.add([*counted(dropped), *counted(kept)])


def _unstarted() -> list[Any]:
    return [each for each in gc.get_objects() if is_unstarted(each)]
