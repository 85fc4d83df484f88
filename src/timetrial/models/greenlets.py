"""greenlets: gevent's, in a worker process of their own, since gevent patches the standard library (extra: greenlets).

There the code of ``threads`` runs as it is: what gevent has put in the place of threads are greenlets.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.util import find_spec
from queue import SimpleQueue
from typing import Any

from timetrial.languages import Text
from timetrial.models import patched
from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import require_concurrency, require_task
from timetrial.models.pool import protocol, start_methods
from timetrial.models.pool.batches import Dealer, OneBatch
from timetrial.models.pool.pool import Job, WorkerPool
from timetrial.models.pool.setup import Parts
from timetrial.models.pool.worker import Link, load, send_results, unpack_batch
from timetrial.models.threads import ThreadsExecutor
from timetrial.system import real_threads
from timetrial.workload import Workload


class GreenletsModel:
    """As many greenlets as items in flight, in one process that is started anew."""

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name

    def unavailable(self) -> str | None:
        """The extra may be missing, or the platform may have no processes."""
        if find_spec("gevent") is None:  # importing it here would be the end of comparing
            return Text(
                "gevent is not installed; install timetrial[greenlets]", "未安装 gevent；请安装 timetrial[greenlets]"
            )
        return start_methods.unavailable("spawn")

    def suits(self, workload: Workload) -> bool:
        """Whether there is a task to call."""
        return workload.task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open: ``concurrency`` greenlets, with a resource each."""
        own: Callable[[int], AbstractContextManager[Executor]] | None = workload.implementations.get(self.name)
        if own is not None:
            return own(concurrency)
        require_concurrency(concurrency)
        parts = Parts(workload.name, "task", require_task(workload, self.name), workload.resource)
        start_methods.require(self.unavailable())
        return GreenletsExecutor(parts, concurrency, self.name)


def create(settings: ModelSettings) -> GreenletsModel:
    """The model; its process is started anew whatever start method is asked for."""
    return GreenletsModel(settings)


class GreenletsExecutor(WorkerPool):
    """An Executor on one patched worker process, and the context manager that starts and ends it."""

    _main = staticmethod(patched.main)

    def __init__(self, parts: Parts, concurrency: int, model: str) -> None:
        job = Job(
            parts=parts,
            model=model,
            serve=f"{__name__}:serve",
            slots=(concurrency,),
            batches_ahead=1,
            one_at_a_time=False,
            options={},
        )
        super().__init__(job, "spawn")

    def _dealer(self, items: int) -> Dealer:
        return OneBatch(items, self._job.slots, None)


def serve(link: Link, setup: dict[str, Any]) -> None:
    """A worker's life: open a resource in each greenlet, work through rounds, close them."""
    inbox: SimpleQueue[bytes] = real_threads.queue()
    teams: list[ThreadsExecutor] = []

    def deliver(message: bytes) -> None:
        if protocol.kind_of(message) == protocol.CANCEL:
            for team in teams:
                team.cancel()
        inbox.put(message)

    link.listen(deliver)
    task, resource, facts = load(setup)
    with ThreadsExecutor(Workload("greenlets", task=task, resource=resource), setup["slots"]) as team:
        teams.append(team)
        link.send(protocol.READY, facts)
        _work(link, inbox, team, task)


def _work(link: Link, inbox: SimpleQueue[bytes], team: ThreadsExecutor, task: Callable[..., Any]) -> None:
    failed = False
    while True:
        message = inbox.get()  # no greenlet runs while this one waits, and between rounds none has to
        kind = protocol.kind_of(message)
        if kind == protocol.CLOSE:
            return
        if kind == protocol.CANCEL:
            link.cancelled = failed = False
            link.send(protocol.STOPPED)
        elif not (failed or link.cancelled):
            failed = not _run_round(link, message, team, task)


def _run_round(link: Link, message: bytes, team: ThreadsExecutor, task: Callable[..., Any]) -> bool:
    """Runs a round and sends its results; False when something in it failed, which it has then sent instead."""
    try:
        start, items = unpack_batch(message)
    except Exception as error:  # noqa: BLE001 - the parent raises it
        link.send(protocol.FAILED, None, protocol.pack_failure(error))
        return False
    current = team.work_through(items)
    if current.failures:
        index, failure = current.failures[0]
        link.send(protocol.FAILED, start + index, protocol.pack_failure(failure))
        return False
    if link.cancelled:
        return True
    return send_results(link, range(start, start + len(items)), current.results, task)
