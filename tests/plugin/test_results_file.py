"""The file of a run: what it holds of trials and of plain benchmarks, and when there is one."""

from __future__ import annotations

import sys

import pytest

from tests.plugin.suites import IDS, ONE, Stored, Suite

FIELDS = {
    *("schema_version", "workload", "model", "concurrency", "items", "throughput_per_s", "speedup", "digest"),
    *("server", "python", "start_method", "event_loop", "startup_s", "teardown_s", "executor", "scale"),
    *("void", "fairness"),
}


def test_a_results_file_holds_what_the_schema_says(suite: Suite, stored: Stored) -> None:
    """Pytest-benchmark's schema, timetrial's figures under one key, raw rounds, and where it ran."""
    suite(ONE)
    content = stored()
    assert content["timetrial"]["complete"] is True
    assert content["timetrial"]["environment"]["python"]["version"]
    assert len(content["benchmarks"]) == len(IDS)
    for bench in content["benchmarks"]:
        figures = bench["extra_info"]["timetrial"]
        assert figures.keys() >= FIELDS
        assert figures["schema_version"] == 2
        assert len(bench["stats"]["data"]) == bench["stats"]["rounds"] >= 2
        assert figures["throughput_per_s"] == pytest.approx(600 / bench["stats"]["median"])
        assert bench["group"] == "double"
        assert bench["options"]["timer"] == "timetrial.meter"
    assert len({bench["extra_info"]["timetrial"]["digest"] for bench in content["benchmarks"]}) == 1


def test_speedups_compare_with_serial_of_the_same_run(suite: Suite, stored: Stored) -> None:
    """A variant with its own serial trial, everything else with the plain one."""
    suite(ONE)
    against = {
        bench["extra_info"]["timetrial"]["model"]: bench["extra_info"]["timetrial"]["speedup_against"]
        for bench in stored()["benchmarks"]
    }
    assert against["threads"] == against["coroutines"] == "serial"
    assert against["threads[other]"] == "serial[other]"


def test_without_benchmark_only_no_file_is_written_unless_one_is_asked_for(
    suite: Suite, pytester: pytest.Pytester
) -> None:
    """An ordinary test run leaves nothing behind."""
    suite(ONE, only=False)
    assert not pytester.path.joinpath("results").exists()
    suite(ONE, "--trial-results=elsewhere", only=False)
    assert len(list(pytester.path.joinpath("elsewhere").glob("*.json"))) == 1


def test_plain_benchmarks_are_in_the_file_too(suite: Suite, stored: Stored) -> None:
    """A suite that has both keeps both."""
    suite(ONE + "\n    def test_plain(benchmark):\n        benchmark(double, 1)\n")
    assert "test_plain" in [bench["name"] for bench in stored()["benchmarks"]]


def test_the_lock_is_asked_for_when_all_imports_are_done(
    suite: Suite, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them may switch it on again, after the first benchmark has ended."""
    tests = """
    import sys

    @pytest.mark.workload(DOUBLE, models=["serial"])
    @pytest.mark.parametrize("late", [False, True])
    def test_one(trial, late):
        if late:
            sys._is_gil_enabled = lambda: True
        trial([1, 2, 3] * 200)
    """
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    suite(tests, "--trial-models=serial")
    assert stored()["timetrial"]["environment"]["python"]["gil_enabled"] is True


def test_the_end_of_a_run_names_the_fastest_model(suite: Suite) -> None:
    """With its round, its ratio to serial and the next best."""
    result = suite(ONE)
    result.stdout.fnmatch_lines(
        ["*timetrial: the fastest model of each workload*", "workload  fastest *next best*", "double *x*", "results: *"]
    )


class TestNothingButTroubles:
    """A run in which no trial came through leaves a file that says why."""

    def test_its_voids_and_troubles_are_kept(self, suite: Suite, stored: Stored) -> None:
        """A limit that was reached is a void, as the table says."""
        tests = """
        import errno
        import os

        def out_of_files(item):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

        @pytest.mark.workload(Workload("files", task=out_of_files, reference=list), models=["threads"])
        def test_one(trial):
            trial([1, 2, 3])
        """
        suite(tests.replace("\n    ", "\n"))
        content = stored()
        assert content["benchmarks"] == []
        assert content["timetrial"]["complete"] is True
        (trouble,) = content["timetrial"]["troubles"]
        assert (trouble["benchmark"], trouble["kind"]) == ("test_suite.py::test_one[threads]", "void")
        (void,) = content["timetrial"]["voids"]
        assert (void["model"], void["kind"]) == ("threads", "limit")

    def test_a_trial_that_was_never_awaited_is_a_trouble(self, suite: Suite, stored: Stored) -> None:
        """Its test passes, and its fixture fails."""
        tests = """
        @pytest.mark.asyncio
        @pytest.mark.workload(DOUBLE, models=["coroutines"])
        async def test_one(trial):
            trial([1, 2, 3])
        """
        suite(tests.replace("\n    ", "\n"))
        (trouble,) = stored()["timetrial"]["troubles"]
        assert trouble["kind"] == "failed"
        assert "write await trial(...)" in trouble["reason"]

    def test_a_teardown_that_fails_behind_a_good_trial_is_none(self, suite: Suite, stored: Stored) -> None:
        """That benchmark has its entry."""
        tests = """
        @pytest.fixture
        def broken():
            yield
            raise RuntimeError("too late")

        @pytest.mark.workload(DOUBLE, models=["serial"])
        def test_one(trial, broken):
            trial([1, 2, 3] * 200)
        """
        suite(tests.replace("\n    ", "\n"), "--trial-models=serial").assert_outcomes(passed=1, errors=1)
        assert stored()["timetrial"]["troubles"] == []

    @pytest.mark.parametrize("options", [["--benchmark-disable", "--trial-results=results"], ["--benchmark-only"]])
    def test_a_run_that_times_nothing_or_skips_all_leaves_none(
        self, options: list[str], suite: Suite, pytester: pytest.Pytester
    ) -> None:
        """Nobody's figures are missing."""
        tests = """
        @pytest.mark.workload(Workload("wrong", task=double_wrongly, reference=list), models=["serial"])
        def test_one(trial, request):
            if request.config.option.benchmark_only:
                pytest.skip("not today")
            trial([3])
        """
        assert suite(tests.replace("\n    ", "\n"), *options, only=False).ret != pytest.ExitCode.USAGE_ERROR
        assert not pytester.path.joinpath("results").exists()
