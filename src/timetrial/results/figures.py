"""What timetrial keeps of a trial, under one key in pytest-benchmark's ``extra_info``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from timetrial.environment.record import python_facts
from timetrial.results.schema import KEY, SCHEMA_VERSION, Figures, VoidReason
from timetrial.trial.measurement import Measurement


def figures(
    measurement: Measurement, *, scale: str, parameters: Mapping[str, Any] | None = None, sweeps: Sequence[str] = ()
) -> Figures:
    """One trial's figures, ready for JSON; ``speedup`` stays None until the same run has measured a serial trial.

    ``sweeps`` names those of the test's ``parameters`` along which this trial is a point of a curve.
    """
    details = dict(measurement.details)
    return {
        "schema_version": SCHEMA_VERSION,
        "workload": measurement.workload,
        "model": measurement.model,
        "concurrency": measurement.concurrency,
        "items": measurement.items,
        "throughput_per_s": measurement.throughput_per_s,
        "speedup": None,
        "speedup_against": None,
        "startup_s": measurement.startup_s,
        "teardown_s": measurement.teardown_s,
        "digest": measurement.digest,
        "server": measurement.server,
        "accounting": measurement.accounting,
        "void": cast("list[VoidReason]", [void.as_dict() for void in measurement.voids]),
        "fairness": dict(measurement.fairness),
        "open_loop": measurement.open_loop,
        "accounting_error": measurement.accounting_error,
        "open_loop_error": measurement.open_loop_error,
        "start_method": cast("str | None", details.pop("start_method", None)),
        "event_loop": cast("str | None", details.pop("event_loop", None)),
        "executor": details,
        "python": python_facts(),
        "scale": scale,
        "parameters": dict(parameters or {}),
        "sweeps": list(sweeps),
    }


def void_of_entry(benchmark: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """Why a file's benchmark is void (``kind``, ``reason``, ``fix``); empty for one that is not, or not a trial."""
    voids: Sequence[Mapping[str, str]] = benchmark.get("extra_info", {}).get(KEY, {}).get("void", ())
    return voids
