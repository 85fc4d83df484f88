"""The short table at the end of a run."""

from __future__ import annotations

from tests.unit.results.test_standings import entry, standings_of
from timetrial.report.summary import summary_lines
from timetrial.results.standings import Standings, VoidTrial
from timetrial.voids import FIXES, Kind, Void


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


def test_a_run_without_trials_has_no_table() -> None:
    """Nothing is printed."""
    assert summary_lines(Standings()) == []
