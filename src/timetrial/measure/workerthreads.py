"""Whether worker processes have more threads after every round: what they leak ends with them, and is seen before.

And when this process's own threads that have ended are gone for good.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from typing import Final

from timetrial.measure.processtable import ProcessTable, open_table


class WorkerThreads:
    """Counts the threads of some processes whenever it is told to ``look``, from outside.

    A thread pool that fills up as it is first used gains threads once; a task that leaks them gains them in every
    round. So it takes two rounds to tell: one look before them, one between, one after.
    """

    def __init__(self, pids: Iterable[int], table: ProcessTable | None = None) -> None:
        self._table = table or open_table()
        self._counts: dict[int, list[int]] = {pid: [] for pid in pids}

    def look(self) -> None:
        """Counts; a process that is gone is not looked at any more."""
        for pid in list(self._counts):
            try:
                self._counts[pid].append(self._table.glance(pid).threads)
            except ProcessLookupError:
                del self._counts[pid]

    def leaked(self) -> list[str]:
        """One sentence for each process that gained threads in its last round, and about as many as in its first."""
        found = []
        for pid, (before, between, after) in self._counts.items():
            first, second = between - before, after - between
            if second > 0 and 2 * second >= first:
                found.append(f"worker process {pid} gained {second} thread(s) in these rounds, as in the one before")
        return found


_STEADY_LOOKS: Final = 10
_STEADY_LOOKS_OF_A_CROWD: Final = 150
_CROWD: Final = 64
_PACE_S: Final = 0.01


def let_threads_end(table: ProcessTable | None = None, *, patience_s: float = 10.0) -> None:
    """Waits for threads that were joined a moment before the system has taken them down: thousands can take seconds.

    Costs nothing where the system has no more threads than Python knows of, and little where it does: a library may
    have threads of its own, so that it is enough if their number stays the same for a moment. A crowd hardly is a
    library's, and on a machine that is busy its end may stand still for a while.
    """
    table = table or open_table()
    deadline_s = time.monotonic() + patience_s
    fewest, looks = _own_threads(table), 0
    while (more := fewest - threading.active_count()) > 0 and time.monotonic() < deadline_s:
        if looks >= (_STEADY_LOOKS_OF_A_CROWD if more > _CROWD else _STEADY_LOOKS):
            break
        time.sleep(_PACE_S)
        count, before = _own_threads(table), fewest
        fewest, looks = min(count, before), 0 if count < before else looks + 1


def _own_threads(table: ProcessTable) -> int:
    return table.glance(os.getpid()).threads
