"""The gate's statistics agree with scipy and with what can be counted by hand, and no launch order or unit matters."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetrial.errors import GateError
from timetrial.stats.signed_rank import (
    as_effect,
    as_ratio,
    fewest_for,
    launch_effect,
    launches_for_width,
    shift_interval,
    signed_rank_p,
    trimmed_mean,
)

DURATIONS = st.lists(st.tuples(st.floats(1e-6, 1e3), st.floats(1e-6, 1e3)), min_size=1, max_size=30)
EFFECTS = st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=6, max_size=25)
WHOLE = st.lists(st.integers(-6, 6), min_size=1, max_size=10)  # full of ties and zeros


def test_a_launch_s_effect_is_the_median_log_ratio() -> None:
    """One disturbed round of five doesn't move it."""
    assert launch_effect([1, 1, 1, 1, 1], [1.1, 1.1, 1.1, 1.0, 40]) == pytest.approx(math.log(1.1))


@given(DURATIONS)
def test_swapping_the_sides_of_a_launch_negates_its_effect(rounds: list[tuple[float, float]]) -> None:
    """Neither side has an advantage."""
    base, candidate = [one for one, _ in rounds], [other for _, other in rounds]
    assert launch_effect(base, candidate) == pytest.approx(-launch_effect(candidate, base), abs=1e-12)


@given(DURATIONS, st.floats(1e-3, 1e3))
def test_a_machine_that_is_slower_for_both_sides_changes_nothing(
    rounds: list[tuple[float, float]], factor: float
) -> None:
    """Nor does the unit in which rounds are timed."""
    base, candidate = [one for one, _ in rounds], [other for _, other in rounds]
    scaled = launch_effect([each * factor for each in base], [each * factor for each in candidate])
    assert scaled == pytest.approx(launch_effect(base, candidate), abs=1e-9)


@pytest.mark.parametrize(
    ("base", "candidate", "message"),
    [
        ([], [], "same number of rounds on both sides, and at least one"),
        ([1.0, 1.0], [1.0], "2 of the base and 1 of the candidate"),
        ([1.0, 0.0], [1.0, 1.0], "took no time by the clock"),
        ([1.0, 1.0], [1.0, math.inf], "no finite one"),
        ([1.0, math.nan], [1.0, 1.0], "no finite one"),
    ],
)
def test_rounds_that_cannot_be_compared_are_an_error(base: list[float], candidate: list[float], message: str) -> None:
    """It says what is wrong with them rather than divide by zero."""
    with pytest.raises(GateError, match=message):
        launch_effect(base, candidate)


def test_the_trimmed_mean_of_six_launches_leaves_out_the_lowest_and_the_highest() -> None:
    """A launch that went wrong has no say."""
    assert trimmed_mean([3, 1, 2, 4, 100, -100]) == 2.5


@given(EFFECTS)
def test_the_trimmed_mean_is_scipy_s(values: list[float]) -> None:
    """With a fifth taken off either end."""
    stats = pytest.importorskip("scipy.stats")
    assert trimmed_mean(values) == pytest.approx(float(stats.trim_mean(values, 0.2)), abs=1e-12)


def test_a_trimmed_mean_of_nothing_is_an_error() -> None:
    """So is taking off all there is."""
    for values, share in (([], 0.2), ([1.0], 0.5)):
        with pytest.raises(GateError, match="a trimmed mean needs values"):
            trimmed_mean(values, share)


@given(EFFECTS.filter(lambda values: len({abs(each) for each in values}) == len(values) and 0.0 not in values))
def test_the_signed_rank_test_is_scipy_s_where_nothing_ties(values: list[float]) -> None:
    """Exact, to the last bit that a float keeps."""
    stats = pytest.importorskip("scipy.stats")
    theirs = stats.wilcoxon(values, alternative="greater", method="exact").pvalue
    assert signed_rank_p(values) == pytest.approx(float(theirs), rel=1e-12)


@given(WHOLE, st.integers(-2, 2))
def test_with_ties_the_test_counts_every_way_to_set_the_signs(values: list[int], shift: int) -> None:
    """The same as going through all of them by hand, with zeros taken for negative."""
    distances = [each - shift for each in values]
    sizes = sorted(abs(each) for each in distances)
    ranks = [sizes.index(abs(each)) + (sizes.count(abs(each)) - 1) / 2 + 1 for each in distances]
    seen = sum(rank for rank, each in zip(ranks, distances, strict=True) if each > 0)
    ways = [sum(rank for rank, up in zip(ranks, signs, strict=True) if up) for signs in _all_signs(len(ranks))]
    assert signed_rank_p(values, shift) == sum(each >= seen for each in ways) / len(ways)


def _all_signs(count: int) -> itertools.product[tuple[bool, ...]]:
    return itertools.product((False, True), repeat=count)


def test_effects_at_the_margin_itself_are_no_evidence_against_it() -> None:
    """Ties err on the side of no finding."""
    assert signed_rank_p([0.01] * 24, 0.01) == 1.0


def test_twenty_four_launches_past_the_margin_are_as_strong_as_evidence_gets() -> None:
    """One way in two to the twenty-fourth."""
    assert signed_rank_p([0.02 + index / 1000 for index in range(24)], 0.01) == 2**-24


@given(EFFECTS, st.randoms(use_true_random=False))
def test_the_order_of_launches_does_not_matter(values: list[float], rng: random.Random) -> None:
    """Neither to the test nor to the interval."""
    shuffled = rng.sample(values, len(values))
    assert signed_rank_p(shuffled, 0.01) == signed_rank_p(values, 0.01)
    assert shift_interval(shuffled) == shift_interval(values)


@given(EFFECTS)
def test_swapping_the_sides_turns_the_interval_over(values: list[float]) -> None:
    """The estimate's sign, too."""
    there, back = shift_interval(values), shift_interval([-each for each in values])
    assert back.estimate == pytest.approx(-there.estimate, abs=1e-12)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=1e-12)


@given(st.integers(6, 24), st.integers(0, 10**6))
def test_the_interval_holds_the_shifts_that_the_test_cannot_rule_out(count: int, seed: int) -> None:
    """Interval and test never contradict each other: just past an end the test rules out, just before it doesn't."""
    rng = random.Random(seed)
    values = [rng.gauss(0.02, 0.03) for _ in range(count)]
    interval = shift_interval(values, 0.95)
    most = (1 - interval.confidence) / 2 * (1 + 1e-9)
    assert signed_rank_p(values, interval.low - 1e-9) <= most < signed_rank_p(values, interval.low + 1e-9)
    mirrored = [-each for each in values]
    assert signed_rank_p(mirrored, -interval.high - 1e-9) <= most < signed_rank_p(mirrored, -interval.high + 1e-9)


@pytest.mark.parametrize(("count", "reached"), [(6, 0.96875), (7, 0.953125), (8, 0.9609375), (24, 0.9509)])
def test_the_interval_says_what_confidence_it_reaches(count: int, reached: float) -> None:
    """The printed tables' figures for 95 %."""
    assert shift_interval([float(each) for each in range(count)]).confidence == pytest.approx(reached, abs=1e-4)


def test_the_interval_of_six_launches_is_all_that_was_seen() -> None:
    """It is the first that reaches 95 %."""
    assert shift_interval([5, 1, 4, 2, 3, 9])[1:3] == (1, 9)
    assert fewest_for(0.95) == 6
    assert fewest_for(0.99) == 8


def test_five_launches_cannot_bound_anything() -> None:
    """The interval says so by having no ends."""
    interval = shift_interval([1, 2, 3, 4, 5])
    assert interval.estimate == 3
    assert (interval.low, interval.high) == (-math.inf, math.inf)
    assert not interval.lies_within(1e9)


@pytest.mark.parametrize("count", [6, 9, 24])
@pytest.mark.parametrize("draw", ["normal", "heavy"])
def test_the_interval_covers_the_truth_as_often_as_it_says(count: int, draw: str) -> None:
    """1,500 gates with a fixed seed, normal launches and such with wild outliers; a slack of three standard errors."""
    rng = random.Random(f"{count} {draw}")
    wild = {"normal": 0.0, "heavy": 0.2}[draw]
    gates = 1500
    covered = 0
    for _ in range(gates):
        values = [0.03 + rng.gauss(0, 0.3 if rng.random() < wild else 0.02) for _ in range(count)]
        interval = shift_interval(values)
        covered += interval.low <= 0.03 <= interval.high
    assert covered / gates >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / gates)


def test_an_interval_of_nothing_is_an_error() -> None:
    """It needs at least one launch."""
    with pytest.raises(GateError, match="at least one launch"):
        shift_interval([])


def test_four_times_the_launches_halve_the_interval() -> None:
    """So an interval that is to be half as wide asks for that many."""
    values = [-0.1, 0.1, -0.05, 0.05, -0.02, 0.02]
    assert launches_for_width(values, 0.05) == 24


def test_no_number_of_launches_makes_an_interval_of_nothing() -> None:
    """An estimate that lies outside leaves less than no room for one; nor does one launch show a scatter."""
    assert launches_for_width([0.2] * 8, 0.05 - 0.2) is None
    assert launches_for_width([0.0], 0.05) is None


def test_launches_that_agree_still_need_enough_of_them_for_the_confidence() -> None:
    """Two equal ones prove little."""
    assert launches_for_width([0.001, 0.001], 0.05) == 6


@given(st.floats(-0.9, 10))
def test_a_ratio_and_an_effect_are_two_ways_to_say_the_same(ratio: float) -> None:
    """5 % slower is log(1.05)."""
    assert as_ratio(as_effect(ratio)) == pytest.approx(ratio, abs=1e-12)
