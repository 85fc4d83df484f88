"""Where a run took place, as far as it decides what its figures mean: one record, ready for JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypedDict, cast

from timetrial.environment.clock import TimerFacts, timer_facts
from timetrial.environment.cpu import CpuFacts, cpu_facts
from timetrial.environment.facts import ROOT, known
from timetrial.environment.interpreter import (
    LIBRARIES,
    Python,
    build_facts,
    free_threaded_build,
    gil_enabled,
    library_versions,
    other_distributions,
    python_facts,
    variables,
)
from timetrial.environment.limits import LimitFacts, limit_facts
from timetrial.environment.machine import MemoryFacts, SystemFacts, memory_facts, system_facts
from timetrial.system.clocks import clocks

__all__ = ["SCHEMA_VERSION", "environment", "free_threaded_build", "gil_enabled", "python_facts"]

SCHEMA_VERSION: Final = 1
"""Of an Environment."""


class ConcurrencyFacts(TypedDict):
    """The section ``concurrency``: what the run asked for."""

    event_loop: str | None
    """Such as ``asyncio`` or ``uvloop.Loop``."""
    event_loop_version: str | None
    """Of the package that it comes from."""
    start_method: str | None
    """fork, forkserver or spawn."""


class Environment(TypedDict):
    """Where a run took place; a section of which nothing could be known is None."""

    schema_version: int
    recorded_at: str
    """ISO 8601, UTC."""
    load: list[float] | None
    """Processes that wanted to run, on average over 1, 5 and 15 minutes."""
    cpu: CpuFacts | None
    memory: MemoryFacts | None
    system: SystemFacts | None
    timer: TimerFacts | None
    limits: LimitFacts | None
    variables: dict[str, str | None] | None
    """Those that matter, by name; None for one that isn't set."""
    libraries: dict[str, str | None] | None
    """The version of each; None for one that isn't installed."""
    installed: dict[str, str] | None
    """The version of every other distribution. Later than the rest: the first files of this version lack it."""
    concurrency: ConcurrencyFacts
    python: Python | None


def environment(
    *,
    libraries: Iterable[str] = LIBRARIES,
    event_loop: str | None = None,
    start_method: str | None = None,
    root: Path = ROOT,
) -> Environment:
    """Where this runs; call it after the run's imports, since one of them can switch the GIL on again.

    It never raises: what can't be known here is None. Event loop and start method are the ones that the run asked
    for, since only the caller knows them; the event loop is a name such as ``asyncio`` or ``uvloop.Loop``. The versions
    of ``libraries`` are recorded apart from those of everything else. ``root`` is where /proc and /sys are looked for.
    """
    names = tuple(libraries)
    return {
        "schema_version": SCHEMA_VERSION,
        "recorded_at": clocks.utc_now().isoformat(timespec="seconds"),
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
        "python": known(lambda: cast("Python", {**python_facts(), **build_facts()})),
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
