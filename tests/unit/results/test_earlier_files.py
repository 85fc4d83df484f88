"""Files that an earlier version wrote mean today what they meant then: the same series, the same verdicts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from timetrial import cli
from timetrial.errors import ResultsError
from timetrial.gate.findings import Finding
from timetrial.gate.policy import GatePolicy
from timetrial.gate.store import read_gate
from timetrial.gate.stored.baseline import read_baseline
from timetrial.gate.stored.compare import compare_files
from timetrial.gate.verdicts import judge
from timetrial.results.history import read_history
from timetrial.results.read import environment_of, read_run

DATA = Path(__file__).parent / "data"
MODELS = ("serial", "threads", "coroutines")


def agree(findings: Sequence[Finding], stored: Path) -> None:
    """Every benchmark's verdict, effect and interval are those of the version that measured it."""
    told: list[dict[str, Any]] = json.loads(stored.read_text())
    found = {finding.benchmark: asdict(finding) for finding in findings}
    assert found.keys() == {finding["benchmark"] for finding in told}
    for finding in told:
        for name, value in finding.items():
            assert found[finding["benchmark"]][name] == (pytest.approx(value) if isinstance(value, float) else value)


def test_two_stored_runs_have_the_verdicts_that_they_had() -> None:
    """One model is slower, the others are left open."""
    findings = compare_files(DATA / "baseline.json", DATA / "candidate.json", GatePolicy())
    agree(findings, DATA / "candidate-verdicts.json")


def test_a_gate_s_raw_record_has_the_verdicts_that_it_had() -> None:
    """By the policy that is stored with it."""
    stored = read_gate(DATA / "gate.json")
    assert stored.complete
    agree(judge(stored.records, stored.policy), DATA / "gate-verdicts.json")


def test_a_stored_baseline_is_still_one() -> None:
    """It was accepted, and would be again."""
    run = read_baseline(DATA / "baseline.json")
    assert len(run.launches) == 8
    assert run.reference_of("test_jobs.py::test_jobs[threads]") == "test_jobs.py::test_jobs[serial]"


def test_a_run_that_fails_today_s_gate_is_marked_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And never becomes the baseline."""
    monkeypatch.chdir(tmp_path)
    for name in ("baseline.json", "candidate.json"):
        shutil.copy(DATA / name, name)
    assert cli.main(["gate", "baseline.json", "candidate.json"]) == 1
    with pytest.raises(ResultsError, match="failed its gate"):
        read_baseline(Path("candidate.json"))


def test_a_run_is_a_point_of_its_history(tmp_path: Path) -> None:
    """With its machine, its medians and its references."""
    shutil.copy(DATA / "run.json", tmp_path)
    history = read_history(tmp_path)
    (group,) = history.groups
    assert not history.left_out
    assert group.label.startswith("CPython 3.11.7 on AMD EPYC")
    stored = {bench["fullname"]: bench["stats"]["median"] for bench in read_run(DATA / "run.json")["benchmarks"]}
    assert group.runs[0].median_s == stored
    assert {series.reference for series in group.series} == {"test_jobs.py::test_jobs[serial]", None}


def test_a_run_tells_what_it_told_of_its_trials_and_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    """Today's commands read it."""
    content = read_run(DATA / "run.json")
    figures = [bench["extra_info"].get("timetrial") for bench in content["benchmarks"]]
    assert {trial["model"] for trial in figures if trial} == set(MODELS)
    assert content["timetrial"]["troubles"][0]["kind"] == "skipped"
    assert environment_of(DATA / "run.json")["python"]["version"] == "3.11.7"
    assert cli.main(["environment", str(DATA / "run.json"), str(DATA / "baseline.json")]) == 0
    assert "Nothing differs that matters for timings." in capsys.readouterr().out
