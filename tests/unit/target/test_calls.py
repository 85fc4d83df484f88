"""A function is called as it was written: with an item, with its parts, or with nothing."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

from timetrial.errors import TargetError
from timetrial.target.calls import Call, Failed, check_item, how_to_call, task_of


def plain(item: int) -> int:
    """One item."""
    return item * 2


def pair(a: int, b: int) -> int:
    """Two."""
    return a - b


def nothing() -> int:
    """None."""
    return 7


def with_session(item: int, session: str) -> str:
    """An item and what the worker opened."""
    return f"{session}{item}"


def by_keyword(*, url: str) -> str:
    """By keyword alone."""
    return url


async def failing(item: int) -> int:
    """An async one that raises."""
    raise ValueError(item)


class Client:
    """Something with a method."""

    def get(self, url: str) -> str:
        """A method."""
        return url


def _how(function: Any, calls: str | None = None, *, numbers: bool = False, resource: bool = False) -> str:
    return how_to_call(function, calls, spelled="jobs.py:f", numbers=numbers, resource=resource)


def test_how_a_function_is_called_is_told_from_its_parameters() -> None:
    """Functions that are written in C, and don't tell, get the item."""
    assert _how(plain) == "item"
    assert _how(len) == "item"
    assert _how(with_session, resource=True) == "item"
    assert _how(nothing, numbers=True) == "none"
    assert _how(pair, "star") == "star"


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (pair, "takes 2 arguments (a, b) and gets one item: with --calls star"),
        (nothing, "takes no item; with --items NUMBER it is called as it is"),
        (Client.get, "is a method without its object"),
        (by_keyword, "takes no item but by keyword (url)"),
    ],
)
def test_a_function_that_an_item_does_not_fit_says_which_option_would(function: Any, told: str) -> None:
    """In one sentence."""
    with pytest.raises(TargetError) as caught:
        _how(function)
    assert told in str(caught.value)


def test_items_are_spread_as_asked_with_the_resource_beside_them() -> None:
    """As f(*item), as f(**item), as f()."""
    assert Call(pair, "star")((5, 3)) == 2
    assert Call(pair, "kwargs")({"a": 5, "b": 3}) == 2
    assert Call(nothing, "none")(4) == 7
    assert Call(with_session, "star")((1,), "s") == "s1"


@pytest.mark.parametrize(
    ("item", "how", "told"), [(3, "star", "no list or tuple"), ({1: 2}, "kwargs", "no dictionary")]
)
def test_an_item_that_cannot_be_spread_is_refused(item: object, how: str, told: str) -> None:
    """Before anything is measured."""
    with pytest.raises(TargetError, match=told):
        check_item(item, how, "jobs.py:f")


def test_a_plain_function_is_timed_as_it_is() -> None:
    """Nothing of ours is called around it."""
    assert task_of(plain, "item", counting=False, is_async=False) is plain


def test_failures_are_counted_as_results_that_are_equal_for_equal_errors() -> None:
    """Also of async functions; and they travel to worker processes and back."""
    counted = task_of(pair, "star", counting=True, is_async=False)
    assert counted((1, "x")) == Failed("TypeError", "unsupported operand type(s) for -: 'int' and 'str'")
    assert pickle.loads(pickle.dumps(counted))((3, 1)) == 2
    assert asyncio.run(task_of(failing, "item", counting=True, is_async=True)(3)) == Failed("ValueError", "3")
