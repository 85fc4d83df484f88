"""One test's trial, as pytest knows it before and after the test calls it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from timetrial.pytest_plugin import collection
from timetrial.pytest_plugin.meter import Meter
from timetrial.pytest_plugin.options import rounds_policy
from timetrial.trial.items_key import ItemsKey
from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import Expected
from timetrial.trial.settings import RunSettings


class TrialTest:
    """A test with a trial in it: its workload, its model, and the fixture that records its rounds.

    ``benchmark`` is pytest-benchmark's own fixture. ``recorded`` tells whether the trial's rounds are in it.
    """

    def __init__(self, request: pytest.FixtureRequest, benchmark: Any, meter: Meter, settings: RunSettings) -> None:
        self.item: pytest.Item = request.node
        self.benchmark = benchmark
        self.settings = settings
        self.model = str(collection.model_of(self.item))
        self.workload = collection.workload_of(self.item)
        self.in_loop = inspect.iscoroutinefunction(request.function)
        self.recorded = False
        self._meter = meter

    def plan(self, expected: Expected, *, items_key: ItemsKey, **given: Any) -> TrialPlan:
        """The trial's plan: what the test has ``given``, its markers say and the run's settings are."""
        marker = self.item.get_closest_marker("benchmark")
        said = marker.kwargs if marker else {}
        config = self.item.config
        return TrialPlan(
            workload=self.workload,
            model_id=self.model,
            items=items_key.items,
            expected=expected,
            policy=rounds_policy(config, self.settings.scale, said),
            disable_gc=said.get("disable_gc", config.getoption("benchmark_disable_gc")),
            items_key=items_key,
            settings=self.settings,
            **given,
        )

    def record(self, measurement: Measurement) -> None:
        """Has pytest-benchmark record the rounds, which may be done once."""
        self.recorded = True
        self._meter.replay(self.benchmark, measurement.durations_s, measurement)
