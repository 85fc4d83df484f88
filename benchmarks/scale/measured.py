"""What Dask takes a task here, and how long runs take with 1 to 64 workers: a real scheduler and real processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from distributed import Client

from benchmarks.scale.simulation import Costs, heartbeats_per_s

_START_S: Final = 120
_TASKS: Final = 1_000
_IDLE_S: Final = 3.0
_REPEATS: Final = 3


@contextmanager
def cluster(workers: int) -> Generator[Any]:
    """A client of a scheduler with so many workers, each a process of one thread, on the loopback address."""
    with ExitStack() as stack:
        port = 18_000 + os.getpid() % 10_000
        address = f"tcp://127.0.0.1:{port}"
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--no-dashboard"]
        stack.enter_context(_running([*command, "--port", str(port)]))
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard"]
        stack.enter_context(_running([*command, "--nworkers", str(workers), "--memory-limit", "0"]))
        client = stack.enter_context(Client(address, set_as_default=False, timeout=_START_S))
        client.wait_for_workers(workers, timeout=_START_S)
        yield client


@contextmanager
def _running(command: Sequence[str]) -> Generator[None]:
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.terminate()
        child.wait()


def costs_with(client: Any, workers: int) -> Costs:
    """CPU time a task, of tasks that do nothing, and what is spent while nothing is to be done."""
    client.gather(client.map(waits, [0.0] * 100, pure=False))
    (idle_s, workers_idle_s), arrival_s = _idle_s_per_s(client), _arrival_s(client)
    before, began_s = _cpu_s(client), time.perf_counter()
    client.gather(client.map(waits, [0.0] * _TASKS, pure=False))
    took_s = time.perf_counter() - began_s
    client_s, scheduler_s, workers_s = (after - then for after, then in zip(_cpu_s(client), before, strict=True))
    scheduler_s_per_task = max(0.0, (scheduler_s - idle_s * took_s) / _TASKS - arrival_s)
    return Costs(
        client_s_per_task=client_s / _TASKS,
        scheduler_s_per_arrival=arrival_s,
        scheduler_s_per_task=scheduler_s_per_task,
        scheduler_s_per_heartbeat=idle_s / heartbeats_per_s(workers),
        worker_s_per_task=max(0.0, (workers_s - workers_idle_s * took_s) / _TASKS),
        worker_s_per_s=workers_idle_s / workers,
        run_s=_run_s(client),
    )


def duration_s(client: Any, tasks: int, task_s: float) -> float:
    """The median of some runs of so many tasks that wait so long."""
    return statistics.median(_timed_s(client, tasks, task_s) for _ in range(_REPEATS))


def waits(seconds: float) -> None:
    """A task that needs no processor."""
    if seconds:
        time.sleep(seconds)


def _timed_s(client: Any, tasks: int, task_s: float) -> float:
    began_s = time.perf_counter()
    client.gather(client.map(waits, [task_s] * tasks, pure=False))
    return time.perf_counter() - began_s


def _run_s(client: Any) -> float:
    """A run of one empty task is there and back, and little else."""
    return statistics.median(_timed_s(client, 1, 0.0) for _ in range(5))


def _cpu_s(client: Any) -> tuple[float, float, float]:
    """Of the client's process, of the scheduler's, and of all workers' together."""
    workers = client.run(time.process_time)
    return time.process_time(), client.run_on_scheduler(time.process_time), sum(workers.values())


def _idle_s_per_s(client: Any) -> tuple[float, float]:
    """What the scheduler uses a second while it only hears its workers' heartbeats, and what all workers use then."""
    _, scheduler_s, workers_s = _cpu_s(client)
    time.sleep(_IDLE_S)
    _, scheduler_after_s, workers_after_s = _cpu_s(client)
    return (scheduler_after_s - scheduler_s) / _IDLE_S, (workers_after_s - workers_s) / _IDLE_S


def _arrival_s(client: Any) -> float:
    """What it uses to take in a task that no worker may have."""
    before = client.run_on_scheduler(time.process_time)
    futures = client.map(waits, [0.0] * _TASKS, pure=False, workers=["tcp://127.0.0.1:1"], allow_other_workers=False)
    while client.run_on_scheduler(_tasks_there, futures[-1].key) is False:
        time.sleep(0.01)
    taken_s = float(client.run_on_scheduler(time.process_time) - before)
    client.cancel(futures)
    return taken_s / _TASKS


def _tasks_there(key: str, dask_scheduler: Any = None) -> bool:
    return key in dask_scheduler.tasks
