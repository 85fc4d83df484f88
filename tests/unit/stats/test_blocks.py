"""Whether blocks tell one story, against known distributions and scipy."""

from __future__ import annotations

import random

import pytest

from timetrial.errors import GateError
from timetrial.stats.blocks import blocks_p


def test_two_blocks_that_lie_apart_have_the_p_that_can_be_counted() -> None:
    """Two of the 20 ways to deal six values out put three below three."""
    assert blocks_p([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) == pytest.approx(2 / 20)
    assert blocks_p([[4.0, 5.0, 6.0], [3.0, 2.0, 1.0]]) == pytest.approx(2 / 20)


def test_three_blocks_that_lie_apart_have_the_p_that_can_be_counted() -> None:
    """In six orders, of the 90 ways to deal six values out to three blocks of two."""
    assert blocks_p([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]) == pytest.approx(6 / 90)


def test_blocks_of_equal_values_and_a_single_block_agree() -> None:
    """Nothing is unlikely about them."""
    assert blocks_p([[1.0, 1.0], [1.0, 1.0, 1.0]]) == 1.0
    assert blocks_p([[1.0, 5.0, 9.0]]) == 1.0


def test_a_block_without_values_is_refused() -> None:
    """It would count as one that agrees."""
    with pytest.raises(GateError, match="without launches"):
        blocks_p([[1.0], []])


def test_blocks_of_one_population_seldom_disagree() -> None:
    """At 5 % in one of twenty at most, also where launches are wild and blocks of unequal sizes."""
    chance = random.Random(7)
    sizes, tries = (3, 3, 4), 50

    def drawn() -> float:
        return chance.gauss(0, 1) * (5.0 if chance.random() < 0.1 else 1.0)

    alarms = sum(blocks_p([[drawn() for _ in range(size)] for size in sizes]) <= 0.05 for _ in range(tries))
    assert alarms <= 8  # more than 8 of 50: less than one in 1,000


def test_a_block_that_is_off_by_three_standard_deviations_is_seen() -> None:
    """Also where ways are drawn, of which there are too many to count."""
    chance = random.Random(8)
    blocks = [[chance.gauss(3.0 * (number == 2), 1) for _ in range(8)] for number in range(4)]
    assert blocks_p(blocks) <= 0.001


def test_what_is_clear_can_be_told_at_any_level() -> None:
    """As many ways are drawn as that takes, which hundreds of benchmarks need."""
    apart = [[float(number) for number in range(8)], [float(number) for number in range(10, 18)]]
    assert blocks_p(apart * 2, alpha=1e-4) <= 1e-4


def test_it_agrees_with_scipy_where_its_approximation_holds() -> None:
    """Within what draws scatter by and the approximation is off."""
    stats = pytest.importorskip("scipy.stats")
    chance = random.Random(9)
    blocks = [[chance.gauss(0.25 * number, 1) for _ in range(20)] for number in range(3)]
    expected = stats.kruskal(*blocks).pvalue
    assert 0.02 < expected < 0.5
    assert blocks_p(blocks) == pytest.approx(expected, rel=0.5)
