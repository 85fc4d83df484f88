"""Do processors that are kept awake make launches agree? ``python -m benchmarks.gate_power.awake --launches 12``.

Launches of identical sides in random order: without spinners, with one on the benchmark's own processor, and with one
on each. Prints the error of a launch for each benchmark: how far the effect of identical code lies from nothing.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from timetrial.gate.lockstep.keep_awake import Spinners, spinners
from timetrial.gate.lockstep.launch import Launch
from timetrial.gate.lockstep.rounds import BenchmarkRounds
from timetrial.gate.lockstep.sizes import Sizes
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import LaunchPair, Phase, SideName
from timetrial.gate.sides.make import this_side
from timetrial.report.text import columns
from timetrial.stats.scatter import scatter
from timetrial.stats.signed_rank import launch_effect
from timetrial.system.affinity import usable_cpus

_SUITE = str(Path(__file__).with_name("test_mix.py"))

# Whom a benchmark that is pinned to these processors keeps awake.
ARMS: Final[dict[str, Callable[[Collection[int]], Collection[int]]]] = {
    "asleep": lambda _cpus: (),
    "its own awake": lambda cpus: cpus,
    "all awake": lambda cpus: usable_cpus() if cpus else (),
}

Effects = dict[str, dict[str, list[float]]]


class _Arm(Spinners):
    """Spinners of which others spin than were asked to."""

    def __init__(self, all_of_them: Spinners, choose: Callable[[Collection[int]], Collection[int]]) -> None:
        self._all, self._choose = all_of_them, choose

    @contextmanager
    def spinning(self, cpus: Collection[int]) -> Iterator[None]:
        with self._all.spinning(self._choose(cpus)):
            yield


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--launches", type=int, default=12, help="of each kind")
    effects = measured(parser.parse_args().launches)
    head = ("benchmark", *(f"{figure}, {arm}" for figure in ("error", "scatter") for arm in ARMS))
    rows = [(name, *_figures(effects, name)) for name in effects["asleep"]]
    print("\n".join(columns([head, *rows], right=range(1, len(head)))))


def measured(launches: int) -> Effects:
    """The effects of each benchmark's launches, by arm."""
    effects: Effects = {arm: {} for arm in ARMS}
    sizes, chance = Sizes(), random.Random()
    with spinners(True) as all_of_them:
        for _ in range(launches):
            for arm in chance.sample(list(ARMS), len(ARMS)):
                for name, pair in _one_launch(sizes, chance, _Arm(all_of_them, ARMS[arm])):
                    effects[arm].setdefault(name, []).append(launch_effect(pair.base_s, pair.candidate_s))
    return effects


def _one_launch(sizes: Sizes, chance: random.Random, awake: Spinners) -> Iterator[tuple[str, LaunchPair]]:
    sides = this_side(SideName.BASE), this_side(SideName.CANDIDATE)
    with Launch(*sides, [_SUITE], patience_s=60, chance=chance) as launch:
        names = [each.name for each in launch.offers[SideName.BASE]]
        launch.choose(names)
        for name in names:
            pair = BenchmarkRounds(launch, name, GatePolicy(), sizes, chance, awake).measure(Phase.SCREEN)
            if not isinstance(pair, LaunchPair):
                raise SystemExit(f"{name}: {pair.kind}: {pair.reason}")
            yield name.partition("::")[2], pair


def _figures(effects: Effects, name: str) -> Iterator[str]:
    for figure in (_error, scatter):
        for arm in ARMS:
            yield f"{figure(effects[arm][name]):.2%}"


def _error(values: list[float]) -> float:
    return math.sqrt(statistics.fmean(value * value for value in values))


if __name__ == "__main__":
    main()
