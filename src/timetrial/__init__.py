"""Run one workload under every concurrency model, prove equal work, time it fairly."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from timetrial.errors import TimetrialError, VoidTrialError
    from timetrial.mockserver import MockServer
    from timetrial.models.base import AsyncExecutor, Executor
    from timetrial.pytest_plugin.fixture import Trial
    from timetrial.trial.measurement import Measurement
    from timetrial.workload import Workload

__all__ = [
    "AsyncExecutor",
    "Executor",
    "Measurement",
    "MockServer",
    "TimetrialError",
    "Trial",
    "VoidTrialError",
    "Workload",
]

# Loaded when they are asked for: every pytest run imports this package, and most have no use for them.
_LATER = {
    "AsyncExecutor": "timetrial.models.base",
    "Executor": "timetrial.models.base",
    "Measurement": "timetrial.trial.measurement",
    "MockServer": "timetrial.mockserver",
    "TimetrialError": "timetrial.errors",
    "Trial": "timetrial.pytest_plugin.fixture",
    "VoidTrialError": "timetrial.errors",
    "Workload": "timetrial.workload",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
