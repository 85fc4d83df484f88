"""How far values scatter, by medians, so that a few wild ones don't set it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

NORMAL_PER_MEDIAN_DEVIATION: Final = 1.4826
"""A normal distribution's standard deviation is so many times its median absolute deviation, 1 / 0.6745.

Rousseeuw and Croux, Journal of the American Statistical Association 88, 1993.
"""


def scatter(values: Sequence[float]) -> float:
    """The standard deviation of values about their median, at least one value; in the values' own unit.

    It is their median absolute deviation, scaled to a normal distribution's. Raises statistics.StatisticsError for no
    values.
    """
    middle = statistics.median(values)
    return NORMAL_PER_MEDIAN_DEVIATION * statistics.median(abs(value - middle) for value in values)


def scatter_of_neighbours(values: Sequence[float]) -> float:
    """The standard deviation of values about a level that may change now and then: from the steps between neighbours.

    A step is the difference of two independent values, so it scatters by the square root of 2 more. 0 for fewer than
    two values.
    """
    steps = [abs(new - old) for old, new in pairwise(values)]
    return NORMAL_PER_MEDIAN_DEVIATION * statistics.median(steps) / math.sqrt(2) if steps else 0.0
