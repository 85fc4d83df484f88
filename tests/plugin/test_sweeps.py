"""Sweeps in a user's suite: which trials they become, what is stored, and the curves at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from timetrial import cli

Suite = Callable[..., pytest.RunResult]
Stored = Callable[[], dict[str, Any]]

SWEPT = """
    def burn(item):
        return sum(range(item))

    @pytest.mark.workload(Workload("burn", task=burn), models=["serial", "threads"])
    @pytest.mark.trial_points("size, concurrency", default=[(10, 2), (20, 4)])
    @pytest.mark.trial_sweep("size", default=[1, 100, 10_000], quick=[1, 100])
    @pytest.mark.trial_sweep("concurrency", default=[1, 2, 4], at={"size": 100})
    def test_burn(trial, size, concurrency):
        trial([size] * 4, concurrency=concurrency)

    @pytest.mark.workload(DOUBLE, models=["serial"])
    def test_plain(trial):
        trial([1, 2, 3])
"""


def points(content: dict[str, Any]) -> set[tuple[str, int, int, tuple[str, ...]]]:
    """Each trial's model, parameters and sweeps."""
    trials = [bench["extra_info"]["timetrial"] for bench in content["benchmarks"]]
    return {(each["model"], *each["parameters"].values(), tuple(each["sweeps"])) for each in trials}


def test_without_the_option_a_sweep_changes_nothing(suite: Suite, stored: Stored) -> None:
    """The test runs at the points of its scale."""
    suite(SWEPT, "-k", "burn").assert_outcomes(passed=4)
    assert points(stored()) == {(model, *at, ()) for model in ("serial", "threads") for at in ((10, 2), (20, 4))}


def test_a_sweep_runs_every_value_and_the_others_stay_where_they_are(suite: Suite, stored: Stored) -> None:
    """At the first default point unless at= says otherwise; a point of two sweeps is run once; serial once as well."""
    result = suite(SWEPT, "--trial-sweep", "-v")
    assert points(stored()) >= {
        ("threads", 100, 2, ("size", "concurrency")),
        ("serial", 100, 2, ("size", "concurrency")),
        ("threads", 100, 1, ("concurrency",)),
        ("threads", 100, 4, ("concurrency",)),
        ("threads", 1, 2, ("size",)),
        ("threads", 10_000, 2, ("size",)),
    }
    result.assert_outcomes(passed=5 + 3, deselected=3)
    result.stdout.fnmatch_lines(["*timetrial: curves, in time per item*", "burn over *", "*fastest*lead*"])


def test_the_curves_are_shown_also_where_nothing_is_written(suite: Suite, pytester: pytest.Pytester) -> None:
    """--trial-results= writes no file."""
    result = suite(SWEPT, "--trial-sweep", "--trial-results=", "-k", "serial")
    assert not pytester.path.joinpath("results").exists()
    result.stdout.fnmatch_lines(["*timetrial: curves, in time per item*", "burn over *", "*fastest*lead*"])


def test_a_scale_may_have_values_of_its_own(suite: Suite) -> None:
    """As trial_points has: two sizes instead of three, and one of the three concurrencies is at such a point."""
    result = suite(SWEPT, "--trial-sweep", "--trial-scale=quick", "--trial-models=threads")
    result.assert_outcomes(passed=2 + 3 - 1, deselected=4 + 1)


def test_a_test_that_is_only_a_sweep_waits_for_the_option(suite: Suite) -> None:
    """It is collected, so that its mistakes show, and not run."""
    tests = """
    @pytest.mark.workload(DOUBLE, models=["threads"])
    @pytest.mark.trial_sweep("concurrency", default=[1, 2])
    def test_one(trial, concurrency):
        trial([1, 2, 3], concurrency=concurrency)
    """
    suite(tests).assert_outcomes(deselected=1)
    suite(tests, "--trial-sweep").assert_outcomes(passed=2)


def test_a_sweep_that_nobody_declares_is_a_usage_error(suite: Suite) -> None:
    """It says how to declare one, where there would be nothing to run."""
    result = suite(SWEPT, "--trial-sweep", "-k", "plain")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--trial-sweep: no selected trial declares a sweep; give its test one, *"])


@pytest.mark.parametrize(
    ("markers", "complaint"),
    [
        ("trial_sweep('size', default=[1], large=[2])", "*knows no argument 'large'*"),
        ("trial_sweep('size')", "*takes one parameter's name and its values*"),
        ("trial_sweep('size', default=[[1]])", "*are numbers or texts*"),
        (
            "trial_sweep('size', default=[1])\n    @pytest.mark.parametrize('size', [1])",
            "*'size' has a parametrize marker*",
        ),
        ("trial_sweep('size', default=[1])\n    @pytest.mark.trial_sweep('more', default=[2])", "*has a value in one*"),
    ],
)
def test_a_sweep_that_cannot_be_meant_is_refused_by_name(suite: Suite, markers: str, complaint: str) -> None:
    """At collection, before anything is measured."""
    tests = f"""
    @pytest.mark.workload(DOUBLE)
    @pytest.mark.{markers}
    def test_one(trial, size):
        trial([size])
    """
    result = suite(tests, "--trial-sweep")
    assert result.ret != 0
    result.stdout.fnmatch_lines([complaint])


def test_the_curves_command_reads_them_from_the_file_alone(
    suite: Suite, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a table or as JSON; a file without a sweep says so."""
    suite(SWEPT, "--trial-sweep")
    (path,) = Path(pytester.path, "results").glob("*.json")
    capsys.readouterr()
    assert cli.main(["curves", str(path)]) == 0
    assert "burn over size concurrency=2" in capsys.readouterr().out
    assert cli.main(["curves", str(path), "--json"]) == 0
    assert '"crossovers"' in capsys.readouterr().out
    path.unlink()
    suite(SWEPT, "-k", "plain")
    (path,) = Path(pytester.path, "results").glob("*.json")
    capsys.readouterr()
    assert cli.main(["curves", str(path)]) == 0
    assert "holds no sweep" in capsys.readouterr().out
