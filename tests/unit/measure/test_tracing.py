"""What traces or profiles Python is held off for as long as rounds are timed, on every thread, and then goes on."""

from __future__ import annotations

import cProfile
import os
import subprocess
import sys
import textwrap
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from timetrial.measure import tracing as tracing_module
from timetrial.measure.tracing import Pause, pause, paused

MONITORING: Any = getattr(sys, "monitoring", None)
TOOL = 3
needs_monitoring = pytest.mark.skipif(MONITORING is None, reason="sys.monitoring came with Python 3.12")


class Listener:
    """A tracer, profiler or monitor of our own, that counts the events of the work below and of nothing else."""

    def __init__(self) -> None:
        self.events = 0

    def trace(self, frame: Any, _event: str, _arg: object) -> Any:
        """For settrace and setprofile."""
        self.events += frame.f_code is work.__code__
        return self.trace

    def notice(self, code: Any, *_where: object) -> None:
        """For sys.monitoring, whatever the event."""
        self.events += code is work.__code__


def work() -> int:
    """Something with calls, lines, a loop and a branch."""
    total = 0
    for number in range(20):
        total += len(str(number)) if number % 2 else 1
    return total


@pytest.fixture(autouse=True)
def _nothing_else_traces() -> Iterator[None]:
    """These tests may themselves run under coverage."""
    with paused():
        yield


Start = Callable[[Listener, ExitStack], None]


def tracing(listener: Listener, stack: ExitStack) -> None:
    """settrace, here and in threads to come."""
    stack.callback(threading.settrace, None)
    stack.callback(sys.settrace, None)
    threading.settrace(listener.trace)
    sys.settrace(listener.trace)


def profiling(listener: Listener, stack: ExitStack) -> None:
    """setprofile, here and in threads to come."""
    stack.callback(threading.setprofile, None)
    stack.callback(sys.setprofile, None)
    threading.setprofile(listener.trace)
    sys.setprofile(listener.trace)


def _tool(listener: Listener, stack: ExitStack) -> int:
    MONITORING.use_tool_id(TOOL, "listener")
    stack.callback(MONITORING.free_tool_id, TOOL)
    events: int = 0
    for name in ("PY_START", "PY_RETURN", "LINE", "CALL", "JUMP", "RAISE"):
        event = getattr(MONITORING.events, name)
        MONITORING.register_callback(TOOL, event, listener.notice)
        stack.callback(MONITORING.register_callback, TOOL, event, None)
        events |= event
    return events


def monitoring_everything(listener: Listener, stack: ExitStack) -> None:
    """sys.monitoring, for all code."""
    events = _tool(listener, stack)
    MONITORING.set_events(TOOL, events)
    stack.callback(MONITORING.set_events, TOOL, 0)


def monitoring_one_function(listener: Listener, stack: ExitStack) -> None:
    """sys.monitoring, for the one function: nothing lists what else may be listened to."""
    events = _tool(listener, stack) & ~MONITORING.events.RAISE
    MONITORING.set_local_events(TOOL, work.__code__, events)
    stack.callback(MONITORING.set_local_events, TOOL, work.__code__, 0)


def _left_of(pause: Pause, others: Sequence[threading.Thread]) -> list[str]:
    """What couldn't be paused, apart from threads that other tests of this process have left running."""
    names = {f"{thread.name!r}" for thread in others}
    return [left for left in pause.left if not any(name in left for name in names)]


KINDS = [
    tracing,
    profiling,
    pytest.param(monitoring_everything, marks=needs_monitoring),
    pytest.param(monitoring_one_function, marks=needs_monitoring),
]


@pytest.mark.parametrize("start", KINDS)
class TestEveryKindOfListener:
    """One suite for what listens through settrace, setprofile and sys.monitoring."""

    def test_hears_nothing_while_paused_and_everything_again_afterwards(self, start: Start) -> None:
        """Timed rounds run as they would without it; the rest of the test is still covered."""
        listener, others = Listener(), threading.enumerate()
        with ExitStack() as stack:
            start(listener, stack)
            work()
            before = listener.events
            with paused() as pause:
                work()
                work()
                heard = listener.events - before
            during = listener.events
            work()
        assert before > 0
        assert heard <= (18 if start is monitoring_one_function else 0)
        assert listener.events > during
        assert _left_of(pause, others) == []
        assert len(pause.held) == 1

    def test_hears_nothing_in_a_thread_that_starts_in_the_pause(self, start: Start) -> None:
        """Models start their threads after the pause has begun."""
        listener = Listener()
        with ExitStack() as stack:
            start(listener, stack)
            with paused(), ThreadPoolExecutor(1) as pool:
                pool.submit(work).result()
                before = listener.events
                pool.submit(work).result()
                assert listener.events == before

    def test_a_pause_within_a_pause_changes_nothing(self, start: Start) -> None:
        """The gate pauses for a whole run, and each trial in it for its rounds."""
        listener = Listener()
        with ExitStack() as stack:
            start(listener, stack)
            with paused():
                with paused() as inner:
                    work()
                before = listener.events
                work()
                assert listener.events == before
            work()
        assert inner.left == ()
        assert listener.events > before


@pytest.mark.parametrize("start", KINDS)
@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 can't reach into other threads")
def test_a_thread_that_runs_already_is_paused_and_resumed_too(start: Start) -> None:
    """A pool that a fixture opened serves the rounds bare."""
    listener = Listener()
    with ExitStack() as stack:
        start(listener, stack)
        pool = stack.enter_context(ThreadPoolExecutor(1))
        pool.submit(work).result()
        with paused() as pause:
            pool.submit(work).result()
            before = listener.events
            pool.submit(work).result()
            assert listener.events == before
        pool.submit(work).result()
        assert listener.events > before
        assert pause.left == ()


@pytest.mark.parametrize("start", [tracing, profiling])
@pytest.mark.skipif(sys.version_info >= (3, 12), reason="later versions can reach into other threads")
def test_a_thread_that_cannot_be_paused_is_named(start: Start) -> None:
    """On Python 3.11 a thread that is traced already stays so, and the trial must know."""
    others = threading.enumerate()
    with ExitStack() as stack:
        start(Listener(), stack)
        pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="loader"))
        pool.submit(work).result()
        with paused() as pause:
            pass
    (left,) = _left_of(pause, others)
    assert "'loader_0', which ran already" in left


def test_the_functions_are_the_same_ones_afterwards() -> None:
    """Each thread gets back what it had: this one none, new ones theirs."""
    listener = Listener()
    with ExitStack() as stack:
        tracing(listener, stack)
        own = Listener().trace
        sys.settrace(own)
        with paused():
            assert sys.gettrace() is None
            assert threading.gettrace() is None
        found = sys.gettrace(), threading.gettrace()
        sys.settrace(None)
    assert found == (own, listener.trace)


def test_resuming_twice_is_resuming_once() -> None:
    """Whoever resumes early for an error's sake does no harm."""
    listener = Listener()
    with ExitStack() as stack:
        profiling(listener, stack)
        made = pause()
        made.resume()
        sys.setprofile(None)
        made.resume()
        assert sys.getprofile() is None


def test_cprofile_counts_nothing_in_the_pause() -> None:
    """Before Python 3.12 its object can't be set again as a function; it is switched off and on instead."""
    profile = cProfile.Profile()
    profile.enable()
    try:
        with paused() as pause:
            work()
        _after()
    finally:
        profile.disable()
    names = {entry.code.co_name for entry in profile.getstats() if not isinstance(entry.code, str)}
    assert "work" not in names
    assert "_after" in names
    assert pause.held == ("cProfile",)


def _after() -> None:
    pass


def test_what_cannot_be_put_back_is_left_alone_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profiler written in C stands there as something that is no function: memray's as the number 123."""
    monkeypatch.setattr(tracing_module._PROFILING, "_get", lambda: 123)
    with paused() as pause:
        pass
    assert pause.left == ("the profiler of 123",)
    assert pause.held == ()


def test_memray_is_named_and_goes_on_undisturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a C function in each thread, which only the function for new threads gives away."""

    def start_thread_trace(*_event: object) -> None:
        pass

    start_thread_trace.__module__ = "memray._memray"
    monkeypatch.setattr(tracing_module._PROFILING, "_get_for_new_threads", lambda: start_thread_trace)
    monkeypatch.setattr(tracing_module._PROFILING, "_set", pytest.fail)
    with paused() as pause:
        pass
    assert pause.left == ("the profiler of memray",)


def test_tracing_of_allocations_is_named() -> None:
    """Tracemalloc would forget all that it knows, so it is not stopped."""
    if tracemalloc.is_tracing():
        pytest.skip("it is on for this whole run")
    tracemalloc.start()
    try:
        with paused() as pause:
            assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()
    assert "tracemalloc" in pause.left[0]


@pytest.mark.skipif(not sys.platform.startswith("linux") or MONITORING is None, reason="Linux, Python 3.12 and newer")
def test_the_trampoline_for_perf_is_off_in_the_pause() -> None:
    """-X perf and CodSpeed put a detour into each call of a Python function."""
    script = """
        import sys
        from timetrial.measure.tracing import paused
        with paused() as pause:
            inside = sys.is_stack_trampoline_active()
        print(inside, sys.is_stack_trampoline_active(), *pause.held)
    """
    assert _run(script, "-X", "perf") == "False True perf"


_UNDER_COVERAGE = """
    import sys, threading, time
    from timetrial.measure.tracing import paused

    def covered(times):
        total = 0
        for i in range(times):
            total += i
            total -= 1
        return total

    def not_covered():
        return 1

    def after():
        return 2

    def in_new_thread():
        return 3

    with paused() as pause:
        covered(10)
        before = time.perf_counter()
        not_covered()
        worker = threading.Thread(target=in_new_thread)
        worker.start()
        worker.join()
        covered(1)
    after()
    print(*pause.held, *pause.left)
"""


@pytest.mark.parametrize("core", ["ctrace", "pytrace", "sysmon"])
def test_coverage_is_paused_and_goes_on_without_a_warning(core: str, tmp_path: Path) -> None:
    """Each of coverage's ways to listen: what ran in the pause is not covered, what ran after it is."""
    pytest.importorskip("coverage")
    if core == "sysmon" and MONITORING is None:
        pytest.skip("sys.monitoring came with Python 3.12")
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(_UNDER_COVERAGE), encoding="utf-8")
    run = [sys.executable, "-W", "error", "-m", "coverage"]
    variables = {**os.environ, "COVERAGE_CORE": core, "COVERAGE_FILE": str(tmp_path / "data")}
    said = subprocess.run(
        [*run, "run", script], env=variables, check=True, capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    report = subprocess.run(
        [*run, "report", "-m", script], env=variables, check=True, capture_output=True, text=True, cwd=tmp_path
    )
    missing = report.stdout.splitlines()[2].split("%")[1].replace(" ", "").split(",")
    assert said.stdout == "coverage\n"
    assert said.stderr == ""
    assert "13" in missing, report.stdout  # not_covered
    assert "19" in missing, report.stdout  # in_new_thread
    assert "16" not in missing, report.stdout  # after


def _run(script: str, *options: str) -> str:
    words = [sys.executable, *options, "-c", textwrap.dedent(script)]
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def test_nothing_is_found_where_nothing_listens() -> None:
    """An ordinary run pays for looking, and for nothing else."""
    with paused() as pause:
        assert (pause.held, pause.left) == ((), ())
    assert isinstance(work, FunctionType)
