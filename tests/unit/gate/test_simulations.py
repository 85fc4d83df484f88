"""The simulations behind docs/gate.md run, and show what their tables say: a few of each, the rest is by hand."""

from __future__ import annotations

import random
import statistics

import pytest

from benchmarks.gate_power import confirmation, intervals, sessions, two_stage
from benchmarks.gate_power.noise import MEASURED, Noise, rms
from tests.unit.gate.stored.stored_files import content, launches
from timetrial.gate.policy import GatePolicy
from timetrial.gate.stored.run import StoredRun
from timetrial.stats.sequential import Answer


def test_a_line_of_the_confirmation_s_table() -> None:
    """All rules see a slowdown of a fifth; only the fixed one takes all 24 launches for it."""
    cell = confirmation.Cell(Noise("quiet", 0.01), effect=0.2, k=1, simulations=5)
    assert confirmation.line(cell, confirmation.simulate(cell)) == (
        "| quiet | +20% | 1 | 100.0% (24.0) | 100.0% (10.0) | 100.0% (12.0) | 100.0% (11.6) | 0.0% |"
    )


def test_the_e_process_gives_up_when_its_launches_are_used() -> None:
    """Bets on nothing win nothing."""
    assert confirmation.e_process([0.0, 0.02] * 30, 0.01) == (Answer.OPEN, 60)


def test_the_confirmation_s_table_has_a_line_for_each_noise_and_effect() -> None:
    """More simulations where a rate of 1 % is to be seen."""
    cells = list(confirmation.cells(10, 1000))
    assert len(cells) == len(confirmation.NOISES) * 2 * 5
    assert {each.simulations for each in cells if each.effect == confirmation.MARGIN} == {1000}


@pytest.mark.parametrize(("effect", "power"), [(0.0, 0.0), (0.5, 1.0)])
def test_a_line_of_the_two_stage_table(effect: float, power: float) -> None:
    """Three gates of 42 benchmarks."""
    tally = two_stage.simulate(two_stage.Cell("default", effect, 3))
    assert tally.power == power
    assert tally.false_alarms == 0
    assert tally.unchanged >= 3 * 42 - 6
    assert two_stage.line(two_stage.Cell("default", effect, 3), tally).count("|") == len(two_stage._HEADS) + 1


def test_a_line_of_the_intervals_table() -> None:
    """Coverage, reach and how much is settled, for each of three."""
    cells = intervals.simulate(Noise("quiet", 0.001), launches=8, simulations=50)
    assert len(cells) == 3
    assert all(cell.endswith("±0.1%, 100%") for cell in cells)


def test_the_trimmed_interval_is_student_s_where_nothing_is_trimmed_off() -> None:
    """Of four values a fifth is none."""
    values = [0.1, 0.2, 0.4, 0.3]
    assert intervals.trimmed_t(values) == pytest.approx(intervals.student(values))


@pytest.mark.parametrize("noise", [*MEASURED, Noise("skewed", 0.02, wild=0, skewed=-1), Noise("lag", 0.02, lag=0.5)])
def test_made_up_launches_scatter_about_their_effect(noise: Noise) -> None:
    """5,000 launches: their mean is the effect, and their root mean square what the name stands for."""
    drawn = noise.draw(random.Random(1), 5000, effect=0.1)
    assert statistics.fmean(drawn) == pytest.approx(0.1, abs=0.006)
    expected = noise.sd * (1 + noise.wild * (noise.wild_factor**2 - 1)) ** 0.5
    assert statistics.pstdev(drawn) == pytest.approx(expected, rel=0.1)
    assert rms("a", 0.028).sd * 1.8**0.5 == pytest.approx(0.028)


def test_launches_that_follow_each_other_are_as_alike_as_their_lag_says() -> None:
    """A correlation of a half."""
    drawn = Noise("lag", 0.02, lag=0.5).draw(random.Random(1), 5000)
    assert statistics.correlation(drawn[:-1], drawn[1:]) == pytest.approx(0.5, abs=0.05)


def test_the_table_of_stored_sessions() -> None:
    """Three made-up sessions of a calm benchmark: nothing is accused, and what is twice as slow always is."""
    runs = [StoredRun(str(seed), content(launches(0.5, seed=seed))) for seed in (1, 2, 3)]
    rows = [line.split() for line in sessions.lines(runs, GatePolicy())[1:]]
    assert [(row[2], *row[3:6]) for row in rows if row[2] == "0%"] == [("0%", "6", "0", "6"), ("0%", "60", "0", "60")]
    assert [(row[2], *row[3:7]) for row in rows if row[2] == "100%"] == [
        ("100%", "6", "6", "6", "6"),
        ("100%", "60", "60", "60", "60"),
    ]
