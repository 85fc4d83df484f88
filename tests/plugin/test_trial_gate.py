"""``--trial-gate``: a run against a stored baseline, at its end, with an exit status that says what it found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Suite = Callable[..., pytest.RunResult]

TESTS = """
    import pathlib, time

    NAP = pathlib.Path("nap.txt")

    def nap(item):
        time.sleep(float(NAP.read_text()) if NAP.exists() else 0.0005)
        return item

    @pytest.mark.benchmark(group="naps")
    def test_reference(benchmark):
        benchmark.pedantic(time.sleep, args=(0.0005,), rounds=5)

    @pytest.mark.trial_reference("test_reference")
    @pytest.mark.benchmark(group="naps")
    def test_nap(benchmark):
        benchmark.pedantic(nap, args=(1,), rounds=5)
"""
NAP, REFERENCE = "test_suite.py::test_nap", "test_suite.py::test_reference"


@pytest.fixture
def baseline(suite: Suite, pytester: pytest.Pytester) -> Path:
    """Ten launches as ``timetrial measure`` stores them; a single one has to take five times as long to be called."""
    suite(TESTS, "--trial-results=first")
    (path,) = Path(pytester.path, "first").glob("*.json")
    content: dict[str, Any] = json.loads(path.read_text())
    seconds = [{REFERENCE: [1.0] * 5, NAP: [0.9 + 0.03 * number] * 5} for number in range(10)]
    content["timetrial"]["launches"] = [{"recorded_at": "now", "complete": True, "seconds": each} for each in seconds]
    to = Path(pytester.path, "baseline.json")
    to.write_text(json.dumps(content))
    return to


def stored(pytester: pytest.Pytester) -> dict[str, Any]:
    """What the gated run wrote."""
    (path,) = Path(pytester.path, "results").glob("*.json")
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_a_regression_beyond_all_launches_fails_the_run_and_marks_its_file(
    suite: Suite, pytester: pytest.Pytester, baseline: Path
) -> None:
    """Forty times as slow; the file can't become a baseline any more, and the old one is untouched."""
    before = baseline.read_bytes()
    pytester.path.joinpath("nap.txt").write_text("0.02")
    result = suite(TESTS, f"--trial-gate={baseline.name}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*timetrial: the gate*", f"{NAP} *regressed", "FAIL: 1 of 2 benchmarks regressed*(exit 1)"]
    )
    mark = stored(pytester)["timetrial"]["gate"]
    assert mark["exit_code"] == 1
    assert mark["verdicts"][NAP] == "regressed"
    assert baseline.read_bytes() == before


def test_what_can_t_be_asserted_is_no_pass(suite: Suite, pytester: pytest.Pytester, baseline: Path) -> None:
    """The reference has none itself, so it is left open: status 5, with the reason."""
    result = suite(TESTS, f"--trial-gate={baseline.name}")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines([f"inconclusive: {REFERENCE}: it has no reference*", "NOTHING ASSERTED*(exit 5)"])
    assert stored(pytester)["timetrial"]["gate"]["exit_code"] == 3


def test_the_references_are_in_the_file(suite: Suite, pytester: pytest.Pytester) -> None:
    """A trial's is serial, unless its marker names another."""
    tests = """
    @pytest.mark.workload(DOUBLE, models=["serial", "threads"])
    def test_one(trial):
        trial(range(5000))

    @pytest.mark.trial_reference("test_one[threads]")
    @pytest.mark.workload(DOUBLE, models=["threads"])
    def test_two(trial):
        trial(range(5000))
    """
    suite(tests)
    assert stored(pytester)["timetrial"]["references"] == {
        "test_suite.py::test_one[threads]": "test_suite.py::test_one[serial]",
        "test_suite.py::test_two[threads]": "test_suite.py::test_one[threads]",
    }


def test_a_marker_that_names_no_test_is_refused(suite: Suite) -> None:
    """By name."""
    result = suite("\n    @pytest.mark.trial_reference(3)\n    def test_one(benchmark):\n        benchmark(int)\n")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*trial_reference takes the name of one test*"])


def test_why_a_benchmark_has_no_entry_is_in_the_file(suite: Suite, pytester: pytest.Pytester) -> None:
    """Void, failed or skipped, with the reason."""
    tests = """
    @pytest.mark.workload(Workload("wrong", task=double_wrongly, reference=lambda items: [2 * each for each in items]))
    def test_void(trial):
        trial([3])

    def test_failed(benchmark):
        raise RuntimeError("out of order")

    @pytest.mark.skip(reason="not today")
    def test_skipped(benchmark):
        pass

    def test_good(benchmark):
        benchmark(int)
    """
    suite(tests, "--trial-models=serial")
    troubles = {each["benchmark"]: (each["kind"], each["reason"]) for each in stored(pytester)["timetrial"]["troubles"]}
    assert troubles["test_suite.py::test_failed"] == ("failed", "out of order")
    assert troubles["test_suite.py::test_skipped"][0] == "skipped"
    assert "not today" in troubles["test_suite.py::test_skipped"][1]
    assert troubles["test_suite.py::test_void[serial]"][0] == "void"


def test_a_baseline_that_can_t_be_used_ends_the_run_before_it_begins(suite: Suite, pytester: pytest.Pytester) -> None:
    """A usage error that names the file, and nothing is measured."""
    pytester.path.joinpath("broken.json").write_text("{")
    result = suite(TESTS, "--trial-gate=broken.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "broken.json is not JSON" in str(result.stderr) + str(result.stdout)
    assert not pytester.path.joinpath("results").exists()


def test_failed_tests_stay_failed_tests(suite: Suite, baseline: Path) -> None:
    """Whatever the gate could assert."""
    result = suite(
        TESTS + "\n    def test_broken(benchmark):\n        raise ValueError\n", f"--trial-gate={baseline.name}"
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize("spread", [("-n", "2"), ("--dist=load", "--tx=2*popen"), ("-d", "--tx=popen")])
def test_a_run_that_is_spread_over_processes_is_refused(suite: Suite, baseline: Path, spread: tuple[str, ...]) -> None:
    """By pytest-xdist: nobody would judge it, and it would pass; with -n 0 it is judged."""
    pytest.importorskip("xdist")
    gated = f"--trial-gate={baseline.name}"
    result = suite(TESTS, gated, *spread)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--trial-gate can't judge a run that pytest-xdist spreads" in str(result.stderr) + str(result.stdout)
    assert suite(TESTS, gated, "-n", "0").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_gate_without_a_baseline_is_refused(suite: Suite) -> None:
    """As where a CI job's variable is empty."""
    result = suite(TESTS, "--trial-gate=")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--trial-gate= names no baseline" in str(result.stderr) + str(result.stdout)
