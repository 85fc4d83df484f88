"""The confirmation's errors, its power and its cost, simulated: ``python -m benchmarks.gate_power.confirmation``.

Each line is one kind of noise and one true effect. The rules see the same launches:

- fixed 24: all 24 launches, then one exact signed-rank test;
- ours 24, ours 60: ``timetrial.stats.sequential`` with at most so many launches;
- e 60: an e-process, which may look whenever it likes (Ville's inequality), by bets on the same scores.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Final

from benchmarks.gate_power.noise import MEASURED, Noise
from timetrial.stats.sequential import Answer, Decision, Rule, confirm
from timetrial.stats.signed_rank import as_effect, signed_rank_p

NOISES: Final = (
    Noise("normal 2%", 0.02, wild=0),
    Noise("normal 5%", 0.05, wild=0),
    *(each for each in MEASURED if each.name in ("serial", "http", "two processes")),
    Noise("lag 0.2", 0.025, lag=0.2),
    Noise("skewed slow", 0.025, wild=0, skewed=1),
    Noise("skewed fast", 0.025, wild=0, skewed=-1),
)
MARGIN: Final = 0.01
_MOST: Final = 60
_BETS: Final = (0.1, 0.25, 0.5, 0.75, 0.95)

Decide = Callable[[Sequence[float], float], Decision]


def _ours(most: int) -> Decide:
    def decide(effects: Sequence[float], alpha: float) -> Decision:
        return confirm(effects, Rule(as_effect(MARGIN), as_effect(0.05), alpha, most))

    return decide


def fixed(effects: Sequence[float], alpha: float, launches: int = 24) -> Decision:
    """The rule of a first study: always so many launches, one test at the end."""
    slower = signed_rank_p(effects[:launches], as_effect(MARGIN)) <= alpha
    return Decision(Answer.SLOWER if slower else Answer.OPEN, launches)


def e_process(effects: Sequence[float], alpha: float) -> Decision:
    """Five gamblers stake a fixed share of their wealth on "above the margin", at the rank of each new distance.

    Where nothing is there, no bet gains on average, so their mean wealth reaches 1 / alpha with a chance of at most
    alpha at any time (Shafer and others, "Test martingales, Bayes factors and p-values", Statistical Science 26, 2011).
    """
    sizes: list[float] = []
    wealth = [1.0] * len(_BETS)
    for count, effect in enumerate(effects[:_MOST], start=1):
        distance = effect - as_effect(MARGIN)
        sizes.append(abs(distance))
        score = min(1.0, 1.3 * sum(each <= abs(distance) for each in sizes) / count)
        gain = math.copysign(score, distance)
        wealth = [each * (1 + bet * gain) for each, bet in zip(wealth, _BETS, strict=True)]
        if sum(wealth) / len(wealth) >= 1 / alpha:
            return Decision(Answer.SLOWER, count)
    return Decision(Answer.OPEN, min(_MOST, len(effects)))


RULES: Final[dict[str, Decide]] = {"fixed 24": fixed, "ours 24": _ours(24), "ours 60": _ours(_MOST), "e 60": e_process}


@dataclass(frozen=True)
class Cell:
    """One line of the table; ``k`` benchmarks share the alpha of 1 %."""

    noise: Noise
    effect: float
    k: int
    simulations: int


@dataclass(frozen=True)
class Counts:
    """What one rule answered, of all simulations."""

    slower: float
    within: float
    launches: float


def simulate(cell: Cell) -> dict[str, Counts]:
    """All rules on the same launches; the seed is the cell's name, so that a line can be had again alone."""
    rng = random.Random(f"{cell.noise.name} {cell.effect} {cell.k}")
    answers: dict[str, list[Decision]] = {name: [] for name in RULES}
    for _ in range(cell.simulations):
        effects = cell.noise.draw(rng, _MOST, as_effect(cell.effect))
        for name, decide in RULES.items():
            answers[name].append(decide(effects, 0.01 / cell.k))
    return {name: _count(each) for name, each in answers.items()}


def _count(decisions: Sequence[Decision]) -> Counts:
    total = len(decisions)
    return Counts(
        slower=sum(each.answer is Answer.SLOWER for each in decisions) / total,
        within=sum(each.answer is Answer.WITHIN for each in decisions) / total,
        launches=sum(each.launches for each in decisions) / total,
    )


def cells(simulations: int, at_margin: int) -> Iterator[Cell]:
    """More simulations at the margin, where the rate to be seen is 1 % or less."""
    for noise, k, effect in product(NOISES, (1, 6), (0.0, MARGIN, 0.03, 0.05, 0.10)):
        yield Cell(noise, effect, k, at_margin if effect == MARGIN else simulations)


def line(cell: Cell, counts: dict[str, Counts]) -> str:
    """A row of the table: called slower (and mean launches) by each rule, and called within by ours."""
    digits = 2 if cell.effect <= MARGIN else 1
    shown = [f"{each.slower:.{digits}%} ({each.launches:.1f})" for each in counts.values()]
    within = f"{counts['ours 60'].within:.1%}"
    return " | ".join(["", cell.noise.name, f"{cell.effect:+.0%}", str(cell.k), *shown, within, ""]).strip()


def main() -> None:
    """Prints the table in Markdown, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=1000, help="of each line")
    parser.add_argument("--at-margin", type=int, default=20_000, help="of each line with an effect of the margin")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    heads = ["noise", "effect", "k", *(f"{name}: slower (launches)" for name in RULES), "ours 60: within"]
    print(f"| {' | '.join(heads)} |\n{'| --- ' * len(heads)}|", flush=True)
    todo = list(cells(options.simulations, options.at_margin))
    with ProcessPoolExecutor(options.processes) as pool:
        for cell, counts in zip(todo, pool.map(simulate, todo), strict=True):
            print(line(cell, counts), flush=True)


if __name__ == "__main__":
    main()
