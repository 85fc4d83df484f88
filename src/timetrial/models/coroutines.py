"""coroutines: a fixed number of worker coroutines in one event loop, pulling from one shared iterator."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, Generic, TypeVar

from timetrial.errors import WorkloadError, blame
from timetrial.models import eventloops
from timetrial.models.base import AsyncExecutor, Executor, InLoopModel, ModelSettings
from timetrial.models.calling import (
    AsyncCall,
    explain,
    opened_async_task,
    require_async_task,
    require_concurrency,
    was_cancelled,
)
from timetrial.workload import Workload

T = TypeVar("T")


class CoroutinesModel:
    """As many worker coroutines as items in flight, in an event loop of its own or in the one that runs."""

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name
        self._event_loop = settings.event_loop

    def unavailable(self) -> str | None:
        """The event loop that was asked for may be missing."""
        return eventloops.unavailable(self._event_loop)

    def suits(self, workload: Workload) -> bool:
        """Whether there is an async_task to await."""
        return workload.async_task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open, in an event loop of its own; raises WorkloadError where one is running already."""
        return open_in_own_loop(self, workload, concurrency, self._event_loop)

    def open_in_loop(self, workload: Workload, concurrency: int) -> AbstractAsyncContextManager[AsyncExecutor]:
        """As InLoopModel.open_in_loop: in the running loop, whichever that is."""
        own: Callable[[int], AbstractAsyncContextManager[AsyncExecutor]] | None
        own = workload.implementations.get(self.name)
        return own(concurrency) if own is not None else open_workers(workload, concurrency, self.name)


def create(settings: ModelSettings) -> CoroutinesModel:
    """The model on that event loop; it has no processes."""
    return CoroutinesModel(settings)


@contextmanager
def open_in_own_loop(
    model: InLoopModel, workload: Workload, concurrency: int, event_loop: str
) -> Generator[Executor, None, None]:
    """Opens a model's in-loop face in a loop of its own; raises WorkloadError where one is running already.

    Raises ModelUnavailableError where that event loop can't be had.
    """
    loop_factory = eventloops.factory(event_loop)
    _refuse_running_loop()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        keeper = Keeper(model.open_in_loop(workload, concurrency))
        executor = runner.run(keeper.open())
        try:
            yield CoroutinesExecutor(runner, executor)
        finally:
            runner.run(keeper.close())


class CoroutinesExecutor:
    """An Executor: the rounds of an AsyncExecutor in an event loop of its own, driven from outside of it."""

    def __init__(self, runner: asyncio.Runner, executor: AsyncExecutor) -> None:
        self._runner = runner
        self._executor = executor
        self.details = runner.run(_details_of(executor))

    def run(self, items: Sequence[Any]) -> list[Any]:
        """As in Executor."""
        return self._runner.run(self._executor.run(items))

    def worker_pids(self) -> Sequence[int]:
        """As in Executor: this process, or those that an executor with a ``worker_pids()`` of its own names."""
        own: Callable[[], Sequence[int]] | None = getattr(self._executor, "worker_pids", None)
        return [os.getpid()] if own is None else own()


@asynccontextmanager
async def open_workers(workload: Workload, concurrency: int, model: str) -> AsyncGenerator[AsyncExecutor, None]:
    """Opens the workload's async_resource in the running loop, for that many worker coroutines."""
    require_concurrency(concurrency)
    async_task = require_async_task(workload, model)
    async with opened_async_task(async_task, workload.async_resource, concurrency) as call:
        yield CoroutinesAsyncExecutor(async_task, call, concurrency, model)


class CoroutinesAsyncExecutor:
    """An AsyncExecutor: worker coroutines in the running loop, started for each round."""

    def __init__(self, async_task: Callable[..., Any], call: AsyncCall, concurrency: int, model: str) -> None:
        self._async_task = async_task
        self._call = call
        self._concurrency = concurrency
        self._model = model

    @property
    def details(self) -> Mapping[str, object]:
        """As in AsyncExecutor: ``workers``, the number of coroutines, and ``event_loop``, the running one's name."""
        return {"workers": self._concurrency, "event_loop": eventloops.name_of(asyncio.get_running_loop())}

    async def run(self, items: Sequence[Any], first_index: int = 0) -> list[Any]:
        """As in AsyncExecutor; ``first_index`` is what errors call the first one, where items are part of a round."""
        current = _Round(self._async_task, self._call, items, self._model, first_index)
        await current.run(min(self._concurrency, len(items)))
        return current.results


class _Round:
    """One run: worker coroutines that share an iterator; the first failure cancels the others."""

    def __init__(
        self, async_task: Callable[..., Any], call: AsyncCall, items: Sequence[Any], model: str, first_index: int
    ) -> None:
        self._async_task = async_task
        self._call = call
        self._model = model
        self._first_index = first_index
        self._todo = enumerate(items)
        self._workers: list[asyncio.Task[None]] = []
        self._failure: BaseException | None = None
        self.results: list[Any] = [None] * len(items)

    async def run(self, workers: int) -> None:
        for _ in range(workers):  # an eager one begins here, and may have the others cancelled before the next is made
            self._workers.append(asyncio.create_task(self._work()))
        try:
            if self._workers:
                await asyncio.wait(self._workers)
        except BaseException:
            self._cancel()
            await asyncio.wait(self._workers)
            raise
        if self._failure is not None:
            raise self._failure

    async def _work(self) -> None:
        call, results = self._call, self.results
        for index, item in self._todo:
            awaitable = None
            try:
                awaitable = call(item)
                results[index] = await awaitable
            except BaseException as error:
                if was_cancelled(error):
                    raise
                self._fail(explain(error, self._async_task, awaitable), index, item)
                return

    def _fail(self, error: BaseException, index: int, item: object) -> None:
        if self._failure is None:
            blame(error, index=self._first_index + index, item=item, model=self._model)
            self._failure = error
            self._cancel()

    def _cancel(self) -> None:
        deque(self._todo, maxlen=0)  # so that nothing that has not begun is begun
        me = asyncio.current_task()
        for worker in self._workers:
            if worker is not me:
                worker.cancel()


class Keeper(Generic[T]):
    """Opens and closes an async context manager in one task of its own, as timeouts and task groups need it."""

    def __init__(self, manager: AbstractAsyncContextManager[T]) -> None:
        self._manager = manager

    async def open(self) -> T:
        """What the context manager gives; raises what keeps it from opening."""
        self._opened: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._closing = asyncio.Event()
        self._task = asyncio.create_task(self._keep())
        try:
            return await self._opened
        except BaseException:
            self._task.cancel()
            await asyncio.wait([self._task])
            raise

    async def close(self) -> None:
        """Raises what the closing raised."""
        self._closing.set()
        await self._task

    async def _keep(self) -> None:
        try:
            async with self._manager as executor:
                self._opened.set_result(executor)
                await self._closing.wait()
        except BaseException as error:
            if self._opened.done():
                raise
            self._opened.set_exception(error)


async def _details_of(executor: AsyncExecutor) -> Mapping[str, object]:
    """What it says of itself, and the loop that it really runs in, whatever it says of that."""
    return {**executor.details, "event_loop": eventloops.name_of(asyncio.get_running_loop())}


def _refuse_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise WorkloadError(
        "the coroutines model can't open an event loop of its own inside one that is running; "
        "write `await trial(...)` in the async def test, or make the test a plain def"
    )
