"""What Dask takes a task here, and how long runs take with 1 to 64 workers: a real scheduler and real processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from distributed import Client

from benchmarks.scale.simulation import Costs, Setting, heartbeats_per_s, simulate
from timetrial.measure.processes.table import open_table
from timetrial.system.affinity import count_usable_cpus

_START_S: Final = 120
_TASKS: Final = 1_000
_WAITING_S: Final = 2.0
_SETTLED_S: Final = 0.5
_APART_PER_S: Final = 200
_APART_S: Final = 1.5
_REPEATS: Final = 3


class CpuTimes(NamedTuple):
    """CPU seconds so far, of the client's process, of the scheduler's, and of all workers' together."""

    client: float
    scheduler: float
    workers: float

    def since(self, earlier: CpuTimes) -> CpuTimes:
        """What was added."""
        return CpuTimes(*(now - then for now, then in zip(self, earlier, strict=True)))


@dataclass(frozen=True)
class Cluster:
    """A client of a scheduler with so many ``workers``, each a process of one thread, on the loopback address."""

    client: Any
    workers: int
    scheduler_pid: int
    worker_pids: Sequence[int]
    """The process that starts them and looks after them included."""

    def run_s(self, tasks: int, task_s: float) -> float:
        """How long so many tasks take that wait so long each."""
        began_s = time.perf_counter()
        self.client.gather(self.client.map(waits, [task_s] * tasks, pure=False))
        return time.perf_counter() - began_s

    def median_run_s(self, tasks: int, task_s: float, repeats: int = _REPEATS) -> float:
        """The median of some such runs."""
        return statistics.median(self.run_s(tasks, task_s) for _ in range(repeats))

    def cpu_s(self) -> CpuTimes:
        """Read from outside, so that nobody has to do anything for it."""
        used_s = {pid: _TABLE.glance(pid).cpu.total_ns / 1e9 for pid in (self.scheduler_pid, *self.worker_pids)}
        return CpuTimes(time.process_time(), used_s.pop(self.scheduler_pid), sum(used_s.values()))


_TABLE: Final = open_table()


@contextmanager
def cluster(workers: int) -> Generator[Cluster]:
    """Started, and ended afterwards."""
    with ExitStack() as stack:
        port = 18_000 + os.getpid() % 10_000
        address = f"tcp://127.0.0.1:{port}"
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--no-dashboard"]
        scheduler_pid = stack.enter_context(_running([*command, "--port", str(port)]))
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard"]
        nannies_pid = stack.enter_context(_running([*command, "--nworkers", str(workers), "--memory-limit", "0"]))
        client = stack.enter_context(Client(address, set_as_default=False, timeout=_START_S))
        client.wait_for_workers(workers, timeout=_START_S)
        yield Cluster(client, workers, scheduler_pid, [nannies_pid, *client.run(os.getpid).values()])


@contextmanager
def _running(command: Sequence[str]) -> Generator[int]:
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield child.pid
    finally:
        child.terminate()
        child.wait()


def costs_of(cluster: Cluster) -> Costs:
    """CPU time a task and a message, what is spent while tasks only wait, and what a run takes by itself."""
    cluster.run_s(100, 0.0)
    waiting, arrival_s = _waiting_s_per_s(cluster), _arrival_s(cluster)
    together = _s_per_task(cluster, waiting, _TASKS, 0.0)
    apart = _s_per_task(cluster, waiting, int(_APART_PER_S * _APART_S), cluster.workers / _APART_PER_S)
    alone = apart.since(together)
    costs = Costs(
        client_s_per_task=together.client,
        client_s_per_message=max(0.0, alone.client),
        scheduler_s_per_arrival=arrival_s,
        scheduler_s_per_task=max(0.0, together.scheduler - arrival_s),
        scheduler_s_per_message=max(0.0, alone.scheduler),
        scheduler_s_per_heartbeat=waiting.scheduler / heartbeats_per_s(cluster.workers),
        worker_s_per_task=together.workers,
        worker_s_per_message=max(0.0, alone.workers),
        worker_s_per_s=waiting.workers / cluster.workers,
        run_s=cluster.median_run_s(1, 0.0, 5),
    )
    return replace(costs, run_s_per_worker=_fetching_s(cluster, costs) / cluster.workers)


def waits(seconds: float) -> None:
    """A task that needs no processor."""
    if seconds:
        time.sleep(seconds)


def _s_per_task(cluster: Cluster, waiting: CpuTimes, tasks: int, task_s: float) -> CpuTimes:
    """CPU time of each part for a task, beyond what it uses all the time."""
    before = cluster.cpu_s()
    took_s = cluster.run_s(tasks, task_s)
    used = cluster.cpu_s().since(before)
    return CpuTimes(*(max(0.0, all_s - rate * took_s) / tasks for all_s, rate in zip(used, waiting, strict=True)))


def _waiting_s_per_s(cluster: Cluster) -> CpuTimes:
    """CPU seconds a second while every worker waits in a task: heartbeats, and what looks at it meanwhile."""
    futures = cluster.client.map(waits, [_WAITING_S + 2 * _SETTLED_S] * cluster.workers, pure=False)
    time.sleep(_SETTLED_S)
    before = cluster.cpu_s()
    time.sleep(_WAITING_S)
    used = cluster.cpu_s().since(before)
    cluster.client.gather(futures)
    return CpuTimes(*(seconds / _WAITING_S for seconds in used))


def _arrival_s(cluster: Cluster) -> float:
    """What the scheduler uses to take in a task that no worker may have."""
    client = cluster.client
    before = cluster.cpu_s()
    futures = client.map(waits, [0.0] * _TASKS, pure=False, workers=["tcp://127.0.0.1:1"], allow_other_workers=False)
    while client.run_on_scheduler(_tasks_there, futures[-1].key) is False:
        time.sleep(0.01)
    taken_s = cluster.cpu_s().since(before).scheduler
    client.cancel(futures)
    return taken_s / _TASKS


def _fetching_s(cluster: Cluster, costs: Costs) -> float:
    """What a run with a task for each worker takes longer than it should: it has to ask them all for what they have."""
    expected_s = simulate(costs, Setting(cluster.workers, cluster.workers, 0.0, cores=count_usable_cpus())).duration_s
    return max(0.0, cluster.median_run_s(cluster.workers, 0.0, 5) - expected_s)


def _tasks_there(key: str, dask_scheduler: Any = None) -> bool:
    return key in dask_scheduler.tasks
