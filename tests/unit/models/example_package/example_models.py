"""A package that brings a concurrency model: this one file, and one line in its entry points.

In its pyproject.toml::

    [project.entry-points."timetrial.models"]
    backwards = "example_models:create"
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from timetrial.errors import blame
from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import Call, opened_task, require_concurrency, require_task
from timetrial.workload import Workload


class BackwardsModel:
    """One item after the other in the calling thread, the last one first."""

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name

    def unavailable(self) -> str | None:
        """It runs everywhere."""
        return None

    def suits(self, workload: Workload) -> bool:
        """Whether there is a task to call."""
        return workload.task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open."""
        return _open(workload, require_concurrency(concurrency), self.name)


def create(settings: ModelSettings) -> BackwardsModel:
    """What the entry point names."""
    return BackwardsModel(settings)


@contextmanager
def _open(workload: Workload, concurrency: int, model: str) -> Generator[Executor]:
    del concurrency
    with opened_task(require_task(workload, model), workload.resource, 1) as call:
        yield BackwardsExecutor(call, model)


class BackwardsExecutor:
    """An Executor."""

    def __init__(self, call: Call, model: str) -> None:
        self._call = call
        self._model = model

    @property
    def details(self) -> Mapping[str, object]:
        """As in Executor."""
        return {"workers": 1}

    def run(self, items: Sequence[Any]) -> list[Any]:
        """As in Executor."""
        results: list[Any] = [None] * len(items)
        for index in reversed(range(len(items))):
            try:
                results[index] = self._call(items[index])
            except BaseException as error:
                blame(error, index=index, item=items[index], model=self._model)
                raise
        return results

    def worker_pids(self) -> Sequence[int]:
        """As in Executor."""
        return [os.getpid()]
