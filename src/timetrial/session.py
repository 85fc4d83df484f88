"""One pytest run with trials in it: keeps what was measured, writes it as it goes, tells it at the end."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from timetrial import collection
from timetrial.errors import ResultsError, TimetrialError, VoidTrialError
from timetrial.fixture import Trial, TrialSettings
from timetrial.gate import AGENT
from timetrial.measure.environment import environment
from timetrial.meter import Meter
from timetrial.models.startmethods import default, preload
from timetrial.openloop import OpenLoop
from timetrial.options import TrialOptions, rounds_policy
from timetrial.race import Races
from timetrial.reference import References
from timetrial.report.accounting import accounting_lines
from timetrial.report.curves import curve_lines
from timetrial.report.live import LiveLine, terminal_of
from timetrial.report.openloop import open_loop_lines
from timetrial.report.summary import summary_lines
from timetrial.results.curves import shapes
from timetrial.results.runfile import RunFile
from timetrial.results.schema import FILE_SCHEMA_VERSION, KEY, figures
from timetrial.results.standings import Entry, Standings, VoidTrial
from timetrial.rungate import RunGate
from timetrial.surroundings import Surroundings
from timetrial.sweeps import swept_by
from timetrial.trial import Measurement, TrialPlan, run_trial, run_trial_in_loop
from timetrial.voids import Void, void_of

if TYPE_CHECKING:
    from timetrial.gate.agent import Agent

_METER = pytest.StashKey[Meter]()


class TrialSession:
    """Registered with pytest only when a run has trials, so that other runs pay nothing for it."""

    def __init__(self, config: pytest.Config, options: TrialOptions) -> None:
        self._config = config
        self._options = options
        self._references = References()
        self._races = Races()
        self._standings = Standings()
        self._surroundings = Surroundings(steal=options.steal_limit, foreign_cpu=options.foreign_cpu_limit)
        self._benchmarks: list[dict[str, Any]] = []
        self._references_named: dict[str, str] = {}
        self._troubles: list[dict[str, str]] = []
        self._file: RunFile | None = None
        self._live: LiveLine | None = None
        self._complaint: str | None = None
        self._complete = False
        self._gate: Agent | None = config.pluginmanager.getplugin(AGENT)
        self._run_gate = _run_gate(config, options)

    def trial(self, request: pytest.FixtureRequest, benchmark: Any, model: str) -> Trial:
        """The fixture's value for one test."""
        item: pytest.Item = request.node
        marker = item.get_closest_marker("benchmark")
        options = marker.kwargs if marker else {}
        in_loop = inspect.iscoroutinefunction(request.function)
        rivals = self._rivals(item) if self._options.interleave and not (in_loop or self._gate) else ()
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
            on_measured=lambda measurement: self._enter(item, benchmark, measurement, interleaved=bool(rivals)),
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
        settings.setdefault("group", collection.group_of(item, workload))
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
        if call.when != "teardown" and "benchmark" in getattr(item, "fixturenames", ()):
            self._note_trouble(report, call)
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
        if self._file:
            ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
            self._complete = ended and not (session.shouldstop or session.shouldfail)
            self._save(complete=self._complete)
        self._surroundings.leave()
        if self._run_gate:
            mark = self._run_gate.judge(self._file.path if self._file else None)
            if self._file:
                self._save(complete=self._complete, gate=mark)
            session.exitstatus = session.exitstatus or self._run_gate.status
        if self._complaint:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif self._fails_on_void and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints the table and where the results are."""
        lines = summary_lines(self._standings)
        if lines:
            terminalreporter.section("timetrial: the fastest model of each workload")
            for line in lines:
                terminalreporter.write_line(line, red=line.startswith("void:"))
        self._tell(terminalreporter, "what each model costs", accounting_lines(self._standings.entries))
        self._tell(
            terminalreporter, "open loop: latency from when an item was due", open_loop_lines(self._standings.entries)
        )
        if self._options.sweep:
            self._tell(
                terminalreporter, "curves, in time per item", curve_lines(shapes({"benchmarks": self._benchmarks}))
            )
        if self._run_gate:
            terminalreporter.section("timetrial: the gate")
            for line in self._run_gate.lines():
                terminalreporter.write_line(line, red=line.startswith(("regressed", "FAIL", "ERROR")))
        if self._fails_on_void:
            count = len({(each.group, each.model) for each in self._standings.voids})
            terminalreporter.write_line(f"FAILED: {count} void trial(s), and --trial-fail-on-void was given", red=True)
        if self._complaint:
            terminalreporter.write_line(f"ERROR: {self._complaint}", red=True)
        elif self._file:
            terminalreporter.write_line(f"results: {_relative(self._file, self._config)}")

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

    def _rivals(self, item: pytest.Item) -> tuple[str, ...]:
        """The models to take turns with; none for a trial that is alone in its group."""
        rivals = collection.rivals_of(item, item.session.items)
        return tuple(rivals) if len(rivals) > 1 else ()

    def _show_round(self, durations_s: Sequence[float]) -> None:
        if self._live and durations_s:
            self._live.round(len(durations_s), durations_s[-1])

    def _enter(self, item: pytest.Item, benchmark: Any, measurement: Measurement, *, interleaved: bool) -> None:
        entry = Entry(
            group=benchmark.group,
            family=collection.family_of(item, collection.workload_of(item)),
            measurement=measurement,
            figures=figures(
                measurement,
                scale=self._options.scale,
                parameters=collection.parameters(item),
                sweeps=swept_by(item, self._options) if self._options.sweep else (),
            ),
            interleaved=interleaved,
            name=item.nodeid,
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
        elif benchmark.stats and not benchmark.has_error and self._options.results_directory:
            self._benchmarks.append(benchmark.stats.as_dict(include_data=True))
            if reference := collection.reference_of(item):
                self._references_named[item.nodeid] = reference
            self._save()
            if self._complaint:
                item.session.shouldstop = self._complaint

    def _note_trouble(self, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
        """Why a benchmark has no entry: it failed, was void or was skipped."""
        if report.passed or call.excinfo is None:
            return
        kind = "void" if isinstance(call.excinfo.value, VoidTrialError) else str(report.outcome)
        self._troubles.append({"benchmark": report.nodeid, "kind": kind, "reason": str(call.excinfo.value)})

    def _save(self, *, complete: bool = False, **also: Any) -> None:
        """Writes the file; what went wrong ends the run, and is told at its end."""
        assert self._options.results_directory is not None
        try:
            if self._file is None:
                self._file = RunFile(self._options.results_directory, self._header(), self._about())
            references = {**self._standings.references(), **self._references_named}
            voids = [each.as_dict() for each in self._standings.voids]
            also = {"references": references, "troubles": self._troubles, "voids": voids, **also}
            self._file.write(self._benchmarks, complete=complete, also=also)
        except ResultsError as error:
            self._complaint = str(error)

    def _about(self) -> dict[str, Any]:
        """Asked for at the first benchmark's end, when its imports have shown whether they let go of the GIL."""
        options = self._options
        where = environment(event_loop=options.event_loop, start_method=options.start_method or default())
        return {"schema_version": FILE_SCHEMA_VERSION, "environment": where | {"load": self._surroundings.load}}

    def _header(self) -> dict[str, Any]:
        hook = self._config.hook
        machine_info = hook.pytest_benchmark_generate_machine_info(config=self._config)
        hook.pytest_benchmark_update_machine_info(config=self._config, machine_info=machine_info)
        commit_info = hook.pytest_benchmark_generate_commit_info(config=self._config)
        hook.pytest_benchmark_update_commit_info(config=self._config, commit_info=commit_info)
        header: dict[str, Any] = hook.pytest_benchmark_generate_json(
            config=self._config,
            benchmarks=[],
            include_data=True,
            machine_info=machine_info,
            commit_info=commit_info,
        )
        return header


def _run_gate(config: pytest.Config, options: TrialOptions) -> RunGate | None:
    """The gate that was asked for; a baseline that can't be used ends the run before it begins."""
    if options.gate_baseline is None:
        return None
    try:
        return RunGate(options.gate_baseline, config.rootpath)
    except TimetrialError as error:
        raise pytest.UsageError(f"--trial-gate: {error}") from error


def _relative(file: RunFile, config: pytest.Config) -> str:
    path = file.path
    return str(path.relative_to(config.rootpath)) if path.is_relative_to(config.rootpath) else str(path)
