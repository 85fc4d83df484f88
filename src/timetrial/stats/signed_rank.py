"""What paired launches say about two versions: pure functions of effects, with their sources.

An effect is log(candidate / base): 0 where nothing differs, 0.0488 where the candidate takes 5 % longer. The launch is
the sample: rounds of one launch share its luck and are never pooled with those of another.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from timetrial.errors import GateError
from timetrial.stats.exact_sums import flips_of, flips_of_ranks

CONFIDENCE: Final = 0.95
TRIMMED: Final = 0.2


class ShiftInterval(NamedTuple):
    """Where the effect lies: ``low`` and ``high`` are infinite where too few values can't reach the confidence.

    ``confidence`` is what the interval really has, at least what was asked for.
    """

    estimate: float
    """The Hodges-Lehmann estimate, an effect as the ends are."""
    low: float
    high: float
    confidence: float

    @property
    def reach(self) -> float:
        """How far the interval goes from the estimate, on the side where it goes farther."""
        return max(self.high - self.estimate, self.estimate - self.low)

    def lies_within(self, bound: float) -> bool:
        """Whether all of it lies between ``-bound`` and ``bound``."""
        return -bound <= self.low and self.high <= bound


def launch_effect(base_s: Sequence[float], candidate_s: Sequence[float]) -> float:
    """One launch pair's effect: the median of log(candidate / base) over rounds that were timed in turn.

    The median, because single rounds are hit by whatever else the machine does. Raises GateError for no rounds, for
    sides of unequal length, and for a round in which the clock saw no time pass.
    """
    if not base_s or len(base_s) != len(candidate_s):
        raise GateError(
            f"a launch pair needs the same number of rounds on both sides, and at least one; there are {len(base_s)} "
            f"of the base and {len(candidate_s)} of the candidate: measure again"
        )
    if not all(0 < each < math.inf for each in (*base_s, *candidate_s)):
        raise GateError("a round took no time by the clock, or no finite one: give the benchmark more work a round")
    return statistics.median(math.log(new / old) for old, new in zip(base_s, candidate_s, strict=True))


def trimmed_mean(values: Sequence[float], trimmed: float = TRIMMED) -> float:
    """The mean of what is left when that share of the values is taken off either end (of 6: the middle 4).

    A fifth is Wilcox's choice (Introduction to Robust Estimation and Hypothesis Testing, 2012, section 3.3).
    Raises GateError for no values, and for a share of a half or more.
    """
    if not values or not 0 <= trimmed < 0.5:
        raise GateError(f"a trimmed mean needs values, and a share between 0 and 0.5: got {len(values)} and {trimmed}")
    off = int(trimmed * len(values))
    return statistics.fmean(sorted(values)[off : len(values) - off])


def signed_rank_p(values: Sequence[float], shift: float = 0.0) -> float:
    """How likely chance alone shows the values this far above ``shift`` or farther: Wilcoxon's signed-rank test.

    One-sided and exact: all ways to set the signs are counted (Wilcoxon, Biometrics Bulletin 1, 1945; Hollander, Wolfe
    and Chicken, Nonparametric Statistical Methods, 2014, section 3.1). It assumes values that are independent and
    symmetrical about their centre. Equal distances from ``shift`` share the mean of their ranks, and are counted as
    such, so the test stays exact; a value at ``shift`` itself counts as below it, which errs on the side of no finding.
    """
    distances = [value - shift for value in values]
    ranks = doubled_ranks([abs(distance) for distance in distances])
    positive = sum(rank for rank, each in zip(ranks, distances, strict=True) if each > 0)
    untied = sorted(ranks) == list(range(2, 2 * len(ranks) + 1, 2))
    if untied:
        return flips_of_ranks(len(ranks)).at_least(positive // 2) / (1 << len(ranks))
    return flips_of(ranks).at_least(positive) / (1 << len(ranks))


def doubled_ranks(sizes: Sequence[float]) -> list[int]:
    """Twice the rank of each, from 2 up, so that the mean rank of ties is a whole number too."""
    ordered = sorted(sizes)
    first: dict[float, int] = {}
    count: dict[float, int] = {}
    for place, size in enumerate(ordered, start=1):
        first.setdefault(size, place)
        count[size] = count.get(size, 0) + 1
    return [2 * first[size] + count[size] - 1 for size in sizes]


def shift_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> ShiftInterval:
    """The Hodges-Lehmann estimate, and the interval of all shifts that the signed-rank test can't rule out.

    Both come from the Walsh averages, the means of all pairs (each value with itself too): their median, and the k-th
    from either end (Hodges and Lehmann, Annals of Mathematical Statistics 34, 1963; Hollander, Wolfe and Chicken,
    sections 3.2 and 3.3). Exact for symmetrical values, and never below the confidence with ties. ``fewest_for`` says
    from how many values on a confidence can be had: 95 % from 6, which reach 96.9 %. Below, the ends are infinite.
    Raises GateError for no values.
    """
    if not values:
        raise GateError("an interval needs at least one launch")
    walsh = sorted((one + other) / 2 for index, one in enumerate(values) for other in values[index:])
    estimate = statistics.median(walsh)
    depth, reached = _walsh_depth(len(values), confidence)
    if not depth:
        return ShiftInterval(estimate, -math.inf, math.inf, 1.0)
    return ShiftInterval(estimate, walsh[depth - 1], walsh[-depth], reached)


@lru_cache(maxsize=256)
def _walsh_depth(count: int, confidence: float) -> tuple[int, float]:
    """Which Walsh average from either end bounds the interval, and the confidence that this gives; (0, 1) if none."""
    flips = flips_of_ranks(count)
    # The small slack keeps 1 - 0.96875 from falling short of 2 / 64 by a rounding.
    lowest = flips.lowest_within(math.floor((1 - confidence) / 2 * 2**count * (1 + 1e-12)))
    depth = flips.total - lowest + 1
    return depth, 1 - 2 * flips.at_least(lowest) / 2**count


def fewest_for(confidence: float) -> int:
    """How many launches it takes at least for an interval of this confidence: 6 for 95 %, 8 for 99 %."""
    count = 1
    while not _walsh_depth(count, confidence)[0]:
        count += 1
    return count


def launches_for_width(values: Sequence[float], half_width: float, confidence: float = CONFIDENCE) -> int | None:
    """About how many launches in all would narrow the interval to this half-width: it shrinks with their square root.

    None for a half-width of nothing or less, and for fewer than two values, which show no scatter.
    """
    if half_width <= 0 or len(values) < 2:
        return None
    interval = shift_interval(values, confidence)
    reach = interval.reach if math.isfinite(interval.reach) else max(values) - min(values)
    return max(math.ceil(len(values) * (reach / half_width) ** 2), fewest_for(confidence))


def as_ratio(effect: float) -> float:
    """An effect as a fraction: 0.0488 is 0.05, 5 % slower."""
    return math.expm1(effect)


def as_effect(ratio: float) -> float:
    """A fraction as an effect: 0.05, 5 % slower, is 0.0488."""
    return math.log1p(ratio)
