"""How far Dask goes: ``python -m benchmarks.scale``, with the extras bench and dask; some minutes on a quiet machine.

Measures what a task costs here, predicts from it runs with 1 to 64 workers, runs them, and prints how far apart the two
are; then simulates clusters of 10 to 10,000 workers with a core each.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from benchmarks.scale.measured import cluster, costs_of
from benchmarks.scale.simulation import Costs, Setting, simulate
from timetrial.report.text import columns, duration
from timetrial.system.affinity import count_usable_cpus

HERE: Final = (1, 2, 4, 8, 16, 32, 64)
ELSEWHERE: Final = (10, 100, 1_000, 10_000)
TASK_S: Final = (0.1, 1.0, 10.0)
_TASKS_A_WORKER: Final = 20
_LARGE_TASKS_A_WORKER: Final = 5


def main() -> None:
    """Measures, checks, simulates and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=HERE, help="how many to check the prediction with")
    parser.add_argument(
        "--task", type=float, default=0.1, metavar="SECONDS", help="how long a task waits in that check"
    )
    options = parser.parse_args()
    rows, costs = checked(options.workers, options.task)
    print(f"Tasks that wait {duration(options.task)}, on {count_usable_cpus()} cores that all processes share:")
    print("\n".join(columns([("workers", "predicted", "measured", "apart"), *rows], right=range(4))))
    print("\nA task costs, in CPU time:", ", ".join(f"{name} {duration(value)}" for name, value in vars(costs).items()))
    print("\nWith a core for each worker:")
    head = ("workers", "task", "tasks a second", "busy workers", "what limits it", "busy")
    print("\n".join(columns([head, *simulated(costs)], right=(0, 1, 2, 3, 5))))


def checked(workers: Sequence[int], task_s: float) -> tuple[list[tuple[str, ...]], Costs]:
    """A row for each number of workers, and the costs of the largest cluster."""
    rows: list[tuple[str, ...]] = []
    costs: Costs | None = None
    for count in workers:
        with cluster(count) as running:
            costs = costs_of(running)
            setting = Setting(count, _TASKS_A_WORKER * count, task_s, cores=count_usable_cpus())
            predicted_s, measured_s = simulate(costs, setting).duration_s, running.median_run_s(setting.tasks, task_s)
        apart = f"{predicted_s / measured_s - 1:+.1%}"
        rows.append((f"{count:,}", duration(predicted_s), duration(measured_s), apart))
    if costs is None:
        raise SystemExit("--workers names no number")
    return rows, costs


def simulated(costs: Costs) -> Iterator[tuple[str, ...]]:
    """A row for each size and length of task: plain ones, and ones that ask a server or send a megabyte."""
    for count in ELSEWHERE:
        for task_s in TASK_S:
            yield _row(costs, Setting(count, _LARGE_TASKS_A_WORKER * count, task_s), "")
        plain = Setting(count, _LARGE_TASKS_A_WORKER * count, TASK_S[1])
        yield _row(costs, replace(plain, requests_per_task=10), "10 requests")
        yield _row(costs, replace(plain, bytes_per_task=1_000_000), "1 MB back")


def _row(costs: Costs, setting: Setting, what: str) -> tuple[str, ...]:
    found = simulate(costs, setting)
    part = found.bottleneck
    task = f"{duration(setting.task_s)}{', ' if what else ''}{what}"
    rate = f"{setting.tasks / found.duration_s:,.0f}"
    return f"{setting.workers:,}", task, rate, f"{found.share('workers'):.0%}", part, f"{found.share(part):.0%}"


if __name__ == "__main__":
    main()
