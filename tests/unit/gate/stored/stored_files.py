"""Files of ``timetrial measure`` as a test wants them: any benchmarks, launches and machine."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ENVIRONMENT: dict[str, Any] = {
    "schema_version": 1,
    "cpu": {"model": "a processor", "usable_cores": 2, "logical_cores": 2},
    "system": {"name": "Linux", "architecture": "x86_64"},
    "memory": {"total_bytes": 8 * 2**30},
    "python": {"version": "3.13.1", "implementation": "cpython", "free_threaded_build": False},
    "libraries": {"aiohttp": "3.11"},
}


def launches(
    times_serial: float, *, count: int = 10, scatter: float = 0.01, seed: int = 1
) -> list[dict[str, list[float]]]:
    """Launches of ``test_x[serial]`` and ``test_x[threads]`` on a machine whose speed jumps by half between them."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        mood = 0.01 * rng.uniform(1.0, 1.5)
        ratio = times_serial * rng.lognormvariate(0, scatter)
        made.append({"t.py::test_x[serial]": [mood] * 5, "t.py::test_x[threads]": [mood * ratio] * 5})
    return made


def content(
    seconds: Sequence[Mapping[str, Sequence[float]]],
    *,
    figures: Mapping[str, Any] | None = None,
    **about: Any,
) -> dict[str, Any]:
    """A measured file's content; ``about`` overrides what timetrial says of it."""
    names = list(dict.fromkeys(name for each in seconds for name in each))
    section = {
        "schema_version": 2,
        "environment": ENVIRONMENT,
        "references": {"t.py::test_x[threads]": "t.py::test_x[serial]"},
        "troubles": [],
        "launches": [{"recorded_at": "now", "complete": True, "seconds": each} for each in seconds],
        "complete": True,
    }
    return {
        "datetime": "2026-11-25T12:00:00+00:00",
        "commit_info": {"id": "abc"},
        "benchmarks": [
            {
                "fullname": name,
                "group": "x",
                "extra_info": {"timetrial": {"items": 3, **(figures or {})}},
                "stats": {"data": [s for each in seconds for s in each.get(name, ())], "median": 0.01},
            }
            for name in names
        ],
        "timetrial": {**section, **about},
    }


def write(path: Path, what: Mapping[str, Any]) -> Path:
    """The content as a file."""
    path.write_text(json.dumps(what), encoding="utf-8")
    return path


def voided(what: dict[str, Any], name: str, kind: str, numbers: Sequence[int]) -> dict[str, Any]:
    """The same content with this benchmark void in the launches of these numbers, counted from 0."""
    for number in numbers:
        void = {"kind": kind, "reason": f"{kind} as planted", "fix": "mend it"}
        what["timetrial"]["launches"][number]["void"] = {name: [void]}
    return what
