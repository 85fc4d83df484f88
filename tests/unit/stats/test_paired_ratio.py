"""The ratio of paired rounds: its interval is exact, symmetrical, and blind to what slows both sides."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetrial.stats.paired_ratio import CONFIDENCE, interval_depth, paired_ratio

DURATIONS = st.lists(st.tuples(st.floats(1e-6, 1e3), st.floats(1e-6, 1e3)), min_size=6, max_size=40)


@pytest.mark.parametrize(("count", "depth"), [(5, 0), (6, 1), (8, 1), (9, 2), (12, 3), (20, 6), (30, 10), (100, 40)])
def test_the_interval_is_the_sign_test_s(count: int, depth: int) -> None:
    """The depths of the printed tables for 95 %."""
    assert interval_depth(count) == depth


@pytest.mark.parametrize("count", [6, 7, 15, 64, 1_023, 1_024, 2_000])
def test_one_step_further_in_would_break_the_confidence(count: int) -> None:
    """It is the narrowest interval that still holds what it promises."""

    def outside(depth: int) -> float:
        return sum(math.comb(count, heads) for heads in range(depth)) / (1 << (count - 1))

    depth = interval_depth(count)
    assert outside(depth) <= 1 - CONFIDENCE < outside(depth + 1)


def test_too_few_pairs_have_no_interval() -> None:
    """Five pairs can't reach 95 %."""
    assert paired_ratio([2.0] * 5, [1.0] * 5) is None


def test_a_round_that_the_clock_did_not_see_has_no_ratio() -> None:
    """Rather than a division by zero."""
    assert paired_ratio([1.0] * 6, [0.0] * 6) is None


@given(DURATIONS)
def test_swapping_the_sides_turns_the_interval_over(pairs: list[tuple[float, float]]) -> None:
    """Whoever is called first has no advantage."""
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    there, back = paired_ratio(one, other), paired_ratio(other, one)
    assert there is not None
    assert back is not None
    assert back.low == pytest.approx(1 / there.high)
    assert back.high == pytest.approx(1 / there.low)
    assert there.low <= there.ratio * (1 + 1e-9)
    assert there.ratio <= there.high * (1 + 1e-9)


def test_what_slows_both_sides_of_a_pair_changes_nothing() -> None:
    """A machine that is twice as slow for a while."""
    rng = random.Random(1)
    one, other = [1.0 + rng.random() for _ in range(20)], [1.0 + rng.random() for _ in range(20)]
    slowed = [(a * 2, b * 2) if index % 3 else (a, b) for index, (a, b) in enumerate(zip(one, other, strict=True))]
    calm, moody = paired_ratio(one, other), paired_ratio([a for a, _ in slowed], [b for _, b in slowed])
    assert calm is not None
    assert moody is not None
    assert moody.ratio == pytest.approx(calm.ratio)


def test_equal_models_tie_in_at_least_nineteen_of_twenty_races() -> None:
    """The interval covers the truth as often as it says (2,000 races of 15 pairs, a fixed seed)."""
    rng = random.Random(7)
    races = [
        paired_ratio([rng.lognormvariate(0, 0.3) for _ in range(15)], [rng.lognormvariate(0, 0.3) for _ in range(15)])
        for _ in range(2000)
    ]
    assert sum(each is not None and each.low <= 1 <= each.high for each in races) >= 0.95 * len(races)


def test_more_pairs_narrow_the_interval() -> None:
    """Depth grows with the number of pairs."""
    depths = [interval_depth(count) for count in range(6, 200)]
    assert all(one <= other for one, other in pairwise(depths))
