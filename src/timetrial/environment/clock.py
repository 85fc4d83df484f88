"""The clock that rounds are timed with: what it promises and what it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final, TypedDict

from timetrial.environment.facts import ROOT, known, text_of

_READINGS: Final = 5_000


class TimerFacts(TypedDict):
    """The section ``timer``: time.perf_counter."""

    implementation: str
    """The system's call behind it."""
    clocksource: str | None
    """What the kernel reads for it, such as ``tsc``; None off Linux."""
    declared_resolution_ns: float
    measured_resolution_ns: int | None
    """The smallest step that is really seen; None if the clock never moved."""


def timer_facts(root: Path = ROOT) -> TimerFacts:
    """perf_counter's source, the resolution that it declares and the smallest step that is really seen, in ns."""
    info = time.get_clock_info("perf_counter")
    return {
        "implementation": info.implementation,
        "clocksource": text_of(root / "sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "declared_resolution_ns": info.resolution * 1e9,
        "measured_resolution_ns": known(smallest_step_ns),
    }


def smallest_step_ns(clock: Callable[[], int] = time.perf_counter_ns, readings: int = _READINGS) -> int | None:
    """The smallest difference but zero between two readings in a row; None if the clock never moved.

    It holds the cost of a call as well, so it bounds what can be timed from below.
    """
    times = [clock() for _ in range(readings)]
    return min((later - earlier for earlier, later in pairwise(times) if later > earlier), default=None)
