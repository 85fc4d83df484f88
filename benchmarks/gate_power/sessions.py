"""How often a gate on stored files is wrong, and what it catches, from several measurements of identical code.

Measure the same code a few times, some time apart, then hold each file against each other one, both ways:

    timetrial measure --launches 10 -o one.json benchmarks/          # two.json, three.json, …
    python -m benchmarks.gate_power.sessions one.json two.json three.json

A slowdown is made up by multiplying the candidate's rounds, apart from those of benchmarks that others refer to.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

from timetrial.gate.findings import Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.gate.stored.compare import compare_runs
from timetrial.gate.stored.run import StoredRun, read_stored
from timetrial.report.text import columns

SLOWDOWNS = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Tally:
    """What became of the benchmarks in all gates of one kind."""

    gates: int
    accused: int
    benchmarks: int
    verdicts: Counter[Verdict]


def tally(pairs: Iterator[tuple[StoredRun, StoredRun]], policy: GatePolicy) -> Tally:
    """Runs the gates; benchmarks without a reference are left aside."""
    gates = accused = 0
    verdicts: Counter[Verdict] = Counter()
    for base, candidate in pairs:
        found = [each.verdict for each in compare_runs(base, candidate, policy) if each.launches]
        gates += 1
        accused += Verdict.REGRESSED in found
        verdicts += Counter(found)
    return Tally(gates, accused, verdicts.total(), verdicts)


def slowed(run: StoredRun, factor: float, launches: slice) -> StoredRun:
    """Some launches of the run, with that share more time in each benchmark that is compared with another one."""
    about = run.content["timetrial"]
    references = about["references"]
    changed = set(references) - set(references.values())
    kept = [_slowed_launch(each, changed, factor) for each in about["launches"][launches]]
    return StoredRun(run.where, {**run.content, "timetrial": {**about, "launches": kept}})


def _slowed_launch(launch: Mapping[str, Any], changed: set[str], factor: float) -> dict[str, Any]:
    seconds = {
        name: [each * (1 + factor) for each in data] if name in changed else data
        for name, data in launch["seconds"].items()
    }
    return {**launch, "seconds": seconds}


def whole(runs: Sequence[StoredRun], factor: float) -> Iterator[tuple[StoredRun, StoredRun]]:
    """Each file against each other one."""
    for base, candidate in permutations(runs, 2):
        yield base, slowed(candidate, factor, slice(None))


def single(runs: Sequence[StoredRun], factor: float) -> Iterator[tuple[StoredRun, StoredRun]]:
    """Each launch of each file against each other file."""
    for base, candidate in permutations(runs, 2):
        for number in range(len(candidate.launches)):
            yield base, slowed(candidate, factor, slice(number, number + 1))


def lines(runs: Sequence[StoredRun], policy: GatePolicy) -> list[str]:
    """The table."""
    rows = [_HEAD]
    for name, pairs in (("all launches", whole), ("one launch", single)):
        rows += [(name, f"{factor:.0%}", *_cells(tally(pairs(runs, factor), policy))) for factor in SLOWDOWNS]
    return columns(rows, right=range(1, len(_HEAD)))


_HEAD: tuple[str, ...] = (
    *("candidate", "slower by", "gates", "gates that say so"),
    *("benchmarks", "regressed", "unchanged", "improved"),
)


def _cells(found: Tally) -> list[str]:
    shown = (Verdict.REGRESSED, Verdict.UNCHANGED, Verdict.IMPROVED)
    return list(map(str, (found.gates, found.accused, found.benchmarks, *(found.verdicts[each] for each in shown))))


if __name__ == "__main__":
    print("\n".join(lines([read_stored(Path(each)) for each in sys.argv[1:]], GatePolicy())))
