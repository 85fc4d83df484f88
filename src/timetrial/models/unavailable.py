"""A model that can't be had here at all: it is listed and asked for as any other, and says why it can't run."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from timetrial.errors import ModelUnavailableError
from timetrial.models.base import Executor
from timetrial.workload import Workload


@dataclass(frozen=True)
class UnavailableModel:
    """What stands in its place."""

    name: str
    reason: str

    def unavailable(self) -> str | None:
        """The reason."""
        return self.reason

    def suits(self, workload: Workload) -> bool:
        """Nobody knows, so that its trials are skipped with the reason."""
        return bool(workload.task or workload.async_task)

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """Raises ModelUnavailableError."""
        del workload, concurrency
        raise ModelUnavailableError(f"{self.name}: {self.reason}")
