"""Three intervals for the effect of few launches, simulated: ``python -m benchmarks.gate_power.intervals``.

How often each covers the truth, how wide it is, and how often identical sides would be settled as within 5 %. The
candidates: the signed-rank interval that the gate uses, Student's t, and Tukey and McLaughlin's t of the trimmed mean.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.gate_power.noise import MEASURED, Noise
from benchmarks.gate_power.rules import critical_t
from timetrial.stats.signed_rank import TRIMMED, as_effect, shift_interval, trimmed_mean

Ends = tuple[float, float]

NOISES: Final = (Noise("normal 2.5%", 0.025, wild=0), *(each for each in MEASURED if each.name in ("serial", "http")))


def signed_rank(values: Sequence[float]) -> Ends:
    """The gate's own: exact, whatever the symmetrical distribution."""
    interval = shift_interval(values)
    return interval.low, interval.high


def student(values: Sequence[float]) -> Ends:
    """Exact for a normal distribution."""
    middle = statistics.fmean(values)
    reach = critical_t(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return middle - reach, middle + reach


def trimmed_t(values: Sequence[float]) -> Ends:
    """Tukey and McLaughlin, Sankhya A 25, 1963: the trimmed mean, its error from the winsorized values."""
    count, ordered = len(values), sorted(values)
    off = int(TRIMMED * count)
    winsorized = [min(max(each, ordered[off]), ordered[count - off - 1]) for each in ordered]
    error = statistics.stdev(winsorized) / ((1 - 2 * off / count) * math.sqrt(count))
    reach = critical_t(count - 2 * off - 1) * error
    middle = trimmed_mean(values)
    return middle - reach, middle + reach


INTERVALS: Final[dict[str, Callable[[Sequence[float]], Ends]]] = {
    "signed-rank": signed_rank, "t": student, "trimmed t": trimmed_t,
}  # fmt: skip


def simulate(noise: Noise, launches: int, simulations: int) -> list[str]:
    """For each interval: coverage, mean half-width, and how often it lies within 5 %; all see the same launches."""
    rng = random.Random(f"{noise.name} {launches}")
    drawn = [noise.draw(rng, launches) for _ in range(simulations)]
    bound = as_effect(0.05)
    cells = []
    for interval in INTERVALS.values():
        ends = [interval(each) for each in drawn]
        covered = sum(low <= 0 <= high for low, high in ends) / simulations
        reach = statistics.fmean((high - low) / 2 for low, high in ends)
        settled = sum(-bound <= low and high <= bound for low, high in ends) / simulations
        cells.append(f"{covered:.1%}, ±{reach:.1%}, {settled:.0%}")
    return cells


def main() -> None:
    """Prints the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=4000)
    options = parser.parse_args()
    heads = ["noise", "launches", *(f"{name}: covers, reach, settled" for name in INTERVALS)]
    print(f"| {' | '.join(heads)} |\n{'| --- ' * len(heads)}|")
    for noise in NOISES:
        for launches in (6, 7, 8, 12, 24):
            row = [noise.name, str(launches), *simulate(noise, launches, options.simulations)]
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
