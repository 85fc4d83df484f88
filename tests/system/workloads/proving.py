"""Runs a workload of the suite as a trial does, without timing it: proved against its reference, under one model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from timetrial import Workload
from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import References
from timetrial.trial.run import run_trial
from timetrial.trial.settings import RunSettings


def prove(
    workload: Workload, model: str, items: Sequence[Any], *, done: Sequence[Any] | None = None, concurrency: int = 2
) -> Measurement:
    """Runs the items under the model; with ``done``, the model gets these in place of the items that are expected.

    Raises VoidTrialError where the results differ from those expected, and what a task raises.
    """
    expected = References().expected(workload, items)
    given, untimed = items if done is None else done, RunSettings(timed=False)
    plan = TrialPlan(workload, model, given, concurrency, expected, settings=untimed)
    return run_trial(plan)


def notes_of(error: BaseException) -> str:
    """All that was noted on an error, as pytest shows it below the traceback."""
    return "\n".join(getattr(error, "__notes__", ()))
