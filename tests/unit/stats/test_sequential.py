"""The confirmation may look after every launch: it stops early where it can, and chance fools it no more often."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.gate_power.noise import Noise
from timetrial.stats.sequential import Answer, Rule, confirm, fewest_to_prove, proved_between

MARGIN = math.log(1.01)
RULE = Rule(margin_log=MARGIN, detect_log=math.log(1.05), alpha=0.01, most=24)


def scattered(count: int) -> list[float]:
    """Launches of identical sides on a machine that is no good for measuring."""
    rng = random.Random(2)
    return [rng.gauss(0, 0.4) for _ in range(count)]


def test_a_clear_slowdown_is_settled_by_ten_launches_of_twenty_four() -> None:
    """All that is past the margin: 10 of 10 is what so strict a test takes at the least."""
    assert confirm([0.1 + index / 1000 for index in range(24)], RULE) == (Answer.SLOWER, 10)


def test_a_clear_improvement_is_settled_by_the_same_test_the_other_way() -> None:
    """As early, too."""
    assert confirm([-0.1 - index / 1000 for index in range(24)], RULE) == (Answer.FASTER, 10)


def test_launches_that_agree_on_no_change_are_settled_by_the_first_interval() -> None:
    """Six are the fewest that an interval of 95 % can be had from."""
    assert confirm([0.001, -0.002, 0.003, 0.0, -0.001, 0.002, 0.5], RULE) == (Answer.WITHIN, 6)


def test_before_anything_is_settled_it_goes_on() -> None:
    """With nothing measured, or too little."""
    assert confirm([], RULE) == (Answer.GO_ON, 0)
    assert confirm([0.1] * 5, RULE) == (Answer.GO_ON, 5)


def test_launches_all_over_the_place_stay_open_when_all_are_used() -> None:
    """They are no proof of anything, and no proof of nothing."""
    assert confirm(scattered(24), RULE) == (Answer.OPEN, 24)


def test_launches_after_the_answer_have_no_say() -> None:
    """Neither can more than ``most`` be asked for."""
    settled = [0.1 + index / 1000 for index in range(10)]
    assert confirm([*settled, *[-0.5] * 14], RULE) == (Answer.SLOWER, 10)
    assert confirm(scattered(100), RULE) == (Answer.OPEN, 24)


def test_a_small_slowdown_is_not_called_unchanged_before_all_launches_are_used() -> None:
    """3 % lies within 5 %, but it is past the margin: it deserves the chance of being proved."""
    effects = [0.03 + 0.02 * (-1) ** index for index in range(24)]
    answers = [confirm(effects[:count], RULE).answer for count in range(6, 24)]
    assert Answer.WITHIN not in answers


def test_effects_at_the_margin_itself_are_never_slower() -> None:
    """Nothing is past it."""
    assert confirm([MARGIN] * 24, RULE).answer is Answer.WITHIN


def test_a_smaller_share_of_the_error_asks_for_more_launches() -> None:
    """An effect tested beside nine others needs more evidence."""
    effects = [0.1 + index / 1000 for index in range(24)]
    shared = Rule(MARGIN, RULE.detect_log, RULE.alpha / 10, RULE.most)
    assert confirm(effects, shared).launches > confirm(effects, RULE).launches


@pytest.mark.parametrize("alpha", [0.01, 0.01 / 6, 0.01 / 42])
@pytest.mark.parametrize("most", [8, 24, 60])
def test_it_says_how_many_launches_it_takes_at_the_least(alpha: float, most: int) -> None:
    """As many all past the margin are called slower, one fewer are not; beyond ``most`` where that is too few."""
    rule = Rule(MARGIN, RULE.detect_log, alpha, most)
    least = fewest_to_prove(rule)
    effects = [0.1 + index / 1000 for index in range(60)]
    if least <= most:
        assert confirm(effects[:least], rule) == (Answer.SLOWER, least)
        assert confirm(effects[: least - 1], rule).answer is Answer.GO_ON
    else:
        assert confirm(effects, rule).answer is Answer.OPEN
        enough = Rule(MARGIN, RULE.detect_log, alpha, least)
        assert confirm(effects, enough) == (Answer.SLOWER, least)


@given(st.lists(st.floats(-0.2, 0.2), max_size=30))
def test_swapping_the_sides_swaps_the_answer(effects: list[float]) -> None:
    """And takes as many launches."""
    swapped = {Answer.SLOWER: Answer.FASTER, Answer.FASTER: Answer.SLOWER}
    there, back = confirm(effects, RULE), confirm([-each for each in effects], RULE)
    assert back == (swapped.get(there.answer, there.answer), there.launches)


@given(st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=24), st.integers(0, 24))
def test_an_answer_stands_however_many_launches_follow(effects: list[float], count: int) -> None:
    """Asking after each launch gives the same as asking at the end."""
    early, late = confirm(effects[:count], RULE), confirm(effects, RULE)
    if early.answer not in (Answer.GO_ON, Answer.OPEN):
        assert late == early


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("sizes", ["alike", "growing", "two kinds", "tied"])
def test_of_all_ways_to_set_the_signs_no_more_than_alpha_are_called_slower(alpha: float, sizes: str) -> None:
    """The exact claim, by going through all of them: whatever the sizes of the distances from the margin are."""
    rng = random.Random(5)
    distances = {
        "alike": [0.05 + rng.random() / 100 for _ in range(12)],
        "growing": [0.01 * 1.5**index for index in range(12)],
        "two kinds": [0.001 + index % 3 for index in range(12)],
        "tied": [0.5] * 12,
    }[sizes]
    rule = Rule(MARGIN, detect_log=MARGIN * 1.0001, alpha=alpha, most=12)  # so narrow that it never ends WITHIN
    slower = 0
    for signs in itertools.product((-1, 1), repeat=12):
        effects = [MARGIN + sign * distance for sign, distance in zip(signs, distances, strict=True)]
        slower += confirm(effects, rule).answer is Answer.SLOWER
    assert 0 < slower / 2**12 <= alpha


@pytest.mark.parametrize(
    ("noise", "effect", "answer", "least"),
    [
        (Noise("quiet", 0.02), 0.0, Answer.WITHIN, 0.98),
        (Noise("quiet", 0.02), 0.05, Answer.SLOWER, 0.95),
        (Noise("loud", 0.05), 0.10, Answer.SLOWER, 0.90),
        (Noise("loud", 0.05), -0.10, Answer.FASTER, 0.90),
    ],
    ids=lambda value: value.name if isinstance(value, Noise) else None,
)
def test_with_noise_as_measured_it_finds_what_is_there(
    noise: Noise, effect: float, answer: Answer, least: float
) -> None:
    """300 gates with a fixed seed; benchmarks/gate_power has the long version, and docs/gate.md its table."""
    rng = random.Random(11)
    found = Counter(confirm(noise.draw(rng, 24, math.log1p(effect)), RULE).answer for _ in range(300))
    assert found[answer] / 300 >= least


def test_at_the_margin_chance_is_fooled_no_more_often_than_allowed() -> None:
    """2,000 gates at an alpha of 5 %, with a fixed seed; a slack of three standard errors."""
    rng, noise = random.Random(13), Noise("loud", 0.05)
    rule = Rule(MARGIN, RULE.detect_log, alpha=0.05, most=24)
    slower = sum(confirm(noise.draw(rng, 24, MARGIN), rule).answer is Answer.SLOWER for _ in range(2000))
    assert slower / 2000 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_what_lies_between_two_speeds_is_proved_early_and_what_lies_at_one_of_them_seldom() -> None:
    """Each side is tested at alpha over all looks: of 400 at either end, no more than chance allows."""
    rng = random.Random(5)

    def launches(effect: float) -> list[float]:
        return [rng.gauss(effect, 0.015) for _ in range(RULE.most)]

    assert proved_between(launches(0.06), MARGIN, 0.12, RULE)
    assert not proved_between(launches(0.06)[:9], MARGIN, 0.12, RULE)
    for end in (MARGIN, 0.12):
        assert sum(proved_between(launches(end), MARGIN, 0.12, RULE) for _ in range(400)) <= 10
