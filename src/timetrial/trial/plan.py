"""What a trial is to do, settled before it starts."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from timetrial import models
from timetrial.models.base import ConcurrencyModel
from timetrial.trial.conditions import Conditions
from timetrial.trial.reference import Expected
from timetrial.trial.server_traffic import CountingServer
from timetrial.trial.void import Void
from timetrial.workload import Workload

_LOOKS: Final = 20  # for the precision of many rounds, again when there are a twentieth more: each look takes them all


@dataclass(frozen=True)
class RoundsPolicy:
    """When a trial has been timed enough: after ``max_time_s`` of rounds, but never before ``min_rounds``.

    With ``precision`` it may stop earlier: once the half-width of the mean's confidence interval is within that
    fraction of the mean (normal approximation).
    """

    min_rounds: int = 5
    max_time_s: float = 1.0
    max_rounds: int = 10_000
    precision: float | None = None
    confidence: float = 0.99

    def satisfied_by(self, durations_s: Sequence[float]) -> bool:
        """Whether these rounds are enough."""
        count = len(durations_s)
        if count < self.min_rounds:
            return False
        if count >= max(self.min_rounds, self.max_rounds) or sum(durations_s) >= self.max_time_s:
            return True
        if self.precision is None or count < 2 or count % max(1, count // _LOOKS):
            return False
        return self._margin_of(durations_s) <= self.precision

    def _margin_of(self, durations_s: Sequence[float]) -> float:
        z = statistics.NormalDist().inv_cdf(0.5 + self.confidence / 2)
        mean = statistics.fmean(durations_s)
        if mean <= 0:
            return math.inf  # the clock could not see a round pass
        return z * statistics.stdev(durations_s) / math.sqrt(len(durations_s)) / mean


@dataclass(frozen=True)
class TrialPlan:
    """All that one trial needs to know, settled before it starts.

    ``requests_per_round`` is what ``server`` must have counted after each round. ``timed`` is False for a run that
    only proves the work and measures nothing (``--benchmark-disable``). ``conditions`` are watched around the timed
    rounds. ``items_digest`` is that of the items before anything was done to them. ``on_round`` is called between
    rounds, untimed, with the durations so far; ``on_paths`` after the last one, with how often a round asked the server
    for each path, and returns why that is wrong, or None.
    """

    workload: Workload
    model_id: str
    items: Sequence[Any]
    concurrency: int
    expected: Expected
    items_digest: bytes | None = None
    policy: RoundsPolicy = RoundsPolicy()
    server: CountingServer | None = None
    requests_per_round: int | None = None
    timed: bool = True
    disable_gc: bool = False
    start_method: str | None = None
    event_loop: str = "asyncio"
    clock_ns: Callable[[], int] = time.perf_counter_ns
    conditions: Conditions = field(default_factory=Conditions)
    on_round: Callable[[Sequence[float]], None] = lambda _durations_s: None
    on_paths: Callable[[TrialPlan, Mapping[str, int]], Void | None] | None = None

    def model(self) -> ConcurrencyModel:
        """The model under which the trial runs; raises ModelUnavailableError where it can't run here."""
        return models.get(models.split(self.model_id)[0], start_method=self.start_method, event_loop=self.event_loop)

    def way(self) -> Workload:
        """The workload, or the variant of it that the model's id names."""
        return self.workload.variant(models.split(self.model_id)[1])

    @property
    def expected_requests(self) -> int:
        """What the server has to count in a round: one request for each item, unless the test says otherwise."""
        return len(self.items) if self.requests_per_round is None else self.requests_per_round
