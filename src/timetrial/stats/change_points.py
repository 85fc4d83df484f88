"""Where a series of measurements changes its level: exact optimal partitioning, many series at once.

The partition with the least sum of squares plus a penalty a change (Jackson and others, An algorithm for optimal
partitioning of data on an interval, IEEE Signal Processing Letters 12, 2005): the same optimum that PELT finds by
pruning (Killick, Fearnhead and Eckley, JASA 107, 2012). See docs/history.md for why it is not a package's.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from timetrial.errors import ResultsError
from timetrial.stats.scatter import scatter_of_neighbours

try:
    import numpy as np
except ImportError as error:
    raise ResultsError("timetrial history needs msgspec and numpy: install timetrial[history]") from error

SHORTEST: Final = 3
"""A level counts from so many runs on: a single slow run is no change."""
_PENALTY: Final = 3.0
_OUTLYING: Final = 3.0
_NEIGHBOURS: Final = 5
_LEAST_NOISE: Final = 1e-4


def change_points(series: Sequence[Sequence[float]], least: float) -> list[list[int]]:
    """For each series the places where a new level begins, apart from changes smaller than ``least``.

    The penalty is 3 sigma^2 log n a change, between Schwarz's criterion and its stricter modification for change
    points (Zhang and Siegmund, Biometrics 63, 2007); sigma comes from neighbours' differences, which a change of level
    hardly touches. Single outliers are pulled in to 3 sigma from their neighbours' median first.
    """
    noises = [noise(each) for each in series]
    calm = [_pull_in(each, sigma) for each, sigma in zip(series, noises, strict=True)]
    penalties = [_PENALTY * sigma**2 * math.log(max(2, len(each))) for each, sigma in zip(calm, noises, strict=True)]
    found = partition(calm, penalties, SHORTEST)
    return [_large(each, places, least) for each, places in zip(series, found, strict=True)]


def noise(values: Sequence[float]) -> float:
    """The standard deviation of a value about its level, from the median difference of neighbours."""
    return max(_LEAST_NOISE, scatter_of_neighbours(values))


def partition(series: Sequence[Sequence[float]], penalties: Sequence[float], shortest: int) -> list[list[int]]:
    """The best places to cut each series, for these penalties a cut; no part is shorter than ``shortest``."""
    longest = max(map(len, series), default=0)
    if longest < 2 * shortest:
        return [[] for _ in series]
    last = _last_cuts(_padded(series, longest), np.asarray(penalties)[:, None], shortest)
    return [_cuts(last[row], len(each)) if len(each) >= shortest else [] for row, each in enumerate(series)]


def _padded(series: Sequence[Sequence[float]], longest: int) -> Any:
    """A row a series, about its middle; what is appended changes nothing before it."""
    rows = np.zeros((len(series), longest))
    for row, each in zip(rows, series, strict=True):
        row[: len(each)] = np.asarray(each) - (statistics.median(each) if each else 0.0)
    return rows


def _last_cuts(rows: Any, penalties: Any, shortest: int) -> Any:
    """For each series and each end t: where the last part begins in the best partition of the first t values.

    ``best`` is the least cost up to t, less the sum of squares up to t, which every partition shares.
    """
    count, longest = rows.shape
    sums = np.concatenate([np.zeros((count, 1)), np.cumsum(rows, axis=1)], axis=1)
    best = np.full((count, longest + 1), np.inf)
    best[:, :1] = -penalties
    last = np.zeros((count, longest + 1), dtype=np.int32)
    lengths = np.arange(longest, 0, -1.0)
    everyone = np.arange(count)
    for end in range(shortest, longest + 1):
        starts = end - shortest + 1
        gains = sums[:, end : end + 1] - sums[:, :starts]
        gains *= gains
        gains /= lengths[longest - end : longest - end + starts]
        costs = np.subtract(best[:, :starts], gains, out=gains)
        chosen = costs.argmin(axis=1)
        last[:, end] = chosen
        best[:, end] = costs[everyone, chosen] + penalties[:, 0]
    return last


def _cuts(last: Any, end: int) -> list[int]:
    cuts: list[int] = []
    while end := int(last[end]):
        cuts.append(end)
    return cuts[::-1]


def _pull_in(values: Sequence[float], sigma: float) -> list[float]:
    half = _NEIGHBOURS // 2
    middles = [statistics.median(values[max(0, at - half) : at + half + 1]) for at in range(len(values))]
    reach = _OUTLYING * sigma
    return [min(max(value, middle - reach), middle + reach) for value, middle in zip(values, middles, strict=True)]


def _large(values: Sequence[float], cuts: Sequence[int], least: float) -> list[int]:
    """Without the cut that changes least, again and again, until each that is left changes enough."""
    kept = list(cuts)
    while kept:
        sizes = [abs(new - old) for old, new in pairwise(levels(values, kept))]
        smallest = min(sizes)
        if smallest >= least:
            break
        del kept[sizes.index(smallest)]
    return kept


def levels(values: Sequence[float], cuts: Sequence[int]) -> list[float]:
    """The median of each part."""
    ends = [0, *cuts, len(values)]
    return [statistics.median(values[start:end]) for start, end in pairwise(ends)]
