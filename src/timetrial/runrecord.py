"""What one pytest run leaves behind: its file, written anew after each benchmark, and what kept others out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from timetrial import collection
from timetrial.errors import ResultsError, VoidTrialError
from timetrial.measure.environment import environment
from timetrial.models.startmethods import default
from timetrial.options import TrialOptions
from timetrial.results.runfile import RunFile
from timetrial.results.schema import FILE_SCHEMA_VERSION
from timetrial.results.standings import Standings
from timetrial.surroundings import Surroundings


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
        if self._options.results_directory is None:
            return
        self.benchmarks.append(benchmark.stats.as_dict(include_data=True))
        if reference := collection.reference_of(item):
            self._references_named[item.nodeid] = reference
        self._save()

    def complete(self, exitstatus: int, *, cut_short: bool) -> None:
        """The run is over: marks the file as whole, unless tests were left out."""
        if self._file:
            self._complete = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not cut_short
            self._save()

    def mark(self, gate: dict[str, Any]) -> None:
        """Adds what a gate said of the run."""
        if self._file:
            self._save(gate=gate)

    def note_trouble(self, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
        """Why a benchmark has no entry: it failed, was void or was skipped."""
        if report.passed or call.excinfo is None:
            return
        kind = "void" if isinstance(call.excinfo.value, VoidTrialError) else str(report.outcome)
        self._troubles.append({"benchmark": report.nodeid, "kind": kind, "reason": str(call.excinfo.value)})

    def _save(self, **also: Any) -> None:
        """Writes the file; what goes wrong ends the run, and is told at its end."""
        assert self._options.results_directory is not None
        try:
            if self._file is None:
                self._file = RunFile(self._options.results_directory, self._header(), self._about())
            references = {**self._standings.references(), **self._references_named}
            voids = [each.as_dict() for each in self._standings.voids]
            also = {"references": references, "troubles": self._troubles, "voids": voids, **also}
            self._file.write(self.benchmarks, complete=self._complete, also=also)
        except ResultsError as error:
            self.complaint = str(error)

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
