"""How long each item takes: a task that times itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from timetrial.measure.leftovers.notes import Notes
from timetrial.measure.leftovers.temporary_files import TemporaryPlace
from timetrial.measure.looplag import Probed, ProbedResource
from timetrial.system.clocks import clocks


class Timed(NamedTuple):
    """A task's result, how long it took, and when it began by time.perf_counter_ns, which all processes share.

    ``loop_lag_ns`` are the event loop's lag samples that came in since the item before.
    """

    result: Any
    latency_ns: int
    start_ns: int
    """Both in nanoseconds."""
    loop_lag_ns: tuple[int, ...] = ()


@dataclass(frozen=True)
class TimedTask:
    """A task that returns Timed instead of its bare result; it can be pickled if the task can.

    ``files`` and ``notes`` travel with it: where the worker that it arrives in puts its temporary files, and what it
    finds left over at its end.
    """

    task: Callable[..., Any]
    files: TemporaryPlace | None = None
    notes: Notes | None = None

    def __call__(self, *args: Any) -> Timed:
        """Calls the task and times the call."""
        start_ns = clocks.perf_counter_ns()
        result = self.task(*args)
        return Timed(result, clocks.perf_counter_ns() - start_ns, start_ns)


@dataclass(frozen=True)
class TimedAsyncTask:
    """As TimedTask, for an async_task. It passes on loop lag if its workload's async_resource is a ProbedResource."""

    async_task: Callable[..., Awaitable[Any]]
    files: TemporaryPlace | None = None
    """Where workers put their temporary files, if that is watched."""
    notes: Notes | None = None
    """Where workers note what they leave behind, if that is watched."""

    async def __call__(self, item: Any, *resource: Any) -> Timed:
        """Awaits the task and times it, from the call to its end."""
        if resource and isinstance(resource[0], Probed):
            return await self._probed(item, resource[0])
        return await self._timed(item, *resource)

    async def _timed(self, *args: Any) -> Timed:
        start_ns = clocks.perf_counter_ns()
        result = await self.async_task(*args)
        return Timed(result, clocks.perf_counter_ns() - start_ns, start_ns)

    async def _probed(self, item: Any, probed: Probed) -> Timed:
        async with probed.lag.watching():
            timed = await self._timed(item, *probed.arguments)
        return timed._replace(loop_lag_ns=probed.lag.drain())


@dataclass(frozen=True)
class TimedRound:
    """What a round with timed tasks gave: the bare results in order, and all samples."""

    results: list[Any]
    latencies_ns: list[int]
    """One for each item, in the order of the results."""
    loop_lags_ns: list[int] = field(default_factory=list)
    """As many as came in; empty without event loops."""


def timed_parts(
    task: Any,
    async_task: Any,
    async_resource: Any,
    interval_s: float = 0.002,
    *,
    files: TemporaryPlace | None = None,
    notes: Notes | None = None,
) -> dict[str, Any]:
    """A workload's parts with instruments in them, for ``dataclasses.replace(workload, **parts)``.

    Give all parts of one workload, None for what it lacks. Async tasks get a probe of their event loop as well, which
    looks every ``interval_s``. Temporary files of workers go to ``files``, what they leave behind into ``notes``.
    """
    parts: dict[str, Any] = {}
    if task is not None:
        parts["task"] = TimedTask(task, files, notes)
    if async_task is not None:
        parts["async_task"] = TimedAsyncTask(async_task, files, notes)
        parts["async_resource"] = ProbedResource(async_resource, interval_s, notes)
    return parts


def unpack(timed: Iterable[Timed]) -> TimedRound:
    """The bare results, and the samples apart."""
    everything = list(timed)
    return TimedRound(
        results=[each.result for each in everything],
        latencies_ns=[each.latency_ns for each in everything],
        loop_lags_ns=[lag_ns for each in everything for lag_ns in each.loop_lag_ns],
    )
