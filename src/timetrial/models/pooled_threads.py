"""threads[pool]: concurrent.futures' own ThreadPoolExecutor, an item at a time, as its map does it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent import futures
from contextlib import AbstractContextManager
from typing import Any

from timetrial.errors import blame
from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import check_computed, require_concurrency, require_task
from timetrial.models.futures import PooledExecutor
from timetrial.models.futures_worker import close_in_thread, open_in_thread, run_one
from timetrial.models.threads import no_threads
from timetrial.workload import Workload


class PooledThreadsModel:
    """As many threads as items in flight, of a ThreadPoolExecutor."""

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name

    def unavailable(self) -> str | None:
        """Platforms without threads say so."""
        return no_threads()

    def suits(self, workload: Workload) -> bool:
        """Whether there is a task to call."""
        return workload.task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open: ``concurrency`` threads, with a resource each."""
        own = workload.implementations.get(self.name)
        if own is not None:
            return own(concurrency)  # type: ignore[no-any-return]  # what a workload brings is an executor
        return PooledThreadsExecutor(workload, require_concurrency(concurrency), self.name)


def create(settings: ModelSettings) -> PooledThreadsModel:
    """The model; it has neither processes nor an event loop."""
    return PooledThreadsModel(settings)


class PooledThreadsExecutor(PooledExecutor):
    """An Executor on a ThreadPoolExecutor."""

    _closing = staticmethod(close_in_thread)

    def __init__(self, workload: Workload, concurrency: int, model: str) -> None:
        self._task = require_task(workload, model)
        self._ran_before = False
        super().__init__(
            futures.ThreadPoolExecutor(concurrency, thread_name_prefix=f"timetrial-{workload.name}"),
            concurrency,
            (open_in_thread, self._task, workload.resource),
            model=model,
            kind="a thread",
            one_at_a_time=True,
            details={},
        )

    def run(self, items: Sequence[Any]) -> list[Any]:
        """As in Executor."""
        results: list[Any] = []
        self._running = [self._pool.submit(run_one, item) for item in items]
        try:
            for future in self._running:
                results.append(future.result())  # noqa: PERF401 - what there is when one fails tells which it was
        except KeyboardInterrupt:
            raise  # what runs is not waited for
        except BaseException as error:
            self._stop()
            blame(error, index=len(results), item=items[len(results)], model=self._model)
            raise
        self._running = ()
        if not self._ran_before:
            check_computed(results, self._task)
            self._ran_before = True
        return results
