"""The search: each model climbs from one item at a time to where more at once stops helping; then the best meet.

It knows nothing of executors and clocks but what it is given, so that a test can give it known curves and a clock of
its own.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from timetrial.results.ways import Rounds, Way
from timetrial.search.field import Arena, Course
from timetrial.stats.lead import FEWEST, Lead

_TURNS_A_STEP: Final = 3
_HELPS: Final = 1.05
"""Twice as many at once must gain this much to be worth going on."""

_HARMS: Final = 0.8
"""Twice as many at once that take so much longer need no second try."""

_PLAINLY_HELPS: Final = 1.4
"""A gain of so much in a single turn is not by chance."""

_DEAR: Final = 0.01
"""What takes such a part of the time to be opened is dear."""

_GRACE: Final = 0.1
"""So much longer it may take to give an answer rather than none."""

_CLIMB_SHARE: Final = 0.6
"""How much of the time the climb may take; what is left belongs to the best."""

_HOPELESS: Final = 1.5
"""Whoever surely takes so many times as long as the fastest gets no more rounds than an interval needs."""

_FEWEST_FINALISTS: Final = 2

_PLENTY: Final = 30
"""So many pairs of everyone who is still in the running end the search early where they agree."""

_SURE: Final = 0.02
"""A tie is one where the interval is this narrow on either side."""


@dataclass
class _Climber:
    """A model on its way up: the best so far, which stays open, and how often more at once did not help."""

    model: str
    steps: list[int]
    best: Way | None = None
    misses: int = 0

    def next_way(self) -> Way | None:
        return Way(self.model, self.steps[0]) if self.steps else None


@dataclass
class Explorer:
    """One search; ``clock_s`` and ``deadline_s`` are of the same clock."""

    course: Course
    arena: Arena
    clock_s: Callable[[], float]
    deadline_s: float
    rounds: Rounds = field(default_factory=Rounds)
    on_turn: Callable[[int, dict[Way, float]], None] = lambda _turn, _rounds: None

    def run(self) -> None:
        """All of it; whoever is open at the end is closed."""
        self._began_s = self.clock_s()
        self._turns = 0
        self._open: list[Way] = []
        if not self._enter(self.course.reference):
            return
        try:
            finalists = self._climb()
            self._meet(finalists)
        finally:
            for way in list(self._open):
                self._leave(way)

    def _climb(self) -> list[Way]:
        climbers = [_Climber(model, list(ladder)) for model, ladder in self.course.ladders.items()]
        until_s = self._began_s + _CLIMB_SHARE * (self.deadline_s - self._began_s)
        while (level := self._lowest_step(climbers)) is not None and (self._may_climb(until_s) or self.course.fixed):
            stepping = [each for each in climbers if each.steps and each.steps[0] == level]
            self._step(stepping, until_s)
            if self.clock_s() >= self.deadline_s:
                break
        return [each.best for each in climbers if each.best is not None and each.best in self._open]

    def _may_climb(self, until_s: float) -> bool:
        """While there is time, and what the best need for an interval is not touched."""
        return self.clock_s() < min(until_s, self.deadline_s - self._reserve_s())

    def _reserve_s(self) -> float:
        """What the reference and the fastest need for an interval, and half of that again."""
        seconds = sorted(self.arena.round_s(way) for way in self._open if self.rounds.of.get(way))
        return 1.5 * FEWEST * sum((*seconds[:1], *seconds[-1:]))

    @staticmethod
    def _lowest_step(climbers: Iterable[_Climber]) -> int | None:
        return min((each.steps[0] for each in climbers if each.steps), default=None)

    def _step(self, climbers: Sequence[_Climber], until_s: float) -> None:
        """Everyone who climbs takes one more step, beside the best of theirs, and stays or falls back."""
        tried = {each.model: way for each in climbers if (way := each.next_way()) and self._enter(way)}
        for each in climbers:
            each.steps.pop(0)
        beside = [each.best for each in climbers if each.best] if not self.course.slow else []
        if not self.rounds.of:
            beside.insert(0, self.course.reference)
        for count in range(self._turns_a_step()):
            if count and self.clock_s() >= (self.deadline_s if self.course.fixed else until_s):
                break
            self._turn([*beside, *tried.values()])
            if not self.course.fixed and all(self._is_plain(each, tried.get(each.model)) for each in climbers):
                break
        for each in climbers:
            self._settle(each, tried.get(each.model))
        for each in climbers:
            self._let_go_of_the_dear(each, climbers)

    def _is_plain(self, climber: _Climber, tried: Way | None) -> bool:
        """Whether one turn has shown that the step helps a lot, or harms."""
        gain = self._gain(climber.best, tried) if tried is not None and climber.best is not None else None
        return gain is not None and not _HARMS < gain < _PLAINLY_HELPS

    def _let_go_of_the_dear(self, climber: _Climber, others: Sequence[_Climber]) -> None:
        """What takes long to start, and is no faster at this step than something simpler, need not climb on."""
        best = climber.best
        if best is None or not climber.steps or self.course.fixed:
            return
        if self.arena.startup_s(best) < _DEAR * (self.deadline_s - self._began_s):
            return
        simpler = [each.best for each in others if each.best and each.best.complexity < best.complexity]
        if any(
            (self._gain(best, other) or 0) > 1 / _HELPS for other in simpler if other.concurrency >= best.concurrency
        ):
            climber.steps.clear()

    def _turns_a_step(self) -> int:
        if self.course.fixed:
            return FEWEST
        return 1 if self.course.slow else _TURNS_A_STEP

    def _settle(self, climber: _Climber, tried: Way | None) -> None:
        if tried is None or tried not in self._open:
            climber.steps.clear()
            return
        before = climber.best if climber.best in self._open else None
        gain = self._gain(before, tried)
        helps = gain is None or gain >= (1 if self.course.fixed else _HELPS)
        climber.best, loser = (tried, before) if helps else (before, tried)
        climber.misses = 0 if helps else climber.misses + 1
        if loser is not None:
            self._leave(loser)
        if not self.course.fixed and (climber.misses > 1 or (gain is not None and gain < _HARMS)):
            climber.steps.clear()

    def _gain(self, before: Way | None, tried: Way) -> float | None:
        """How many times as long the step before takes, by the middle of their common turns."""
        one, other = self.rounds.of.get(before, {}) if before else {}, self.rounds.of.get(tried, {})
        if not one or not other:
            return None
        ratios = [one[turn] / other[turn] for turn in one.keys() & other.keys() if other[turn] > 0]
        if ratios:
            return statistics.median(ratios)
        return statistics.median(one.values()) / max(statistics.median(other.values()), 1e-12)

    def _meet(self, finalists: list[Way]) -> None:
        """The best of each model take turns with the reference until the time is over, or everything is clear."""
        field_ = self._affordable([self.course.reference, *finalists, *self._neighbours(finalists)])
        while True:
            field_ = [way for way in field_ if way in self._open]
            if self.clock_s() >= self.deadline_s:
                break
            racing = self._racing(field_)
            if len(racing) < 2 and len(field_) > 1:
                return
            if not racing or self._is_clear(racing):
                return
            self._turn(racing)
        self._make_up(field_)

    def _make_up(self, field_: Sequence[Way]) -> None:
        """The reference and the fastest get the pairs that their interval lacks, in a tenth of the time on top."""
        fastest = self.rounds.fastest(way for way in field_ if way != self.course.reference)
        until_s = self.deadline_s + _GRACE * (self.deadline_s - self._began_s)
        if fastest is None or self.course.reference not in self._open:
            return
        while self._paired(self.course.reference, fastest) is None and self.clock_s() < until_s:
            self._turn([self.course.reference, fastest])
            if fastest not in self._open or self.course.reference not in self._open:
                return

    def _affordable(self, field_: list[Way]) -> list[Way]:
        """Where the time is too short for an interval of all, the slowest but the reference stay out of it."""
        known = [way for way in field_ if self.rounds.of.get(way) and way != self.course.reference]
        field_ = [self.course.reference, *sorted(known, key=self.rounds.median_s)]
        left_s = self.deadline_s - self.clock_s()
        while len(field_) > _FEWEST_FINALISTS and FEWEST * sum(map(self.arena.round_s, field_)) > left_s:
            field_.pop()
        return field_

    def _neighbours(self, finalists: Sequence[Way]) -> list[Way]:
        """The steps beside the fastest's: three turns may have been too few to see where it stops helping."""
        fastest = self.rounds.fastest(finalists)
        if fastest is None or self.course.fixed or self.course.slow:
            return []
        ladder = self.course.ladders[fastest.model]
        at = ladder.index(fastest.concurrency)
        beside = [Way(fastest.model, each) for each in (*ladder[max(0, at - 1) : at], *ladder[at + 1 : at + 2])]
        began_s = self.clock_s()
        entered: list[Way] = []
        for way in beside:
            opening_s = self.clock_s() - began_s
            if self.deadline_s - self.clock_s() - opening_s > self._reserve_s() and self._enter(way):
                entered.append(way)
        self._turn(entered)
        return entered

    def _racing(self, field_: Sequence[Way]) -> list[Way]:
        """Whoever may still be the fastest, and whoever has too few rounds for an interval."""
        fastest = self.rounds.fastest(field_)
        if fastest is None:
            return list(field_)
        racing = [way for way in field_ if way == fastest or not self._is_hopeless(way, fastest)]
        if self._needs_reference(fastest) and self.course.reference not in racing:
            racing.append(self.course.reference)
        return racing

    def _is_hopeless(self, way: Way, fastest: Way) -> bool:
        lead = self._paired(way, fastest)
        return lead is not None and lead.low > _HOPELESS

    def _needs_reference(self, fastest: Way) -> bool:
        """The speed-up is told with its interval: some more pairs than the fewest keep that narrow."""
        lead = self._paired(self.course.reference, fastest)
        return self.course.reference in self._open and (lead is None or lead.rounds < 2 * FEWEST)

    def _is_clear(self, racing: Sequence[Way]) -> bool:
        fastest = self.rounds.fastest(racing)
        if fastest is None:
            return False
        leads = [self._paired(way, fastest) for way in racing if way != fastest]
        return all(lead is not None and lead.rounds >= _PLENTY and _says_enough(lead) for lead in leads)

    def _paired(self, slower: Way, faster: Way) -> Lead | None:
        lead = self.rounds.lead(slower, faster)
        return lead if lead is not None and lead.paired else None

    def _enter(self, way: Way) -> bool:
        if way in self._open:
            return True
        if not self.arena.open(way):
            return False
        self._open.append(way)
        return True

    def _leave(self, way: Way) -> None:
        self._open.remove(way)
        self.arena.close(way)

    def _turn(self, ways: Iterable[Way]) -> None:
        taking_part = [way for way in dict.fromkeys(ways) if way in self._open]
        if not taking_part:
            return
        seconds = self.arena.turn(taking_part)
        self._turns += 1
        self.rounds.add(self._turns, seconds)
        for way in taking_part:
            if way not in seconds:
                self._open.remove(way)
        self.on_turn(self._turns, seconds)


def _says_enough(lead: Lead) -> bool:
    return not lead.tie or (lead.low > 1 - _SURE and lead.high < 1 + _SURE)
