"""What several machines are worth to a gate, simulated: ``python -m benchmarks.gate_scale.machines``.

The judge, the sharing out and what runs on each machine are timetrial's own; launches take time on a made-up clock, and
pairs scatter as measured ones do (``made_up``). Machines that are really apart can't be had on one; what two halves of
one machine come to is measured by ``python -m benchmarks.gate_scale.halves``.
"""

from __future__ import annotations

import math
import pickle
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock

from benchmarks.gate_scale.made_up import Machine as MadeUp
from benchmarks.gate_scale.made_up import names_of
from timetrial.gate.effects import effect_of
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.plan import GatePlan
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord
from timetrial.gate.verdicts import judge
from timetrial.machines.cluster import Machine, Team
from timetrial.machines.gating import GateOnMachines
from timetrial.machines.orders import Bench, Order
from timetrial.stats.signed_rank import shift_interval

LAUNCHES: Final = 24
"""Of every benchmark, so that all gates end at intervals of one width."""
BENCHMARKS: Final = 10
_SIDE: Final[Any] = SimpleNamespace(borrowed_tests=False)


def sent(order: Order) -> Order:
    """A copy, as the one that arrives at a machine."""
    return pickle.loads(pickle.dumps(order))  # type: ignore[no-any-return]


@dataclass(eq=False)
class _Task:
    value: Any
    done_s: float


@dataclass
class MadeUpCluster:
    """Made-up machines, by name, whose launches run at the same time on one clock."""

    machines: Mapping[str, MadeUp]
    now_s: float = 0.0
    _benches: dict[str, Bench] = field(default_factory=dict)

    def open(self, machine: Machine) -> str:
        """As in Tasks."""
        self._benches[machine.name] = Bench(folder=None, sides=(_SIDE, _SIDE))  # type: ignore[arg-type]  # no files
        return machine.name

    def give(self, place: str, machine: Machine, order: Order) -> _Task:
        """As in Tasks: carries it out at once, and tells when it will have been done."""
        del machine
        made = self.machines[place]
        made.now_s = self.now_s
        with made.in_place(), mock.patch("timetrial.machines.gating.time", SimpleNamespace(monotonic=made.monotonic)):
            value = sent(order).carry_out(self._benches[place])
        return _Task(value, made.now_s)

    def first_done(self, tasks: Sequence[_Task], patience_s: float) -> Sequence[_Task]:
        """As in Tasks."""
        del patience_s
        first = min(tasks, key=lambda task: task.done_s)
        if math.isinf(first.done_s):  # a machine that is lost
            return []
        self.now_s = max(self.now_s, first.done_s)
        return [first]

    def result(self, task: _Task) -> Any:
        """As in Tasks."""
        return task.value

    def present(self) -> Sequence[str]:
        """As in Tasks."""
        return list(self.machines)

    def drop(self, task: Any) -> None:
        """As in Tasks."""


@dataclass(frozen=True)
class Outcome:
    """What a gate on several machines came to."""

    took_s: float
    records: Sequence[BenchmarkRecord]
    findings: Sequence[Finding]

    def width(self) -> float:
        """Of the interval of the median benchmark, in logarithms, from all of its launches."""
        intervals = [shift_interval([effect_of(each) for each in record.launches]) for record in self.records]
        return statistics.median(each.high - each.low for each in intervals)


def gate_on(effects: Sequence[Mapping[str, float]], policy: GatePolicy, seed: int) -> Outcome:
    """One gate on as many machines as there are ``effects``, each of which says what the change does there."""
    chance = random.Random(seed)
    cluster = MadeUpCluster(
        {f"m{number}": MadeUp(each, random.Random(chance.random())) for number, each in enumerate(effects)}
    )
    team = Team(cluster, [Machine(name, name) for name in cluster.machines], lambda _line: None)
    team.open()
    clock = SimpleNamespace(monotonic=lambda: cluster.now_s)
    with (
        mock.patch("timetrial.gate.run.time", clock),
        mock.patch("timetrial.machines.gating.Watch"),
        mock.patch("timetrial.gate.run.Watch"),
    ):
        records = GateOnMachines(GatePlan(_SIDE, _SIDE, policy, seed=seed), team).measured()
    return Outcome(cluster.now_s, records, judge(records, policy))


def policy_for(launches: int = LAUNCHES) -> GatePolicy:
    """As the default, but with so many launches of the screen, and time for them."""
    return replace(GatePolicy(), screen_launches=launches, budget_s=1e6, keep_awake=False)


def unchanged() -> dict[str, float]:
    """What a change that is none does to each benchmark."""
    return dict.fromkeys(names_of(BENCHMARKS), 0.0)


def slower(by: float) -> dict[str, float]:
    """A change that slows the first benchmark down, in ratios."""
    return {**unchanged(), names_of(BENCHMARKS)[0]: math.log1p(by)}


def main() -> None:
    """Prints both tables."""
    print(f"SIMULATED: {BENCHMARKS} unchanged benchmarks, {LAUNCHES} launches of each")
    alone = None
    for count in (1, 2, 4):
        found = [gate_on([unchanged()] * count, policy_for(), seed) for seed in range(10)]
        took_s = statistics.median(each.took_s for each in found)
        alone = alone or took_s
        width = statistics.median(each.width() for each in found)
        print(f"  {count} machines: {took_s:6.0f} s, {took_s / alone:4.0%} of one's; interval {width:.2%} wide")
    print("SIMULATED: 20 gates on 4 machines, of one benchmark with the change below and nine without any")
    first = names_of(BENCHMARKS)[0]
    for what, effects in {
        "no change on any": [unchanged()] * 4,
        "10% slower on all": [slower(0.1)] * 4,
        "10% slower on one of the four": [slower(0.1), *[unchanged()] * 3],
        "20% slower on one, 10% on three": [slower(0.2), *[slower(0.1)] * 3],
    }.items():
        gates = [gate_on(effects, policy_for(12), seed) for seed in range(20)]
        findings = [each for gate in gates for each in gate.findings if each.benchmark == first]
        verdicts = {verdict: sum(each.verdict is verdict for each in findings) for verdict in Verdict}
        told = sum("disagree: " in (each.reason or "") for each in findings)
        shown = ", ".join(f"{verdict} {count}" for verdict, count in verdicts.items() if count)
        print(f"  {what}: {shown}; a disagreement is told in {told}")


if __name__ == "__main__":
    main()
