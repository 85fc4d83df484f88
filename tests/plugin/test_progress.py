"""How far a run is, in a log: lines of their own between pytest's, off with -q."""

from __future__ import annotations

import pytest

_SUITE = """
import pytest
from timetrial import Workload

@pytest.mark.workload(Workload("add", task=sum))
def test_add(trial):
    trial([(1, 2)] * 100, concurrency=2)

def test_other():
    pass
"""
# A minute is long for a test: here every trial is worth a line.
_EVERY = "import timetrial.report.progress.trials as trials\ntrials._BETWEEN_LINES_S = 0.0\n"
_RUN = ("--trial-scale=quick", "--benchmark-max-time=0.01", "--trial-models=serial,threads", "-p", "no:cacheprovider")


def test_a_log_tells_between_tests_what_runs_the_best_so_far_and_the_time_left(pytester: pytest.Pytester) -> None:
    """Each on a line of its own: pytest's dots go on below it."""
    pytester.makeconftest(_EVERY)
    pytester.makepyfile(test_it=_SUITE)
    out = pytester.runpytest_subprocess(*_RUN).stdout
    out.fnmatch_lines(
        [
            "[[]1/2[]] add  serial  about * left",
            "test_it.py .",
            "[[]2/2[]] add  threads  best so far: serial, * an item  about * left",
            "test_it.py ..*",
        ]
    )


def test_with_q_a_log_has_no_such_line(pytester: pytest.Pytester) -> None:
    """Nothing but pytest's own."""
    pytester.makeconftest(_EVERY)
    pytester.makepyfile(test_it=_SUITE)
    assert "about" not in pytester.runpytest_subprocess(*_RUN, "-q").stdout.str()
