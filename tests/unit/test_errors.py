"""Errors: one base class, readable messages whatever the item is."""

from __future__ import annotations

import pickle

import pytest

from timetrial import errors
from timetrial.errors import TimetrialError, blame, shorten


def test_every_error_has_the_one_base_class() -> None:
    """Whoever catches TimetrialError catches all that timetrial raises on purpose."""
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    assert len(classes) > 5
    assert all(issubclass(each, TimetrialError) for each in classes)


def test_a_short_value_is_shown_whole() -> None:
    """As its repr."""
    assert shorten({"n": 3}) == "{'n': 3}"


def test_a_long_value_is_cut_in_the_middle() -> None:
    """The beginning and the end remain, and how long it was."""
    text = shorten("x" * 5000)
    assert len(text) < 250
    assert text.endswith("xxx' (5002 characters)")


class _Speechless:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("value", [10**5000, _Speechless()], ids=["a number beyond the limit of digits", "no repr"])
def test_a_value_whose_repr_fails_does_not_hide_the_error_that_names_it(value: object) -> None:
    """The message says of what type it is instead."""
    assert type(value).__name__ in shorten(value)


def test_blame_travels_with_the_exception_through_pickle() -> None:
    """The note that names the item is still there on the other side."""
    error = ValueError("bad page")
    blame(error, index=3, item="/page/3", model="threads")
    copy = pickle.loads(pickle.dumps(error))
    assert copy.__notes__ == ["timetrial: raised by item 3, '/page/3', under 'threads'"]
