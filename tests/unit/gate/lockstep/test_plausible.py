"""What a side says of its rounds is held against the gate's own clock."""

from __future__ import annotations

import pytest

from timetrial.gate.lockstep.plausible import Round, stood_still, too_long, two_timers, unexplained
from timetrial.gate.record import SideName

BASE, CANDIDATE = SideName.BASE, SideName.CANDIDATE


def a_round(s: float, waited_s: float = 0.01) -> Round:
    """One that took as long as the gate waited, and says so much."""
    return Round(s=s, cpu_s=s, workers=False, wall_s=s, waited_s=waited_s)


def pairs(base_s: float, candidate_s: float, waited_s: float = 0.01) -> list[dict[SideName, Round]]:
    """Four pairs that are alike."""
    return [{BASE: a_round(base_s, waited_s), CANDIDATE: a_round(candidate_s, waited_s)}] * 4


@pytest.mark.parametrize(
    ("timers", "refused"),
    [
        ({}, False),
        ({CANDIDATE: "process_time"}, False),  # an older timetrial doesn't tell
        ({BASE: None, CANDIDATE: None}, False),
        ({BASE: "process_time", CANDIDATE: "process_time"}, False),
        ({BASE: None, CANDIDATE: "process_time"}, True),
        ({BASE: "thread_time", CANDIDATE: "process_time"}, True),
    ],
)
def test_sides_that_are_timed_by_two_clocks_are_not_compared(timers: dict[SideName, str | None], refused: bool) -> None:
    """A change of the timer would look like one of the code."""
    assert (two_timers(timers) is not None) is refused


def test_a_round_is_no_longer_than_the_gate_waited_for_it() -> None:
    """But for what two clocks may differ by."""
    assert too_long(BASE, (0.01, 0.0105), 0.01) is None
    trouble = too_long(BASE, (0.01, 0.3), 0.01)
    assert trouble is not None
    assert trouble.side is BASE


def test_time_that_is_in_none_of_a_side_s_figures_is_missed_on_that_side_alone() -> None:
    """A tenth of it is told; where both sides miss as much, the machine keeps both waiting."""
    trouble = unexplained(pairs(0.01, 0.001), lambda _side, told: told.s)
    assert trouble is not None
    assert trouble.side is CANDIDATE
    assert unexplained(pairs(0.001, 0.001), lambda _side, told: told.s) is None
    assert unexplained(pairs(0.001, 0.0001, waited_s=0.001), lambda _side, told: told.s) is None


def test_a_timer_that_stands_still_times_nothing() -> None:
    """Once would be nothing to speak of."""
    assert stood_still([*pairs(0.0, 0.01), *pairs(0.01, 0.01)]) is None
    trouble = stood_still(pairs(0.01, 0.0))
    assert trouble is not None
    assert trouble.side is CANDIDATE
