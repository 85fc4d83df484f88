"""Scatter is told apart by where it comes from, and the best number of pairs follows from it."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from timetrial.stats.variance_components import Components, best_pairs, components


def made(between: float, within: float, launches: int, pairs: int, seed: int = 1) -> list[list[float]]:
    """Launches with normal scatter of both kinds."""
    rng = random.Random(seed)
    centres = [rng.gauss(0, between) for _ in range(launches)]
    return [[rng.gauss(centre, within) for _ in range(pairs)] for centre in centres]


@pytest.mark.parametrize(("between", "within"), [(0.02, 0.03), (0.01, 0.06)])
def test_both_components_are_found_again(between: float, within: float) -> None:
    """From enough launches, within a tenth or two."""
    found = components(made(between, within, launches=600, pairs=24))
    assert found is not None
    assert found.between == pytest.approx(between, rel=0.2)
    assert found.within == pytest.approx(within, rel=0.1)


def test_launches_that_differ_by_their_pairs_alone_have_no_scatter_of_their_own() -> None:
    """And never a negative one."""
    found = components(made(0.0, 0.05, launches=300, pairs=10))
    assert found is not None
    assert found.between < 0.01


def test_what_a_launch_is_expected_to_scatter_by_is_what_its_medians_do() -> None:
    """The sum of both, the pairs' part shrinking with their number."""
    medians = [statistics.median(each) for each in made(0.01, 0.04, launches=3000, pairs=16)]
    assert statistics.stdev(medians) == pytest.approx(Components(0.01, 0.04).of_launch(16), rel=0.07)


def test_too_little_says_nothing() -> None:
    """One launch, or launches of one pair each."""
    assert components([[0.1, 0.2]]) is None
    assert components([[0.1], [0.2]]) is None


def test_the_best_number_of_pairs_is_the_cheapest_for_a_given_precision() -> None:
    """No other number gives a smaller variance for the same time."""
    found, launch_s, pair_s = Components(0.01, 0.05), 0.05, 0.004

    def variance_times_cost(pairs: int) -> float:
        return found.of_launch(pairs) ** 2 * (launch_s + pairs * pair_s)

    best = best_pairs(found, launch_s, pair_s)
    assert round(best) in range(min(range(1, 200), key=variance_times_cost) - 1, 25)
    assert variance_times_cost(round(best)) <= 1.01 * min(map(variance_times_cost, range(1, 200)))
    assert best_pairs(Components(0.0, 0.05), launch_s, pair_s) == math.inf
