"""The gate from top to bottom: screen everything, look again at what stands out, and keep it all."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from timetrial.errors import GateError, NoRoomError, SideDownError
from timetrial.gate.allotment import (
    Allotment,
    Pace,
    allot,
    longest_pair_s,
    pairs_again,
    pairs_by_scatter,
    second_look,
    slowed_pace,
)
from timetrial.gate.budget import BudgetClock, Costs
from timetrial.gate.effects import components_of
from timetrial.gate.families import open_families
from timetrial.gate.lockstep.keep_awake import Spinners, spinners
from timetrial.gate.lockstep.launch import Launch
from timetrial.gate.lockstep.rounds import BenchmarkRounds
from timetrial.gate.lockstep.sizes import Sizes
from timetrial.gate.plan import GatePlan, Progress
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SideName, Trouble
from timetrial.gate.same_code.noting import may_be_noted, note
from timetrial.gate.sides.watch import Watch
from timetrial.gate.stock import dealt_by, lacking, records_of
from timetrial.gate.verdicts import open_for_confirmation
from timetrial.system.strays import Stray


def run_gate(plan: GatePlan) -> list[BenchmarkRecord]:
    """Measures both sides and returns what was measured; the verdicts are computed from that alone.

    Raises GateError where the sides can't be set against each other at all; what is wrong with a single benchmark is
    in its record.
    """
    with spinners(plan.policy.keep_awake) as started:
        return Gate(plan, started, Watch(plan.base, plan.candidate)).measured()


class Gate:
    """A gate under way: the judge of what is launched next, and by ``_launch`` the one who launches it.

    Where launches run elsewhere, that and ``note`` are another's (``machines/gating.py``).
    """

    def __init__(self, plan: GatePlan, spinners: Spinners, watch: Watch) -> None:
        self._plan = plan
        self._spinners = spinners
        self._chance = random.Random(plan.seed)
        self._sizes = Sizes()
        self._records: dict[str, BenchmarkRecord] = {}
        self._clock = BudgetClock(plan.policy.budget_s, time.monotonic)
        self._costs = Costs()
        self._allotted = Allotment(Pace(pairs=plan.policy.pairs_per_launch), plan.policy)
        self._longest_pair_s = math.inf
        self._launches = dict.fromkeys(Phase, 0)
        self._watch = watch
        self._told_of: set[str] = set()

    @property
    def _at_once(self) -> int:
        """How many launches run at a time."""
        return 1

    @property
    def _policy(self) -> GatePolicy:
        """The policy by which this gate is judged: the plan's, as far as its time allows that."""
        return self._allotted.policy

    def measured(self) -> list[BenchmarkRecord]:
        """All that there is to be known, by benchmark; as ``run_gate``."""
        if self.note():
            self.screen()
            self.confirm()
        return self.records()

    def records(self) -> list[BenchmarkRecord]:
        """What has been measured so far."""
        return list(self._records.values())

    def note(self) -> bool:
        """Finds out, untimed, which benchmarks run the same code on both sides; whether there is more to be known."""
        plan = self._plan
        if not may_be_noted(plan):
            return True
        launch = self._new_launch(noting=True)
        try:
            with self._kept_if_unchanged(launch), launch:
                self._tell_dealt(launch)
                records, answered = note(launch, plan, self._clock.left_s)
        except (NoRoomError, KeyboardInterrupt):
            raise
        except GateError as error:  # whatever is wrong for good, the launch to come will say
            plan.say(f"nothing could be noted, so all is measured: {str(error).partition(chr(10))[0]}")
            return True
        self._records = {each.name: each for each in records}
        if not answered and any(each.is_measured for each in records):
            return True
        for remark in launch.remarks:
            plan.say(remark)
        for side, python in launch.pythons.items():
            plan.on_python(side, python)
        plan.on_launch(records)
        return False

    def screen(self) -> None:
        """Looks at everything, until each benchmark has its launches or the time is up."""
        self._launch(Phase.SCREEN, None)
        while names := self._fitting(self._short_of_screening()):
            self._launch(Phase.SCREEN, names)

    def confirm(self) -> None:
        """Gives fresh launches to what stands out, until all is decided or the time is up."""
        look = self._plan_second_look()
        while (names := self._open_with_families()) and (
            fitting := self._fitting([name for name in names if name in look] or names)
        ):
            self._launch(Phase.CONFIRM, fitting)

    def _open_with_families(self) -> list[str]:
        """Those that another launch would help: by themselves first, then with the other variants of their tests."""
        together = open_families(self.records(), self._policy)
        return list(dict.fromkeys([*self._open(), *(name for names in together.values() for name in names)]))

    def _open(self) -> list[str]:
        names = open_for_confirmation(self.records(), self._policy)
        return [name for name in names if not self._plan.known_enough(self._records[name])]

    def _plan_second_look(self) -> Collection[str]:
        """Settles how many launches it may take, now that is known what was left open; whom there is time for."""
        names, together = self._open(), list(open_families(self.records(), self._policy).values())
        left_s, costs = self._clock.left_s * self._at_once, self._costs
        if not (names or together) or left_s <= 0:
            return ()
        look = second_look(self._policy, names, together, costs.in_launch_s, costs.start_s, left_s)
        if look.launches != self._policy.confirm_launches:
            self._allot(replace(self._allotted, policy=replace(self._policy, confirm_launches=look.launches), lines=()))
        return set(look.names)

    def _allot(self, allotted: Allotment) -> None:
        self._allotted = allotted
        for line in allotted.lines:
            self._plan.say(line)
        self._plan.on_allotment(allotted)

    def _short_of_screening(self) -> list[str]:
        wanted, records = self._policy.screen_launches, self._records.values()
        return [each.name for each in records if each.is_measured and len(each.of(Phase.SCREEN)) < wanted]

    def _fitting(self, names: Sequence[str]) -> list[str]:
        """Those that another launch has time for, in their order: the quick ones, if not all; none once time is up."""
        left_s = self._clock.left_s
        fitting = set(self._costs.fitting(names, left_s + self._clock.grace_s)) if left_s > 0 else set()
        return [name for name in names if name in fitting]

    def _launch(self, phase: Phase, names: Sequence[str] | None) -> None:
        """One launch over these benchmarks; None for all that both sides have."""
        plan = self._plan
        self._launches[phase] += 1
        launch = self._new_launch()
        began_s = time.monotonic()
        try:
            with self._kept_if_unchanged(launch), launch:
                self._costs.note_start(time.monotonic() - began_s)
                if names is None:
                    for remark in launch.remarks:
                        plan.say(remark)
                    names = self._take_stock(launch)
                    self._share_out(len(names))
                launch.choose(names)
                self._run(launch, phase, names)
                launch.refuse_late_joins()
                ended_s = time.monotonic()
        finally:
            for side, modules in launch.modules.items():
                plan.on_modules(side, modules)
            for side, python in launch.pythons.items():
                plan.on_python(side, python)
            plan.on_launch(self.records())  # also what a launch had measured when it was cut off
        self._costs.note_end(time.monotonic() - ended_s)

    def _new_launch(self, **how: bool) -> Launch:
        plan = self._plan
        return Launch(
            plan.base,
            plan.candidate,
            plan.selection,
            patience_s=plan.policy.patience_s,
            chance=self._chance,
            ends_s=self._clock.ends_s,
            **how,
        )

    def _share_out(self, benchmarks: int) -> None:
        """Settles how this gate spends its time, now that is known how many benchmarks there are."""
        if not benchmarks:
            return
        shard, policy = self._plan.shard, self._plan.policy
        left_s = self._clock.left_s * self._at_once
        allotted = allot(shard.policy(policy) if shard else policy, benchmarks, self._costs.start_s, left_s)
        self._longest_pair_s = longest_pair_s(allotted.policy, benchmarks, allotted.pace)
        if allotted != self._allotted:
            self._allot(allotted)

    @contextmanager
    def _kept_if_unchanged(self, launch: Launch) -> Iterator[None]:
        """What the launch in the block brings, unless files of a side changed with it; and what left its group."""
        before = {name: len(record.launches) for name, record in self._records.items()}
        try:
            yield
        finally:
            self._tell_of(launch.strays)
            try:
                self._watch.refuse_changes()
            except GateError:
                for name, record in self._records.items():
                    del record.launches[before.get(name, 0) :]
                raise

    def _tell_of(self, strays: Sequence[Stray]) -> None:
        """Each command once, however often it is started."""
        for stray in strays:
            line = f"ended {stray.command}, which a side left running outside of its process group (in {stray.folder})"
            if line not in self._told_of:
                self._told_of.add(line)
                self._plan.say(line)

    def _run(self, launch: Launch, phase: Phase, names: Sequence[str]) -> None:
        pairs = self._pairs(phase, names)
        alone = set(names if phase is Phase.SCREEN else self._open())
        for index, name in enumerate(names):
            if self._clock.over_with(self._costs.in_launch_s.get(name, 0.0)):
                return
            self._tell(phase, index, names)
            pace = slowed_pace(self._allotted, self._costs.slowness)
            pace = replace(pace, pairs=pairs.get(name, pace.pairs))
            rounds = BenchmarkRounds(
                launch,
                name,
                self._policy,
                self._sizes,
                self._chance,
                self._spinners,
                self._plan.extra_share(name),
                pace=pace,
                longest_pair_s=self._longest_pair_s,
            )
            began_s = time.monotonic()
            try:
                outcome = rounds.measure(phase if name in alone else Phase.FAMILY)
            except SideDownError as error:
                if time.monotonic() < self._clock.ends_s:
                    self._records[name].trouble = Trouble("crashed", SideName(error.side), str(error))
                return  # the others get another launch
            took_s = time.monotonic() - began_s
            self._costs.note(name, took_s, pace.cost_s(self._policy.warmup_rounds))
            self._note(name, outcome, took_s)

    def _pairs(self, phase: Phase, names: Sequence[str]) -> Mapping[str, int]:
        """How many pairs each gets in this launch; the policy's number where there is time enough for that."""
        pace, policy = slowed_pace(self._allotted, self._costs.slowness), self._policy
        if pace == Pace(pairs=policy.pairs_per_launch):
            return {}
        found = {name: components_of(self._records[name]) for name in names}
        if phase is Phase.SCREEN:
            return pairs_by_scatter(pace, {name: each.within for name, each in found.items() if each})
        start_s = self._costs.start_s / len(names)
        return {name: pairs_again(pace, each, start_s, policy) for name, each in found.items()}

    def _note(self, name: str, outcome: LaunchPair | Trouble, took_s: float) -> None:
        record = self._records[name]
        if isinstance(outcome, Trouble):
            borrowed = self._plan.base.borrowed_tests and not record.launches
            record.trouble = lacking(outcome) if borrowed else outcome
        else:
            record.launches.append(replace(outcome, number=sum(self._launches.values()), took_s=round(took_s, 4)))

    def _take_stock(self, launch: Launch) -> list[str]:
        """Makes a record for everything that either side has; returns what can be measured."""
        self._tell_dealt(launch)
        noted = {name: record.same_code for name, record in self._records.items()}
        self._records = {each.name: each for each in records_of(launch, self._plan.shard)}
        for name, record in self._records.items():
            record.same_code = noted.get(name) if record.trouble is None else None
        return [name for name, record in self._records.items() if record.is_measured]

    def _tell_dealt(self, launch: Launch) -> None:
        if self._plan.shard is not None:
            self._plan.on_dealt(dealt_by(launch, self._plan.shard))

    def _tell(self, phase: Phase, index: int, names: Sequence[str]) -> None:
        policy = self._policy
        number = self._launches[phase]
        of = max(number, policy.screen_launches if phase is Phase.SCREEN else policy.confirm_launches)
        left_s = (of - number) * self._costs.launch_s(names) + self._costs.launch_s(names[index:])
        left_s = min(left_s, self._clock.left_s + self._clock.grace_s) if self._costs.known else 0.0
        self._plan.on_progress(Progress(phase, number, of, index + 1, len(names), names[index], max(0.0, left_s)))
