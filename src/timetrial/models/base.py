"""The two protocols that every concurrency model has: ConcurrencyModel opens, Executor runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
)
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from timetrial.workload import Workload


@dataclass(frozen=True)
class ModelSettings:
    """What a model is made with; each takes what concerns it and leaves the rest.

    - ``name``: the name by which it was asked for: ``processes`` or ``processes[spawn]``.
    - ``start_method``: how worker processes start; None leaves it to the model.
    - ``event_loop``: what coroutines run on.
    - ``workers``: the processes or threads that the items in flight are shared out over, where each has an event loop;
      None leaves it to the model.
    - ``scheduler``: the address of a cluster's scheduler, ``tcp://host:8786``; None starts a cluster on this machine.
    """

    name: str
    start_method: str | None = None
    event_loop: str = "asyncio"
    workers: int | None = None
    scheduler: str | None = None


class Executor(Protocol):
    """An opened model: its workers are started and warm; it runs batches of items until it is closed."""

    @property
    def details(self) -> Mapping[str, object]:
        """What a reader of the figures must know: ``start_method``, ``event_loop``, ``workers`` and so on."""
        ...

    def run(self, items: Sequence[Any]) -> list[Any]:
        """The results in the items' order; raises what a task raised, with a note that names its item.

        When a task raises, items that have not begun are not begun, and the executor can be used again, except
        after WorkerDiedError.
        """
        ...

    def worker_pids(self) -> Sequence[int]:
        """The processes that do the work, this one included where it takes part."""
        ...


@runtime_checkable
class TellsOverhead(Protocol):
    """An executor whose tasks pass through several processes, and that can say what each spends on one."""

    def overhead_cpu_s_per_task(self) -> Mapping[str, float]:
        """CPU seconds for a task that does nothing, by who spends them; runs some, so call it between rounds."""
        ...


class AsyncExecutor(Protocol):
    """An executor whose rounds run inside an event loop that is already running.

    One whose work is done by other processes too may have ``worker_pids()``, as in Executor.
    """

    @property
    def details(self) -> Mapping[str, object]:
        """As in Executor."""
        ...

    async def run(self, items: Sequence[Any]) -> list[Any]:
        """As in Executor."""
        ...


class ConcurrencyModel(Protocol):
    """One way of doing several things at once."""

    @property
    def name(self) -> str:
        """Its name in test ids, options and results: ``threads``, ``processes+coroutines``."""
        ...

    def unavailable(self) -> str | None:
        """Why it can't run on this machine and Python, in words, or None."""
        ...

    def suits(self, workload: Workload) -> bool:
        """Whether the workload has what this model runs: a task, an async_task or its own implementation."""
        ...

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """Starts the workers, lets each open its resource, and hands out the executor.

        At most ``concurrency`` items are in flight at once.
        """
        ...


@runtime_checkable
class InLoopModel(Protocol):
    """A model that can also run inside the event loop of an ``async def`` test."""

    def open_in_loop(self, workload: Workload, concurrency: int) -> AbstractAsyncContextManager[AsyncExecutor]:
        """As ConcurrencyModel.open, inside the running loop."""
        ...
