"""Two independent samples of launches: exact, checked against scipy, and symmetrical."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetrial.errors import GateError
from timetrial.stats.rank_sum import (
    fewest_a_side,
    newcomers_interval,
    newcomers_p,
    rank_sum_interval,
    rank_sum_p,
    student_quantile,
    student_tail,
)

SAMPLES = st.lists(st.integers(-40, 40).map(lambda n: n / 7), min_size=2, max_size=9)


def normal(rng: random.Random, count: int, mean: float = 0.0) -> list[float]:
    """Launches whose logs scatter by 2 %."""
    return [rng.gauss(mean, 0.02) for _ in range(count)]


@pytest.mark.parametrize(("base", "candidate"), [(5, 5), (10, 10), (8, 3), (1, 9), (12, 20)])
def test_the_rank_sum_test_is_scipy_s_exact_one(base: int, candidate: int) -> None:
    """Mann and Whitney's, one-sided, for launches without ties."""
    stats = pytest.importorskip("scipy.stats")
    rng = random.Random(base * 100 + candidate)
    for shift in (0.0, 0.01, 0.05):
        old, new = normal(rng, base), normal(rng, candidate, 0.02)
        moved = [each + shift for each in old]
        expected = stats.mannwhitneyu(new, moved, alternative="greater", method="exact").pvalue
        assert rank_sum_p(old, new, shift) == pytest.approx(expected)


def test_ties_are_counted_as_they_are() -> None:
    """Against a count of all ways to deal six values out, of which two pairs are equal."""
    stats = pytest.importorskip("scipy.stats")
    base, candidate = [1.0, 2.0, 2.0], [2.0, 3.0, 3.0]

    def ranks_of_candidate(one: list[float], other: list[float]) -> float:
        return float(sum(stats.rankdata([*other, *one])[: len(other)]))

    expected = stats.permutation_test(
        (base, candidate), ranks_of_candidate, alternative="greater", permutation_type="independent", n_resamples=1000
    ).pvalue
    assert rank_sum_p(base, candidate) == pytest.approx(expected)


@given(SAMPLES, SAMPLES)
def test_swapping_the_sides_turns_the_interval_over(base: list[float], candidate: list[float]) -> None:
    """And the estimate changes its sign."""
    there, back = rank_sum_interval(base, candidate), rank_sum_interval(candidate, base)
    assert there.estimate == pytest.approx(-back.estimate)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@given(SAMPLES, SAMPLES)
def test_what_slows_both_sessions_alike_changes_nothing(base: list[float], candidate: list[float]) -> None:
    """A machine that is twice as slow adds the same to every log."""
    slower = rank_sum_interval([each + 0.5 for each in base], [each + 0.5 for each in candidate])
    assert slower.estimate == pytest.approx(rank_sum_interval(base, candidate).estimate)


def test_the_interval_holds_the_shifts_that_the_test_can_t_rule_out() -> None:
    """Just inside its low end the test doesn't reach half of the error, just outside it does."""
    rng = random.Random(3)
    base, candidate = normal(rng, 9), normal(rng, 8, 0.05)
    interval = rank_sum_interval(base, candidate)
    half = (1 - 0.95) / 2
    assert rank_sum_p(base, candidate, interval.low - 1e-9) <= half < rank_sum_p(base, candidate, interval.low + 1e-9)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """400 comparisons of 8 with 8 launches, a fixed seed."""
    rng = random.Random(5)
    found = [rank_sum_interval(normal(rng, 8), normal(rng, 8, 0.03)) for _ in range(400)]
    assert sum(each.low <= 0.03 <= each.high for each in found) >= 0.93 * len(found)


def test_too_few_launches_have_no_interval() -> None:
    """Three a side can't reach 95 %."""
    interval = rank_sum_interval([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert (interval.low, interval.high) == (-math.inf, math.inf)


@pytest.mark.parametrize(("alpha", "launches"), [(0.05, 3), (0.01, 5), (0.01 / 42, 8)])
def test_how_many_launches_it_takes_to_reach_an_error(alpha: float, launches: int) -> None:
    """So many reach it with the clearest of results, one fewer doesn't."""
    assert fewest_a_side(alpha) == launches
    assert rank_sum_p(list(range(launches)), [100.0 + each for each in range(launches)]) <= alpha
    fewer = launches - 1
    assert rank_sum_p(list(range(fewer)), [100.0 + each for each in range(fewer)]) > alpha


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 10, 29])
def test_student_s_t_is_scipy_s(freedom: int) -> None:
    """Tail and quantile."""
    stats = pytest.importorskip("scipy.stats")
    for t in (-3.0, 0.0, 0.7, 2.5, 8.0):
        assert student_tail(t, freedom) == pytest.approx(stats.t.sf(t, freedom), abs=1e-13)
    for tail in (0.4, 0.05, 0.01 / 42):
        assert student_quantile(tail, freedom) == pytest.approx(stats.t.isf(tail, freedom), rel=1e-6)


def test_one_more_launch_of_the_same_code_is_called_as_rarely_as_it_says() -> None:
    """20,000 newcomers to nine launches, at 1 %; a fixed seed."""
    rng = random.Random(11)
    called = sum(newcomers_p(normal(rng, 9), normal(rng, 1)) <= 0.01 for _ in range(20_000))
    assert 150 <= called <= 250


def test_a_newcomer_s_interval_and_its_test_agree() -> None:
    """At the interval's low end the test is at half of the error."""
    base = normal(random.Random(2), 10)
    interval = newcomers_interval(base, [0.1, 0.11], 0.95)
    assert newcomers_p(base, [0.1, 0.11], interval.low) == pytest.approx(0.025)


def test_a_single_launch_of_the_base_shows_no_scatter() -> None:
    """An error that says what to do."""
    with pytest.raises(GateError, match="timetrial measure --launches 10"):
        newcomers_p([0.0], [0.1])
