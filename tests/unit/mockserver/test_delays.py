"""Delays: what they are read from, and that no draw of any of them is out of its range."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from timetrial.errors import MockServerError
from timetrial.mockserver import delays
from timetrial.mockserver.addresses import Addresses
from timetrial.mockserver.delays import LONGEST_MS, parse_delay
from timetrial.mockserver.draws import draw

LONGEST_S = LONGEST_MS / 1e3
# All that an option takes, its ends and the smallest of all numbers included.
NUMBERS = st.floats(0, LONGEST_MS, allow_nan=False) | st.sampled_from([0.0, 5e-324, 1e-320, 1e-9, 1.0, LONGEST_MS])
# From the lowest share that is ever drawn to the highest.
LOWEST, HIGHEST = 0.5 / 2**52, (2**52 - 0.5) / 2**52
SHARES = st.floats(LOWEST, HIGHEST) | st.sampled_from([LOWEST, 0.5, HIGHEST])


@pytest.mark.parametrize("value", [20, 2.5, "20", "uniform:1,3", "normal:10,2", "lognormal:5,0.5", "pareto:2,3"])
def test_a_delay_draws_what_its_seed_says(value: object) -> None:
    """Never below zero, and the same in every run."""
    delay = parse_delay(value)
    drawn = [delay.sample_s(7, index) for index in range(200)]
    assert drawn == [parse_delay(str(delay)).sample_s(7, index) for index in range(200)]
    assert min(drawn) >= 0


def test_distributions_have_their_centre_where_they_should() -> None:
    """A thousand draws, with room to spare."""
    for text, centre_s in (("uniform:10,30", 0.020), ("normal:20,2", 0.020), ("lognormal:20,0.3", 0.020)):
        drawn = sorted(parse_delay(text).sample_s(1, index) for index in range(1000))
        assert drawn[500] == pytest.approx(centre_s, rel=0.1)
    assert {parse_delay([1, 5]).sample_s(1, index) for index in range(50)} == {0.001, 0.005}


def sampled_s(kind: str, numbers: tuple[float, ...], share: float, monkeypatch: pytest.MonkeyPatch) -> float:
    """What is drawn at this share of the distribution, from what the URL would carry."""
    monkeypatch.setattr(delays, "draw", lambda *_: share)
    delay = parse_delay(str(delays.Delay(kind, numbers)))
    assert delay.numbers == numbers  # nothing is lost on the way
    return delay.sample_s(0, 0)


def test_every_draw_of_every_distribution_is_in_its_range() -> None:
    """Whatever its parameters, up to the farthest ends of its tails: cut to an hour, and never an error."""

    @given(kind=st.sampled_from(["normal", "lognormal", "pareto", "uniform"]), one=NUMBERS, two=NUMBERS, share=SHARES)
    @example(kind="pareto", one=1.0, two=1e-320, share=HIGHEST)
    @example(kind="pareto", one=0.0, two=5e-324, share=HIGHEST)
    @example(kind="lognormal", one=LONGEST_MS, two=LONGEST_MS, share=HIGHEST)
    def check(kind: str, one: float, two: float, share: float) -> None:
        if kind == "uniform":
            one, two = sorted((one, two))
        if kind == "pareto":
            two = two or 1.0
        with pytest.MonkeyPatch.context() as patch:
            seconds = sampled_s(kind, (one + 0.0, two + 0.0), share, patch)
        lowest = one if kind in ("uniform", "pareto") else 0.0
        highest = two if kind == "uniform" else LONGEST_MS
        assert lowest / 1e3 <= seconds <= math.nextafter(highest / 1e3, math.inf)

    check()


@given(st.lists(NUMBERS, min_size=1, max_size=20), SHARES)
def test_what_was_recorded_is_drawn_and_nothing_else(recorded: list[float], share: float) -> None:
    """The last one too, at the highest share."""
    with pytest.MonkeyPatch.context() as patch:
        seconds = sampled_s("recorded", tuple(number + 0.0 for number in recorded), share, patch)
    assert seconds in [number / 1e3 for number in recorded]


@given(st.integers(-(2**63), 2**64), st.integers(0, 2**40))
def test_a_draw_lies_between_zero_and_one(seed: int, index: int) -> None:
    """And is neither of them, which some distributions have no value at."""
    assert LOWEST <= draw(seed, index) <= HIGHEST


def test_the_highest_draw_is_below_one() -> None:
    """One in 2**53 was rounded up to it: 64 bits that are all set."""
    index = next_index_of_all_ones()
    assert draw(0, index) == HIGHEST < 1.0


def next_index_of_all_ones() -> int:
    """The request's number at which seed 0 mixes to 64 ones: each step of the mixing, backwards."""
    mask = 2**64 - 1
    z = mask
    for shift, factor in ((31, 0x94D049BB133111EB), (27, 0xBF58476D1CE4E5B9), (30, 0xD1342543DE82EF95)):
        unshifted = z
        for _ in range(64 // shift + 1):
            unshifted = z ^ (unshifted >> shift)
        z = unshifted * pow(factor, -1, 2**64) & mask
    return z - 1


@pytest.mark.parametrize(
    ("value", "takes"),
    [
        ("soon", "milliseconds, or one of constant:MS, uniform:LOW,HIGH"),
        ("uniform:1", "milliseconds, or one of"),
        ("gamma:1,2", "milliseconds, or one of"),
        (-1, "numbers between 0 and 3.6e+06 (one hour)"),
        (10**400, "numbers between 0 and 3.6e+06 (one hour)"),
        ("pareto:1,0", "an alpha above 0"),
        ("uniform:3,1", "the smaller number first"),
        ([], "milliseconds, or one of"),
        ([1, True], "numbers between"),
        ([1, None], "milliseconds, or one of"),
        (True, "milliseconds, or one of"),
        ("normal:nan,1", "numbers between"),
    ],
)
@pytest.mark.parametrize("name", ["delay_ms", "service_ms"])
def test_what_is_no_delay_is_refused(name: str, value: Any, takes: str) -> None:
    """By the option's own name, with what it takes."""
    options: dict[str, Any] = {name: value, "slots": 1}
    with pytest.raises(MockServerError) as caught:
        Addresses("http://h").page(**options)
    assert str(caught.value).startswith(f"page(): {name}={value!r} cannot be used; it takes {takes}")


def test_a_number_of_any_kind_arrives_as_it_is() -> None:
    """With all its digits."""
    at = Addresses("http://h")
    assert at.page(1, delay_ms=1234567.25).endswith("?delay_ms=constant:1234567.25")
    fraction: Any = Fraction(5, 2)
    assert at.page(1, delay_ms=fraction).endswith("?delay_ms=constant:2.5")
    assert at.page(1, status=503, share=0.123456789).endswith("share=0.123456789")
