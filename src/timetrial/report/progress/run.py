"""How far ``timetrial run`` is: the best so far, the time left and what is being tried."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final, TextIO

from timetrial.report.progress.line import StepsLine
from timetrial.report.text import three_digits
from timetrial.search.findings import Findings

_DRAWN_EVERY_S: Final = 0.2


class RunProgress:
    """Called with what is known and the seconds that have passed, as often as one likes."""

    def __init__(self, stream: TextIO, budget_s: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._shown = StepsLine(stream, clock_s)
        self._budget_s = budget_s
        self._drawn_s = -math.inf

    def __call__(self, findings: Findings, elapsed_s: float) -> None:
        """Shows the line."""
        if elapsed_s - self._drawn_s < _DRAWN_EVERY_S:
            return
        self._drawn_s = elapsed_s
        left_s = max(0.0, self._budget_s - elapsed_s)
        self._shown.show(f"{left_s:3.0f} s left  {best_so_far(findings)}{findings.doing}", findings.doing)

    def clear(self) -> None:
        """Takes the live line away."""
        self._shown.clear()


def best_so_far(findings: Findings) -> str:
    """The fastest way by now and its lead over the reference, or nothing."""
    rounds, reference = findings.rounds, findings.reference
    fastest = rounds.fastest(rounds.of)
    if fastest is None:
        return ""
    told = f"best so far: {fastest}"
    if reference is not None and fastest != reference and rounds.of.get(reference):
        ratio = rounds.median_s(reference) / rounds.median_s(fastest)
        told += f", {three_digits(ratio)} times as fast as {reference}"
    return f"{told}; "
