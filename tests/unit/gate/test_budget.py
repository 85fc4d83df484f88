"""A gate's time: no launch begins after it, and none goes past it by more than a tenth."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from timetrial.gate.budget import BudgetClock, Costs
from timetrial.gate.lockstep.launch import Launch
from timetrial.gate.record import SideName
from timetrial.gate.sides.make import Side


class Clock:
    """Stands still until it is moved."""

    now_s = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now_s


def test_a_launch_ends_within_a_tenth_of_the_budget() -> None:
    """No benchmark is begun that would take longer, and no wait lasts longer."""
    clock = Clock()
    budget = BudgetClock(600, clock)
    clock.now_s += 600
    assert budget.left_s == 0
    assert not budget.over_with(29)
    assert budget.over_with(31)
    assert budget.ends_s == 100 + 660


def test_the_first_launch_has_half_a_minute_however_small_the_budget() -> None:
    """Else a gate of a second would measure nothing at all."""
    clock = Clock()
    budget = BudgetClock(1, clock)
    clock.now_s += 20
    assert budget.left_s < 0
    assert not budget.over_with(5)
    assert budget.over_with(15)


def test_a_launch_takes_those_for_whom_there_is_time_the_quick_ones_first() -> None:
    """A slow one doesn't keep the others from their launch."""
    costs = Costs()
    costs.note_start(1.0)
    for name, seconds in {"slow": 8.0, "quick": 0.1, "usual": 0.5}.items():
        costs.note(name, seconds)
    costs.note_end(1.0)
    assert costs.fitting(["slow", "quick", "usual"], 4.0) == ["quick", "usual"]
    assert costs.fitting(["slow", "quick", "usual"], 11.0) == ["quick", "usual", "slow"]
    assert costs.fitting(["slow"], 4.0) == []
    assert costs.launch_s(["slow", "quick"]) == 10.1


@pytest.mark.parametrize(("left_s", "farewell_s"), [(600.0, 5.0), (3.0, 3.0), (-2.0, 1.0)])
def test_sides_have_together_what_the_gate_has_left_to_close_their_fixtures(left_s: float, farewell_s: float) -> None:
    """And a second at least: a budget is passed by no more than a tenth."""

    class Ending:
        until_s = 0.0

        def hang_up(self) -> None:
            pass

        def end(self, until_s: float) -> None:
            self.until_s = until_s

    side, now_s = Side(SideName.BASE, Path("python"), Path(), None), time.monotonic()
    launch = Launch(side, side, (), patience_s=60.0, chance=random.Random(1), ends_s=now_s + left_s)
    both: Any = {each: Ending() for each in SideName}
    launch._processes = both
    launch._end()
    assert {round(each.until_s - now_s, 1) for each in both.values()} == {farewell_s}
