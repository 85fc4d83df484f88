"""Items that are due at times of their own: the plan of their arrivals, and what waiting for them shows."""

from __future__ import annotations

import asyncio
import pickle
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetrial.errors import AccountingError
from timetrial.measure.arrivals import (
    PATTERNS,
    Due,
    DueAsyncTask,
    DueTask,
    Served,
    offsets_ns,
    reached_per_s,
    worst_backlog,
)
from timetrial.pytest_plugin.declared_options import ARRIVALS

MS = 1_000_000


def double(item: int) -> int:
    """The work."""
    return 2 * item


async def double_later(item: int, more: int = 0) -> int:
    """The work, and what its resource adds."""
    await asyncio.sleep(0)
    return 2 * item + more


def test_uniform_arrivals_are_evenly_spaced() -> None:
    """At 250 a second, one every 4 ms."""
    assert offsets_ns("uniform", 250.0, 4, seed=1) == [0, 4 * MS, 8 * MS, 12 * MS]


def test_poisson_arrivals_keep_the_rate_and_come_in_clusters() -> None:
    """The mean gap is the rate's within 5 %, and its deviation is as large as the mean, as of exponential gaps."""
    offsets = offsets_ns("poisson", 1_000.0, 20_001, seed=7)
    gaps = [later - earlier for earlier, later in pairwise(offsets)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(MS, rel=0.05)
    assert deviation == pytest.approx(mean, rel=0.05)


@given(st.sampled_from(PATTERNS), st.integers(1, 200), st.integers())
def test_arrivals_are_as_many_as_asked_in_order_and_the_same_for_a_seed(pattern: str, count: int, seed: int) -> None:
    """So that a run can be repeated."""
    offsets = offsets_ns(pattern, 100.0, count, seed)
    assert len(offsets) == count
    assert offsets == sorted(offsets)
    assert offsets[0] == 0
    assert offsets == offsets_ns(pattern, 100.0, count, seed)


@pytest.mark.parametrize(("pattern", "rate_per_s"), [("uniform", 0.0), ("uniform", float("nan")), ("bursts", 1.0)])
def test_arrivals_that_cannot_be_are_refused(pattern: str, rate_per_s: float) -> None:
    """With what there is."""
    with pytest.raises(AccountingError, match="uniform or poisson at more than 0 a second"):
        offsets_ns(pattern, rate_per_s, 3, 0)


def test_the_options_and_the_instrument_know_the_same_patterns() -> None:
    """They can't import each other: the options load nothing."""
    assert ARRIVALS == PATTERNS


def test_a_task_waits_until_its_item_is_due_and_says_when_it_began() -> None:
    """Also after the journey to a worker process."""
    task = pickle.loads(pickle.dumps(DueTask(double)))
    due_ns = time.perf_counter_ns() + 20 * MS
    served = task(Due(due_ns, 4))
    assert served.result == 8
    assert due_ns <= served.start_ns <= served.end_ns


def test_an_async_task_waits_without_holding_up_its_loop() -> None:
    """Two that are due at the same time wait together; the resource comes through."""
    task = pickle.loads(pickle.dumps(DueAsyncTask(double_later)))

    async def both() -> list[Served]:
        due_ns = time.perf_counter_ns() + 20 * MS
        return list(await asyncio.gather(task(Due(due_ns, 1), 100), task(Due(due_ns, 2), 100)))

    one, other = asyncio.run(both())
    assert (one.result, other.result) == (102, 104)
    assert min(one.late_ns, other.late_ns) >= 0


def test_latency_counts_from_the_intended_start() -> None:
    """An item that began 30 ms late and took 5 has taken 35."""
    served = Served(None, due_ns=10 * MS, start_ns=40 * MS, end_ns=45 * MS)
    assert (served.latency_ns, served.late_ns) == (35 * MS, 30 * MS)


def test_the_backlog_is_what_was_due_and_had_not_begun() -> None:
    """Three come while the first is at work; they begin one after the other."""
    starts = [(0, 0), (1, 10), (2, 20), (3, 30), (40, 40)]
    served = [Served(None, due * MS, start * MS, (start + 10) * MS) for due, start in starts]
    assert worst_backlog(served) == 3
    assert worst_backlog(served[:1]) <= 1


def test_the_rate_that_was_reached_counts_until_the_last_result() -> None:
    """Four items in two seconds."""
    served = [Served(None, 0, 0, end_s * 10**9) for end_s in (1, 1, 2, 2)]
    assert reached_per_s(served) == 2.0
