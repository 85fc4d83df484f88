"""Models that run only when they are asked for: variants such as processes[spawn], and what ``all`` stands for."""

from __future__ import annotations

import sys

import pytest

from tests.plugin.suites import ONE, Stored, Suite, names
from timetrial import models

COLLECT = ("--collect-only", "-q", "--benchmark-disable")


def _chosen(result: pytest.RunResult) -> list[str]:
    """The models of the trials that were collected."""
    ids = [line.partition("::test_one[")[2] for line in result.outlines]
    return [each.removesuffix("]") for each in ids if each]


def test_a_variant_of_a_model_runs_when_it_is_asked_for(suite: Suite, stored: Stored) -> None:
    """It, also joined with the workload's own variant, and not the plain one.

    Its name says more than the options do, and it is not void for that.
    """
    result = suite(ONE, "-v", "--trial-models=processes[spawn]", "--trial-start-method=forkserver")
    assert names(result) == ["test_one[processes[spawn]]", "test_one[processes[spawn][other]]"]
    stored_of = [benchmark["extra_info"]["timetrial"] for benchmark in stored()["benchmarks"]]
    assert [each["start_method"] for each in stored_of] == ["spawn", "spawn"]
    result.stdout.no_fnmatch_line("*void*")


def test_a_trial_says_over_how_many_event_loops_its_items_are_shared_out(suite: Suite, stored: Stored) -> None:
    """Three, where it would be one for each usable core."""
    result = suite(ONE.replace("concurrency=2", "concurrency=8, workers=3"), "--trial-models=threads+coroutines")
    result.assert_outcomes(passed=1, deselected=8)
    (benchmark,) = stored()["benchmarks"]
    assert benchmark["extra_info"]["timetrial"]["executor"]["workers"] == 3


def test_a_variant_of_a_model_joined_with_one_of_the_workload_s_runs_alone_or_is_refused(suite: Suite) -> None:
    """What doesn't go together is told with what does."""
    result = suite(ONE, *COLLECT, "--trial-models=threads[pool][other]", only=False)
    assert _chosen(result) == ["threads[pool][other]"]
    refused = suite(ONE, *COLLECT, "--trial-models=threads[pool][nope]", only=False)
    told = "*no selected trial runs under threads[[]pool[]][[]nope[]]; there are: *threads[[]pool[]][[]other[]]*"
    refused.stderr.fnmatch_lines([told])


def test_all_asks_for_every_model(suite: Suite) -> None:
    """The workload's variants are there as ever."""
    result = suite(ONE, *COLLECT, "--trial-models=all", only=False)
    assert {*models.names(), "threads[other]"} <= {*_chosen(result)}


@pytest.mark.skipif(sys.platform == "win32", reason="it is to be had here")
def test_a_model_that_can_not_run_here_is_a_skip_with_its_reason(suite: Suite) -> None:
    """And no error, nor another model in its place."""
    result = suite(ONE, "-rs", "--trial-models=coroutines[winloop]", "--benchmark-disable", only=False)
    result.assert_outcomes(skipped=1, deselected=8)
    result.stdout.fnmatch_lines(["SKIPPED * coroutines?winloop?: winloop runs on Windows alone*"])


def test_a_marker_names_a_variant_that_then_runs_by_itself(suite: Suite) -> None:
    """models=[…] is as good a way to ask as the command line, which may ask for more of the same models."""
    tests = ONE.replace("DOUBLE)", 'DOUBLE, models=["threads", "processes", "coroutines[to_thread]"])')
    assert _chosen(suite(tests, *COLLECT, only=False)) == ["threads", "processes", "coroutines[to_thread]"]
    asked = suite(tests, *COLLECT, "--trial-models=processes[spawn],serial", only=False)
    assert _chosen(asked) == ["processes[spawn]"]


@pytest.mark.parametrize("unknown", ["processes[teleport]", "fibres"])
def test_a_model_that_there_is_not_is_refused(suite: Suite, unknown: str) -> None:
    """By its name, and with those that there are."""
    result = suite(ONE, f"--trial-models={unknown}")
    text = "\n".join([*result.outlines, *result.errlines])
    assert unknown in text
    assert "threads" in text
