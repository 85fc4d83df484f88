"""processes[loky]: loky's pool of processes, well batched; it sends functions that others can't (extra: loky)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module

from timetrial.languages import Text
from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import require_concurrency, require_task
from timetrial.models.pool import start_methods
from timetrial.models.pool.setup import Parts
from timetrial.models.pooled_processes import PooledProcessesExecutor
from timetrial.workload import Workload


class LokyModel:
    """As many processes as items in flight, started as loky does: anew, and without importing the main module."""

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name

    def unavailable(self) -> str | None:
        """The extra may be missing, or the platform may have no processes."""
        try:
            import_module("loky")
        except ImportError as error:
            return Text(
                f"loky can't be imported ({error}); install timetrial[loky]",
                f"无法导入 loky（{error}）；请安装 timetrial[loky]",
            )
        return start_methods.unavailable(None)

    def suits(self, workload: Workload) -> bool:
        """Whether there is a task to call."""
        return workload.task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open: ``concurrency`` processes, with a resource each."""
        own = workload.implementations.get(self.name)
        if own is not None:
            return own(concurrency)  # type: ignore[no-any-return]  # what a workload brings is an executor
        require_concurrency(concurrency)
        start_methods.require(self.unavailable())
        parts = Parts(workload.name, "task", require_task(workload, self.name), workload.resource)
        payload = parts.pickled(import_module("cloudpickle").dumps)
        pool = import_module("loky").ProcessPoolExecutor(concurrency)
        return PooledProcessesExecutor(pool, concurrency, parts, payload, "loky", self.name, workload)


def create(settings: ModelSettings) -> LokyModel:
    """The model; loky has a start method of its own, and no event loop."""
    return LokyModel(settings)
