"""Coverage, debuggers and profilers: held off while rounds are timed, in every thread and process, or named."""

from __future__ import annotations

import sys

import pytest

from tests.plugin.suites import Stored, Suite

LOOK = """
    import os, sys, threading
    import coverage

    def tracers():
        monitoring = getattr(sys, "monitoring", None)
        tools = [monitoring.get_tool(each) for each in range(6) if monitoring.get_events(each)] if monitoring else []
        return [str(each) for each in (sys.gettrace(), sys.getprofile(), *tools) if each]

    def look(item):
        return item, tracers(), coverage.Coverage.current() is not None

    async def look_later(item):
        return look(item)

    LOOK = Workload(
        "look", task=look, async_task=look_later, reference=lambda items: [(item, [], True) for item in items]
    )
"""
COVERAGERC = """
[run]
parallel = true
patch = subprocess
concurrency = multiprocessing, thread
"""
CORES = ["ctrace", *(["sysmon"] if sys.version_info >= (3, 12) else [])]


@pytest.mark.parametrize("core", CORES)
def test_coverage_of_worker_processes_is_held_off_too(
    core: str, suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pytest-cov starts it in each of them, and sees none of their rounds; nobody is warned at their end."""
    monkeypatch.setenv("COVERAGE_CORE", core)
    pytester.makefile(".ini", coveragerc=COVERAGERC)
    models = ["threads", "threads+coroutines", "processes", "processes+coroutines", "processes[fork]"]
    tests = f"""{LOOK}
    @pytest.mark.workload(LOOK, models={models})
    def test_look(trial):
        trial(list(range(50)), concurrency=2)
    """
    result = suite(tests, "--cov=.", "--cov-config=coveragerc.ini", "--cov-report=", apart=True)
    result.assert_outcomes(passed=len(models))
    assert "CoverageWarning" not in result.stdout.str() + result.stderr.str()


def test_a_run_that_times_nothing_is_covered_in_its_workers(suite: Suite, pytester: pytest.Pytester) -> None:
    """Where trials run once, as tests do, their lines count wherever they run."""
    pytester.makefile(".ini", coveragerc=COVERAGERC)
    pytester.makepyfile(
        inside="""
        def halved(item):
            item //= 2
            return item
        """
    )
    tests = """
    import inside
    HALVED = Workload("halved", task=inside.halved, reference=lambda items: [item // 2 for item in items])
    @pytest.mark.workload(HALVED, models=["processes"])
    def test_halved(trial):
        trial([1, 2, 3], concurrency=2)
    """
    options = ("--benchmark-disable", "--cov=inside", "--cov-config=coveragerc.ini", "--cov-report=term-missing")
    result = suite(tests, *options, only=False, apart=True)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["inside.py *100%*"])


DEBUGGER = """
    def trace(frame, event, arg):
        return trace

    class Traced(threading.Thread):
        def run(self):
            sys.settrace(trace)
            super().run()

    @pytest.fixture
    def debugger(monkeypatch):
        monkeypatch.setattr(threading, "Thread", Traced)
"""


def test_a_debugger_that_gives_each_new_thread_its_tracer_is_held_off_in_them(suite: Suite) -> None:
    """Past threading.settrace, as pydevd does."""
    tests = f"""{LOOK}{DEBUGGER}
    SEEN = Workload("seen", task=look, async_task=look_later, reference=lambda items: [(i, [], False) for i in items])
    @pytest.mark.workload(SEEN, models=["threads", "threads[pool]", "threads+coroutines", "coroutines[to_thread]"])
    def test_seen(trial, debugger):
        trial(list(range(50)), concurrency=2)
    """
    suite(tests, "-p", "no:cov").assert_outcomes(passed=4)


def test_what_begins_to_trace_between_the_rounds_voids_the_trial(suite: Suite, stored: Stored) -> None:
    """By name; nobody could have held it off before."""
    tests = """
    import sys
    def trace(frame, event, arg):
        return None
    def begin(item):
        if item == 2:
            sys.settrace(trace)
        return item
    @pytest.fixture
    def untraced():
        yield
        sys.settrace(None)
    @pytest.mark.workload(Workload("begin", task=begin, reference=list), models=["serial"])
    def test_begin(trial, untraced):
        trial([1, 2, 3] * 200)
    """
    suite(tests).assert_outcomes(passed=1)
    (void,) = stored()["benchmarks"][0]["extra_info"]["timetrial"]["void"]
    assert void["kind"] == "traced"
    assert "begun meanwhile" in void["reason"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring came with Python 3.12")
def test_a_debugger_on_sys_monitoring_is_held_off_in_parent_and_workers(
    suite: Suite, pytester: pytest.Pytester
) -> None:
    """It listens to all code and, line by line, to what has a breakpoint; each new process starts it again."""
    pytester.makepyfile(
        debugger="""
        import os, sys
        M, TOOL, HEARD = sys.monitoring, sys.monitoring.DEBUGGER_ID, []

        def begin(code, offset):
            if code.co_name == "counted":
                HEARD.append("start")
                M.set_local_events(TOOL, code, M.events.LINE)

        def attach():
            if M.get_tool(TOOL) is None:
                M.use_tool_id(TOOL, "pydevd")
            M.register_callback(TOOL, M.events.PY_START, begin)
            M.register_callback(TOOL, M.events.LINE, lambda code, line: HEARD.append(line))
            M.set_events(TOOL, M.events.PY_START)

        os.register_at_fork(after_in_child=attach)
        """
    )
    tests = """
    import debugger
    def counted(item):
        before = len(debugger.HEARD)
        item += 1
        return item, len(debugger.HEARD) - before
    @pytest.fixture
    def attached():
        debugger.attach()
        counted(0)
        assert debugger.HEARD
        yield
        assert counted(0)[1] > 0
        sys.monitoring.free_tool_id(debugger.TOOL)
    COUNTED = Workload("counted", task=counted, reference=lambda items: [(item + 1, 0) for item in items])
    @pytest.mark.workload(COUNTED, models=["serial", "threads", "processes[fork]"])
    def test_counted(trial, attached):
        trial(list(range(50)), concurrency=2)
    """
    suite("\n    import sys" + tests, "-p", "no:cov", apart=True).assert_outcomes(passed=3)
