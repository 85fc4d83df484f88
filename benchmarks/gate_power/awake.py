"""Do processors that are kept awake make launches agree? ``python -m benchmarks.gate_power.awake --launches 12``.

Launches of identical sides, with spinners and without in random order; prints the error of a launch for each
benchmark: how far the effect of identical code lies from nothing.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from collections.abc import Iterator
from pathlib import Path

from timetrial.gate.awake import kept_awake
from timetrial.gate.launch import Launch
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import LaunchPair, Phase, SideName
from timetrial.gate.rounds import BenchmarkRounds, Sizes
from timetrial.gate.sides import this_side
from timetrial.gate.statistics import launch_effect, scatter
from timetrial.report.text import columns

_SUITE = str(Path(__file__).with_name("test_mix.py"))

Effects = dict[bool, dict[str, list[float]]]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--launches", type=int, default=12, help="of each kind")
    effects = measured(parser.parse_args().launches)
    head = ("benchmark", "error, asleep", "error, awake", "scatter, asleep", "scatter, awake")
    rows = [(name, *_figures(effects, name)) for name in effects[False]]
    print("\n".join(columns([head, *rows], right=range(1, 5))))


def measured(launches: int) -> Effects:
    """The effects of each benchmark's launches, by whether the processors were kept awake."""
    effects: Effects = {False: {}, True: {}}
    sizes, chance = Sizes(), random.Random()
    for _ in range(launches):
        for awake in chance.sample((False, True), 2):
            with kept_awake(awake):
                for name, pair in _one_launch(sizes, chance):
                    effects[awake].setdefault(name, []).append(launch_effect(pair.base_s, pair.candidate_s))
    return effects


def _one_launch(sizes: Sizes, chance: random.Random) -> Iterator[tuple[str, LaunchPair]]:
    sides = this_side(SideName.BASE), this_side(SideName.CANDIDATE)
    with Launch(*sides, [_SUITE], patience_s=60, chance=chance) as launch:
        names = [each.name for each in launch.offers[SideName.BASE]]
        launch.choose(names)
        for name in names:
            pair = BenchmarkRounds(launch, name, GatePolicy(), sizes, chance).measure(Phase.SCREEN)
            if not isinstance(pair, LaunchPair):
                raise SystemExit(f"{name}: {pair.kind}: {pair.reason}")
            yield name.partition("::")[2], pair


def _figures(effects: Effects, name: str) -> Iterator[str]:
    for figure in (_error, scatter):
        for awake in (False, True):
            yield f"{figure(effects[awake][name]):.2%}"


def _error(values: list[float]) -> float:
    return math.sqrt(statistics.fmean(value * value for value in values))


if __name__ == "__main__":
    main()
