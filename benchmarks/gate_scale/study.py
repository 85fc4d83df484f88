"""Real gates of three hundred real benchmarks, with known slowdowns in some of them: what ``made_up`` only simulates.

    python -m benchmarks.gate_scale.study --slower 0 1 10 100 --gates 20
    python -m benchmarks.gate_scale.study --table

Each gate's raw pairs are kept in ``--results`` as soon as there are any, so a study goes on where it was stopped: the
next gate is of the line that has fewest. ``--table`` measures nothing, and prints what there is.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final, cast

from benchmarks.gate_scale import small_kinds
from benchmarks.gate_scale.made_up import Cell, Gate, head, line_of
from timetrial.commands.budget import seconds_of
from timetrial.gate.families import judge_families
from timetrial.gate.plan import GatePlan
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import SideName
from timetrial.gate.run import run_gate
from timetrial.gate.sides.make import this_side
from timetrial.gate.store import About, GateFile, StoredGate, about_sides, read_gate
from timetrial.gate.verdicts import judge
from timetrial.report.progress.gate import GateProgress
from timetrial.system.signals import endings_unwind
from timetrial.system.warden import warden

SUITE: Final = "benchmarks/gate_scale/small_kinds.py"
NAMES: Final = [
    f"{SUITE}::{name}[{number}]"
    for name in vars(small_kinds)
    if name.startswith("test_")
    for number in small_kinds.VARIANTS
]


@dataclass(frozen=True, order=True)
class Slowdown:
    """So many benchmarks of the candidate do ``effect`` more work; which ones, the gate's seed decides."""

    slower: int
    effect: float

    def names(self, seed: int) -> set[str]:
        """The benchmarks that are slower."""
        return set(random.Random(f"study {seed}").sample(NAMES, self.slower))

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> Slowdown:
        """That of a stored gate."""
        return cls(about["slower"], about["effect"])


def main(argv: Sequence[str] | None = None) -> None:
    """Measures, unless only the table is asked for, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--slower", type=int, nargs="+", default=[0, 1, 10, 100], help="how many benchmarks are slower (default: all)")
    add("--effect", type=float, nargs="+", default=[0.05, 0.1], help="by how much; 0.05 is 5 %%")
    add("--gates", type=int, default=20, help="of each line (default: %(default)s)")
    add("--budget", default="10m", metavar="TIME", help="of each gate (default: %(default)s)")
    add("--results", type=Path, default=Path("results", "gate_scale"), metavar="DIR", help="where the raw pairs go")
    add("--table", action="store_true", help="print the lines of what was measured so far")
    options = parser.parse_args(argv)
    budget_s = seconds_of(options.budget)
    if not options.table:
        pairs = product(options.slower, options.effect)
        lines = dict.fromkeys(Slowdown(slower, effect if slower else 0.0) for slower, effect in pairs)
        with endings_unwind(), warden():
            _measure(list(lines), options.gates, budget_s, options.results)
    print(table(finished(options.results)))


def _measure(lines: Sequence[Slowdown], gates: int, budget_s: float, results: Path) -> None:
    while True:
        known = [Slowdown.of(each.about) for each in finished(results) if each.asked.budget_s == budget_s]
        fewest = min(lines, key=known.count)
        if known.count(fewest) >= gates:
            return
        print(
            f"gate {known.count(fewest) + 1} of {gates} with {fewest.slower} slower by {fewest.effect:.0%}", flush=True
        )
        run_one(fewest, budget_s, results)


def run_one(slowdown: Slowdown, budget_s: float, results: Path) -> None:
    """One gate of this code against itself, with that slowdown."""
    base, candidate = this_side(SideName.BASE), this_side(SideName.CANDIDATE)
    seed, policy, progress = secrets.randbits(32), GatePolicy(budget_s=budget_s), GateProgress(sys.stderr)
    slow = slowdown.names(seed)
    about: dict[str, Any] = {**about_sides(base, candidate, [SUITE]), "kind": "study", "seed": seed, **vars(slowdown)}
    file = GateFile(results, policy, cast("About", about))
    plan = GatePlan(
        base,
        candidate,
        policy,
        [SUITE],
        seed,
        extra_share=lambda name: slowdown.effect if name in slow else 0.0,
        say=progress.say,
        on_progress=progress,
        on_launch=file.write,
        on_allotment=file.note_allotment,
    )
    try:
        records = run_gate(plan)
    finally:
        progress.clear()
    file.write(records, complete=True)


def finished(results: Path) -> list[StoredGate]:
    """The gates of this study that came to their end, the oldest first."""
    gates = [read_gate(path) for path in sorted(results.glob("*-gate-*.json"))]
    return [each for each in gates if each.complete and each.about.get("kind") == "study"]


def table(gates: Sequence[StoredGate]) -> str:
    """As in docs/gate.md: a line for each budget and slowdown, and what gates said before they measured."""
    found: dict[tuple[int, float, Slowdown], list[Gate]] = {}
    for stored in gates:
        slowdown = Slowdown.of(stored.about)
        slow = slowdown.names(stored.about["seed"])
        judged = judge(stored.records, stored.policy), judge_families(stored.records, stored.policy)
        key = len(stored.records), stored.asked.budget_s, slowdown
        found.setdefault(key, []).append(Gate(stored.seconds, slow, *judged))
    lines = [
        line_of(Cell(benchmarks, budget_s, slowdown.slower, slowdown.effect, len(each)), each)
        for (benchmarks, budget_s, slowdown), each in sorted(found.items(), key=lambda each: each[0])
    ]
    notes = dict.fromkeys(f"{stored.path.name}: {note}" for stored in gates for note in stored.notes)
    return "\n".join([head(), *(f"| {' | '.join(line)} |" for line in lines), *notes])


if __name__ == "__main__":
    main()
