"""How many times as long one takes as the other, and how far that can be trusted, whether they took turns or not."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.stats.paired_ratio import PairedRatio, interval_depth, paired_ratio

DRIFT: Final = 1.05
"""What is run one after the other may be apart by so much, and more than its own spread shows, for no other reason
than that the machine was another one by then: the interval of unpaired rounds is widened by this factor."""

FEWEST: Final = 6
"""Pairs that an interval of 95 % takes."""


@dataclass(frozen=True)
class Lead:
    """How many times as long the slower one takes, with an interval of 95 %; ``paired`` tells how it was come by."""

    ratio: float
    low: float
    high: float
    rounds: int
    paired: bool

    @property
    def tie(self) -> bool:
        """Whether it is open which of the two is faster."""
        return self.low <= 1 <= self.high

    @property
    def reverse(self) -> bool:
        """Whether the one taken for slower is faster."""
        return self.high < 1

    @classmethod
    def of_pairs(cls, paired: PairedRatio) -> Lead:
        """The same of rounds that took turns."""
        return cls(paired.ratio, paired.low, paired.high, paired.pairs, paired=True)


def lead_of(slower_s: Mapping[int, float], faster_s: Mapping[int, float]) -> Lead | None:
    """Of two sets of rounds by their turns: paired where enough turns are common to both, unpaired otherwise."""
    turns = sorted(slower_s.keys() & faster_s.keys())
    paired = paired_ratio([slower_s[turn] for turn in turns], [faster_s[turn] for turn in turns])
    if paired is not None:
        return Lead.of_pairs(paired)
    return unpaired_lead(list(slower_s.values()), list(faster_s.values()))


def unpaired_lead(slower_s: Sequence[float], faster_s: Sequence[float]) -> Lead | None:
    """The ratio of the medians; its interval spans those of both medians, by the sign test, and the machine's drift.

    Each median's interval covers 95 %, so that their quotient's covers at least 90 %, and 95 % where they are alike;
    the drift comes on top. None for fewer than six rounds of either, or where the clock saw no time pass.
    """
    depths = interval_depth(len(slower_s)), interval_depth(len(faster_s))
    if not all(depths) or min(*slower_s, *faster_s) <= 0:
        return None
    slow, fast = sorted(slower_s), sorted(faster_s)
    low = slow[depths[0] - 1] / fast[-depths[1]] / DRIFT
    high = slow[-depths[0]] / fast[depths[1] - 1] * DRIFT
    ratio = statistics.median(slow) / statistics.median(fast)
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    return Lead(ratio, low, high, min(len(slow), len(fast)), paired=False)
