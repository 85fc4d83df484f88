"""What a suite sets for pytest and pytest-benchmark counts where it can, or is set aside with a word."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.gate.conftest import Measure

Project = Callable[..., Path]

PLAIN = """
    import pytest

    def test_bad(benchmark):
        benchmark(sum, range(100))
        raise AssertionError("after its rounds")

    def test_good(benchmark):
        assert benchmark(sum, range(2_000)) == 1_999_000
"""
EVERYDAY = (
    "--benchmark-disable --benchmark-skip -n 2 -x --sw --pdb --lf --ff "
    "--benchmark-compare --benchmark-compare-fail=min:5% --cov=. --cov-report= --cov-fail-under=100 --strict-config"
)


def _ini(root: Path, addopts: str, *more: str) -> None:
    (root / "pytest.ini").write_text("\n".join(["[pytest]", f"addopts = {addopts}", *more, ""]))


def test_what_suits_a_test_run_is_set_aside_in_a_gate(project: Project, measure: Measure) -> None:
    """All of it at once: both benchmarks are reached, one of them is measured, and the gate says what it set aside."""
    root = project("here", suite=PLAIN)
    _ini(root, f"{EVERYDAY} --timeout=1", "cache_dir = .own")
    failed = root / ".own/v/cache/lastfailed"
    failed.parent.mkdir(parents=True)
    failed.write_text('{"test_suite.py::test_good": true}')
    said: list[str] = []
    records = measure(root, root, say=said.append)
    assert records["test_good"].launches
    trouble = records["test_bad"].trouble
    assert trouble is not None
    assert "after its rounds" in trouble.reason
    told = "\n".join(said)
    for option in ("--benchmark-disable", "--benchmark-enable", "-n 0", "--maxfail", "--stepwise", "--pdb", "compare"):
        assert option in told
    assert len(said) == len(set(said))
    assert not (root / ".coverage").exists()
    assert [each.read_text() for each in (root / ".own").rglob("*") if each.is_file()] == [failed.read_text()]


CONFTEST = """
import pytest
def pytest_configure(config):
    config.option.benchmark_disable = True
    config.option.maxfail = 1
"""
OWN_FIXTURE = """
import pytest
@pytest.fixture
def benchmark():
    return lambda function, *given: function(*given)
"""


def test_what_a_conftest_does_is_set_aside_or_named_in_a_gate(project: Project, measure: Measure) -> None:
    """It switches benchmarks off in its hook, and elsewhere a fixture of its own is called ``benchmark``."""
    root = project("here", suite="def test_good(benchmark):\n    assert benchmark(sum, range(2_000)) == 1_999_000\n")
    (root / "conftest.py").write_text(CONFTEST)
    (root / "a_part").mkdir()
    (root / "a_part/conftest.py").write_text(OWN_FIXTURE)
    (root / "a_part/test_own.py").write_text("def test_own(benchmark):\n    benchmark(sum, [1])\n")
    said: list[str] = []
    records = measure(root, root, say=said.append)
    assert records["test_good"].launches
    trouble = records["test_own"].trouble
    assert trouble is not None
    assert "`benchmark` is a function here and not pytest-benchmark's" in trouble.reason
    told = "\n".join(said)
    assert "--benchmark-disable is set aside" in told
    assert "--maxfail is set aside" in told


def test_what_suits_a_test_run_is_set_aside_in_a_measurement(project: Project) -> None:
    """``timetrial measure`` runs the same suite: the benchmark that fails is told, the other one is in the file."""
    root = project("here", suite=PLAIN)
    _ini(root, EVERYDAY)
    words = [sys.executable, "-m", "timetrial.cli", "measure", "--launches", "1", "-o", "m.json"]
    ended = subprocess.run(words, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "--benchmark-disable is set aside" in ended.stderr
    names = [each["name"] for each in json.loads((root / "m.json").read_text())["benchmarks"]]
    assert names == ["test_good"]
    assert not (root / ".pytest_cache").exists()


WRITES_FILES = (
    "--benchmark-json=own.json --benchmark-histogram=own "
    "--benchmark-cprofile=cumtime --benchmark-cprofile-dump=own --junitxml=own.xml"
)


def test_files_that_a_suite_writes_are_left_as_they_are(project: Project, measure: Measure) -> None:
    """Both sides, or each launch, would replace them with a part of what was measured."""
    root = project("here", suite="def test_good(benchmark):\n    assert benchmark(sum, range(2_000)) == 1_999_000\n")
    _ini(root, WRITES_FILES)
    for name in ("own.json", "own.xml"):
        (root / name).write_text("mine")
    said: list[str] = []
    assert measure(root, root, say=said.append)["test_good"].launches
    words = [sys.executable, "-m", "timetrial.cli", "measure", "--launches", "1", "-o", "m.json"]
    ended = subprocess.run(words, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for told in ("\n".join(said), ended.stderr):
        for option in ("--benchmark-json", "--benchmark-cprofile", "--junitxml"):
            assert option in told
    assert {each.name for each in root.glob("own*")} == {"own.json", "own.xml"}
    assert {(root / name).read_text() for name in ("own.json", "own.xml")} == {"mine"}


@pytest.mark.parametrize("option", ["--collect-only", "--setup-plan"])
def test_an_option_that_measures_nothing_is_refused_by_name(option: str, project: Project, measure: Measure) -> None:
    """It can't be meant."""
    root = project("here", suite=PLAIN)
    with pytest.raises(Exception, match=f"with {option} nothing can be measured"):
        measure(root, root, option)


SETTINGS = """
    import gc, itertools, os, time
    import pytest

    def look():
        seen.add(gc.isenabled())
        time.sleep(0.001)

    seen = set()

    @pytest.mark.benchmark(disable_gc=True)
    def test_without_gc(benchmark):
        benchmark(look)
        assert False in seen
        assert gc.isenabled()

    @pytest.mark.benchmark(timer=time.process_time, min_rounds=11)
    def test_processor_time(benchmark):
        benchmark(lambda: time.sleep(0.003) or sum(range(20_000)))

    @pytest.mark.benchmark(min_time=0.2)
    def test_long_rounds(benchmark):
        benchmark(time.sleep, 0.001)

    def test_warms_up(benchmark):
        runs = itertools.count()
        times = []

        def note():
            times.append(time.perf_counter())

        benchmark.pedantic(note, warmup_rounds=40)

    @pytest.mark.benchmark(warmup=True, warmup_iterations=200)
    def test_warms_up_by_its_marker(benchmark):
        benchmark(sum, range(100))
"""


def test_the_settings_of_a_benchmark_count(project: Project, measure: Measure) -> None:
    """Its timer, its garbage collector, its shortest round and its fewest rounds."""
    root = project("here", suite=SETTINGS)
    records = measure(root, root)
    assert all(each.trouble is None for each in records.values()), records
    by_processor = records["test_processor_time"].launches[0]
    assert len(by_processor.base_s) == 11
    assert max(by_processor.base_s) / by_processor.executions_per_round < 0.003
    assert min(records["test_long_rounds"].launches[0].base_s) > 0.04


NOTHING = """
    import itertools, subprocess, sys
    from concurrent.futures import ThreadPoolExecutor
    import pytest

    async def coroutine():
        raise RuntimeError("this never runs")

    def generator():
        yield from range(9)

    POOL = ThreadPoolExecutor(1)

    @pytest.mark.parametrize(
        "work",
        [
            coroutine,
            generator,
            lambda: map(str, range(9)),
            lambda: [coroutine() for _ in range(3)],
            lambda: itertools.islice(range(9), 3),
            lambda: POOL.map(str, range(9)),
        ],
        ids=["coroutine", "generator", "map", "coroutines", "islice", "pool"],
    )
    def test_work(benchmark, work):
        benchmark(work)
"""


@pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")
def test_work_that_is_not_done_is_never_a_pass(project: Project, measure: Measure) -> None:
    """A coroutine that nobody awaits, a generator that nobody reads: open, with what to return."""
    root = project("here", suite=NOTHING)
    records = measure(root, root)
    assert len(records) == 6
    for record in records.values():
        assert record.trouble is not None
        assert "nothing was computed: return" in record.trouble.reason


def test_work_that_is_not_done_is_left_out_of_a_measurement(project: Project) -> None:
    """It is told, and no figure of it is stored."""
    root = project("here", suite=NOTHING + "\n    def test_done(benchmark):\n        benchmark(sum, range(100))\n")
    words = [sys.executable, "-m", "timetrial.cli", "measure", "--launches", "1", "-o", "m.json"]
    more = ["--benchmark-max-time=0.05", "--benchmark-min-rounds=2", "-W", "ignore"]
    ended = subprocess.run([*words, *more], cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert ended.stderr.count("nothing was computed: return") == 5
    assert "… and 1 more" in ended.stderr  # five lines of a kind, and how many more there are
    assert [each["name"] for each in json.loads((root / "m.json").read_text())["benchmarks"]] == ["test_done"]


TRACED = """
    import sys, threading

    events = []

    def listen(frame, event, arg):
        if frame.f_code is work.__code__:
            events.append(event)
        return listen

    def work():
        total = 0
        for number in range(50):
            total += number
        return total

    def test_traced(benchmark):
        threading.setprofile(listen)
        sys.settrace(listen)
        try:
            benchmark(work)
        finally:
            sys.settrace(None)
            threading.setprofile(None)
        assert 0 < len(events) < 2_000  # before and after its rounds

    def test_memory(benchmark):
        import tracemalloc
        tracemalloc.start()
        try:
            benchmark(work)
        finally:
            tracemalloc.stop()
"""


def test_nothing_traces_the_rounds(project: Project, measure: Measure) -> None:
    """A tracer is held off; what can't be held off leaves the benchmark open, by name."""
    records = measure(*[project("here", suite=TRACED)] * 2)
    assert records["test_traced"].trouble is None
    trouble = records["test_memory"].trouble
    assert trouble is not None
    assert trouble.kind == "void"
    assert "tracemalloc" in trouble.reason
