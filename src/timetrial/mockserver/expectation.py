"""Expectations about what the server counted, with differences that can be read."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from dataclasses import fields
from typing import Any

from timetrial.errors import MockServerError
from timetrial.mockserver.counters import Counters

Expected = int | range | Mapping[Any, int]
_NAMES = {"by_path", *(field.name for field in fields(Counters) if field.repr)}
_LOOK_AGAIN_S = 0.01


def check_names(expected: Mapping[str, Expected]) -> None:
    """Raises MockServerError for a name that is never counted."""
    for name in expected:
        if name not in _NAMES:
            raise MockServerError(f"expect() knows no {name!r}; it knows {', '.join(sorted(_NAMES))}")


def wait_for(expected: Mapping[str, Expected], seen: Callable[[], Mapping[str, Any]], within_s: float) -> None:
    """Looks until all is as expected; raises AssertionError with the last differences."""
    deadline = time.monotonic() + within_s
    while differences := _differences(expected, seen()):
        if time.monotonic() > deadline:
            lines = "\n".join(f"  {line}" for line in differences)
            raise AssertionError(f"the mock server saw something else than expected:\n{lines}")
        time.sleep(_LOOK_AGAIN_S)


def _differences(expected: Mapping[str, Expected], seen: Mapping[str, Any]) -> list[str]:
    return [line for name, value in expected.items() for line in _compared(name, value, seen[name])]


def _compared(name: str, expected: Expected, was: Any) -> list[str]:
    if isinstance(expected, Mapping):
        keys = sorted({*expected, *was})
        return [line for key in keys for line in _compared(f"{name}[{key}]", expected.get(key, 0), was.get(key, 0))]
    if was in expected if isinstance(expected, Container) else was == expected:
        return []
    return [f"{name}: expected {_words(expected)}, was {was}"]


def _words(expected: int | range) -> str:
    return f"{expected.start} to {expected.stop - 1}" if isinstance(expected, range) else str(expected)
