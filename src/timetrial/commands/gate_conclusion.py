"""What a gate's command says at its end: the verdicts, the reports that were asked for, the exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from timetrial.errors import GateError
from timetrial.gate.findings import ExitCode, Finding, exit_code
from timetrial.gate.policy import GatePolicy
from timetrial.report.escaped import lines_in_terminal, shown
from timetrial.report.gate.files import gate_json, gate_junit
from timetrial.report.gate.markdown import gate_markdown
from timetrial.report.gate.table import GateHeader, gate_lines
from timetrial.system.files import replace_file, writing


def conclude(
    options: argparse.Namespace,
    findings: Sequence[Finding],
    policy: GatePolicy,
    header: GateHeader,
    families: Sequence[Finding] = (),
) -> int:
    """Shows the verdicts, writes them where that was asked for, and turns them into the exit status.

    A report that can't be written is told beside the verdicts, and a pass or an open gate ends with 2 for it; it hides
    no regression, and keeps no other report from being written.
    """
    print(shown(gate_lines(findings, policy, header, families, every=options.verbose)))
    failures = [each for each in _write_reports(options, findings, policy, header, families) if each]
    for failure in failures:
        print(lines_in_terminal(f"timetrial gate: {failure}"), file=sys.stderr)
    status = exit_code(findings, families)
    return ExitCode.USAGE if failures and status != ExitCode.REGRESSION else status


def _write_reports(
    options: argparse.Namespace,
    findings: Sequence[Finding],
    policy: GatePolicy,
    header: GateHeader,
    families: Sequence[Finding],
) -> Iterator[GateError | None]:
    for path, text in ((options.json, gate_json), (options.junit, gate_junit), (options.markdown, gate_markdown)):
        if path is not None:
            yield _write(path, text(findings, policy, header, families), "w")
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        yield _write(Path(summary), gate_markdown(findings, policy, header, families) + "\n", "a")


def _write(path: Path, text: str, mode: str) -> GateError | None:
    """What kept it from being written, if anything did; a report is replaced as a whole, a summary is added to."""
    content = text.encode(errors="backslashreplace")
    try:
        with writing(path, error=GateError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if mode == "w" and (path.is_file() or not path.exists()):  # a device, such as /dev/stdout, is written to
                replace_file(path, content)
            else:
                with path.open("ab") as file:
                    file.write(content)
    except GateError as error:
        return error
    return None
