"""How far values scatter: as the standard deviation of normal ones, and unmoved by wild ones."""

from __future__ import annotations

import random

import pytest

from timetrial.stats.scatter import scatter, scatter_of_neighbours


def test_one_wild_launch_does_not_set_the_scatter() -> None:
    """A normal sample's scatter is its standard deviation."""
    rng = random.Random(3)
    values = [rng.gauss(0, 0.03) for _ in range(2000)]
    assert scatter(values) == pytest.approx(0.03, rel=0.1)
    assert scatter([0.0, 0.01, -0.01, 0.02, 5.0]) < 0.02


def test_a_change_of_level_does_not_set_the_scatter_of_neighbours() -> None:
    """One step of many is large; the others tell how far a value lies from its level."""
    rng = random.Random(4)
    values = [rng.gauss(level, 0.03) for level in (1.0, 2.0) for _ in range(1000)]
    assert scatter_of_neighbours(values) == pytest.approx(0.03, rel=0.1)


def test_one_value_alone_shows_no_scatter() -> None:
    """Nor do equal ones."""
    assert scatter([7.0]) == scatter_of_neighbours([7.0]) == scatter_of_neighbours([]) == 0.0
    assert scatter([7.0] * 3) == scatter_of_neighbours([7.0] * 3) == 0.0
