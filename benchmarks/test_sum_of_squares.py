"""The article's first example: add up i² in a pure-Python loop, for four numbers at once."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import pytest

from fixtures.cores import worker_counts
from fixtures.executors import stateless
from fixtures.fairness import too_many_at_once
from timetrial import Workload
from timetrial.errors import blame

if TYPE_CHECKING:
    from timetrial import Trial

NUMBERS = 4
_YIELD_EVERY = 100_000


def sum_of_squares(n: int) -> int:
    """The sum of i² for i below n."""
    total = 0
    for i in range(n):
        total += i * i
    return total


async def sum_of_squares_yielding(n: int) -> int:
    """The same, letting the event loop's other coroutines have a turn now and then."""
    total = 0
    for start in range(0, n, _YIELD_EVERY):
        for i in range(start, min(start + _YIELD_EVERY, n)):
            total += i * i
        await asyncio.sleep(0)
    return total


def article_processes(numbers: Sequence[int]) -> list[int]:
    """As in the article: one new process for each number, whatever the cores; start-up is inside the timing.

    There the children print their results, and nobody notices one that fails. Here they print into a pipe, so that
    the work can be proved all the same, and one that fails is told.
    """
    reader, writer = multiprocessing.Pipe(duplex=False)
    processes = [multiprocessing.Process(target=_print_sum, args=(n, writer)) for n in numbers]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    writer.close()
    failed = [index for index, process in enumerate(processes) if process.exitcode]
    printed = dict(reader.recv() for _ in range(len(numbers) - len(failed)))
    reader.close()
    for index in failed:
        error = RuntimeError(f"a process ended with exit code {processes[index].exitcode}; see its error output")
        blame(error, index=index, item=numbers[index], model="processes")
        raise error
    return [printed[n] for n in numbers]


def _print_sum(n: int, printer: Connection) -> None:
    printer.send((n, sum_of_squares(n)))


SUM_OF_SQUARES = Workload(
    "sum_of_squares",
    task=sum_of_squares,
    async_task=sum_of_squares_yielding,
    variants={
        "article": Workload(
            "as in the article",
            implementations={
                "processes": stateless(article_processes, start_method=multiprocessing.get_start_method())
            },
        )
    },
)


def unfit(model: str, scale: str, n: int, concurrency: int) -> str | None:
    """Why a model has no place beside the others."""
    del scale, n
    return too_many_at_once(NUMBERS, concurrency) if model.endswith("[article]") and concurrency < NUMBERS else None


@pytest.mark.workload(SUM_OF_SQUARES, unless=unfit)
@pytest.mark.trial_points("n", quick=[200_000], default=[1_000_000], article=[10_000_000], gate=[40_000])
@pytest.mark.trial_sweep(
    "n",
    quick=[100, 10_000, 300_000],
    default=[100, 1_000, 3_000, 10_000, 30_000, 100_000, 1_000_000],
    article=[10**power for power in range(2, 8)],
)
@pytest.mark.parametrize("concurrency", [2, 4])
def test_sum_of_squares(trial: Trial, n: int, concurrency: int) -> None:
    """Processes win on a build with a GIL; threads and coroutines can only take turns."""
    trial([n] * NUMBERS, concurrency=concurrency)


@pytest.mark.workload(SUM_OF_SQUARES, models=["serial", "threads", "processes", "processes+coroutines"])
@pytest.mark.trial_sweep("concurrency", quick=[1, 2], default=worker_counts(), article=worker_counts())
def test_sum_of_squares_over_workers(trial: Trial, concurrency: int) -> None:
    """More processes help until each core has one; more threads never do, on a build with a GIL."""
    trial([300_000] * 4 * max(worker_counts()), concurrency=concurrency)
