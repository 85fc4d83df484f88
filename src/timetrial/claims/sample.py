"""Figures by launch, and the interval that they allow: many launches speak for themselves, few are given an allowance.

Rounds of one launch share its luck: where things lie in memory, which core it got, which minute it was. With enough
launches, each is one value. With fewer, paired rounds give an interval that is widened by what launches of the same
code were seen to differ by; figures that were not taken in turns, and single readings, get so wide an allowance that
only large differences show.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from timetrial.claims.evidence import Interval, TrialRef
from timetrial.languages import Text
from timetrial.stats.paired_ratio import interval_depth
from timetrial.stats.signed_rank import fewest_for, shift_interval

LUCK: Final = 1.10
"""Launches of the same code, pair by pair, differed by 2 to 5 % (one standard deviation): twice that, and more."""

FEW: Final = 1.25
"""For pairs that are too few for the level: all that was seen, and a quarter on either side."""

MOODS: Final = 2.2
"""A loop on an idle virtual machine took 0.69 to 1.5 ms, in spells of up to 4 s: what isn't taken in turns may lie in
two of them."""

MEMORY: Final = 1.25
"""Memory readings of the same code differ by a tenth from launch to launch; a quarter is more than we have seen."""

LATENCY: Final = MOODS
"""One round's percentile, as far as a spell may move it."""


_FEWEST_PAIRS: Final = 3


class Kind(Enum):
    """How the values of a launch belong together."""

    PAIRS = "pairs"
    """A value is a pair of rounds of the same turn."""
    APART = "apart"
    """A launch's rounds of two trials that took no turns; its ends are those of both."""
    READINGS = "readings"
    """One value a launch."""
    COUNT = "count"
    """Something counted, which is what it is."""


@dataclass(frozen=True)
class Missing:
    """There is no such figure among the results."""

    what: str
    skipped: str | None = None
    """Why the benchmark was skipped wherever it was tried: it can't run here."""
    void: str | None = None
    """Why all of its trials are void."""
    failed: str | None = None
    """Why the newest one failed, where none succeeded."""


@dataclass(frozen=True)
class Sample:
    """One figure in all launches in which it was measured.

    ``launches`` holds each launch's values: of a ratio their logarithms (``is_ratio``), else the figure itself in
    ``unit``. Of APART, a launch has three: the least, the middle and the largest that its rounds allow.
    """

    what: str
    unit: str
    launches: tuple[tuple[float, ...], ...]
    kind: Kind
    trials: tuple[TrialRef, ...]
    is_ratio: bool = True
    allowance: float = LUCK
    """By which factor the interval of few launches is widened."""

    @property
    def centres(self) -> list[float]:
        """Each launch's middle value."""
        return [statistics.median(values) for values in self.launches]

    @property
    def value(self) -> float:
        """The figure: the median over launches."""
        return self._shown(statistics.median(self.centres))

    def interval(self, level: float) -> Interval | None:
        """Where the figure lies; None for a count, and where there are too few rounds for any."""
        if self.kind is Kind.COUNT:
            return None
        if len(self.launches) >= fewest_for(level):
            found = shift_interval(self.centres, level)
            said = Text(f"{len(self.launches)} launches", f"{len(self.launches)} 次独立启动")
            return Interval(self._shown(found.low), self._shown(found.high), found.confidence, said)
        if self.kind is Kind.PAIRS:
            return self._of_pairs(level)
        low, high = (pick(pick(values) for values in self.launches) for pick in (min, max))
        return self._widened(low, high, self.allowance, None, self._basis(self.allowance))

    def _of_pairs(self, level: float) -> Interval | None:
        """From the lowest to the highest end of the launches' own intervals, by the sign test of their pairs.

        Launches with too few pairs for the level count only where no other has enough.
        """
        enough = [sorted(values) for values in self.launches if interval_depth(len(values), level)]
        if enough:
            depths = [interval_depth(len(values), level) for values in enough]
            low = min(values[depth - 1] for values, depth in zip(enough, depths, strict=True))
            high = max(values[-depth] for values, depth in zip(enough, depths, strict=True))
            return self._widened(low, high, self.allowance, level, _of_enough(enough, self.allowance))
        if min(map(len, self.launches)) < _FEWEST_PAIRS:
            return None
        low, high = (pick(pick(values) for values in self.launches) for pick in (min, max))
        return self._widened(low, high, FEW, None, self._basis(FEW))

    def _widened(self, low: float, high: float, allowance: float, level: float | None, basis: Text) -> Interval:
        ends = _lowered(self._shown(low), allowance), _raised(self._shown(high), allowance)
        return Interval(*ends, level, basis)

    def launches_needed(self, level: float) -> int:
        """So many in all that they speak for themselves."""
        return fewest_for(level)

    def _shown(self, value: float) -> float:
        return math.exp(value) if self.is_ratio else value

    def _basis(self, allowance: float) -> Text:
        percent, launches = round(100 * (allowance - 1)), len(self.launches)
        several_en = f"{launches} launch{'es' if launches > 1 else ''}"
        several_zh = f"{launches} 次启动"
        pairs = sum(map(len, self.launches))
        if self.kind is Kind.PAIRS:
            return Text(
                f"all of {pairs} pairs of rounds in {several_en}, too few for the level, widened by {percent} %",
                f"{several_zh}中全部 {pairs} 对轮次，数量不足以达到置信水平，放宽 {percent}%",
            )
        if self.kind is Kind.APART:
            return Text(
                f"rounds of {several_en} that were not taken in turns, widened {allowance:g} times for the "
                f"machine's moods",
                f"{several_zh}中未交替进行的轮次，并因机器状态起伏放宽到 {allowance:g} 倍",
            )
        return Text(
            f"one reading a launch, {several_en}, widened by {percent} %",
            f"每次启动一个读数，共{several_zh}，放宽 {percent}%",
        )


def _of_enough(launches: Sequence[Sequence[float]], allowance: float) -> Text:
    percent, pairs = round(100 * (allowance - 1)), sum(map(len, launches))
    several_en = f"{len(launches)} launch{'es' if len(launches) > 1 else ''}"
    return Text(
        f"{pairs} pairs of rounds taken in turns in {several_en}, widened by {percent} % for a launch's luck",
        f"{len(launches)} 次启动中交替进行的 {pairs} 对轮次，并因单次启动的偶然性放宽 {percent}%",
    )


def count(what: str, value: float, unit: str, trials: tuple[TrialRef, ...]) -> Sample:
    """Something that was counted and has no interval."""
    return Sample(what, unit, ((value,),), Kind.COUNT, trials, is_ratio=False)


def _lowered(value: float, factor: float) -> float:
    return value / factor if value > 0 else value * factor


def _raised(value: float, factor: float) -> float:
    return value * factor if value > 0 else value / factor
