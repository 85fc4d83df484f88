"""Percentiles are samples that were seen, and timed tasks tell the truth wherever they run."""

from __future__ import annotations

import asyncio
import pickle
import time

import pytest

from timetrial.measure.latency import TimedAsyncTask, TimedTask, timed_parts, unpack


def double(item: int) -> int:
    """A task."""
    return 2 * item


def add(item: int, resource: int) -> int:
    """A task with a resource."""
    return item + resource


def fail(item: int) -> None:
    """A task that fails."""
    raise LookupError(item)


async def add_later(item: int, resource: int = 0) -> int:
    """An async task that waits 10 ms."""
    await asyncio.sleep(0.01)
    return item + resource


def test_a_timed_task_gives_the_result_the_latency_and_the_start() -> None:
    """Called with an item, or with an item and its worker's resource."""
    before_ns = time.perf_counter_ns()
    timed = TimedTask(double)(21)
    assert timed.result == 42
    assert before_ns <= timed.start_ns
    assert timed.start_ns + timed.latency_ns <= time.perf_counter_ns()
    assert TimedTask(add)(1, 2).result == 3


def test_a_timed_async_task_measures_the_wait_too() -> None:
    """10 ms of sleep take at least about 10 ms."""
    timed = asyncio.run(TimedAsyncTask(add_later)(1, 2))
    assert timed.result == 3
    assert timed.latency_ns > 9_000_000


def test_timed_tasks_can_be_sent_to_worker_processes() -> None:
    """They come back from pickle equal, and so does what they return."""
    task = TimedTask(double)
    assert pickle.loads(pickle.dumps(task)) == task
    parts = timed_parts(None, add_later, None)
    assert pickle.loads(pickle.dumps(parts)) == parts
    timed = task(1)
    assert pickle.loads(pickle.dumps(timed)) == timed


def test_what_a_task_raises_comes_through() -> None:
    """Unchanged, so that the executor can blame the item."""
    with pytest.raises(LookupError):
        TimedTask(fail)(1)


def test_only_the_parts_that_a_workload_has_are_replaced() -> None:
    """A workload without an async_task gets none."""
    assert timed_parts(double, None, None) == {"task": TimedTask(double)}


def test_unpack_gives_back_the_bare_results_in_order() -> None:
    """So that they can be checked against the reference."""
    unpacked = unpack(TimedTask(double)(item) for item in range(3))
    assert unpacked.results == [0, 2, 4]
    assert len(unpacked.latencies_ns) == 3
    assert unpacked.loop_lags_ns == []
