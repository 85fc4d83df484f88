"""The form of a file of results, told once: what is there has to be of the kind that its readers count on.

A field that is missing is no breach of the form: files of pytest-benchmark alone lack most, and who needs one says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from timetrial.results.schema import KEY

# Takes a value and its place in the file; says what is wrong with it, if anything is.
Check = Callable[[Any, str], str | None]

_LARGEST: Final = 1e300  # larger ones overflow in the arithmetic that follows


def is_number(value: object) -> bool:
    """A finite number of a usable size."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def _are_seconds(value: object) -> bool:
    return isinstance(value, list) and all(is_number(each) and each >= 0 for each in value)


def a(what: str, fits: Callable[[Any], bool]) -> Check:
    """A value that ``fits``."""
    return lambda value, place: None if fits(value) else f"{place} is no {what}"


def or_none(check: Check) -> Check:
    """The same, or null."""
    return lambda value, place: None if value is None else check(value, place)


def every(check: Check) -> Check:
    """A list of such."""

    def wrong(value: Any, place: str) -> str | None:
        if not isinstance(value, list):
            return f"{place} is no list"
        return _first(check(each, f"{place}[{number}]") for number, each in enumerate(value))

    return wrong


def named(check: Check) -> Check:
    """An object with such values under any names."""

    def wrong(value: Any, place: str) -> str | None:
        if not isinstance(value, dict):
            return f"{place} is no object"
        return _first(check(each, f"{place}[{name!r}]") for name, each in value.items())

    return wrong


def fields(checks: Mapping[str, Check], needed: Sequence[str] = ()) -> Check:
    """An object whose fields of these names, where there are any, are such; the ``needed`` ones have to be there."""

    def wrong(value: Any, place: str) -> str | None:
        if not isinstance(value, dict):
            return f"{place} is no object"
        missing = [f"{place} has no {name}" for name in needed if name not in value]
        start = f"{place}." if place else ""
        wrong_ones = (check(value[name], start + name) for name, check in checks.items() if name in value)
        return _first((*missing, *wrong_ones))

    return wrong


def _first(complaints: Iterable[str | None]) -> str | None:
    return next((each for each in complaints if each), None)


TEXT: Final = a("text", lambda value: isinstance(value, str))
NUMBER: Final = a("number", is_number)
SECONDS: Final = a("list of seconds", _are_seconds)
OBJECT: Final = fields({})
_VOIDS: Final = every(fields({"kind": TEXT, "reason": TEXT}, needed=("kind", "reason")))

# A section of which nothing could be known is null.
ENVIRONMENT: Final = fields(
    {
        **{section: or_none(OBJECT) for section in ("cpu", "system", "python")},
        "memory": or_none(fields({"total_bytes": or_none(NUMBER)})),
    }
)
_FIGURES: Final = fields(
    {
        "workload": TEXT,
        "model": TEXT,
        "items": NUMBER,
        "parameters": OBJECT,
        "sweeps": every(TEXT),
        "void": _VOIDS,
    }
)
_BENCHMARK: Final = fields(
    {
        "fullname": TEXT,
        "stats": fields({"median": NUMBER, "data": SECONDS}),
        "extra_info": fields({KEY: _FIGURES}),
    }
)
_TROUBLE: Final = fields({"benchmark": TEXT, "kind": TEXT, "reason": TEXT}, needed=("benchmark", "kind", "reason"))
_ABOUT: Final = fields(
    {
        "environment": or_none(ENVIRONMENT),
        "references": named(TEXT),
        "troubles": every(_TROUBLE),
        "launches": or_none(every(fields({"seconds": named(SECONDS), "void": named(_VOIDS)}, needed=("seconds",)))),
        "gate": or_none(OBJECT),
    }
)
RESULTS: Final = fields({"datetime": TEXT, "benchmarks": every(_BENCHMARK), KEY: _ABOUT})
