"""The gate from top to bottom: screen everything, look again at what stands out, and keep it all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from timetrial.errors import GateError, SideDownError
from timetrial.gate.lockstep.keep_awake import Spinners, spinners
from timetrial.gate.lockstep.launch import Launch, Offer
from timetrial.gate.lockstep.rounds import BenchmarkRounds, Sizes
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SideName, Trouble
from timetrial.gate.sides.make import Side
from timetrial.gate.sides.watch import Watch
from timetrial.gate.verdicts import open_for_confirmation
from timetrial.system.strays import Stray


@dataclass(frozen=True)
class Progress:
    """How far a gate is: the launch under way, the benchmark in it, and a guess of the time left."""

    phase: Phase
    launch: int
    """Which launch of the phase, from 1."""
    launches: int
    """How many there are in the phase, at most."""
    benchmark: int
    """Which benchmark of the launch, from 1."""
    benchmarks: int
    name: str
    """The benchmark's node id."""
    left_s: float
    """Seconds that are left at most; 0 until the first launch has ended."""


@dataclass(frozen=True)
class GatePlan:
    """All that a gate needs to know before it starts.

    ``selection`` goes to pytest on both sides. ``extra_share(name)`` makes the candidate do that share of a
    benchmark's work more, which is how the gate itself is measured. ``say`` gets lines for whoever started the gate,
    ``on_progress`` is told of each benchmark, ``on_launch`` gets the records after each launch, so that nothing
    measured is lost. ``on_modules`` gets the project's modules that a side imported, by name, with the file of each.
    """

    base: Side
    candidate: Side
    policy: GatePolicy
    """The settings that verdicts rest on."""
    selection: Sequence[str] = ()
    seed: int = 0
    """Of the random order of benchmarks and sides."""
    extra_share: Callable[[str], float] = lambda _name: 0.0
    say: Callable[[str], None] = lambda _line: None
    on_progress: Callable[[Progress], None] = lambda _progress: None
    on_launch: Callable[[Sequence[BenchmarkRecord]], None] = lambda _records: None
    on_modules: Callable[[SideName, Mapping[str, str]], None] = lambda _side, _modules: None
    known_enough: Callable[[BenchmarkRecord], bool] = lambda _record: False
    """Whether whoever asks has an answer already, though the gate itself would look on; asked between launches."""


def run_gate(plan: GatePlan) -> list[BenchmarkRecord]:
    """Measures both sides and returns what was measured; the verdicts are computed from that alone.

    Raises GateError where the sides can't be set against each other at all; what is wrong with a single benchmark is
    in its record.
    """
    with spinners(plan.policy.keep_awake) as started:
        gate = _Gate(plan, started)
        gate.screen()
        gate.confirm()
    return gate.records()


@dataclass
class _Pace:
    """How long a benchmark takes in a launch, start included, as seen so far."""

    seconds: float = 0.0
    benchmarks: int = 0

    def left_s(self, benchmarks: int) -> float:
        return benchmarks * self.seconds / self.benchmarks if self.benchmarks else 0.0


class _Gate:
    def __init__(self, plan: GatePlan, spinners: Spinners) -> None:
        self._plan = plan
        self._spinners = spinners
        self._chance = random.Random(plan.seed)
        self._sizes = Sizes()
        self._records: dict[str, BenchmarkRecord] = {}
        self._pace = _Pace()
        self._launches = dict.fromkeys(Phase, 0)
        self._watch = Watch(plan.base, plan.candidate)
        self._told_of: set[str] = set()
        self._started_s = time.monotonic()

    def records(self) -> list[BenchmarkRecord]:
        return list(self._records.values())

    def screen(self) -> None:
        """Looks at everything, until each benchmark has its launches or the time is up."""
        self._launch(Phase.SCREEN, None)
        while self._time_is_left() and (names := self._short_of_screening()):
            self._launch(Phase.SCREEN, names)

    def confirm(self) -> None:
        """Gives fresh launches to what stands out, until all is decided or the time is up."""
        while self._time_is_left() and (names := self._open()):
            self._launch(Phase.CONFIRM, names)

    def _open(self) -> list[str]:
        names = open_for_confirmation(self.records(), self._plan.policy)
        return [name for name in names if not self._plan.known_enough(self._records[name])]

    def _short_of_screening(self) -> list[str]:
        wanted = self._plan.policy.screen_launches
        return [
            name
            for name, record in self._records.items()
            if record.trouble is None and len(record.of(Phase.SCREEN)) < wanted
        ]

    def _time_is_left(self) -> bool:
        return time.monotonic() - self._started_s < self._plan.policy.budget_s

    def _launch(self, phase: Phase, names: Sequence[str] | None) -> None:
        """One launch over these benchmarks; None for all that both sides have."""
        plan, began_s = self._plan, time.monotonic()
        self._launches[phase] += 1
        launch = Launch(
            plan.base, plan.candidate, plan.selection, patience_s=plan.policy.patience_s, chance=self._chance
        )
        try:
            with self._kept_if_unchanged(launch), launch:
                if names is None:
                    for remark in launch.remarks:
                        plan.say(remark)
                    names = self._take_stock(launch.offers)
                launch.choose(names)
                self._run(launch, phase, names)
                launch.refuse_late_joins()
        finally:
            for side, modules in launch.modules.items():
                plan.on_modules(side, modules)
            plan.on_launch(self.records())  # also what a launch had measured when it was cut off
        self._pace.seconds += time.monotonic() - began_s
        self._pace.benchmarks += len(names)

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
        for index, name in enumerate(names):
            self._tell(phase, index, names)
            extra = self._plan.extra_share(name)
            rounds = BenchmarkRounds(launch, name, self._plan.policy, self._sizes, self._chance, self._spinners, extra)
            try:
                outcome = rounds.measure(phase)
            except SideDownError as error:
                self._records[name].trouble = Trouble("crashed", SideName(error.side), str(error))
                return  # the others get another launch
            self._note(name, outcome)

    def _note(self, name: str, outcome: LaunchPair | Trouble) -> None:
        if isinstance(outcome, Trouble):
            self._records[name].trouble = outcome
        else:
            self._records[name].launches.append(outcome)

    def _take_stock(self, offers: Mapping[SideName, Sequence[Offer]]) -> list[str]:
        """Makes a record for everything that either side has; returns what can be measured."""
        base = {each.name: each for each in offers[SideName.BASE]}
        candidate = {each.name: each for each in offers[SideName.CANDIDATE]}
        for name in [*candidate, *(each for each in base if each not in candidate)]:
            trouble = _trouble_of(base.get(name), candidate.get(name))
            self._records[name] = BenchmarkRecord(name, trouble=trouble)
        return [name for name, record in self._records.items() if record.trouble is None]

    def _tell(self, phase: Phase, index: int, names: Sequence[str]) -> None:
        policy = self._plan.policy
        number = self._launches[phase]
        of = max(number, policy.screen_launches if phase is Phase.SCREEN else policy.confirm_launches)
        left = (of - number) * len(names) + len(names) - index
        self._plan.on_progress(
            Progress(phase, number, of, index + 1, len(names), names[index], self._pace.left_s(left))
        )


def _trouble_of(base: Offer | None, candidate: Offer | None) -> Trouble | None:
    """What keeps a benchmark that one side or both have collected from being measured, as far as can be told now."""
    if candidate is None:
        return Trouble("missing", SideName.CANDIDATE, "the base has it and the candidate doesn't: deleted, or renamed")
    if base is None:
        return Trouble("new", SideName.BASE, "the base doesn't have it yet")
    if base.skip and candidate.skip:
        return Trouble("skipped", None, candidate.skip)
    if base.skip or candidate.skip:
        side = SideName.BASE if base.skip else SideName.CANDIDATE
        return Trouble("skipped", side, base.skip or candidate.skip or "")
    return None
