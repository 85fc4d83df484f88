"""What a trial is to do, settled before it starts."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from timetrial import models
from timetrial.models.base import ConcurrencyModel, ModelSettings
from timetrial.trial.executions import Executions
from timetrial.trial.items_key import ItemsKey
from timetrial.trial.reference import Expected
from timetrial.trial.server_traffic import CountingServer
from timetrial.trial.settings import RunSettings
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
        """Whether these rounds, one duration in seconds each, are enough; asked after every round, untimed."""
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

    - ``workload``, ``items``: what is to be done; ``expected``: what every model must come to.
    - ``model_id``: under which model, with its variant: ``threads`` or ``threads[requests]``.
    - ``concurrency``: the most items in flight at once that the test asks for.
    - ``workers``: over how many processes or threads these are shared out, where each has an event loop; None leaves it
      to the model.
    - ``policy``: how many rounds; ``disable_gc``: whether the collector stands still in a timed round.
    - ``server``, ``requests_per_round``: what must have been counted after each round, one request for each item
      where no number is given.
    - ``items_key``: what the items are known by; None where nobody compares them.
    - ``executions``: how often a round runs the items; one object for all trials that are compared with each other.
    - ``settings``: what is the same for all trials of the run.
    """

    workload: Workload
    model_id: str
    items: Sequence[Any]
    concurrency: int
    expected: Expected
    policy: RoundsPolicy = RoundsPolicy()
    disable_gc: bool = False
    server: CountingServer | None = None
    requests_per_round: int | None = None
    workers: int | None = None
    items_key: ItemsKey | None = None
    executions: Executions = field(default_factory=Executions)
    settings: RunSettings = field(default_factory=RunSettings)

    def model(self) -> ConcurrencyModel:
        """The model under which the trial runs; raises ModelUnavailableError where it can't run here."""
        return models.create(self.asks)

    def way(self) -> Workload:
        """The workload, or the variant of it that the model's id names."""
        return models.resolve(self.model_id, self.workload)[1]

    @property
    def asks(self) -> ModelSettings:
        """What the run's settings ask of the model, or its own name where that says it: ``processes[spawn]``."""
        settings = self.settings
        return models.settings_of(
            self.model_name,
            start_method=settings.start_method,
            event_loop=settings.event_loop,
            workers=self.workers,
            scheduler=settings.dask_scheduler,
        )

    @property
    def model_name(self) -> str:
        """The model's name without the workload's variant: ``threads`` of ``threads[requests]``."""
        return models.resolve(self.model_id, self.workload)[0]

    @property
    def in_flight(self) -> int:
        """The most items in flight at once under this model: one under serial, ``concurrency`` under the others."""
        return models.in_flight(self.model_name, self.concurrency)

    @property
    def label(self) -> str:
        """What messages call this trial: ``'resize' under 'threads[pool]'``."""
        return f"{self.workload.name!r} under {self.model_id!r}"

    @property
    def brings_own_implementation(self) -> bool:
        """Whether the workload does it its own way under this model, which nothing can look into."""
        return self.model_name in self.way().implementations

    @property
    def expected_requests(self) -> int:
        """What the server has to count in a round: one request for each item, unless the test says otherwise."""
        return len(self.items) if self.requests_per_round is None else self.requests_per_round
