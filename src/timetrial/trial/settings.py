"""How every trial of a run is measured, apart from what a test says of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from timetrial.system.clocks import clocks
from timetrial.trial.conditions import Conditions

_FEWEST_ARRIVALS: Final = 100  # with fewer, p99 is the maximum
_MOST_ARRIVALS: Final = 20_000


@dataclass(frozen=True)
class OpenLoop:
    """How to run an open loop: at which fraction of the closed loop's ceiling, with what arrivals, for how long.

    It lasts ``duration_s``, or longer where the rate is so low that a hundred items take longer, up to ``limit_s``.
    """

    fraction: float
    pattern: str = "uniform"
    seed: int = 0
    duration_s: float = 2.0
    limit_s: float = 10.0

    def count(self, rate_per_s: float) -> int:
        """How many items come at that rate; enough for a p99 where there is time for it."""
        wanted = max(_FEWEST_ARRIVALS, round(rate_per_s * self.duration_s))
        return max(1, min(wanted, _MOST_ARRIVALS, round(rate_per_s * self.limit_s)))


@dataclass(frozen=True)
class RunSettings:
    """What is the same for all trials of a run: built once, and held by each trial's plan.

    - ``scale``: the sizes that were asked for: ``quick``, ``default``, ``article`` or ``gate``.
    - ``start_method``: how worker processes start; None leaves it to the model.
    - ``event_loop``: what coroutines run on: ``asyncio`` or ``uvloop``.
    - ``dask_scheduler``: where the model dask finds its cluster; None has it start one of its own.
    - ``timed``: False for a run that only proves the work and measures nothing (``--benchmark-disable``).
    - ``conditions``: what is watched around the timed rounds.
    - ``accounting``: whether an accounting round follows the timed ones.
    - ``open_loop``: how items come at a fixed rate after the timed rounds; None where they don't.
    - ``clock_ns``: the clock, in nanoseconds.
    - ``on_round``: progress: called between rounds, untimed, with their number and what the last one took in seconds.
    """

    scale: str = "default"
    start_method: str | None = None
    event_loop: str = "asyncio"
    dask_scheduler: str | None = None
    timed: bool = True
    conditions: Conditions = field(default_factory=Conditions)
    accounting: bool = False
    open_loop: OpenLoop | None = None
    clock_ns: Callable[[], int] = clocks.perf_counter_ns
    on_round: Callable[[int, float], None] = lambda _rounds, _last_s: None
