"""From values to pixels: linear, logarithmic, or one place for each value; with ticks where a reader expects them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

_STEPS: Final = (1, 2, 5, 10)


class Scale(Protocol):
    """Maps a value to a pixel, and knows where its ticks are."""

    def __call__(self, value: Any) -> float:
        """The pixel."""
        ...

    def ticks(self) -> Sequence[Any]:
        """The values to mark, in order."""
        ...


@dataclass(frozen=True)
class Linear:
    """Equal steps for equal differences."""

    low: float
    high: float
    start_px: float
    end_px: float
    most_ticks: int = 5

    def __call__(self, value: Any) -> float:
        """The pixel of a number."""
        part: float = (value - self.low) / (self.high - self.low)
        return self.start_px + part * (self.end_px - self.start_px)

    def ticks(self) -> Sequence[float]:
        """Round numbers."""
        step = _round_step((self.high - self.low) / self.most_ticks)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1)]


@dataclass(frozen=True)
class Log:
    """Equal steps for equal ratios; all values above zero."""

    low: float
    high: float
    start_px: float
    end_px: float
    most_ticks: int = 6

    def __call__(self, value: Any) -> float:
        """The pixel of a positive number."""
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start_px + part * (self.end_px - self.start_px)

    def ticks(self) -> Sequence[float]:
        """1, 2 and 5 of each power of ten where they fit, else the powers, else every so many of them."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        shown: list[float] = []
        for within, every in ((_STEPS[:3], 1), (_STEPS[:1], 1), (_STEPS[:1], 2), (_STEPS[:1], 3)):
            found = [step * 10.0**power for power in range(first, last + 1, every) for step in within]
            shown = [value for value in found if self.low * 0.999 <= value <= self.high * 1.001]
            if len(shown) <= self.most_ticks:
                break
        return shown if len(shown) > 1 else [self.low, self.high]


@dataclass(frozen=True)
class Ordinal:
    """One place for each value, equally far apart."""

    values: Sequence[Any]
    start_px: float
    end_px: float

    def __call__(self, value: Any) -> float:
        """The pixel of one of the values."""
        if len(self.values) == 1:
            return (self.start_px + self.end_px) / 2
        return self.start_px + self.values.index(value) / (len(self.values) - 1) * (self.end_px - self.start_px)

    def ticks(self) -> Sequence[Any]:
        """All of them."""
        return self.values


@dataclass(frozen=True)
class AtValues:
    """Another scale, marked at the measured values, as far as their labels keep apart."""

    scale: Linear | Log
    values: Sequence[float]
    label: Callable[[float], str]
    px_per_character: float = 7.5

    def __call__(self, value: Any) -> float:
        """The pixel of a number."""
        return self.scale(value)

    def ticks(self) -> Sequence[float]:
        """The largest value, and those before it that leave room for each other."""
        shown: list[float] = []
        for value in sorted(self.values, reverse=True):
            apart = (len(self.label(value)) + 1.5) * self.px_per_character
            if not shown or self.scale(shown[-1]) - self.scale(value) >= apart:
                shown.append(value)
        return shown[::-1]


def sizes_scale(values: Sequence[Any], start_px: float, end_px: float, label: Callable[[Any], str]) -> Scale:
    """For what was varied: logarithmic where all are positive numbers, with ticks where something was measured."""
    if len(values) < 2 or not all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        return Ordinal(values, start_px, end_px)
    low, high = min(values), max(values)
    if low > 0:
        return AtValues(Log(low, high, start_px, end_px), values, label)
    return Ordinal(values, start_px, end_px)


def figures_scale(values: Sequence[float], start_px: float, end_px: float, *, from_zero: bool = True) -> Linear | Log:
    """For what was measured: logarithmic where the values differ by eight times and more, else linear from zero."""
    positive = [value for value in values if value > 0]
    low, high = min(positive, default=0.5), max(positive, default=1.0)
    if len(positive) == len(values) and high / low >= _FAR_APART:
        return Log(low / 1.15, high * 1.15, start_px, end_px)
    lowest = 0.0 if from_zero else low - (high - low or low) * 0.1
    step = _round_step((high - lowest) / 5)
    return Linear(lowest, math.ceil(high * 1.001 / step) * step, start_px, end_px)


_FAR_APART: Final = 8


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * 0.999)
