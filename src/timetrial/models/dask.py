"""dask: Dask distributed, on a cluster of its own on this machine or behind a scheduler's address (extra: dask)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module
from importlib.util import find_spec

from timetrial.languages import Text
from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import require_concurrency, require_task
from timetrial.models.pool import start_methods
from timetrial.models.pool.setup import Parts
from timetrial.workload import Workload


class DaskModel:
    """As many threads of workers as items in flight; in a cluster of our own, each is a process."""

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name
        self._settings = settings

    def unavailable(self) -> str | None:
        """The extra may be missing, or the platform may have no processes."""
        missing = [package for package in ("dask", "distributed") if find_spec(package) is None]
        if missing:
            return Text(
                f"{' and '.join(missing)} can't be imported; install timetrial[dask]",
                f"无法导入 {'、'.join(missing)}；请安装 timetrial[dask]",
            )
        return start_methods.unavailable(self._settings.start_method)

    def suits(self, workload: Workload) -> bool:
        """Whether there is a task to call."""
        return workload.task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open: with a resource for each thread of a worker."""
        own = workload.implementations.get(self.name)
        if own is not None:
            return own(concurrency)  # type: ignore[no-any-return]  # what a workload brings is an executor
        require_concurrency(concurrency)
        parts = Parts(workload.name, "task", require_task(workload, self.name), workload.resource)
        start_methods.require(self.unavailable())
        executor = import_module("timetrial.models.dask_executor").DaskExecutor
        return executor(self._settings, parts, concurrency, one_at_a_time=workload.one_at_a_time)  # type: ignore[no-any-return]


def create(settings: ModelSettings) -> DaskModel:
    """The model; ``settings.scheduler`` is the address of a cluster that is there."""
    return DaskModel(settings)
