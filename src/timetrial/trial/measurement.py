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

    - ``workload``, ``model``: their names, the model's with its variant: ``threads[requests]``.
    - ``concurrency``: the most items in flight at once, 1 under serial; ``items``: how many a round does.
    - ``durations_s``: one figure for each timed round, in their order; at least one.
    - ``startup_s``: from nothing to the first item's result; ``teardown_s``: the closing. Neither is part of a round.
    - ``digest``: one for all results, equal wherever the same work was done; ``results``: the last round's, in the
      items' order.
    - ``details``: what the executor says of itself, such as ``start_method`` and ``event_loop``.
    - ``server``: what the server attests, with its busy share; None without one.
    - ``accounting``, ``open_loop``: what these rounds found, ready for JSON; None where they were not asked for or
      failed, and then ``accounting_error`` and ``open_loop_error`` say why.
    - ``voids``: the reasons why ``durations_s`` mean nothing; empty for a fair trial.
    - ``fairness``: what was seen of the conditions, whether it voids the trial or not.
    - ``paths_per_round``: how often each round asked the server for each path; empty where the server doesn't tell or
      the rounds weren't alike.
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
        """The median duration of a timed round, in seconds."""
        return statistics.median(self.durations_s)

    @property
    def throughput_per_s(self) -> float | None:
        """Items per second in the median round; None where the clock saw no time pass in it."""
        return self.items / self.median_s_per_round if self.median_s_per_round > 0 else None
