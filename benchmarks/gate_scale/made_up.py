"""Whole gates of hundreds of benchmarks on a made-up machine: ``python -m benchmarks.gate_scale.made_up``.

Everything is the gate's own but the two processes: launches take time on a clock that only this moves, and pairs
scatter as measured ones do, within a launch and between launches. So it shows in minutes what the allotment of time,
the screen, the second look, the families and the verdicts come to over gates that would take days.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock

from timetrial.gate.allotment import Allotment, Pace
from timetrial.gate.families import judge_families
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.lockstep.launch import Offer
from timetrial.gate.plan import GatePlan
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SideName
from timetrial.gate.run import run_gate
from timetrial.gate.verdicts import judge

KINDS: Final = 12
_SHARED: Final = 0.3
"""How much of the variance between launches the variants of a test have in common."""


@dataclass
class Machine:
    """What benchmarks do on it: ``effects`` by name, times and scatter in seconds and logs.

    ``slowness``: how many times longer everything takes than the gate expects. ``long_s``: benchmarks whose executions
    take so long, by name.
    """

    effects: Mapping[str, float]
    rng: random.Random
    start_s: float = 3.0
    slowness: float = 1.0
    between: float = 0.012
    within: float = 0.04
    wild: float = 0.02
    long_s: Mapping[str, float] = field(default_factory=dict)
    now_s: float = 0.0
    launches: list[Sequence[str]] = field(default_factory=list)
    """The benchmarks of each launch, in their order."""

    def monotonic(self) -> float:
        """The clock."""
        return self.now_s

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Gates run on this machine meanwhile."""
        run = "timetrial.gate.run"
        with (
            mock.patch(f"{run}.Launch", partial(_Launch, self)),
            mock.patch(f"{run}.BenchmarkRounds", partial(_Rounds, self)),
            mock.patch(f"{run}.Watch"),
            mock.patch(f"{run}.time", SimpleNamespace(monotonic=self.monotonic)),
        ):
            yield


class _Launch:
    def __init__(self, machine: Machine, *_given: Any, **_more: Any) -> None:
        self._machine = machine
        self.offers = {side: [Offer(name, None) for name in machine.effects] for side in SideName}
        self.uncollected: dict[SideName, dict[str, str]] = {}
        self.modules: dict[SideName, dict[str, str]] = {}
        self.remarks: dict[str, None] = {}
        self.pythons: dict[SideName, Any] = {}
        self.strays: list[Any] = []
        self.luck: dict[str, float] = {}

    def __enter__(self) -> _Launch:
        self._machine.now_s += self._machine.start_s * self._machine.slowness
        return self

    def __exit__(self, *_failure: object) -> None:
        self._machine.now_s += 0.2

    def choose(self, names: Sequence[str]) -> None:
        self._machine.launches.append(list(names))

    def refuse_late_joins(self) -> None:
        pass


class _Rounds:
    def __init__(
        self, machine: Machine, launch: _Launch, name: str, policy: GatePolicy, *_given: Any, pace: Pace, **_how: Any
    ) -> None:
        self._machine, self._launch, self._name, self._policy = machine, launch, name, policy
        self._pace = pace

    def measure(self, phase: Phase) -> LaunchPair:
        machine, pace, test = self._machine, self._pace, self._name.partition("[")[0]
        pairs, execution_s = pace.pairs, machine.long_s.get(self._name, 0.0)
        if execution_s:
            pairs = min(pairs, max(pace.fewest_pairs, int(pace.turns_s / (2 * execution_s))))
        untimed_s = 6 * 2 * execution_s
        machine.now_s += machine.slowness * (pace.cost_s(self._policy.warmup_rounds)) + untimed_s
        machine.now_s += 2 * pairs * execution_s
        wild = 3.0 if machine.rng.random() < machine.wild else 1.0
        shared = self._launch.luck.setdefault(test, machine.rng.gauss(0, machine.between * math.sqrt(_SHARED)))
        own = machine.rng.gauss(0, wild * machine.between * math.sqrt(1 - _SHARED))
        centre = machine.effects[self._name] + shared + own
        ratios = [math.exp(machine.rng.gauss(centre, machine.within)) for _ in range(pairs)]
        return LaunchPair(phase, (0.01,) * pairs, tuple(0.01 * each for each in ratios), (False,) * pairs)


@dataclass(frozen=True)
class Outcome:
    """What one gate came to."""

    took_s: float
    policy: GatePolicy
    records: Sequence[BenchmarkRecord]
    findings: Sequence[Finding]
    families: Sequence[Finding]
    lines: Sequence[str]


def names_of(benchmarks: int) -> list[str]:
    """So many, in twelve tests."""
    return [f"t.py::test_{number % KINDS}[{number // KINDS}]" for number in range(benchmarks)]


def gate_on(machine: Machine, policy: GatePolicy, say: Callable[[str], None] = lambda _line: None) -> Outcome:
    """One gate on this machine, from its start to its verdicts."""
    used: list[Allotment] = []
    side: Any = SimpleNamespace(borrowed_tests=False)
    plan = GatePlan(side, side, policy, seed=machine.rng.getrandbits(30), on_allotment=used.append, say=say)
    with machine.in_place():
        records = run_gate(plan)
    judged = used[-1].policy if used else policy
    lines = [line for each in used for line in each.lines]
    return Outcome(machine.now_s, judged, records, judge(records, judged), judge_families(records, judged), lines)


@dataclass(frozen=True)
class Cell:
    """One line of the table: so many gates, in which so many of the benchmarks are slower by ``effect``."""

    benchmarks: int
    budget_s: float
    slower: int
    effect: float
    gates: int
    busy: bool = False
    """On a machine that others use too: all takes twice as long, and scatters twice as much."""


@dataclass(frozen=True)
class Gate:
    """What one gate came to, of whose benchmarks those in ``slow`` are slower."""

    took_s: float
    slow: Set[str]
    findings: Sequence[Finding]
    families: Sequence[Finding]

    @property
    def regressed(self) -> set[str]:
        """The benchmarks that it called slower."""
        return {each.benchmark for each in self.findings if each.verdict is Verdict.REGRESSED}


def simulate(cell: Cell) -> list[str]:
    """The line."""
    rng = random.Random(f"{cell}")
    return line_of(cell, [_simulated(cell, rng) for _ in range(cell.gates)])


def _simulated(cell: Cell, rng: random.Random) -> Gate:
    names = names_of(cell.benchmarks)
    slow = set(rng.sample(names, cell.slower))
    effects = {name: math.log1p(cell.effect) if name in slow else 0.0 for name in names}
    machine = Machine(effects, rng, **_BUSY) if cell.busy else Machine(effects, rng)
    found = gate_on(machine, GatePolicy(budget_s=cell.budget_s))
    return Gate(found.took_s, slow, found.findings, found.families)


def line_of(cell: Cell, gates: Sequence[Gate]) -> list[str]:
    """What these gates came to together, in the order of ``HEAD``."""
    caught, judged = sum(len(each.regressed & each.slow) for each in gates), sum(len(each.findings) for each in gates)
    left_open = sum(finding.verdict is Verdict.INCONCLUSIVE for each in gates for finding in each.findings)
    return [
        str(cell.benchmarks),
        f"{cell.budget_s:.0f} s",
        f"{cell.slower} by {cell.effect:.0%}" if cell.slower else "none",
        f"{sum(bool(each.regressed - each.slow) for each in gates)} of {len(gates)}",
        f"{caught} of {len(gates) * cell.slower}" if cell.slower else "-",
        f"{left_open / judged:.1%}" if judged else "-",
        str(sum(finding.verdict is Verdict.REGRESSED for each in gates for finding in each.families)),
        f"{max(each.took_s for each in gates) / cell.budget_s:.0%}",
    ]


_BUSY: Final[dict[str, Any]] = {"slowness": 2.0, "between": 0.024, "within": 0.08, "wild": 0.05}
HEAD: Final = ("benchmarks", "budget", "slower", "gates with a false alarm", "caught", "left open",
               "families called slower", "longest, of the budget")  # fmt: skip


def head() -> str:
    """The head of the table, in Markdown."""
    return f"| {' | '.join(HEAD)} |\n{'| --- ' * len(HEAD)}|"


def main() -> None:
    """Prints the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gates", type=int, default=20, help="of each line")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--slower", type=int, nargs="*", help="only the lines with so many slower ones")
    parser.add_argument("--busy", action="store_true", help="on a machine that others use too")
    options = parser.parse_args()
    cases = [(300, 600.0, 0, 0.0), *((300, 600.0, slower, effect) for slower in (1, 10, 100) for effect in (0.05, 0.1)),
             (20, 90.0, 0, 0.0), (20, 90.0, 1, 0.05), (20, 90.0, 4, 0.05)]  # fmt: skip
    cells = [
        Cell(*each, options.gates, options.busy)
        for each in cases
        if options.slower is None or each[2] in options.slower
    ]
    print(head(), flush=True)
    with ProcessPoolExecutor(options.processes) as pool:
        for row in pool.map(simulate, cells):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
