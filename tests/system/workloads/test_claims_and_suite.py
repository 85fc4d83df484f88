"""Claims look for tests, models and parameters that the suite really has, and the commands that they name run them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.claims.made_up import ENVIRONMENT, run, trial
from timetrial.claims import Claim, Outcome, all_claims, judge, stored_of

ROOT = Path(__file__).parents[3]
BENCHMARKS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "benchmarks").rglob("test_*.py"))
NOTED = (
    *("worst_lag_ms", "answers_p50_ms", "p99_ms", "idle_memory_mb", "lost_updates", "failed", "program_mb"),
    *("complexity", "threads_kb", "processes_kb", "coroutines_kb"),
)
LATENCIES = {"latency": {"p99_ms": 2.0}, "closed_latency": {"p99_ms": 2.0}}
# Writes what was collected: the test's id without its model, the model, and the parameters.
COLLECTOR = """
import json, os

def pytest_collection_finish(session):
    found = [
        [item.nodeid, item.callspec.params.get("trial_model", ""), {
            name: value for name, value in item.callspec.params.items() if isinstance(value, str | int | float)
        }] if hasattr(item, "callspec") else [item.nodeid, "", {}]
        for item in session.items
    ]
    with open(os.environ["COLLECTED"], "w") as file:
        json.dump(found, file)
"""
TWO_BUILDS = {"ft-single-cost", "ft-gil-on", "ft-memory"}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Made-up results of every test that any claim's command collects, with its real names, models and parameters."""
    folder = tmp_path_factory.mktemp("collected")
    (folder / "collector.py").write_text(COLLECTOR, encoding="utf-8")
    words = [shlex.split(each.benchmark.arguments) for each in all_claims()]
    sweeps = {path for every in words if "--trial-sweep" in every for path in every if ".py" in path}
    points = {path for every in words if "--trial-sweep" not in every for path in every if ".py" in path}
    files = {}
    for number, (paths, options) in enumerate(((points, []), (sweeps, ["--trial-sweep"]))):
        into = folder / f"{number}.json"
        command = [sys.executable, "-m", "pytest", "--benchmark-only", "--collect-only", "-q", "-p", "collector"]
        environment = {**os.environ, "COLLECTED": str(into), "PYTHONPATH": str(folder)}
        done = subprocess.run(
            [*command, *options, *sorted(paths)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        entries = [as_measured(*each) for each in json.loads(into.read_text(encoding="utf-8"))]
        files[f"{number}.json"] = run(entries, environment=ENVIRONMENT)
    return files


def as_measured(name: str, model: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """An entry of that test, with every figure that any claim reads."""
    given = {key: value for key, value in parameters.items() if key != "trial_model"}
    facts = {"open_loop": LATENCIES}
    entry = trial("test_x", model, 0.001, figures=dict.fromkeys(NOTED, 1.0), facts=facts, **given)
    return {**entry, "fullname": name}


@pytest.mark.parametrize(
    "claim", [each for each in all_claims() if each.id not in TWO_BUILDS], ids=lambda each: each.id
)
def test_what_a_claim_looks_for_is_in_the_suite(claim: Claim, measured: dict[str, dict[str, Any]]) -> None:
    """A renamed test, model or parameter would leave it open for ever."""
    files = measured
    if claim.id == "ft-threads-scale":
        python = {**ENVIRONMENT["python"], "free_threaded_build": True, "gil_enabled": False}
        files = {
            name: {**content, "timetrial": {**content["timetrial"], "environment": {**ENVIRONMENT, "python": python}}}
            for name, content in measured.items()
        }
    (verdict,) = judge(stored_of(files), [claim])
    assert not verdict.missing, verdict.why
    assert verdict.outcome is not Outcome.NOT_TESTABLE, verdict.why


@pytest.mark.parametrize("name", NOTED)
def test_a_figure_that_a_claim_reads_is_noted_by_a_benchmark(name: str) -> None:
    """By that name."""
    noted = r"\{model\}_kb" if name.endswith("_kb") else rf"\b{name}\b"
    assert re.search(noted, BENCHMARKS)
