"""All that ``timetrial run`` was told to run, found, understood and made a workload."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from timetrial.errors import TargetError
from timetrial.target.calls import check_item, how_to_call, task_of
from timetrial.target.items import Items, items_of
from timetrial.target.locate import Address, Located, is_generator, locate, parse
from timetrial.target.request import Request
from timetrial.workload import Workload

_DIGITS: Final = 9


@dataclass(frozen=True)
class Part:
    """One function of the target as code can use it: ``how`` is one of calls.HOW."""

    address: Address
    how: str
    is_async: bool
    resource: Address | None = None


@dataclass(frozen=True)
class Target:
    """What is run.

    ``parts`` are the functions by their role: ``task``, ``async_task`` or a variant's name. ``unpicklable`` says why it
    can't be sent to a worker process, or None.
    """

    name: str
    workload: Workload
    items: Items
    parts: Mapping[str, Part]
    unpicklable: str | None


def target_of(request: Request, read_standard_input: Callable[[], str]) -> Target:
    """Finds everything; raises TargetError and TargetFailedError."""
    main = locate(request.target)
    if isinstance(main.value, Workload):
        return _ready_made(main, main.value, request, read_standard_input)
    items = items_of(request.items, read_standard_input)
    functions = _functions(main, request)
    parts = {name: _part(name, each, request, items) for name, each in functions.items()}
    for part in parts.values():
        check_item(items.values[0], part.how, request.target)
    workload = _workload(functions, parts, request)
    return Target(main.spelled, workload, items, parts, why_not_picklable(workload))


def _functions(main: Located, request: Request) -> dict[str, Located]:
    """By their role: ``task``, ``async_task``, and each variant's name."""
    functions = {"async_task" if main.is_async else "task": main}
    if request.async_task is not None:
        other = locate(request.async_task)
        if not other.is_async:
            raise TargetError(f"--async-task {request.async_task}: it is no async function (async def)")
        if main.is_async:
            raise TargetError(f"--async-task goes with a sync function, and {main.spelled} is async: use --variant")
        functions["async_task"] = other
    for name, spelled in request.variants.items():
        functions[name] = locate(spelled)
    for each in functions.values():
        if is_generator(each.value):
            raise TargetError(
                f"{each.spelled} is a generator: calling it computes nothing until somebody asks for its values; "
                f"write a function that returns list({each.address.name}(item))"
            )
    return functions


def _part(name: str, found: Located, request: Request, items: Items) -> Part:
    spelled = request.async_resource if found.is_async else request.resource
    resource = parse(spelled) if spelled is not None and name in ("task", "async_task") else None
    how = how_to_call(
        found.value,
        request.calls,
        spelled=found.spelled,
        numbers=items.code.startswith("range("),
        resource=resource is not None,
    )
    return Part(found.address, how, found.is_async, resource)


def _workload(functions: Mapping[str, Located], parts: Mapping[str, Part], request: Request) -> Workload:
    counting = request.on_error == "count"
    tasks = {
        name: task_of(found.value, parts[name].how, counting=counting, is_async=parts[name].is_async)
        for name, found in functions.items()
    }
    resource = locate(request.resource).value if request.resource else None
    async_resource = locate(request.async_resource).value if request.async_resource else None
    variants = {
        name: Workload(
            name, None if parts[name].is_async else tasks[name], tasks[name] if parts[name].is_async else None
        )
        for name in request.variants
    }
    return Workload(
        parts["task" if "task" in tasks else "async_task"].address.name,
        task=tasks.get("task"),
        async_task=tasks.get("async_task"),
        resource=resource,
        async_resource=async_resource,
        variants=variants,
        comparable=comparable_of(request.compare),
    )


def _ready_made(main: Located, workload: Workload, request: Request, read_standard_input: Callable[[], str]) -> Target:
    """A Workload object in a module is run as it is."""
    for option in ("calls", "async_task", "resource", "async_resource"):
        if getattr(request, option) is not None:
            raise TargetError(f"--{option.replace('_', '-')} has no say in a Workload, which {main.spelled} is")
    items = items_of(request.items, read_standard_input)
    return Target(main.spelled, workload, items, {}, why_not_picklable(workload))


def why_not_picklable(workload: Workload) -> str | None:
    """Why the task can't be sent to worker processes, in words."""
    for part in (workload.task, workload.async_task, workload.resource, workload.async_resource):
        try:
            pickle.dumps(part)
        except Exception as error:  # noqa: BLE001 - __reduce__ may raise anything
            return f"{type(error).__name__}: {error}"
    return None


def comparable_of(compare: str) -> Callable[[Any], object] | None:
    """What ``--compare`` makes of a result before it is held against the serial one."""
    return {"exact": None, "approx": approximately, "ignore": ignored}[compare]


def ignored(result: Any) -> object:
    """Nothing of a result has to be equal."""
    del result
    return None


def approximately(result: Any) -> object:
    """A result whose floating-point numbers are equal if they agree in nine digits, give or take the last."""
    if isinstance(result, float):
        return float(f"{result:.{_DIGITS - 1}e}")
    if isinstance(result, complex):
        return approximately(result.real), approximately(result.imag)
    if isinstance(result, Mapping):
        return {key: approximately(value) for key, value in result.items()}
    if isinstance(result, list | tuple):
        return [approximately(each) for each in result]
    if isinstance(result, set | frozenset):
        return {approximately(each) for each in result}
    to_list = getattr(result, "tolist", None)  # an array's, numpy's above all
    return approximately(to_list()) if callable(to_list) else result
