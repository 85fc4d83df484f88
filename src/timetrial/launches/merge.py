"""Several launches of one suite in one file: pytest-benchmark reads it as one run, and the launches stay apart."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, Final

from timetrial.environment.difference import Difference, differences
from timetrial.errors import ResultsError
from timetrial.launches.round_stats import round_stats
from timetrial.results.figures import void_of_entry
from timetrial.results.schema import FILE_SCHEMA_VERSION, KEY
from timetrial.trial.void import Kind

_TYPICAL: Final = ("throughput_per_s", "speedup", "startup_s", "teardown_s")
_MEMORY_AGREES: Final = 0.05
"""By how much of itself the memory of two machines may differ, if they are to be of one kind."""


def merge(launches: Sequence[Mapping[str, Any]], *, complete: bool, machines: Sequence[str] = ()) -> dict[str, Any]:
    """One file's content out of each launch's, in the order in which they ran; there has to be one at least.

    A benchmark's rounds are those of all launches where it was not void, one after the other. ``machines`` names the
    one that each launch had, where they were several, which have to be alike. Raises ResultsError where a launch ran
    somewhere else than the first.
    """
    first = launches[0]
    for number, each in enumerate(launches, start=1):
        _refuse_elsewhere(first, each, number, machines)
    about = [launch[KEY] for launch in launches]
    return {
        **{name: value for name, value in first.items() if name not in ("benchmarks", KEY)},
        "benchmarks": _benchmarks(launches),
        KEY: {
            "schema_version": FILE_SCHEMA_VERSION,
            "environment": about[0].get("environment"),
            "references": {name: against for each in about for name, against in each["references"].items()},
            "troubles": [
                {**trouble, "launch": number}
                for number, each in enumerate(about, start=1)
                for trouble in each["troubles"]
            ],
            "voids": [
                {**void, "launch": number}
                for number, each in enumerate(about, start=1)
                for void in each.get("voids", ())
            ],
            "modules": {name: file for each in about for name, file in each.get("modules", {}).items()},
            "launches": [_launch(*each) for each in zip(launches, machines or repeat(None), strict=False)],
            **_about_machines(about, machines),
            "complete": complete,
        },
    }


def unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Difference]:
    """What differs between the environments of two machines so that they can't have launches of one file."""
    return [each for each in differences(one, other) if each.matters and not _is_nearly_as_much_memory(each)]


def _is_nearly_as_much_memory(difference: Difference) -> bool:
    """Two machines of one kind differ by what their firmware keeps for itself."""
    sizes = (difference.one, difference.other)
    if difference.path != "memory.total_bytes" or not all(isinstance(size, int) for size in sizes):
        return False
    return bool(min(sizes) >= (1 - _MEMORY_AGREES) * max(sizes))


def _refuse_elsewhere(first: Mapping[str, Any], other: Mapping[str, Any], number: int, machines: Sequence[str]) -> None:
    one, another = (each[KEY].get("environment") or {} for each in (first, other))
    if machines:
        mattering = unlike(one, another)
    else:
        mattering = [difference for difference in differences(one, another) if difference.matters]
    if mattering:
        where = f" (on {machines[number - 1]}, and that on {machines[0]})" if machines else ""
        raise ResultsError(f"launch {number} ran elsewhere than the first{where}: {mattering[0]}; measure again")


def _about_machines(about: Sequence[Mapping[str, Any]], machines: Sequence[str]) -> dict[str, Any]:
    """The environment of each machine, by its name."""
    if not machines:
        return {}
    return {"machines": {name: each.get("environment") for each, name in zip(about, machines, strict=True)}}


def _launch(content: Mapping[str, Any], machine: str | None) -> dict[str, Any]:
    return {
        **({"machine": machine} if machine is not None else {}),
        "recorded_at": content.get("datetime"),
        "complete": content[KEY]["complete"],
        "seconds": {benchmark["fullname"]: benchmark["stats"]["data"] for benchmark in content["benchmarks"]},
        "void": {
            benchmark["fullname"]: void for benchmark in content["benchmarks"] if (void := void_of_entry(benchmark))
        },
    }


def _benchmarks(launches: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    by_name: dict[str, list[dict[str, Any]]] = {}
    for content in launches:
        for benchmark in content["benchmarks"]:
            by_name.setdefault(benchmark["fullname"], []).append(benchmark)
    return [_pooled(entries) for entries in by_name.values()]


def _pooled(every: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A benchmark's entry of all launches where it was fair; of all, and void, where it never was.

    A disturbed launch is an accident. Any other kind of void is the benchmark's own: the entry keeps it.
    """
    entries = [each for each in every if not void_of_entry(each)] or every
    first = entries[0]
    data_s = [seconds for entry in entries for seconds in entry["stats"]["data"]]
    return {
        **first,
        "extra_info": _extra_info(entries, _own_voids(every)),
        "stats": round_stats(data_s, first["stats"]["iterations"]),
    }


def _own_voids(every: Sequence[dict[str, Any]]) -> list[Mapping[str, str]]:
    """One of each kind, the first that was told; a launch that has more keeps them."""
    found: dict[str, Mapping[str, str]] = {}
    for void in (void for each in every for void in void_of_entry(each) if void["kind"] != Kind.DISTURBED):
        found.setdefault(void["kind"], void)
    return list(found.values())


def _extra_info(entries: Sequence[dict[str, Any]], own_voids: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The first launch's, with the median over launches where a figure varies from one to the next."""
    first: dict[str, Any] = dict(entries[0]["extra_info"])
    if isinstance(first.get(KEY), dict):
        first[KEY] = {**first[KEY], **{name: _typical(entries, name) for name in _TYPICAL if name in first[KEY]}}
        if own_voids and not first[KEY].get("void"):
            first[KEY]["void"] = list(own_voids)
    return first


def _typical(entries: Sequence[dict[str, Any]], name: str) -> float | None:
    values = [entry["extra_info"].get(KEY, {}).get(name) for entry in entries]
    return statistics.median(known) if (known := [value for value in values if value is not None]) else None
