"""What the harness costs: each generic executor against the tightest hand-written code, in turns, in one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from benchmarks.harness import by_hand
from benchmarks.harness.turns import pair
from timetrial import models
from timetrial.models.pool.start_methods import preload
from timetrial.stats.paired_ratio import paired_ratio
from timetrial.workload import Workload

PAIRS = 15
ITEM_S = 0.001

WORKLOADS = {
    "cpu": Workload("spin", task=by_hand.spin, async_task=by_hand.async_spin),
    "sleep": Workload("doze", task=by_hand.doze, async_task=by_hand.async_doze),
}

BY_HAND: dict[str, Callable[..., Any]] = {
    "serial": by_hand.serial,
    "threads": by_hand.threads,
    "processes": by_hand.processes,
    "coroutines": by_hand.coroutines,
    "processes+coroutines": by_hand.hybrid,
    "threads+coroutines": by_hand.thread_loops,
    "dask": by_hand.dask,
}

SYNC = {"serial": 1, "threads": 2, "processes": 2, "dask": 2}
"""Models of a sync task, and how many items each has in flight; the others have 16."""


@pytest.mark.parametrize("kind", WORKLOADS)
@pytest.mark.parametrize("name", BY_HAND)
def test_overhead(benchmark: Any, name: str, kind: str) -> None:
    """The executor's rounds are what the table shows; extra_info holds the ratio to the hand-written code's."""
    workload = WORKLOADS[kind]
    if reason := models.get(name).unavailable():
        pytest.skip(reason)
    concurrency = SYNC.get(name, 16)
    # About a fifth of a second a round, so that the machine's own noise, not the clock's, is what is left.
    in_flight = concurrency if kind == "sleep" else {"processes": 2, "processes+coroutines": 2, "dask": 2}.get(name, 1)
    items = [ITEM_S] * (100 * in_flight)
    task = workload.task if name in SYNC else workload.async_task
    preload([by_hand.__name__, "timetrial.models.hybrid", "timetrial.models.processes", "pytest"])
    with models.get(name, workers=2).open(workload, concurrency) as ours, BY_HAND[name](task, concurrency) as bare:
        for _ in range(2):
            assert ours.run(items) == bare(items) == items
        pairs = [pair(ours.run, bare, items) for _ in range(PAIRS)]
        benchmark.pedantic(ours.run, args=(items,), rounds=1)
    ratio = paired_ratio([one for one, _ in pairs], [other for _, other in pairs])
    assert ratio is not None
    benchmark.group = f"harness, items of 1 ms {kind}"
    benchmark.extra_info["harness"] = {
        "model": name,
        "kind": kind,
        "concurrency": concurrency,
        "items": len(items),
        "ratio_to_by_hand": asdict(ratio),
    }
    more, low, high = (100 * (each - 1) for each in (ratio.ratio, ratio.low, ratio.high))
    print(f"\n{name:>21} {kind:5}: {more:+.1f} % ({low:+.1f} to {high:+.1f} %)")
