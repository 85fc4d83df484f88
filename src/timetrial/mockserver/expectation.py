"""Expectations about what the server counted, with differences that can be read."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from dataclasses import fields
from typing import Any, SupportsIndex

from timetrial.errors import MockServerError
from timetrial.mockserver.counters import Counters
from timetrial.system.clocks import clocks

Expected = int | range | Mapping[Any, int | range]
_NAMES = {"by_path", *(field.name for field in fields(Counters) if field.repr)}
# What each mapping's keys are, and an example of one.
_MAPPINGS: Mapping[str, tuple[type, str]] = {
    "by_status": (SupportsIndex, "{200: 3}"),
    "by_fault": (str, '{"hang": 1}'),
    "by_path": (str, '{"/page/1024/0": 3}'),
}
_LOOK_AGAIN_S = 0.01


def check_expected(expected: Mapping[str, object]) -> None:
    """Raises MockServerError for a name that is never counted, and for what its count can't be compared with."""
    for name, value in expected.items():
        if name not in _NAMES:
            raise MockServerError(f"expect() knows no {name!r}; it knows {', '.join(sorted(_NAMES))}")
        if name in _MAPPINGS:
            _check_mapping(name, value, *_MAPPINGS[name])
        else:
            _check_count(name, value)


def _check_mapping(name: str, value: object, kind: type, example: str) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(key, kind) for key in value):
        raise MockServerError(f"expect() takes {name} as a mapping such as {example}, not {value!r}")
    for key, times in value.items():
        _check_count(f"{name}[{key!r}]", times)


def _check_count(name: str, value: object) -> None:
    if value is None or isinstance(value, (str, bytes, Mapping)):
        raise MockServerError(f"expect() takes {name} as a number or a range, not {value!r}")


def wait_for(expected: Mapping[str, Expected], seen: Callable[[], Mapping[str, Any]], within_s: float) -> None:
    """Looks until all is as expected; raises AssertionError with the last differences."""
    deadline = clocks.monotonic() + within_s
    while differences := _differences(expected, seen()):
        if clocks.monotonic() > deadline:
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
