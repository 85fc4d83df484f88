"""How long ``timetrial history`` takes for a thousand stored runs of a hundred benchmarks, from command to prompt."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUNS, BENCHMARKS = 1000, 100
ENVIRONMENT = {
    "cpu": {"model": "made up", "usable_cores": 2, "logical_cores": 2},
    "system": {"name": "Linux", "architecture": "x86_64"},
    "python": {"version": "3.13.1", "implementation": "cpython", "free_threaded_build": False},
}


@pytest.mark.parametrize("rounds", [20, 150])
def test_a_thousand_runs(benchmark: Any, tmp_path: Path, rounds: int) -> None:
    """Files as a run writes them, with all their rounds; every tenth benchmark gets slower at a commit."""
    for number in range(RUNS):
        tmp_path.joinpath(f"{number:04}.json").write_text(json.dumps(made_up_run(number, rounds)), encoding="utf-8")
    command = [sys.executable, "-m", "timetrial.cli", "history", str(tmp_path)]
    ended = benchmark.pedantic(subprocess.run, (command,), {"capture_output": True, "text": True}, rounds=5)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("from commit") == BENCHMARKS // 10 - 1  # the first of each ten is serial, or its like
    assert ended.stdout.splitlines()[-1].startswith(f"{BENCHMARKS // 10 - 1} of {BENCHMARKS} benchmarks changed")


def made_up_run(number: int, rounds: int) -> dict[str, Any]:
    """The benchmarks of one run: ten workloads under ten models, one of which gets 10 % slower on the way."""
    rng = random.Random(number)
    mood = rng.uniform(1.0, 1.01)
    return {
        "datetime": f"2026-01-{1 + number // 60:02}T10:{number % 60:02}:00+00:00",
        "commit_info": {"id": f"{number:040x}", "dirty": False},
        "machine_info": {"cpu": {"flags": ["flag"] * 120}},
        "benchmarks": [entry(rng, place, number, rounds, mood) for place in range(BENCHMARKS)],
        "timetrial": {
            "schema_version": 2,
            "environment": ENVIRONMENT,
            "references": {name(place): name(place - place % 10) for place in range(BENCHMARKS) if place % 10},
            "troubles": [],
            "complete": True,
        },
    }


def name(place: int) -> str:
    """A benchmark's full name."""
    return f"benchmarks/test_made_up.py::test_workload_{place // 10}[model_{place % 10}-8]"


def entry(rng: random.Random, place: int, number: int, rounds: int, mood: float) -> dict[str, Any]:
    """One benchmark's entry, of the size that a real one has."""
    slower = 1.1 if place % 10 == 5 and place // 10 and number >= 100 * (place // 10) else 1.0
    median = 0.01 * (1 + place % 10) * mood * slower * rng.lognormvariate(0, 0.01)
    data = [median * rng.uniform(0.98, 1.02) for _ in range(rounds)]
    figures = {"schema_version": 1, "workload": "made up", "digest": "0" * 64, "executor": {"workers": 8}}
    return {
        "group": f"workload_{place // 10} concurrency=8",
        "fullname": name(place),
        "extra_info": {"timetrial": figures},
        "options": {"timer": "timetrial.meter", "min_rounds": 5},
        "stats": {"median": median, "data": data, "rounds": rounds, "iterations": 1},
    }
