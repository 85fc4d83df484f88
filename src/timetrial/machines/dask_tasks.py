"""How machines are asked by way of Dask: which workers there are, a place on each, orders, and what became of them."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

import dask
from distributed import Client, wait
from distributed.scheduler import KilledWorker

from timetrial.machines.cluster import RESOURCE, LostError, Machine, WorkerFacts
from timetrial.machines.orders import Order
from timetrial.machines.place import BenchGoneError, carry_out, cpus_here, open_place
from timetrial.models.dask_worker import this_host


class DaskTasks:
    """Tasks of a client, each bound to one worker and to its resource."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def workers(self) -> list[WorkerFacts]:
        """All that have the resource."""
        resources: Any = self._client.run_on_scheduler(_resources)
        addresses = [address for address, found in resources.items() if found.get(RESOURCE, 0) >= 1]
        if not addresses:
            return []
        found: Any = self._client.run(_facts, workers=addresses)
        return [WorkerFacts(address, *facts) for address, facts in found.items()]

    def open(self, machine: Machine) -> Any:
        """As in Tasks."""
        return self._submit(machine, open_place)

    def give(self, place: Any, machine: Machine, order: Order) -> Any:
        """As in Tasks."""
        return self._submit(machine, carry_out, place, order)

    def first_done(self, tasks: Sequence[Any], patience_s: float) -> Sequence[Any]:
        """As in Tasks."""
        try:
            with self._client.as_current():
                return list(wait(tasks, timeout=patience_s, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            return []

    def result(self, task: Any) -> Any:
        """As in Tasks."""
        try:
            return task.result()
        except (BenchGoneError, KilledWorker) as error:
            raise LostError(str(error)) from error

    def present(self) -> Sequence[str]:
        """As in Tasks."""
        return list(self._client.nthreads())

    def drop(self, task: Any) -> None:
        """As in Tasks."""
        task.cancel()

    def _submit(self, machine: Machine, act: Any, *given: Any) -> Any:
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):  # a project is large
            return self._client.submit(
                act,
                *given,
                workers=[machine.address],
                allow_other_workers=False,
                resources={RESOURCE: 1},
                pure=False,
            )


def _resources(dask_scheduler: Any) -> dict[str, dict[str, float]]:
    return {address: dict(worker.resources) for address, worker in dask_scheduler.workers.items()}


def _facts() -> tuple[str, str, tuple[int, ...]]:
    return this_host(), platform.node(), cpus_here()
