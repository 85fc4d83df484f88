"""Two models that took turns: the ratio of their rounds, pair by pair, and the interval it can be trusted to."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class PairedRatio:
    """How many times as long one takes as the other: the median over the pairs, and its interval."""

    ratio: float
    """1.25: a quarter longer."""
    low: float
    high: float
    """The ends of the interval."""
    pairs: int
    """How many there were."""

    @property
    def reverse(self) -> bool:
        """Whether the one taken for slower is really faster."""
        return self.high < 1


def paired_ratio(slower_s: Sequence[float], faster_s: Sequence[float]) -> PairedRatio | None:
    """The median of ``slower_s[i] / faster_s[i]`` with an interval of at least 95 % confidence.

    The interval is the sign test's, between two order statistics of the ratios: exact whatever their distribution,
    provided the pairs are independent (Conover, Practical Nonparametric Statistics, 1999, section 3.2). None for
    fewer than six pairs, which can't reach that confidence, or where the clock saw no time pass.
    """
    pairs = list(zip(slower_s, faster_s, strict=True))
    depth = interval_depth(len(pairs))
    if not depth or any(one <= 0 or other <= 0 for one, other in pairs):
        return None
    logs = sorted(math.log(one / other) for one, other in pairs)
    middle, low, high = statistics.median(logs), logs[depth - 1], logs[-depth]
    return PairedRatio(math.exp(middle), math.exp(low), math.exp(high), len(pairs))


def interval_depth(count: int, confidence: float = CONFIDENCE) -> int:
    """Which smallest and which largest of ``count`` values bound the median's interval; 0 if none is wide enough.

    The largest d for which a fair coin thrown ``count`` times shows fewer than d heads, or fewer than d tails, with a
    probability of at most 1 - ``confidence``.
    """
    outside, depth, ways = 0, 0, 1
    for heads in range(count // 2):
        outside += 2 * ways
        ways = ways * (count - heads) // (heads + 1)
        if outside / 2**count > 1 - confidence:  # of whole numbers: 2**1024 and more is too large for a float
            break
        depth = heads + 1
    return depth
