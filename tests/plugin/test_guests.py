"""Trials beside other people's fixtures, test classes and loops: they run, or one sentence says what to write."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Suite = Callable[..., pytest.RunResult]

REFUSED = "*a trial runs once for each model*write a function*with @pytest.mark.workload*"

ASKED_FOR = {
    "getfixturevalue": """
    @pytest.mark.workload(DOUBLE)
    def test_double(request):
        request.getfixturevalue("trial")([1])
    """,
    "a TestCase": """
    import unittest
    class TestDouble(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def _keep(self, trial):
            self.trial = trial
        @pytest.mark.workload(DOUBLE)
        def test_double(self):
            self.trial([1])
    """,
    "a TestCase's usefixtures": """
    import unittest
    @pytest.mark.usefixtures("trial")
    class TestDouble(unittest.TestCase):
        @pytest.mark.workload(DOUBLE)
        def test_double(self):
            pass
    """,
}


@pytest.mark.parametrize("tests", ASKED_FOR.values(), ids=ASKED_FOR)
def test_a_trial_that_pytest_can_not_parametrise_is_refused_in_a_sentence(suite: Suite, tests: str) -> None:
    """No page of pytest's own insides."""
    result = suite(tests, only=False)
    result.stdout.fnmatch_lines([REFUSED])
    result.stdout.no_fnmatch_line("*has no attribute 'param'*")
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_trial_that_is_no_argument_is_not_passed_over_in_silence(suite: Suite) -> None:
    """With --benchmark-only pytest-benchmark takes the test for none of its own."""
    result = suite(ASKED_FOR["getfixturevalue"], "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*no trial: write a function*that has `trial` among its arguments*"])


def test_a_plain_function_as_benchmark_fixture_ends_no_run(suite: Suite, pytester: pytest.Pytester) -> None:
    """Its own tests pass, a trial beside them is skipped with the reason."""
    pytester.makeconftest(
        """
        import pytest
        @pytest.fixture
        def benchmark():
            return lambda function, *given: function(*given)
        """
    )
    tests = """
    def test_plain(benchmark):
        assert benchmark(sum, [1, 2]) == 3
    @pytest.mark.workload(DOUBLE, models=["serial"])
    def test_double(trial):
        trial([1])
    """
    result = suite(tests, "-rs", only=False)
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*a trial needs pytest-benchmark's fixture, and `benchmark` is a function:*"])


def test_a_fixture_of_another_plugin_named_benchmark_ends_no_run(pytester: pytest.Pytester) -> None:
    """As where a plugin takes pytest-benchmark's place: its own tests pass, the trial is skipped with the reason."""
    pytester.makeconftest(
        """
        import pytest
        class Their:
            def __call__(self, function, *args):
                return function(*args)
        @pytest.fixture
        def benchmark():
            return Their()
        """
    )
    pytester.makepyfile(
        """
        import pytest
        from timetrial import Workload
        @pytest.mark.workload(Workload("shrink", task=abs), models=["serial", "threads"])
        def test_shrink(trial):
            trial([1])
        def test_plain(benchmark):
            assert benchmark(sum, [1, 2]) == 3
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:benchmark", "-rs")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["*a trial needs pytest-benchmark's fixture, and `benchmark` is that of conftest*"])


def test_the_same_items_in_other_circumstances_are_held_against_their_own_reference(suite: Suite) -> None:
    """A parameter, a patched global, a variable: serial and threads do the same work each time, whatever it is."""
    result = suite(
        """
    import os
    FACTOR = 1
    def scaled(item):
        return item * FACTOR * int(os.environ.get("SCALE", "1"))
    SCALED = Workload("scaled", task=scaled)

    @pytest.fixture(params=[2, 3])
    def factor(request, monkeypatch):
        monkeypatch.setattr("test_suite.FACTOR", request.param)

    @pytest.mark.workload(SCALED, models=["serial", "threads"])
    def test_patched(trial, factor):
        assert trial([1, 2], concurrency=2).results[0] in (2, 3)

    @pytest.mark.workload(SCALED, models=["serial", "threads", "processes"])
    @pytest.mark.parametrize("scale", ["5", "7"])
    def test_by_a_variable(trial, monkeypatch, scale):
        monkeypatch.setenv("SCALE", scale)
        assert trial([1, 2], concurrency=2).results == [int(scale), 2 * int(scale)]
    """
    )
    result.assert_outcomes(passed=10)


def test_a_process_that_did_other_work_than_serial_in_its_test_is_void(suite: Suite) -> None:
    """A patched global stays in pytest's process, so workers do the work of before."""
    result = suite(
        """
    FACTOR = 1
    def scaled(item):
        return item * FACTOR
    @pytest.mark.workload(Workload("scaled", task=scaled), models=["serial", "processes"])
    @pytest.mark.parametrize("factor", [1, 4])
    def test_scaled(trial, monkeypatch, factor):
        monkeypatch.setattr("test_suite.FACTOR", factor)
        trial([1, 2], concurrency=2)
    """
    )
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*scaled*processes: the result of item 0, 1, differs from the serial reference*"])
    result.stdout.fnmatch_lines(["*workers don't see what a test patches*--trial-start-method=fork*"])


def test_what_an_async_fixture_opened_works_for_the_reference_too(suite: Suite) -> None:
    """It belongs to the test's loop, in which the reference runs as well."""
    result = suite(
        """
    import pytest_asyncio
    LOCK = None
    async def under_lock(item):
        async with LOCK["lock"]:
            assert asyncio.get_running_loop() is LOCK["loop"]
            await asyncio.sleep(0)
        return item
    @pytest_asyncio.fixture
    async def lock():
        global LOCK
        LOCK = {"lock": asyncio.Lock(), "loop": asyncio.get_running_loop()}
        yield
    @pytest.mark.workload(Workload("under lock", async_task=under_lock), models=["coroutines"])
    @pytest.mark.asyncio
    async def test_under_lock(trial, lock):
        await trial([1, 2, 3], concurrency=2)
    """
    )
    result.assert_outcomes(passed=1)


def test_timed_rounds_run_without_a_tracer(suite: Suite) -> None:
    """Coverage and debuggers see the reference, and none of the rounds that are timed, in whatever thread they run."""
    result = suite(
        """
    import sys, threading
    TRACED = set()
    def seen(item):
        TRACED.add(sys.gettrace() is not None)
        return item
    def trace(frame, event, arg):
        return trace
    @pytest.mark.workload(Workload("seen", task=seen, reference=list), models=["serial", "threads"])
    def test_seen(trial):
        threading.settrace(trace)
        sys.settrace(trace)
        try:
            trial([1, 2], concurrency=2)
            assert sys.gettrace() is trace
        finally:
            sys.settrace(None)
            threading.settrace(None)
        assert TRACED == {False}
    """
    )
    result.assert_outcomes(passed=2)


def test_plain_benchmarks_that_compute_nothing_are_told_at_the_end(suite: Suite) -> None:
    """Their figures are those of making a generator or a coroutine; the run passes as before."""
    result = suite(
        """
    def test_generator(benchmark):
        benchmark(lambda: (each for each in range(10)))
    def test_map(benchmark):
        benchmark.pedantic(map, args=(abs, [1]), rounds=2)
    def test_fine(benchmark):
        assert benchmark(sum, [1, 2]) == 3
    """,
        "-p",
        "no:warnings",
    )
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "*benchmarks that computed nothing*",
            "*test_generator: its function returned a generator, and nothing was computed: return list*",
            "*test_map: its function returned a lazy map*",
        ]
    )
    result.stdout.no_fnmatch_line("*test_fine: its function*")


def test_many_of_them_are_a_few_lines_and_a_count(suite: Suite) -> None:
    """A suite that has made the same mistake a hundred times reads it five times."""
    result = suite(
        """
    @pytest.mark.parametrize("number", range(8))
    def test_generator(benchmark, number):
        benchmark(lambda: (each for each in range(10)))
    """
    )
    result.stdout.fnmatch_lines(["*test_generator?4?: its function returned a generator*", "*and 3 more"])


def test_models_of_a_group_on_loops_of_two_kinds_are_no_comparison(suite: Suite) -> None:
    """As an async test under uvloop's policy beside processes with asyncio's loops."""
    pytest.importorskip("uvloop")
    result = suite(
        """
    import uvloop
    from contextlib import asynccontextmanager, contextmanager
    class Loops:
        def __init__(self, kind):
            self.details = {"event_loop": kind}
        def run(self, items):
            return [2 * item for item in items]
        def worker_pids(self):
            return []
    @contextmanager
    def one(concurrency):
        yield Loops("uvloop.Loop")
    @contextmanager
    def other(concurrency):
        yield Loops("asyncio.x.Loop")
    def doubled(items):
        return [2 * item for item in items]
    TWO = Workload("two", implementations={"threads": one, "processes": other}, reference=doubled)
    @pytest.mark.workload(TWO)
    def test_two(trial):
        trial([1])
    """
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*the event loop is asyncio's, and that of threads in the same group is uvloop's*"])
