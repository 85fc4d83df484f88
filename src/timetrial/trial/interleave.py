"""Several models of one workload in turn, round by round in random order, so that rounds can be compared in pairs.

Whatever slows the machine for a while then slows all of them alike, and the ratio of two rounds of the same turn says
more than two averages taken minutes apart.
"""

from __future__ import annotations

import random
from asyncio import CancelledError
from collections.abc import Hashable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import pytest

from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import TrialPlan
from timetrial.trial.run import OpenTrial

FEWEST_TURNS: Final = 6  # with fewer, no interval for a median reaches 95 % (see stats/paired_ratio.py)

# What ends one trial, and is raised again in the test that it belongs to: a skip and sys.exit() too, which are no
# Exceptions, but neither Ctrl-C nor the alarm of a test that takes too long.
_ITS_OWN: Final = (Exception, SystemExit, CancelledError, pytest.skip.Exception)


class Races:
    """Runs each race once, when its first test asks for it, and gives every test its own model's part.

    A race is let go when the last of its models has its part: results can be large, and would weigh on later trials.
    """

    def __init__(self) -> None:
        self._raced: dict[Hashable, tuple[TrialPlan, RaceResult]] = {}
        self._waiting: dict[Hashable, set[str]] = {}

    def run(self, race: Hashable, rivals: Sequence[str], plan: TrialPlan) -> Measurement | None:
        """The plan's model's measurement, out of a race against its rivals on the first one's items.

        None for a test that calls its trial with something else than the first one did: rounds of unequal work can't
        be paired.
        """
        if race not in self._raced:
            self._raced[race] = plan, run_race([replace(plan, model_id=rival) for rival in rivals])
            self._waiting[race] = set(rivals)
        first, result = self._raced[race]
        self._waiting[race].discard(plan.model_id)
        if not self._waiting[race]:
            del self._raced[race], self._waiting[race]
        if not _same_work(plan, first):
            return None
        if plan.model_id in result.errors:
            raise result.errors[plan.model_id]
        return result.measurements[plan.model_id]


@dataclass(frozen=True)
class RaceResult:
    """What became of each model, by its id: its measurement, whose rounds pair up with the others', or its error."""

    measurements: dict[str, Measurement]
    errors: dict[str, BaseException]


def run_race(plans: Sequence[TrialPlan], seed: int | None = None) -> RaceResult:
    """Opens all trials, then gives each one round a turn, in an order drawn anew for every turn.

    A trial that fails, be it in its closing, is left with its error, and the others go on. The race ends when every
    trial has had its fewest rounds and all together have used the time that they would have had one after the other.
    """
    order = random.Random(seed)
    race = _Race([_in_turns(plan) for plan in plans])
    with ExitStack() as stack:
        race.open(stack)
        while race.wants_another_turn():
            race.turn(order)
    return race.result()


def _same_work(one: TrialPlan, other: TrialPlan) -> bool:
    """Whether they come to the same, or have the same items apart from the address of each one's server."""
    keys = [plan.items_key.without_url if plan.items_key else None for plan in (one, other)]
    same_items = keys[0] is not None and keys[0] == keys[1]
    return one.concurrency == other.concurrency and (one.expected == other.expected or same_items)


def _in_turns(plan: TrialPlan) -> TrialPlan:
    settings = plan.settings
    return replace(plan, settings=replace(settings, conditions=replace(settings.conditions, turns=True)))


class _Race:
    def __init__(self, plans: Sequence[TrialPlan]) -> None:
        self._plans = plans
        self._open: dict[str, OpenTrial] = {}
        self._errors: dict[str, BaseException] = {}
        self._turns = 0
        self._durations_s: list[float] = []

    def open(self, stack: ExitStack) -> None:
        for plan in self._plans:
            try:
                trial = OpenTrial(plan).__enter__()
            except _ITS_OWN as error:
                self._errors[plan.model_id] = error
            else:
                self._open[plan.model_id] = trial
                stack.push(partial(self._close, plan.model_id, trial))

    def _close(self, model_id: str, trial: OpenTrial, *failure: Any) -> None:
        try:
            trial.__exit__(*failure)
        except _ITS_OWN as error:
            self._errors.setdefault(model_id, error)
            self._open.pop(model_id, None)

    def wants_another_turn(self) -> bool:
        if not self._open or not self._plans[0].settings.timed:
            return False
        policy = self._plans[0].policy
        if self._turns < max(FEWEST_TURNS, policy.min_rounds):
            return True
        return self._turns < policy.max_rounds and sum(self._durations_s) < policy.max_time_s * len(self._open)

    def turn(self, order: random.Random) -> None:
        self._turns += 1
        racers = list(self._open)
        order.shuffle(racers)
        for model_id in racers:
            try:
                self._durations_s.append(self._open[model_id].time_a_round())
            except _ITS_OWN as error:
                self._errors[model_id] = error
                del self._open[model_id]
        self._plans[0].settings.on_round(len(self._durations_s), self._durations_s[-1] if self._durations_s else 0.0)

    def result(self) -> RaceResult:
        return RaceResult({name: trial.measurement() for name, trial in self._open.items()}, self._errors)
