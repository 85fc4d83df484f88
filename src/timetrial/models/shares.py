"""How the items in flight are shared out over workers that have an event loop each."""

from __future__ import annotations

from timetrial.errors import WorkloadError
from timetrial.system.affinity import count_usable_cpus


def workers_for(asked: int | None, concurrency: int) -> int:
    """As many as are asked for, or one for each usable core; none of them without a slot.

    Raises WorkloadError for a number below one.
    """
    if asked is not None and asked < 1:
        raise WorkloadError(f"workers is a whole number of processes or threads, 1 or more, not {asked!r}")
    return min(asked or count_usable_cpus(), concurrency)


def share_out(concurrency: int, workers: int) -> tuple[int, ...]:
    """The slots of each worker; they add up to the concurrency and differ by one at most."""
    each, more = divmod(concurrency, workers)
    return tuple(each + (number < more) for number in range(workers))
