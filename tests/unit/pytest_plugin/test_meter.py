"""The meter: timetrial's durations reach pytest-benchmark to the last bit."""

from __future__ import annotations

import pytest

SUITE = """
import random
import pytest
from timetrial.pytest_plugin.meter import Meter

METER = Meter()
RANDOM = random.Random(7)
DURATIONS_S = [RANDOM.random() * 10.0 ** RANDOM.randint(-9, 3) for _ in range(2000)]

@pytest.mark.benchmark(timer=METER)
def test_it(benchmark):
    METER.replay(benchmark, DURATIONS_S, "the result")
    recorded = benchmark.stats.stats.data if benchmark.enabled else DURATIONS_S
    assert recorded == DURATIONS_S
"""


@pytest.mark.parametrize("options", [[], ["--benchmark-cprofile=cumtime"], ["--benchmark-disable"]])
def test_durations_arrive_bit_for_bit(pytester: pytest.Pytester, options: list[str]) -> None:
    """Large ones beside tiny ones, with a profile as without; a disabled benchmark replays nothing."""
    pytester.makepyfile(SUITE)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.runpytest_inprocess(*options).assert_outcomes(passed=1)
