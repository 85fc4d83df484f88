"""An open loop: items that are due at times of their own, whether or not those before them are done.

In a closed loop a worker asks for the next item when it is through with the last one, so that a stall delays the
questions together with the answers, and nobody sees the queue that would have formed (coordinated omission). Here
each item has its intended start, and its latency counts from there.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, Literal, NamedTuple, get_args

from timetrial.errors import AccountingError
from timetrial.system.clocks import clocks

Pattern = Literal["uniform", "poisson"]
PATTERNS: Final[tuple[str, ...]] = get_args(Pattern)


class Due(NamedTuple):
    """An item and its intended start, by time.perf_counter_ns(), which is the same clock in every process."""

    due_ns: int
    """Nanoseconds of that clock."""
    item: Any


class Served(NamedTuple):
    """A result, when it was due to begin, when it did, and when it was there."""

    result: Any
    due_ns: int
    start_ns: int
    end_ns: int
    """All three in nanoseconds of time.perf_counter_ns(): due, begun, done."""

    @property
    def latency_ns(self) -> int:
        """From the intended start: what somebody who came at that time has waited."""
        return self.end_ns - self.due_ns

    @property
    def late_ns(self) -> int:
        """How long after the intended start it began."""
        return self.start_ns - self.due_ns


@dataclass(frozen=True)
class DueTask:
    """A task whose worker waits with each item until it is due; it can be pickled if the task can."""

    task: Callable[..., Any]

    def __call__(self, due: Due, *resource: Any) -> Served:
        """Waits, calls the task, and says when what happened."""
        while (left_ns := due.due_ns - clocks.perf_counter_ns()) > 0:
            time.sleep(left_ns / 1e9)
        start_ns = clocks.perf_counter_ns()
        result = self.task(due.item, *resource)
        return Served(result, due.due_ns, start_ns, clocks.perf_counter_ns())


@dataclass(frozen=True)
class DueAsyncTask:
    """As DueTask, for an async_task: its event loop goes on in the meantime."""

    async_task: Callable[..., Awaitable[Any]]

    async def __call__(self, due: Due, *resource: Any) -> Served:
        """Waits, awaits the task, and says when what happened."""
        while (left_ns := due.due_ns - clocks.perf_counter_ns()) > 0:
            await asyncio.sleep(left_ns / 1e9)
        start_ns = clocks.perf_counter_ns()
        result = await self.async_task(due.item, *resource)
        return Served(result, due.due_ns, start_ns, clocks.perf_counter_ns())


def due_parts(task: Any, async_task: Any) -> dict[str, Any]:
    """A workload's parts that take Due items, for ``dataclasses.replace(workload, **parts)``."""
    return {
        "task": DueTask(task) if task is not None else None,
        "async_task": DueAsyncTask(async_task) if async_task is not None else None,
        # In a batch an item would wait for those before it, however many workers have nothing to do.
        "one_at_a_time": True,
    }


def offsets_ns(pattern: str, rate_per_s: float, count: int, seed: int) -> list[int]:
    """When each of ``count`` items is due, in nanoseconds after the first: evenly spaced, or a Poisson process.

    In a Poisson process the gaps are independent and exponentially distributed: items come as from many people who
    know nothing of each other, in clusters and with lulls, the same for the same ``seed``. Raises AccountingError for a
    ``rate_per_s`` of nothing, and for another ``pattern``.
    """
    if not rate_per_s > 0 or pattern not in PATTERNS:
        raise AccountingError(
            f"arrivals are {' or '.join(PATTERNS)} at more than 0 a second, not {pattern} {rate_per_s}"
        )
    if pattern == "uniform":
        return [round(index * 1e9 / rate_per_s) for index in range(count)]
    draw = random.Random(seed)
    gaps = (draw.expovariate(rate_per_s) * 1e9 for _ in range(count - 1))
    return [round(each) for each in accumulate(gaps, initial=0.0)][:count]


def reached_per_s(served: Sequence[Served]) -> float:
    """Items a second, from the first intended start to the last result."""
    return len(served) * 1e9 / (max(each.end_ns for each in served) - min(each.due_ns for each in served))


def worst_backlog(served: Iterable[Served]) -> int:
    """The most items that were due and had not begun, at any one moment."""
    changes = sorted(change for each in served for change in ((each.start_ns, -1), (each.due_ns, 1)))
    return max(accumulate((by for _, by in changes), initial=0))
