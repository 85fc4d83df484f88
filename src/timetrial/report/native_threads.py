"""Tasks that compute in threads of their libraries: a serial that is none, and more threads than cores."""

from __future__ import annotations

from collections.abc import Sequence

from timetrial.environment.cgroups import quota_cores
from timetrial.environment.cpu import cores_by_affinity, usable_cores
from timetrial.environment.facts import known
from timetrial.measure.native_threads import variables_that_limit_them
from timetrial.results.standings import Entry


def thread_lines(entries: Sequence[Entry]) -> list[str]:
    """A sentence for each such trial, with the variable that limits the threads."""
    cores = usable_cores(known(cores_by_affinity), known(quota_cores))
    return [line for entry in entries if (line := _line(entry, cores)) is not None]


def _line(entry: Entry, cores: float | None) -> str | None:
    measurement = entry.measurement
    native = measurement.fairness.get("native_threads") or {}
    each = 1 + native.get("most_in_a_process", 0)
    if each == 1:
        return None
    who, limit = f"threads: {entry.group}, {measurement.model}", " or ".join(variables_that_limit_them())
    if measurement.model.startswith("serial"):
        return f"{who}: the task computes in {each} threads, so it is not one core's work; {limit}=1 makes it so"
    workers = measurement.concurrency if measurement.model.startswith("processes") else 1
    wanted = workers + (each - 1) * workers
    if cores is None or wanted <= cores:
        return None
    return f"{who}: {wanted} threads of the task's libraries want {cores:g} cores; {limit}=1 keeps each worker to one"
