"""One pytest run with trials in it: keeps what was measured, writes it as it goes, tells it at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from timetrial.environment.identity import baseline_lines, this_python
from timetrial.errors import TimetrialError, VoidTrialError
from timetrial.gate import AGENT
from timetrial.models.pool.start_methods import preload
from timetrial.pytest_plugin import collection
from timetrial.pytest_plugin.claims_line import claims_line
from timetrial.pytest_plugin.conductor import ENTRY, TrialConductor
from timetrial.pytest_plugin.fixture import Trial
from timetrial.pytest_plugin.foreign_fixture import is_pytest_benchmarks, whose
from timetrial.pytest_plugin.meter import Meter
from timetrial.pytest_plugin.options import TrialOptions, rounds_policy
from timetrial.pytest_plugin.run_record import RunRecord
from timetrial.pytest_plugin.stored_gate import RunGate
from timetrial.pytest_plugin.trial_item import TrialTest
from timetrial.pytest_plugin.trial_times import TrialTimes
from timetrial.report.accounting import accounting_lines
from timetrial.report.curves import curve_lines
from timetrial.report.escaped import in_terminal
from timetrial.report.openloop import open_loop_lines
from timetrial.report.progress.trials import TrialsLog, TrialsProgress, best_line, terminal_of
from timetrial.report.summary import summary_lines
from timetrial.results.curves import shapes
from timetrial.results.figures import void_of_entry
from timetrial.results.standings import Standings, VoidTrial
from timetrial.trial.conditions import RunConditions
from timetrial.trial.settings import OpenLoop, RunSettings
from timetrial.trial.void import Void, void_of

if TYPE_CHECKING:
    from timetrial.gate.lockstep.agent import Agent

_METER = pytest.StashKey[Meter]()


class TrialSession:
    """Registered with pytest only when a run has trials, so that other runs pay nothing for it."""

    def __init__(self, config: pytest.Config, options: TrialOptions) -> None:
        self._config = config
        self._options = options
        self._standings = Standings()
        self._conditions = RunConditions(steal=options.steal_limit, foreign_cpu=options.foreign_cpu_limit)
        self._record = RunRecord(config, options, self._conditions, self._standings)
        self._live: TrialsProgress | None = None
        self._log: TrialsLog | None = None
        self._trials: dict[str, pytest.Item] = {}
        self._tests: Sequence[pytest.Item] = ()
        self._times = _trial_times(config, options)
        self._gate: Agent | None = config.pluginmanager.getplugin(AGENT)
        self._settings: RunSettings | None = None  # built for the first trial: by then the machine was looked at
        self._conductor = TrialConductor(options, self._standings, self._gate)
        self._run_gate = _run_gate(config, options)

    def trial(self, request: pytest.FixtureRequest, benchmark: Any) -> Trial:
        """The value of the ``trial`` fixture for one test, which is asked for after the run began."""
        if not is_pytest_benchmarks(benchmark):
            pytest.skip(
                f"a trial needs pytest-benchmark's fixture, and `benchmark` is {whose(benchmark)}: "
                f"run trials without that plugin's option"
            )
        settings = self._settings = self._settings or self._run_settings(timed=benchmark.enabled)
        return Trial(TrialTest(request, benchmark, request.node.stash[_METER], settings), self._conductor)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Has worker processes begin with the tests' modules loaded; opens the live line on a terminal."""
        self._tests = session.items
        trials = [item for item in self._tests if collection.model_of(item) is not None]
        preload(dict.fromkeys(module for item in trials for module in collection.workload_of(item).modules()))
        self._conditions.enter()
        self._begin_progress(session.config, trials)

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
            self._live.begin(f"{settings['group']}  {model}", best_line(self._standings, settings["group"]))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Before a test's own output, in a log: now and then how far the run is."""
        item = self._trials.get(nodeid) if self._log else None
        reporter = item.config.pluginmanager.getplugin("terminalreporter") if item is not None else None
        if self._log is None or item is None or reporter is None:
            return
        group = collection.group_of(item, collection.workload_of(item))
        line = self._log.line(f"{group}  {collection.model_of(item)}", best_line(self._standings, group))
        if line is not None:
            reporter.ensure_newline()
            reporter.write_line(in_terminal(line))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """After each phase of a test, writes down what it brought, and why its trial is void if it is."""
        void = void_of(call.excinfo.value) if call.excinfo is not None and collection.model_of(item) else None
        if void is not None and call.excinfo is not None and not isinstance(call.excinfo.value, VoidTrialError):
            call.excinfo.value.add_note(f"timetrial: the trial is void: {void}")
        report = yield
        if "benchmark" in getattr(item, "fixturenames", ()):
            self._record.note_trouble(report, call, void)
        if call.when == "call":
            self._note(item, call, void)
        if collection.model_of(item) is not None:
            self._times.add(item.nodeid, call.duration)
        if self._log and call.when == "teardown" and collection.model_of(item) is not None:
            self._log.end()
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
        self._conditions.leave()
        self._times.save()
        if self._run_gate:
            self._record.mark(self._run_gate.judge(self._record.path if self._record.benchmarks else None))
            session.exitstatus = session.exitstatus or self._run_gate.status
        if self._record.complaint:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif self._fails_on_void and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_benchmark_update_json(self, output_json: dict[str, Any]) -> None:
        """Before pytest-benchmark stores its own file: speed-ups are known now."""
        self._record.join(output_json["benchmarks"])

    @pytest.hookimpl(wrapper=True, optionalhook=True)
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
            for line in [*lines, *baseline_lines(this_python())]:
                terminalreporter.write_line(
                    in_terminal(line), red=line.startswith(("void: ", "no accounting: ", "no open loop: "))
                )
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
        if longest := self._times.longest_line():
            terminalreporter.write_line(in_terminal(longest))
        if alone := self._conductor.alone_line():
            terminalreporter.write_line(in_terminal(alone))
        if self._run_gate:
            terminalreporter.section("timetrial: the gate")
            for line in self._run_gate.lines(every=self._config.get_verbosity() > 0):
                terminalreporter.write_line(in_terminal(line), red=line.startswith(("regressed", "FAIL", "ERROR")))
        if self._fails_on_void:
            count = len({(each.group, each.model) for each in self._standings.voids})
            terminalreporter.write_line(f"FAILED: {count} void trial(s), and --trial-fail-on-void was given", red=True)
        if self._record.complaint:
            terminalreporter.write_line(in_terminal(f"ERROR: {self._record.complaint}"), red=True)
        elif self._record.path:
            tested = None if self._gate else claims_line(self._record.path, self._tests, self._record.shown_path)
            if tested:
                terminalreporter.write_line(in_terminal(tested))
            terminalreporter.write_line(in_terminal(f"results: {self._record.shown_path}"))

    @property
    def _fails_on_void(self) -> bool:
        return self._options.fail_on_void and bool(self._standings.voids)

    def _run_settings(self, *, timed: bool) -> RunSettings:
        options = self._options
        return RunSettings(
            scale=options.scale,
            start_method=options.start_method,
            event_loop=options.event_loop,
            dask_scheduler=options.dask_scheduler,
            timed=timed,
            conditions=self._conditions.conditions(in_lock_step=bool(self._gate)),
            accounting=options.accounting,
            open_loop=OpenLoop(*options.open_loop) if options.open_loop else None,
            on_round=self._show_round,
        )

    @staticmethod
    def _tell(terminalreporter: pytest.TerminalReporter, title: str, lines: Sequence[str]) -> None:
        if lines:
            terminalreporter.section(f"timetrial: {title}")
            for line in lines:
                terminalreporter.write_line(in_terminal(line))

    def _begin_progress(self, config: pytest.Config, trials: Sequence[pytest.Item]) -> None:
        """A live line on a terminal, a line now and then in a log; nothing with -q, and where a gate has its own."""
        if not trials or self._gate or config.option.collectonly or config.option.verbose < 0:
            return
        expected_s = [self._times.expected_s(item.nodeid) for item in trials]
        stream = terminal_of()
        if stream is not None:
            self._live = TrialsProgress(stream, expected_s)
        else:
            self._log, self._trials = TrialsLog(expected_s), {item.nodeid: item for item in trials}

    def _show_round(self, rounds: int, last_s: float) -> None:
        if self._live and rounds:
            self._live.round(rounds, last_s)

    def _note(self, item: pytest.Item, call: pytest.CallInfo[None], void: Void | None) -> None:
        """Writes down what a test brought: its benchmark's rounds, or why its trial is void."""
        benchmark = getattr(item, "funcargs", {}).get("benchmark")
        if benchmark is None or not is_pytest_benchmarks(benchmark):
            return
        if void is not None:
            model = collection.model_of(item) or item.name
            self._standings.add_failed(VoidTrial(benchmark.group or item.name, model, void))
        entry = item.stash.get(ENTRY, None)
        if call.excinfo is not None:
            if entry is not None:
                self._standings.withdraw(entry)
        elif benchmark.stats and not benchmark.has_error:
            self._record.add(item, benchmark, entry)
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


def _trial_times(config: pytest.Config, options: TrialOptions) -> TrialTimes:
    """What this run's tests will take; without a memory where they aren't timed as usual."""
    as_usual = (
        not getattr(config.pluginmanager.getplugin("pytest-benchmark"), "disabled", False)
        and not config.pluginmanager.hasplugin(AGENT)
        and not config.getoption("collectonly")
    )
    policy = rounds_policy(config, options.scale, {})
    return TrialTimes(getattr(config, "cache", None) if as_usual else None, options.scale, policy.max_time_s)


def _run_gate(config: pytest.Config, options: TrialOptions) -> RunGate | None:
    """The gate that was asked for; a baseline that can't be used ends the run before it begins."""
    if options.gate_baseline is None:
        return None
    try:
        return RunGate(options.gate_baseline, config.rootpath)
    except TimetrialError as error:
        raise pytest.UsageError(f"--trial-gate: {error}") from error
