"""interpreters: interpreters of their own in threads of this process, each with its own GIL (Python 3.14)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent import futures
from contextlib import AbstractContextManager
from typing import Any, Self

from timetrial.errors import ModelUnavailableError
from timetrial.languages import Text
from timetrial.measure.tracing import is_let_through
from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import require_async_task, require_concurrency, require_task
from timetrial.models.futures import PooledExecutor
from timetrial.models.futures_worker import open_in_interpreter, open_loop_in_interpreter, run_batch_in_loop
from timetrial.models.pool import import_paths
from timetrial.models.pool.setup import Parts
from timetrial.models.pool.start_methods import require
from timetrial.models.shares import workers_for
from timetrial.workload import Workload


class InterpretersModel:
    """As many interpreters as items in flight, of concurrent.futures' InterpreterPoolExecutor."""

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name

    def unavailable(self) -> str | None:
        """Older Pythons have none that a program could use."""
        if hasattr(futures, "InterpreterPoolExecutor"):
            return None
        version = sys.version.split()[0]
        return Text(
            f"there are interpreters to use from Python 3.14 on, and this is {version}",
            f"Python 3.14 起才有可用的子解释器，这里是 {version}",
        )

    def suits(self, workload: Workload) -> bool:
        """Whether there is a task to call."""
        return workload.task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open: ``concurrency`` interpreters, with a resource each.

        Entering it raises ModelUnavailableError where the task's modules can't be imported in one, as numpy can't.
        """
        own: Callable[[int], AbstractContextManager[Executor]] | None = workload.implementations.get(self.name)
        return own(concurrency) if own is not None else self._open(workload, require_concurrency(concurrency))

    def _open(self, workload: Workload, concurrency: int) -> InterpretersExecutor:
        parts = Parts(workload.name, "task", require_task(workload, self.name), workload.resource)
        require(self.unavailable())
        return InterpretersExecutor(workload, parts, concurrency, self.name)


class InterpreterLoopsModel(InterpretersModel):
    """Interpreters with an event loop each, all with as many slots: as many as divide the items in flight evenly."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__(settings)
        self._workers = settings.workers

    def suits(self, workload: Workload) -> bool:
        """Whether there is an async_task to await."""
        return workload.async_task is not None or self.name in workload.implementations

    def _open(self, workload: Workload, concurrency: int) -> InterpretersExecutor:
        async_task = require_async_task(workload, self.name)
        parts = Parts(workload.name, "async_task", async_task, workload.async_resource)
        require(self.unavailable())
        most = workers_for(self._workers, concurrency)
        workers = next(each for each in range(most, 0, -1) if concurrency % each == 0)
        return InterpreterLoopsExecutor(workload, parts, workers, self.name, concurrency // workers)


def create(settings: ModelSettings) -> InterpretersModel:
    """The model, with event loops or without."""
    return InterpreterLoopsModel(settings) if "coroutines" in settings.name else InterpretersModel(settings)


class InterpretersExecutor(PooledExecutor):
    """An Executor on an InterpreterPoolExecutor."""

    _open_here = staticmethod(open_in_interpreter)

    def __init__(self, workload: Workload, parts: Parts, workers: int, model: str, slots: int = 1) -> None:
        pool: Any = getattr(futures, "InterpreterPoolExecutor")  # noqa: B009 - the type check is Python 3.11's
        setup = {
            "payload": parts.pickled(),
            "path": [*sys.path],
            "places": import_paths.places_of(parts.inner_modules()),
            "main": getattr(sys.modules["__main__"], "__file__", None) if "__main__" in parts.inner_modules() else None,
            "slots": slots,
            "traced": is_let_through(),
            "model": model,
        }
        self._least = slots
        super().__init__(
            pool(workers),
            workers,
            (self._open_here, setup),
            model=model,
            kind="an interpreter",
            one_at_a_time=workload.one_at_a_time,
            details={},
        )

    def __enter__(self) -> Self:
        try:
            return super().__enter__()
        except ImportError as error:
            reason = str(error).strip().rpartition("\n")[2]  # numpy's own has a page of advice before it
            raise ModelUnavailableError(
                f"{self._model}: what the task needs can't be imported in another interpreter of a process ({reason})"
            ) from error


class InterpreterLoopsExecutor(InterpretersExecutor):
    """An Executor on an InterpreterPoolExecutor whose interpreters have an event loop each."""

    _open_here = staticmethod(open_loop_in_interpreter)
    _run_batch = staticmethod(run_batch_in_loop)
