"""A distribution in a few numbers, and the interval of its 99th percentile."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetrial.errors import AccountingError
from timetrial.stats.distribution import distribution, p99_ranks

MS = 1_000_000


@given(st.lists(st.integers(0, 10**10), min_size=1))
def test_quantiles_rise_from_the_shortest_to_the_longest(samples: list[int]) -> None:
    """Whatever the samples are; the interval of p99 is around it."""
    found = distribution(samples)
    quantiles = [*found["quantiles_ms"].values()]
    assert quantiles == sorted(quantiles)
    assert (quantiles[0], quantiles[-1]) == pytest.approx((min(samples) / MS, max(samples) / MS), rel=1e-3)
    assert found["p99_low_ms"] <= found["p99_ms"] <= found.get("p99_high_ms", found["max_ms"])


def test_a_thousand_samples_tell_tenths_and_ever_finer_steps_towards_the_tail() -> None:
    """1 to 1,000 ms, in any order; the usual percentiles are there too."""
    found = distribution([ms * MS for ms in range(1_000, 0, -1)])
    assert found["quantiles_ms"] == {
        "0": 1,
        "10": 100,
        "20": 200,
        "30": 300,
        "40": 400,
        "50": 500,
        "60": 600,
        "70": 700,
        "80": 800,
        "90": 900,
        "95": 950,
        "98": 980,
        "99": 990,
        "99.5": 995,
        "99.8": 998,
        "99.9": 999,
        "100": 1_000,
    }
    assert (found["p50_ms"], found["p999_ms"], found["count"]) == (500, 999, 1_000)


def test_few_samples_tell_no_more_of_the_tail_than_they_can() -> None:
    """Twenty can't tell p98 from the slowest, and say nothing of it."""
    assert [*distribution([MS] * 20)["quantiles_ms"]][-3:] == ["90", "95", "100"]


def test_samples_that_come_in_two_sizes_are_seen_to() -> None:
    """A mean or two percentiles would hide it."""
    found = distribution([MS] * 600 + [9 * MS] * 400)["quantiles_ms"]
    assert [found[each] for each in ("50", "60", "70", "90")] == [1, 1, 9, 9]


def test_the_interval_holds_the_true_percentile_in_95_of_100_cases() -> None:
    """Of samples from a known distribution, and no wider than it has to be."""
    chance, tries, held = random.Random(15), 400, 0
    for _ in range(tries):
        found = distribution([int(chance.random() * 1e9) for _ in range(600)])
        held += found["p99_low_ms"] <= 990 <= found["p99_high_ms"]
    assert 0.93 <= held / tries <= 0.995


def test_an_upper_end_takes_368_samples() -> None:
    """With fewer the slowest could itself lie below the 99th percentile, more often than one time in forty."""
    assert p99_ranks(367) == (359, None)
    assert p99_ranks(368)[1] == 368
    assert p99_ranks(1) == (1, None)


def test_ranks_of_a_million_samples_lie_where_the_normal_approximation_has_them() -> None:
    """1.96 standard deviations from the 990,000th."""
    low, high = p99_ranks(1_000_000)
    assert high is not None
    assert (low - 990_000, high - 990_000) == pytest.approx((-195, 196), abs=2)


def test_of_no_samples_there_is_no_distribution() -> None:
    """As there are no percentiles."""
    with pytest.raises(AccountingError, match="at least one item"):
        distribution([])
