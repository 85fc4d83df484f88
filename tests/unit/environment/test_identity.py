"""Which Python measured something, from made-up records: what is never mixed up, and what is no fair baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from timetrial.environment.identity import NO_FAIR_BASELINE, PythonIdentity, baseline_lines, python_of, this_python
from timetrial.environment.record import environment

PLAIN = PythonIdentity("cpython", "3.14.0", free_threaded=False, gil=True)


@pytest.mark.parametrize(
    ("changed", "told", "label"),
    [
        ({}, "CPython 3.14.0", "cpython3.14.0"),
        ({"version": "3.14.1"}, "CPython 3.14.1", "cpython3.14.1"),
        ({"implementation": "pypy"}, "PyPy 3.14.0", "pypy3.14.0"),
        ({"jit": True}, "CPython 3.14.0 with the JIT", "cpython3.14.0-jit"),
        ({"free_threaded": True, "gil": False}, "CPython 3.14.0t", "cpython3.14.0t"),
        ({"free_threaded": True}, "CPython 3.14.0t with the GIL", "cpython3.14.0t"),
        ({"free_threaded": True, "jit": True}, "CPython 3.14.0t with the GIL and the JIT", "cpython3.14.0t-jit"),
    ],
)
def test_what_sets_two_pythons_apart_is_in_their_names(changed: dict[str, Any], told: str, label: str) -> None:
    """Patch release, implementation, JIT, build, and whether its GIL came back on."""
    python = replace(PLAIN, **changed)
    assert (str(python), python.label) == (told, label)
    assert (python == PLAIN) == (not changed)


def test_only_a_free_threaded_build_with_its_gil_on_is_no_fair_baseline() -> None:
    """It pays for free threading and has none of it."""
    with_gil = replace(PLAIN, free_threaded=True)
    assert baseline_lines(with_gil) == [f"CPython 3.14.0t with the GIL is {NO_FAIR_BASELINE}"]
    assert baseline_lines(PLAIN) == baseline_lines(replace(with_gil, gil=False)) == []


def test_a_record_says_what_the_interpreter_says() -> None:
    """Of the one that runs this test, by way of JSON's names and back."""
    section: Any = environment()["python"]
    assert python_of(section) == this_python() == python_of(this_python().as_dict())


def test_a_record_that_says_little_is_an_ordinary_python() -> None:
    """Files of earlier versions lack some of it; the lock is on unless it is said to be off."""
    assert python_of({"version": "3.11.7"}) == PythonIdentity("", "3.11.7", free_threaded=False, gil=True)
    assert str(python_of(None)) == "Python of an unknown version"
