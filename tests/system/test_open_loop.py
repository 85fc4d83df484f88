"""The open loop under every model: a planted stall shows in the items behind it, where the closed loop hides it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest

from timetrial import MockServer, Workload, models
from timetrial.errors import VoidTrialError
from timetrial.trial.open_loop import run_open_loop
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import expected_of
from timetrial.trial.settings import OpenLoop

STALL_S = 0.2
QUICK_S = 0.001
# One in 120 stalls: the closed loop's p99 is a quick item's, while 35 are due in the time of the stall.
ITEMS = [0.0] * 60 + [STALL_S] + [0.0] * 59
CEILING_PER_S = 250.0


def answer(stall_s: float) -> float:
    """Takes 1 ms, and now and then much longer."""
    time.sleep(QUICK_S + stall_s)
    return stall_s


async def answer_later(stall_s: float) -> float:
    """As answer; the stall blocks the loop."""
    await asyncio.sleep(QUICK_S)
    time.sleep(stall_s)
    return stall_s


ANSWER = Workload("answer", task=answer, async_task=answer_later)


def plan_of(model: str, items: Sequence[Any], workload: Workload = ANSWER, **more: Any) -> TrialPlan:
    """One item at a time, so that nobody else can serve those behind a stall."""
    expected = expected_of(workload, items, more.pop("results", items))
    return TrialPlan(workload, model, items, more.pop("concurrency", 1), expected, **more)


@pytest.mark.parametrize("model", models.NAMES)
def test_a_stall_shows_in_the_open_loops_tail_and_not_in_the_closed_loops(model: str) -> None:
    """Of the same items, in the same executor; the results are proved, and the queue is counted."""
    found = run_open_loop(plan_of(model, ITEMS), CEILING_PER_S, OpenLoop(0.7, duration_s=120 / 175))
    assert found is not None
    assert found["arrivals"] == 120
    assert found["rate_asked_per_s"] == pytest.approx(175)
    assert found["closed_latency"]["p99_ms"] < 1000 * STALL_S / 2
    assert found["latency"]["p99_ms"] > 1000 * STALL_S * 0.8
    assert found["worst_backlog"] >= 30
    assert found["late_start"]["max_ms"] > 1000 * STALL_S * 0.8


def test_a_stall_of_the_server_shows_too(mock_server: MockServer) -> None:
    """One page is answered 200 ms late; the server counts as many requests as there were arrivals."""
    urls = [mock_server.page(size_bytes=100, delay_ms=200 if key == 60 else 0, key=key) for key in range(120)]
    plan = plan_of("threads", urls, Workload("fetch", task=fetch), server=mock_server, results=[100] * len(urls))
    found = run_open_loop(plan, 100.0, OpenLoop(0.7, duration_s=120 / 70))
    assert found is not None
    assert found["latency"]["p90_ms"] > 20 > found["closed_latency"]["p90_ms"] / 2
    assert found["latency"]["max_ms"] > 200


def fetch(url: str) -> int:
    """The page's length."""
    import urllib.request

    with urllib.request.urlopen(url, timeout=10) as response:
        return len(response.read())


@pytest.mark.parametrize("model", ["threads", "processes", "coroutines", "processes+coroutines"])
def test_several_workers_share_what_comes(model: str) -> None:
    """Four in flight keep up with three times what one could: nobody waits in a batch behind another."""
    workload = Workload("wait", task=time.sleep, async_task=asyncio.sleep)
    plan = plan_of(model, [0.02] * 20, workload, concurrency=4, results=[None] * 20)
    found = run_open_loop(plan, 200.0, OpenLoop(0.6, "poisson", duration_s=0.1))
    assert found is not None
    assert found["rate_reached_per_s"] == pytest.approx(120, rel=0.3)
    assert found["worst_backlog"] < 40


def test_other_work_is_void() -> None:
    """As in the timed rounds."""
    plan = plan_of("serial", [0.0, 0.0], results=[0.0, 1.0])
    with pytest.raises(VoidTrialError, match=r"'answer' under 'serial', open loop: the result of item 1"):
        run_open_loop(plan, 1000.0, OpenLoop(0.5, duration_s=0.1))


def test_requests_that_do_not_add_up_are_void(mock_server: MockServer) -> None:
    """An item that asks nobody is no item of a request workload."""
    plan = plan_of("serial", [0.0] * 3, server=mock_server)
    with pytest.raises(VoidTrialError, match="the server answered 0 requests where 100 were due"):
        run_open_loop(plan, 1000.0, OpenLoop(0.5, duration_s=0.01))


def test_an_implementation_of_its_own_cannot_be_given_times() -> None:
    """There is no figure instead of a wrong one."""
    own = Workload("own", task=answer, implementations={"threads": lambda _concurrency: None})
    assert run_open_loop(plan_of("threads", [0.0], own), 100.0, OpenLoop(0.7)) is None


@pytest.mark.parametrize(("rate_per_s", "count"), [(500.0, 1000), (20.0, 100), (2.0, 20), (0.01, 1), (1e6, 20_000)])
def test_an_open_loop_is_long_enough_for_a_p99_where_there_is_time_for_it(rate_per_s: float, count: int) -> None:
    """Two seconds, or a hundred items, or ten seconds, or 20,000 items."""
    assert OpenLoop(0.7).count(rate_per_s) == count
