"""Two sides' notes come to what is not measured, and to a word on why the rest is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from timetrial.gate.findings import Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SameCode
from timetrial.gate.same_code.agreement import Noted, SideNoted, agree
from timetrial.gate.verdicts import A_FAULT_OF_OURS, judge
from timetrial.report.gate.table import conclusion, same_code_lines

COMMON = Noted({"Python": "1", "distribution numpy": "2"})
NAMES = [f"t.py::test_{number}" for number in range(200)]
SIDE = SideNoted(COMMON, {name: Noted({f"function {name}": "3", "file {files}/a.txt": "4"}) for name in NAMES})
SAME = SameCode("0", 1, 0, 1)


def test_what_is_the_same_all_through_rests_on_what_was_compared() -> None:
    """And one in ten is drawn by lot, the same ones for the same seed."""
    found = agree(SIDE, SIDE, NAMES, seed=7, lot=0.1)
    assert not found.differing
    same = found.same[NAMES[0]]
    assert (same.functions, same.distributions, same.files) == (1, 1, ("{files}/a.txt",))
    drawn = [name for name, each in found.same.items() if each.drawn]
    assert 8 <= len(drawn) <= 35
    assert drawn == [name for name, each in agree(SIDE, SIDE, NAMES, seed=7, lot=0.1).same.items() if each.drawn]
    assert not any(each.drawn for each in agree(SIDE, SIDE, NAMES, seed=7, lot=0.0).same.values())


@pytest.mark.parametrize(
    ("common", "said"),
    [
        (Noted({"Python": "2", "distribution numpy": "2"}), "Python differs"),
        (Noted({"Python": "1"}), "distribution numpy differs"),
        (Noted(COMMON.facts, ["a process was started"]), "can't be seen: a process was started"),
    ],
)
def test_what_differs_for_all_has_all_measured(common: Noted, said: str) -> None:
    """Another Python, another library, or what nobody can see."""
    found = agree(SIDE, replace(SIDE, common=common), NAMES, seed=1, lot=0.1)
    assert not found.same
    assert set(found.differing.values()) == {said}
    assert found.lines() == ["0 of 200 benchmarks run the same code on both sides", f"  200 measured: {said}"]


def test_what_differs_for_one_has_that_one_measured() -> None:
    """Another fact, one that only a side has, or one of which a side said nothing."""
    others = dict(SIDE.benchmarks)
    others[NAMES[0]] = Noted({f"function {NAMES[0]}": "30", "file {files}/a.txt": "4"})
    others[NAMES[1]] = Noted({})
    del others[NAMES[2]]
    others[NAMES[3]] = Noted(SIDE.benchmarks[NAMES[3]].facts, ["it talked to 192.0.2.1"])
    for one, other in ((SIDE, SideNoted(COMMON, others)), (SideNoted(COMMON, others), SIDE)):
        assert set(agree(one, other, NAMES, seed=1, lot=0.1).differing) == set(NAMES[:4])


def _measured(slower_by: float) -> list[LaunchPair]:
    noise = (0.999, 1.001, 1.0, 0.9995, 1.0005, 1.002, 0.998) * 3
    phases = [Phase.SCREEN] * 7 + [Phase.CONFIRM] * 14
    return [
        LaunchPair(phase, (0.01,), (0.01 * (1 + slower_by) * each,), (True,))
        for phase, each in zip(phases, noise, strict=True)
    ]


def test_same_code_is_unchanged_and_a_difference_all_the_same_is_told_as_our_fault() -> None:
    """Also one that was drawn and not settled is unchanged; nothing is left open for it."""
    records = [
        BenchmarkRecord("t.py::test_a", same_code=SAME),
        BenchmarkRecord("t.py::test_b", _measured(0.2), same_code=replace(SAME, drawn=True)),
        BenchmarkRecord("t.py::test_c", _measured(0.0)[:2], same_code=replace(SAME, drawn=True)),
    ]
    findings = judge(records, GatePolicy())
    assert [each.verdict for each in findings] == [Verdict.UNCHANGED, Verdict.REGRESSED, Verdict.UNCHANGED]
    assert [each.reason for each in findings] == ["same code", A_FAULT_OF_OURS, "same code"]
    assert same_code_lines(findings) == [
        "3 benchmarks run the same code on both sides: not measured (2, one in ten by lot, were all the same)"
    ]
    assert conclusion([findings[0], findings[2]], GatePolicy()) == (
        "PASS: both sides run the same code in all 2 benchmarks compared (exit 0)"
    )
