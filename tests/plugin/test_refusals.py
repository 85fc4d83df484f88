"""What a trial's test may not say is refused by name, and what is merely unusual works."""

from __future__ import annotations

import pytest

from tests.plugin.suites import ONE, Stored, Suite


@pytest.mark.parametrize(
    ("marker", "complaint"),
    [
        ("workload(DOUBLE, modles=[])", "*knows no argument 'modles'*"),
        ("workload()", "*takes one Workload, not nothing*"),
        ("workload(3)", "*takes one Workload, not 3*"),
        ("workload(DOUBLE, models=['fibres'])", "*can't run under 'fibres'; it has: serial, threads*"),
        ("trial_points('size', default=[1], large=[2])", "*knows no scale 'large'*"),
        ("trial_points('size')", "*takes the parameters' names and the points*"),
        ("skipif(False, reason='none')", "*say which workload it runs*"),
    ],
)
def test_a_marker_that_cannot_be_meant_is_refused_by_name(suite: Suite, marker: str, complaint: str) -> None:
    """At collection, before anything is measured."""
    also = "@pytest.mark.workload(DOUBLE)\n    " if "points" in marker else ""
    result = suite(f"\n    {also}@pytest.mark.{marker}\n    def test_one(trial):\n        trial([1])\n")
    assert result.ret != 0
    result.stdout.fnmatch_lines([complaint])


def test_a_trial_is_called_once_in_a_test(suite: Suite) -> None:
    """As a benchmark is; a second call would have nowhere to go."""
    result = suite(ONE + "        trial([1])\n", "--trial-models=serial")
    result.stdout.fnmatch_lines(["*was called twice in one test: parametrise*"])


@pytest.mark.parametrize("call", ["benchmark(sum, [1])", "benchmark.pedantic(sum, ([1],), rounds=2)"])
def test_a_test_with_a_trial_times_nothing_else(suite: Suite, call: str) -> None:
    """Its clock stands still but for the trial's rounds: what it says of anything else means nothing."""
    body = ONE.replace("(trial)", "(trial, benchmark)").replace("        trial(", f"        {call}\n        trial(", 1)
    result = suite(body, "--trial-models=serial")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*can't call `benchmark` too: write a test of its own*"])


def test_a_timer_of_the_user_s_own_is_refused(suite: Suite) -> None:
    """The trial measures; pytest-benchmark records."""
    result = suite(ONE.replace("    @", "    @pytest.mark.benchmark(timer=len)\n    @"), "--trial-models=serial")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*a trial brings its own timer*"])


@pytest.mark.parametrize(
    ("workload", "complaint"),
    [
        ("Workload('late', task=double_later)", "*task is a coroutine function*async_task=*"),
        ("Workload('late', task=lambda item: double_later(item))", "*returned a coroutine*"),
    ],
)
def test_a_coroutine_that_nobody_would_await_is_refused(suite: Suite, workload: str, complaint: str) -> None:
    """It would look like the fastest task in the world."""
    tests = f"""
    def test_one_is_collected():
        pass

    @pytest.mark.workload({workload}, models=["serial"])
    def test_one(trial):
        trial([1, 2, 3])
    """
    result = suite(tests)
    assert result.ret != 0
    result.stdout.fnmatch_lines([complaint])


def test_a_group_of_the_user_s_own_is_kept(suite: Suite, stored: Stored) -> None:
    """And so are the rounds that its marker asks for."""
    marked = ONE.replace("    @", "    @pytest.mark.benchmark(group='mine', min_rounds=7)\n    @")
    suite(marked, "--trial-models=serial")
    benchmarks = stored()["benchmarks"]
    assert {bench["group"] for bench in benchmarks} == {"mine"}
    assert all(bench["stats"]["rounds"] >= 7 for bench in benchmarks)


class TestUnusualTests:
    """What a test may say without taking the run with it."""

    def test_a_very_large_number_is_a_parameter_like_others(self, suite: Suite) -> None:
        """Python refuses to write out more than 4300 digits."""
        tests = """
    @pytest.mark.workload(DOUBLE, models=["serial", "threads"])
    @pytest.mark.parametrize("n", [pytest.param(3**20000, id="big"), 3])
    def test_one(trial, n):
        trial([1, 2, 3] * 200, concurrency=2)
        """
        result = suite(tests)
        result.assert_outcomes(passed=4)
        result.stdout.fnmatch_lines(["double big *", "double n=3 *"])

    def test_an_unless_that_fails_is_named(self, suite: Suite) -> None:
        """With what it is called with."""
        tests = """
    @pytest.mark.workload(DOUBLE, unless=lambda model: None)
    def test_one(trial):
        trial([1])
        """
        result = suite(tests)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*test_one*: unless= of @pytest.mark.workload failed (TypeError: *scale*"])

    def test_a_group_of_none_is_no_group(self, suite: Suite, stored: Stored) -> None:
        """It is what pytest-benchmark takes it for."""
        tests = """
    @pytest.mark.workload(DOUBLE, models=["serial"])
    @pytest.mark.benchmark(group=None)
    def test_one(trial):
        trial([1, 2, 3] * 200)
        """
        assert suite(tests).ret == 0
        assert [bench["group"] for bench in stored()["benchmarks"]] == ["double"]

    @pytest.mark.parametrize(
        ("call", "complaint"),
        [
            ("trial([])", "no items: there is nothing to time"),
            ("trial([1], concurrency=8.0)", "concurrency must be a whole number, not 8.0"),
            ("trial([1], concurrency=None)", "concurrency must be a whole number, not None"),
        ],
    )
    def test_a_call_that_can_time_nothing_is_refused(self, suite: Suite, call: str, complaint: str) -> None:
        """It would be the fastest of all."""
        tests = f"""
    @pytest.mark.workload(DOUBLE, models=["serial"])
    def test_one(trial):
        {call}
        """
        result = suite(tests)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines([f"*{complaint}*"])

    def test_a_reference_may_give_its_results_one_by_one(self, suite: Suite) -> None:
        """As map() and generators do."""
        tests = """
    @pytest.mark.workload(Workload("w", task=double, reference=lambda items: map(double, items)), models=["threads"])
    def test_one(trial):
        trial([1, 2, 3] * 200, concurrency=2)
        """
        assert suite(tests).ret == 0
