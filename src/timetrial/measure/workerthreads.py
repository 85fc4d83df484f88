"""Whether worker processes have more threads after every round: what they leak ends with them, and is seen before."""

from __future__ import annotations

from collections.abc import Iterable

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
