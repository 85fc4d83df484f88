"""Three hundred benchmarks of microseconds, as a library of units has them: twelve kinds of pure Python, by parameters.

They are no part of a run of ``benchmarks/``; name the file::

    timetrial gate --self-test --budget 90m --results results/gate_scale benchmarks/gate_scale/small_kinds.py
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from collections import ChainMap, Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter
from typing import Any, Final

import pytest

VARIANTS: Final = range(25)
_FACTORS: Final = {"m": 1.0, "km": 1000.0, "cm": 0.01, "in": 0.0254, "ft": 0.3048, "mi": 1609.344}
_QUANTITY: Final = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*([a-z]+)(?:\s*/\s*([a-z]+))?")
_TOKEN: Final = re.compile(r"(\d+\.?\d*)|([a-z]+)|(\*\*|[-+*/()])|\s+")


@dataclass(frozen=True, order=True)
class Quantity:
    """A number with its unit."""

    magnitude: float
    unit: str

    def to(self, unit: str) -> Quantity:
        """The same length in another unit."""
        return Quantity(self.magnitude * _FACTORS[self.unit] / _FACTORS[unit], unit)

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.magnitude + other.to(self.unit).magnitude, self.unit)


def wraps(*units: str) -> Callable[[Callable[..., float]], Callable[..., Quantity]]:
    """Takes quantities, hands their magnitudes on in these units, and gives the result the first one."""

    def decorate(function: Callable[..., float]) -> Callable[..., Quantity]:
        @functools.wraps(function)
        def wrapper(*quantities: Quantity, **options: Any) -> Quantity:
            magnitudes = [each.to(unit).magnitude for each, unit in zip(quantities, units, strict=True)]
            return Quantity(function(*magnitudes, **options), units[0])

        return wrapper

    return decorate


@wraps("m", "km")
def total(one: float, other: float, scale: float = 1.0) -> float:
    """What is wrapped."""
    return (one + 1000 * other) * scale


def parsed(text: str) -> Quantity:
    """A quantity from its text."""
    found = _QUANTITY.match(text)
    assert found is not None
    return Quantity(float(found[1]), found[2])


def tokens(text: str) -> list[str]:
    """The numbers, names and signs of an expression."""
    return [found[0] for found in _TOKEN.finditer(text) if not found[0].isspace()]


def depth_of(tree: Any) -> int:
    """How deep lists lie in each other."""
    return 1 + max(map(depth_of, tree), default=0) if isinstance(tree, list) else 0


def running(values: range) -> Iterator[int]:
    """The sums so far."""
    so_far = 0
    for value in values:
        so_far += value * value
        yield so_far


@pytest.mark.parametrize("n", VARIANTS)
def test_parse(benchmark: Any, n: int) -> None:
    """A regular expression and a small object."""
    benchmark(parsed, f"{n * 1.37:.{1 + n % 5}f} km / h")


@pytest.mark.parametrize("n", VARIANTS)
def test_wrapper(benchmark: Any, n: int) -> None:
    """A decorator's way there and back."""
    benchmark(total, Quantity(1.0 + n, "ft"), Quantity(2.0, "mi"), scale=1.5)


@pytest.mark.parametrize("n", VARIANTS)
def test_convert(benchmark: Any, n: int) -> None:
    """Two look-ups and a frozen dataclass."""
    benchmark(Quantity(float(n), "in").to, ("m", "km", "ft")[n % 3])


@pytest.mark.parametrize("n", VARIANTS)
def test_add(benchmark: Any, n: int) -> None:
    """Addition by an operator of one's own, over a list."""
    quantities = [Quantity(float(index), "cm") for index in range(2 + n)]
    benchmark(functools.reduce, Quantity.__add__, quantities)


@pytest.mark.parametrize("n", VARIANTS)
def test_tokens(benchmark: Any, n: int) -> None:
    """An expression of some length taken apart."""
    benchmark(tokens, "3.5 * metre ** 2 + " * (1 + n // 3) + "second")


@pytest.mark.parametrize("n", VARIANTS)
def test_to_json(benchmark: Any, n: int) -> None:
    """What the standard library does in C."""
    benchmark(json.dumps, {f"key {index}": [index, index / 7, str(index)] for index in range(1 + n)})


@pytest.mark.parametrize("n", VARIANTS)
def test_fractions(benchmark: Any, n: int) -> None:
    """Arithmetic with an object for each number."""
    benchmark(sum, [Fraction(1, index + 2) for index in range(2 + n // 4)], Fraction(0))


@pytest.mark.parametrize("n", VARIANTS)
def test_sort(benchmark: Any, n: int) -> None:
    """Sorting by an attribute."""
    quantities = [Quantity(float(index * 7919 % 101), "m") for index in range(10 + 4 * n)]
    benchmark(sorted, quantities, key=attrgetter("magnitude"))


@pytest.mark.parametrize("n", VARIANTS)
def test_dates(benchmark: Any, n: int) -> None:
    """Text to a date and back."""
    text = f"2026-{1 + n % 12:02}-{1 + n:02}T12:30:{n:02}"
    benchmark(lambda: (dt.datetime.fromisoformat(text) + dt.timedelta(days=n)).isoformat())


@pytest.mark.parametrize("n", VARIANTS)
def test_nested(benchmark: Any, n: int) -> None:
    """Recursion."""
    tree: list[Any] = []
    for _ in range(1 + n):
        tree = [tree, []]
    benchmark(depth_of, tree)


@pytest.mark.parametrize("n", VARIANTS)
def test_running(benchmark: Any, n: int) -> None:
    """A generator that is used up."""
    benchmark(lambda: sum(running(range(10 + 2 * n))))


@pytest.mark.parametrize("n", VARIANTS)
def test_counting(benchmark: Any, n: int) -> None:
    """Dictionaries in layers, and a count of letters."""
    layers: ChainMap[str, object] = ChainMap({"unit": "m"}, dict.fromkeys(map(str, range(n)), 1), dict(_FACTORS))
    benchmark(lambda: Counter(str(layers["km"]) + str(layers["unit"]) * (5 + n)))
