"""Contestants in turn, round by round in random order; stretches that others disturbed are dropped and counted."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from timetrial.measure.disturbance import DisturbanceMeter, Thresholds

NameT = TypeVar("NameT")
FigureT = TypeVar("FigureT")


@dataclass(frozen=True)
class Turns(Generic[NameT, FigureT]):
    """The figures of each round, without those of disturbed turns."""

    rounds: Sequence[Mapping[NameT, FigureT]]
    disturbed: int
    last_reason: str | None = None

    def dropped(self, measured: int) -> str:
        """How many were dropped of so many that were measured, and why the last one was."""
        why = f", the last one because {self.last_reason}" if self.last_reason else ""
        return f"Disturbed and dropped: {self.disturbed} of {measured}{why}."

    def median(self, name: NameT, figure: Callable[[FigureT], float]) -> float:
        """Of all of this contestant's rounds; NaN where none is left."""
        values = [figure(each[name]) for each in self.rounds if name in each]
        return statistics.median(values) if values else float("nan")

    def ratio(self, name: NameT, to: NameT, figure: Callable[[FigureT], float]) -> float:
        """The median of one contestant's figure by another's in the same round; NaN where none is left."""
        both = [each for each in self.rounds if name in each and to in each]
        return statistics.median(figure(each[name]) / figure(each[to]) for each in both) if both else float("nan")


def in_turn(
    names: Sequence[NameT], measure: Callable[[NameT], FigureT], rounds: int, thresholds: Thresholds | None = None
) -> Turns[NameT, FigureT]:
    """So many rounds of one figure for each."""
    kept: list[dict[NameT, FigureT]] = []
    disturbed = 0
    last_reason = None
    for _ in range(rounds):
        kept.append({})
        for name in random.sample(names, len(names)):
            meter = DisturbanceMeter()
            meter.start()
            figure = measure(name)
            reason = meter.stop().disturbed(thresholds)
            if reason is None:
                kept[-1][name] = figure
            else:
                disturbed += 1
                last_reason = reason
    return Turns(kept, disturbed, last_reason)
