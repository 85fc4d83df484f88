"""processes: persistent worker processes, each with its own resource, that get items in batches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from queue import SimpleQueue
from typing import Any

from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import Call, opened_task, require_concurrency, require_task
from timetrial.models.pool import protocol, start_methods
from timetrial.models.pool.pool import Job, WorkerPool
from timetrial.models.pool.setup import Parts
from timetrial.models.pool.start_methods import preload
from timetrial.models.pool.worker import Link, load, send_results, unpack_batch
from timetrial.system import real_threads
from timetrial.workload import Workload

__all__ = ["ProcessesModel", "create", "preload", "serve"]


class ProcessesModel:
    """As many worker processes as items in flight, started and warm before the first round."""

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name
        self._start_method = settings.start_method

    def unavailable(self) -> str | None:
        """The start method that was asked for may be missing, or the platform may have no processes."""
        return start_methods.unavailable(self._start_method)

    def suits(self, workload: Workload) -> bool:
        """Whether there is a task to call."""
        return workload.task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open: ``concurrency`` processes, with a resource each."""
        own: Callable[[int], AbstractContextManager[Executor]] | None = workload.implementations.get(self.name)
        if own is not None:
            return own(concurrency)
        start_method = start_methods.choose(self._start_method)
        return ProcessesExecutor(workload, require_concurrency(concurrency), start_method, self.name)


def create(settings: ModelSettings) -> ProcessesModel:
    """The model with that start method; it has no event loop."""
    return ProcessesModel(settings)


class ProcessesExecutor(WorkerPool):
    """An Executor on worker processes, and the context manager that starts and ends them."""

    def __init__(self, workload: Workload, concurrency: int, start_method: str, model: str) -> None:
        job = Job(
            parts=Parts(workload.name, "task", require_task(workload, model), workload.resource),
            model=model,
            serve=f"{__name__}:serve",
            slots=(1,) * concurrency,
            batches_ahead=2,
            one_at_a_time=workload.one_at_a_time,
            options={},
        )
        super().__init__(job, start_method)


def serve(link: Link, setup: dict[str, Any]) -> None:
    """A worker's life: open the resource, work through batches, close the resource."""
    inbox: SimpleQueue[bytes] = real_threads.queue()
    link.listen(inbox.put)
    task, resource, facts = load(setup)
    with opened_task(task, resource, 1) as call:
        link.send(protocol.READY, facts)
        _work(link, inbox, call, task)


def _work(link: Link, inbox: SimpleQueue[bytes], call: Call, task: Callable[..., Any]) -> None:
    failed = False
    while True:
        message = inbox.get()
        kind = protocol.kind_of(message)
        if kind == protocol.CLOSE:
            return
        if kind == protocol.CANCEL:
            link.cancelled = failed = False
            link.send(protocol.STOPPED)
        elif not (failed or link.cancelled):
            failed = not _run_batch(link, message, call, task)


def _run_batch(link: Link, message: bytes, call: Call, task: Callable[..., Any]) -> bool:
    """Runs one batch and sends its results; False when something in it failed, which it has then sent instead."""
    results: list[Any] = []
    append = results.append
    start = None
    try:
        start, items = unpack_batch(message)
        for item in items:
            append(call(item))
            if link.cancelled:
                return True
    except BaseException as error:  # noqa: BLE001 - the parent raises it, whatever it is
        link.send(protocol.FAILED, None if start is None else start + len(results), protocol.pack_failure(error))
        return False
    return send_results(link, range(start, start + len(results)), results, task)
