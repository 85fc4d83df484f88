"""One side of a gate, inside its pytest: says what there is to measure, then does as it's told, round by round."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import pytest

from timetrial.environment.cgroups import Throttling, throttled_since, throttling
from timetrial.environment.facts import known
from timetrial.environment.identity import this_python
from timetrial.environment.installed_modules import InstalledProject, not_as_installed
from timetrial.errors import VoidTrialError
from timetrial.gate import PROTOCOL, VARIABLE
from timetrial.gate.lockstep.benchmark_fixture import LockstepBenchmark
from timetrial.gate.lockstep.channel import Channel
from timetrial.gate.lockstep.named_tests import NamedTests
from timetrial.gate.lockstep.round_settings import RoundSettings
from timetrial.gate.lockstep.side_rounds import SideRounds, receive_order, trouble_of
from timetrial.measure.tracing import paused
from timetrial.models.base import InLoopModel
from timetrial.system.clocks import clocks
from timetrial.trial.conditions import throttled, traced
from timetrial.trial.executions import Executions
from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import TrialPlan
from timetrial.trial.run import OpenTrial, OpenTrialInLoop
from timetrial.trial.void import Kind, Void

# The sides take turns on the same disturbed machine, and a gate's round is as many executions as the clock needs.
_NO_MATTER: Final = frozenset({Kind.DISTURBED, Kind.CLOCK})


def join_gate(remarks: Sequence[str] = (), project: InstalledProject | None = None) -> Agent:
    """The plugin of a side that takes turns with another one.

    ``remarks`` are lines that whoever started the gate should read; ``project`` is what has to be imported from where
    it is installed.
    """
    return Agent(connect(), remarks, project)


def connect() -> Channel:
    """Connects to the gate that started this pytest, and hides it from processes that this one starts."""
    host, port, token, side = os.environ.pop(VARIABLE).split()
    channel = Channel(socket.create_connection((host, int(port)), timeout=30), "the gate")
    channel.send(kind="join", token=token, side=side, protocol=PROTOCOL)
    return channel


class Agent:
    """The pytest plugin of one side; ``run`` and ``run_in_loop`` take the place of the trial's own rounds."""

    order = "run"
    """What the gate's order of benchmarks is called."""

    def __init__(self, channel: Channel, remarks: Sequence[str] = (), project: InstalledProject | None = None) -> None:
        self._channel = channel
        self._remarks = list(remarks)
        self._project = project
        self._modules_told: set[str] = set()
        self._named_tests: NamedTests | None = None
        self._uncollected: dict[str, str] = {}
        self._name = ""
        self._told = False  # whether the gate knows how the current benchmark stands
        self._before: set[str] = set()
        self._ended: dict[str, str] = {}
        self._rounds: SideRounds | None = None
        self._voids: Sequence[Void] = ()
        self._ordered: dict[str, Any] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """A test that is named and not here may be the other side's."""
        self._named_tests = NamedTests(session.config)
        session.config.pluginmanager.register(self._named_tests)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Notes a file that can't be imported: where the tests are the other side's, its benchmarks are new here."""
        if report.failed:
            errors = [line[1:].strip() for line in str(report.longrepr).splitlines() if line.startswith("E ")]
            self._uncollected[report.nodeid] = (errors or ["it can't be collected"])[-1][:500]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Offers what was collected, and keeps what the gate chooses, in its order."""
        offered = [item for item in items if _is_benchmark(item)]
        self._channel.send(
            kind="hello",
            collection_errors=session.testsfailed,
            remarks=self._remarks,
            unknown=self._named_tests.unknown if self._named_tests else [],
            benchmarks=[{"name": each.nodeid, "skip": _static_skip(each)} for each in offered],
            uncollected=[{"file": file, "reason": reason} for file, reason in self._uncollected.items()],
            order=self.order,
        )
        if session.testsfailed and not config.getoption("continue_on_collection_errors"):
            return  # pytest is about to say why, and to end
        by_name = {item.nodeid: item for item in offered}
        self._ordered = receive_order(self._channel)
        chosen = [by_name[name] for name in self._ordered[self.order]]
        kept = set(chosen)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = chosen

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Notes whose turn it is; the gate hears of each benchmark once, however often a plugin repeats it."""
        if item.nodeid in self._before:
            pytest.skip("the gate has heard of it already")
        self._before.add(item.nodeid)
        self._name, self._told = item.nodeid, False
        self._rounds, self._voids, self._ended = None, (), {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Tells the gate why a benchmark never came to its rounds, or how it ended after them."""
        report: pytest.TestReport = yield
        if not self._told and (call.when == "call" or not report.passed):
            kind, reason = _why_not(report, call.excinfo)
            self._channel.send(kind="trouble", name=item.nodeid, trouble=kind, reason=reason)
            self._told = True
        elif self._rounds is not None and self._rounds.finished:
            self._ended = self._ended or _what_came_after(report, call.excinfo, self._voids)
            if call.when == "teardown":
                self._close(item.nodeid)
                self._rounds = None
        return report

    def _close(self, name: str) -> None:
        """Tells how a benchmark ended, which of the project's modules were imported since the last one, and its Python.

        Only now, since what a benchmark imports can switch the GIL on again.
        """
        found = self._project.found(dict(sys.modules)) if self._project else {}
        astray = self._project.astray(found) if self._project else {}
        if astray and not self._ended:
            self._ended = {"trouble": "failed", "reason": not_as_installed(astray)}
        new = {module: file for module, file in found.items() if module not in self._modules_told}
        self._modules_told.update(new)
        self._channel.send(kind="closed", name=name, modules=new, python=this_python().as_dict(), **self._ended)

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_timeout_set_timer(self) -> bool:
        """No timer of pytest-timeout's: a benchmark waits for the other side, and the gate's patience ends it."""
        return True

    @pytest.fixture
    def benchmark(self, request: pytest.FixtureRequest, benchmark: Any) -> Any:
        """pytest-benchmark's own for a trial, which brings its rounds; a LockstepBenchmark for any other test."""
        if "trial" in request.fixturenames:
            return benchmark
        return LockstepBenchmark(benchmark, RoundSettings.of(request.node), self._run_rounds)

    def run(self, plan: TrialPlan) -> Measurement:
        """As trial.run_trial, with the gate deciding when a round is due."""
        with OpenTrial(with_single_executions(plan)) as trial:
            self._run_rounds(
                lambda executions: sum(trial.time_a_round() for _ in range(executions)),
                workers=_has_workers(trial.worker_pids()),
                servers=_pids(plan.server),
            )
        return self._seen(trial.measurement())

    async def run_in_loop(self, plan: TrialPlan) -> Measurement:
        """As trial.run_trial_in_loop, with the gate deciding when a round is due; the loop stands still meanwhile."""
        if not isinstance(plan.model(), InLoopModel):
            return self.run(plan)
        async with OpenTrialInLoop(with_single_executions(plan)) as trial:
            with self._open_rounds(workers=False, servers=_pids(plan.server)) as rounds:
                while executions := rounds.next_round():
                    rounds.report(sum([await trial.time_a_round() for _ in range(executions)]))
        return self._seen(trial.measurement())

    def _seen(self, measurement: Measurement) -> Measurement:
        self._voids = [void for void in measurement.voids if void.kind not in _NO_MATTER]
        return measurement

    def _run_rounds(
        self,
        round_s: Callable[[int], float],
        settings: RoundSettings | None = None,
        *,
        workers: bool = False,
        servers: Sequence[int] = (),
    ) -> None:
        """Runs rounds when the gate wants them; ``round_s(executions)`` returns how long they took together."""
        with self._open_rounds(settings, workers=workers, servers=servers) as rounds:
            while executions := rounds.next_round():
                rounds.report(round_s(executions))

    @contextmanager
    def _open_rounds(
        self, settings: RoundSettings | None = None, *, workers: bool, servers: Sequence[int]
    ) -> Iterator[SideRounds]:
        """A benchmark's rounds, in which nothing traces this process; raises VoidTrialError if something does."""
        with paused() as pause:
            if pause.left:
                raise VoidTrialError(f"what is timed would run under {pause.left[0]}: run the gate without it")
            self._told = True
            self._rounds = SideRounds(
                self._channel, self._name, settings or RoundSettings(), workers=workers, servers=servers
            )
            before, began_s = known(throttling) or {}, clocks.monotonic()
            with self._rounds as rounds:
                yield rounds
            pause.look_again()
            stopped = throttled(known(lambda: throttled_since(before)) or Throttling(), clocks.monotonic() - began_s)
            self._voids = [*([stopped] if stopped else ()), *traced(pause.left, {})]


def _is_benchmark(item: pytest.Item) -> bool:
    return not {"trial", "benchmark"}.isdisjoint(getattr(item, "fixturenames", ()))


def _static_skip(item: pytest.Item) -> str | None:
    """The reason of a skip that a marker gives; conditions are left to the run itself."""
    marker = item.get_closest_marker("skip")
    if marker is None:
        return None
    return str(marker.kwargs.get("reason") or (marker.args[0] if marker.args else "skipped by its marker"))


def with_single_executions(plan: TrialPlan) -> TrialPlan:
    """Each execution is a round by itself: how many make one of the gate's is for both sides to say."""
    return replace(plan, executions=Executions(1))


def _has_workers(pids: Sequence[int]) -> bool:
    return any(pid != os.getpid() for pid in pids)


def _pids(server: Any) -> Sequence[int]:
    return tuple(getattr(server, "pids", ()))


def _why_not(report: pytest.TestReport, raised: pytest.ExceptionInfo[BaseException] | None) -> tuple[str, str]:
    """Why a benchmark ended without having run its rounds."""
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return "skipped", reason.removeprefix("Skipped: ")
    if raised is None:
        return "failed", "it passed without running a benchmark"
    return trouble_of(raised.value)


def _what_came_after(
    report: pytest.TestReport, raised: pytest.ExceptionInfo[BaseException] | None, voids: Sequence[Void]
) -> dict[str, str]:
    """Why a benchmark that ran its rounds means nothing all the same: its test failed then, or its trial is void."""
    if not report.passed:
        kind, reason = trouble_of(raised.value) if raised else ("failed", str(report.longrepr))
        return {"trouble": kind, "reason": reason}
    return {"trouble": "void", "reason": str(voids[0])} if voids else {}
