"""Trials in a user's suite: which tests they become, what is recorded of them, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from timetrial import models

Suite = Callable[..., pytest.RunResult]
Stored = Callable[[], dict[str, Any]]

ONE = """
    @pytest.mark.workload(DOUBLE)
    def test_one(trial):
        trial([1, 2, 3] * 200, concurrency=2)  # fewer are too short for the clock
"""
OVER_CONCURRENCIES = """
    @pytest.mark.workload(DOUBLE, models=["serial", "threads"])
    @pytest.mark.parametrize("concurrency", [1, 2])
    def test_one(trial, concurrency):
        trial([1, 2, 3] * 200, concurrency=concurrency)
"""
IDS = [*models.NAMES, "serial[other]", "threads[other]", "processes[other]"]
FIELDS = {
    *("schema_version", "workload", "model", "concurrency", "items", "throughput_per_s", "speedup", "digest"),
    *("server", "python", "start_method", "event_loop", "startup_s", "teardown_s", "executor", "scale"),
    *("void", "fairness"),
}


def names(result: pytest.RunResult) -> list[str]:
    """The tests that passed, in their order."""
    return [
        line.split("::")[1].partition(" ")[0] for line in result.outlines if "::" in line and line.find(" PASSED") > 0
    ]


def test_a_workload_becomes_a_test_for_each_model_that_suits_it(suite: Suite) -> None:
    """Variants included; the ids name the model."""
    result = suite(ONE, "-v")
    assert result.ret == 0
    assert sorted(names(result)) == sorted(f"test_one[{each}]" for each in IDS)


def test_ids_read_model_then_parameters_and_serial_runs_once(suite: Suite) -> None:
    """Serial would be the same trial at every concurrency; the models of a group stand side by side."""
    result = suite(OVER_CONCURRENCIES, "-v")
    assert names(result) == ["test_one[serial-1]", "test_one[threads-1]", "test_one[threads-2]"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [("threads,coroutines", ["threads", "threads[other]", "coroutines"]), ("threads[other]", ["threads[other]"])],
)
def test_trial_models_narrows_the_models(suite: Suite, chosen: str, expected: list[str]) -> None:
    """A model's plain name brings its variants along; a variant's id is that variant alone."""
    assert sorted(names(suite(ONE, "-v", f"--trial-models={chosen}"))) == sorted(
        f"test_one[{each}]" for each in expected
    )


def test_an_unknown_model_is_a_usage_error_that_lists_the_known(suite: Suite) -> None:
    """Rather than a run that measures nothing."""
    result = suite(ONE, "--trial-models=fibres")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*fibres is no concurrency model; there are: serial, threads, *"])


@pytest.mark.parametrize(("scale", "sizes"), [("quick", [1]), ("default", [1, 2]), ("article", [1, 2])])
def test_trial_points_are_those_of_the_scale(suite: Suite, scale: str, sizes: list[int]) -> None:
    """A scale without points of its own takes the default ones."""
    tests = """
    @pytest.mark.workload(DOUBLE, models=["serial"])
    @pytest.mark.trial_points("size", quick=[1], default=[1, 2])
    def test_one(trial, size, trial_scale):
        assert trial.scale == trial_scale
        trial([1] * size)
    """
    result = suite(tests, "-v", f"--trial-scale={scale}")
    assert names(result) == [f"test_one[serial-{size}]" for size in sizes]


@pytest.mark.parametrize(
    ("marker", "complaint"),
    [
        ("workload(DOUBLE, modles=[])", "*knows no argument 'modles'*"),
        ("workload()", "*takes one Workload, not nothing*"),
        ("workload(3)", "*takes one Workload, not 3*"),
        ("workload(DOUBLE, models=['dask'])", "*can't run under 'dask'; it has: serial, threads*"),
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


def test_unless_gives_a_reason_to_skip_a_trial(suite: Suite) -> None:
    """It is asked with the model, the scale and the parameters."""
    tests = """
    def unfit(model, scale, size):
        return f"not {model} at {size} ({scale})" if model == "threads" else None

    @pytest.mark.workload(DOUBLE, models=["serial", "threads"], unless=unfit)
    @pytest.mark.parametrize("size", [7])
    def test_one(trial, size):
        trial([1] * size)
    """
    result = suite(tests, "-v", "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*not threads at 7 (default)*"])


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


def test_a_wrong_result_voids_the_trial_and_the_table_says_why(suite: Suite, stored: Stored) -> None:
    """It fails, it is listed, and it has no entry in the file."""
    tests = """
    WRONG = Workload("wrong", task=double, variants={"wrong": Workload("w", task=double_wrongly)})

    @pytest.mark.workload(WRONG, models=["serial", "threads[wrong]"])
    def test_one(trial):
        trial([1, 2, 3])
    """
    result = suite(tests)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["void: wrong, threads*wrong*: *the result of item 2, 3, differs*got 7*"])
    assert [bench["name"] for bench in stored()["benchmarks"]] == ["test_one[serial]"]


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


def test_a_server_that_counts_other_requests_voids_the_trial(suite: Suite) -> None:
    """An item that sends no request, or two, is not the same work."""
    tests = """
    import urllib.request

    def sometimes(url):
        if not url.endswith("/1"):
            urllib.request.urlopen(url).read()
        return url

    @pytest.mark.workload(Workload("lazy", task=sometimes), models=["threads"])
    def test_one(trial, mock_server):
        trial([mock_server.page(size_bytes=1, key=key) for key in range(3)], server=mock_server)
    """
    result = suite(tests)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the server answered 2 requests in a round that takes 3*"])


@pytest.mark.parametrize("server", ["mock_server", "mock_space"])
def test_a_model_that_asks_for_other_pages_than_the_first_is_void(suite: Suite, server: str) -> None:
    """Though it asks for as many and comes to the same results."""
    tests = f"""
    import urllib.request
    from urllib.parse import urlsplit

    def length(url):
        return len(urllib.request.urlopen(url).read())

    def of_the_first_page(url):
        return length(url.replace("/2", "/1"))

    LENGTHS = Workload("lengths", task=length, variants={{"lazy": Workload("lazy", task=of_the_first_page)}})

    @pytest.mark.workload(LENGTHS, models=["serial", "threads", "threads[lazy]"])
    def test_one(trial, {server}):
        trial([{server}.page(size_bytes=1, key=key) for key in range(4)], server={server})
    """
    result = suite(tests)
    result.assert_outcomes(passed=2, failed=1)
    told = "*a round asked for /page/1/1 2 time(s), serial 1; /page/1/2 0 time(s), serial 1;*"
    result.stdout.fnmatch_lines([told])


def test_a_task_may_ask_for_another_path_each_time(suite: Suite) -> None:
    """Nothing can be compared then, so nothing is held against it."""
    tests = """
    import urllib.request, uuid

    def upload(url):
        return urllib.request.urlopen(f"{url}/{uuid.uuid4()}").status

    @pytest.mark.workload(Workload("uploads", task=upload), models=["serial", "threads"])
    def test_one(trial, mock_server):
        trial([f"{mock_server.url}/echo"] * 3, server=mock_server)
    """
    suite(tests).assert_outcomes(passed=2)


def test_a_test_may_make_new_pages_for_each_of_its_models(suite: Suite) -> None:
    """Then they have nothing to be compared by."""
    tests = """
    import itertools, urllib.request

    KEYS = itertools.count()

    def length(url):
        return len(urllib.request.urlopen(url).read())

    @pytest.mark.workload(Workload("lengths", task=length), models=["serial", "threads"])
    def test_one(trial, mock_server):
        trial([mock_server.page(size_bytes=1, key=next(KEYS)) for _ in range(4)], server=mock_server)
    """
    suite(tests).assert_outcomes(passed=2)


def test_an_async_test_awaits_its_trial_inside_its_own_loop(suite: Suite, stored: Stored) -> None:
    """The rounds run in the loop that pytest-asyncio started."""
    tests = """
    LOOPS = set()

    async def where(item):
        LOOPS.add(id(asyncio.get_running_loop()))
        return item

    @pytest.mark.asyncio
    @pytest.mark.workload(Workload("where", async_task=where, reference=list), models=["coroutines"])
    async def test_one(trial):
        await trial([1, 2, 3], concurrency=2)
        assert LOOPS == {id(asyncio.get_running_loop())}
    """
    result = suite(tests)
    result.assert_outcomes(passed=1)
    assert stored()["benchmarks"][0]["stats"]["rounds"] >= 2


def test_the_event_loop_that_is_asked_for_reaches_async_tests_too(suite: Suite, stored: Stored) -> None:
    """Those with a trial; and the loop is none of their parameters."""
    pytest.importorskip("uvloop")
    tests = """
    async def where(item):
        return type(asyncio.get_running_loop()).__module__

    WHERE = Workload("where", async_task=where, reference=lambda items: ["uvloop"] * len(items))

    @pytest.mark.asyncio
    @pytest.mark.parametrize("size", [3])
    @pytest.mark.workload(WHERE, models=["coroutines"])
    async def test_one(trial, size):
        await trial(list(range(size)), concurrency=2)

    @pytest.mark.asyncio
    async def test_another():
        assert await where(1) != "uvloop"
    """
    suite(tests, "--trial-event-loop=uvloop", only=False).assert_outcomes(passed=2)
    suite(tests, "--trial-event-loop=uvloop", "--trial-accounting").assert_outcomes(passed=1, skipped=1)
    (benchmark,) = stored()["benchmarks"]
    assert benchmark["name"] == "test_one[coroutines-3]"
    assert benchmark["extra_info"]["timetrial"]["parameters"] == {"size": 3}
    assert benchmark["extra_info"]["timetrial"]["event_loop"] == "uvloop.Loop"
    assert benchmark["extra_info"]["timetrial"]["void"] == []


def test_an_async_test_that_runs_on_another_loop_than_was_asked_for_is_void(
    suite: Suite, stored: Stored, pytester: pytest.Pytester
) -> None:
    """A project that makes its own loops is heard first, and then the trial says so."""
    pytest.importorskip("uvloop")
    pytester.makeconftest(
        """
        import asyncio

        def pytest_asyncio_loop_factories():
            return {"own": asyncio.SelectorEventLoop}
        """
    )
    tests = """
    @pytest.mark.asyncio
    @pytest.mark.workload(DOUBLE, models=["coroutines"])
    async def test_one(trial):
        await trial([1, 2, 3], concurrency=2)
    """
    suite(tests, "--trial-event-loop=uvloop").assert_outcomes(passed=1)
    (void,) = stored()["benchmarks"][0]["extra_info"]["timetrial"]["void"]
    assert void["kind"] == "fallback"
    assert "SelectorEventLoop, and uvloop was asked for" in void["reason"]
    assert "pytest-asyncio 1.4" in void["fix"]


def test_a_forgotten_await_is_an_error_and_not_a_fast_result(suite: Suite) -> None:
    """Nothing was measured, and the message says what to write."""
    tests = """
    @pytest.mark.asyncio
    @pytest.mark.workload(DOUBLE, models=["coroutines"])
    async def test_one(trial):
        trial([1, 2, 3])
    """
    result = suite(tests)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*never awaited: write await trial(...)*"])


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


def test_a_trial_is_called_once_in_a_test(suite: Suite) -> None:
    """As a benchmark is; a second call would have nowhere to go."""
    result = suite(ONE + "        trial([1])\n", "--trial-models=serial")
    result.stdout.fnmatch_lines(["*was called twice in one test: parametrise*"])


def test_a_timer_of_the_user_s_own_is_refused(suite: Suite) -> None:
    """The trial measures; pytest-benchmark records."""
    result = suite(ONE.replace("    @", "    @pytest.mark.benchmark(timer=len)\n    @"), "--trial-models=serial")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*a trial brings its own timer*"])


def test_a_group_of_the_user_s_own_is_kept(suite: Suite, stored: Stored) -> None:
    """And so are the rounds that its marker asks for."""
    marked = ONE.replace("    @", "    @pytest.mark.benchmark(group='mine', min_rounds=7)\n    @")
    suite(marked, "--trial-models=serial")
    benchmarks = stored()["benchmarks"]
    assert {bench["group"] for bench in benchmarks} == {"mine"}
    assert all(bench["stats"]["rounds"] >= 7 for bench in benchmarks)


def test_models_take_turns_when_asked(suite: Suite, stored: Stored) -> None:
    """Every model has the same number of rounds, and the table gives the lead an interval or says tie."""
    result = suite(ONE, "--trial-interleave", "--trial-models=serial,threads")
    assert result.ret == 0
    benchmarks = stored()["benchmarks"]
    assert len({bench["stats"]["rounds"] for bench in benchmarks}) == 1
    assert any(bench["extra_info"]["timetrial"]["interleaved"].get("pairs", 0) >= 6 for bench in benchmarks)


def test_who_could_not_take_turns_is_told(suite: Suite) -> None:
    """In one line, and only where it was asked for."""
    tests = """
    @pytest.mark.asyncio
    @pytest.mark.workload(DOUBLE, models=["coroutines"])
    async def test_async(trial):
        await trial([1, 2, 3] * 200)

    @pytest.mark.workload(DOUBLE, models=["threads"])
    @pytest.mark.parametrize("size", [200, 300])
    def test_one(trial, size):
        trial([1, 2, 3] * size)

    @pytest.mark.workload(DOUBLE, models=["serial", "threads"])
    def test_two(trial):
        trial([1, 2, 3] * 200)
    """
    told = "--trial-interleave: 3 trial(s) took no turns: 1 in async def tests and 2 without another model"
    suite(tests, "--trial-interleave").stdout.fnmatch_lines([told])
    suite(tests).stdout.no_fnmatch_line("*took no turns*")


@pytest.mark.parametrize("options", [[], ["--trial-interleave"]], ids=["alone", "in turn"])
def test_a_trial_s_results_are_let_go_with_its_test(suite: Suite, options: list[str]) -> None:
    """Later trials would have a larger client than earlier ones."""
    tests = """
    import gc
    import weakref

    class Page:
        def __init__(self, item):
            self.item = item

        def __eq__(self, other):
            return self.item == other.item

    def number_of(page):
        return page.item

    def fetch(item):
        return Page(item)

    KEPT = []

    @pytest.mark.workload(Workload("pages", task=fetch, comparable=number_of), models=["serial", "threads"])
    def test_one(trial):
        KEPT.append(weakref.ref(trial([1, 2, 3] * 200).results[0]))

    def test_the_rest(benchmark):
        gc.collect()
        assert [each() for each in KEPT] == [None, None]
        benchmark(int)
    """
    suite(tests, *options).assert_outcomes(passed=3)


def test_an_accounting_round_tells_what_the_work_cost(suite: Suite, stored: Stored) -> None:
    """CPU and memory of each role, latencies of each item, and nothing left behind."""
    tests = """
    async def doze(item):
        await asyncio.sleep(0.02)
        return 2 * item

    @pytest.mark.workload(Workload("doze", task=double, async_task=doze), models=["threads", "processes", "coroutines"])
    def test_one(trial):
        trial([1, 2, 3], concurrency=2)
    """
    result = suite(tests, "--trial-accounting")
    result.stdout.fnmatch_lines(["*timetrial: what each model costs*", "*model *CPU: client*", "  coroutines*"])
    trials = [bench["extra_info"]["timetrial"] for bench in stored()["benchmarks"]]
    accounts = {each["model"]: each for each in trials}
    for figures in accounts.values():
        account = figures["accounting"]
        assert account["roles"]["client"]["memory_peak_bytes"] > 1_000_000
        assert account["latency"]["count"] == 3 * account["rounds"]
        assert account["sampler"]["core_share"] < 0.02
        assert account["leftovers"] == []
    assert accounts["processes"]["accounting"]["roles"]["worker"]["processes_max"] == 2
    assert accounts["coroutines"]["accounting"]["loop_lag"] is not None


@pytest.mark.parametrize(
    ("option", "figure", "told"),
    [
        ("--trial-accounting", "accounting", "no accounting: later, threads: RuntimeError: not twice; *item*"),
        ("--trial-open-loop=0.5", "open_loop", "no open loop: later, threads: RuntimeError: not twice; *item*"),
    ],
)
def test_what_fails_after_the_timed_rounds_does_not_lose_them(
    suite: Suite, stored: Stored, option: str, figure: str, told: str
) -> None:
    """The error is told at the end, and kept beside the rounds."""
    tests = """
    import contextlib

    OPENED = []

    def open_once(slots):
        OPENED.append(slots)
        return contextlib.nullcontext(len(OPENED))

    def work(item, opened):
        if opened > 2:
            raise RuntimeError("not twice")
        return item

    @pytest.mark.workload(Workload("later", task=work, resource=open_once, reference=list), models=["threads"])
    def test_one(trial):
        trial([1, 2] * 200, concurrency=2)
    """
    result = suite(tests, option)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["later *threads*", told])
    (bench,) = stored()["benchmarks"]
    figures = bench["extra_info"]["timetrial"]
    assert len(bench["stats"]["data"]) >= 2
    assert figures[figure] is None
    assert figures[f"{figure}_error"].startswith("RuntimeError: not twice")


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


def test_ctrl_c_keeps_what_was_measured(suite: Suite, stored: Stored) -> None:
    """The file is there, valid, and marked as cut off."""
    tests = """
    @pytest.mark.workload(DOUBLE, models=["serial"])
    @pytest.mark.parametrize("size", [1, 2])
    def test_one(trial, size):
        if size == 2:
            raise KeyboardInterrupt
        trial([1] * size)
    """
    assert suite(tests, apart=True).ret == pytest.ExitCode.INTERRUPTED
    content = stored()
    assert [bench["name"] for bench in content["benchmarks"]] == ["test_one[serial-1]"]
    assert content["timetrial"]["complete"] is False


def test_the_end_of_a_run_names_the_fastest_model(suite: Suite) -> None:
    """With its round, its ratio to serial and the next best."""
    result = suite(ONE)
    result.stdout.fnmatch_lines(
        ["*timetrial: the fastest model of each workload*", "workload  fastest *next best*", "double *x*", "results: *"]
    )


def test_a_run_without_trials_loads_next_to_nothing(pytester: pytest.Pytester) -> None:
    """The plugin is in every run of the environment, so it must not cost those that don't use it."""
    pytester.makepyfile(
        """
        import sys

        def test_what_is_loaded():
            ours = {name for name in sys.modules if name.startswith("timetrial")}
            heavy = {"aiohttp", "httptools", "psutil", "numpy", "multiprocessing.forkserver"} & set(sys.modules)
            assert ours == {
                "timetrial", "timetrial.errors", "timetrial.workload", "timetrial.plugin", "timetrial.pytest_plugin",
                "timetrial.pytest_plugin.options", "timetrial.pytest_plugin.server_fixtures", "timetrial.gate",
            }
            assert not heavy
        """
    )
    blocked = [flag for name in ("asyncio", "hypothesispytest", "xdist", "timeout") for flag in ("-p", f"no:{name}")]
    pytester.runpytest_subprocess("-p", "no:cacheprovider", *blocked).assert_outcomes(passed=1)


class TestVoid:
    """A trial under unfair conditions is kept, shown as void, and never ranked."""

    TESTS = """
    SHORT = Workload("short", task=double)

    @pytest.mark.workload(SHORT, models=["serial", "threads"])
    @pytest.mark.parametrize("size", [1, 100_000])
    def test_one(trial, size):
        # One doubling under serial is too short for any clock; everything else is not.
        trial([1] * size)
    """

    def test_it_is_stored_with_its_reason_and_without_a_speed_up(self, suite: Suite, stored: Stored) -> None:
        """Nor does it give one: serial was the measure."""
        assert suite(self.TESTS).ret == 0
        content = stored()
        figures = {bench["name"]: bench["extra_info"]["timetrial"] for bench in content["benchmarks"]}
        (void,) = figures["test_one[serial-1]"]["void"]
        assert void["kind"] == "clock"
        assert "steps make a round that can be timed" in void["reason"]
        assert figures["test_one[serial-1]"]["speedup"] is None
        assert figures["test_one[threads-1]"]["speedup_against"] is None
        assert figures["test_one[threads-100000]"]["speedup_against"] == "serial"
        (told,) = content["timetrial"]["voids"]
        assert (told["group"], told["model"], told["kind"]) == ("short size=1", "serial", "clock")

    def test_it_is_shown_with_its_reason_and_not_ranked(self, suite: Suite) -> None:
        """The fastest of a group is the fastest that means something."""
        result = suite(self.TESTS)
        result.stdout.fnmatch_lines(
            ["short size=1 *threads *-*", "void: short size=1, serial: the median round took * ns*; give the trial*"]
        )

    @pytest.mark.parametrize("names", ["short", "long"])
    def test_pytest_benchmark_s_table_says_so_too(self, names: str, suite: Suite, stored: Stored) -> None:
        """By the name that it shows, and by no other."""
        result = suite(self.TESTS, f"--benchmark-name={names}")
        result.stdout.fnmatch_lines(["*one[[]serial-1] (void) *"])
        result.stdout.no_fnmatch_line("*one[[]threads-1] (void)*")
        assert not [each for each in stored()["benchmarks"] if "void" in each["fullname"]]

    def test_pytest_benchmark_s_table_ranks_no_void_trial(self, suite: Suite) -> None:
        """It would be everybody's measure: it has a group of its own, and the fair one's ratio is to itself."""
        result = suite(self.TESTS, "--benchmark-columns=min", "-k", "not 100000")
        result.stdout.fnmatch_lines(
            [
                "*benchmark 'short size=1': 1 tests*",
                "test_one?threads-1? *",
                "*benchmark 'short size=1 (void)': 1 tests*",
                "test_one?serial-1? (void) *",
            ]
        )
        result.stdout.no_fnmatch_line("*(1.0)*")  # no row is measured by another one

    def test_an_older_run_s_row_is_not_void_for_today_s_reason(self, suite: Suite, pytester: pytest.Pytester) -> None:
        """--benchmark-compare gives it what is known of today's."""
        options = ("--trial-models=serial", "-k", "not 100000")
        suite(self.TESTS, *options)
        (path,) = pytester.path.joinpath("results").glob("*.json")
        result = suite(self.TESTS, *options, f"--benchmark-compare={path}")
        result.stdout.fnmatch_lines(
            [
                "*benchmark 'short size=1': 1 tests*",
                "test_one?serial-1? (*results/*)*",
                "test_one?serial-1? (void) (NOW)*",
            ]
        )

    def test_a_group_that_is_all_void_keeps_its_row(self, suite: Suite) -> None:
        """It was measured, so it is not left out."""
        result = suite(self.TESTS, "--trial-models=serial", "-k", "not 100000")
        result.stdout.fnmatch_lines(["short size=1 *all void *-*", "void: short size=1, serial: *"])

    def test_it_fails_the_run_only_when_asked(self, suite: Suite) -> None:
        """Exit status 1 and a line that says so; all tests have passed."""
        result = suite(self.TESTS, "--trial-fail-on-void")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.assert_outcomes(passed=4)
        result.stdout.fnmatch_lines(["FAILED: 1 void trial(s), and --trial-fail-on-void was given"])
        fair = suite(self.TESTS, "--trial-fail-on-void", "-k", "100000")
        assert fair.ret == 0

    def test_a_race_pairs_only_the_others(self, suite: Suite, stored: Stored) -> None:
        """It is nobody's rival."""
        assert suite(self.TESTS, "--trial-interleave", "-k", "not 100000").ret == 0
        figures = {
            bench["extra_info"]["timetrial"]["model"]: bench["extra_info"]["timetrial"]
            for bench in stored()["benchmarks"]
        }
        assert "interleaved" not in figures["serial"]
        assert figures["threads"]["interleaved"] == {"against": "threads"}

    def test_the_shares_that_others_may_take_are_settings(self, suite: Suite) -> None:
        """And a value that can't be meant is refused by name."""
        result = suite(self.TESTS, "-o", "trial_steal_limit=7")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*trial_steal_limit = 7: it takes a share from 0 to 1*"])
        assert suite(self.TESTS, "-o", "trial_foreign_cpu_limit=0.5", "-k", "100000").ret == 0

    def test_what_the_accounting_round_finds_left_over_voids_the_trial(self, suite: Suite, stored: Stored) -> None:
        """A task that starts threads and never ends them."""
        tests = """
        import threading

        def leak(item):
            threading.Thread(target=threading.Event().wait, args=(20,), daemon=True).start()
            return item

        @pytest.mark.workload(Workload("leak", task=leak), models=["threads"])
        def test_one(trial):
            trial([1], concurrency=1)
        """
        result = suite(tests.replace("\n    ", "\n"), "--trial-accounting")
        result.stdout.fnmatch_lines(["void: leak, threads: after the accounting round, thread * is still running*"])
        (bench,) = stored()["benchmarks"]
        assert "leftovers" in [each["kind"] for each in bench["extra_info"]["timetrial"]["void"]]


class TestWhatIsHeldAgainstEachOther:
    """Only the same work, told apart by more than the names that a test gives it."""

    SHARED = """
    import time

    def nap(ms):
        time.sleep(ms / 1000)
        return 0

    NAP = Workload("nap", task=nap)

    @pytest.mark.workload(NAP, models=["serial", "threads"])
    def test_few(trial):
        trial([1] * 4, concurrency=2)

    @pytest.mark.workload(NAP, models=["serial", "threads"])
    def test_many(trial):
        trial([3] * 4, concurrency=2)

    @pytest.mark.workload(NAP, models=["threads"])
    def test_few_again(trial):
        trial([1] * 4, concurrency=4)
    """

    @pytest.mark.parametrize("options", [[], ["--trial-interleave"]], ids=["alone", "in turn"])
    def test_two_tests_of_one_workload_with_other_items_are_apart(
        self, suite: Suite, stored: Stored, options: list[str]
    ) -> None:
        """Each has its own serial trial and its own row; one with equal items joins the first."""
        result = suite(self.SHARED, *options)
        assert result.ret == 0
        references = {
            name.partition("::")[2]: other.partition("::")[2]
            for name, other in stored()["timetrial"]["references"].items()
        }
        assert references == {
            "test_few[threads]": "test_few[serial]",
            "test_many[threads]": "test_many[serial]",
            "test_few_again[threads]": "test_few[serial]",
        }
        groups = {bench["name"]: bench["group"] for bench in stored()["benchmarks"]}
        assert {name for name, group in groups.items() if group == "nap (test_many)"} == {
            "test_many[serial]",
            "test_many[threads]",
        }
        assert groups["test_few_again[threads]"] == groups["test_few[serial]"] == "nap"
        result.stdout.fnmatch_lines(["nap * threads *", "nap (test_many) * threads *"])

    def test_objects_that_look_alike_are_two_parameters(self, suite: Suite) -> None:
        """An array's own text leaves out most of it."""
        tests = """
    class Array(list):
        def __repr__(self):
            return "[0.0, ..., 0.0]"

    @pytest.mark.workload(Workload("length", task=len), models=["serial", "threads"])
    @pytest.mark.parametrize("data", [Array([1] * 9), Array([2] * 9)], ids=["flat", "rough"])
    def test_length(trial, data):
        trial([data] * 500, concurrency=2)
        """
        result = suite(tests, "-v", "--trial-interleave")
        assert sorted(names(result)) == sorted(
            f"test_length[{model}-{which}]" for model in ("serial", "threads") for which in ("flat", "rough")
        )

    def test_a_task_that_changes_its_items_is_void(self, suite: Suite, stored: Stored) -> None:
        """Its second round finds them sorted, but for worker processes, which get new ones."""
        tests = """
    def smallest(numbers):
        numbers.sort()
        return numbers[0]

    @pytest.mark.workload(Workload("sort", task=smallest), models=["serial", "threads", "processes"])
    def test_sort(trial):
        trial([list(range(2000, 0, -1)) for _ in range(8)], concurrency=2)
        """
        assert suite(tests).ret == 0
        kinds = {
            bench["extra_info"]["timetrial"]["model"]: [
                each["kind"] for each in bench["extra_info"]["timetrial"]["void"]
            ]
            for bench in stored()["benchmarks"]
        }
        assert "items" in kinds["serial"]
        assert "items" in kinds["threads"]
        assert "items" not in kinds["processes"]


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
        result = suite(tests, "--trial-interleave")
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
