"""What one pytest run leaves behind: its file, written anew after each benchmark, and what kept others out of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from timetrial.environment.record import environment, gil_enabled
from timetrial.errors import ResultsError
from timetrial.models.pool.start_methods import default
from timetrial.pytest_plugin import collection
from timetrial.pytest_plugin.installed_first import PROJECT
from timetrial.pytest_plugin.options import TrialOptions
from timetrial.results.runfile import RunFile
from timetrial.results.schema import FILE_SCHEMA_VERSION, KEY
from timetrial.results.standings import Entry, Standings
from timetrial.system.clocks import clocks
from timetrial.system.credentials import masked, without_secrets
from timetrial.trial.conditions import RunConditions
from timetrial.trial.void import Void


class RunRecord:
    """The benchmarks of a run so far, and their file.

    ``complaint`` says why it can't be written, which ends the run.
    """

    def __init__(
        self, config: pytest.Config, options: TrialOptions, conditions: RunConditions, standings: Standings
    ) -> None:
        self._config = config
        self._options = options
        self._conditions = conditions
        self._standings = standings
        self._references_named: dict[str, str] = {}
        self._troubles: list[dict[str, str]] = []
        self._settled: set[str] = set()  # the tests whose entry or trouble is known
        self._environment: dict[str, Any] = {}
        self._file: RunFile | None = None
        self._complete = False
        self._kept: list[tuple[dict[str, Any], Entry | None]] = []
        self.complaint: str | None = None

    @property
    def benchmarks(self) -> list[dict[str, Any]]:
        """All that came through so far, as they are stored: each trial with what the others say of it."""
        return [joined(benchmark, self._standings, entry) for benchmark, entry in self._kept]

    def join(self, stored: Sequence[dict[str, Any]]) -> None:
        """Writes what trials say of each other into pytest-benchmark's own entries, before it stores them."""
        entries = {entry.name: entry for _, entry in self._kept if entry is not None}
        for benchmark in stored:
            benchmark.update(joined(benchmark, self._standings, entries.get(benchmark["fullname"])))

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

    def add(self, item: pytest.Item, benchmark: Any, entry: Entry | None) -> None:
        """A test's benchmark is through; ``entry`` is its trial, if it has one."""
        self._settled.add(item.nodeid)
        self._kept.append((benchmark.stats.as_dict(include_data=True), entry))
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
        """Adds what a gate said of the run, ready for JSON, and writes the file anew; called once, at the end."""
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
        reason = without_secrets(str(call.excinfo.value))
        self._troubles.append({"benchmark": report.nodeid, "kind": kind, "reason": reason})

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
            if project := self._config.stash.get(PROJECT, None):
                also["modules"] = project.found(dict(sys.modules))
            self._file.write(self.benchmarks, complete=self._complete, also=also)
        except ResultsError as error:
            self.complaint = str(error)

    def _asked_environment(self) -> dict[str, Any]:
        """Asked for at the first benchmark's end, when its imports have shown whether they let go of the GIL."""
        options = self._options
        where = environment(event_loop=options.event_loop, start_method=options.start_method or default())
        facts: dict[str, Any] = masked({**where, "load": self._conditions.load})
        return facts

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
        # A test may have frozen the time when its benchmark is the first to be written.
        return {**header, "datetime": clocks.utc_now().isoformat()}


def joined(benchmark: dict[str, Any], standings: Standings, entry: Entry | None) -> dict[str, Any]:
    """A stored benchmark with its trial's figures as they stand among the others; any other one as it is."""
    if entry is None:
        return benchmark
    return {**benchmark, "extra_info": {**benchmark["extra_info"], KEY: standings.compared(entry)}}
