"""The concurrency models, one file each and the same shape side by side."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from timetrial.errors import WorkloadError
from timetrial.models.base import ConcurrencyModel
from timetrial.workload import Workload

_MODULES = {
    "serial": "timetrial.models.serial",
    "threads": "timetrial.models.threads",
    "processes": "timetrial.models.processes",
    "coroutines": "timetrial.models.coroutines",
    "processes+coroutines": "timetrial.models.hybrid",
}

NAMES = tuple(_MODULES)
"""The models' names, in the order in which tables show them."""


def get(name: str, *, start_method: str | None = None, event_loop: str = "asyncio") -> ConcurrencyModel:
    """The model of that name; its module is imported now, not before.

    ``start_method`` (fork, forkserver or spawn) matters to models with worker processes, ``event_loop`` (asyncio or
    uvloop) to models with coroutines; the others ignore them. Raises WorkloadError for a name that isn't known.
    """
    if name not in _MODULES:
        raise WorkloadError(f"there is no concurrency model {name!r}; there are: {', '.join(NAMES)}")
    create = cast("Callable[[str | None, str], ConcurrencyModel]", import_module(_MODULES[name]).create)
    return create(start_method, event_loop)


def split(model_id: str) -> tuple[str, str | None]:
    """The model's name and the workload's variant that an id such as ``threads[requests]`` stands for.

    Raises WorkloadError for what is no id.
    """
    name, bracket, rest = model_id.partition("[")
    if not bracket:
        return name, None
    if not rest.endswith("]") or not rest[:-1]:
        raise WorkloadError(f"{model_id!r} isn't a model's id; write it as threads or as threads[variant]")
    return name, rest[:-1]


def in_flight(name: str, concurrency: int) -> int:
    """The most items that a model has in flight at once where ``concurrency`` is asked for: one under serial."""
    return 1 if name == "serial" else concurrency


def model_ids(workload: Workload) -> list[str]:
    """All ids that the workload can be run under: its own first, then each variant's, in the models' order."""
    suiting = [(None, workload), *workload.variants.items()]
    return [
        name if variant is None else f"{name}[{variant}]"
        for variant, way in suiting
        for name in NAMES
        if get(name).suits(way)
    ]
