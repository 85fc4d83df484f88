"""Whether worker processes hold more after every round: what they leak ends with them, and is seen before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from timetrial.measure.processes.readings import ProcessTable
from timetrial.measure.processes.table import descendants, is_helper, open_table

LOOKS_TO_TELL: Final = 5
"""After so many stretches of rounds, each of which gained something, a pool that fills up has had its time."""


class WorkerGrowth:
    """Counts the threads, sockets and children of some processes whenever it is told to ``look``, from outside.

    A pool that fills up as it is used gains threads or sockets now and then; a task that leaks them gains them in every
    round. So one look comes before the rounds and one after each stretch of them, with how many rounds it had.
    """

    def __init__(self, pids: Iterable[int], table: ProcessTable | None = None) -> None:
        self._table = table or open_table()
        self._looks: dict[int, list[Counter[str]]] = {pid: [] for pid in pids}
        self._rounds: list[int] = []

    def look(self, rounds: int = 0) -> None:
        """Counts, after so many rounds more; a process that is gone is not looked at any more."""
        self._rounds.append(rounds)
        children = self._children() if self._looks else Counter()
        for pid in list(self._looks):
            try:
                threads, sockets = self._table.glance(pid).threads, self._table.sockets(pid)
            except ProcessLookupError:
                del self._looks[pid]
            else:
                held = {"thread(s)": threads, "socket(s)": sockets, "child process(es)": children[pid]}
                self._looks[pid].append(Counter(held))

    @property
    def wants_another_look(self) -> bool:
        """Whether something grew all the time so far, but not for long enough to tell a leak from a pool."""
        return len(self._rounds) <= LOOKS_TO_TELL and any(self._suspects())

    def gained(self) -> list[str]:
        """A sentence for each process and kind that grew all the time."""
        rounds = sum(self._rounds)
        return [
            f"worker process {pid} gained {more} {what} in {rounds} rounds, some all the time"
            for pid, what, more in self._suspects()
            if len(self._rounds) > LOOKS_TO_TELL
        ]

    def _suspects(self) -> Iterator[tuple[int, str, int]]:
        """What grew in each stretch, by one every other round or by more."""
        for pid, looks in self._looks.items():
            for what in looks[-1]:
                gains = [after[what] - before[what] for before, after in pairwise(looks)]
                stretches = zip(gains, self._rounds[1:], strict=True)
                # Half, because not every worker has items in every round.
                if all(gain > 0 and 2 * gain >= rounds for gain, rounds in stretches):
                    yield pid, what, sum(gains)

    def _children(self) -> Counter[int]:
        found: Counter[int] = Counter()
        for child, worker in descendants(self._table.parents(), self._looks).items():
            try:
                found[worker] += not is_helper(self._table.command(child))
            except (ProcessLookupError, PermissionError):
                continue
        return found
