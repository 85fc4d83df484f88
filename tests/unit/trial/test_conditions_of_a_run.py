"""What a run sets before its first trial, and puts back after its last."""

from __future__ import annotations

import os

import pytest

from timetrial.measure.disturbance import DisturbanceMeter, Thresholds
from timetrial.trial.conditions import RunConditions


@pytest.mark.skipif(os.name != "posix", reason="POSIX limits")
def test_the_limit_of_open_files_is_raised_and_put_back() -> None:
    """Worker processes that start in between inherit it."""
    import resource

    found, ceiling = resource.getrlimit(resource.RLIMIT_NOFILE)
    lower = min(256, found)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lower, ceiling))
    try:
        run = RunConditions()
        run.enter()
        raised = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        limits = run.conditions().open_files
        run.leave()
        left = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (found, ceiling))
    assert limits is not None
    assert limits.found == lower
    assert limits.allowed == raised > lower
    assert left == (lower, ceiling)


def test_a_trial_is_held_to_what_the_run_found_and_was_told() -> None:
    """The clock's step, the meter, and thresholds of which one may be left to the default."""
    run = RunConditions(steal=0.3)
    run.enter()
    conditions = run.conditions()
    run.leave()
    assert conditions.clock_step_ns is not None
    assert conditions.meter is DisturbanceMeter
    assert conditions.thresholds == Thresholds(steal_share=0.3)


def test_in_lock_step_the_other_run_is_no_disturbance() -> None:
    """Both are meant to be there."""
    assert RunConditions().conditions(in_lock_step=True).meter is None
