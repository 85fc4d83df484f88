"""Made-up runs, as timetrial stores them: several workloads, sweeps, accounting, open loops, void trials."""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.unit.claims.planted import PLANTED, contents
from timetrial.stats.distribution import distribution

ENVIRONMENT: dict[str, Any] = {
    "schema_version": 1,
    "cpu": {"model": "Example CPU 3000", "logical_cores": 4, "usable_cores": 4.0},
    "memory": {"total_bytes": 17_179_869_184},
    "system": {"name": "Linux", "architecture": "x86_64", "virtualisation": None},
    "python": {"version": "3.13.1", "implementation": "CPython", "free_threaded_build": False, "gil_enabled": True},
}
OVERHEAD_S = {"serial": 0.0, "threads": 2e-4, "processes": 3e-4, "coroutines": 6e-5, "processes+coroutines": 8e-5}
MEMORY_BYTES = {"serial": 40e6, "threads": 46e6, "processes": 120e6, "coroutines": 43e6, "processes+coroutines": 90e6}


def environment(python: str = "3.13.1", cpu: str = "Example CPU 3000") -> dict[str, Any]:
    """A machine with a Python."""
    return {
        **ENVIRONMENT,
        "cpu": {**ENVIRONMENT["cpu"], "model": cpu},
        "python": {**ENVIRONMENT["python"], "version": python},
    }


def trial(
    test: str,
    workload: str,
    model: str,
    s_per_item: float,
    *,
    items: int = 100,
    concurrency: int = 8,
    parameters: Mapping[str, Any] | None = None,
    sweeps: Sequence[str] = (),
    rounds: int = 8,
    void: str | None = None,
    accounted: bool = False,
    opened: bool = False,
    seed: int = 1,
) -> dict[str, Any]:
    """One stored trial; its rounds scatter by some percent about its time an item."""
    chance = random.Random(f"{test}{model}{concurrency}{seed}")
    rounds_s = [s_per_item * items * (1 + chance.gauss(0, 0.02)) for _ in range(rounds)]
    base = model.partition("[")[0]
    told = {**(parameters or {}), "concurrency": concurrency}
    figures: dict[str, Any] = {
        "schema_version": 2,
        "workload": workload,
        "model": model,
        "concurrency": 1 if base == "serial" else concurrency,
        "items": items,
        "startup_s": {"serial": 1e-4, "threads": 2e-3, "coroutines": 3e-3}.get(base, 0.12),
        "teardown_s": 1e-3,
        "void": [{"kind": "disturbed", "reason": void, "fix": "measure on a quiet machine"}] if void else [],
        "accounting": _accounting(base, s_per_item, items, concurrency) if accounted else None,
        "open_loop": _open_loop(s_per_item, concurrency) if opened else None,
        "parameters": told,
        "sweeps": list(sweeps),
        "scale": "default",
    }
    bracket = "-".join([model, *(str(value) for value in told.values())])
    return {
        "fullname": f"{test}[{bracket}]",
        "name": f"{test.rpartition('::')[2]}[{bracket}]",
        "stats": {"median": statistics.median(rounds_s), "data": rounds_s},
        "extra_info": {"timetrial": figures},
    }


def _latency(middle_ms: float, slow: float, count: int) -> Mapping[str, Any]:
    """Of items that mostly take about as long, and some of them ``slow`` times as long and more."""
    chance = random.Random(f"{middle_ms}{slow}")
    times = (
        chance.lognormvariate(0, 0.1) * (slow * (1 + chance.expovariate(2)) if chance.random() < 0.03 else 1)
        for _ in range(count)
    )
    return distribution([round(middle_ms * each * 1e6) for each in times])


def _accounting(base: str, s_per_item: float, items: int, concurrency: int) -> dict[str, Any]:
    def usage(cpu_s: float, memory_bytes: float) -> dict[str, Any]:
        return {
            "cpu_user_s": 0.8 * cpu_s,
            "cpu_system_s": 0.2 * cpu_s,
            "memory_peak_bytes": int(memory_bytes),
            "memory_low_bytes": int(0.97 * memory_bytes),
            "memory_kind": "pss",
        }

    roles = {"client": usage(items * 2e-4, 40e6), "server": usage(items * 5e-5, 30e6)}
    if base != "serial":
        roles["worker"] = usage(items * 3e-4, MEMORY_BYTES.get(base, 50e6) - 38e6 + 1e5 * concurrency)
    latency_ms = s_per_item * 1e3 * max(1, concurrency)
    return {
        "rounds": 1,
        "roles": roles,
        "latency": _latency(latency_ms, 1.6, 4 * items),
    }


def _open_loop(s_per_item: float, concurrency: int) -> dict[str, Any]:
    latency_ms = s_per_item * 1e3 * max(1, concurrency)
    return {
        "latency": _latency(1.3 * latency_ms, 4, 2_000),
        "closed_latency": _latency(latency_ms, 1.6, 100),
    }


def fetching() -> list[dict[str, Any]]:
    """Pages of 10 ms each, over concurrency: threads ahead at first, coroutines later."""
    test, found = "benchmarks/test_fetch.py::test_fetch_over_concurrency", []
    found.append(trial(test, "fetch_pages", "serial", 10.4e-3, concurrency=1, sweeps=["concurrency"], accounted=True))
    for level in (1, 4, 16, 64, 256):
        for model, own_s in (("threads[requests]", 4e-4), ("processes", 3e-4), ("coroutines[aiohttp]", 9e-5)):
            slow = 1.4 if not model.startswith("threads") and level < 16 else 1
            s = 10e-3 / level * slow + own_s * (1 + level / 400)
            found.append(
                trial(
                    test,
                    "fetch_pages",
                    model,
                    s,
                    concurrency=level,
                    sweeps=["concurrency"],
                    accounted=True,
                    opened=True,
                )
            )
    return found


def computing() -> list[dict[str, Any]]:
    """Work for the cores, over workers."""
    test, found = "benchmarks/test_sum.py::test_sum_over_workers", []
    found.append(trial(test, "sum_of_squares", "serial", 20e-3, concurrency=1, sweeps=["concurrency"]))
    for level in (1, 2, 4, 8):
        for model, at_best in (
            ("threads", 0.97),
            ("processes", min(level, 4) * 0.93),
            ("processes+coroutines", min(level, 4) * 0.9),
        ):
            found.append(
                trial(test, "sum_of_squares", model, 20e-3 / at_best, concurrency=level, sweeps=["concurrency"])
            )
    return found


def cores() -> list[dict[str, Any]]:
    """What claims and the ceiling of the speed-up rest on: four cores that do 3.8 times what one does."""
    test, found = "benchmarks/claims/test_cores.py::test_cores", []
    for model, s in (("serial", 38e-3), ("threads", 40e-3), ("processes", 10.4e-3), ("processes[independent]", 10e-3)):
        found.append(trial(test, "cores", model, s, items=4, concurrency=4, parameters={"n": 300_000}, rounds=30))
    return found


def others() -> list[dict[str, Any]]:
    """A tie, what the article does, void trials, and a workload with nothing to compare."""
    test = "benchmarks/test_files.py::test_files"
    at = {"files": 32, "kind": "fsync"}
    crawl, download = "benchmarks/test_crawl.py::test_crawl", "benchmarks/test_download.py::test_download"
    disturbed = "other processes took 41 % of the cores"
    return [
        trial(test, "files", "serial", 1e-3, parameters=at, concurrency=1),
        trial(test, "files", "threads", 0.4e-3, parameters=at),
        trial(test, "files", "processes", 0.401e-3, parameters=at),
        trial(test, "files", "coroutines[aiofiles]", 2.4e-3, parameters=at),
        trial(test, "files", "coroutines[usual]", 1.4e-3, parameters=at),
        trial(download, "download", "serial", 8e-3, concurrency=1, items=1),
        trial(download, "download", "threads", 7e-3, items=1),
        trial(download, "download", "threads[article]", 31e-3, items=1),
        trial(crawl, "crawl", "serial", 8e-3, concurrency=1, parameters={"pages": 200}),
        trial(crawl, "crawl", "threads", 3e-3, parameters={"pages": 200}),
        trial(crawl, "crawl", "processes+coroutines", 1e-3, parameters={"pages": 200}),
        trial(crawl, "crawl", "processes", 1.2e-3, parameters={"pages": 200}, void=disturbed),
        trial(crawl, "crawl", "serial", 8e-3, concurrency=1, parameters={"pages": 9}, void=disturbed),
        trial(crawl, "crawl", "threads", 8e-3, parameters={"pages": 9}, void=disturbed),
    ]


def results(
    benchmarks: Sequence[Mapping[str, Any]],
    when: str = "2026-11-28T22:00:00+00:00",
    *,
    where: Mapping[str, Any] | None = None,
    commit: str | None = None,
) -> dict[str, Any]:
    """A whole file's content."""
    return {
        "datetime": when,
        "commit_info": {"id": commit, "dirty": False},
        "benchmarks": list(benchmarks),
        "timetrial": {
            "schema_version": 2,
            "environment": dict(where or ENVIRONMENT),
            "complete": True,
            "references": {},
            "troubles": [],
            "voids": [],
        },
    }


def write(folder: Path, name: str, content: Mapping[str, Any]) -> Path:
    """The file, in a folder that is made for it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def whole() -> list[dict[str, Any]]:
    """All of the above in one run."""
    return [*fetching(), *computing(), *cores(), *others()]


def history(folder: Path, runs: int, changed_at: int | None = None) -> None:
    """That many short runs, a day apart; from one of them on, threads take a fifth longer."""
    test, chance = "t.py::test_parse", random.Random(7)
    names = {model: f"{test}[{model}-8]" for model in ("serial", "threads", "coroutines")}
    for number in range(runs):
        mood = 1 + chance.gauss(0, 0.05)
        slower = 1.2 if changed_at is not None and number >= changed_at else 1.0
        trials = []
        for model, s in (("serial", 10.0), ("threads", 4.0 * slower), ("coroutines", 5.0)):
            noisy = s * mood * (1 + chance.gauss(0, 0.006))
            trials.append(trial(test, "parse", model, noisy, concurrency=8, items=1, rounds=6, seed=number))
        when = f"{2024 + number // 300}-{1 + number // 25 % 12:02}-{1 + number % 25:02}T10:00:00+00:00"
        content = results(trials, when, commit=f"{number:07x}" * 5)
        content["timetrial"]["references"] = {names[each]: names["serial"] for each in ("threads", "coroutines")}
        write(folder, f"{when[:10]}-{number:04}.json", content)


_MODELS = ("serial", "threads", "processes", "coroutines[aiohttp]", "threads[requests]", "processes+coroutines")
_VARIANTS = ("coroutines[usual]", "threads[article]", "processes[spawn]")


def suite(fake: int = 8, *, claims: bool = True, accounted: bool = False, opened: bool = False) -> list[dict[str, Any]]:
    """More than two hundred trials of forty workloads, with what claims rest on among them, or fewer."""
    models = (*_MODELS, *_VARIANTS)
    found = {each["fullname"]: each for each in (*whole(), *(_measured_claims() if claims else ()))}
    for number in range(fake):
        test = f"benchmarks/test_workload_{number}.py::test_one_of_the_workloads_{number}"
        for size in (1, 10, 100)[: 1 + number % 3]:
            for place, model in enumerate(models[: 6 + number % 4]):
                at = {"pages": size, "latency_ms": 20 + number}
                made = trial(
                    test,
                    f"one_of_the_workloads_{number}",
                    model,
                    0.01 / (1 + place),
                    parameters=at,
                    accounted=accounted,
                    opened=opened,
                )
                found[made["fullname"]] = made
    return [*found.values()]


def _measured_claims() -> list[dict[str, Any]]:
    """Trials by which every claim that one place can decide holds."""
    found = [
        benchmark
        for each in PLANTED.values()
        if len(each.environments) == 1
        for content in contents(each, holds=True).values()
        for benchmark in content["benchmarks"]
        if benchmark["extra_info"]["timetrial"].get("model")  # some claims rest on benchmarks that are no trials
    ]
    for benchmark in found:
        figures = benchmark["extra_info"]["timetrial"]
        figures.setdefault("concurrency", figures["parameters"].get("concurrency", 4))
    return found
