"""What a side says is checked for kind and range before anything is computed from it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from timetrial.errors import GateError
from timetrial.gate.lockstep.heard import understood

GOOD: list[dict[str, Any]] = [
    {"kind": "hello", "collection_errors": 0, "benchmarks": [{"name": "t.py::a", "skip": None}], "remarks": ["x"]},
    {"kind": "hello", "collection_errors": 2, "benchmarks": []},
    {"kind": "ready", "name": "a", "workers": False, "server": True},
    {"kind": "ready", "name": "a", "workers": False, "server": True, "timer": None, "least_s": 0.1, "least_rounds": 5},
    {"kind": "round", "s": 0.01, "cpu_s": 0, "workers": True, "wall_s": 0.011},
    {"kind": "obeyed"},
    {"kind": "trouble", "name": "a", "trouble": "failed", "reason": "ValueError"},
    {"kind": "closed", "name": "a"},
    {"kind": "closed", "name": "a", "trouble": "void", "reason": "a server at its ceiling"},
]


@pytest.mark.parametrize("message", GOOD, ids=lambda each: each["kind"])
def test_what_a_side_of_any_version_says_is_taken(message: dict[str, Any]) -> None:
    """Fields that a later one added may be missing, and new ones may be there."""
    assert understood(message, "the base side") == message
    assert understood({**message, "more": [1]}, "the base side")


SECONDS = [math.nan, math.inf, -0.001, 1e308, 10**400, "0.001", True, None, [0.01], {}]


@pytest.mark.parametrize("value", SECONDS, ids=lambda each: repr(each)[:20])
@pytest.mark.parametrize("name", ["s", "cpu_s", "wall_s"])
def test_seconds_that_are_none_are_refused(name: str, value: object) -> None:
    """The error names the side and what it said."""
    message = {"kind": "round", "s": 0.01, "cpu_s": 0.01, "workers": False, "wall_s": 0.01, name: value}
    with pytest.raises(GateError, match=f"the candidate side says round with {name} = .*, which is no number of sec"):
        understood(message, "the candidate side")


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("hello", "collection_errors", -1),
        ("hello", "benchmarks", {"name": "a"}),
        ("hello", "benchmarks", [{"name": 1, "skip": None}]),
        ("hello", "benchmarks", [{"name": "a"}]),
        ("hello", "remarks", "one text"),
        ("ready", "workers", 1),
        ("ready", "least_rounds", 10**9),
        ("ready", "least_rounds", 2.5),
        ("ready", "timer", 5),
        ("round", "workers", "no"),
        ("trouble", "trouble", "new"),
        ("trouble", "trouble", "missing"),
        ("trouble", "reason", None),
        ("closed", "trouble", "crashed"),
        ("closed", "name", None),
    ],
)
def test_each_field_has_its_kind(kind: str, name: str, value: object) -> None:
    """A trouble of a kind that only the gate finds, such as "new", would excuse a benchmark."""
    message = {**next(each for each in reversed(GOOD) if each["kind"] == kind), name: value}
    with pytest.raises(GateError, match=f"says {kind} with {name} = "):
        understood(message, "the base side")


@pytest.mark.parametrize("kind", [None, 7, "pass", ["round"]])
def test_what_is_nothing_that_a_side_says_is_refused(kind: object) -> None:
    """Whoever says it."""
    with pytest.raises(GateError, match="which is nothing that a side says"):
        understood({"kind": kind}, "the base side")
