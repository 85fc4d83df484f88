"""What workers cost before they pay: from nothing to the first results, their memory while idle, an empty item."""

from __future__ import annotations

import multiprocessing
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from fixtures.executors import AsyncRounds, Rounds
from fixtures.processpool import kept_pool
from fixtures.program import open_small_program
from fixtures.small_program import answer
from fixtures.threadpool import kept_threads
from timetrial import Workload
from timetrial.models.base import AsyncExecutor, Executor

if TYPE_CHECKING:
    from timetrial import Trial

START_METHODS: Final = ("fork", "forkserver", "spawn")
MB: Final = 2**20


def started(way: str, **details: object) -> Callable[[int], AbstractContextManager[Executor]]:
    """A round opens the workers, waits for an answer from each, and closes them; nothing is kept in between."""

    @contextmanager
    def opened(concurrency: int) -> Generator[Executor]:
        with open_small_program(way) as program:
            yield Rounds(lambda items: program.run(concurrency, items), {"workers": concurrency, **details})

    return opened


def started_loop(way: str) -> Callable[[int], AbstractAsyncContextManager[AsyncExecutor]]:
    """The same for the model whose rounds are awaited; the loop that is measured is the program's."""

    @asynccontextmanager
    async def opened(concurrency: int) -> AsyncGenerator[AsyncExecutor]:
        with open_small_program(way) as program:

            async def run(items: Sequence[Any]) -> list[int]:
                return program.run(concurrency, items)

            yield AsyncRounds(run, {"workers": concurrency})

    return opened


STARTUP = Workload(
    "startup",
    implementations={
        "serial": started("no workers"),
        "threads": started("threads"),
        "coroutines": started_loop("event loop"),
    },
    variants={
        **{
            method: Workload(method, implementations={"processes": started(method, start_method=method)})
            for method in START_METHODS
        },
        "article": Workload("as in the article", implementations={"processes": started("a process each")}),
    },
)
IDLE: Final = {"threads": "threads", "coroutines": "event loop"} | {f"processes[{one}]": one for one in START_METHODS}


def unfit(model: str, scale: str, workers: int) -> str | None:
    """Why a model has no place beside the others."""
    del scale, workers
    method = model.removeprefix("processes[").removesuffix("]")
    if method in START_METHODS and method not in multiprocessing.get_all_start_methods():
        return f"this platform starts no processes by {method}"
    return None


@pytest.mark.workload(STARTUP, unless=unfit)
@pytest.mark.trial_points("workers", quick=[2], default=[4], article=[1, 2, 4, 8, 16], gate=[2])
@pytest.mark.trial_sweep("workers", quick=[1, 2], default=[1, 2, 4, 8], article=[1, 2, 4, 8, 16, 32])
def test_startup(trial: Trial, note: Callable[..., None], workers: int) -> None:
    """Threads are there in less than a millisecond; processes take tens, and spawned ones import everything anew."""
    trial(range(workers), concurrency=workers)
    if trial.model in IDLE:
        with open_small_program(IDLE[trial.model]) as program:
            note(idle_memory_mb=program.idle_bytes(workers) / MB)


async def answer_async(number: int) -> int:
    """The empty item, awaited."""
    return answer(number)


EMPTY_ITEMS = Workload(
    "empty_items",
    task=answer,
    async_task=answer_async,
    variants={
        "usual": Workload(
            "executor.map without a chunksize",
            implementations={"threads": kept_threads(answer), "processes": kept_pool(answer)},
        ),
        **{
            f"batch-{size}": Workload(
                f"executor.map(chunksize={size})",
                implementations={"processes": kept_pool(answer, items_per_batch=size)},
            )
            for size in (10, 100, 1000)
        },
    },
)


@pytest.mark.workload(EMPTY_ITEMS)
@pytest.mark.trial_points(
    "items, concurrency", quick=[(500, 2)], default=[(2_000, 2)], article=[(20_000, 2), (20_000, 8)], gate=[(500, 2)]
)
@pytest.mark.trial_sweep("items", quick=[1, 100], default=[1, 10, 100, 1_000, 10_000])
def test_empty_items(trial: Trial, items: int, concurrency: int) -> None:
    """Nothing to do: what is left is handing it over, one by one or in batches."""
    trial(range(items), concurrency=concurrency)
