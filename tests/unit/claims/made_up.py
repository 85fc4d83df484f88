"""Made-up results files with planted times: what claims are judged on where the truth has to be known."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from timetrial.results.schema import FILE_SCHEMA_VERSION, KEY

_ROOT = Path(__file__).parents[3]
FILES = {
    test: path.relative_to(_ROOT).as_posix()
    for path in (*(_ROOT / "benchmarks").glob("test_*.py"), *(_ROOT / "benchmarks" / "claims").glob("test_*.py"))
    for test in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}
"""In which file of the suite each benchmark is."""

PYTHON = {"implementation": "CPython", "version": "3.14.1", "free_threaded_build": False, "gil_enabled": True}
ENVIRONMENT: dict[str, Any] = {
    "cpu": {"model": "Made-up CPU", "usable_cores": 4},
    "system": {"name": "Linux", "architecture": "x86_64"},
    "python": PYTHON,
}


def trial(
    test: str,
    model: str,
    seconds: float,
    *,
    items: int = 10,
    noise: float = 0.01,
    rounds: int = 20,
    interleaved: bool = True,
    figures: Mapping[str, float] | None = None,
    void: str | None = None,
    seed: int = 0,
    scale: str = "default",
    facts: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> dict[str, Any]:
    """A benchmark's entry: ``seconds`` an item, with a little noise, so that pairs differ."""
    dice = random.Random(f"{test} {model} {sorted(parameters.items())} {seed}")
    data = [seconds * items * dice.lognormvariate(0, noise) for _ in range(rounds)]
    told = "-".join([model, *map(str, parameters.values())])
    ours: dict[str, Any] = {
        "schema_version": 2,
        "workload": test.removeprefix("test_"),
        "model": model,
        "items": items,
        "parameters": parameters,
        "scale": scale,
        "void": [{"kind": "disturbed", "reason": void}] if void else [],
        **({"interleaved": {"against": "whoever"}} if interleaved else {}),
        **(facts or {}),
    }
    extra: dict[str, Any] = {KEY: ours}
    if figures is not None:
        extra["figures"] = dict(figures)
    return {
        "fullname": f"{FILES.get(test, f'benchmarks/{test}.py')}::{test}[{told}]",
        "group": test,
        "stats": {"median": sorted(data)[rounds // 2], "data": data},
        "extra_info": extra,
    }


def run(
    benchmarks: Sequence[Mapping[str, Any]],
    *,
    at: str = "2026-11-29T01:00:00+00:00",
    environment: Mapping[str, Any] = ENVIRONMENT,
    troubles: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """A results file's content."""
    return {
        "datetime": at,
        "benchmarks": list(benchmarks),
        KEY: {
            "schema_version": FILE_SCHEMA_VERSION,
            "environment": dict(environment),
            "references": {},
            "troubles": list(troubles),
            "voids": [],
            "complete": True,
        },
    }
