"""A run of ``timetrial run`` as a results file, so that advise, history, curves and the gate can read it."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from timetrial.environment.identity import python_in
from timetrial.launches.round_stats import round_stats
from timetrial.results.figures import figures
from timetrial.results.runfile import RunFile
from timetrial.results.schema import FILE_SCHEMA_VERSION, KEY
from timetrial.results.ways import Way
from timetrial.search.findings import Findings
from timetrial.trial.measurement import Measurement

SCALE = "run"


def store_run(findings: Findings, directory: Path) -> Path:
    """Writes the file, and returns where it is; raises ResultsError where it can't be written."""
    python = python_in(findings.environment)
    file = RunFile(directory, _header(), {"schema_version": FILE_SCHEMA_VERSION}, python=python)
    reference = findings.reference
    names = {way: _name(way, findings) for way in findings.rounds.of}
    references = {name: names[reference] for way, name in names.items() if reference in names and way != reference}
    about: dict[str, Any] = {"environment": findings.environment, "references": references, "troubles": [], "voids": []}
    file.write(run_benchmarks(findings), complete=findings.complete, also=about)
    return file.path


def run_benchmarks(findings: Findings) -> list[dict[str, Any]]:
    """Each way as an entry of a results file."""
    return [_benchmark(way, findings) for way in sorted(findings.rounds.of)]


def _header() -> dict[str, Any]:
    from pytest_benchmark.utils import get_commit_info

    return {
        "machine_info": {},
        "commit_info": get_commit_info(Path.cwd().name),  # type: ignore[no-untyped-call]
        "datetime": datetime.now(UTC).isoformat(),
        "version": version("pytest-benchmark"),
    }


def _benchmark(way: Way, findings: Findings) -> dict[str, Any]:
    items = findings.items_per_round.get(way, 1)
    rounds = findings.rounds.of[way]
    durations_s = tuple(seconds * items for seconds in rounds.values())
    name = _name(way, findings)
    measurement = _measurement(way, findings, items, durations_s)
    entry = figures(measurement, scale=SCALE, parameters={"concurrency": way.concurrency}, sweeps=("concurrency",))
    return {
        "group": measurement.workload,
        "name": name.rpartition("::")[2],
        "fullname": name,
        "params": {"concurrency": way.concurrency, "trial_model": way.model},
        "param": f"{way.model}-{way.concurrency}",
        "extra_info": {KEY: {**entry, **_python(findings), "turns": list(rounds), **_speedup(way, findings)}},
        "options": {"timer": "time.perf_counter_ns", "disable_gc": False},
        "stats": round_stats(durations_s, 1),
    }


def _measurement(way: Way, findings: Findings, items: int, durations_s: tuple[float, ...]) -> Measurement:
    assert findings.target is not None
    assert findings.probed is not None
    return Measurement(
        workload=findings.target["workload"],
        model=way.model,
        concurrency=way.concurrency,
        items=items,
        durations_s=durations_s,
        startup_s=findings.startup_s.get(way, 0.0),
        teardown_s=findings.teardown_s.get(way, 0.0),
        digest=findings.probed["digest"],
        results=(),
        details=findings.details.get(way, {}),
        fairness={"disturbance": findings.disturbance},
    )


def _python(findings: Findings) -> dict[str, Any]:
    """The one that the function ran under, which need not be the one that stores it."""
    section = (findings.environment or {}).get("python") or {}
    names = ("version", "implementation", "free_threaded_build", "gil_enabled")
    return {"python": {name: section[name] for name in names}} if section else {}


def _speedup(way: Way, findings: Findings) -> dict[str, Any]:
    reference = findings.reference
    if reference is None or not findings.rounds.of.get(reference):
        return {}
    ratio = findings.rounds.median_s(reference) / findings.rounds.median_s(way)
    return {"speedup": ratio, "speedup_against": reference.model}


def _name(way: Way, findings: Findings) -> str:
    assert findings.target is not None
    file, _, name = findings.target["name"].rpartition(":")
    return f"{file}::{name}[{way.model}-{way.concurrency}]"
