"""The machines of a Dask cluster as a team: what ``--on dask`` comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from timetrial.errors import ClusterError, ModelUnavailableError
from timetrial.machines.cluster import RESOURCE, Team, named

_START: Final = f"dask worker ADDRESS --nthreads 1 --resources {RESOURCE}=1 (docs/cluster.md)"


@contextmanager
def team(scheduler: str, say: Callable[[str], None]) -> Iterator[Team]:
    """The machines of the cluster behind that address, with a place on each, which are closed at the end.

    Raises ClusterError where there is none that can be used, and ModelUnavailableError without Dask.
    """
    if missing := [package for package in ("dask", "distributed") if find_spec(package) is None]:
        raise ModelUnavailableError(f"{' and '.join(missing)} can't be imported; install timetrial[dask]")
    from timetrial.machines.dask_tasks import DaskTasks
    from timetrial.models.dask_cluster import connected

    with connected(scheduler) as client:
        tasks = DaskTasks(client)
        machines = named(tasks.workers(), say)
        if not machines:
            raise ClusterError(
                f"no worker of {scheduler} has the resource {RESOURCE!r}, of which a launch takes one; start one on "
                f"each machine: {_START}"
            )
        found = Team(tasks, machines, say)
        try:
            found.open()
            yield found
        finally:
            found.close()
