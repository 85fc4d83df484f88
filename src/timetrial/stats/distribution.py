"""The whole of a distribution in a few numbers: quantiles that lie closer together towards the tail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NotRequired, cast

from timetrial.stats.percentiles import Percentiles, nearest_rank, percentiles

_SHARES: Final = (*range(0, 1_000, 100), 950, 980, 990, 995, 998, 999, 1_000)
"""Of a thousand samples so many are at most as long: tenths, then 1, 2 and 5 of each further tenth."""
_TAIL: Final = 0.01
_OUTSIDE: Final = 0.025
"""On either side of an interval of 95 %."""


class Distribution(Percentiles):
    """Percentiles, and what it takes to draw all of the samples; in milliseconds."""

    quantiles_ms: dict[str, float]
    """By the percentage of samples that are at most as long, "0" the shortest and "100" the longest; four digits."""
    p99_low_ms: float
    """The lower end of the 99th percentile's interval of 95 %."""
    p99_high_ms: NotRequired[float]
    """Its upper end; missing where there are fewer than 368 samples, which have none."""


def distribution(samples_ns: Sequence[int]) -> Distribution:
    """All of it; raises AccountingError where there are no samples.

    Of the tail only those quantiles are told that so many samples can tell from the longest.
    """
    found, ordered = percentiles(samples_ns), sorted(samples_ns)
    low, high = p99_ranks(len(ordered))
    quantiles_ms = {
        f"{share / 10:g}": float(f"{nearest_rank(ordered, share) / 1e6:.4g}")
        for share in _SHARES
        if share == _SHARES[-1] or len(ordered) * (1_000 - share) >= 1_000
    }
    told = cast("Distribution", {**found, "quantiles_ms": quantiles_ms, "p99_low_ms": ordered[low - 1] / 1e6})
    if high is not None:
        told["p99_high_ms"] = ordered[high - 1] / 1e6
    return told


def p99_ranks(count: int) -> tuple[int, int | None]:
    """Between which of ``count`` sorted samples, from 1, the 99th percentile lies with a confidence of 95 %.

    Exact whatever the distribution, for independent samples: how many exceed the percentile is binomial (Hahn and
    Meeker, Statistical Intervals, 1991, section 5.2). None for an upper end that so few samples do not have.
    """
    middle = count * _TAIL
    far = 10 * math.sqrt(middle) + 10
    cumulated, at_most, at_least = 0.0, -1, count
    for exceeding in range(max(0, int(middle - far)), min(count, int(middle + far)) + 1):
        cumulated += _probability(exceeding, count)
        if cumulated <= _OUTSIDE:
            at_most = exceeding
        if 1 - cumulated <= _OUTSIDE:
            at_least = exceeding + 1
            break
    return count - at_least + 1, count - at_most if at_most >= 0 else None


def _probability(exceeding: int, count: int) -> float:
    """That just so many of the samples exceed the percentile."""
    ways = math.lgamma(count + 1) - math.lgamma(exceeding + 1) - math.lgamma(count - exceeding + 1)
    return math.exp(ways + exceeding * math.log(_TAIL) + (count - exceeding) * math.log1p(-_TAIL))
