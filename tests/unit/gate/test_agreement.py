"""What becomes of a verdict once its machines are heard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest

from timetrial.gate.agreement import by_machine, on_several_machines, with_machines
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase


def blocks(**centres: float) -> dict[str, list[float]]:
    """Eight launches of each machine, half a per cent apart in all, around this slowdown."""
    return {name: [math.log1p(centre) + 0.0007 * step for step in range(-4, 4)] for name, centre in centres.items()}


def heard(verdict: Verdict, found: Mapping[str, Sequence[float]]) -> Finding:
    """The finding of a benchmark that is one of ten."""
    return with_machines(Finding("t", verdict, effect=0.1, more_launches=3), found, GatePolicy(), 10)


def test_machines_that_agree_say_nothing() -> None:
    """Nor does a single one."""
    for found in (blocks(a=0.1, b=0.101), blocks(a=0.1)):
        assert heard(Verdict.REGRESSED, found) == Finding("t", Verdict.REGRESSED, effect=0.1, more_launches=3)


def test_a_verdict_that_holds_on_each_machine_stands_and_the_difference_is_told() -> None:
    """A regression is no smaller because one machine has more of it."""
    found = heard(Verdict.REGRESSED, blocks(a=0.1, b=0.3))
    assert found.verdict is Verdict.REGRESSED
    assert (found.reason or "").startswith("machines disagree: a +10.0% in 8 launches, b +30.0% in 8 launches (p = ")


@pytest.mark.parametrize(
    ("verdict", "found"),
    [
        (Verdict.REGRESSED, blocks(a=0.2, b=0.0)),
        (Verdict.IMPROVED, blocks(a=-0.2, b=0.0)),
        (Verdict.UNCHANGED, blocks(a=0.1, b=-0.1)),
    ],
)
def test_a_verdict_that_does_not_hold_on_each_machine_is_left_open(
    verdict: Verdict, found: Mapping[str, Sequence[float]]
) -> None:
    """With what it would have been, and what to do."""
    opened = heard(verdict, found)
    assert opened.verdict is Verdict.INCONCLUSIVE
    assert f"and together they would be {verdict}: gate each kind of machine by itself" in (opened.reason or "")
    assert opened.more_launches is None


def test_unchanged_has_to_hold_on_each_machine_though_chance_is_not_ruled_out() -> None:
    """Two launches a machine prove nothing, and a machine that may be 10 % slower is no pass."""
    few = {name: found[:2] for name, found in blocks(a=0.1, b=0.0, c=0.0).items()}
    opened = heard(Verdict.UNCHANGED, few)
    assert opened.verdict is Verdict.INCONCLUSIVE
    assert (opened.reason or "").startswith("machines may disagree: a +9.7% in 2 launches, b -0.2% in 2 launches")
    assert heard(Verdict.REGRESSED, few).verdict is Verdict.REGRESSED
    within = {name: found[:2] for name, found in blocks(a=0.04, b=0.0, c=0.0).items()}
    assert heard(Verdict.UNCHANGED, within).reason is None


def test_what_is_open_stays_open_and_says_both() -> None:
    """The reason that it had comes first."""
    before = Finding("t", Verdict.INCONCLUSIVE, effect=0.1, reason="the time was up")
    found = with_machines(before, blocks(a=0.2, b=0.0), GatePolicy(), 10)
    assert (found.reason or "").startswith("the time was up; machines disagree: a ")


def test_effects_are_taken_apart_by_machine_and_older_gates_have_none() -> None:
    """A launch that says no machine belongs to none."""

    def launch(machine: str | None, ratio: float) -> LaunchPair:
        return LaunchPair(Phase.SCREEN, (1.0,), (ratio,), (False,), machine=machine)

    record = BenchmarkRecord("t", [launch("a", 1.0), launch("b", math.e), launch("a", 1.0)])
    assert by_machine(record) == {"a": [0.0, 0.0], "b": [pytest.approx(1.0)]}
    older = BenchmarkRecord("t", [launch(None, 1.0)])
    assert by_machine(older) == {}
    assert on_several_machines([record, older]) == 1
