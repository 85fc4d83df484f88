"""What functions were made with: their defaults and what they close over, as far as that is plain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from types import CellType, FunctionType, ModuleType
from typing import Any, Final

from timetrial.gate.same_code.program import Facts
from timetrial.measure.execution.digests import digest, simple

_DEEPEST: Final = 4


def values_of(modules: Iterable[tuple[str, ModuleType]]) -> dict[tuple[str, str, int], list[str]]:
    """For the functions within reach of these modules, by file, qualified name and line, what each was made with."""
    found: dict[tuple[str, str, int], list[str]] = {}
    seen: set[int] = set()
    for _label, module in modules:
        for each in list(vars(module).values()):
            for function in _functions(each, module.__name__, seen, 0):
                code = function.__code__
                place = (code.co_filename, code.co_qualname, code.co_firstlineno)
                found.setdefault(place, []).append(_made_with(function))
    return found


def value_facts(
    values: dict[tuple[str, str, int], list[str]], reached: Iterable[tuple[str, str, int]], labels: dict[str, str]
) -> Facts:
    """Of the functions that were reached, by the labels of their files."""
    return {
        f"made with {labels[place[0]]} {place[1]}": digest(*sorted(values[place]))
        for place in reached
        if place in values and place[0] in labels
    }


def _functions(value: Any, module: str, seen: set[int], depth: int) -> Iterator[FunctionType]:
    """A function, with those that it wraps; those of a class of this module."""
    if id(value) in seen or depth > _DEEPEST:
        return
    seen.add(id(value))
    if isinstance(value, FunctionType):
        yield value
        inner = [value.__dict__.get("__wrapped__"), *(_content(cell) for cell in value.__closure__ or ())]
    elif isinstance(value, type) and value.__module__ == module:
        inner = list(vars(value).values())
    else:
        inner = _inside(value)
    for each in inner:
        yield from _functions(each, module, seen, depth + 1)


def _inside(value: Any) -> list[Any]:
    """What stands for a function and holds it."""
    if isinstance(value, staticmethod | classmethod):
        return [value.__func__]
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if isinstance(value, partial | cached_property):
        return [value.func]
    return [vars(value)["__wrapped__"]] if "__wrapped__" in getattr(value, "__dict__", {}) else []


def _made_with(function: FunctionType) -> str:
    keywords = function.__kwdefaults__ or {}
    defaults = [simple(each) for each in function.__defaults__ or ()]
    closed = [simple(_content(cell)) for cell in function.__closure__ or ()]
    return f"{defaults} {sorted((name, simple(each)) for name, each in keywords.items() if simple(each))} {closed}"


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing in it yet
        return None
