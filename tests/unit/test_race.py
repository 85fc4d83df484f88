"""Models that take turns: every turn has one round of each, and one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.fakes import FakeModel, plan_for, square
from timetrial.errors import VoidTrialError, WorkloadError
from timetrial.plan import RoundsPolicy, TrialPlan
from timetrial.race import FEWEST_TURNS, Races, run_race

NO_TIME = RoundsPolicy(min_rounds=1, max_time_s=0.0)


def racers(**work: Any) -> tuple[list[TrialPlan], list[str]]:
    """A plan for each name, and the order in which their rounds came."""
    order: list[str] = []

    def noting(name: str, run: Any) -> Any:
        def rounds(items: Sequence[Any]) -> list[Any]:
            order.append(name)
            results: list[Any] = run(items)
            return results

        return rounds

    plans: list[TrialPlan] = [
        plan_for(FakeModel(work=noting(name, run), name=name), model_id=name, policy=NO_TIME)
        for name, run in work.items()
    ]
    return plans, order


def right(items: Sequence[int]) -> list[int]:
    """The expected work."""
    return [square(each) for each in items]


def test_every_turn_has_one_round_of_each_model() -> None:
    """So the n-th rounds of two models were taken side by side."""
    plans, order = racers(threads=right, coroutines=right, processes=right)
    result = run_race(plans, seed=1)
    timed = order[3:]  # the first three prove the work
    turns = [timed[start : start + 3] for start in range(0, len(timed), 3)]
    assert all(sorted(turn) == ["coroutines", "processes", "threads"] for turn in turns)
    assert {len(each.durations_s) for each in result.measurements.values()} == {FEWEST_TURNS}


def test_the_order_within_a_turn_is_drawn_anew() -> None:
    """No model always profits from running behind another one."""
    plans, order = racers(threads=right, coroutines=right)
    run_race(plans, seed=1)
    assert len({tuple(order[start : start + 2]) for start in range(2, len(order), 2)}) == 2


def test_a_model_that_fails_leaves_the_race_and_the_others_go_on() -> None:
    """Its error is kept for its own test."""
    plans, _ = racers(threads=right, coroutines=lambda _items: [0, 0, 0])
    result = run_race(plans)
    assert list(result.measurements) == ["threads"]
    assert isinstance(result.errors["coroutines"], VoidTrialError)


def test_a_race_is_run_once_and_each_test_gets_its_part() -> None:
    """The second test finds its rounds already run."""
    plans, order = racers(threads=right)
    races = Races()
    first = races.run("race", ["threads"], plans[0])
    count = len(order)
    assert races.run("race", ["threads"], plans[0]) is first
    assert len(order) == count


def test_an_error_of_the_race_is_raised_in_the_test_it_belongs_to() -> None:
    """As if the trial had been run alone."""
    plans, _ = racers(threads=lambda _items: [0, 0, 0])
    with pytest.raises(VoidTrialError):
        Races().run("race", ["threads"], plans[0])


def test_a_test_that_asks_for_something_else_than_its_rivals_is_told_so() -> None:
    """Rounds of unequal work can't be paired."""
    plans, _ = racers(threads=right)
    races = Races()
    races.run("race", ["threads"], plans[0])
    with pytest.raises(WorkloadError, match="without --trial-interleave"):
        races.run("race", ["threads"], replace(plans[0], concurrency=99))
