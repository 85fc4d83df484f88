"""The short table at the end of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.results.test_standings import entry, standings_of
from timetrial.report.summary import summary_lines
from timetrial.results.standings import Standings, VoidTrial
from timetrial.trial.void import FIXES, Kind, Void


def test_the_table_names_the_fastest_its_ratio_to_serial_and_the_next_best() -> None:
    """One line a group."""
    lines = summary_lines(standings_of(entry("serial", 0.4), entry("threads", 0.2), entry("coroutines", 0.1)))
    assert lines == [
        "workload  fastest     a round  x serial  next best  takes",
        "squares   coroutines   100 ms     4.00x  threads    2.00x",
    ]


def test_what_was_not_measured_is_a_dash() -> None:
    """A trial alone has nothing to be compared with."""
    assert summary_lines(standings_of(entry("threads", 2.0)))[1].split() == ["squares", "threads", "2.00", "s", *"---"]


def test_void_trials_are_listed_with_their_reason() -> None:
    """Even where nothing else was measured."""
    standings = Standings()
    standings.add_failed(VoidTrial("squares", "threads", Void(Kind.RESULTS, "2 results for 3 items")))
    assert summary_lines(standings) == [f"void: squares, threads: 2 results for 3 items; {FIXES[Kind.RESULTS]}"]


def test_what_failed_after_the_rounds_is_told_below() -> None:
    """They were good, so they stay in the table."""
    trial = entry("threads", 2.0)
    failed = replace(
        trial, measurement=replace(trial.measurement, accounting_error="no\npsutil", open_loop_error="stalled")
    )
    lines = summary_lines(standings_of(failed))
    assert lines[1].startswith("squares   threads")
    assert lines[2:] == ["no accounting: squares, threads: no psutil", "no open loop: squares, threads: stalled"]


def test_a_run_without_trials_has_no_table() -> None:
    """Nothing is printed."""
    assert summary_lines(Standings()) == []


def test_a_group_that_is_all_void_keeps_its_row() -> None:
    """It is in the table, and its reasons are below."""
    lines = summary_lines(standings_of(entry("threads", 2.0, voids=(Void(Kind.CLOCK, "too short"),))))
    assert lines[1].split() == ["squares", "all", "void", *"----"]
    assert lines[2] == f"void: squares, threads: too short; {FIXES[Kind.CLOCK]}"


@pytest.mark.parametrize(
    ("others_s", "takes"),
    [
        ((1.0, 1.1, 0.91, 1.1, 0.91, 1.1, 0.91, 1.2), "tie (0.91-1.20)"),
        ((1.01, 1.02) * 4, "tie (1.01-1.02)"),
        ((1.2, 1.3) * 4, "1.25x (1.20-1.30)"),
    ],
)
def test_an_interval_that_includes_one_is_a_tie(others_s: tuple[float, ...], takes: str) -> None:
    """So is a lead that nobody would notice; any other is one, with its interval. The stored figures say the same."""
    rounds = {"threads": (1.0,) * 8, "coroutines": others_s}
    trials = [entry(model, 1.0) for model in rounds]
    racers = [
        replace(
            each,
            measurement=replace(each.measurement, durations_s=rounds[each.measurement.model]),
            interleaved=True,
        )
        for each in trials
    ]
    standings = standings_of(*racers)
    assert summary_lines(standings)[1].endswith(takes)
    assert standings.compared(racers[1])["interleaved"]["tie"] is takes.startswith("tie")


def test_a_tie_with_serial_is_a_tie_too() -> None:
    """No model is called faster than serial on the strength of a ratio that may be one."""
    tied = replace(entry("serial", 1.0), interleaved=True)
    trials = [replace(entry("threads", 0.99), interleaved=True), tied]
    rounds_s = {"threads": (1.0, 0.99) * 4, "serial": (0.99, 1.01) * 4}
    racers = [
        replace(each, measurement=replace(each.measurement, durations_s=rounds_s[each.measurement.model]))
        for each in trials
    ]
    row = "squares   serial    1.00 s     1.00x  threads    tie (0.98-1.01)"
    assert summary_lines(standings_of(*racers))[1] == row
