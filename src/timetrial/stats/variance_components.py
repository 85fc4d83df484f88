"""Where scatter comes from, within a launch or between launches, and how many pairs in each launch that pays for."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Final, NamedTuple

from timetrial.stats.scatter import scatter

MEDIAN_VARIANCE: Final = math.pi / 2
"""A median of many normal values varies by so much more than their mean (Lehmann, Nonparametrics, 1975, appendix 5)."""


class Components(NamedTuple):
    """Standard deviations of a log-ratio: of a launch's own centre, and of single pairs about it."""

    between: float
    within: float

    def of_launch(self, pairs: int) -> float:
        """The standard deviation of one launch's effect, the median of so many pairs, at least one."""
        return math.sqrt(self.between**2 + MEDIAN_VARIANCE * self.within**2 / pairs)


def components(launches: Sequence[Sequence[float]]) -> Components | None:
    """From the log-ratios of each launch's pairs; None for fewer than two launches, or where none has two pairs.

    What launches scatter beyond the scatter of their own medians lies between them: the estimate of a one-way layout
    (Searle, Casella and McCulloch, Variance Components, 1992, chapter 3), with medians for means, so that a few wild
    pairs don't set it.
    """
    several = [each for each in launches if len(each) > 1]
    if len(launches) < 2 or not several:
        return None
    within = math.sqrt(statistics.fmean(scatter(each) ** 2 for each in several))
    pairs = statistics.harmonic_mean([len(each) for each in launches])
    whole = scatter([statistics.median(each) for each in launches])
    return Components(math.sqrt(max(0.0, whole**2 - MEDIAN_VARIANCE * within**2 / pairs)), within)


def best_pairs(found: Components, launch_s: float, pair_s: float) -> float:
    """How many pairs in each launch make an estimate of a given precision cheapest; infinite where launches agree.

    ``launch_s`` is what a launch costs before its first pair, ``pair_s`` what each pair costs. The optimum of two-stage
    sampling (Cochran, Sampling Techniques, 1977, section 10.6), which Kalibera and Jones (ISMM 2013, "Rigorous
    benchmarking in reasonable time") take to benchmarks: more launches of fewer pairs where launches bring the scatter.
    """
    if found.between <= 0:
        return math.inf
    return math.sqrt(launch_s / pair_s * MEDIAN_VARIANCE) * found.within / found.between
