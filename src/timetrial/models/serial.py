"""serial: one item after the other in the calling thread; what all other models are compared with."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from timetrial.errors import blame
from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import check_computed, opened_task, require_task
from timetrial.workload import Workload


class SerialModel:
    """One item at a time, whatever concurrency is asked for."""

    name = "serial"

    def unavailable(self) -> str | None:
        """It runs everywhere."""
        return None

    def suits(self, workload: Workload) -> bool:
        """Whether there is a task to call."""
        return workload.task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open; ``concurrency`` is always 1 here."""
        del concurrency
        own: Callable[[int], AbstractContextManager[Executor]] | None = workload.implementations.get(self.name)
        return own(1) if own is not None else SerialExecutor(workload)


def create(settings: ModelSettings) -> SerialModel:
    """The model; it has neither processes nor an event loop."""
    del settings
    return SerialModel()


class SerialExecutor:
    """An Executor in the calling thread, and the context manager that opens its resource and closes it."""

    def __init__(self, workload: Workload) -> None:
        self._task = require_task(workload, SerialModel.name)
        self._opened = opened_task(self._task, workload.resource, 1)
        self._ran_before = False

    def __enter__(self) -> Self:
        self._call = self._opened.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, where)

    @property
    def details(self) -> Mapping[str, object]:
        """As in Executor: ``workers``, which is 1."""
        return {"workers": 1}

    def run(self, items: Sequence[Any]) -> list[Any]:
        """As in Executor."""
        results: list[Any] = []
        call, append = self._call, results.append
        try:
            for item in items:
                append(call(item))
        except Exception as error:
            index = len(results)
            blame(error, index=index, item=items[index], model=SerialModel.name)
            raise
        if not self._ran_before:
            check_computed(results, self._task)
            self._ran_before = True
        return results

    def worker_pids(self) -> Sequence[int]:
        """As in Executor: this process."""
        return [os.getpid()]
