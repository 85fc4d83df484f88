"""What a gate found, for machines: JSON, and JUnit XML as CI systems read it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final
from xml.etree import ElementTree as ET

from timetrial.gate.findings import ExitCode, Finding, Verdict, exit_code
from timetrial.gate.policy import GatePolicy
from timetrial.report.escaped import in_xml
from timetrial.report.gate.reasons import one_line
from timetrial.report.gate.table import GateHeader, conclusion, effect_of, interval_of
from timetrial.system.credentials import masked
from timetrial.system.strict_json import dumps

# 1: exit_code, conclusion, base, candidate, took_s, record, policy, findings.
# Added since: launch_s, families, same_code of a finding.
SCHEMA_VERSION: Final = 1

_ELEMENTS: Final = {
    Verdict.REGRESSED: "failure",
    Verdict.INCONCLUSIVE: "error",
    Verdict.NEW: "skipped",
    Verdict.EXCUSED: "skipped",
}


def gate_json(
    findings: Sequence[Finding], policy: GatePolicy, header: GateHeader, families: Sequence[Finding] = ()
) -> str:
    """All of it, in the findings' own order; ratios are fractions, times seconds."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "exit_code": exit_code(findings, families),
        "conclusion": conclusion(findings, policy, families),
        **asdict(header),
        "policy": masked(asdict(policy)),
        "findings": [asdict(finding) for finding in findings],
        "families": [asdict(family) for family in families],
    }
    json.dumps(content, allow_nan=False)  # a figure that is none is a mistake to be told; the next line takes anything
    return json.dumps(json.loads(dumps(content)), indent=2) + "\n"


def gate_junit(
    findings: Sequence[Finding], policy: GatePolicy, header: GateHeader, families: Sequence[Finding] = ()
) -> str:
    """A test case a benchmark, and one for each test whose variants changed together.

    Regressed is a failure, inconclusive an error, new and excused are skipped.

    A gate that asserts nothing has an error of its own if no benchmark has one: CI systems show skipped as passed.
    """
    cases = [*findings, *families]
    elements = [_ELEMENTS.get(each.verdict) for each in cases]
    nothing = exit_code(findings, families) == ExitCode.NOTHING_ASSERTED and "error" not in elements
    suite = ET.Element(
        "testsuite",
        name="timetrial gate",
        tests=str(len(cases) + nothing),
        failures=str(elements.count("failure")),
        errors=str(elements.count("error") + nothing),
        skipped=str(elements.count("skipped")),
        time=f"{header.took_s or 0:.3f}",
    )
    if header.notes:
        ET.SubElement(suite, "system-out").text = in_xml("\n".join(header.notes))
    for finding in cases:
        _add_case(suite, finding)
    if nothing:
        case = ET.SubElement(suite, "testcase", classname="timetrial", name="gate", time="0")
        _add_outcome(case, "error", conclusion(findings, policy))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add_case(suite: ET.Element, finding: Finding) -> None:
    path, _, name = finding.benchmark.partition("::")
    classname = path.removesuffix(".py").replace("/", ".") if name else "timetrial"
    seconds = f"{finding.candidate_s_per_execution or 0:.9f}"
    case = ET.SubElement(
        suite, "testcase", classname=in_xml(classname), name=in_xml(name or finding.benchmark), time=seconds
    )
    summary = f"{finding.verdict} {effect_of(finding)} ({interval_of(finding)}), {finding.launches} launches"
    kind = _ELEMENTS.get(finding.verdict)
    if kind:
        message = f"{summary}: {one_line(finding.reason)}" if finding.reason else summary
        _add_outcome(case, kind, message)
    else:
        ET.SubElement(case, "system-out").text = summary


def _add_outcome(case: ET.Element, kind: str, message: str) -> None:
    """With the message twice: Jenkins shows the attribute, GitLab only the text."""
    ET.SubElement(case, kind, message=in_xml(message)).text = in_xml(message)
