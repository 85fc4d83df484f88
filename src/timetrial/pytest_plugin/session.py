"""One pytest run with trials in it: keeps what was measured, writes it as it goes, tells it at the end."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from timetrial.errors import TimetrialError, VoidTrialError
from timetrial.gate import AGENT
from timetrial.models.pool.start_methods import preload
from timetrial.pytest_plugin import collection
from timetrial.pytest_plugin.fixture import Trial, TrialSettings
from timetrial.pytest_plugin.meter import Meter
from timetrial.pytest_plugin.options import TrialOptions, rounds_policy
from timetrial.pytest_plugin.run_record import RunRecord
from timetrial.pytest_plugin.same_requests import Asked, work_of
from timetrial.pytest_plugin.same_work import Works
from timetrial.pytest_plugin.stored_gate import RunGate
from timetrial.pytest_plugin.sweeps import swept_by
from timetrial.report.accounting import accounting_lines
from timetrial.report.curves import curve_lines
from timetrial.report.live import LiveLine, terminal_of
from timetrial.report.openloop import open_loop_lines
from timetrial.report.summary import summary_lines
from timetrial.results.curves import shapes
from timetrial.results.schema import KEY, figures, void_of_entry
from timetrial.results.standings import Entry, Standings, VoidTrial
from timetrial.trial.interleave import Races
from timetrial.trial.measurement import Measurement
from timetrial.trial.open_loop import OpenLoop
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import References
from timetrial.trial.run import run_trial, run_trial_in_loop
from timetrial.trial.run_conditions import Surroundings
from timetrial.trial.void import Void, void_of

if TYPE_CHECKING:
    from timetrial.gate.lockstep.agent import Agent

_METER = pytest.StashKey[Meter]()


class TrialSession:
    """Registered with pytest only when a run has trials, so that other runs pay nothing for it."""

    def __init__(self, config: pytest.Config, options: TrialOptions) -> None:
        self._config = config
        self._options = options
        self._references = References()
        self._races = Races()
        self._asked = Asked()
        self._standings = Standings()
        self._works = Works()
        self._surroundings = Surroundings(steal=options.steal_limit, foreign_cpu=options.foreign_cpu_limit)
        self._record = RunRecord(config, options, self._surroundings, self._standings)
        self._alone: dict[str, str] = {}  # trials that took no turns although it was asked for, and why
        self._live: LiveLine | None = None
        self._gate: Agent | None = config.pluginmanager.getplugin(AGENT)
        self._run_gate = _run_gate(config, options)

    def trial(self, request: pytest.FixtureRequest, benchmark: Any, model: str) -> Trial:
        """The fixture's value for one test."""
        item: pytest.Item = request.node
        marker = item.get_closest_marker("benchmark")
        options = marker.kwargs if marker else {}
        in_loop = inspect.iscoroutinefunction(request.function)
        rivals = self._rivals(item, in_loop=in_loop)
        settings = TrialSettings(
            workload=collection.workload_of(item),
            model=model,
            scale=self._options.scale,
            policy=rounds_policy(self._config, self._options.scale, options),
            accounting=self._options.accounting,
            open_loop=OpenLoop(*self._options.open_loop) if self._options.open_loop else None,
            in_loop=in_loop,
            disable_gc=options.get("disable_gc", self._config.getoption("benchmark_disable_gc")),
            start_method=self._options.start_method,
            event_loop=self._options.event_loop,
            references=self._references,
            conditions=self._surroundings.conditions(in_lock_step=bool(self._gate)),
            run=self._runner(item, rivals),
            run_in_loop=self._gate.run_in_loop if self._gate else run_trial_in_loop,
            on_round=self._show_round,
            on_paths=partial(self._asked.differs, collection.race_of(item)),
            on_measured=lambda plan, measurement: self._enter(
                item, benchmark, plan, measurement, interleaved=bool(rivals)
            ),
        )
        return Trial(settings, benchmark, item.stash[_METER])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Has worker processes begin with the tests' modules loaded; opens the live line on a terminal."""
        trials = [item for item in session.items if collection.model_of(item) is not None]
        preload(dict.fromkeys(module for item in trials for module in collection.workload_of(item).modules()))
        total = len(trials)
        self._surroundings.enter()
        stream = terminal_of() if total and not session.config.option.collectonly else None
        if stream is not None:
            self._live = LiveLine(stream, total)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Before pytest-benchmark reads its marker: the group that sets models side by side, and our timer."""
        model = collection.model_of(item)
        if model is None:
            return
        own = item.get_closest_marker("benchmark")
        settings = dict(own.kwargs) if own else {}
        if not isinstance(settings.get("timer", Meter()), Meter):  # a test that is run again has ours already
            pytest.fail("a trial brings its own timer: take timer= out of the test's benchmark marker", pytrace=False)
        workload = collection.workload_of(item)
        item.stash[_METER] = settings["timer"] = Meter()
        group = settings.get("group")
        settings["group"] = collection.group_of(item, workload) if group is None else str(group)
        item.add_marker(pytest.mark.benchmark(**settings), append=False)
        if self._live:
            self._live.begin(f"{settings['group']}  {model}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """After each test, writes down what it brought."""
        void = void_of(call.excinfo.value) if call.excinfo is not None and collection.model_of(item) else None
        if void is not None and call.excinfo is not None and not isinstance(call.excinfo.value, VoidTrialError):
            call.excinfo.value.add_note(f"timetrial: the trial is void: {void}")
        report = yield
        if "benchmark" in getattr(item, "fixturenames", ()):
            self._record.note_trouble(report, call, void)
        if call.when == "call":
            self._note(item, call, void)
        if self._live and collection.model_of(item) is not None:
            if call.when != "setup" or not report.passed:  # pytest is about to write; after a setup it keeps still
                self._live.clear()
            if call.when == "teardown":
                self._live.end()
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Marks the file as complete, unless the run was cut short."""
        if self._live:
            self._live.close()
            self._live = None
        self._record.complete(exitstatus, cut_short=bool(session.shouldstop or session.shouldfail))
        self._surroundings.leave()
        if self._run_gate:
            self._record.mark(self._run_gate.judge(self._record.path if self._record.benchmarks else None))
            session.exitstatus = session.exitstatus or self._run_gate.status
        if self._record.complaint:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif self._fails_on_void and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(wrapper=True)
    def pytest_benchmark_group_stats(self) -> Any:
        """In pytest-benchmark's table too, a void trial says so, and is no measure for others."""
        groups = yield
        return [apart for name, benchmarks in groups for apart in _void_apart(name, benchmarks)]

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints the table and where the results are."""
        lines = summary_lines(self._standings)
        if lines:
            terminalreporter.section("timetrial: the fastest model of each workload")
            for line in lines:
                terminalreporter.write_line(line, red=line.startswith(("void: ", "no accounting: ", "no open loop: ")))
        self._tell(terminalreporter, "what each model costs", accounting_lines(self._standings.entries))
        self._tell(
            terminalreporter, "open loop: latency from when an item was due", open_loop_lines(self._standings.entries)
        )
        if self._options.sweep:
            self._tell(
                terminalreporter,
                "curves, in time per item",
                curve_lines(shapes({"benchmarks": self._record.benchmarks})),
            )
        if self._alone:
            terminalreporter.write_line(_alone_line(list(self._alone.values())))
        if self._run_gate:
            terminalreporter.section("timetrial: the gate")
            for line in self._run_gate.lines():
                terminalreporter.write_line(line, red=line.startswith(("regressed", "FAIL", "ERROR")))
        if self._fails_on_void:
            count = len({(each.group, each.model) for each in self._standings.voids})
            terminalreporter.write_line(f"FAILED: {count} void trial(s), and --trial-fail-on-void was given", red=True)
        if self._record.complaint:
            terminalreporter.write_line(f"ERROR: {self._record.complaint}", red=True)
        elif self._record.path:
            terminalreporter.write_line(f"results: {self._record.shown_path}")

    @property
    def _fails_on_void(self) -> bool:
        return self._options.fail_on_void and bool(self._standings.voids)

    def _runner(self, item: pytest.Item, rivals: Sequence[str]) -> Callable[[TrialPlan], Measurement]:
        """Who decides when a round is due: the gate, a race against other models, or the trial itself."""
        if self._gate:
            return self._gate.run
        return partial(self._races.run, collection.race_of(item), rivals) if rivals else run_trial

    @staticmethod
    def _tell(terminalreporter: pytest.TerminalReporter, title: str, lines: Sequence[str]) -> None:
        if lines:
            terminalreporter.section(f"timetrial: {title}")
            for line in lines:
                terminalreporter.write_line(line)

    def _rivals(self, item: pytest.Item, *, in_loop: bool) -> tuple[str, ...]:
        """The models to take turns with; none where nobody asks for it, and where there can't be any."""
        if not self._options.interleave or self._gate:
            return ()
        rivals = () if in_loop else tuple(collection.rivals_of(item, item.session.items))
        if len(rivals) > 1:
            return rivals
        self._alone[item.nodeid] = "in async def tests" if in_loop else "without another model"
        return ()

    def _show_round(self, durations_s: Sequence[float]) -> None:
        if self._live and durations_s:
            self._live.round(len(durations_s), durations_s[-1])

    def _enter(
        self, item: pytest.Item, benchmark: Any, plan: TrialPlan, measurement: Measurement, *, interleaved: bool
    ) -> None:
        workload, items = plan.workload, work_of(plan)
        family = collection.family_of(item, workload)
        of = None if items is None else (id(workload), items)
        work = self._works.name(family, collection.function_of(item), of)
        if benchmark.group == collection.group_of(item, workload):  # a test may have given it a group of its own
            benchmark.group += work
        entry = Entry(
            group=benchmark.group,
            family=family + work,
            measurement=replace(
                measurement, results=()
            ),  # or later trials would have a larger client than earlier ones
            figures=figures(
                measurement,
                scale=self._options.scale,
                parameters=collection.parameters(item),
                sweeps=swept_by(item, self._options) if self._options.sweep else (),
            ),
            interleaved=interleaved,
            name=item.nodeid,
            race=collection.race_of(item),
        )
        benchmark.extra_info[KEY] = entry.figures
        self._standings.add(entry)

    def _note(self, item: pytest.Item, call: pytest.CallInfo[None], void: Void | None) -> None:
        """Writes down what a test brought: its benchmark's rounds, or why its trial is void."""
        benchmark = getattr(item, "funcargs", {}).get("benchmark")
        if benchmark is None:
            return
        if void is not None:
            model = collection.model_of(item) or item.name
            self._standings.add_failed(VoidTrial(benchmark.group or item.name, model, void))
        if call.excinfo is not None:
            self._standings.withdraw(benchmark.extra_info.get(KEY))
        elif benchmark.stats and not benchmark.has_error:
            self._record.add(item, benchmark)
            if self._record.complaint:
                item.session.shouldstop = self._record.complaint


def _void_apart(
    name: str | None, benchmarks: Sequence[dict[str, Any]]
) -> list[tuple[str | None, list[dict[str, Any]]]]:
    """A group of pytest-benchmark's table without its void trials, which are in a group of their own behind it.

    A row of an older run (--benchmark-compare) has today's extra_info, which says nothing of it.
    """
    void = [each for each in benchmarks if each.get("path") is None and void_of_entry(each)]
    fair = [each for each in benchmarks if not any(each is other for other in void)]
    for each in void:
        each.update(name=f"{each['name']} (void)", fullname=f"{each['fullname']} (void)")
    found = (name, fair), (f"{name or ''} (void)".strip(), void)
    return [(title, rows) for title, rows in found if rows]


def _alone_line(reasons: Sequence[str]) -> str:
    """What --trial-interleave could not do, in one line."""
    told = " and ".join(f"{count} {reason}" for reason, count in Counter(reasons).items())
    return f"--trial-interleave: {len(reasons)} trial(s) took no turns: {told}"


def _run_gate(config: pytest.Config, options: TrialOptions) -> RunGate | None:
    """The gate that was asked for; a baseline that can't be used ends the run before it begins."""
    if options.gate_baseline is None:
        return None
    try:
        return RunGate(options.gate_baseline, config.rootpath)
    except TimetrialError as error:
        raise pytest.UsageError(f"--trial-gate: {error}") from error
