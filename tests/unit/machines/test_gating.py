"""A gate whose launches run on several machines: the judge and the sharing out are real, the launches made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.gate_scale.machines import MadeUpCluster, gate_on, policy_for, slower, unchanged
from timetrial.errors import ClusterError
from timetrial.gate.findings import Verdict
from timetrial.gate.record import Phase
from timetrial.machines.cluster import Machine


def test_four_machines_come_to_the_same_width_in_thirty_per_cent_of_the_time() -> None:
    """Of one machine's, from the first look to the last launch; widths differ by what launches scatter by."""
    one, four = (gate_on([unchanged()] * count, policy_for(), seed=1) for count in (1, 4))
    assert four.took_s <= 0.3 * one.took_s
    assert four.width() == pytest.approx(one.width(), rel=0.5)
    assert {len(record.launches) for record in [*one.records, *four.records]} == {24}


def test_no_benchmark_gets_more_launches_than_the_policy_has_for_it() -> None:
    """Also where machines and launches don't go into each other, and a second look follows; numbers go up."""
    policy = replace(policy_for(7), confirm_launches=10)
    found = gate_on([slower(0.05)] * 4, policy, seed=2)
    for record in found.records:
        assert len(record.of(Phase.SCREEN)) == 7
        assert len(record.of(Phase.CONFIRM)) <= 10
        numbers = [launch.number or 0 for launch in record.launches]
        assert numbers == sorted(set(numbers))
    assert {launch.machine for launch in found.records[0].launches} == {"m0", "m1", "m2", "m3"}


def test_a_slowdown_on_all_machines_is_a_regression() -> None:
    """Whoever measured it."""
    found = gate_on([slower(0.1)] * 4, policy_for(12), seed=3)
    assert [each.verdict for each in found.findings if each.verdict is not Verdict.UNCHANGED] == [Verdict.REGRESSED]


def test_a_slowdown_on_one_machine_of_four_is_left_open_with_the_effect_on_each() -> None:
    """Together they would be called something that is true of none."""
    found = gate_on([slower(0.1), *[unchanged()] * 3], policy_for(12), seed=4)
    odd, *others = found.findings
    assert odd.verdict is Verdict.INCONCLUSIVE
    assert "disagree: m0 +" in (odd.reason or "")
    assert all(f"m{number} " in (odd.reason or "") for number in range(4))
    assert not any("disagree" in (each.reason or "") for each in others)


def test_machines_with_other_benchmarks_are_told_which() -> None:
    """As where one of them lacks a library, and skips what needs it."""
    one = unchanged()
    other = {**one, "t.py::test_more": 0.0}
    with pytest.raises(ClusterError, match=r"m0 and m1 don't have the same benchmarks \(t\.py::test_more measured\)"):
        gate_on([one, other], policy_for(), seed=5)


def test_a_gate_goes_on_without_a_machine_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every benchmark still has all of its launches."""
    give, present = MadeUpCluster.give, MadeUpCluster.present

    def give_until_lost(cluster: MadeUpCluster, place: str, machine: Machine, order: Any) -> Any:
        task = give(cluster, place, machine, order)
        if place == "m1" and cluster.now_s > 30:
            task.done_s = float("inf")
        return task

    def present_but_one(cluster: MadeUpCluster) -> Any:
        return [name for name in present(cluster) if name != "m1" or cluster.now_s <= 30]

    monkeypatch.setattr(MadeUpCluster, "give", give_until_lost)
    monkeypatch.setattr(MadeUpCluster, "present", present_but_one)
    found = gate_on([unchanged()] * 2, policy_for(), seed=6)
    assert {len(record.launches) for record in found.records} == {24}
    launches = found.records[0].launches
    assert 0 < sum(launch.machine == "m1" for launch in launches) < 12
