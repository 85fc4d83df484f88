"""The load generator of test_serve.py is no bottleneck: it rests while the fastest services are at their limit.

It waits for nothing but answers, so that a generator that is busy for a small part of a round is held up by the
service for the rest of it. The services neither wait nor compute here, which is the most that it is ever asked for.
"""

from __future__ import annotations

import statistics
from typing import Any, cast

import pytest

from benchmarks.test_serve import SERVE
from fixtures.service import Call
from fixtures.serving import Answers
from timetrial import models

CONNECTIONS, CALLS, ROUNDS = 64, 4_000, 10
MOST_BUSY_SHARE = 0.7


@pytest.mark.parametrize("model", ["threads", "coroutines", "processes+coroutines"])
def test_load_generator(benchmark: Any, model: str) -> None:
    """Its CPU time by the round's wall time; needs as many cores to itself as the service has processes, and one more.

    Fails where a service of one process leaves the generator too little rest to be sure that it is the limit.
    """
    calls = [Call(key) for key in range(CALLS)]
    with models.get(model).open(SERVE, CONNECTIONS) as executor:
        executor.run(calls)
        shares = [cast("Answers", executor.run(calls)).generator_busy_share for _ in range(ROUNDS)]
        benchmark.pedantic(executor.run, args=(calls,), rounds=ROUNDS)
    share = statistics.median(shares)
    benchmark.group = "harness, the load generator of test_serve"
    benchmark.extra_info["load_generator"] = {"model": model, "busy_share": share}
    requests_per_s = CALLS / benchmark.stats.stats.median
    print(f"\n{model:>21}: {requests_per_s:,.0f} requests/s, and the generator was busy for {share:.0%} of the time")
    if model != "processes+coroutines":
        assert share < MOST_BUSY_SHARE
