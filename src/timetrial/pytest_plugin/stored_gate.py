"""``--trial-gate=FILE``: one pytest run as the candidate, one launch of it, against a stored baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from timetrial.errors import TimetrialError
from timetrial.gate.findings import ExitCode, Finding, exit_code
from timetrial.gate.policy import read_policy
from timetrial.gate.stored.compare import compare_runs
from timetrial.gate.stored.run import gate_mark, read_stored, refuse_failed_gate
from timetrial.report.gate.table import GateHeader, gate_lines

# pytest's statuses: tests failed; nothing was tested, as it says where it collected no test.
_PYTEST_STATUS: Final = {ExitCode.PASS: 0, ExitCode.REGRESSION: 1, ExitCode.NOTHING_ASSERTED: 5, ExitCode.USAGE: 4}


class RunGate:
    """Reads the baseline before the run, so that a broken one costs nobody a run, and judges the run at its end.

    Raises ResultsError for a baseline that can't be used and GateError for a policy that can't be meant.
    """

    def __init__(self, baseline: Path, root: Path) -> None:
        self._baseline = read_stored(baseline)
        refuse_failed_gate(self._baseline)
        self._policy = read_policy(root)
        self._findings: Sequence[Finding] = ()
        self._candidate = "this run"
        self.complaint: str | None = None

    def judge(self, run: Path | None) -> dict[str, Any]:
        """Compares the run's finished file with the baseline; returns the mark that goes into the file."""
        try:
            if run is not None:
                self._candidate = str(run)
                self._findings = compare_runs(self._baseline, read_stored(run), self._policy)
        except TimetrialError as error:
            self.complaint = str(error)
        return gate_mark(self._baseline.where, self._exit_code, self._findings)

    @property
    def _exit_code(self) -> int:
        return ExitCode.USAGE if self.complaint else exit_code(self._findings)

    @property
    def status(self) -> int:
        """What pytest's exit status becomes, where it isn't a failure already."""
        return _PYTEST_STATUS[self._exit_code]

    def lines(self, *, every: bool) -> list[str]:
        """For the terminal: the table with its reasons and conclusion, or what kept it from one.

        ``every`` gives each benchmark a row, however many there are.
        """
        if self.complaint:
            return [f"ERROR: {self.complaint}"]
        header = GateHeader(self._baseline.where, self._candidate)
        lines = gate_lines(self._findings, self._policy, header, every=every)
        return [line.replace(f"(exit {self._exit_code})", f"(exit {self.status})") for line in lines]
