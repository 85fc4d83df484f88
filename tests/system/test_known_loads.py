"""Known loads under every model: what each task was told to use comes back from the accounting round."""

from __future__ import annotations

import asyncio
import mmap
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from timetrial import Workload, models
from timetrial.trial.accounting_round import SHORTEST_S, account
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import expected_of

MB = 1_000_000
BURN_S, BLOCK_S, SLEEP_S, HOLD_S = 0.13, 0.2, 0.3, 0.5
HELD_BYTES = 40 * MB
CONCURRENCY = 2
TRIES = 4
"""A neighbour on the machine makes a wait longer, never shorter: one clean try in a few shows what we see of it."""

IN_LOOPS = ("coroutines", "processes+coroutines")


def burn(seconds: float) -> float:
    """So much of this thread's CPU time, whatever else the machine does."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    return seconds


def hold(seconds: float) -> float:
    """So many bytes, each page of them touched, straight from the system and straight back to it."""
    with mmap.mmap(-1, HELD_BYTES) as block:
        _touch(block)
        time.sleep(seconds)
    return seconds


def doze(seconds: float) -> float:
    """Nothing for a while."""
    time.sleep(seconds)
    return seconds


def block(seconds: float) -> float:
    """The thread, by the clock on the wall."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
    return seconds


async def async_burn(seconds: float) -> float:
    """As burn, without a turn of the loop."""
    return burn(seconds)


async def async_hold(seconds: float) -> float:
    """As hold, all at the same time."""
    with mmap.mmap(-1, HELD_BYTES) as block:
        _touch(block)
        await asyncio.sleep(seconds)
    return seconds


async def async_doze(seconds: float) -> float:
    """As doze."""
    await asyncio.sleep(seconds)
    return seconds


async def async_block(seconds: float) -> float:
    """The loop, once its lag probe has had a look or two."""
    await asyncio.sleep(0.01)
    return block(seconds)


def _touch(block: mmap.mmap) -> None:
    for page in range(0, HELD_BYTES, mmap.PAGESIZE):
        block[page] = 1


def accounted(
    model: str, task: Callable[..., Any], async_task: Callable[..., Any], items: list[float]
) -> dict[str, Any]:
    """The accounting of rounds with these items under that model."""
    workload = Workload(task.__name__, task=task, async_task=async_task)
    return account(TrialPlan(workload, model, items, CONCURRENCY, expected_of(workload, items, items)))


def working(account: dict[str, Any], model: str) -> dict[str, Any]:
    """The usage of those who do the work under that model."""
    usage: dict[str, Any] = account["roles"]["worker" if "processes" in model else "client"]
    return usage


def best_of_tries(error_of: Callable[[], float]) -> float:
    """The least relative error, looked for until it is within 5 %."""
    least = float("inf")
    for _ in range(TRIES):
        least = min(least, error_of())
        if least <= 0.05:
            break
    return least


@pytest.mark.parametrize("model", models.NAMES)
def test_a_known_cpu_time_comes_back_within_5_percent(model: str) -> None:
    """From whoever does the work; a client that only hands it out uses next to nothing."""
    found = accounted(model, burn, async_burn, [BURN_S] * 2)
    usage, burned_s = working(found, model), 2 * BURN_S * found["rounds"]
    assert usage["cpu_user_s"] + usage["cpu_system_s"] == pytest.approx(burned_s, rel=0.05)
    if "processes" in model:
        client = found["roles"]["client"]
        assert client["cpu_user_s"] + client["cpu_system_s"] < 0.05 * burned_s
    assert found["latency"]["count"] == 2 * found["rounds"]


@pytest.mark.parametrize("model", models.NAMES)
def test_known_memory_comes_back_within_2_mb_a_worker(model: str) -> None:
    """Of all that hold it at the same time."""
    found = accounted(model, hold, async_hold, [HOLD_S] * CONCURRENCY)
    usage, holders = working(found, model), 1 if model == "serial" else CONCURRENCY
    grown_bytes = usage["memory_peak_bytes"] - usage["memory_start_bytes"]
    assert grown_bytes == pytest.approx(holders * HELD_BYTES, abs=holders * 2 * MB)


@pytest.mark.parametrize("model", models.NAMES)
def test_a_known_sleep_comes_back_within_5_percent(model: str) -> None:
    """As the latency of items, which cost next to no CPU time."""

    def error() -> float:
        found = accounted(model, doze, async_doze, [SLEEP_S] * CONCURRENCY)
        usage = working(found, model)
        assert usage["cpu_user_s"] + usage["cpu_system_s"] < 0.25 * SLEEP_S
        assert found["latency"]["p50_ms"] >= 1000 * SLEEP_S * 0.99
        return abs(float(found["latency"]["p50_ms"]) / (1000 * SLEEP_S) - 1)

    assert best_of_tries(error) <= 0.05


@pytest.mark.parametrize("model", models.NAMES)
def test_a_loop_that_is_blocked_for_a_known_time_shows_it_within_5_percent(model: str) -> None:
    """Where there is a loop; elsewhere there is no figure, and the latency shows how long the thread was kept."""

    def error() -> float:
        found = accounted(model, block, async_block, [BLOCK_S])
        if model not in IN_LOOPS:
            assert found["loop_lag"] is None
        lag_ms = found["loop_lag"]["max_ms"] if model in IN_LOOPS else found["latency"]["p50_ms"]
        assert lag_ms >= 1000 * BLOCK_S * 0.95
        return abs(float(lag_ms) / (1000 * BLOCK_S) - 1)

    assert best_of_tries(error) <= 0.05


def leave_a_file(_item: float) -> float:
    """Forgets to remove its temporary file."""
    descriptor, _ = tempfile.mkstemp(prefix="forgotten-")
    os.close(descriptor)
    return 0.0


async def async_leave_a_file(item: float) -> float:
    """The same."""
    return leave_a_file(item)


@pytest.mark.parametrize("model", models.NAMES)
def test_a_temporary_file_that_is_left_over_is_named_and_removed(model: str) -> None:
    """Also one of a worker behind a fork server, and not those of other programs."""
    found = accounted(model, leave_a_file, async_leave_a_file, [0.0])
    named = [Path(each.split()[1]) for each in found["leftovers"]]
    assert named
    assert all(path.name.startswith("forgotten-") and not path.exists() for path in named)


@pytest.mark.parametrize("model", models.NAMES)
def test_short_rounds_are_repeated_until_the_sampler_keeps_its_promise(model: str) -> None:
    """Twenty milliseconds a round are too short for a sampler that may take 2 % of a core."""
    found = accounted(model, doze, async_doze, [0.002] * 10)
    assert found["rounds"] > 1
    assert found["rounds_s"] >= SHORTEST_S
    assert found["latency"]["count"] == 10 * found["rounds"]
    assert 0 < found["sampler"]["core_share"] < 0.02


def test_what_the_proofs_cost_is_no_part_of_the_clients_cpu_time() -> None:
    """They come between the rounds, and their CPU time is known."""
    workload = Workload("doze", task=doze, comparable=burn)
    plan = TrialPlan(workload, "serial", [0.05] * 2, 1, expected_of(workload, [0.05] * 2, [0.05] * 2))
    client = account(plan)["roles"]["client"]
    assert client["cpu_user_s"] + client["cpu_system_s"] < 0.05
