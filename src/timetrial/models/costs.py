"""What a concurrency model costs by itself: the memory of an idle worker or task, and the dispatch of an empty item.

Memory is a slope over several numbers of workers, so that what the process holds anyway does not count. Dispatch is
the time of empty items at several batch sizes, taken in turn with a plain loop over the same items.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

from timetrial import models
from timetrial.errors import TimetrialError
from timetrial.measure.processes.readings import ProcessTable
from timetrial.measure.processes.table import open_table
from timetrial.models.base import ConcurrencyModel, Executor, TellsOverhead
from timetrial.workload import Workload

BATCHES: Final = (1, 10, 100, 1_000, 10_000)
_PAIRS: Final = 15
_DISPATCH_CONCURRENCY: Final = 2
_LONGEST_PAIR_S: Final = 0.5

_MANY, _FEW = (16, 64, 128, 256), (1, 2, 4, 8)
_WORKERS: Final = {
    "threads": ("idle thread", _MANY),
    "coroutines[to_thread]": ("idle thread", _MANY),
    "greenlets": ("idle greenlet", _MANY),
    "processes": ("idle worker process", _FEW),
    "dask": ("idle worker process", _FEW[:3]),
    "interpreters": ("idle interpreter", _FEW),
}
"""What a model's workers are, by its name or its plain name, and at how many of them memory is read."""

_MB: Final = 1_000_000
_LARGE_ITEMS: Final = 8
_LARGE_ROUNDS: Final = 5

_TASKS: Final = (1_000, 2_000, 4_000, 8_000)


@dataclass(frozen=True)
class MemorySlope:
    """Memory of one more ``unit`` (a worker process, a thread, a task), from totals at several ``counts``."""

    unit: str
    bytes_per_unit: float
    """The slope of a straight line through the totals."""
    kind: str
    """What the bytes are, as in ``measure.processes.usage``."""
    counts: tuple[int, ...]
    totals_bytes: tuple[int, ...]
    """Memory of all processes, one for each of the ``counts``."""


@dataclass(frozen=True)
class Dispatch:
    """What an empty item took at one batch size, under the model and in a plain loop, in medians of paired rounds.

    ``overhead_s_per_item`` is the median of the pairs' differences, ``low`` and ``high`` its quartiles.
    """

    items_per_batch: int
    """Items in one run of the executor."""
    s_per_item: float
    plain_s_per_item: float
    """In a plain loop."""
    overhead_s_per_item: float
    overhead_low_s_per_item: float
    overhead_high_s_per_item: float
    """The quartiles, in seconds an item as the others."""
    pairs: int


@dataclass(frozen=True)
class ModelCosts:
    """One model's own costs, or why it can't run here."""

    model: str
    unavailable: str | None
    """The reason, in words; then nothing was measured."""
    start_s: float | None = None
    """From nothing to the first item's result, in seconds."""
    memory: tuple[MemorySlope, ...] = ()
    """One for each kind of unit that the model has."""
    dispatch: tuple[Dispatch, ...] = ()
    """One for each batch size."""
    s_per_mb: float | None = None
    """What a megabyte in an item and back adds, in seconds."""
    copies: bool | None = None
    """Whether a result is another object than the item that the task returned."""
    overhead_cpu_s_per_task: Mapping[str, float] | None = None
    """CPU seconds of each process that a task passes through, by its name; None where there are no such processes."""

    def as_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries, lists and numbers, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ModelCosts:
        """What as_dict gave, or its JSON."""
        memory = tuple(MemorySlope(**_with_tuples(each)) for each in data["memory"])
        return cls(**{**data, "memory": memory, "dispatch": tuple(Dispatch(**each) for each in data["dispatch"])})


def nothing(item: object) -> object:
    """An empty task."""
    return item


async def nothing_async(item: object) -> object:
    """An empty async_task."""
    return item


_EMPTY: Final = Workload("nothing", task=nothing, async_task=nothing_async)


def costs_of(name: str, *, start_method: str | None = None, event_loop: str = "asyncio") -> ModelCosts:
    """Measures one model, in some seconds, in this process and those that it starts.

    Call it in a process that does nothing else, as costs_apart does: what was freed before may be used again, and is
    then not seen to grow. Raises AccountingError where processes can't be read.
    """
    model = models.get(name, start_method=start_method, event_loop=event_loop)
    reason = model.unavailable()
    if reason is not None:
        return ModelCosts(name, reason)
    table = open_table()
    began_s = time.perf_counter()
    with model.open(_EMPTY, _concurrency(model)) as executor:
        executor.run([None])
        start_s = time.perf_counter() - began_s
    memory = tuple(_memory(model, table))
    with model.open(_EMPTY, _concurrency(model)) as executor, _open_plain_loop(name) as plain:
        dispatch = tuple(_dispatch(executor, plain, batch) for batch in BATCHES)
        s_per_mb, copies = _copying(executor)
        overhead = executor.overhead_cpu_s_per_task() if isinstance(executor, TellsOverhead) else None
    return ModelCosts(name, None, start_s, memory, dispatch, s_per_mb, copies, overhead)


def costs_apart(name: str) -> ModelCosts:
    """As costs_of, in a new process; raises TimetrialError with what it wrote where it fails."""
    command = [sys.executable, "-P", "-m", __name__, name]  # -P: a json.py in this folder is not json
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise TimetrialError(f"it could not be measured: {last or f'exit code {done.returncode}'}")
    return ModelCosts.from_dict(json.loads(done.stdout))


def _concurrency(model: ConcurrencyModel) -> int:
    return models.in_flight(model.name, _DISPATCH_CONCURRENCY)


def _memory(model: ConcurrencyModel, table: ProcessTable) -> Iterable[MemorySlope]:
    plain = models.split(model.name)[0]
    workers = _WORKERS.get(model.name) or _WORKERS.get(plain)
    if workers is not None:
        unit, counts = workers
        yield slope(unit, [(count, *_idle_workers(model, table, count)) for count in counts])
    elif "coroutines" in plain and model.name != "coroutines[trio]":  # whose tasks can't wait for asyncio's event
        yield slope("idle task", [(count, *_idle_tasks(model, count)) for count in _TASKS])
    if plain == "processes+coroutines":
        count, (total_bytes, kind) = _idle_processes(model, table)
        yield MemorySlope("idle worker process", total_bytes / count, kind, (count,), (total_bytes,))


def _idle_workers(model: ConcurrencyModel, table: ProcessTable, count: int) -> tuple[int, str]:
    """The memory of all workers and of this process when that many workers have nothing to do."""
    with model.open(_EMPTY, count) as executor:
        executor.run([None] * count)
        return _total(table, {os.getpid(), *executor.worker_pids()})


def _idle_processes(model: ConcurrencyModel, table: ProcessTable) -> tuple[int, tuple[int, str]]:
    with model.open(_EMPTY, _DISPATCH_CONCURRENCY) as executor:
        executor.run([None] * _DISPATCH_CONCURRENCY)
        pids = set(executor.worker_pids())
        return len(pids), _total(table, pids)


def _total(table: ProcessTable, pids: Iterable[int]) -> tuple[int, str]:
    readings = [table.memory(pid) for pid in pids]
    return sum(reading.size_bytes for reading in readings), "+".join(sorted({reading.kind for reading in readings}))


class _Gathering:
    """Tasks of one loop that wait until all are there; the last one reads the memory of the process they are in."""

    def __init__(self, expected: int) -> None:
        self._missing = expected
        self._all_here = asyncio.Event()
        self._found: tuple[int, str] = (0, "")

    async def join(self) -> tuple[int, int, str]:
        """The process, its memory while all were waiting, and of what kind that is."""
        self._missing -= 1
        if self._missing == 0:
            memory = open_table().memory(os.getpid())
            self._found = memory.size_bytes, memory.kind
            self._all_here.set()
        await self._all_here.wait()
        return (os.getpid(), *self._found)


@asynccontextmanager
async def _open_gathering(concurrency: int) -> AsyncGenerator[_Gathering]:
    yield _Gathering(concurrency)


async def _gather(_item: object, gathering: _Gathering) -> tuple[int, int, str]:
    return await gathering.join()


_GATHER: Final = Workload("gather", async_task=_gather, async_resource=_open_gathering)


def _idle_tasks(model: ConcurrencyModel, count: int) -> tuple[int, str]:
    """The memory of every loop's process while that many tasks wait, the processes' sum."""
    with model.open(_GATHER, count) as executor:
        found = {pid: (size, kind) for pid, size, kind in executor.run([None] * count)}
    return sum(size for size, _ in found.values()), "+".join(sorted({kind for _, kind in found.values()}))


def slope(unit: str, readings: Sequence[tuple[int, int, str]]) -> MemorySlope:
    """Bytes of one more unit: the median of the slopes between all pairs of readings.

    One bad reading can't move it far (Theil, 1950; Sen, "Estimates of the Regression Coefficient Based on Kendall's
    Tau", Journal of the American Statistical Association 63, 1968). A reading is a count, the bytes in total, and what
    kind of bytes they are.
    """
    slopes = [
        (more[1] - fewer[1]) / (more[0] - fewer[0])
        for index, fewer in enumerate(readings)
        for more in readings[index + 1 :]
    ]
    return MemorySlope(
        unit=unit,
        bytes_per_unit=statistics.median(slopes),
        kind="+".join(sorted({kind for _, _, kind in readings})),
        counts=tuple(count for count, _, _ in readings),
        totals_bytes=tuple(total for _, total, _ in readings),
    )


Run = Callable[[Sequence[Any]], Any]


@contextmanager
def _open_plain_loop(name: str) -> Generator[Run]:
    """The same items without any model: a loop of calls, or of awaits in a bare event loop."""
    if "coroutines" not in name or name == "coroutines[to_thread]":
        yield lambda items: [nothing(item) for item in items]
        return
    with closing(asyncio.new_event_loop()) as bare:
        yield lambda items: bare.run_until_complete(_awaited(items))


async def _awaited(items: Sequence[Any]) -> list[object]:
    return [await nothing_async(item) for item in items]


def _dispatch(executor: Executor, plain: Run, batch: int) -> Dispatch:
    items = [None] * batch
    for _ in range(3):  # workers learn in the first rounds how large their batches should be
        _timed_s(executor.run, items)
    pairs: list[tuple[float, float]] = []
    deadline_s = time.perf_counter() + _LONGEST_PAIR_S * _PAIRS
    while len(pairs) < _PAIRS and time.perf_counter() < deadline_s:
        order = random.sample([True, False], 2)
        duration_s = {ours: _timed_s(executor.run if ours else plain, items) for ours in order}
        pairs.append((duration_s[True], duration_s[False]))
    return dispatch_of(batch, pairs)


def _copying(executor: Executor) -> tuple[float, bool]:
    """Seconds that a megabyte in an item and back adds, and whether it comes back as another object."""
    large = [bytes(_MB) for _ in range(_LARGE_ITEMS)]
    copies = executor.run(large)[0] is not large[0]
    large_s, empty_s = (
        statistics.median(_timed_s(executor.run, items) for _ in range(_LARGE_ROUNDS))
        for items in (large, [None] * _LARGE_ITEMS)
    )
    return (large_s - empty_s) / _LARGE_ITEMS, copies


def dispatch_of(batch: int, pairs: Sequence[tuple[float, float]]) -> Dispatch:
    """The figures per item of paired rounds: seconds under the model, and in a plain loop."""
    low, middle, high = statistics.quantiles([ours - plain for ours, plain in pairs], n=4, method="inclusive")
    return Dispatch(
        items_per_batch=batch,
        s_per_item=statistics.median(ours for ours, _ in pairs) / batch,
        plain_s_per_item=statistics.median(plain for _, plain in pairs) / batch,
        overhead_s_per_item=middle / batch,
        overhead_low_s_per_item=low / batch,
        overhead_high_s_per_item=high / batch,
        pairs=len(pairs),
    )


def _timed_s(run: Run, items: Sequence[Any]) -> float:
    began_s = time.perf_counter()
    run(items)
    return time.perf_counter() - began_s


def _with_tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}


if __name__ == "__main__":
    print(json.dumps(costs_of(sys.argv[1]).as_dict()))
