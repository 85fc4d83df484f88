"""What a trial found out."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from timetrial.trial.void import Void


@dataclass(frozen=True)
class Measurement:
    """What a trial found out.

    ``startup_s`` runs from nothing to the first item's result, ``teardown_s`` is the closing; neither is part of
    ``durations_s``, which holds one figure for each timed round. ``voids`` are the reasons why these mean nothing;
    ``fairness`` is what was seen of the conditions. ``accounting_error`` and ``open_loop_error`` say why there is no
    ``accounting`` or ``open_loop``, where it was asked for and failed. ``paths_per_round`` is how often each round
    asked the server for each path; empty where the server doesn't tell or the rounds weren't alike.
    """

    workload: str
    model: str
    concurrency: int
    items: int
    durations_s: tuple[float, ...]
    startup_s: float
    teardown_s: float
    digest: str
    results: Sequence[Any] = field(repr=False)
    details: Mapping[str, object] = field(default_factory=dict)
    server: Mapping[str, Any] | None = None
    accounting: Mapping[str, Any] | None = None
    voids: tuple[Void, ...] = ()
    fairness: Mapping[str, Any] = field(default_factory=dict)
    open_loop: Mapping[str, Any] | None = None
    accounting_error: str | None = None
    open_loop_error: str | None = None
    paths_per_round: Mapping[str, int] = field(default_factory=dict, repr=False)

    @property
    def median_s_per_round(self) -> float:
        """The middle of the rounds' durations."""
        return statistics.median(self.durations_s)

    @property
    def throughput_per_s(self) -> float | None:
        """Items per second in the median round; None where the clock could not see the round pass."""
        return self.items / self.median_s_per_round if self.median_s_per_round > 0 else None
