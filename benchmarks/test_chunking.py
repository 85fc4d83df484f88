"""Tiny tasks in batches: how long a task must be to be worth a process, and what batches and payload do to that."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from fixtures import parsing
from fixtures.processpool import kept_pool
from timetrial import Workload

if TYPE_CHECKING:
    from timetrial import Trial

KB: Final = 1024
CONCURRENCY: Final = 2
BATCHES: Final = (1, 10, 100, 1000)
SERIAL_ROUND_US: Final = 40_000  # about how long all tasks of a sweep's round take one after the other


class Task(NamedTuple):
    """So many iterations of pure Python, and bytes that have to travel to whoever does them."""

    number: int
    iterations: int
    payload: bytes = b""


def work(task: Task) -> tuple[int, int]:
    """What the iterations come to, beginning with the task's own number and the last byte of its payload."""
    seed = task.number + (task.payload[-1] if task.payload else 0)
    return seed + parsing.burn(task.iterations), len(task.payload)


CHUNKING = Workload(
    "chunking",
    task=work,
    variants={
        f"batch-{size}": Workload(
            f"executor.map(chunksize={size})", implementations={"processes": kept_pool(work, items_per_batch=size)}
        )
        for size in BATCHES
    },
)
MODELS: Final = ["serial", "threads", "processes", *(f"processes[{name}]" for name in CHUNKING.variants)]


@lru_cache(maxsize=1)
def tasks_of(count: int, iterations: int, payload_kb: int) -> list[Task]:
    """So many tasks, no two with the same result."""
    return [Task(number, iterations, bytes([number % 256]) * (payload_kb * KB)) for number in range(count)]


def tasks_for(length_us: float, most: int) -> int:
    """As many as take one worker a twentieth of a second or so; the figure to compare is the time of a task."""
    return max(8, min(most, round(SERIAL_ROUND_US / max(length_us, 1))))


@pytest.mark.workload(CHUNKING, models=MODELS)
@pytest.mark.trial_points(
    "tasks, length_us, payload_kb",
    quick=[(500, 10, 0)],
    default=[(2000, 10, 0), (200, 200, 64)],
    article=[(10_000, 10, 0), (1_000, 100, 0), (100, 1_000, 0), (10_000, 10, 1), (100, 1_000, 1024)],
    gate=[(500, 10, 0)],
)
def test_chunking(trial: Trial, iterations_per_ms: float, tasks: int, length_us: int, payload_kb: int) -> None:
    """One by one, a short task costs many times itself; in batches it doesn't, until there is one batch for all."""
    trial(tasks_of(tasks, round(length_us * iterations_per_ms / 1000), payload_kb), concurrency=CONCURRENCY)


@pytest.mark.workload(CHUNKING, models=["serial", "processes", "processes[batch-1]", "processes[batch-100]"])
@pytest.mark.trial_sweep(
    "length_us",
    quick=[10, 1000],
    default=[1, 10, 100, 1000, 10_000],
    article=[1, 3, 10, 30, 100, 300, 1000, 3000, 10_000],
)
def test_chunking_over_length(trial: Trial, iterations_per_ms: float, length_us: int) -> None:
    """The break-even: from which length on a task is worth a process, by itself and in batches of a hundred."""
    iterations = round(length_us * iterations_per_ms / 1000)
    trial(tasks_of(tasks_for(length_us, 4000), iterations, 0), concurrency=CONCURRENCY)


@pytest.mark.workload(CHUNKING, models=["serial", "processes", "processes[batch-1]", "processes[batch-10]"])
@pytest.mark.trial_sweep("payload_kb", quick=[0, 64], default=[0, 1, 16, 256, 1024])
def test_chunking_over_payload(trial: Trial, iterations_per_ms: float, payload_kb: int) -> None:
    """With a millisecond of work each: how many bytes may travel with it until the way costs more than the work."""
    trial(tasks_of(40, round(iterations_per_ms), payload_kb), concurrency=CONCURRENCY)
