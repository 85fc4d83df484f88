"""A small program that starts subinterpreters, or processes, for a few tiny tasks or for many."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import pytest

from benchmarks.test_startup import started
from timetrial import Workload

if TYPE_CHECKING:
    from timetrial import Trial

WORKERS: Final = 2
INTERPRETERS: Final = Workload(
    "interpreters",
    implementations={"serial": started("no workers")},
    variants={
        "spawn": Workload("spawned processes", implementations={"processes": started("spawn")}),
        "interpreters": Workload("subinterpreters", implementations={"threads": started("interpreters")}),
    },
)


def unfit(model: str, scale: str, **parameters: object) -> str | None:
    """Why there are no subinterpreters."""
    del scale, parameters
    too_old = model.endswith("[interpreters]") and sys.version_info < (3, 14)
    return "InterpreterPoolExecutor came with Python 3.14" if too_old else None


@pytest.mark.workload(INTERPRETERS, models=["processes[spawn]", "threads[interpreters]"], unless=unfit)
@pytest.mark.trial_points("tasks", quick=[50], default=[50, 2_000], article=[50, 10_000], gate=[50])
def test_interpreters(trial: Trial, tasks: int) -> None:
    """Neither begins with anything loaded; an interpreter needs no process, but each task costs it more."""
    trial(range(tasks), concurrency=WORKERS)
