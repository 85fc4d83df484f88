"""The models by name: those that run by themselves, those that run when asked for, and those of other packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, cast

from timetrial.errors import WorkloadError
from timetrial.languages import Text
from timetrial.models.base import ConcurrencyModel, ModelSettings
from timetrial.models.unavailable import UnavailableModel

GROUP: Final = "timetrial.models"
"""The entry points by which other packages bring models: ``name = "package.module:create"``."""


@dataclass(frozen=True)
class _Known:
    """Where a model's ``create`` is, and what sets it apart from others that are made there."""

    module: str
    settings: Mapping[str, str] = field(default_factory=dict)


_BY_THEMSELVES: Final = {
    "serial": _Known("serial"),
    "threads": _Known("threads"),
    "processes": _Known("processes"),
    "coroutines": _Known("coroutines"),
    "processes+coroutines": _Known("hybrid"),
}

_WHEN_ASKED_FOR: Final = {
    "threads[pool]": _Known("pooled_threads"),
    "processes[pool]": _Known("pooled_processes"),
    "processes[loky]": _Known("loky", {"start_method": "loky"}),
    "processes[fork]": _Known("processes", {"start_method": "fork"}),
    "processes[forkserver]": _Known("processes", {"start_method": "forkserver"}),
    "processes[spawn]": _Known("processes", {"start_method": "spawn"}),
    "coroutines[uvloop]": _Known("coroutines", {"event_loop": "uvloop"}),
    "coroutines[winloop]": _Known("coroutines", {"event_loop": "winloop"}),
    "coroutines[eager]": _Known("eager"),
    "coroutines[to_thread]": _Known("to_thread"),
    "coroutines[trio]": _Known("trio_loop", {"event_loop": "trio"}),
    "threads+coroutines": _Known("thread_loops"),
    "interpreters": _Known("interpreters"),
    "interpreters+coroutines": _Known("interpreters"),
    "greenlets": _Known("greenlets"),
    "dask": _Known("dask"),
}

_OURS: Final = {**_BY_THEMSELVES, **_WHEN_ASKED_FOR}

NAMES: Final = tuple(_BY_THEMSELVES)
"""The models that every workload runs under that suits them, in the order in which tables show them."""


def names() -> tuple[str, ...]:
    """All models that there are: those of NAMES, those that run when they are asked for, those of other packages."""
    return (*_OURS, *_of_other_packages())


def is_known(name: str) -> bool:
    """Whether there is a model of that name."""
    return name in _OURS or name in _of_other_packages()


def settings_of(
    name: str,
    *,
    start_method: str | None = None,
    event_loop: str = "asyncio",
    workers: int | None = None,
    scheduler: str | None = None,
) -> ModelSettings:
    """What the model of that name is made with: what is asked for, and before it what the name itself says.

    Raises WorkloadError for a name that isn't known.
    """
    if not is_known(name):
        raise WorkloadError(f"there is no concurrency model {name!r}; there are: {', '.join(names())}")
    own: Mapping[str, Any] = _OURS[name].settings if name in _OURS else {}
    asked = {"start_method": start_method, "event_loop": event_loop, "workers": workers, "scheduler": scheduler}
    return ModelSettings(name, **{**asked, **own})


def create(settings: ModelSettings) -> ConcurrencyModel:
    """The model; its module is imported now, not before. One that can't be loaded is unavailable, and says why."""
    if settings.name in _OURS:
        make = import_module(f"timetrial.models.{_OURS[settings.name].module}").create
        return cast("Callable[[ModelSettings], ConcurrencyModel]", make)(settings)
    entry = _of_other_packages()[settings.name]
    try:
        return cast("Callable[[ModelSettings], ConcurrencyModel]", entry.load())(settings)
    except Exception as error:  # noqa: BLE001 - another package's code may raise anything
        where = f"{entry.value} of {entry.dist.name if entry.dist else 'another package'}"
        said = f"{type(error).__name__}: {error}"
        return UnavailableModel(
            settings.name, Text(f"{where} can't be loaded ({said})", f"无法加载 {entry.value}（“{said}”）")
        )


@cache
def _of_other_packages() -> Mapping[str, EntryPoint]:
    """By name; a name that we have ourselves stays ours."""
    return {each.name: each for each in entry_points(group=GROUP) if each.name not in _OURS}
