"""A server past 70 % of its measured ceiling, really loaded: the trial is void, and below it is not."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.harness import flood
from timetrial import MockServer
from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import expected_of
from timetrial.trial.run import run_trial
from timetrial.trial.server_traffic import MOST_BUSY_SHARE
from timetrial.trial.void import Kind

_URLS = 20


@pytest.mark.parametrize("delay_ms", [0, 20], ids=["flooded", "delayed"])
def test_server_at_its_ceiling(benchmark: Any, delay_ms: int) -> None:
    """A client that costs next to nothing fills the server; with a delay before each answer the server mostly rests.

    Needs two cores to itself: where others take half of the server's core, it can't get 70 % of one.
    """
    with MockServer.start() as server:
        measurement = benchmark.pedantic(_flooded, args=(server, delay_ms), rounds=1)
    assert measurement.server is not None
    share = measurement.server["busy_share"]
    benchmark.group = "harness, a server at its ceiling"
    benchmark.extra_info["ceiling"] = dict(measurement.server)
    void = Kind.SERVER_BOUND in [each.kind for each in measurement.voids]
    print(f"\nthe server was at {share:.0%} of {measurement.server['ceiling_requests_per_s']:,.0f} requests/s: {void=}")
    assert void == (share > MOST_BUSY_SHARE) == (delay_ms == 0)


def _flooded(server: MockServer, delay_ms: int) -> Measurement:
    urls = [server.page(1, key=key, delay_ms=delay_ms) for key in range(_URLS)]
    workload = flood.flooding(server.port)
    return run_trial(
        TrialPlan(
            workload,
            "serial",
            urls,
            concurrency=1,
            expected=expected_of(workload, urls, [flood.REQUESTS_PER_ITEM] * len(urls)),
            server=server,
            requests_per_round=len(urls) * flood.REQUESTS_PER_ITEM,
        )
    )
