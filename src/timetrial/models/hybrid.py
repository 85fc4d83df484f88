"""processes+coroutines: one event loop in each worker process, with slots that take items from batches as they come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from contextvars import copy_context
from functools import partial
from typing import Any, cast

from timetrial.models import eventloops
from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import (
    AsyncCall,
    explain,
    opened_async_task,
    require_async_task,
    require_concurrency,
    was_cancelled,
)
from timetrial.models.pool import protocol, start_methods
from timetrial.models.pool.pool import Job, WorkerPool
from timetrial.models.pool.setup import Parts
from timetrial.models.pool.worker import Link, load, send_results, unpack_batch
from timetrial.models.shares import share_out, workers_for
from timetrial.workload import Workload


class HybridModel:
    """One process for each usable core, or as many as are asked for; the items in flight are shared out over them."""

    name = "processes+coroutines"

    def __init__(self, settings: ModelSettings) -> None:
        self._start_method = settings.start_method
        self._event_loop = settings.event_loop
        self._workers = settings.workers

    def unavailable(self) -> str | None:
        """The start method or the event loop that was asked for may be missing."""
        return start_methods.unavailable(self._start_method) or eventloops.unavailable(self._event_loop)

    def suits(self, workload: Workload) -> bool:
        """Whether there is an async_task to await."""
        return workload.async_task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open: ``concurrency`` slots over all processes, a resource for each process."""
        own: Callable[[int], AbstractContextManager[Executor]] | None = workload.implementations.get(self.name)
        if own is not None:
            return own(concurrency)
        eventloops.factory(self._event_loop)
        start_method = start_methods.choose(self._start_method)
        slots = share_out(require_concurrency(concurrency), workers_for(self._workers, concurrency))
        return HybridExecutor(workload, slots, start_method, self._event_loop)


def create(settings: ModelSettings) -> HybridModel:
    """The model with that start method and event loop."""
    return HybridModel(settings)


class HybridExecutor(WorkerPool):
    """An Executor on worker processes with an event loop each, and the context manager that starts and ends them."""

    def __init__(self, workload: Workload, slots: tuple[int, ...], start_method: str, event_loop: str) -> None:
        job = Job(
            parts=Parts(
                workload.name, "async_task", require_async_task(workload, HybridModel.name), workload.async_resource
            ),
            model=HybridModel.name,
            serve=f"{__name__}:serve",
            slots=slots,
            batches_ahead=1,
            one_at_a_time=workload.one_at_a_time,
            options={"event_loop": event_loop},
        )
        super().__init__(job, start_method)


def serve(link: Link, setup: dict[str, Any]) -> None:
    """A worker's life: one event loop in which the resource is opened, batches are worked through, all is closed."""
    with asyncio.Runner(loop_factory=eventloops.factory(setup["event_loop"])) as runner:
        runner.run(_serve(link, setup))


async def _serve(link: Link, setup: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    orders: asyncio.Queue[bytes] = asyncio.Queue()

    def hear(message: bytes) -> None:
        if protocol.kind_of(message) != protocol.BATCH:
            orders.put_nowait(message)
        elif not link.cancelled:
            slots.take(message)

    link.listen(partial(_deliver, loop, hear))
    async_task, resource, facts = load(setup)
    async with opened_async_task(async_task, resource, setup["slots"]) as call:
        slots = _Slots(link, async_task, call, setup["slots"])
        link.send(protocol.READY, {**facts, "event_loop": eventloops.name_of(loop)})
        while protocol.kind_of(await orders.get()) == protocol.CANCEL:
            await slots.stop()
            link.cancelled = False
            link.send(protocol.STOPPED)


def _deliver(loop: asyncio.AbstractEventLoop, hear: Callable[[bytes], None], message: bytes) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody is left to read a message after CLOSE
        loop.call_soon_threadsafe(hear, message)


class _Slots:
    """The slots of one process: tasks that live as long as there are items for them."""

    def __init__(self, link: Link, async_task: Callable[..., Any], call: AsyncCall, slots: int) -> None:
        self._link = link
        self._async_task = async_task
        self._call = call
        self._slots = slots
        self._todo: deque[tuple[int, Any]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._indices: list[int] = []
        self._results: list[Any] = []
        self._low_water = 0
        self._asked = False
        self._failed = False
        self._context = copy_context()  # what the resource has set, the tasks see; a message comes from another thread

    def take(self, message: bytes) -> None:
        """Puts a batch before the slots; those that had nothing to do begin."""
        if self._failed:
            return
        try:
            start, items = unpack_batch(message)
        except Exception as error:  # noqa: BLE001 - the parent raises it
            self._fail(None, error)
            return
        self._todo.extend(enumerate(items, start))
        self._low_water = max(self._slots, len(items)) // 2
        self._asked = False
        for _ in range(min(self._slots - len(self._running), len(self._todo))):
            self._running.add(self._context.run(asyncio.create_task, self._work()))

    async def stop(self) -> None:
        """Cancels what runs, begins nothing more, and is ready for the next round."""
        self._todo.clear()
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        self._running.clear()
        self._indices, self._results = [], []
        self._asked = True
        self._failed = False

    async def _work(self) -> None:
        todo, call = self._todo, self._call
        while todo:
            index, item = todo.popleft()
            if not self._asked and len(todo) <= self._low_water:
                self._report()
            awaitable = None
            try:
                awaitable = call(item)
                result = await awaitable
            except BaseException as error:  # noqa: BLE001 - the parent raises it, whatever it is
                self._settle(index, error, awaitable)
                return
            self._indices.append(index)
            self._results.append(result)
        self._running.discard(cast("asyncio.Task[None]", asyncio.current_task()))
        if not self._running:  # a batch that has come meanwhile is taken before, and its report tells of these too
            asyncio.get_running_loop().call_soon(self._report_if_idle)

    def _report_if_idle(self) -> None:
        if not self._running and not self._failed and (self._indices or not self._asked):
            self._report()

    def _report(self) -> None:
        """Sends the results so far; the first report after each batch, and no other, asks for the next one."""
        asks, self._asked = not self._asked, True
        indices, results = self._indices, self._results
        self._indices, self._results = [], []
        sent = send_results(self._link, indices, results, self._async_task, asks=asks)
        self._failed = not sent or self._failed

    def _settle(self, index: int, error: BaseException, awaitable: object) -> None:
        """Ends a slot whose item raised."""
        self._running.discard(cast("asyncio.Task[None]", asyncio.current_task()))
        if not was_cancelled(error):
            self._fail(index, explain(error, self._async_task, awaitable))

    def _fail(self, index: int | None, error: BaseException) -> None:
        self._todo.clear()
        if not self._failed:
            self._failed = True
            self._link.send(protocol.FAILED, index, protocol.pack_failure(error))
