"""One pytest run with trials in it: keeps what was measured, writes it as it goes, tells it at the end."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from timetrial import collection
from timetrial.errors import ResultsError, VoidTrialError
from timetrial.fixture import Trial, TrialSettings
from timetrial.measure.environment import environment
from timetrial.meter import Meter
from timetrial.models.startmethods import default, preload
from timetrial.options import TrialOptions, rounds_policy
from timetrial.race import Races
from timetrial.reference import References
from timetrial.report.live import LiveLine, terminal_of
from timetrial.report.summary import summary_lines
from timetrial.results.runfile import RunFile
from timetrial.results.schema import KEY, figures
from timetrial.results.standings import Entry, Standings, VoidTrial
from timetrial.surroundings import Surroundings
from timetrial.trial import Measurement, run_trial
from timetrial.voids import Void, void_of

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
        self._file: RunFile | None = None
        self._live: LiveLine | None = None
        self._complaint: str | None = None

    def trial(self, request: pytest.FixtureRequest, benchmark: Any, model: str) -> Trial:
        """The fixture's value for one test."""
        item: pytest.Item = request.node
        marker = item.get_closest_marker("benchmark")
        options = marker.kwargs if marker else {}
        in_loop = inspect.iscoroutinefunction(request.function)
        rivals = self._rivals(item) if self._options.interleave and not in_loop else ()
        settings = TrialSettings(
            workload=collection.workload_of(item),
            model=model,
            scale=self._options.scale,
            policy=rounds_policy(self._config, self._options.scale, options),
            accounting=self._options.accounting,
            in_loop=in_loop,
            disable_gc=options.get("disable_gc", self._config.getoption("benchmark_disable_gc")),
            start_method=self._options.start_method,
            event_loop=self._options.event_loop,
            references=self._references,
            conditions=self._surroundings.conditions,
            run=partial(self._races.run, collection.race_of(item), rivals) if rivals else run_trial,
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
            self._save(complete=ended and not (session.shouldstop or session.shouldfail))
        self._surroundings.leave()
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
            figures=figures(measurement, scale=self._options.scale),
            interleaved=interleaved,
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
            self._save()
            if self._complaint:
                item.session.shouldstop = self._complaint

    def _save(self, *, complete: bool = False) -> None:
        """Writes the file; what went wrong ends the run, and is told at its end."""
        assert self._options.results_directory is not None
        try:
            if self._file is None:
                self._file = RunFile(self._options.results_directory, self._header(), self._about())
            voids = [each.as_dict() for each in self._standings.voids]
            self._file.write(self._benchmarks, complete=complete, voids=voids)
        except ResultsError as error:
            self._complaint = str(error)

    def _about(self) -> dict[str, Any]:
        """Asked for at the first benchmark's end, when its imports have shown whether they let go of the GIL."""
        options = self._options
        where = environment(event_loop=options.event_loop, start_method=options.start_method or default())
        return {"environment": where | {"load": self._surroundings.load}}

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


def _relative(file: RunFile, config: pytest.Config) -> str:
    path = file.path
    return str(path.relative_to(config.rootpath)) if path.is_relative_to(config.rootpath) else str(path)
