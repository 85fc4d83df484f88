"""What a round left behind: coroutines never awaited, tasks, processes, threads, sockets and temporary files."""

from __future__ import annotations

import asyncio
import gc
import os
import stat
import threading
import time
import warnings
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CoroutineType
from typing import Any, Self

from timetrial.measure.leftovers.unawaited import (
    NEVER_AWAITED,
    counted,
    dropped_sentence,
    is_unstarted,
    kept_sentence,
    place_of,
)
from timetrial.measure.processes.readings import ProcessTable
from timetrial.measure.processes.table import descendants, is_helper, open_table
from timetrial.system.clocks import clocks

_LOOK_AGAIN_S = 0.01


@dataclass(frozen=True)
class _Snapshot:
    """What was there before: whatever is found afterwards and not in here was left over."""

    threads: frozenset[int | None]
    processes: frozenset[int]
    sockets: frozenset[tuple[int, int]]
    files: frozenset[Path]
    # Weakly, so that looking for leftovers keeps nothing alive.
    coroutines: weakref.WeakSet[Any]


class Leftovers:
    """Compares what this process holds after a round with what it held before.

    ``leftovers = Leftovers.before(); … ; leftovers.after()`` gives one sentence for each thing left over, an empty
    list for none. A fork server, a resource tracker and the sampler stay by design and are left out. In between,
    Python's own warnings about coroutines that were dropped without being awaited are taken up as well; call
    ``after`` exactly once, in the same thread, also when the round fails.
    """

    def __init__(self, directory: Path | None, ignored_pids: frozenset[int]) -> None:
        self._directory = directory
        self._ignored_pids = ignored_pids
        self._table = open_table()
        self._recording = warnings.catch_warnings(record=True)
        self._recorded: list[warnings.WarningMessage] = []
        gc.collect()
        self._was = self._snapshot()

    @classmethod
    def before(cls, *, directory: Path | None = None, ignored_pids: frozenset[int] = frozenset()) -> Self:
        """Takes stock. Files are looked for below ``directory``; raises AccountingError where psutil is missing."""
        leftovers = cls(directory, ignored_pids)
        leftovers._listen()
        return leftovers

    def after(self, *, patience_s: float = 1.0) -> list[str]:
        """What is still there, in words. Waits up to ``patience_s`` for things that are about to end."""
        gc.collect()
        dropped = self._stop_listening()
        deadline = clocks.monotonic() + patience_s
        while (found := list(self._lasting())) and clocks.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN_S)
        return [*dropped, *_coroutines_left(self._was.coroutines), *found]

    def _listen(self) -> None:
        recorded = self._recording.__enter__()
        assert recorded is not None
        self._recorded = recorded
        warnings.filterwarnings("always", message=NEVER_AWAITED, category=RuntimeWarning)

    def _stop_listening(self) -> list[str]:
        """Ends the recording; other warnings than the wanted ones are given again, as if nobody had listened."""
        self._recording.__exit__(None, None, None)
        dropped: Counter[str] = Counter()
        # Emptied, because each record holds on to its coroutine, which would then be found alive.
        while self._recorded:
            each = self._recorded.pop(0)
            sentence = dropped_sentence(each.message, each.filename, each.lineno)
            if sentence is not None:
                dropped[sentence] += 1
            else:
                warnings.warn_explicit(each.message, each.category, each.filename, each.lineno, source=each.source)
        return counted(dropped)

    def _snapshot(self) -> _Snapshot:
        return _Snapshot(
            threads=frozenset(thread.ident for thread in threading.enumerate()),
            processes=frozenset(self._processes()),
            sockets=frozenset(_open_sockets()),
            files=frozenset(self._files()),
            coroutines=weakref.WeakSet(_unfinished()),
        )

    def _lasting(self) -> Iterator[str]:
        for thread in threading.enumerate():
            if thread.ident not in self._was.threads:
                yield f"thread {thread.name!r}{' (daemon)' if thread.daemon else ''} is still running"
        for pid, command in self._processes().items():
            if pid not in self._was.processes:
                yield f"process {pid} ({command or 'ended, but never waited for'}) is still there"
        for file, inode in _open_sockets():
            if (file, inode) not in self._was.sockets:
                yield f"socket {file}{_peer(file)} is still open"
        for path in sorted(self._files() - self._was.files):
            yield f"file {path} was not removed"

    def _processes(self) -> dict[int, str]:
        """The command of every process below this one, those behind a fork server included."""
        found = {}
        for pid in descendants(self._table.parents(), {os.getpid(): None}):
            command = _command(self._table, pid)
            if command is not None and pid not in self._ignored_pids and not is_helper(command):
                found[pid] = command
        return found

    def _files(self) -> set[Path]:
        return set(self._directory.rglob("*")) if self._directory is not None else set()


def _command(table: ProcessTable, pid: int) -> str | None:
    try:
        return table.command(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _unfinished() -> list[Any]:
    """Coroutines that nobody has begun to await, and tasks that are not done, in whatever loop."""
    return [each for each in gc.get_objects() if _is_pending_task(each) or is_unstarted(each)]


def _is_pending_task(thing: object) -> bool:
    # By type(), for the reason that is_unstarted gives.
    return issubclass(type(thing), asyncio.Task) and not thing.done()  # type: ignore[attr-defined]  # it is a Task


def _coroutines_left(known: weakref.WeakSet[Any]) -> list[str]:
    left = (each for each in _unfinished() if each not in known and not _belongs_to_task(each))
    return counted(Counter(map(_describe, left)))


def _belongs_to_task(thing: Any) -> bool:
    """A coroutine whose task has not had its first step yet is that task's, and told of there."""
    if type(thing) is not CoroutineType:
        return False
    return any(issubclass(type(owner), asyncio.Task) for owner in gc.get_referrers(thing))


def _describe(thing: Any) -> str:
    if type(thing) is not CoroutineType:
        return f"task {thing.get_name()!r} ({place_of(thing.get_coro())}) is still pending"
    return kept_sentence(thing)


def _open_sockets() -> Iterator[tuple[int, int]]:
    """Each open socket of this process: its file number, and what tells it from a later one of that number."""
    if os.name == "nt":
        yield from _sockets_of_this_python()
        return
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - file numbers, not paths
        try:
            status = os.fstat(int(name))
        except OSError:
            continue  # the folder's own, closed since
        if stat.S_ISSOCK(status.st_mode):
            yield int(name), status.st_ino


def _sockets_of_this_python() -> Iterator[tuple[int, int]]:
    import socket

    for each in gc.get_objects():
        if issubclass(type(each), socket.socket) and each.fileno() >= 0:
            yield each.fileno(), id(each)


def _peer(file: int) -> str:
    import socket

    if os.name == "nt":
        return ""
    with socket.socket(fileno=os.dup(file)) as copy:
        return _told(" to", copy.getpeername) or _told(" at", copy.getsockname)


def _told(how: str, ask: Callable[[], Any]) -> str:
    try:
        address = ask()
    except OSError:
        return ""
    return f"{how} {address}" if address else ""
