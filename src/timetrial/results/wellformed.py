"""A file of results held against its form: what is there has to be of the kind that its readers count on.

A field that is missing is no breach of the form: files of pytest-benchmark alone lack most, and who needs one says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, Final, Required, get_args, get_origin, get_type_hints, is_typeddict

from timetrial.results import schema

# Takes a value and its place in the file; says what is wrong with it, if anything is.
Check = Callable[[Any, str], str | None]

_LARGEST: Final = 1e300  # larger ones overflow in the arithmetic that follows
_SHORTEST_S: Final = 1e-15
_LONGEST_S: Final = 1e15


def is_number(value: object) -> bool:
    """A finite number of a usable size."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def is_duration(value: object) -> bool:
    """Seconds of a size whose ratios, logarithms and squares are numbers too; nothing, where no time was seen."""
    return is_number(value) and (value == 0 or _SHORTEST_S <= value <= _LONGEST_S)  # type: ignore[operator]  # a number


def _are_seconds(value: object) -> bool:
    return isinstance(value, list) and all(map(is_duration, value))


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
FLAG: Final = a("true or false", lambda value: isinstance(value, bool))
WHOLE: Final = a("whole number", lambda value: type(value) is int)
_SIMPLE: Final[Mapping[Any, Check]] = {str: TEXT, float: NUMBER, int: WHOLE, bool: FLAG, schema.Seconds: SECONDS}


def check_of(hint: Any) -> Check:
    """What a value of this type has to be: of ``form``'s kinds, TypedDicts and lists, objects and options of them."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if is_typeddict(hint):
        hints = get_type_hints(hint, include_extras=True)
        # Not __required_keys__, which takes no notice of Required in annotations that are text.
        needed = [name for name, each in hints.items() if get_origin(each) is Required]
        return fields({name: check_of(_bare(each)) for name, each in hints.items()}, needed)
    kind, inside = get_origin(hint), get_args(hint)
    if kind is list:
        return every(check_of(inside[0]))
    if kind is Mapping:
        return OBJECT
    if kind is dict:
        return named(check_of(inside[1]))
    one, none = inside
    assert none is NoneType
    return or_none(check_of(one))


def _bare(hint: Any) -> Any:
    """The type itself, whether or not the field is Required."""
    return get_args(hint)[0] if get_origin(hint) is Required else hint


RESULTS: Final = check_of(schema.ResultsFile)
ENVIRONMENT: Final = check_of(schema.Environment)
