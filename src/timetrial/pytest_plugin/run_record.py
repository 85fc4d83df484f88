"""What one pytest run leaves behind: its file, written anew after each benchmark, and what kept others out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from timetrial.environment.record import environment, gil_enabled
from timetrial.errors import ResultsError
from timetrial.models.pool.start_methods import default
from timetrial.pytest_plugin import collection
from timetrial.pytest_plugin.options import TrialOptions
from timetrial.results.runfile import RunFile
from timetrial.results.schema import FILE_SCHEMA_VERSION
from timetrial.results.standings import Standings
from timetrial.trial.run_conditions import Surroundings
from timetrial.trial.void import Void


class RunRecord:
    """The benchmarks of a run so far, and their file.

    ``complaint`` says why it can't be written, which ends the run.
    """

    def __init__(
        self, config: pytest.Config, options: TrialOptions, surroundings: Surroundings, standings: Standings
    ) -> None:
        self._config = config
        self._options = options
        self._surroundings = surroundings
        self._standings = standings
        self._references_named: dict[str, str] = {}
        self._troubles: list[dict[str, str]] = []
        self._settled: set[str] = set()  # the tests whose entry or trouble is known
        self._environment: dict[str, Any] = {}
        self._file: RunFile | None = None
        self._complete = False
        self.benchmarks: list[dict[str, Any]] = []
        self.complaint: str | None = None

    @property
    def path(self) -> Path | None:
        """Where the file is, once there is one."""
        return self._file.path if self._file else None

    @property
    def shown_path(self) -> str | None:
        """The same for people: relative to the project, where it lies in it."""
        path, root = self.path, self._config.rootpath
        if path is None:
            return None
        return str(path.relative_to(root) if path.is_relative_to(root) else path)

    def add(self, item: pytest.Item, benchmark: Any) -> None:
        """A test's benchmark is through."""
        self._settled.add(item.nodeid)
        self.benchmarks.append(benchmark.stats.as_dict(include_data=True))
        if reference := collection.reference_of(item):
            self._references_named[item.nodeid] = reference
        if self._options.results_directory is not None:
            self._save()

    def complete(self, exitstatus: int, *, cut_short: bool) -> None:
        """The run is over: marks the file as whole, unless tests were left out.

        Where no benchmark came through there is none yet: then this one tells why, unless all were only skipped.
        """
        if self._file or self._failed_altogether():
            self._complete = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not cut_short
            if python := self._environment.get("python"):  # what was imported since may have switched the GIL on again
                self._environment["python"] = {**python, "gil_enabled": gil_enabled()}
            self._save()

    def mark(self, gate: dict[str, Any]) -> None:
        """Adds what a gate said of the run."""
        if self._file:
            self._save(gate=gate)

    def _failed_altogether(self) -> bool:
        """Whether a run that was to be kept brought nothing but troubles; one that times nothing has none to keep."""
        asked = self._options.results_directory is not None and self.complaint is None
        timed = not getattr(self._config.pluginmanager.getplugin("pytest-benchmark"), "disabled", False)
        return asked and timed and any(each["kind"] != "skipped" for each in self._troubles)

    def note_trouble(self, report: pytest.TestReport, call: pytest.CallInfo[None], void: Void | None) -> None:
        """Why a benchmark has no entry: it failed, was void or was skipped."""
        if report.passed or call.excinfo is None or (call.when == "teardown" and report.nodeid in self._settled):
            return
        self._settled.add(report.nodeid)
        kind = "void" if void is not None and report.failed else str(report.outcome)
        self._troubles.append({"benchmark": report.nodeid, "kind": kind, "reason": str(call.excinfo.value)})

    def _save(self, **also: Any) -> None:
        """Writes the file; what goes wrong ends the run, and is told at its end."""
        assert self._options.results_directory is not None
        try:
            if self._file is None:
                self._environment = self._asked_environment()
                schema = {"schema_version": FILE_SCHEMA_VERSION}
                self._file = RunFile(self._options.results_directory, self._header(), schema)
            references = {**self._standings.references(), **self._references_named}
            voids = [each.as_dict() for each in self._standings.voids]
            also = {"troubles": self._troubles, "voids": voids, "references": references, **also}
            also["environment"] = self._environment
            self._file.write(self.benchmarks, complete=self._complete, also=also)
        except ResultsError as error:
            self.complaint = str(error)

    def _asked_environment(self) -> dict[str, Any]:
        """Asked for at the first benchmark's end, when its imports have shown whether they let go of the GIL."""
        options = self._options
        where = environment(event_loop=options.event_loop, start_method=options.start_method or default())
        return where | {"load": self._surroundings.load}

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
