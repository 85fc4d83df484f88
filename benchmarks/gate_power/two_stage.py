"""The whole rule on made-up launches, from the screen to the verdicts: ``python -m benchmarks.gate_power.two_stage``.

Each gate has 42 benchmarks, seven of each kind that was measured, and one of them is slower in the lines with an
effect. The benchmarks' own launches take about a second each, so launches are seconds. For gates with real launches
see the study in this folder; this one shows what the settings do, over far more gates than could be run.
"""

from __future__ import annotations

import argparse
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from benchmarks.gate_power.noise import MEASURED, Noise, launch, screened
from timetrial.gate.findings import Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, Phase
from timetrial.gate.verdicts import judge, open_for_confirmation
from timetrial.stats.signed_rank import as_effect

BENCHMARKS: Final = [noise for noise in MEASURED for _ in range(7)]
POLICIES: Final = {
    "default": GatePolicy(),
    "flag 2 %": GatePolicy(flag=0.02),
    "flag 1 %": GatePolicy(flag=0.01),
    "screen 6": GatePolicy(screen_launches=6),
    "confirm 24": GatePolicy(confirm_launches=24),
    "confirm 36": GatePolicy(confirm_launches=36),
}


@dataclass(frozen=True)
class Cell:
    """One line: the setting, the effect that one benchmark of each gate has, how many gates."""

    policy: str
    effect: float
    gates: int


@dataclass
class Tally:
    """What came of the gates of a line; ``caught`` counts by the kind of the slower benchmark."""

    false_alarms: int = 0
    caught: dict[str, int] = field(default_factory=dict)
    slowed: dict[str, int] = field(default_factory=dict)
    unchanged: int = 0
    inconclusive: int = 0
    confirmed: int = 0
    launches: int = 0

    @property
    def power(self) -> float:
        """The share of slowed benchmarks that were called regressed."""
        return sum(self.caught.values()) / max(1, sum(self.slowed.values()))

    @property
    def weakest(self) -> str:
        """The kind of benchmark that is caught least often."""
        kind = min(self.slowed, key=lambda each: self.caught.get(each, 0) / self.slowed[each], default=None)
        return f"{kind} {self.caught.get(kind, 0) / self.slowed[kind]:.0%}" if kind else "-"


def run_gate(
    policy: GatePolicy, effects: list[float], noises: list[Noise], rng: random.Random
) -> list[BenchmarkRecord]:
    """One gate's record. All launches that may be needed are made; those after an answer have no say in it."""
    records = [
        screened(str(index), noise.draw(rng, policy.screen_launches, effect))
        for index, (noise, effect) in enumerate(zip(noises, effects, strict=True))
    ]
    for name in open_for_confirmation(records, policy):
        drawn = noises[int(name)].draw(rng, policy.confirm_launches, effects[int(name)])
        records[int(name)].launches += [launch(Phase.CONFIRM, each) for each in drawn]
    return records


def simulate(cell: Cell) -> Tally:
    """All gates of a line; the seed is the same for every policy."""
    rng, policy, tally = random.Random(f"{cell.effect}"), POLICIES[cell.policy], Tally()
    for number in range(cell.gates):
        slow = number % len(BENCHMARKS) if cell.effect else None
        effects = [as_effect(cell.effect) if index == slow else 0.0 for index in range(len(BENCHMARKS))]
        _count(tally, run_gate(policy, effects, BENCHMARKS, rng), policy, slow)
    return tally


def _count(tally: Tally, records: list[BenchmarkRecord], policy: GatePolicy, slow: int | None) -> None:
    findings = judge(records, policy)
    regressed = {int(each.benchmark) for each in findings if each.verdict is Verdict.REGRESSED}
    tally.false_alarms += bool(regressed - {slow})
    if slow is not None:
        kind = BENCHMARKS[slow].name
        tally.slowed[kind] = tally.slowed.get(kind, 0) + 1
        tally.caught[kind] = tally.caught.get(kind, 0) + (slow in regressed)
    again = [each for each, record in zip(findings, records, strict=True) if record.of(Phase.CONFIRM)]
    tally.confirmed += len(again)
    tally.launches += sum(each.launches for each in again)
    tally.unchanged += sum(each.verdict is Verdict.UNCHANGED for each in findings)
    tally.inconclusive += sum(each.verdict is Verdict.INCONCLUSIVE for each in findings)


def line(cell: Cell, tally: Tally) -> str:
    """A row of the table."""
    gates = cell.gates
    shown = [
        cell.policy,
        f"{cell.effect:+.0%}" if cell.effect else "none",
        f"{tally.false_alarms} of {gates}",
        f"{tally.power:.1%}" if cell.effect else "-",
        tally.weakest,
        f"{tally.inconclusive / gates:.2f}",
        f"{tally.confirmed / gates:.1f}",
        f"{tally.launches / gates:.0f}",
    ]
    return f"| {' | '.join(shown)} |"


_HEADS = ("policy", "effect", "gates with a false alarm", "caught", "weakest kind", "inconclusive a gate",
          "looked at again", "their launches")  # fmt: skip


def main() -> None:
    """Prints the table in Markdown, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gates", type=int, default=1050, help="of each line")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--policies", nargs="*", default=list(POLICIES), choices=list(POLICIES))
    options = parser.parse_args()
    print(f"| {' | '.join(_HEADS)} |\n{'| --- ' * len(_HEADS)}|", flush=True)
    todo = [Cell(*each, options.gates) for each in product(options.policies, (0.0, 0.03, 0.05, 0.10))]
    with ProcessPoolExecutor(options.processes) as pool:
        for cell, tally in zip(todo, pool.map(simulate, todo), strict=True):
            print(line(cell, tally), flush=True)


if __name__ == "__main__":
    main()
