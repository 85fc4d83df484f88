"""The confirmation: after each fresh launch pair, is it settled, and how? Looking often costs nothing in error.

The fixed rule that it replaces takes all launches and then asks once. This one asks after every launch from the eighth
on, and the chance that chance alone ever says "slower" stays at most ``alpha`` over all looks together:

- Where the effect is no larger than the margin, each launch's distance from it is as likely to be above as below,
  whatever its size. So, given the sizes, all ways to set the signs can be counted (``exact_sums``), however the noise
  is distributed and however it differs from launch to launch.
- A launch's score is its distance's rank among all distances seen by then, the signed-rank test's idea made
  sequential (Reynolds, Annals of Statistics 3, 1975, "A sequential signed-rank test for symmetry"). A score stays as it
  is once given: it depends on the sizes alone, so the sum of scores above the margin is a sum with random signs.
- By launch n of N, at most ``alpha * (n / N) ** 2`` of all ways may have been stopped. This spends the error as Lan and
  DeMets (Biometrika 70, 1983) do, by the power family of Kim and DeMets (Biometrika 74, 1987). The bound of each look
  is the lowest sum for which that holds, given what earlier looks have stopped already.

It is exact for launches that are independent and, about a centre at the margin, symmetrical; conservative below the
margin if they have one peak. benchmarks/gate_power measures it where they are none of that.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from timetrial.stats.exact_sums import SignFlips
from timetrial.stats.signed_rank import shift_interval

FIRST_LOOK: Final = 8
_SPENDING_POWER: Final = 2
_SCORE_SCALE: Final = 60
"""Scores are whole numbers up to this; finer ones change no answer worth the memory."""


class Answer(StrEnum):
    """What the launches so far say."""

    SLOWER = "slower"
    FASTER = "faster"
    WITHIN = "within"
    GO_ON = "go on"
    OPEN = "open"  # all launches are used, and it is none of the others


@dataclass(frozen=True)
class Rule:
    """When a benchmark is settled: effects are logs of ratios, ``alpha`` is this benchmark's share of the error.

    ``SLOWER`` or ``FASTER``: past ``margin_log``, proved at ``alpha`` each. ``WITHIN``: the interval lies within plus
    or minus ``detect_log``, and the estimate within the margin, or there are no more than ``most`` launches to be had.
    """

    margin_log: float
    detect_log: float
    alpha: float
    most: int


class Decision(NamedTuple):
    """An answer, and how many of the launches it rests on: those that came after it was settled have no say."""

    answer: Answer
    launches: int


def confirm(effects: Sequence[float], rule: Rule) -> Decision:
    """What the effects of fresh launch pairs, in their order, say by this rule; the first answer that is one stands."""
    slower, faster = _Crossing(rule), _Crossing(rule)
    for count, effect in enumerate(effects[: rule.most], start=1):
        if slower.crossed_by(effect - rule.margin_log):
            return Decision(Answer.SLOWER, count)
        if faster.crossed_by(-effect - rule.margin_log):
            return Decision(Answer.FASTER, count)
        if _lies_within(effects[:count], rule):
            return Decision(Answer.WITHIN, count)
    used = min(len(effects), rule.most)
    return Decision(Answer.OPEN if used == rule.most else Answer.GO_ON, used)


def proved_between(effects: Sequence[float], low: float, high: float, rule: Rule) -> bool:
    """Whether launches in their order prove that the effect is past ``low``, and that it is short of ``high``.

    Each is the one-sided test of ``confirm``, at ``rule.alpha`` over all looks together; ``low`` and ``high`` are
    effects, and take the place of the rule's margin.
    """
    return _crosses([each - low for each in effects], rule) and _crosses([high - each for each in effects], rule)


def _crosses(distances: Sequence[float], rule: Rule) -> bool:
    crossing = _Crossing(rule)
    return any(crossing.crossed_by(each) for each in distances[: rule.most])


def fewest_to_prove(rule: Rule) -> int:
    """How many launches it takes at the least to prove anything; where ``most`` is too few, how many it had to be."""
    first = min(FIRST_LOOK, rule.most)
    enough = (each for each in range(first, rule.most + 1) if _may_be_stopped(rule, each))
    return next(enough, math.ceil(-math.log2(rule.alpha)))


def spent_by(rule: Rule, launches: int) -> float:
    """How much of ``alpha`` may have been used up by this launch."""
    return rule.alpha * (launches / rule.most) ** _SPENDING_POWER


def _may_be_stopped(rule: Rule, launches: int) -> int:
    """Of all ``2 ** launches`` ways to set the signs, how many may have been called slower by then."""
    return int(spent_by(rule, launches) * (1 << launches))


def _lies_within(effects: Sequence[float], rule: Rule) -> bool:
    """Early only where the estimate gives no reason to look on: a small slowdown needs all launches to be proved."""
    interval = shift_interval(effects)
    settled = abs(interval.estimate) <= rule.margin_log or len(effects) == rule.most
    return settled and interval.lies_within(rule.detect_log)


class _Crossing:
    """Whether the scores of distances above the margin have summed to more than chance allows, at any look so far."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._first_look = min(FIRST_LOOK, rule.most)
        self._flips = SignFlips(rule.most)
        self._sizes: list[float] = []
        self._unscored: list[float] = []
        self._stopped = 0  # of all 2 ** n ways to set the signs
        self._above = 0

    def crossed_by(self, distance: float) -> bool:
        """Takes in one more launch; True if the sum crosses the bound with it."""
        insort(self._sizes, abs(distance))
        self._unscored.append(distance)
        if len(self._sizes) < self._first_look:
            return False
        for each in self._unscored:
            self._score(each)
        self._unscored.clear()
        return self._look()

    def _score(self, distance: float) -> None:
        """A distance of exactly nothing counts as below the margin."""
        size, count = abs(distance), len(self._sizes)
        doubled_rank = bisect_left(self._sizes, size) + bisect_right(self._sizes, size) + 1
        score = max(1, round(_SCORE_SCALE * doubled_rank / (2 * (count + 1))))
        self._flips.add(score)
        self._stopped *= 2
        self._above += score if distance > 0 else 0

    def _look(self) -> bool:
        bound = self._flips.lowest_within(_may_be_stopped(self._rule, self._flips.count) - self._stopped)
        if self._above >= bound:
            return True
        self._stopped += self._flips.drop(bound)
        return False
