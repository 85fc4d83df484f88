"""For each claim results in which it plainly holds, and others in which it plainly doesn't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.unit.claims.made_up import ENVIRONMENT, PYTHON, run, trial

NO_GIL: Final = {**ENVIRONMENT, "python": {**PYTHON, "free_threaded_build": True, "gil_enabled": False}}
LOCKED: Final = {**ENVIRONMENT, "python": {**PYTHON, "free_threaded_build": True, "gil_enabled": True}}


@dataclass(frozen=True)
class Point:
    """A test at one set of parameters: the seconds an item of each model, the figures that it notes, other facts."""

    test: str
    seconds: Mapping[str, float]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lost: int = 0
    """Updates that threads lost without a lock, which leaves no entry."""

    def benchmarks(self, **how: Any) -> list[dict[str, Any]]:
        """The entries; ``how`` as in ``trial``."""
        return [
            trial(
                self.test,
                model,
                seconds,
                figures=self.figures.get(model),
                facts=self.facts.get(model),
                **how,
                **self.parameters,
            )
            for model, seconds in self.seconds.items()
        ]

    def troubles(self) -> list[dict[str, str]]:
        """Why trials have no entry."""
        reason = f"void without a lock: {self.lost:,} of 100,000 updates were lost"
        name = f"benchmarks/test_shared_state.py::{self.test}[threads[no-lock]-100000-4]"
        return [{"benchmark": name, "kind": "skipped", "reason": reason}] if self.lost else []


@dataclass(frozen=True)
class Planted:
    """What is planted where the claim holds and where it doesn't, by the environment that measured it."""

    holds: Sequence[Point]
    fails: Sequence[Point]
    timed: bool = True
    """Whether it rests on rounds, whose noise can leave it open."""
    environments: Sequence[Mapping[str, Any]] = (ENVIRONMENT,)
    """Where the claim compares builds, the first is the one whose times are multiplied."""
    launches: int = 1


def contents(planted: Planted, *, holds: bool, **how: Any) -> dict[str, dict[str, Any]]:
    """The files; with two environments, ``seconds`` of model ``other`` are those of the second one."""
    points = planted.holds if holds else planted.fails
    files = {}
    for place, environment in enumerate(planted.environments):
        for launch in range(planted.launches):
            here = points if len(planted.environments) == 1 else points[place : place + 1]
            benchmarks = [each for point in here for each in point.benchmarks(seed=launch, **how)]
            troubles = [each for point in here for each in point.troubles()]
            at = f"2026-11-29T0{9 - place}:00:0{launch}"
            files[f"{place}-{launch}.json"] = run(benchmarks, at=at, environment=environment, troubles=troubles)
    return files


def ratio(test: str, over: str, under: str, times: float, **parameters: Any) -> Point:
    """The first model takes so many times as long as the second."""
    return Point(test, {over: 0.001 * times, under: 0.001}, parameters)


def noted(test: str, parameters: Mapping[str, Any], **figures: float) -> Point:
    """A benchmark that is no trial, or one model's figures."""
    return Point(test, {"": 0.001}, parameters, {"": figures})


def cores(independent: float, processes: float, threads: float = 4.0, serial: float = 4.0) -> Point:
    """The ceiling's benchmark."""
    times = {"serial": serial, "threads": threads, "processes": processes, "processes[independent]": independent}
    return Point("test_cores", {model: 0.001 * each for model, each in times.items()}, {"n": 300_000})


def two_builds(times: float) -> list[Point]:
    """One thread takes so many times as long on the first build."""
    return [cores(1, 1, serial=4 * times), cores(1, 1, serial=4)]


def crawl(alone: float, both: float = 1.0) -> Point:
    """Processes and coroutines alone, and together."""
    times = {"processes": alone, "coroutines": alone, "processes+coroutines": both}
    return Point("test_crawl", {model: 0.001 * each for model, each in times.items()}, {"parse_ms": 1})


def clients(**times: float) -> Point:
    """The grid of clients and models, those named at other times than the rest."""
    models = (
        *("threads[http.client]", "threads[requests]", "threads[requests anew]", "threads[httpx]"),
        *("coroutines[httpx]", "coroutines[aiohttp]", "coroutines[aiohttp anew]"),
    )
    plain = {model: model.translate(str.maketrans("[. ]", "___ ")).strip() for model in models}
    return Point("test_client_overhead", {model: 0.001 * times.get(plain[model], 1) for model in models})


def over_concurrency(threads: float) -> Point:
    """256 in flight."""
    times = {
        "threads[httpx]": threads,
        "coroutines[httpx]": 1,
        "threads[http.client]": threads,
        "coroutines[aiohttp]": 1,
    }
    seconds = {model: 0.001 * each for model, each in times.items()}
    return Point("test_fetch_pages_over_concurrency", seconds, {"concurrency": 256})


def tail(times: float) -> Point:
    """p99 of an open loop, by that of the closed one."""
    models = "threads[http.client]", "coroutines[aiohttp]"
    open_loop = {"open_loop": {"latency": {"p99_ms": 10 * times}, "closed_latency": {"p99_ms": 10}}}
    return Point("test_fetch_pages_with_a_tail", dict.fromkeys(models, 0.001), facts=dict.fromkeys(models, open_loop))


def started(**times: float) -> Point:
    """A pool by each start method."""
    return Point(
        "test_startup", {f"processes[{method}]": 0.001 * each for method, each in times.items()}, {"workers": 4}
    )


def per_worker(mb: float) -> Point:
    """A spawned worker's memory."""
    model = "processes[spawn]"
    return Point("test_startup", {model: 0.001}, {"workers": 4}, {model: {"idle_memory_mb": 4 * mb}})


def guards(without: float, with_guard: float) -> list[Point]:
    """Whether the script fails under spawn."""
    return [
        noted("test_main_guard", {"start_method": "spawn", "guard": "without"}, failed=without),
        noted("test_main_guard", {"start_method": "spawn", "guard": "with"}, failed=with_guard),
    ]


def answers(threads_ms: float) -> Point:
    """How long answers are waited for beside a thread that computes."""
    figures = {"threads": {"answers_p50_ms": threads_ms}, "processes": {"answers_p50_ms": 1.5}}
    return Point("test_waiting_beside_work", dict.fromkeys(figures, 0.001), {"switch_interval_ms": 5.0}, figures)


def lag(ms: float) -> Point:
    """The others' longest delay beside a call of 50 ms."""
    model = "coroutines[blocking]"
    parameters = {"kind": "wait", "block_ms": 50}
    return Point("test_event_loop", {model: 0.001}, parameters, {model: {"worst_lag_ms": ms}})


def unguarded(lost: int) -> list[Point]:
    """Counter and dictionary, updated by threads without a lock."""
    model, at = "threads[no-lock]", {"updates": 100_000, "concurrency": 4}
    none = Point("test_counter", {model: 0.001}, at, {model: {"lost_updates": 0}})
    if lost:
        return [none, Point("test_dictionary", {}, lost=lost)]
    return [none, Point("test_dictionary", {model: 0.001}, at, {model: {"lost_updates": 0}})]


def complexity(**sums: float) -> Point:
    """What was counted of each model's code."""
    figures = {f"{model}[plain]": {"complexity": each} for model, each in sums.items()}
    return Point("test_complexity", dict.fromkeys(figures, 0.001), {}, figures)


def images_and_files(times: float) -> list[Point]:
    """Serial by processes."""
    return [
        ratio("test_images", "serial", "processes", times),
        ratio("test_read_files", "serial", "processes", times, files=500, size_kb=4),
    ]


def c_code(times: float) -> list[Point]:
    """Threads by processes."""
    tests = "test_images", "test_hash_large_file", "test_compressing"
    return [ratio(test, "threads", "processes", times) for test in tests]


def waits(times: float) -> list[Point]:
    """Serial by threads."""
    return [
        ratio("test_fetch_pages", "serial[http.client]", "threads[http.client]", times, pages=3),
        ratio("test_downloads", "serial", "threads", times, cut_percent=0),
        ratio("test_write_files", "serial", "threads", times, fsync=True),
    ]


def aiofiles(times: float) -> list[Point]:
    """Aiofiles by plain files."""
    return [
        ratio("test_read_files", "coroutines[aiofiles]", "serial", times, files=500, size_kb=4),
        ratio("test_write_files", "coroutines[aiofiles]", "serial", times, fsync=False),
    ]


def loops(streams: float, pages: float) -> list[Point]:
    """Asyncio's loop by uvloop."""
    return [
        ratio("test_streams_on_loops", "serial[asyncio]", "serial[uvloop]", streams),
        ratio("test_pages_on_loops", "serial[asyncio]", "serial[uvloop]", pages),
    ]


def empty_items(usual_us: float, batched_us: float) -> list[Point]:
    """An empty item's time."""
    times = {"serial": 0.1, "processes[usual]": usual_us, "processes[batch-100]": batched_us}
    return [Point("test_empty_items", {model: 1e-6 * each for model, each in times.items()})]


def lengths(short: float, long: float) -> list[Point]:
    """How many times as long a short task takes by a pool, and a long one under serial."""
    test = "test_chunking_over_length"
    return [
        Point(test, {"serial": 0.001, "processes[batch-1]": 0.001 * short}, {"length_us": 1}),
        Point(test, {"serial": 0.001 * long, "processes[batch-1]": 0.001}, {"length_us": 10_000}),
    ]


SERVING: Final = {"connections": 64, "wait_ms": 5}

PLANTED: Final[dict[str, Planted]] = {
    "cpu-processes": Planted([cores(1.0, 1.0)], [cores(1.0, 2.0)]),
    "cpu-threads-useless": Planted(
        [ratio("test_sum_of_squares", "serial", "threads", 0.9)], [ratio("test_sum_of_squares", "serial", "threads", 2)]
    ),
    "cpu-threads-slower": Planted(
        [ratio("test_sum_of_squares", "threads", "serial", 1.5)],
        [ratio("test_sum_of_squares", "threads", "serial", 0.9)],
    ),
    "independent-tasks": Planted(images_and_files(1.8), images_and_files(1.0)),
    "c-code-releases": Planted(c_code(0.9), c_code(1.6)),
    "wait-threads": Planted(waits(3), waits(1)),
    "wait-coroutines-best": Planted([over_concurrency(1.5)], [over_concurrency(0.8)]),
    "many-threads": Planted(
        [ratio("test_many_threads", "threads[512]", "threads[64]", 1.5)],
        [ratio("test_many_threads", "threads[512]", "threads[64]", 0.9)],
    ),
    "mixed-combine": Planted([crawl(1.5)], [crawl(0.9)]),
    "gather-vs-workers": Planted(
        [ratio("test_fetching_in_a_loop", "coroutines[gather]", "coroutines", 1.4, pages=1000)],
        [ratio("test_fetching_in_a_loop", "coroutines[gather]", "coroutines", 0.9, pages=1000)],
    ),
    "aiofiles-slow": Planted(aiofiles(5), aiofiles(0.9)),
    "async-libraries": Planted(
        [ratio("test_fetching_in_a_loop", "coroutines[requests]", "coroutines", 9, pages=40)],
        [ratio("test_fetching_in_a_loop", "coroutines[requests]", "coroutines", 1.2, pages=40)],
    ),
    "session-per-request": Planted(
        [clients(coroutines_aiohttp_anew=3, threads_requests_anew=2)], [clients(coroutines_aiohttp_anew=3)]
    ),
    "client-outweighs-model": Planted([clients(threads_requests=4)], [clients(coroutines_httpx=4)]),
    "web-server-async": Planted(
        [ratio("test_serve", "threads", "coroutines", 1.3, **SERVING, cpu_ms=0)],
        [ratio("test_serve", "threads", "coroutines", 0.7, **SERVING, cpu_ms=0)],
    ),
    "async-not-faster": Planted(
        [ratio("test_serve", "processes[many]", "processes+coroutines", 0.8, **SERVING, cpu_ms=1)],
        [ratio("test_serve", "processes[many]", "processes+coroutines", 1.5, **SERVING, cpu_ms=1)],
    ),
    "open-loop-tail": Planted([tail(9)], [tail(0.5)], timed=False),
    "blocking-loop": Planted([lag(49)], [lag(2)], timed=False),
    "to-thread-cost": Planted(
        [ratio("test_event_loop", "coroutines[to_thread]", "coroutines[awaited]", 0.9, kind="wait", block_ms=50)],
        [ratio("test_event_loop", "coroutines[to_thread]", "coroutines[awaited]", 1.5, kind="wait", block_ms=50)],
    ),
    "uvloop-2x": Planted(loops(4, 3), loops(3, 1.2)),
    "eager-tasks": Planted(
        [ratio("test_eager_tasks", "serial[tasks]", "serial[eager tasks]", 3, waits=0)],
        [ratio("test_eager_tasks", "serial[tasks]", "serial[eager tasks]", 1.2, waits=0)],
    ),
    "gil-switch-interval": Planted([answers(9)], [answers(1.2)], timed=False),
    "share-queue-pipe": Planted(
        [ratio("test_messages", "processes[Queue]", "threads[Queue]", 8, size_bytes=64)],
        [ratio("test_messages", "processes[Queue]", "threads[Queue]", 1.1, size_bytes=64)],
    ),
    "pipe-faster": Planted(
        [ratio("test_messages", "processes[Queue]", "processes[Pipe]", 3, size_bytes=64)],
        [ratio("test_messages", "processes[Queue]", "processes[Pipe]", 1.1, size_bytes=64)],
    ),
    "shared-memory": Planted(
        [ratio("test_messages", "processes[Pipe]", "processes[shared-memory]", 3, size_bytes=4_000_000)],
        [ratio("test_messages", "processes[Pipe]", "processes[shared-memory]", 0.8, size_bytes=4_000_000)],
    ),
    "share-lock": Planted(unguarded(1_234), unguarded(0), timed=False),
    "memory-order": Planted(
        [noted("test_model_memory", {}, processes_kb=9_000, threads_kb=60, coroutines_kb=2)],
        [noted("test_model_memory", {}, processes_kb=9_000, threads_kb=60, coroutines_kb=100)],
        timed=False,
    ),
    "worker-memory": Planted([per_worker(40)], [per_worker(9)], timed=False),
    "main-guard": Planted(guards(1, 0), guards(0, 0), timed=False),
    "start-methods": Planted([started(fork=1, forkserver=2, spawn=4)], [started(fork=2, forkserver=1, spawn=4)]),
    "pool-task-cost": Planted(empty_items(200, 2), empty_items(30, 2)),
    "shortest-task": Planted(lengths(50, 1.8), lengths(0.7, 1.8)),
    "chunks": Planted(
        [ratio("test_chunking", "processes[batch-1]", "processes[batch-100]", 5, length_us=10)],
        [ratio("test_chunking", "processes[batch-1]", "processes[batch-100]", 1.05, length_us=10)],
    ),
    "interp-start": Planted(
        [ratio("test_interpreters", "processes[spawn]", "threads[interpreters]", 2, tasks=50)],
        [ratio("test_interpreters", "processes[spawn]", "threads[interpreters]", 0.9, tasks=50)],
    ),
    "dask-overhead": Planted(
        [Point("test_dask_tasks", {"serial": 1e-7, "processes[dask]": 5e-4})],
        [Point("test_dask_tasks", {"serial": 1e-7, "processes[dask]": 4e-3})],
    ),
    "ft-threads-scale": Planted([cores(1, 1, threads=1)], [cores(1, 1, threads=2)], environments=[NO_GIL]),
    "ft-single-cost": Planted(two_builds(1.05), two_builds(1.4), environments=[NO_GIL, ENVIRONMENT], launches=6),
    "ft-gil-on": Planted(two_builds(1.5), two_builds(1.0), environments=[LOCKED, ENVIRONMENT], launches=6),
    "ft-memory": Planted(
        [noted("test_program_memory", {}, program_mb=mb) for mb in (133, 100)],
        [noted("test_program_memory", {}, program_mb=mb) for mb in (220, 100)],
        timed=False,
        environments=[NO_GIL, ENVIRONMENT],
        launches=6,
    ),
    "complexity-order": Planted(
        [complexity(threads=20, processes=25, coroutines=30)],
        [complexity(threads=25, processes=20, coroutines=30)],
        timed=False,
    ),
}
