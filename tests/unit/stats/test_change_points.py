"""Change points: the best partition there is, found where it is and nowhere else."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numpy")

import itertools

from timetrial.stats.change_points import change_points, levels, partition

SERIES = st.lists(st.integers(-50, 50).map(float), min_size=0, max_size=14)


def steps(rng: random.Random, *parts: tuple[int, float], noise: float = 0.01) -> list[float]:
    """So many values about each level."""
    return [rng.gauss(level, noise) for count, level in parts for _ in range(count)]


def cost(values: Sequence[float], cuts: Sequence[int], penalty: float) -> float:
    """What a partition is judged by."""
    ends = [0, *cuts, len(values)]
    parts = [values[start:end] for start, end in itertools.pairwise(ends)]
    return sum(sum((each - sum(part) / len(part)) ** 2 for each in part) for part in parts) + penalty * len(cuts)


def every_partition(count: int, shortest: int) -> list[list[int]]:
    """All ways to cut so many values, whatever they cost."""
    if count < shortest:
        return []
    found: list[list[int]] = [[]]
    for cut in range(shortest, count - shortest + 1):
        found += [[*before, cut] for before in every_partition(cut, shortest)]
    return found


@given(st.lists(SERIES, min_size=1, max_size=4), st.sampled_from([1.0, 50.0, 900.0]), st.integers(1, 4))
def test_no_partition_is_better(series: list[list[float]], penalty: float, shortest: int) -> None:
    """Against all that there are; series of unequal length don't disturb each other."""
    found = partition(series, [penalty] * len(series), shortest)
    for values, cuts in zip(series, found, strict=True):
        options = every_partition(len(values), shortest)
        if options:
            assert cost(values, cuts, penalty) == pytest.approx(min(cost(values, each, penalty) for each in options))
            assert cuts in options


def test_it_is_the_partition_that_ruptures_finds() -> None:
    """The C implementation of PELT in ruptures, where that can be installed (before Python 3.14)."""
    ruptures: Any = pytest.importorskip("ruptures")
    numpy: Any = pytest.importorskip("numpy")
    rng = random.Random(4)
    for _ in range(60):
        values = steps(rng, *((rng.randrange(4, 60), rng.gauss(0, 0.05)) for _ in range(rng.randrange(1, 5))))
        penalty = 3 * 0.01**2 * math.log(len(values))
        pelt = ruptures.KernelCPD(kernel="linear", min_size=3).fit(numpy.array(values).reshape(-1, 1))
        assert partition([values], [penalty], 3)[0] == [int(each) for each in pelt.predict(pen=penalty)][:-1]


def test_a_step_is_found_where_it_is() -> None:
    """5 % among 2 % of noise, two steps of unequal size."""
    values = steps(random.Random(1), (60, 0.0), (40, 0.05), (50, -0.1), noise=0.01)
    (found,) = change_points([values], 0.02)
    assert len(found) == 2
    assert found == pytest.approx([60, 100], abs=2)


def test_noise_alone_has_hardly_ever_a_change_point() -> None:
    """At most one in 200 series of 300 runs, a fixed seed."""
    rng = random.Random(2)
    found = change_points([steps(rng, (300, 0.0), noise=0.03) for _ in range(200)], 0.0)
    assert sum(bool(each) for each in found) <= 2


def test_single_slow_runs_are_no_change() -> None:
    """Three outliers of half as much again, far apart."""
    values = steps(random.Random(3), (120, 0.0))
    for at in (20, 60, 100):
        values[at] += 0.4
    assert change_points([values], 0.0) == [[]]


def test_changes_too_small_to_tell_are_left_out() -> None:
    """Of 1 % and 10 %, only the latter where 2 % is asked for."""
    values = steps(random.Random(6), (80, 0.0), (80, 0.01), (80, 0.11), noise=0.002)
    assert [len(each) for each in change_points([values], 0.0) + change_points([values], 0.02)] == [2, 1]


@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 5, [0.0] * 40])
def test_short_and_constant_series_have_none(values: list[float]) -> None:
    """Nor an error."""
    assert change_points([values], 0.02) == [[]]


def test_a_level_is_the_median_of_its_part() -> None:
    """So one outlier in it doesn't show."""
    assert levels([1.0, 1.0, 9.0, 5.0, 5.0], [3]) == [1.0, 5.0]
