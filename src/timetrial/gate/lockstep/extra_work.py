"""Known slowdowns, for measuring the gate itself: work that really is done, as a share of a round's own."""

from __future__ import annotations

import statistics
from typing import Final

from timetrial.system.clocks import clocks

_CALIBRATION_ITERATIONS: Final = 20_000


class ExtraWork:
    """A share of extra work after each round: a loop of so many iterations, timed like the rest.

    It is work and not a wait: where the machine slows down, it takes longer too. How many iterations make up the share
    follows from all rounds so far and from what the iterations took after them, by their medians: two readings on a
    restless machine would make 1 % or 5 % out of 3 %.
    """

    def __init__(self, share: float) -> None:
        self.share = share
        self._rounds_s: list[float] = []
        self._iterations_s: list[float] = []

    def after(self, round_s: float) -> float:
        """Does what a round that took so long asks for; returns the seconds that it took."""
        if self.share <= 0:
            return 0.0
        self._rounds_s.append(round_s)
        if not self._iterations_s:
            self._iterations_s.append(min(_spin(_CALIBRATION_ITERATIONS) for _ in range(5)) / _CALIBRATION_ITERATIONS)
        iterations = max(
            1, round(self.share * statistics.median(self._rounds_s) / statistics.median(self._iterations_s))
        )
        took_s = _spin(iterations)
        self._iterations_s.append(took_s / iterations)
        return took_s


def _spin(iterations: int) -> float:
    started_ns = clocks.perf_counter_ns()
    total = 0
    for iteration in range(iterations):
        total += iteration & 7
    return (clocks.perf_counter_ns() - started_ns) / 1e9
