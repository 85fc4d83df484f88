"""processes[pool]: concurrent.futures' own ProcessPoolExecutor, well batched."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent import futures
from contextlib import AbstractContextManager, suppress
from typing import Any

from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import require_concurrency, require_task
from timetrial.models.futures import PooledExecutor
from timetrial.models.futures_worker import open_in_process
from timetrial.models.pool import start_methods
from timetrial.models.pool.setup import Parts, prepare, setup_of
from timetrial.system.process_group import kill_group_of
from timetrial.workload import Workload


class PooledProcessesModel:
    """As many processes as items in flight, of a ProcessPoolExecutor, started as this Python starts them."""

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name
        self._start_method = settings.start_method

    def unavailable(self) -> str | None:
        """The start method that was asked for may be missing, or the platform may have no processes."""
        return start_methods.unavailable(self._start_method)

    def suits(self, workload: Workload) -> bool:
        """Whether there is a task to call."""
        return workload.task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open: ``concurrency`` processes, with a resource each."""
        own = workload.implementations.get(self.name)
        if own is not None:
            return own(concurrency)  # type: ignore[no-any-return]  # what a workload brings is an executor
        require_concurrency(concurrency)
        parts = Parts(workload.name, "task", require_task(workload, self.name), workload.resource)
        context: Any = multiprocessing.get_context(self._start_method)
        start_method = context.get_start_method()
        payload = parts.pickled()
        prepare(parts, start_method)
        pool = futures.ProcessPoolExecutor(concurrency, context)
        return PooledProcessesExecutor(pool, concurrency, parts, payload, start_method, self.name, workload)


def create(settings: ModelSettings) -> PooledProcessesModel:
    """The model with that start method; it has no event loop."""
    return PooledProcessesModel(settings)


class PooledProcessesExecutor(PooledExecutor):
    """An Executor on a pool of processes that is not ours."""

    def __init__(
        self,
        pool: futures.Executor,
        workers: int,
        parts: Parts,
        payload: bytes,
        start_method: str,
        model: str,
        workload: Workload,
    ) -> None:
        super().__init__(
            pool,
            workers,
            (open_in_process, setup_of(parts, payload, start_method)),
            model=model,
            kind="a worker process",
            one_at_a_time=workload.one_at_a_time,
            details={"start_method": start_method},
        )

    def _end_at_once(self) -> list[BaseException]:
        """Ends the processes, with all that they have started."""
        for pid in self.worker_pids():
            with suppress(OSError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            kill_group_of(pid)
        self._pool.shutdown()
        return []
