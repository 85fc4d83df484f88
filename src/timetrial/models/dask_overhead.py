"""What a task that does nothing costs in CPU time at the client, at the scheduler and at the workers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

_TASKS: Final = 200


def overhead_cpu_s_per_task(client: Any, *, one_process: bool, workers: Sequence[str] | None) -> Mapping[str, float]:
    """CPU seconds a task, by who spends them; ``one_process`` tells that client and scheduler share theirs.

    ``workers`` are the addresses that tasks may go to; None for all.
    """
    _run_empty_tasks(client, workers)  # what is imported or grown once
    before = _cpu_s(client, workers)
    _run_empty_tasks(client, workers)
    client_s, scheduler_s, workers_s = (
        (after - then) / _TASKS for after, then in zip(_cpu_s(client, workers), before, strict=True)
    )
    own = {"client and scheduler": client_s} if one_process else {"client": client_s, "scheduler": scheduler_s}
    return {**own, "workers": workers_s}


def _run_empty_tasks(client: Any, workers: Sequence[str] | None) -> None:
    client.gather(client.map(_nothing, range(_TASKS), pure=False, workers=workers))


def _cpu_s(client: Any, workers: Sequence[str] | None) -> tuple[float, float, float]:
    """Of the client's process, of the scheduler's, and of all workers' together."""
    of_workers = client.run(time.process_time, workers=workers)
    return time.process_time(), client.run_on_scheduler(time.process_time), sum(of_workers.values())


def _nothing(item: int) -> int:
    return item
