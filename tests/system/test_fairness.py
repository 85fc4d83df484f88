"""Unfairness planted in real trials: real servers, clients, workers, limits and processes."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import aiohttp
import pytest

from benchmarks.harness.flood import REQUESTS_PER_ITEM, flooding
from timetrial import MockServer, Workload
from timetrial.errors import VoidTrialError
from timetrial.measure.disturbance import DisturbanceMeter
from timetrial.trial import server_traffic
from timetrial.trial.accounting_round import account
from timetrial.trial.conditions import Conditions, left_over
from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import RoundsPolicy, TrialPlan
from timetrial.trial.reference import expected_of
from timetrial.trial.run import run_trial
from timetrial.trial.settings import RunSettings
from timetrial.trial.void import Kind

PAGE_BYTES: Final = 64
ROUNDS: Final = RoundsPolicy(min_rounds=3, max_time_s=0.3)

ENOUGH = threading.Event()
KEPT: list[Any] = []  # what tasks leave behind, so that nothing collects it

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def plan_of(workload: Workload, items: Sequence[Any], results: Sequence[Any], model: str, **more: Any) -> TrialPlan:
    """A trial of the workload, whose results are known."""
    return TrialPlan(workload, model, items, expected=expected_of(workload, items, results), policy=ROUNDS, **more)


def kinds(measurement: Measurement) -> list[Kind]:
    """Why it is void."""
    return [each.kind for each in measurement.voids]


async def fetch(url: str, session: aiohttp.ClientSession) -> int:
    """The length of a page."""
    async with session.get(url) as response:
        return len(await response.read())


@asynccontextmanager
async def sized_session(slots: int) -> AsyncGenerator[aiohttp.ClientSession]:
    """As it should be."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=slots)) as session:
        yield session


@asynccontextmanager
async def default_session(slots: int) -> AsyncGenerator[aiohttp.ClientSession]:
    """As it comes: aiohttp's connector stops at a hundred connections."""
    del slots
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(scope="module")
def server() -> Generator[MockServer]:
    """A server for all of these tests."""
    with MockServer.start() as server:
        yield server


@pytest.mark.parametrize("delay_ms", [0, 30, 200])
@pytest.mark.parametrize(
    ("session", "expected"), [(sized_session, []), (default_session, [Kind.POOL])], ids=["sized", "left at its default"]
)
def test_a_connector_limit_left_at_its_default_is_found(
    server: MockServer, session: Callable[[int], Any], expected: list[Kind], delay_ms: int
) -> None:
    """With and without a delay; one that is sized to the trial is fair."""
    urls = [server.page(PAGE_BYTES, key=key, delay_ms=delay_ms) for key in range(130)]
    workload = Workload("pages", async_task=fetch, async_resource=session)
    sizes = [PAGE_BYTES] * len(urls)
    measurement = run_trial(plan_of(workload, urls, sizes, "coroutines", concurrency=130, server=server))
    assert [each for each in kinds(measurement) if each == Kind.POOL] == expected
    assert measurement.server is not None
    assert measurement.server["connections_ever"] == (100 if expected else 130)


async def fetch_in_time(item: tuple[float, str], session: aiohttp.ClientSession) -> int:
    """After this many seconds, so that a few are in flight at once."""
    wait_s, url = item
    await asyncio.sleep(wait_s)
    return await fetch(url, session)


def test_a_slow_client_is_no_small_pool(server: MockServer) -> None:
    """It has room for all 64, and never gets more than a few on their way."""
    pages = [(0.01 * key, server.page(PAGE_BYTES, key=key, delay_ms=20)) for key in range(64)]
    workload = Workload("pages", async_task=fetch_in_time, async_resource=sized_session)
    sizes = [PAGE_BYTES] * len(pages)
    measurement = run_trial(plan_of(workload, pages, sizes, "coroutines", concurrency=64, server=server))
    assert Kind.POOL not in kinds(measurement)
    assert measurement.server is not None
    assert measurement.server["connections_ever"] < 64


async def too_many(items: Sequence[str], session: aiohttp.ClientSession) -> list[int]:
    """All at once, whatever was asked for."""
    return await asyncio.gather(*(fetch(item, session) for item in items))


def test_a_model_that_has_more_in_flight_than_allowed_is_found(server: MockServer) -> None:
    """On delayed pages, where the server sees them together."""

    class Greedy:
        details: Final = {"workers": 2}

        def __init__(self, session: aiohttp.ClientSession) -> None:
            self._session = session

        async def run(self, items: Sequence[str]) -> list[int]:
            return await too_many(items, self._session)

    @asynccontextmanager
    async def greedy(concurrency: int) -> AsyncGenerator[Greedy]:
        async with sized_session(concurrency * 2) as session:
            yield Greedy(session)

    urls = [server.page(PAGE_BYTES, key=key, delay_ms=30) for key in range(4)]
    workload = Workload("greedy", implementations={"coroutines": greedy})
    plan = plan_of(workload, urls, [PAGE_BYTES] * 4, "coroutines", concurrency=2, server=server)
    with pytest.raises(VoidTrialError, match="saw 4 requests in flight at once, where 2 may be"):
        run_trial(plan)


def test_a_saturated_server_is_found_and_one_at_rest_is_not(
    server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its own CPU time: the flooding client costs little, and delayed pages cost the server little.

    Where other tests fill the cores, no server gets 70 % of one: the threshold here is one that it reaches even so.
    benchmarks/harness/test_ceiling.py shows the real one.
    """
    monkeypatch.setattr(server_traffic, "MOST_BUSY_SHARE", 0.3)
    urls = [server.page(1, key=key) for key in range(20)]
    requests = [REQUESTS_PER_ITEM] * len(urls)
    plan = plan_of(flooding(server.port), urls, requests, "serial", concurrency=1, server=server)
    measurement = run_trial(replace(plan, requests_per_round=sum(requests)))
    assert kinds(measurement) == [Kind.SERVER_BOUND], measurement.server
    slow = [server.page(PAGE_BYTES, key=key, delay_ms=20) for key in range(8)]
    rested = Workload("slow", async_task=fetch, async_resource=sized_session)
    sizes = [PAGE_BYTES] * len(slow)
    assert kinds(run_trial(plan_of(rested, slow, sizes, "coroutines", concurrency=8, server=server))) == []


def test_of_several_server_processes_each_tells_its_own_time() -> None:
    """So that a busy one can't hide behind an idle one."""
    with MockServer.start(processes=2) as server:
        counted = server.counters()
    assert len(counted.cpu_s_by_process) == 2
    assert all(counted.cpu_s_by_process)
    assert sum(counted.cpu_s_by_process) == pytest.approx(counted.cpu_s)


def test_the_accounting_round_s_requests_add_up_too(server: MockServer) -> None:
    """One that sends more, or fewer, is not the work that was timed."""
    urls = [server.page(PAGE_BYTES, key=key) for key in range(4)]
    workload = Workload("pages", async_task=fetch, async_resource=sized_session)
    plan = plan_of(workload, urls, [PAGE_BYTES] * 4, "coroutines", concurrency=2, server=server)
    assert account(plan)["rounds"] > 0
    with pytest.raises(
        VoidTrialError, match=r"accounting round: the server answered \d+ requests in \d+ round"
    ) as told:
        account(replace(plan, requests_per_round=5))
    assert told.value.kind == Kind.REQUESTS


def leak_a_thread(item: int) -> int:
    """Starts a thread that outlives its item."""
    threading.Thread(target=ENOUGH.wait, args=(60,), name="leak", daemon=True).start()
    return item


def leak_in_workers(item: int) -> int:
    """The same, where the thread ends with the worker process."""
    return leak_a_thread(item)


@linux_only
def test_a_worker_process_that_leaks_a_thread_is_found() -> None:
    """Its threads end with it, so they are counted before."""
    workload = Workload("leak", task=leak_in_workers)
    items = [1, 2, 3, 4]
    leftovers = account(plan_of(workload, items, items, "processes", concurrency=2))["leftovers"]
    void = left_over(leftovers)
    assert void is not None
    assert re.search(r"gained \d+ thread\(s\) in \d+ rounds, some all the time", void.reason), void.reason


def open_a_socket(item: int) -> int:
    """Opens a socket and keeps it."""
    KEPT.append(socket.socket())
    return item


def start_a_process(item: int) -> int:
    """Starts a process that goes when this one does, and does not wait for it."""
    KEPT.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
    return item


def forget_to_await(item: int) -> int:
    """Calls a coroutine function as if it were a plain one."""
    async_double(item)  # type: ignore[unused-coroutine]  # the mistake that is looked for
    return item


async def use_a_pool(item: int) -> int:
    """Has asyncio's own pool of threads fill up, one thread after another."""
    return await asyncio.to_thread(abs, item)


@linux_only
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_pool_that_fills_up_in_a_worker_process_is_no_leak(concurrency: int) -> None:
    """Whenever it gains a thread."""
    items = list(range(8))
    plan = plan_of(
        Workload("pool", async_task=use_a_pool), items, items, "processes+coroutines", concurrency=concurrency
    )
    assert account(plan)["leftovers"] == []


@linux_only
@pytest.mark.parametrize(
    ("task", "told"),
    [
        (open_a_socket, r"worker process \d+ gained 1\d socket\(s\) in \d rounds"),
        (start_a_process, r"worker process \d+ gained 1\d child process\(es\) in \d rounds"),
        (forget_to_await, r"coroutine 'async_double' was never awaited \(.*\) \(\d+ times\) in worker process \d+"),
    ],
)
def test_what_a_worker_process_leaves_behind_is_found(task: Any, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it ends with the worker."""
    # One round each: who opens a socket an item can't go on for long.
    for limit in ("SHORTEST_S", "_ENOUGH_S", "_LONGER_S"):
        monkeypatch.setattr(f"timetrial.trial.accounting_round.{limit}", 1e-9)
    leftovers = account(plan_of(Workload("leak", task=task), [1, 2], [1, 2], "processes", concurrency=1))["leftovers"]
    assert [each for each in leftovers if re.match(told, each)], leftovers


async def async_double(item: int) -> int:
    """Twice."""
    return 2 * item


async def leave_a_task(item: int) -> int:
    """Starts a task and forgets it."""
    KEPT.append(asyncio.create_task(asyncio.Event().wait()))
    return item


@pytest.mark.parametrize("model", ["coroutines", "processes+coroutines"])
def test_a_task_that_is_left_in_its_loop_is_found(model: str) -> None:
    """Before whoever closes the loop cancels it."""
    workload = Workload("leak", async_task=leave_a_task)
    leftovers = account(plan_of(workload, [1, 2], [1, 2], model, concurrency=2))["leftovers"]
    assert leftovers
    assert all(re.match(r"a task of 'Event.wait' \(.*\) is still pending \(", each) for each in leftovers), leftovers


def test_a_task_that_leaks_a_thread_here_is_found() -> None:
    """In the client's own process."""
    before = set(threading.enumerate())
    workload = Workload("leak", task=leak_a_thread)
    leftovers = account(plan_of(workload, [1], [1], "threads", concurrency=1))["leftovers"]
    assert any("thread 'leak' (daemon) is still running" in each for each in leftovers), leftovers
    leaked = set(threading.enumerate()) - before
    ENOUGH.set()  # or other tests would count them as theirs
    for each in leaked:
        each.join()
    assert {each.name for each in leaked} == {"leak"}


@linux_only
def test_a_real_burner_beside_it_disturbs_a_trial() -> None:
    """As many busy processes as there are cores, none of them ours."""
    meter = DisturbanceMeter(own_cpu_s=lambda: 0.0)
    burn = [sys.executable, "-c", "import sys; sys.stdin.read(0); print(flush=True)\nwhile True: pass"]
    burners = [subprocess.Popen(burn, stdout=subprocess.PIPE) for _ in range(len(os.sched_getaffinity(0)))]
    try:
        for each in burners:
            assert each.stdout is not None
            each.stdout.readline()

        async def doze(item: float) -> float:
            await asyncio.sleep(item)
            return item

        plan = plan_of(Workload("doze", async_task=doze), [0.25], [0.25], "coroutines", concurrency=1)
        measurement = run_trial(replace(plan, settings=RunSettings(conditions=Conditions(meter=lambda: meter))))
    finally:
        for each in burners:
            each.kill()
            each.communicate()
    assert kinds(measurement) == [Kind.DISTURBED]
