"""Known slowdowns, for measuring the gate itself: work that really is done, as a share of a round's own."""

from __future__ import annotations

import time
from typing import Final

_CALIBRATION_TURNS: Final = 20_000


class ExtraWork:
    """A share of extra work for each round: a loop of so many turns, timed like the rest.

    The number of turns is settled once, while the caller's rounds warm up, so that it is work and not a wait: where
    the machine slows down, the extra work takes longer too.
    """

    def __init__(self, share: float) -> None:
        self.share = share
        self._turns = 0

    def settle(self, round_s: float) -> None:
        """Sizes the loop for rounds that take about ``round_s`` seconds."""
        if self.share > 0:
            s_per_turn = min(_spin(_CALIBRATION_TURNS) for _ in range(5)) / _CALIBRATION_TURNS
            self._turns = round(self.share * round_s / s_per_turn)

    def do(self) -> float:
        """Does it; returns the seconds that it took."""
        return _spin(self._turns) if self._turns else 0.0


def _spin(turns: int) -> float:
    started_ns = time.perf_counter_ns()
    total = 0
    for turn in range(turns):
        total += turn & 7
    return (time.perf_counter_ns() - started_ns) / 1e9
