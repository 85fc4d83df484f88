"""Counting all ways to set the signs: the same as going through them."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from timetrial.stats.exact_sums import SignFlips, flips_of, flips_of_ranks

WEIGHTS = st.lists(st.integers(0, 40), min_size=1, max_size=10)


def by_hand(weights: list[int]) -> list[int]:
    """The sum of the positive weights for each way to set the signs."""
    return [
        sum(weight for weight, up in zip(weights, signs, strict=True) if up)
        for signs in itertools.product((False, True), repeat=len(weights))
    ]


@given(WEIGHTS, st.integers(-5, 450))
def test_the_counts_are_those_of_all_ways(weights: list[int], least: int) -> None:
    """Including weights of nothing, and sums out of reach."""
    assert flips_of(weights).at_least(least) == sum(each >= least for each in by_hand(weights))


@given(WEIGHTS, st.integers(0, 1024))
def test_the_lowest_rare_sum_is_the_lowest(weights: list[int], ways: int) -> None:
    """One less would be reached too often."""
    flips = flips_of(weights)
    lowest = flips.lowest_within(ways)
    assert flips.at_least(lowest) <= ways
    assert lowest == 0 or flips.at_least(lowest - 1) > ways


def test_ways_that_were_stopped_are_not_counted_again() -> None:
    """After three ranks, stopped at a sum of 5 or more (2+3 and 1+2+3), a fourth joins the six ways that went on."""
    flips = SignFlips(4)
    for weight in (1, 2, 3):
        flips.add(weight)
    assert flips.drop(5) == 2
    flips.add(4)
    assert flips.at_least(0) == 12
    assert flips.at_least(7) == 3  # 3 + 4, 1 + 2 + 4 and 1 + 3 + 4
    assert flips.at_least(8) == 1


def test_the_table_of_the_signed_rank_statistic() -> None:
    """For n = 5, P(W >= 15) is 1 in 32 and P(W >= 14) 2 in 32, as printed."""
    assert [flips_of_ranks(5).at_least(each) for each in (15, 14, 13)] == [1, 2, 3]
