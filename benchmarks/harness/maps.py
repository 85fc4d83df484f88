"""The well-known ways to do a task for each item of a list, with a client that stays open: what scripts are made of."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from benchmarks.harness.turns import Run

CONCURRENCY: Final = 8


@contextmanager
def mapped(task: Callable[[Any, Any], Any], resource: Callable[[int], AbstractContextManager[Any]]) -> Generator[Run]:
    """A thread pool's map, each thread with its own client."""
    own = threading.local()
    opened: list[AbstractContextManager[Any]] = []

    def connect() -> None:
        opened.append(resource(1))
        own.client = opened[-1].__enter__()

    with ThreadPoolExecutor(CONCURRENCY, initializer=connect) as pool:
        yield lambda items: list(pool.map(lambda item: task(item, own.client), items))
    for each in opened:
        each.__exit__(None, None, None)


@contextmanager
def looped(task: Callable[[Any, Any], Any], resource: Callable[[int], AbstractContextManager[Any]]) -> Generator[Run]:
    """One after the other."""
    with resource(1) as client:
        yield lambda items: [task(item, client) for item in items]


@contextmanager
def gathered(async_task: Callable[[Any, Any], Any], async_resource: Callable[[int], Any]) -> Generator[Run]:
    """A semaphore and gather, in a loop and with a session that stay open."""

    async def run(items: Sequence[Any]) -> list[Any]:
        at_once = asyncio.Semaphore(CONCURRENCY)

        async def one(item: Any) -> Any:
            async with at_once:
                return await async_task(item, client)

        return await asyncio.gather(*map(one, items))

    with asyncio.Runner() as runner:
        manager = async_resource(CONCURRENCY)
        client = runner.run(manager.__aenter__())
        yield lambda items: runner.run(run(items))
        runner.run(manager.__aexit__(None, None, None))
