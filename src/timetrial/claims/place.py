"""Where a run was measured, as far as figures of two runs belong together: the machine and the Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from timetrial.environment.identity import PythonIdentity, python_of
from timetrial.results.schema import KEY


@dataclass(frozen=True)
class Machine:
    """What decides which model wins, as the run's record has it; empty or None where it says nothing."""

    cpu: str
    cores: float | None
    """Those that may be used."""
    system: str
    """Such as ``Linux x86_64``."""

    def __str__(self) -> str:
        """In words."""
        cores = f"{self.cores:g} cores of " if self.cores else ""
        return ", ".join(each for each in (f"{cores}{self.cpu or 'an unknown processor'}", self.system) if each)


@dataclass(frozen=True)
class Place:
    """A machine and a Python: figures of two places are never pooled."""

    machine: Machine
    python: PythonIdentity

    def __str__(self) -> str:
        """In words."""
        return f"{self.python} on {self.machine}"


def place_of(content: Mapping[str, Any]) -> Place:
    """Of a results file; what it doesn't say stays empty."""
    environment = (content.get(KEY) or {}).get("environment") or {}
    cpu, system, python = (environment.get(name) or {} for name in ("cpu", "system", "python"))
    if not python:
        python = _python_of_a_trial(content)
    where = " ".join(str(each) for each in (system.get("name"), system.get("architecture")) if each)
    cores = cpu.get("usable_cores")
    return Place(
        Machine(str(cpu.get("model") or ""), float(cores) if isinstance(cores, int | float) else None, where),
        python_of(python),
    )


def _python_of_a_trial(content: Mapping[str, Any]) -> Mapping[str, Any]:
    for benchmark in content["benchmarks"]:
        python = ((benchmark.get("extra_info") or {}).get(KEY) or {}).get("python")
        if isinstance(python, dict):
            return python
    return {}
