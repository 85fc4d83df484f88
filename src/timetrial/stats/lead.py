"""How many times as long one takes as the other, and how far that can be trusted, whether they took turns or not."""

from __future__ import annotations

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

SMALL: Final = 1.03
"""Whoever is ahead by less than this is not worth another line of code: nobody would notice."""


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
        """Whether it is open which of the two is faster, or nobody would notice."""
        return self.low <= 1 <= self.high or 1 / SMALL < self.ratio < SMALL

    @property
    def reverse(self) -> bool:
        """Whether the one taken for slower is faster."""
        return self.high < 1

    @classmethod
    def of_pairs(cls, paired: PairedRatio) -> Lead:
        """The same of rounds that took turns."""
        return cls(paired.ratio, paired.low, paired.high, paired.pairs, paired=True)


def lead_of(slower_s: Mapping[int, float], faster_s: Mapping[int, float], fewest: int = FEWEST) -> Lead | None:
    """Of two sets of rounds by their turns: paired where enough turns are common to both, unpaired otherwise."""
    turns = sorted(slower_s.keys() & faster_s.keys())
    paired = paired_ratio([slower_s[turn] for turn in turns], [faster_s[turn] for turn in turns])
    if paired is not None:
        return Lead.of_pairs(paired)
    return unpaired_lead(list(slower_s.values()), list(faster_s.values()), fewest)


def unpaired_lead(slower_s: Sequence[float], faster_s: Sequence[float], fewest: int = FEWEST) -> Lead | None:
    """The ratio of the medians; its interval spans those of both medians, and the machine's drift on top.

    With six rounds and more, a median's interval is the sign test's, of 95 %; with fewer it is all that was seen. None
    for fewer than ``fewest`` rounds of either, or where the clock saw no time pass.
    """
    slow, fast = sorted(slower_s), sorted(faster_s)
    if min(len(slow), len(fast)) < max(1, fewest) or slow[0] <= 0 or fast[0] <= 0:
        return None
    slow_low, slow_high = median_interval(slow)
    fast_low, fast_high = median_interval(fast)
    ratio = statistics.median(slow) / statistics.median(fast)
    low, high = slow_low / fast_high / DRIFT, slow_high / fast_low * DRIFT
    return Lead(ratio, low, high, min(len(slow), len(fast)), paired=False)


def median_interval(ordered: Sequence[float]) -> tuple[float, float]:
    """The ends of the median's interval of 95 %, of sorted values; with fewer than six, all that was seen."""
    depth = interval_depth(len(ordered)) or 1
    return ordered[depth - 1], ordered[-depth]
