"""``timetrial gate --on dask``: the gate judges here, and its launches run on as many machines as there are.

Each machine has both sides, its own order of benchmarks, and rounds of a size that suits it; what comes back are pairs
of rounds, whose ratio is the machine's own. So the judge needs to know nothing of machines, but that several launches
come at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from timetrial.environment.difference import differences
from timetrial.errors import ClusterError
from timetrial.gate.allotment import Allotment
from timetrial.gate.budget import BudgetClock
from timetrial.gate.lockstep.keep_awake import Spinners, spinners
from timetrial.gate.plan import GatePlan, Progress
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SideName, Trouble
from timetrial.gate.run import Gate
from timetrial.gate.sides.make import copies_of_ref
from timetrial.gate.sides.requirements import Wanted
from timetrial.gate.sides.side import Side
from timetrial.gate.sides.watch import Watch
from timetrial.machines.cluster import Answer, Machine, Team
from timetrial.machines.on_dask import team
from timetrial.machines.orders import Bench
from timetrial.machines.parcel import OF_THE_WORKER, MakeSides, pack

_SHOWN: Final = 3
NOT_NOTED: Final = "on several machines all is measured, also what runs the same code on both sides"


@dataclass(frozen=True)
class Stock:
    """What a machine has found to measure, as both of its sides have collected it."""

    records: Sequence[BenchmarkRecord]
    """One for each benchmark, without launches."""
    remarks: Sequence[str]
    """What the sides say of themselves."""
    start_s: float
    """How long it takes until both have collected."""


@dataclass(frozen=True)
class LaunchReport:
    """One launch, as it comes back."""

    pairs: Mapping[str, Sequence[LaunchPair]]
    """What was measured, by benchmark."""
    troubles: Mapping[str, Trouble]
    """What was in the way."""
    in_launch_s: Mapping[str, float]
    """What each benchmark took, in seconds."""
    start_s: float
    """What the launch took besides."""
    lines: Sequence[str]
    """For whoever started the gate."""
    modules: Mapping[SideName, Mapping[str, str]]
    pythons: Mapping[SideName, Mapping[str, Any]]
    """As the plan's ``on_modules`` and ``on_python`` get them."""


@dataclass(frozen=True)
class TakeStock:
    """The order to find out what there is to measure; ``seed`` is this machine's own."""

    policy: GatePolicy
    selection: Sequence[str]
    seed: int

    def carry_out(self, bench: Bench) -> Stock:
        """As in Order."""
        base, candidate = bench.sides
        bench.gate = GateOnBench(base, candidate, self)
        return bench.gate.take_stock()  # type: ignore[no-any-return]  # a bench keeps anything


@dataclass(frozen=True)
class LaunchBoth:
    """The order for one launch of both sides, with all that has been measured so far on any machine."""

    phase: Phase
    names: Sequence[str]
    records: Sequence[BenchmarkRecord]
    allotted: Allotment
    longest_pair_s: float
    left_s: float
    """Of the budget."""

    def carry_out(self, bench: Bench) -> LaunchReport:
        """As in Order."""
        return bench.gate.launch(self)  # type: ignore[no-any-return]


@dataclass
class _Heard:
    """What a launch tells its plan."""

    lines: list[str] = field(default_factory=list)
    modules: dict[SideName, Mapping[str, str]] = field(default_factory=dict)
    pythons: dict[SideName, Mapping[str, Any]] = field(default_factory=dict)


class GateOnBench(Gate):
    """A machine's share of a gate: launches as they are ordered, with sizes and costs that are this machine's."""

    def __init__(self, base: Side, candidate: Side, order: TakeStock) -> None:
        self._heard = _Heard()
        plan = GatePlan(
            base,
            candidate,
            order.policy,
            order.selection,
            order.seed,
            say=lambda line: self._heard.lines.append(line),
            on_modules=lambda side, modules: self._heard.modules.__setitem__(side, modules),
            on_python=lambda side, python: self._heard.pythons.__setitem__(side, python),
        )
        super().__init__(plan, Spinners({}), Watch(base, candidate))

    def take_stock(self) -> Stock:
        """Has both sides collect, and measure nothing."""
        launch, began_s = self._new_launch(), time.monotonic()
        with self._kept_if_unchanged(launch), launch:
            self._costs.note_start(time.monotonic() - began_s)
            self._take_stock(launch)
            launch.choose([])
            ended_s = time.monotonic()
        self._costs.note_end(time.monotonic() - ended_s)
        return Stock(self.records(), list(launch.remarks), self._costs.start_s)

    def launch(self, order: LaunchBoth) -> LaunchReport:
        """Measures what is ordered."""
        self._heard = _Heard()
        self._records = {record.name: record for record in order.records}
        self._allotted, self._longest_pair_s = order.allotted, order.longest_pair_s
        self._clock = BudgetClock(order.left_s, time.monotonic)
        known = {name: (len(record.launches), record.trouble) for name, record in self._records.items()}
        with spinners(self._policy.keep_awake) as self._spinners:
            self._launch(order.phase, order.names)
        return LaunchReport(
            {name: new for name, record in self._records.items() if (new := record.launches[known[name][0] :])},
            {
                name: record.trouble
                for name, record in self._records.items()
                if record.trouble is not None and record.trouble != known[name][1]
            },
            {name: self._costs.in_launch_s[name] for name in order.names if name in self._costs.in_launch_s},
            self._costs.start_s,
            self._heard.lines,
            self._heard.modules,
            self._heard.pythons,
        )


class GateOnMachines(Gate):
    """The judge of launches that run on the machines of a team."""

    def __init__(self, plan: GatePlan, machines: Team) -> None:
        super().__init__(plan, Spinners({}), Watch())
        self._team = machines
        self._said: set[str] = set()

    @property
    def _at_once(self) -> int:
        """As many as there are machines left."""
        return len(self._team.machines)

    def note(self) -> bool:
        """Everything is measured: what runs the same code is known of one machine only."""
        return True

    def _launch(self, phase: Phase, names: Sequence[str] | None) -> None:
        """As many launches as there are machines and the policy still wants; at first, what there is to be launched."""
        if names is None:
            self._agree_on_stock()
            return
        orders = [self._order(phase, share) for share in self._shares(phase, names)]
        first = self._launches[phase] + 1
        self._launches[phase] += len(orders)
        number = sum(self._launches.values()) - len(orders) + 1
        self._tell_of_launches(phase, first, len(orders), names)
        try:
            for answer in self._team.share_out(orders):
                self._take(answer, number + answer.order)
                self._plan.on_launch(self.records())
        finally:
            for record in self._records.values():  # the rule goes by their order, and the quicker machine isn't first
                record.launches.sort(key=lambda each: each.number or 0)

    def _order(self, phase: Phase, names: Sequence[str]) -> LaunchBoth:
        return LaunchBoth(phase, names, self.records(), self._allotted, self._longest_pair_s, self._clock.left_s)

    def _shares(self, phase: Phase, names: Sequence[str]) -> list[list[str]]:
        """The benchmarks of each launch of the next few: none gets more launches than the policy has for it."""
        policy = self._policy
        wanted = policy.screen_launches if phase is Phase.SCREEN else policy.confirm_launches
        had = {name: self._had(phase, self._records[name]) for name in names}
        shares = [[name for name in names if had[name] + more < wanted] for more in range(self._at_once)]
        return [share for share in shares if share]

    def _had(self, phase: Phase, record: BenchmarkRecord) -> int:
        phases = (Phase.SCREEN,) if phase is Phase.SCREEN else (Phase.CONFIRM, Phase.FAMILY)
        return max(len(record.of(each)) for each in phases)

    def _agree_on_stock(self) -> None:
        """What all machines have to measure; raises ClusterError where they don't have the same."""
        plan = self._plan
        stocks: dict[str, Stock] = self._team.on_each(self._stock_order)
        (first, stock), *others = stocks.items()
        for name, other in others:
            if odd := {_known(each) for each in stock.records} ^ {_known(each) for each in other.records}:
                shown = ", ".join(sorted(" ".join(each) for each in odd)[:_SHOWN])
                raise ClusterError(f"{first} and {name} don't have the same benchmarks ({shown}): gate them apart")
        self._records = {record.name: record for record in stock.records}
        for remark in stock.remarks:
            plan.say(remark)
        self._costs.note_start(max(each.start_s for each in stocks.values()))
        self._costs.note_end(1e-9)  # from here on they are known
        self._share_out(sum(record.is_measured for record in stock.records))
        plan.on_launch(self.records())

    def _stock_order(self, machine: Machine) -> TakeStock:
        plan = self._plan
        seed = plan.seed + sum(machine.name.encode())  # another order on each
        return TakeStock(plan.policy, plan.selection, seed)

    def _take(self, answer: Answer, number: int) -> None:
        report: LaunchReport = answer.value
        for name, pairs in report.pairs.items():
            if self._records[name].trouble is None:  # or another machine had some meanwhile
                new = [replace(pair, number=number, machine=answer.machine.name) for pair in pairs]
                self._records[name].launches += new
        for name, trouble in report.troubles.items():
            record = self._records[name]
            was_measured = trouble.kind == "new" and record.launches  # on another machine, so the base does have it
            record.trouble = record.trouble or (replace(trouble, kind="failed") if was_measured else trouble)
        for name, seconds in report.in_launch_s.items():
            self._costs.note(name, seconds)
        self._costs.note_start(report.start_s)
        for line in report.lines:
            if line not in self._said:
                self._said.add(line)
                self._plan.say(f"on {answer.machine.name}: {line}")
        for side, modules in report.modules.items():
            self._plan.on_modules(side, modules)
        for side, python in report.pythons.items():
            self._plan.on_python(side, python)

    def _tell_of_launches(self, phase: Phase, first: int, count: int, names: Sequence[str]) -> None:
        policy, last = self._policy, first + count - 1
        of = max(last, policy.screen_launches if phase is Phase.SCREEN else policy.confirm_launches)
        left_s = (of - first + 1) / count * self._costs.launch_s(names)
        left_s = max(0.0, min(left_s, self._clock.left_s + self._clock.grace_s))
        self._plan.on_progress(Progress(phase, last, of, 1, len(names), names[0], left_s))


def _known(record: BenchmarkRecord) -> tuple[str, str]:
    return record.name, record.trouble.kind if record.trouble else "measured"


@dataclass(frozen=True)
class GateSides:
    """What a gate on machines is made of: both sides, as they are called, and the environment of each machine."""

    base: Side
    candidate: Side
    machines: Team
    environments: Mapping[str, Mapping[str, Any]]

    def run(self, plan: GatePlan) -> list[BenchmarkRecord]:
        """As ``run_gate``."""
        plan.say(NOT_NOTED)
        records = GateOnMachines(plan, self.machines).measured()
        if self.machines.lost:
            plan.say(f"{self.machines.lost} launches had to be done again: their machines were lost")
        return records

    def notes(self) -> list[str]:
        """By what machines differ that matters to timings: their launches are pooled all the same, as ratios."""
        first, *others = self.environments
        lines = []
        for name in others:
            found = differences(self.environments[first], self.environments[name])
            mattering = [each for each in found if each.matters and not each.path.startswith(OF_THE_WORKER)]
            lines += [f"{name} is not as {first}: {each}" for each in mattering[:_SHOWN]]
        return lines


@contextmanager
def sides_on_machines(
    scheduler: str,
    root: Path,
    ref: str,
    policy: GatePolicy,
    say: Callable[[str], None],
    wanted: Wanted | None = None,
    tests: Sequence[str] | None = None,
) -> Iterator[GateSides]:
    """As ``sides_of_ref``, on every machine of the cluster behind that address; gone afterwards."""
    with team(scheduler, say) as machines, copies_of_ref(root, ref, policy, say, wanted, tests) as copies:
        maker, base, candidate = copies
        parcel = pack(maker, (base, candidate))
        say(f"installing both sides on {', '.join(machine.name for machine in machines.machines)}")
        environments = machines.on_each(lambda _machine: MakeSides(parcel))
        yield GateSides(base, candidate, machines, environments)
