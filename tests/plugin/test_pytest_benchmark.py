"""What users of pytest-benchmark know goes on working with trials."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.plugin.suites import IDS, ONE, OVER_CONCURRENCIES, Stored, Suite


class TestPytestBenchmark:
    """What its users know goes on working with trials."""

    def test_disable_runs_each_trial_once_and_still_proves_it(self, suite: Suite) -> None:
        """--benchmark-disable: a test like any other."""
        suite(ONE, "--benchmark-disable", only=False).assert_outcomes(passed=len(IDS))

    def test_skip_skips_them(self, suite: Suite) -> None:
        """--benchmark-skip."""
        suite(ONE, "--benchmark-skip", only=False).assert_outcomes(skipped=len(IDS))

    def test_min_rounds_and_max_time_decide_how_long_it_times(self, suite: Suite, stored: Stored) -> None:
        """Rounds of no length, so that the fewest are enough."""
        suite(ONE, "--benchmark-min-rounds=9", "--benchmark-max-time=0", "--trial-models=serial")
        assert {bench["stats"]["rounds"] for bench in stored()["benchmarks"]} == {9}

    def test_json_and_autosave_hold_the_trials(self, suite: Suite, pytester: pytest.Pytester) -> None:
        """--benchmark-json, --benchmark-autosave, with timetrial's figures."""
        suite(ONE, "--benchmark-json=out.json", "--benchmark-autosave")
        content = json.loads(pytester.path.joinpath("out.json").read_text())
        assert all("timetrial" in bench["extra_info"] for bench in content["benchmarks"])
        assert len(list(pytester.path.glob(".benchmarks/*/*.json"))) == 1

    def test_compare_reads_a_results_file(self, suite: Suite, pytester: pytest.Pytester) -> None:
        """--benchmark-compare=FILE, --benchmark-compare-fail, and the command."""
        suite(ONE, "--trial-models=serial")
        (path,) = pytester.path.joinpath("results").glob("*.json")
        result = suite(
            ONE, "--trial-models=serial", f"--benchmark-compare={path}", "--benchmark-compare-fail=mean:9999999%"
        )
        assert result.ret == 0
        result.stdout.fnmatch_lines(["*test_one?serial? (NOW)*"])
        command = subprocess.run(
            [sys.executable, "-m", "pytest_benchmark", "compare", str(path)], capture_output=True, text=True, check=True
        )
        assert "test_one[serial]" in command.stdout

    def test_group_by_a_model(self, suite: Suite) -> None:
        """--benchmark-group-by=param:trial_model."""
        result = suite(ONE, "--benchmark-group-by=param:trial_model", "--trial-models=serial")
        result.stdout.fnmatch_lines(["*benchmark 'trial_model=serial'*"])

    def test_the_table_sets_the_models_side_by_side(self, suite: Suite) -> None:
        """One group for the workload and its parameters."""
        result = suite(OVER_CONCURRENCIES)
        result.stdout.fnmatch_lines(["*benchmark 'double concurrency=1': 2 tests*"])

    def test_under_xdist_trials_are_proved_and_not_timed(self, suite: Suite, pytester: pytest.Pytester) -> None:
        """Pytest-benchmark switches itself off there; no file is written."""
        suite(ONE, "-n2", only=False).assert_outcomes(passed=len(IDS))
        assert not pytester.path.joinpath("results").exists()
