"""A sync function as an asyncio program has to run it: in threads beside the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

VARIANT = "to_thread"


@dataclass(frozen=True)
class InThread:
    """An async task that runs a sync one in its resource's pool."""

    task: Callable[..., Any]

    async def __call__(self, item: Any, pool: Pool) -> Any:
        """The task's result."""
        return await asyncio.get_running_loop().run_in_executor(pool.threads, pool.call, self.task, item)


class Pool:
    """Threads for a loop, each with a resource of its own where the task has one.

    asyncio.to_thread's own pool has five threads more than there are cores, whatever one asks for.
    """

    def __init__(self, concurrency: int, resource: Callable[[int], AbstractContextManager[Any]] | None) -> None:
        self.threads = ThreadPoolExecutor(concurrency, thread_name_prefix="timetrial-to_thread")
        self._resource = resource
        self._own = threading.local()
        self._opened = ExitStack()
        self._opening = threading.Lock()

    def call(self, task: Callable[..., Any], item: Any) -> Any:
        """Runs the task in a thread of the pool."""
        return task(item) if self._resource is None else task(item, self._value(self._resource))

    def _value(self, resource: Callable[[int], AbstractContextManager[Any]]) -> Any:
        if not hasattr(self._own, "value"):
            with self._opening:
                self._own.value = self._opened.enter_context(resource(1))
        return self._own.value

    def close(self) -> None:
        """Ends the threads and closes their resources."""
        self.threads.shutdown()
        self._opened.close()


@dataclass(frozen=True)
class OpenPool:
    """The async_resource that goes with InThread."""

    resource: Callable[[int], AbstractContextManager[Any]] | None = None

    @asynccontextmanager
    async def __call__(self, concurrency: int) -> AsyncGenerator[Pool]:
        """Opens the pool; a loop has one."""
        pool = Pool(concurrency, self.resource)
        try:
            yield pool
        finally:
            pool.close()
