"""Percentiles are values that were seen, by nearest rank."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetrial.errors import AccountingError
from timetrial.stats.percentiles import nearest_rank, percentile, percentiles


@given(st.lists(st.integers(0, 10**10), min_size=1), st.integers(1, 1_000))
def test_nearest_rank_is_the_smallest_sample_that_enough_samples_do_not_exceed(samples: list[int], mille: int) -> None:
    """Checked against the definition, counted out."""
    ordered = sorted(samples)
    enough = [each for each in ordered if sum(x <= each for x in ordered) * 1_000 >= mille * len(ordered)]
    assert nearest_rank(ordered, mille) == min(enough)


@given(st.lists(st.integers(0, 10**10), min_size=1))
def test_percentiles_rise_up_to_the_maximum(samples: list[int]) -> None:
    """p50 <= p90 <= p99 <= p99.9 <= max, in whatever order the samples came."""
    found = percentiles(samples)
    rising = [found["p50_ms"], found["p90_ms"], found["p99_ms"], found["p999_ms"], found["max_ms"]]
    assert rising == sorted(rising)
    assert found["max_ms"] == max(samples) / 1e6
    assert found["count"] == len(samples)


def test_a_thousand_samples_are_enough_for_every_percentile() -> None:
    """1 to 1,000 ms: each percentile is its own rank, and there is no note."""
    found = percentiles([ms * 1_000_000 for ms in range(1_000, 0, -1)])
    assert found == {"p50_ms": 500, "p90_ms": 900, "p99_ms": 990, "p999_ms": 999, "max_ms": 1_000, "count": 1_000}


def test_too_few_samples_for_a_tail_are_noted() -> None:
    """With 200 samples, p99.9 can only be the maximum, and the note says so."""
    note = percentiles([1] * 200)["note"]
    assert note == "too few samples to tell a tail from the maximum: p99.9 takes 1,000; there are 200"


def test_no_samples_are_an_error_with_its_fix() -> None:
    """There is no percentile of nothing."""
    with pytest.raises(AccountingError, match="run the round on at least one item"):
        percentiles([])


def test_a_percentile_is_a_value_that_was_seen() -> None:
    """By nearest rank: of a hundred values in any order, the 99th is the second highest."""
    values = [float(each) for each in range(100, 0, -1)]
    assert [percentile(values, per_mille) for per_mille in (0, 500, 990, 1_000)] == [1.0, 50.0, 99.0, 100.0]


def test_there_is_no_percentile_of_nothing() -> None:
    """An error, and no zero that looks like a fast answer."""
    with pytest.raises(ValueError, match="no percentile of nothing"):
        percentile([], 500)
