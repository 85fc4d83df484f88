"""Scales put values where a reader expects them, with ticks at round numbers or at what was measured."""

from __future__ import annotations

import pytest

from timetrial.report.draw.scales import AtValues, Linear, Log, Ordinal, figures_scale, sizes_scale


def test_a_linear_scale_has_round_ticks_within_its_ends() -> None:
    """Steps of 1, 2 or 5 of a power of ten."""
    assert Linear(0, 47, 0, 100).ticks() == [0, 10, 20, 30, 40]
    assert Linear(0, 4, 200, 0)(1) == 150


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0.9, 60, [1, 2, 5, 10, 20, 50]), (1, 1e5, [1, 10, 100, 1e3, 1e4, 1e5]), (1, 1e12, [1, 1e3, 1e6, 1e9, 1e12])],
)
def test_a_logarithmic_scale_thins_its_ticks_as_it_spans_more(low: float, high: float, ticks: list[float]) -> None:
    """1, 2, 5 of each power, then powers, then every so many of them."""
    assert Log(low, high, 0, 300).ticks() == pytest.approx(ticks)


def test_equal_ratios_are_equally_far_apart_on_a_logarithmic_scale() -> None:
    """Ten is half way from one to a hundred."""
    assert Log(1, 100, 0, 300)(10) == pytest.approx(150)


def test_what_was_varied_is_logarithmic_where_it_can_be() -> None:
    """A zero, or words, take a place each."""
    assert isinstance(sizes_scale([1, 4, 64], 0, 100, str), AtValues)
    assert isinstance(sizes_scale([0, 4, 64], 0, 100, str), Ordinal)
    assert sizes_scale(["wait", "compute"], 0, 100, str)("compute") == 100


def test_labels_of_measured_values_keep_apart_and_the_last_one_stays() -> None:
    """16 and 17 would lie on each other."""
    scale = sizes_scale([1, 16, 17], 0, 100, str)
    assert scale.ticks() == [1, 17]


def test_figures_far_apart_are_logarithmic_and_others_begin_at_zero() -> None:
    """From eight times on."""
    assert isinstance(figures_scale([1, 9], 0, 100), Log)
    near = figures_scale([1, 7], 0, 100)
    assert isinstance(near, Linear)
    assert near.low == 0
    assert isinstance(figures_scale([], 0, 100), Linear)
