"""Whether worker processes hold more after every round: what they leak ends with them, and is seen before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from timetrial.measure.processtable import ProcessTable, descendants, is_helper, open_table


class WorkerGrowth:
    """Counts the threads, sockets and children of some processes whenever it is told to ``look``, from outside.

    A pool that fills up as it is first used gains threads or sockets once; a task that leaks them gains them in every
    round. So it takes two rounds to tell: one look before them, one between, one after.
    """

    def __init__(self, pids: Iterable[int], table: ProcessTable | None = None) -> None:
        self._table = table or open_table()
        self._looks: dict[int, list[Counter[str]]] = {pid: [] for pid in pids}

    def look(self) -> None:
        """Counts; a process that is gone is not looked at any more."""
        children = self._children() if self._looks else Counter()
        for pid in list(self._looks):
            try:
                threads, sockets = self._table.glance(pid).threads, self._table.sockets(pid)
            except ProcessLookupError:
                del self._looks[pid]
            else:
                held = {"thread(s)": threads, "socket(s)": sockets, "child process(es)": children[pid]}
                self._looks[pid].append(Counter(held))

    def gained(self) -> list[str]:
        """A sentence for each process and kind that it gained in its last rounds, about as many as in its first."""
        return [
            f"worker process {pid} gained {more} {what} in these rounds, as in the one before"
            for pid, looks in self._looks.items()
            for what, more in _gained(*looks)
        ]

    def _children(self) -> Counter[int]:
        found: Counter[int] = Counter()
        for child, worker in descendants(self._table.parents(), self._looks).items():
            try:
                found[worker] += not is_helper(self._table.command(child))
            except (ProcessLookupError, PermissionError):
                continue
        return found


def _gained(before: Counter[str], between: Counter[str], after: Counter[str]) -> Iterator[tuple[str, int]]:
    for what in after:
        first, second = between[what] - before[what], after[what] - between[what]
        if second > 0 and 2 * second >= first:
            yield what, second
