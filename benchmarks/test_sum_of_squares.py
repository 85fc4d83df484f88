"""The article's first example: add up i² in a pure-Python loop, for four numbers at once."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import pytest

from timetrial import Workload

if TYPE_CHECKING:
    from timetrial.fixture import Trial
    from timetrial.models.base import Executor

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


class ArticleProcesses:
    """As in the article: one new process for each number, whatever the cores; start-up is inside the timing.

    There the children print their results, and nobody notices one that fails. Here they print into a pipe, so that
    the work can be proved all the same.
    """

    details: Mapping[str, object] = {"start_method": multiprocessing.get_start_method()}

    def run(self, items: Sequence[int]) -> list[int]:
        """Starts, joins, and only then looks at what was printed."""
        reader, writer = multiprocessing.Pipe(duplex=False)
        processes = [multiprocessing.Process(target=_print_sum, args=(n, writer)) for n in items]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        writer.close()
        printed = [reader.recv() for _ in items]
        reader.close()
        sums = dict(printed)
        return [sums[n] for n in items]

    def worker_pids(self) -> Sequence[int]:
        """None outlives a round."""
        return []


@contextmanager
def article_processes(concurrency: int) -> Generator[Executor]:
    """Nothing is kept open between rounds, and the concurrency is not asked."""
    del concurrency
    yield ArticleProcesses()


def _print_sum(n: int, printer: Connection) -> None:
    printer.send((n, sum_of_squares(n)))


SUM_OF_SQUARES = Workload(
    "sum_of_squares",
    task=sum_of_squares,
    async_task=sum_of_squares_yielding,
    variants={"article": Workload("article", implementations={"processes": article_processes})},
)


@pytest.mark.workload(SUM_OF_SQUARES)
@pytest.mark.trial_points("n", quick=[200_000], default=[1_000_000], article=[10_000_000])
@pytest.mark.parametrize("concurrency", [2, 4])
def test_sum_of_squares(trial: Trial, n: int, concurrency: int) -> None:
    """Processes win on a build with a GIL; threads and coroutines can only take turns."""
    trial([n] * 4, concurrency=concurrency)
