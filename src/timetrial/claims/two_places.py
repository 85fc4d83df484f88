"""One figure under two Pythons of one machine: their launches never took turns, so several of each have to speak."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Final

from timetrial.claims.evidence import Interval
from timetrial.claims.sample import Kind, Sample
from timetrial.languages import Text
from timetrial.stats.rank_sum import rank_sum_interval

_MOST: Final = 50


@dataclass(frozen=True)
class TwoPlaces(Sample):
    """How many times as large a figure is in one place as in the other; ``launches`` are of the place that has fewer.

    ``over`` and ``under`` are logarithms, one for each launch.
    """

    over: tuple[float, ...] = ()
    under: tuple[float, ...] = ()

    @property
    def value(self) -> float:
        """The ratio of the medians."""
        return math.exp(statistics.median(self.over) - statistics.median(self.under))

    def interval(self, level: float) -> Interval | None:
        """By the rank sums of enough launches; else all that was seen, with an allowance."""
        found = rank_sum_interval(self.under, self.over, level)
        if math.isfinite(found.low) and math.isfinite(found.high):
            said = Text(
                f"{len(self.over)} launches of one and {len(self.under)} of the other",
                f"两边各 {len(self.over)} 次与 {len(self.under)} 次独立启动",
            )
            return Interval(math.exp(found.low), math.exp(found.high), found.confidence, said)
        low, high = min(self.over) - max(self.under), max(self.over) - min(self.under)
        said = Text(
            f"too few launches of two Pythons, which took no turns, widened {self.allowance:g} times",
            f"两种 Python 的启动次数太少且未交替进行，放宽到 {self.allowance:g} 倍",
        )
        return Interval(math.exp(low) / self.allowance, math.exp(high) * self.allowance, None, said)

    def launches_needed(self, level: float) -> int:
        """Of each, that rank sums reach the level."""
        return next(count for count in range(2, _MOST) if 2 / math.comb(2 * count, count) <= 1 - level)


def two_places(what: str, over: Sample, under: Sample, allowance: float) -> TwoPlaces:
    """The ratio of a figure in one place to the same figure in another; neither may be a ratio, or nothing."""
    logs = [tuple(math.log(each) for each in sample.centres) for sample in (over, under)]
    return TwoPlaces(
        what,
        "x",
        tuple((each,) for each in min(logs, key=len)),
        Kind.READINGS,
        (*over.trials, *under.trials),
        allowance=allowance,
        over=logs[0],
        under=logs[1],
    )
