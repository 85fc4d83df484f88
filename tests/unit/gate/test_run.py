"""A gate of hundreds on a made-up machine: the budget is met, and spent where it tells most."""

from __future__ import annotations

import math
import random

import pytest

from benchmarks.gate_scale.made_up import Machine, gate_on, names_of
from timetrial.gate.findings import Verdict
from timetrial.gate.policy import GatePolicy


def machine(benchmarks: int, slower: float = 0.0, every: int = 0, **how: object) -> Machine:
    """Benchmarks of which every so manieth is slower."""
    names = names_of(benchmarks)
    effects = {name: math.log1p(slower) if every and index % every == 0 else 0.0 for index, name in enumerate(names)}
    return Machine(effects, random.Random(benchmarks), **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("benchmarks", "budget_s", "slowness"), [(300, 600, 1.0), (300, 600, 2.5), (20, 90, 1.0), (317, 240, 1.5)]
)
def test_a_budget_is_met_whatever_the_machine(benchmarks: int, budget_s: float, slowness: float) -> None:
    """Never more than a tenth over, also where everything takes longer than the gate could know."""
    found = gate_on(machine(benchmarks, slowness=slowness), GatePolicy(budget_s=budget_s))
    assert found.took_s <= 1.1 * budget_s
    assert Verdict.REGRESSED not in {each.verdict for each in found.findings}
    left_open = sum(each.verdict is Verdict.INCONCLUSIVE for each in found.findings)
    assert left_open <= 0.02 * benchmarks or slowness > 1


def test_slowdowns_among_hundreds_are_caught_in_ten_minutes() -> None:
    """A tenth of them by 5 %."""
    slow = machine(300, slower=0.05, every=10)
    found = gate_on(slow, GatePolicy())
    regressed = {each.benchmark for each in found.findings if each.verdict is Verdict.REGRESSED}
    assert regressed <= {name for name, effect in slow.effects.items() if effect}
    assert len(regressed) >= 24


def test_a_benchmark_that_is_slow_to_run_does_not_hold_up_the_rest() -> None:
    """Two seconds an execution: it has fewer pairs or launches, and the others have all of theirs."""
    names = names_of(300)
    found = gate_on(machine(300, long_s={names[7]: 0.3, names[8]: 2.0}), GatePolicy())
    assert found.took_s <= 660
    others = [each for each in found.findings if each.benchmark not in names[7:9]]
    assert sum(each.verdict is Verdict.UNCHANGED for each in others) >= 0.97 * len(others)


def test_what_is_clear_leaves_and_the_last_launches_are_of_few() -> None:
    """A second look at a handful doesn't take the others along."""
    made = machine(300, slower=0.08, every=60)
    gate_on(made, GatePolicy())
    assert len(made.launches[0]) == 300
    assert len(made.launches[-1]) < 60


def test_with_too_little_time_the_gate_says_before_what_it_can_see_and_asserts_that() -> None:
    """A slowdown past that is still caught."""
    made = machine(317, slower=0.3, every=40)
    found = gate_on(made, GatePolicy(budget_s=150))
    (line,) = found.lines
    assert "the detectable slowdown is" in line
    assert found.policy.detect > 0.05
    assert found.took_s <= 165
    verdicts = {each.benchmark: each.verdict for each in found.findings}
    same = [verdict for name, verdict in verdicts.items() if not made.effects[name]]
    assert same.count(Verdict.UNCHANGED) > 0.9 * len(same)
