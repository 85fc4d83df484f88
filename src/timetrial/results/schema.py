"""What timetrial keeps of a trial, under one key in pytest-benchmark's ``extra_info``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from timetrial.environment.record import python_facts
from timetrial.trial.measurement import Measurement

KEY: Final = "timetrial"

# 1: workload, model, concurrency, items, throughput_per_s, speedup, speedup_against, startup_s, teardown_s, digest,
#    server, accounting, void, fairness, open_loop, parameters, sweeps, start_method, event_loop, executor, python,
#    scale, accounting_error, open_loop_error; with --trial-interleave also interleaved.
# 2: the same; startup_s ends with the first item's result, where it ended with the first round's.
SCHEMA_VERSION: Final = 2

# The file's own section, ``timetrial``. 1: environment, complete. 2: schema_version, references, troubles, voids; in
# the file of a ``timetrial measure`` also launches (each with its seconds and voids); after a gate also gate.
FILE_SCHEMA_VERSION: Final = 2


def figures(
    measurement: Measurement, *, scale: str, parameters: Mapping[str, Any] | None = None, sweeps: Sequence[str] = ()
) -> dict[str, Any]:
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
        "void": [each.as_dict() for each in measurement.voids],
        "fairness": dict(measurement.fairness),
        "open_loop": measurement.open_loop,
        "accounting_error": measurement.accounting_error,
        "open_loop_error": measurement.open_loop_error,
        "start_method": details.pop("start_method", None),
        "event_loop": details.pop("event_loop", None),
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
