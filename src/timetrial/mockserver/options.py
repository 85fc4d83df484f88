"""The options of a URL, checked one by one: for Python's keyword arguments, TOML and query strings alike."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, SupportsIndex

from timetrial.errors import MockServerError
from timetrial.mockserver.behaviour import FAULTS, NAMES, Behaviour
from timetrial.mockserver.combinations import check_together
from timetrial.mockserver.delays import parse_delay


def _number(low: float, high: float, kind: Callable[[Any], float]) -> Callable[[object], float]:
    def parse(value: object) -> float:
        try:
            number = kind(value)
        except (ValueError, OverflowError):
            number = low - 1
        if isinstance(value, bool) or not low <= number <= high or (isinstance(value, float) and number != value):
            raise ValueError(f"{'an integer' if kind is int else 'a number'} from {low:g} to {high:g}")
        return number

    return parse


def _flag(value: object) -> bool:
    if value in (True, "1", "true"):
        return True
    if value in (False, "0", "false"):
        return False
    raise ValueError("1 or 0")


def _fault(value: object) -> str:
    if value not in FAULTS:
        raise ValueError(f"one of {', '.join(FAULTS)}")
    return str(value)


def _queue(value: object) -> str:
    if not 1 <= len(str(value)) <= 100:
        raise ValueError("a name of 1 to 100 characters")
    return str(value)


def _per(value: object) -> str:
    name = str(value).lower()
    if not re.fullmatch(r"[a-z0-9_-]{1,64}", name):
        raise ValueError("address, connection, or the name of a header")
    return name


_PARSERS: dict[str, Callable[[object], object]] = {
    "delay_ms": parse_delay,
    "seed": _number(-(2**63), 2**63, int),
    "rate_bytes_per_s": _number(1, 2**40, int),
    "slots": _number(1, 100_000, int),
    "service_ms": parse_delay,
    "queue": _queue,
    "status": _number(200, 599, int),
    "retry_after_s": _number(0, 86_400, int),
    "fault": _fault,
    "cut_after_bytes": _number(0, 2**42, int),
    "interval_ms": _number(0, 60_000, float),
    "share": _number(0, 1, float),
    "nth": _number(1, 2**40, int),
    "first": _number(1, 2**40, int),
    "per": _per,
    "gzip": _flag,
    "chunked": _flag,
}


def behaviour(options: Mapping[str, object], where: str) -> Behaviour:
    """The Behaviour for these options; raises MockServerError that names the option, its place and what it takes."""
    how = Behaviour(**{name: _parsed(name, value, where) for name, value in options.items()})  # type: ignore[arg-type] # each parser returns its field's type
    check_together(how, where)
    return how


def whole(value: object, low: int, high: int, takes: str) -> int:
    """The integer, numpy's included, as an int; raises MockServerError unless it lies between ``low`` and ``high``."""
    try:
        number = None if isinstance(value, bool) or not isinstance(value, SupportsIndex) else operator.index(value)
    except TypeError:  # an array, which is an integer only where it has a single one
        number = None
    if number is None or not low <= number <= high:
        raise MockServerError(f"{takes}, not {value!r}")
    return number


def _parsed(name: str, value: object, where: str) -> object:
    if name not in _PARSERS:
        raise MockServerError(f"{where}: there is no option {name!r}; the options are {', '.join(NAMES)}")
    try:
        return _PARSERS[name](value)
    except (ValueError, TypeError) as problem:
        raise MockServerError(f"{where}: {name}={value!r} cannot be used; it takes {problem}") from None
