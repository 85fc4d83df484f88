"""threads+coroutines: one event loop in each of several threads, whose slots take items from one queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

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
from timetrial.models.coroutines import Keeper
from timetrial.models.shares import share_out, workers_for
from timetrial.models.threads import Round, ThreadTeam, no_threads
from timetrial.workload import Workload


class ThreadLoopsModel:
    """One thread for each usable core, or as many as are asked for; the items in flight are shared out over them.

    With a GIL the loops take turns, and it is worth nothing; without one they run at the same time.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name
        self._event_loop = settings.event_loop
        self._workers = settings.workers

    def unavailable(self) -> str | None:
        """The platform may have no threads, or the event loop that was asked for may be missing."""
        return no_threads() or eventloops.unavailable(self._event_loop)

    def suits(self, workload: Workload) -> bool:
        """Whether there is an async_task to await."""
        return workload.async_task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open: ``concurrency`` slots over all threads, a resource for each loop."""
        own: Callable[[int], AbstractContextManager[Executor]] | None = workload.implementations.get(self.name)
        if own is not None:
            return own(concurrency)
        slots = share_out(require_concurrency(concurrency), workers_for(self._workers, concurrency))
        return ThreadLoopsExecutor(workload, slots, eventloops.factory(self._event_loop), self.name)


def create(settings: ModelSettings) -> ThreadLoopsModel:
    """The model on that event loop, with so many threads."""
    return ThreadLoopsModel(settings)


class ThreadLoopsExecutor(ThreadTeam):
    """An Executor on threads with an event loop each."""

    def __init__(
        self, workload: Workload, slots: Sequence[int], loop_factory: eventloops.LoopFactory, model: str
    ) -> None:
        async_task, resource = require_async_task(workload, model), workload.async_resource

        @contextmanager
        def worker(number: int) -> Generator[Callable[[Round], None]]:
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                self._loop = eventloops.name_of(runner.get_loop())
                keeper = Keeper(opened_async_task(async_task, resource, slots[number]))
                call = runner.run(keeper.open())
                try:
                    yield lambda current: runner.run(current.work_in_loop(call, slots[number]))  # type: ignore[attr-defined]  # _new_round makes it
                finally:
                    runner.run(keeper.close())

        super().__init__(workload, len(slots), worker, model=model, task=async_task)

    @property
    def details(self) -> dict[str, object]:
        """As in Executor: also ``event_loop``."""
        return {**super().details, "event_loop": self._loop}

    def _new_round(self, items: Sequence[Any], threads: int) -> LoopsRound:
        return LoopsRound(items, threads, self._task)


class LoopsRound(Round):
    """One run: several loops take indices; the first failure cancels what is in flight in all of them."""

    def __init__(self, items: Sequence[Any], threads: int, async_task: Callable[..., Any]) -> None:
        super().__init__(items, threads)
        self._async_task = async_task
        self._tasks: dict[asyncio.AbstractEventLoop, list[asyncio.Task[None]]] = {}
        self._cancelled = False

    async def work_in_loop(self, call: AsyncCall, slots: int) -> None:
        """Works until no index is left."""
        tasks = [asyncio.create_task(self._work(call)) for _ in range(min(slots, len(self.items)))]
        self._tasks[asyncio.get_running_loop()] = tasks
        if self._cancelled:
            _cancel(tasks)
        await asyncio.wait(tasks)

    def cancel(self) -> None:
        """Items that have not begun are not begun, and those in flight are cancelled."""
        super().cancel()
        self._cancelled = True
        for loop, tasks in list(self._tasks.items()):
            loop.call_soon_threadsafe(_cancel, tasks)

    async def _work(self, call: AsyncCall) -> None:
        take, items, results = self.take, self.items, self.results
        while True:
            try:
                index = take()
            except IndexError:
                return
            awaitable = None
            try:
                awaitable = call(items[index])
                results[index] = await awaitable
            except BaseException as error:
                if was_cancelled(error):
                    raise
                self.failures.append((index, explain(error, self._async_task, awaitable)))
                self.cancel()
                return


def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
