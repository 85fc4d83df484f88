"""coroutines[to_thread]: a sync task as an asyncio program has to run it, in threads beside the loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from timetrial.models.base import AsyncExecutor, ModelSettings
from timetrial.models.calling import require_concurrency, require_task
from timetrial.models.coroutines import CoroutinesModel, open_workers
from timetrial.models.futures import everywhere, raise_first
from timetrial.models.futures_worker import close_in_thread, open_in_thread, run_one
from timetrial.models.threads import no_threads
from timetrial.workload import Workload


class ToThreadModel(CoroutinesModel):
    """As many worker coroutines as items in flight, each of which awaits a thread of a pool of the same size."""

    def unavailable(self) -> str | None:
        """The event loop that was asked for may be missing, or the platform may have no threads."""
        return no_threads() or super().unavailable()

    def suits(self, workload: Workload) -> bool:
        """Whether there is a sync task to hand to a thread."""
        return workload.task is not None or self.name in workload.implementations

    def open_in_loop(self, workload: Workload, concurrency: int) -> AbstractAsyncContextManager[AsyncExecutor]:
        """As InLoopModel.open_in_loop; each thread has a resource of its own."""
        if self.name in workload.implementations:
            return super().open_in_loop(workload, concurrency)
        return open_workers(self._in_threads(workload), require_concurrency(concurrency), self.name)

    def _in_threads(self, workload: Workload) -> Workload:
        pool = OpenPool(require_task(workload, self.name), workload.resource)
        return Workload(workload.name, async_task=in_thread, async_resource=pool)


def create(settings: ModelSettings) -> ToThreadModel:
    """The model on that event loop."""
    return ToThreadModel(settings)


async def in_thread(item: Any, pool: ThreadPoolExecutor) -> Any:
    """The task's result, from a thread of the pool; after a cancellation no thread has the item in hand any more."""
    handed = pool.submit(run_one, item)
    try:
        return await asyncio.wrap_future(handed)
    except asyncio.CancelledError:
        if not handed.cancel():
            await asyncio.gather(asyncio.wrap_future(handed), return_exceptions=True)
        raise


@dataclass(frozen=True)
class OpenPool:
    """Opens a pool of as many threads as items are in flight, each of which opens its resource and closes it itself.

    asyncio.to_thread's own pool has four threads more than there are cores, whatever one asks for.
    """

    task: Callable[..., Any]
    resource: Callable[[int], AbstractContextManager[Any]] | None

    @asynccontextmanager
    async def __call__(self, concurrency: int) -> AsyncGenerator[ThreadPoolExecutor]:
        """The pool; a loop has one."""
        with ThreadPoolExecutor(concurrency, thread_name_prefix="timetrial-to_thread") as pool:
            try:
                raise_first(everywhere(pool, concurrency, (open_in_thread, self.task, self.resource)))
                yield pool
            finally:
                raise_first(everywhere(pool, concurrency, (close_in_thread,)))
