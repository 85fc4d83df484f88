"""What is to be done, apart from how: a task over items, what each worker opens once, how results compare."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from timetrial.errors import WorkloadError


@dataclass(frozen=True)
class Workload:
    """The work to be done, written once and run under every concurrency model that suits it.

    ``name`` stands in tables, groups and results, so it has no square brackets. Raises WorkloadError where the parts
    don't fit each other. Most workloads are a task over independent items::

        RESIZE = Workload("resize", task=resize)

    ``task(item)`` runs under serial, threads and processes; ``async_task(item)`` under coroutines and
    processes+coroutines. With ``resource``, every worker opens one and the task is called as
    ``task(item, resource)``; likewise ``async_resource``, one for each event loop. Both are called with the
    number of items that this worker has in flight at once, so that connection pools can be sized to it.

    Tasks, resources and items that go to worker processes are pickled: define them at the top of a module.

    Where the models differ by nature (progress reporting, message passing), ``implementations`` gives one of
    its own to a model: ``{"threads": open_threads}``, where ``open_threads(concurrency)`` is a context manager
    around an Executor (for ``"coroutines"``: an async context manager around an AsyncExecutor). Its start-up ends with
    the first round's results; elsewhere it ends with the first item's, which is run by itself before.

    ``variants`` are other ways to do the same work on the same items, each a Workload: another client library,
    or the way a tutorial does it. They are measured beside this one as ``threads[requests]`` and so on.

    ``reference(items)`` gives the expected results where running ``task`` serially would be slow for no reason.
    ``one_at_a_time`` keeps worker processes from getting items in batches: for items so unequal that a short one must
    not wait behind a long one, at the price of a message for each.
    ``comparable(result)`` keeps what has to be equal and drops what may differ, such as a timestamp.
    """

    name: str
    task: Callable[..., Any] | None = None
    async_task: Callable[..., Awaitable[Any]] | None = None
    _: KW_ONLY
    resource: Callable[[int], AbstractContextManager[Any]] | None = None
    async_resource: Callable[[int], AbstractAsyncContextManager[Any]] | None = None
    implementations: Mapping[str, Callable[[int], Any]] = field(default_factory=dict)
    variants: Mapping[str, Workload] = field(default_factory=dict)
    reference: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    comparable: Callable[[Any], object] | None = None
    one_at_a_time: bool = False

    def __post_init__(self) -> None:
        if not self.name or set(self.name) & set("[]"):
            raise WorkloadError(f"a workload's name is a text without square brackets, not {self.name!r}")
        if not (self.task or self.async_task or self.implementations or self.variants):
            raise WorkloadError(
                f"workload {self.name!r} has nothing to run: give it a task, an async_task, implementations or variants"
            )
        if self.task is not None and inspect.iscoroutinefunction(self.task):
            raise WorkloadError(
                f"workload {self.name!r}: task is a coroutine function, which a plain call never awaits; "
                f"pass it as async_task="
            )
        if self.task is not None and (inspect.isgeneratorfunction(self.task) or inspect.isasyncgenfunction(self.task)):
            raise WorkloadError(
                f"workload {self.name!r}: task is a generator function, and calling it computes nothing: let the task "
                f"return a list, such as list(…) of what it yields"
            )
        if self.async_task is not None and (
            inspect.isgeneratorfunction(self.async_task) or inspect.isasyncgenfunction(self.async_task)
        ):
            raise WorkloadError(
                f"workload {self.name!r}: async_task is a generator function, which computes nothing when it is "
                f"awaited or called; write it as async def with return"
            )
        for name, way in self.variants.items():
            if way.reference is not None or way.comparable is not None:
                raise WorkloadError(
                    f"workload {self.name!r}: its variant {name!r} does the same work, so reference= and comparable= "
                    f"belong to the workload itself"
                )
        if self.resource is not None and self.task is None:
            raise WorkloadError(f"workload {self.name!r} has a resource but no task that would use it")
        if self.async_resource is not None and self.async_task is None:
            raise WorkloadError(f"workload {self.name!r} has an async_resource but no async_task that would use it")

    def modules(self) -> set[str]:
        """The modules that a worker process has to import to run this workload or a variant of it."""
        parts = (self.task, self.async_task, self.resource, self.async_resource, *self.implementations.values())
        own = {module for part in parts if (module := getattr(part, "__module__", None))}
        return own.union(*(each.modules() for each in self.variants.values()))

    def variant(self, name: str | None) -> Workload:
        """The variant of that name, or this workload itself for None; raises WorkloadError where there is no such."""
        if name is None:
            return self
        try:
            return self.variants[name]
        except KeyError:
            known = ", ".join(self.variants) or "none"
            raise WorkloadError(f"workload {self.name!r} has no variant {name!r}; it has: {known}") from None
