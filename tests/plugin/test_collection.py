"""Which trials a test becomes, where parameters, selections and folders are out of the ordinary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Suite = Callable[..., pytest.RunResult]
Stored = Callable[[], dict[str, Any]]

ONE = """
    @pytest.mark.workload(DOUBLE, models=["serial", "threads"])
    @pytest.mark.parametrize("concurrency", [1, 8])
    def test_one(trial, concurrency):
        trial([1, 2, 3], concurrency=concurrency)
"""


def test_parameters_without_a_short_text_still_make_groups_of_their_own(suite: Suite, stored: Stored) -> None:
    """Lists and objects are told apart, so that unequal work is never ranked side by side."""
    tests = """
    @pytest.mark.workload(DOUBLE, models=["serial", "threads"])
    @pytest.mark.parametrize(("numbers", "how"), [([1, 2], object()), ([3, 4], object())])
    def test_one(trial, numbers, how):
        trial(numbers)
    """
    suite(tests)
    groups = [bench["group"] for bench in stored()["benchmarks"]]
    assert groups[0] == groups[1] != groups[2] == groups[3]
    assert groups[0].startswith("double ")


def test_a_selection_keeps_the_serial_trial_that_it_selects(suite: Suite) -> None:
    """Only what is left after -k is looked at for doubles."""
    suite(ONE, "-k", "8").assert_outcomes(passed=2)


def test_a_variant_that_no_trial_has_is_a_usage_error(suite: Suite) -> None:
    """A slip of the pen is not a run that happens to measure less."""
    result = suite(ONE, "--trial-models=serial,threads[nope]")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*no selected trial runs under threads?nope?; there are: serial, threads*"])


@pytest.mark.parametrize("text", ["threads[", "threads[]", ","])
def test_what_is_no_model_s_id_is_a_usage_error(suite: Suite, text: str) -> None:
    """Not an internal one."""
    assert suite(ONE, f"--trial-models={text}").ret == pytest.ExitCode.USAGE_ERROR


def test_models_given_as_a_text_are_refused_with_the_list_that_was_meant(suite: Suite) -> None:
    """Rather than a complaint about its first letter."""
    result = suite(ONE.replace('models=["serial", "threads"]', 'models="threads"'))
    result.stdout.fnmatch_lines(["*models= takes a list, such as models=?'threads'?*"])


def test_a_trial_whose_test_fails_is_neither_stored_nor_ranked(suite: Suite, stored: Stored) -> None:
    """Its own test found fault with it."""
    tests = """
    @pytest.mark.workload(DOUBLE, models=["serial", "threads"])
    def test_one(trial):
        trial([1, 2, 3])
        assert trial.model == "serial"
    """
    result = suite(tests)
    result.assert_outcomes(passed=1, failed=1)
    assert [bench["name"] for bench in stored()["benchmarks"]] == ["test_one[serial]"]
    assert not any(line.startswith("double") and "threads" in line for line in result.outlines)


def test_a_run_that_stops_at_the_first_failure_is_not_complete(suite: Suite, stored: Stored) -> None:
    """With -x, what comes after was never measured."""
    suite(ONE + "        assert trial.model == 'serial'\n", "-x")
    assert stored()["timetrial"]["complete"] is False


def test_results_that_can_t_be_written_end_the_run_with_the_reason(suite: Suite, pytester: pytest.Pytester) -> None:
    """Exit status 4, the path and what to do; no traceback."""
    pytester.path.joinpath("blocked").write_text("a file where the folder should be")
    result = suite(ONE, "--trial-results=blocked/results")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["ERROR: can't write *blocked*choose another directory with --trial-results=DIR*"])
