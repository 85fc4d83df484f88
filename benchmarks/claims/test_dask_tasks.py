"""Empty tasks on a local Dask cluster, a future for each."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from fixtures.executors import Rounds
from timetrial import Workload
from timetrial.models.base import Executor
from timetrial.system.affinity import count_usable_cpus

if TYPE_CHECKING:
    from timetrial import Trial


def nothing(number: int) -> int:
    """An empty task."""
    return number


@contextmanager
def dask_cluster(concurrency: int) -> Generator[Executor]:
    """A worker process for each core, with one thread each, and no dashboard."""
    dask: Any = importlib.import_module("distributed")

    with (
        dask.LocalCluster(
            n_workers=concurrency, threads_per_worker=1, dashboard_address=None, protocol="tcp"
        ) as cluster,
        dask.Client(cluster) as client,
    ):

        def run(items: Sequence[Any]) -> list[Any]:
            return list(client.gather(client.map(nothing, items, pure=False)))

        yield Rounds(run, {"workers": concurrency})


DASK_TASKS: Final = Workload(
    "dask_tasks",
    task=nothing,
    variants={"dask": Workload("Dask distributed", implementations={"processes": dask_cluster})},
)


def unfit(model: str, scale: str, **parameters: object) -> str | None:
    """Why there is no Dask."""
    del scale, parameters
    missing = model.endswith("[dask]") and importlib.util.find_spec("distributed") is None
    return "Dask is not installed: it comes with the extra timetrial[dask]" if missing else None


@pytest.mark.workload(DASK_TASKS, models=["serial", "processes[dask]"], unless=unfit)
@pytest.mark.trial_points("tasks", quick=[50], default=[300], article=[5_000], gate=[50])
def test_dask_tasks(trial: Trial, tasks: int) -> None:
    """What is left of a task that does nothing is the scheduler's work, and the way there and back."""
    trial(range(tasks), concurrency=count_usable_cpus())
