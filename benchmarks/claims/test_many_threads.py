"""More and more threads on the same short tasks, which wait and compute a little: where throughput turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from fixtures import parsing
from fixtures.executors import Rounds
from fixtures.pools import Named
from timetrial import Workload
from timetrial.models.base import Executor

if TYPE_CHECKING:
    from timetrial import Trial

THREADS: Final = (16, 64, 512, 1024)
WAIT_S: Final = 0.001
COMPUTE_MS: Final = 0.02


class Task(NamedTuple):
    """Waits for a moment, then computes for a shorter one."""

    number: int
    iterations: int


def wait_and_compute(task: Task) -> int:
    """The task."""
    time.sleep(WAIT_S)
    return task.number + parsing.burn(task.iterations)


def compute(task: Task) -> int:
    """What it has to come to."""
    return task.number + parsing.burn(task.iterations)


def pool_of(threads: int) -> Callable[[int], AbstractContextManager[Executor]]:
    """A pool of so many threads, whatever the concurrency: that is what is compared."""

    @contextmanager
    def opened(concurrency: int) -> Generator[Executor]:
        del concurrency
        with ThreadPoolExecutor(threads) as pool:
            call = Named(wait_and_compute)

            def run(tasks: Sequence[Any]) -> list[Any]:
                return list(pool.map(call, tasks))

            yield Rounds(run, {"workers": threads})

    return opened


MANY_THREADS: Final = Workload(
    "many_threads",
    reference=lambda tasks: [compute(task) for task in tasks],
    variants={
        str(threads): Workload(f"{threads} threads", implementations={"threads": pool_of(threads)})
        for threads in THREADS
    },
)


@pytest.mark.workload(MANY_THREADS)
@pytest.mark.trial_points("tasks", quick=[1_100], default=[2_200], article=[20_000], gate=[1_100])
def test_many_threads(trial: Trial, iterations_per_ms: float, tasks: int) -> None:
    """Enough threads overlap the waiting; more of them only take turns at the GIL and at the scheduler."""
    iterations = round(COMPUTE_MS * iterations_per_ms)
    trial([Task(number, iterations) for number in range(tasks)], concurrency=max(THREADS))
