"""The concurrency models, one file each and the same shape side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from timetrial.errors import WorkloadError
from timetrial.models.base import ConcurrencyModel
from timetrial.models.register import NAMES, create, is_known, names, settings_of
from timetrial.workload import Workload

__all__ = [
    "NAMES",
    "create",
    "get",
    "in_flight",
    "is_known",
    "model_ids",
    "model_part",
    "names",
    "resolve",
    "settings_of",
    "split",
]


_ID: Final = re.compile(r"(?P<name>[^\[\]]+)((\[[^\[\]]+\])?\[(?P<last>[^\[\]]+)\])?")


def get(
    name: str,
    *,
    start_method: str | None = None,
    event_loop: str = "asyncio",
    workers: int | None = None,
    scheduler: str | None = None,
) -> ConcurrencyModel:
    """The model of that name; its module is imported now, not before.

    ``start_method`` (fork, forkserver or spawn) matters to models with worker processes, ``event_loop`` (asyncio or
    uvloop) to models with coroutines, ``workers`` to those with several event loops, ``scheduler`` (an address) to
    dask; the others ignore them, and so does a model whose name says it: ``processes[spawn]``. Raises WorkloadError for
    a name that isn't known.
    """
    return create(
        settings_of(name, start_method=start_method, event_loop=event_loop, workers=workers, scheduler=scheduler)
    )


def split(model_id: str) -> tuple[str, str | None]:
    """The model's plain name, and what stands in the last brackets behind it: ``threads`` and ``requests``.

    That is a variant of the workload, or of the model, as in ``processes[spawn]``: ``resolve`` tells which. Where both
    are joined, ``processes[spawn][requests]``, it is the workload's.
    Raises WorkloadError for what is no id.
    """
    found = _ID.fullmatch(model_id)
    if found is None:
        raise WorkloadError(
            f"{model_id!r} isn't a model's id; write it as threads, as threads[variant], or, for a variant of the "
            f"model with one of the workload, as threads[pool][variant]"
        )
    return found["name"], found["last"]


def model_part(model_id: str) -> str:
    """The id without a workload's variant that is joined to a model's: ``processes[spawn]`` of the same with another.

    One pair of brackets is left as it is.
    """
    first, joined, _ = model_id.partition("][")
    return f"{first}]" if joined else model_id


def resolve(model_id: str, workload: Workload) -> tuple[str, Workload]:
    """The name of the model that an id stands for, and the way of the workload that runs under it.

    ``threads[requests]`` is the workload's variant ``requests`` under ``threads``; ``processes[spawn]`` is a model by
    itself, unless the workload has a variant of that name for processes. ``processes[spawn][requests]`` is that variant
    under that model. Raises WorkloadError where there is neither.
    """
    name, variant = split(model_id)
    if "][" in model_id:
        return settings_of(model_part(model_id)).name, workload.variant(variant)
    own = workload.variants.get(variant) if variant is not None else None
    if own is not None and (not is_known(model_id) or get(name).suits(own)):
        return name, own
    if is_known(model_id):
        return model_id, workload
    return name, workload.variant(variant)


def in_flight(name: str, concurrency: int) -> int:
    """The most items that a model has in flight at once where ``concurrency`` is asked for: one under serial."""
    return 1 if name == "serial" else concurrency


def model_ids(workload: Workload, also: Sequence[str] = ()) -> list[str]:
    """All ids that the workload can be run under: its own first, then each variant's, in the models' order.

    These are the models of NAMES, those that the workload has an implementation of its own for, and of the models that
    run only when they are asked for those that ``also`` names, be it by one of the workload's variants. A variant of a
    model is joined with each of the workload's that suits it: ``processes[spawn][requests]``.
    """
    suiting = [(None, workload), *workload.variants.items()]
    found = []
    for variant, way in suiting:
        for name in (*NAMES, *_asked_for(also, way)):
            model_id = name if variant is None else f"{name}[{variant}]"
            if model_id not in found and get(name).suits(way):
                found.append(model_id)
    return found


def _asked_for(also: Sequence[str], way: Workload) -> list[str]:
    """The models, none of NAMES, that are named by themselves, by a variant of theirs, or by an implementation."""
    named = [part for each in also if not is_known(each) for part in (split(each)[0], model_part(each))]
    asked = {*also, *way.implementations, *named}
    return [name for name in names() if name in asked and name not in NAMES] if asked - {*NAMES} else []
