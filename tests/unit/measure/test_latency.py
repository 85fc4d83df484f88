"""Percentiles are samples that were seen, and timed tasks tell the truth wherever they run."""

from __future__ import annotations

import asyncio
import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetrial.errors import AccountingError
from timetrial.measure.latency import TimedAsyncTask, TimedTask, timed_parts, unpack
from timetrial.stats.percentiles import nearest_rank, percentiles


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


@given(st.lists(st.integers(0, 10**10), min_size=1), st.integers(1, 1_000))
def test_nearest_rank_is_the_smallest_sample_that_enough_samples_do_not_exceed(samples: list[int], mille: int) -> None:
    """Checked against the definition, counted out."""
    ordered = sorted(samples)
    enough = [each for each in ordered if sum(x <= each for x in ordered) * 1_000 >= mille * len(ordered)]
    assert nearest_rank(ordered, mille) == min(enough)


@given(st.lists(st.integers(0, 10**10), min_size=1))
def test_percentiles_rise_up_to_the_maximum(samples: list[int]) -> None:
    """p50 <= p90 <= p99 <= p99.9 <= max, in whatever order the samples came."""
    found = percentiles(samples)
    rising = [found["p50_ms"], found["p90_ms"], found["p99_ms"], found["p999_ms"], found["max_ms"]]
    assert rising == sorted(rising)
    assert found["max_ms"] == max(samples) / 1e6
    assert found["count"] == len(samples)


def test_a_thousand_samples_are_enough_for_every_percentile() -> None:
    """1 to 1,000 ms: each percentile is its own rank, and there is no note."""
    found = percentiles([ms * 1_000_000 for ms in range(1_000, 0, -1)])
    assert found == {"p50_ms": 500, "p90_ms": 900, "p99_ms": 990, "p999_ms": 999, "max_ms": 1_000, "count": 1_000}


def test_too_few_samples_for_a_tail_are_noted() -> None:
    """With 200 samples, p99.9 can only be the maximum, and the note says so."""
    note = percentiles([1] * 200)["note"]
    assert note == "too few samples to tell a tail from the maximum: p99.9 takes 1,000; there are 200"


def test_no_samples_are_an_error_with_its_fix() -> None:
    """There is no percentile of nothing."""
    with pytest.raises(AccountingError, match="run the round on at least one item"):
        percentiles([])


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
