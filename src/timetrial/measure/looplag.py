"""How late an event loop serves what is due: a timer that measures its own delay, in every loop that works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self, TypedDict

from timetrial.errors import AccountingError
from timetrial.measure.leftovers.notes import Notes
from timetrial.measure.leftovers.pending_tasks import pending_since
from timetrial.stats.percentiles import nearest_rank
from timetrial.system.clocks import clocks

_PASSES_TO_SETTLE = 3


class LoopLagSummary(TypedDict):
    """Percentiles of lag in milliseconds, by nearest rank, and how often the probe looked."""

    p50_ms: float
    p99_ms: float
    max_ms: float
    count: int
    """Samples, of all loops."""
    interval_ms: float
    """How often each loop was looked at."""


class LoopLag:
    """A timer in the running loop that is due every ``interval_s`` and notes how late it is served.

    ``async with LoopLag() as lag:`` … ``lag.summary()``. A loop that is blocked for a while shows up as that time,
    less the part of the interval that had still to pass when the blocking began: at most ``interval_s`` too little.
    An idle asyncio loop rounds its waits up to whole milliseconds, so it shows up to one.
    """

    def __init__(self, interval_s: float = 0.002) -> None:
        if interval_s <= 0:
            raise AccountingError(f"a loop lag probe looks every interval_s seconds, more than 0, not {interval_s}")
        self.samples_ns: list[int] = []
        self._interval_s = interval_s
        self._interval_ns = round(interval_s * 1e9)
        self._timer: asyncio.TimerHandle | None = None
        self._due_ns = 0
        self._watchers = 0
        self._drained = 0

    async def __aenter__(self) -> Self:
        self.open()
        self._watchers += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._settle()
        finally:
            self._watchers -= 1
            self.close()

    def open(self) -> None:
        """Sets the timer; nothing is noted until something is watched."""
        self._loop = asyncio.get_running_loop()
        self._set_timer()

    def close(self) -> None:
        """Takes the timer back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """Notes lag while any such block is running; a loop that stood still in between was not late."""
        if self._watchers == 0 and self._is_overdue():
            self.close()
            self._set_timer()
        self._watchers += 1
        try:
            yield
            await self._settle()
        finally:
            self._watchers -= 1

    def drain(self) -> tuple[int, ...]:
        """The samples since the last time, in nanoseconds."""
        new = tuple(self.samples_ns[self._drained :])
        self._drained = len(self.samples_ns)
        return new

    def summary(self) -> LoopLagSummary | None:
        """Percentiles of all samples; None where there are none, because the round was shorter than the interval."""
        return lag_summary(self.samples_ns, self._interval_s)

    def _set_timer(self) -> None:
        self._due_ns = clocks.perf_counter_ns() + self._interval_ns
        self._timer = self._loop.call_later(self._interval_s, self._look)

    def _look(self) -> None:
        if self._watchers:
            self.samples_ns.append(max(0, clocks.perf_counter_ns() - self._due_ns))
        self._set_timer()

    def _is_overdue(self) -> bool:
        return clocks.perf_counter_ns() > self._due_ns

    async def _settle(self) -> None:
        """Lets an overdue timer be served, so that what blocked the loop last is not lost."""
        for _ in range(_PASSES_TO_SETTLE):
            if not self._is_overdue():
                return
            await asyncio.sleep(0)


def lag_summary(samples_ns: list[int], interval_s: float = 0.002) -> LoopLagSummary | None:
    """Percentiles of lag samples, from however many loops they came; None where there are none."""
    if not samples_ns:
        return None
    ordered = sorted(samples_ns)
    return LoopLagSummary(
        p50_ms=nearest_rank(ordered, 500) / 1e6,
        p99_ms=nearest_rank(ordered, 990) / 1e6,
        max_ms=ordered[-1] / 1e6,
        count=len(ordered),
        interval_ms=interval_s * 1e3,
    )


@dataclass(frozen=True)
class Probed:
    """What a ProbedResource opens: the probe of its loop, and the workload's own resource, if it has one."""

    lag: LoopLag
    """The probe, which goes on until the resource is closed."""
    arguments: tuple[Any, ...]
    """The workload's own resource as the task's further arguments: one, or none."""


@dataclass(frozen=True)
class ProbedResource:
    """An async_resource with a lag probe beside what it opened before; it can be pickled if that can.

    Each loop opens one, wherever it runs. Wrap the async_task in TimedAsyncTask, which takes the resource out of it.
    Tasks that are still pending when all is closed go into ``notes``.
    """

    async_resource: Callable[[int], AbstractAsyncContextManager[Any]] | None
    interval_s: float = 0.002
    """How often the probe looks."""
    notes: Notes | None = None

    @asynccontextmanager
    async def __call__(self, concurrency: int) -> AsyncGenerator[Probed]:
        """Opens the original, and a probe around it."""
        lag, known = LoopLag(self.interval_s), asyncio.all_tasks()
        lag.open()
        try:
            if self.async_resource is None:
                yield Probed(lag, ())
            else:
                async with self.async_resource(concurrency) as value:
                    yield Probed(lag, (value,))
        finally:
            lag.close()
            if self.notes is not None:
                self.notes.add(await pending_since(known))
