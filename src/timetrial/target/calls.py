"""How the function is called with an item: as it is, spread over its parameters, or without any."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from timetrial.errors import TargetError

HOW: Final = ("item", "star", "kwargs", "none")
"""``item``: f(item). ``star``: f(*item). ``kwargs``: f(**item). ``none``: f(), an item being one more call."""


@dataclass(frozen=True)
class Call:
    """A task that calls the function in one of these ways; it can be pickled if the function can.

    With a resource, that comes first for a spread item: f(resource, *item), and last for a plain one: f(item,
    resource).
    """

    function: Callable[..., Any]
    how: str

    def __call__(self, item: Any, *resource: Any) -> Any:
        """What the function gives: for an async function, something to await."""
        if self.how == "star":
            return self.function(*item, *resource)
        if self.how == "kwargs":
            return self.function(*resource, **item)
        return self.function(*resource) if self.how == "none" else self.function(item, *resource)


@dataclass(frozen=True)
class Failed:
    """What stands for an item on which the function raised, where such items are counted: equal if the errors are."""

    kind: str
    message: str


@dataclass(frozen=True)
class Counting:
    """A task that returns Failed where the function raises."""

    function: Callable[..., Any]

    def __call__(self, *args: Any) -> Any:
        """The result, or Failed."""
        try:
            return self.function(*args)
        except Exception as error:  # noqa: BLE001 - whatever the function raises is counted
            return Failed(type(error).__name__, str(error))


@dataclass(frozen=True)
class CountingAsync:
    """As Counting, for an async function."""

    function: Callable[..., Any]

    async def __call__(self, *args: Any) -> Any:
        """The result, or Failed."""
        try:
            return await self.function(*args)
        except Exception as error:  # noqa: BLE001 - whatever the function raises is counted
            return Failed(type(error).__name__, str(error))


def task_of(function: Callable[..., Any], how: str, *, counting: bool, is_async: bool) -> Callable[..., Any]:
    """The function as a workload's task; as it is where nothing has to be done, so that nothing is timed with it."""
    task = function if how == "item" else Call(function, how)
    if not counting:
        return task
    return CountingAsync(task) if is_async else Counting(task)


def how_to_call(function: Callable[..., Any], calls: str | None, *, spelled: str, numbers: bool, resource: bool) -> str:
    """One of HOW: as asked, or told from the function's parameters; ``numbers`` says that the items are mere numbers.

    Raises TargetError where the function can't be called so.
    """
    if calls is not None:
        return calls
    parameters = _parameters(function)
    if parameters is None:
        return "item"
    needed = [each for each in parameters.values() if _is_needed(each)]
    takes = [each for each in parameters.values() if each.kind in _POSITIONAL]
    given = 1 + resource
    if numbers and len(takes) <= resource and not needed[resource:]:
        return "none"
    if not takes:
        raise TargetError(f"{spelled} takes no item{_keyword_hint(needed)}; with --items NUMBER it is called as it is")
    named = ", ".join(each.name for each in needed)
    if len(needed) > given:
        if not resource and next(iter(parameters)) == "self":
            raise TargetError(
                f"{spelled} is a method without its object: name one in the module, such as OBJECT.{_last(spelled)}"
            )
        raise TargetError(
            f"{spelled} takes {len(needed)} arguments ({named}) and gets one item: with --calls star an item "
            f"(a, b, …) becomes f(a, b, …), with --calls kwargs an item {{'a': …}} becomes f(a=…); or write "
            f"a function of one item"
        )
    if any(each.kind is each.KEYWORD_ONLY for each in needed):
        raise TargetError(f"{spelled} needs {named} by keyword: give --calls kwargs and items that are dictionaries")
    return "item"


def check_item(item: Any, how: str, spelled: str) -> None:
    """Raises TargetError for an item that can't be spread as asked."""
    if how == "star" and not isinstance(item, list | tuple):
        raise TargetError(f"--calls star: an item of {spelled} is {item!r}, no list or tuple to spread")
    if how == "kwargs" and not (isinstance(item, Mapping) and all(isinstance(key, str) for key in item)):
        raise TargetError(f"--calls kwargs: an item of {spelled} is {item!r}, no dictionary of names")


_POSITIONAL: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
)
_VARIABLE: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _is_needed(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.kind not in _VARIABLE


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter] | None:
    try:
        return inspect.signature(function).parameters
    except (ValueError, TypeError):  # many functions that are written in C don't tell
        return None


def _keyword_hint(needed: list[inspect.Parameter]) -> str:
    return f" but by keyword ({', '.join(each.name for each in needed)})" if needed else ""


def _last(spelled: str) -> str:
    return spelled.rpartition(":")[2].rpartition(".")[2]
