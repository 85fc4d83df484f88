"""A great many workers at once, with their accounting: 64 processes, 2,000 threads, 10,000 coroutines."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.harness import by_hand
from timetrial.report.text import duration, size
from timetrial.trial.accounting_round import account
from timetrial.trial.plan import RoundsPolicy, TrialPlan
from timetrial.trial.reference import expected_of
from timetrial.trial.run import run_trial
from timetrial.workload import Workload

CROWDS = {"processes": 64, "threads": 2_000, "coroutines": 10_000, "processes+coroutines": 10_000}
NAP_S = 0.05


@pytest.mark.parametrize("model", CROWDS)
def test_scale(benchmark: Any, model: str) -> None:
    """Rounds of two waits for each worker; extra_info holds start-up, tear-down and the accounting round."""
    count = CROWDS[model]
    items = [NAP_S] * (2 * count)
    workload = Workload("nap", task=by_hand.doze, async_task=by_hand.async_doze)
    policy = RoundsPolicy(min_rounds=3, max_time_s=1.0)
    plan = TrialPlan(workload, model, items, count, expected_of(workload, items, items), policy=policy)
    measured, found = run_trial(plan), account(plan)
    benchmark.pedantic(lambda: None, rounds=1)
    benchmark.extra_info["scale"] = {
        "model": model,
        "workers": count,
        "startup_s": measured.startup_s,
        "teardown_s": measured.teardown_s,
        "durations_s": measured.durations_s,
        "accounting": found,
    }
    assert found["sampler"]["core_share"] < 0.02
    assert found["leftovers"] == []
    memory_bytes = sum(each["memory_peak_bytes"] for each in found["roles"].values())
    print(
        f"\n{count:>6,} {model}: start-up {duration(measured.startup_s)}, a round of two waits of 50 ms "
        f"{duration(measured.median_s_per_round)}, tear-down {duration(measured.teardown_s)}, {size(memory_bytes)}, "
        f"sampler {found['sampler']['core_share']:.1%} of a core"
    )
