"""Where a run took place, as far as it decides what its figures mean: one record, ready for JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from timetrial.environment.clock import timer_facts
from timetrial.environment.cpu import cpu_facts
from timetrial.environment.facts import ROOT, known
from timetrial.environment.interpreter import (
    LIBRARIES,
    build_facts,
    free_threaded_build,
    gil_enabled,
    library_versions,
    other_distributions,
    python_facts,
    python_label,
    variables,
)
from timetrial.environment.limits import limit_facts
from timetrial.environment.machine import memory_facts, system_facts

__all__ = ["SCHEMA_VERSION", "environment", "free_threaded_build", "gil_enabled", "python_facts", "python_label"]

# 1: schema_version, recorded_at, cpu, memory, system, python, variables, libraries, concurrency, timer, load, limits;
#    later also installed.
SCHEMA_VERSION: Final = 1


def environment(
    *,
    libraries: Iterable[str] = LIBRARIES,
    event_loop: str | None = None,
    start_method: str | None = None,
    root: Path = ROOT,
) -> dict[str, Any]:
    """Where this runs; call it after the run's imports, since one of them can switch the GIL on again.

    It never raises: what can't be known here is None. Event loop and start method are the ones that the run asked
    for, since only the caller knows them; the event loop is a name such as ``asyncio`` or ``uvloop.Loop``.
    """
    names = tuple(libraries)
    return {
        "schema_version": SCHEMA_VERSION,
        "recorded_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": known(load),  # first, before the asking itself adds to it
        "cpu": known(lambda: cpu_facts(root)),
        "memory": known(lambda: memory_facts(root)),
        "system": known(lambda: system_facts(root)),
        "timer": known(lambda: timer_facts(root)),
        "limits": known(lambda: limit_facts(root)),
        "variables": known(variables),
        "libraries": known(lambda: library_versions(names)),
        "installed": known(lambda: other_distributions(names)),
        "concurrency": {
            "event_loop": event_loop,
            "event_loop_version": known(lambda: event_loop_version(event_loop)),
            "start_method": start_method,
        },
        "python": known(lambda: python_facts() | build_facts()),
    }


def load() -> list[float] | None:
    """Processes that wanted to run, on average over 1, 5 and 15 minutes; None on Windows, which doesn't count them."""
    if sys.platform == "win32":
        return None
    return [round(average, 2) for average in os.getloadavg()]


def event_loop_version(event_loop: str | None) -> str | None:
    """The version of the package that an event loop comes from; asyncio's is Python's own."""
    if event_loop is None:
        return None
    package = event_loop.partition(".")[0]
    if package == "asyncio":
        return str(python_facts()["version"])
    return library_versions([package])[package]
