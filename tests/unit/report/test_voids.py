"""Void trials in few lines, so that they don't drown the answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.results.test_standings import entry
from timetrial.report.voids import disturbed_lines, merged, void_lines
from timetrial.results.standings import VoidTrial
from timetrial.trial.void import FIXES, Kind, Void


def _disturbed(model: str, percent: float) -> VoidTrial:
    reason = f"other processes used {percent}% of the 2 usable cores (at most 15.0% is allowed)"
    return VoidTrial("squares n=1", model, Void(Kind.DISTURBED, reason))


def test_trials_that_are_void_for_the_same_reason_are_one_line() -> None:
    """With the range of their figures, three of their names, and what to do once."""
    models = ["serial", "threads", "processes", "coroutines", "processes+coroutines"]
    lines = void_lines([_disturbed(model, 43.1 + 8 * number) for number, model in enumerate(models)])
    assert lines == [
        "void: 5 trials (squares n=1, serial; squares n=1, threads; squares n=1, processes; and 2 more): other "
        "processes used 43.1 to 75.1% of the 2 usable cores (at most 15.0% is allowed); " + FIXES[Kind.DISTURBED]
    ]


def test_a_single_one_is_told_as_it_is() -> None:
    """With its group and its model."""
    assert void_lines([_disturbed("threads", 20.5)]) == [
        "void: squares n=1, threads: other processes used 20.5% of the 2 usable cores (at most 15.0% is allowed); "
        + FIXES[Kind.DISTURBED]
    ]


def test_reasons_that_differ_in_words_stay_apart_five_at_most() -> None:
    """The rest is counted."""
    words = ["one", "two", "three", "four", "five", "six", "seven"]
    lines = void_lines([VoidTrial("g", "threads", Void(Kind.RESULTS, f"got {word}")) for word in words])
    assert len(lines) == 5
    assert lines[-1] == (f"void: 3 more trials are void for reasons of this kind (results); {FIXES[Kind.RESULTS]}")


def test_kinds_are_not_mixed() -> None:
    """Each has its own remedy."""
    voids = [VoidTrial("g", "threads", Void(kind, "3 of 4")) for kind in (Kind.POOL, Kind.CLOCK, Kind.POOL)]
    assert [line.partition(":")[2].split("(")[0].strip() for line in void_lines(voids)] == [
        "2 trials",
        "g, threads: 3 of 4; " + FIXES[Kind.CLOCK].split("(")[0],
    ]


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (["took 1,200 ns", "took 900 ns"], "took 900 to 1,200 ns"),
        (["core 1's time 3.5%", "core 1's time 3.5%"], "core 1's time 3.5%"),
        (["under 'threads-2'", "under 'threads-2'"], "under 'threads-2'"),
        (["nothing to merge"], "nothing to merge"),
    ],
)
def test_numbers_that_differ_become_a_range(reasons: list[str], expected: str) -> None:
    """And those that don't stay."""
    assert merged(reasons) == expected


def test_disturbed_trials_that_took_turns_are_marked_and_still_compared() -> None:
    """In one line; trials that took no turns are void for it, and told as that."""
    seen = {"elapsed_s": 1.0, "cores": 2, "own_cpu_s": 0.5, "foreign_cpu_share": 0.43}
    trials = [
        replace(
            each,
            interleaved=True,
            measurement=replace(each.measurement, fairness={"disturbance": seen | {"foreign_cpu_share": share}}),
        )
        for each, share in ((entry("serial", 1.0), 0.43), (entry("threads", 1.0), 0.76))
    ]
    assert disturbed_lines(trials) == [
        "disturbed: 2 trials: other processes used 43.0 to 76.0% of the 2 usable cores (at most 15.0% is allowed); "
        "they took turns, so it met all models alike, and their ratios are in pairs"
    ]
    assert disturbed_lines([entry("serial", 1.0)]) == []
