"""What launches of two separate sessions say about two versions: pure functions of two samples, with their sources.

Unlike in signed_rank.py nothing pairs up: the base's launches were measured some time, the candidate's at another. A
value is a launch's log(benchmark / its reference), so a shift of 0.0488 is a candidate that takes 5 % longer.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import lru_cache

from timetrial.errors import GateError
from timetrial.stats.signed_rank import CONFIDENCE, ShiftInterval, doubled_ranks


def rank_sum_p(base: Sequence[float], candidate: Sequence[float], shift: float = 0.0) -> float:
    """How likely chance alone puts the candidate's values this far above the base's plus ``shift``, or farther.

    One-sided and exact: of all ways to deal the ranks out to the two samples, those are counted in which the candidate
    gets as high a sum or a higher one (Wilcoxon, Biometrics Bulletin 1, 1945; Mann and Whitney, Annals of Mathematical
    Statistics 18, 1947; Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 2014, section 4.1). Ties share
    the mean of their ranks and are counted as such. It assumes launches that are independent and, where nothing
    differs, exchangeable between the two sessions.
    """
    _need(base, candidate)
    ranks = doubled_ranks([*(each + shift for each in base), *candidate])
    ways = _ways_by_sum(tuple(sorted(ranks)), len(candidate))
    return ways.at_least(sum(ranks[len(base) :])) / math.comb(len(ranks), len(candidate))


def rank_sum_interval(
    base: Sequence[float], candidate: Sequence[float], confidence: float = CONFIDENCE
) -> ShiftInterval:
    """The Hodges-Lehmann estimate of candidate less base, and all shifts that the rank-sum test can't rule out.

    Both come from the differences of all pairs: their median, and the k-th from either end (Hodges and Lehmann, Annals
    of Mathematical Statistics 34, 1963; Hollander, Wolfe and Chicken, sections 4.2 and 4.3). Infinite ends where there
    are too few launches for the confidence.
    """
    _need(base, candidate)
    gaps = sorted(new - old for new in candidate for old in base)
    depth, reached = _gap_depth(len(base), len(candidate), confidence)
    estimate = statistics.median(gaps)
    if not depth:
        return ShiftInterval(estimate, -math.inf, math.inf, 1.0)
    return ShiftInterval(estimate, gaps[depth - 1], gaps[-depth], reached)


def fewest_a_side(alpha: float) -> int:
    """How many launches a side it takes at least for the rank-sum test to reach ``alpha``, one-sided."""
    count = 1
    while 1 / math.comb(2 * count, count) > alpha:
        count += 1
    return count


def newcomers_p(base: Sequence[float], newcomers: Sequence[float], shift: float = 0.0) -> float:
    """How likely as many more launches of the base would lie this far above its mean plus ``shift``, or farther.

    One-sided, by the prediction interval of the mean of further values of a normal distribution (Hahn and Meeker,
    Statistical Intervals, 1991, section 4.7), for newcomers that are too few to count ranks: even the highest of n + 1
    is that by chance once in n + 1 times.
    """
    gap = statistics.fmean(newcomers) - statistics.fmean(base) - shift
    return student_tail(gap / _newcomers_error(base, len(newcomers)), len(base) - 1)


def newcomers_interval(
    base: Sequence[float], newcomers: Sequence[float], confidence: float = CONFIDENCE
) -> ShiftInterval:
    """How far the newcomers' mean is from the base's, and what the same prediction interval leaves open."""
    estimate = statistics.fmean(newcomers) - statistics.fmean(base)
    reach = student_quantile((1 - confidence) / 2, len(base) - 1) * _newcomers_error(base, len(newcomers))
    return ShiftInterval(estimate, estimate - reach, estimate + reach, confidence)


def student_tail(t: float, freedom: int) -> float:
    """The chance that Student's t, with a whole number of degrees of freedom, exceeds ``t``.

    The finite series of Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 26.7.3 and 26.7.4; good to
    about 15 decimal places, not 15 significant digits.
    """
    angle = math.atan(t / math.sqrt(freedom))
    cosine = math.cos(angle)
    first = 1 if freedom % 2 else 0
    term, total = (cosine if first else 1.0), 0.0
    for power in range(first, freedom - 1, 2):
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    within = math.sin(angle) * total
    if freedom % 2:
        within = 2 / math.pi * (angle + within)
    return (1 - within) / 2


def student_quantile(tail: float, freedom: int) -> float:
    """The t that is exceeded with this chance, which has to lie between 0 and a half; by bisection."""
    low, high = 0.0, 1.0
    while student_tail(high, freedom) > tail:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if student_tail(middle, freedom) > tail else (low, middle)
    return high


def _newcomers_error(base: Sequence[float], newcomers: int) -> float:
    if len(base) < 2:
        raise GateError("one launch of the base shows no scatter: measure more, with timetrial measure --launches 10")
    # Launches that agree to the last bit (a clock that is too coarse) would make any difference infinitely sure.
    return max(statistics.stdev(base), 1e-9) * math.sqrt(1 / newcomers + 1 / len(base))


def _need(base: Sequence[float], candidate: Sequence[float]) -> None:
    if not base or not candidate:
        raise GateError("two samples need at least one launch each")


class _Ways:
    """In how many ways so many of the ranks can be chosen for each sum: the digits of one large integer."""

    def __init__(self, ranks: Sequence[int], chosen: int) -> None:
        self._bits = len(ranks) + 2  # no sum of digits reaches 2 ** bits - 1
        by_count = [1] + [0] * chosen
        for rank in ranks:
            for count in range(chosen, 0, -1):
                by_count[count] += by_count[count - 1] << (rank * self._bits)
        self._ways = by_count[chosen]

    def at_least(self, total: int) -> int:
        """In how many ways the chosen ranks sum to so much or more; the digits are summed as in casting out nines."""
        return (self._ways >> (total * self._bits)) % ((1 << self._bits) - 1)


@lru_cache(maxsize=64)
def _ways_by_sum(ranks: tuple[int, ...], chosen: int) -> _Ways:
    return _Ways(ranks, chosen)


@lru_cache(maxsize=256)
def _gap_depth(base: int, candidate: int, confidence: float) -> tuple[int, float]:
    """Which gap from either end bounds the interval, and the confidence that this gives; (0, 1) if none does."""
    ways = _ways_by_sum(tuple(range(1, base + candidate + 1)), candidate)
    highest = sum(range(base + 1, base + candidate + 1))
    total = math.comb(base + candidate, candidate)
    depth, reached = 0, 1.0
    # The chance that chance alone leaves fewer than ``depth`` gaps on one side; the slack is for roundings.
    while (outside := ways.at_least(highest - depth) / total) <= (1 - confidence) / 2 * (1 + 1e-12):
        depth, reached = depth + 1, 1 - 2 * outside
    return depth, reached
