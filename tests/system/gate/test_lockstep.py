"""Two real pytest processes take turns, and whatever goes wrong in one of them is told and cleaned up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.system.gate.conftest import QUICK, Measure
from timetrial.errors import GateError
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, Phase, SideName
from timetrial.gate.sides import scratch
from timetrial.gate.sides.git import Repository
from timetrial.system import held_folder

Project = Callable[..., Path]

OTHER_KINDS = """
    import asyncio
    import secrets

    async def count(item):
        await asyncio.sleep(0)
        return len(item)

    @pytest.mark.asyncio
    @pytest.mark.workload(Workload("count", async_task=count), models=["coroutines"])
    async def test_inside_a_loop(trial):
        await trial(ITEMS, concurrency=4)

    @pytest.mark.workload(SQUEEZE, models=["processes"])
    def test_workers(trial):
        trial(ITEMS, concurrency=2)

    def test_plain(benchmark):
        assert benchmark(zlib.crc32, b"abc") == zlib.crc32(b"abc")
        assert benchmark.extra_info == {}

    def test_pedantic(benchmark):
        torn_down = []
        done = benchmark.pedantic(sorted, setup=lambda: (([3, 1],), {}), teardown=torn_down.append, rounds=2)
        assert done == [1, 3]
        assert torn_down

    def test_no_benchmark():
        raise AssertionError("it must not run")

    def test_skips_itself(benchmark):
        pytest.skip("not on a Tuesday")

    def test_fails(benchmark):
        raise ValueError("it never works")

    @pytest.mark.workload(Workload("wrong", task=secrets.token_hex), models=["threads"])
    def test_does_other_work(trial):
        trial([8, 8])

    def test_forgets(benchmark):
        pass
"""


def test_every_kind_of_benchmark_takes_turns(project: Project, measure: Measure) -> None:
    """Trials, also in an async test and with worker processes, and tests that know only pytest-benchmark."""
    root = project("here", OTHER_KINDS)
    records = measure(root, root)
    for name in (
        "test_squeeze[serial]",
        "test_inside_a_loop[coroutines]",
        "test_workers[processes]",
        "test_plain",
        "test_pedantic",
    ):
        assert records[name].trouble is None, name
        _assert_paired(records[name])
    assert "test_no_benchmark" not in records
    _assert_troubles(records)


def _assert_paired(record: BenchmarkRecord) -> None:
    launch = record.launches[0]
    assert launch.phase is Phase.SCREEN
    assert len(launch.base_s) == len(launch.candidate_s) == len(launch.candidate_first) == QUICK.pairs_per_launch
    assert min(*launch.base_s, *launch.candidate_s) > 0
    assert launch.executions_per_round >= 1


def _assert_troubles(records: dict[str, BenchmarkRecord]) -> None:
    troubles = {name: record.trouble for name, record in records.items() if record.trouble}
    assert {name: (each.kind, each.side) for name, each in troubles.items()} == {
        "test_skips_itself": ("skipped", None),
        "test_fails": ("failed", None),
        "test_does_other_work[threads]": ("void", None),
        "test_forgets": ("failed", None),
    }
    assert "not on a Tuesday" in troubles["test_skips_itself"].reason
    assert "it never works" in troubles["test_fails"].reason
    assert "differs from the serial reference" in troubles["test_does_other_work[threads]"].reason


def test_rounds_are_sized_alike_on_both_sides_and_in_each_launch(project: Project, measure: Measure) -> None:
    """A benchmark of nanoseconds gets many executions a round, and the same number every time."""
    root = project("here", "def test_tiny(benchmark): benchmark(len, ())", suite="")
    record = measure(root, root, policy=_without_hurry())["test_tiny"]
    sizes = {launch.executions_per_round for launch in record.launches}
    assert len(record.launches) >= 2
    assert len(sizes) == 1
    assert sizes.pop() > 1000


def test_a_benchmark_that_would_hold_up_the_rest_is_left_open(project: Project, measure: Measure) -> None:
    """After its first execution; both sides go on with the others, and it gets no other launch."""
    root = project("here", "def test_slow(benchmark): import time; benchmark(time.sleep, 1.6)")
    found = measure(root, root, policy=_without_hurry())
    trouble = found["test_slow"].trouble
    assert trouble is not None
    assert (trouble.kind, trouble.side) == ("slow", None)
    assert "s; measuring it takes more than its share of the gate's time" in trouble.reason
    assert len(found["test_squeeze[serial]"].launches) == 2


def _without_hurry() -> GatePolicy:
    return replace(QUICK, budget_s=60.0)


def test_injected_work_shows(project: Project, measure: Measure) -> None:
    """The gate's own measurement rests on it: the same code, with as much work again on the candidate's side."""
    root = project("here")
    launch = measure(root, root, extra_share=lambda _name: 1.0)["test_squeeze[serial]"].launches[0]
    assert sum(launch.candidate_s) > 1.3 * sum(launch.base_s)


def test_what_only_one_side_has_or_runs_is_told(project: Project, measure: Measure) -> None:
    """Deleted, new, and skipped on one side only: none of them is measured, each says why."""
    added = "def test_{}(benchmark): benchmark(len, ())\n"
    skipped = "def test_both(benchmark): pytest.skip('no such library')\n"
    base = project("base", added.format("old") + added.format("both"))
    candidate = project("candidate", added.format("young") + skipped)
    records = measure(base, candidate)
    assert _trouble(records["test_old"]) == ("missing", SideName.CANDIDATE)
    assert _trouble(records["test_young"]) == ("new", SideName.BASE)
    assert _trouble(records["test_both"]) == ("skipped", SideName.CANDIDATE)
    assert records["test_squeeze[serial]"].launches


def _trouble(record: BenchmarkRecord) -> tuple[str, SideName | None]:
    assert record.trouble is not None
    assert not record.launches
    return record.trouble.kind, record.trouble.side


@pytest.mark.parametrize(
    ("misdeed", "said"),
    [
        ("os._exit(7)", "ended with status 7"),
        pytest.param(
            "os.kill(os.getpid(), 9)",
            "was ended by SIGKILL",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="it has no SIGKILL"),
        ),
        ("time.sleep(60)", "said nothing for 6 s"),
    ],
)
def test_a_side_that_crashes_or_hangs_costs_only_its_benchmark(
    misdeed: str, said: str, project: Project, measure: Measure
) -> None:
    """The others get another launch; nothing is left running."""
    body = "def test_bad(benchmark):\n    import os, time\n    {}\n    benchmark(len, ())\n"
    base, candidate = project("base", body.format("pass")), project("candidate", body.format(misdeed))
    records = measure(base, candidate, policy=replace(_without_hurry(), patience_s=6.0))
    trouble = records["test_bad"].trouble
    assert trouble is not None
    assert (trouble.kind, trouble.side) == ("crashed", SideName.CANDIDATE)
    assert said in trouble.reason
    assert len(records["test_squeeze[serial]"].launches) >= 2
    assert not _sides_running(base)


def test_a_side_that_fails_in_the_middle_of_its_rounds_releases_the_other(project: Project, measure: Measure) -> None:
    """It is told with the error; the next benchmark runs in the same launch."""
    body = """
def test_a_tires(benchmark):
    calls = []
    def tire():
        calls.append(1)
        if len(calls) > {}:
            raise OSError("worn out")
    benchmark(tire)
"""
    base = project("base", body.format(10**9), suite="")
    candidate = project("candidate", body.format(3), suite="")
    for root in (base, candidate):
        with (root / "test_suite.py").open("a") as file:
            file.write("\ndef test_b(benchmark): benchmark(len, ())\n")
    records = measure(base, candidate)
    trouble = records["test_a_tires"].trouble
    assert trouble is not None
    assert (trouble.kind, trouble.side) == ("failed", SideName.CANDIDATE)
    assert "worn out" in trouble.reason
    assert records["test_b"].launches


def test_a_test_that_fails_after_its_rounds_was_no_measurement(project: Project, measure: Measure) -> None:
    """What it timed was the wrong thing; the next benchmark runs in the same launch."""
    body = "def test_a(benchmark):\n    assert benchmark(len, ()) == {}\n\ndef test_b(benchmark): benchmark(len, ())\n"
    records = measure(project("base", body.format(0)), project("candidate", body.format(1)))
    assert _trouble(records["test_a"]) == ("failed", SideName.CANDIDATE)
    assert records["test_b"].launches


AFTERWARDS = """
    import itertools

    @pytest.fixture
    def leaky():
        yield
        assert {right}, "it left something behind"

    def test_leaks(benchmark, leaky):
        benchmark(len, ())

    @pytest.mark.xfail(strict=True)
    def test_passes_by_surprise(benchmark):
        benchmark(len, ())

    def test_two_in_one(benchmark):
        benchmark(len, ())
        if not {right}:
            benchmark(len, ())

    def test_skips_or_fails(benchmark):
        if {right}:
            pytest.skip("not here")
        raise OSError("never works")

    TRIES = itertools.count()

    def test_is_tried_again(benchmark):
        benchmark(len, ())
        assert {right} or next(TRIES)
"""


def test_whatever_goes_wrong_after_the_rounds_is_told_of_its_own_benchmark(project: Project, measure: Measure) -> None:
    """In the tear-down, by an outcome that was not expected, or by a plugin that repeats tests."""
    base, candidate = (
        project(name, AFTERWARDS.replace("{right}", right))
        for name, right in (("base", "True"), ("candidate", "False"))
    )
    for root in (base, candidate):
        (root / "conftest.py").write_text(RERUNS)
    records = measure(base, candidate)
    for name in ("test_leaks", "test_two_in_one", "test_skips_or_fails", "test_is_tried_again"):
        assert _trouble(records[name]) == ("failed", SideName.CANDIDATE), name
    assert _trouble(records["test_passes_by_surprise"]) == ("failed", None)
    assert records["test_squeeze[serial]"].launches


RERUNS = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(each.failed for each in reports):
        item._initrequest()
        runtestprotocol(item, nextitem=nextitem, log=False)
    return True
"""


POOL = """
    from contextlib import asynccontextmanager
    import aiohttp

    @asynccontextmanager
    async def session(slots):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit={limit})) as session:
            yield session

    async def fetch(url, session):
        async with session.get(url) as response:
            return len(await response.read())

    @pytest.mark.workload(Workload("fetch", async_task=fetch, async_resource=session), models=["coroutines"])
    def test_fetch(trial, mock_server):
        trial([mock_server.page(10, key=key) for key in range(8)], concurrency=4, server=mock_server)
"""


def test_a_void_trial_was_no_measurement(project: Project, measure: Measure) -> None:
    """Here the candidate's client has a pool for one where four are in flight; the reason is told."""
    base, candidate = (
        project(name, POOL.replace("{limit}", limit)) for name, limit in (("base", "4"), ("candidate", "1"))
    )
    records = measure(base, candidate)
    assert _trouble(records["test_fetch[coroutines]"]) == ("void", SideName.CANDIDATE)
    assert "too few for 4 items in flight" in str(records["test_fetch[coroutines]"].trouble)
    assert records["test_squeeze[serial]"].launches


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("import no_such_module\n", "no_such_module"),
        ("import os; os._exit(3)\n", "ended with status 3"),
    ],
)
def test_a_side_that_cannot_collect_ends_the_gate(broken: str, said: str, project: Project, measure: Measure) -> None:
    """With what it printed last, so that the cause can be seen."""
    base, candidate = project("base"), project("candidate", broken)
    with pytest.raises(GateError, match="candidate side") as caught:
        measure(base, candidate)
    assert said in str(caught.value)
    assert not _sides_running(base)


def test_an_argument_that_pytest_does_not_know_ends_the_gate(project: Project, measure: Measure) -> None:
    """As pytest says it."""
    root = project("here")
    with pytest.raises(GateError, match="--no-such-option"):
        measure(root, root, "--no-such-option")


def test_rubbish_on_the_socket_is_no_measurement(project: Project, measure: Measure) -> None:
    """Somebody else's bytes end the gate with an error that shows them."""
    body = """
def test_noisy(benchmark, request):
    agent = request.config.pluginmanager.getplugin("timetrial-gate-agent")
    agent._channel._socket.sendall(b"have a nice day" + bytes([10]))
"""
    base, candidate = project("base", body, suite=""), project("candidate", body, suite="")
    with pytest.raises(GateError, match="have a nice day"):
        measure(base, candidate)
    assert not _sides_running(base)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no SIGKILL")
def test_both_sides_end_when_the_gate_is_killed(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they are at, they notice that nobody listens any more; the next gate takes the launch's folder away."""
    root = project("here")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    script = (
        "import sys; from pathlib import Path;"
        "from timetrial.gate.run import *; from timetrial.gate.sides.make import Side;"
        "sides = [Side(name, Path(sys.executable), Path(sys.argv[1]), None) for name in SideName];"
        "print('begun', flush=True);"
        "run_gate(GatePlan(*sides, GatePolicy(budget_s=600), on_progress=lambda p: print(p.name, flush=True)))"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(root)], stdout=subprocess.PIPE, text=True) as gate:
        assert gate.stdout is not None
        assert any("test_squeeze" in line for line in gate.stdout), "the gate ended before its first launch"
        assert len(_sides_running(root)) >= 2
        (folder,) = temporary.glob(f"{held_folder.GATE}*")
        assert held_folder.claim(folder) is None, "another gate could take it while this one runs"
        os.kill(gate.pid, signal.SIGKILL)
    deadline_s = time.monotonic() + 20
    while _sides_running(root) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not _sides_running(root)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    scratch._sweep(Repository(root), lambda _line: None)
    assert not folder.exists()


def _sides_running(root: Path) -> list[int]:
    """Processes whose working directory is a project's folder, or a neighbour of it."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(root.parent):
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found
