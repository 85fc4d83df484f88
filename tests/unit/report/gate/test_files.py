"""What machines read of a gate: JSON with everything in it, and JUnit XML that any CI system takes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from tests.unit.report.gate.gate_findings import ALL, EXCUSED, HEADER, IMPROVED, NEW, OPEN, POLICY, REGRESSED, UNCHANGED
from timetrial.gate.findings import Finding, exit_code
from timetrial.report.gate.files import gate_json, gate_junit


def test_the_json_holds_all_that_was_found_and_asked_for() -> None:
    """In the findings' own order, with plain words for verdicts."""
    content = json.loads(gate_json(ALL, POLICY, HEADER))
    assert content["schema_version"] == 1
    assert content["exit_code"] == 1
    assert content["conclusion"].startswith("FAIL: 2 of 7")
    assert (content["base"], content["candidate"]) == ("origin/main (25c68cc)", "the working tree")
    assert content["policy"]["detect"] == 0.05
    assert [each["benchmark"] for each in content["findings"]] == [each.benchmark for each in ALL]
    assert content["findings"][1] == {
        "benchmark": "suite/a.py::test_slow[threads-8]",
        "verdict": "regressed",
        "effect": 0.082,
        "low": pytest.approx(0.062),
        "high": pytest.approx(0.102),
        "confidence": 0.953,
        "launches": 12,
        "base_s_per_execution": 0.010,
        "candidate_s_per_execution": pytest.approx(0.01082),
        "against": None,
        "noise_floor": None,
        "more_launches": None,
        "variants": None,
        "reason": None,
        "same_code": False,
    }


def test_json_never_holds_what_json_cannot() -> None:
    """A not-a-number is an error here rather than in whoever reads it."""
    with pytest.raises(ValueError, match="JSON"):
        gate_json([replace(UNCHANGED, effect=float("nan"))], POLICY, HEADER)


def suite_of(findings: list[Finding]) -> ET.Element:
    """The test suite in the JUnit file, after checking what schemas ask of it, and what Jenkins and GitLab read."""
    text = gate_junit(findings, POLICY, HEADER)
    root = ET.fromstring(text.encode())
    assert root.tag == "testsuites"
    (suite,) = root
    assert set(suite.attrib) == {"name", "tests", "failures", "errors", "skipped", "time"}
    assert int(suite.get("tests", "")) == len(suite)
    for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert int(suite.get(attribute, "")) == len(suite.findall(f"testcase/{kind}"))
    counts = [int(suite.get(each, "")) for each in ("failures", "errors", "skipped")]
    assert int(suite.get("tests", "")) == sum(counts) + len(suite.findall("testcase/system-out"))
    assert re.fullmatch(r"[0-9]+\.[0-9]+", suite.get("time", ""))
    for case in suite:
        assert case.tag == "testcase"
        assert set(case.attrib) == {"classname", "name", "time"}
        assert case.get("classname")
        assert case.get("name")
        assert float(case.get("time", "")) >= 0
        (outcome,) = case
        assert outcome.text  # what GitLab shows, and Jenkins as the details
        assert outcome.get("message") == (None if outcome.tag == "system-out" else outcome.text)
    assert len({(case.get("classname"), case.get("name")) for case in suite}) == len(suite)  # GitLab's key
    failed = any(counts[:2])
    assert failed is (exit_code(findings) != 0)
    return suite


def test_junit_has_a_case_for_each_benchmark() -> None:
    """Regressed fails, inconclusive is an error, new and excused are skipped, the others pass."""
    suite = suite_of(list(ALL))
    kinds = {case.get("name"): case[0].tag for case in suite}
    assert kinds == {
        "test_same[serial]": "system-out",
        "test_slow[threads-8]": "failure",
        "test_wild": "error",
        "test_fast": "system-out",
        "test_new": "skipped",
        "test_old": "skipped",
        "test_slower": "failure",
    }
    assert {case.get("classname") for case in suite} == {
        "suite.a", "suite.b", "suite.c",
    }  # fmt: skip


def test_junit_says_by_how_much_and_why() -> None:
    """In the message that CI systems show."""
    slow, wild, fast = suite_of([REGRESSED, OPEN, IMPROVED])
    assert slow[0].get("message") == "regressed +8.2% (+6.2% to +10.2%), 12 launches"
    assert wild[0].get("message") == "inconclusive +4.0% (+2.0% to +6.0%), 12 launches: its launches scatter by 9.0%"
    assert fast[0].text == "improved -12.0% (-14.0% to -10.0%), 12 launches"


def test_a_gate_without_benchmarks_is_an_error_in_junit_too() -> None:
    """An empty suite would be shown as passed."""
    (case,) = suite_of([])
    assert case[0].tag == "error"
    assert "no benchmark to compare" in (case[0].get("message") or "")


@pytest.mark.parametrize("skipped", [[NEW], [EXCUSED], [NEW, EXCUSED]])
def test_a_gate_that_skipped_all_its_benchmarks_is_an_error_in_junit_too(skipped: list[Finding]) -> None:
    """Skipped cases are shown as passed."""
    *cases, last = suite_of(skipped)
    assert [case[0].tag for case in cases] == ["skipped"] * len(skipped)
    assert (last.get("name"), last[0].tag) == ("gate", "error")
    assert "NOTHING ASSERTED: none of" in (last[0].get("message") or "")


def test_an_open_benchmark_is_error_enough() -> None:
    """Nothing is counted twice, and a pass has no error."""
    assert [case[0].tag for case in suite_of([OPEN, NEW])] == ["error", "skipped"]
    assert [case[0].tag for case in suite_of([UNCHANGED, EXCUSED])] == ["system-out", "skipped"]


def test_what_xml_cannot_hold_is_replaced() -> None:
    """Error messages bring a terminal's escapes, and node ids anything at all."""
    odd = replace(NEW, benchmark="t.py::test[\x00<&>]", reason="\x1b[31mred\x1b[0m \ud800")
    case, _ = suite_of([odd])
    assert case.get("name") == r"test[\x00<&>]"
    assert "[31mred" in (case[0].get("message") or "")
