"""An Executor on a Dask cluster: batches to its workers, results in order, and what lost workers cost counted."""

from __future__ import annotations

import asyncio
import pickle
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import cloudpickle
from distributed.client import AllExit
from distributed.scheduler import KilledWorker

from timetrial.errors import TimetrialError, WorkerDiedError, WorkloadError, blame
from timetrial.models.base import ModelSettings
from timetrial.models.dask_batches import Batches
from timetrial.models.dask_cluster import EmbeddedCluster, ExistingCluster
from timetrial.models.dask_losses import Losses
from timetrial.models.dask_overhead import overhead_cpu_s_per_task
from timetrial.models.dask_worker import BatchFailedError, Job, Slot, close_slot, open_slot, run_batch, this_host
from timetrial.models.futures import raise_first
from timetrial.models.opening import OpenedExecutor
from timetrial.models.pool import protocol
from timetrial.models.pool.setup import Parts, setup_of
from timetrial.system.clocks import clocks

_CLOSING_S: Final = 10.0
"""How long workers get to close their resources."""

_INTERRUPTED_S: Final = 1.0
"""How long they get to end what they are at, after Ctrl-C."""

_LOOK_S: Final = 0.5
"""How often it is looked whether any worker is left, while results are waited for."""


class DaskExecutor(OpenedExecutor):
    """The context manager that opens a cluster or joins one, and its workers' resources.

    ``details``: ``scheduler`` is "embedded" or an address, ``workers`` the threads that take items; ``workers_lost``
    and ``items_run_again`` are there once a worker was lost.
    """

    def __init__(self, settings: ModelSettings, parts: Parts, concurrency: int, *, one_at_a_time: bool) -> None:
        self._model = settings.name
        self._batches = Batches(concurrency, one_at_a_time=one_at_a_time)
        self._cluster: EmbeddedCluster | ExistingCluster = (
            ExistingCluster(settings.scheduler, concurrency)
            if settings.scheduler is not None
            else EmbeddedCluster(concurrency, settings.start_method)
        )
        payload = parts.pickled(cloudpickle.dumps)
        self._setup = setup_of(parts, payload, self._cluster.start_method or "elsewhere")
        self._job = f"timetrial-{uuid.uuid4().hex}"
        self._concurrency = concurrency
        self._facts: dict[str, object] = {}
        self._slots: Sequence[Slot] = ()
        self._pids: set[int] = set()
        self._client: Any = None
        self._running: Sequence[Any] = ()
        self._over: str | None = None
        self._losses = Losses()

    @property
    def details(self) -> Mapping[str, object]:
        """As in Executor."""
        start = self._cluster.start_method
        return {
            "workers": len(self._slots),
            "scheduler": self._cluster.name,
            **({"start_method": start} if start is not None else {}),
            **self._facts,
            **self._losses.figures(),
        }

    def worker_pids(self) -> Sequence[int]:
        """As in Executor; those on other machines are left out, since their numbers mean others here."""
        return sorted({slot.answer.pid for slot in self._slots if slot.host == this_host()})

    def overhead_cpu_s_per_task(self) -> Mapping[str, float]:
        """As in TellsOverhead: of the ``client``, the ``scheduler`` and the ``workers``, whatever a batch holds.

        In a cluster of our own the scheduler is in the client's process: then both are one, ``client and scheduler``.
        """
        embedded = isinstance(self._cluster, EmbeddedCluster)
        return overhead_cpu_s_per_task(
            self._client, one_process=embedded, workers=self._cluster.pin(self._losses.present)
        )

    def run(self, items: Sequence[Any]) -> list[Any]:
        """As in Executor; a batch whose worker was lost is run again by Dask."""
        if self._over is not None:
            raise WorkerDiedError(f"this pool is closed since {self._over}; open a new one")
        if self._losses.since_last_look:
            self._replace_lost()
        batches = self._batches.of(len(items))
        try:
            messages = [self._message(batch, items) for batch in batches]
            self._running = self._submit(messages, batches)
            answers = self._gathered(self._running)
        except BatchFailedError as error:
            self._stop()
            raise self._failure(error, items) from None
        except KilledWorker as error:
            raise self._death(error, batches, items) from error
        except KeyboardInterrupt:
            raise  # what runs is not waited for
        except BaseException:
            self._stop()
            raise
        self._running = ()
        unpacked = [protocol.unpack(answer) for answer in answers]
        self._batches.learn([took_s / len(results) for results, took_s in unpacked])
        return [result for results, _ in unpacked for result in results]

    def _message(self, batch: range, items: Sequence[Any]) -> bytes:
        try:
            return bytes(protocol.pack(protocol.BATCH, batch.start, list(items[batch.start : batch.stop])))
        except Exception as error:
            raise self._unsendable(error, batch, items) from error

    def _submit(self, messages: Sequence[bytes], batches: Sequence[range]) -> Sequence[Any]:
        if not messages:
            return ()
        futures: Sequence[Any] = self._client.map(
            run_batch,
            [self._job] * len(messages),
            messages,
            pure=False,
            workers=self._cluster.pin(self._losses.present),
        )
        self._losses.expect({future.key: len(batch) for future, batch in zip(futures, batches, strict=True)})
        return futures

    def _gathered(self, futures: Sequence[Any], within_s: float | None = None, *, each: bool = False) -> Sequence[Any]:
        """Their results; raises what the first that failed raised, and WorkerDiedError where no worker is left.

        ``each`` takes all workers to be needed. Raises TimeoutError after ``within_s``.
        """
        if not futures:
            return ()
        found: Sequence[Any] = self._client.sync(self._watched, futures, within_s, each)
        return found

    async def _watched(self, futures: Sequence[Any], within_s: float | None, each: bool) -> Sequence[Any]:
        gathering = asyncio.ensure_future(self._client.gather(list(futures), asynchronous=True))
        began_s = clocks.monotonic()
        try:
            while not (await asyncio.wait([gathering], timeout=_LOOK_S))[0]:
                if reason := self._losses.hopeless(each=each, restarts=isinstance(self._cluster, EmbeddedCluster)):
                    self._over = reason
                    raise WorkerDiedError(f"{self._model!r}: {reason}")
                if within_s is not None and clocks.monotonic() - began_s > within_s:
                    raise TimeoutError
        finally:
            gathering.cancel()
        found: Sequence[Any] = await gathering
        return found

    def _everywhere(self, call: Callable[[str], Slot], within_s: float | None = None) -> list[Slot]:
        """Has every thread of every worker make a call that gives the same answer when it is made again."""
        found: dict[tuple[str, int], Slot] = {}
        workers = dict(self._losses.present)
        missing = workers
        while missing:
            futures = [
                self._client.submit(call, self._job, workers=[address], pure=False)
                for address, threads in missing.items()
                for _ in range(threads)
            ]
            for slot in self._gathered(futures, within_s, each=True):
                found[slot.address, slot.answer.thread] = slot
            have = [address for address, _ in found]
            missing = {address: count for address, count in workers.items() if have.count(address) < count}
        return list(found.values())

    def _open_slots(self) -> None:
        self._slots = self._everywhere(open_slot)
        self._pids |= set(self.worker_pids())
        answers = [slot.answer for slot in self._slots]
        self._facts |= {name: value for answer in answers for name, value in answer.facts.items()}
        raise_first(answers)

    def _replace_lost(self) -> None:
        """Takes in what came in place of workers that were lost in an earlier run."""
        if isinstance(self._cluster, EmbeddedCluster):
            self._client.wait_for_workers(self._concurrency)
        self._losses.look_again(self._client.nthreads())
        self._open_slots()

    def _stop(self) -> None:
        """Has nothing more begin, and waits for what runs, so that another round can follow."""
        self._cancel()
        if self._over is None:
            self._everywhere(open_slot)

    def _cancel(self) -> None:
        if self._running:
            self._client.cancel(list(self._running))
        self._running = ()

    def _failure(self, error: BatchFailedError, items: Sequence[Any]) -> BaseException:
        failure = protocol.unpack_failure(error.failure, WorkloadError)
        if error.index is not None:
            blame(failure, index=error.index, item=items[error.index], model=self._model)
        return failure

    def _unsendable(self, error: Exception, batch: range, items: Sequence[Any]) -> WorkloadError:
        problem = WorkloadError(
            f"an item can't be sent to a worker process ({type(error).__name__}: {error}); "
            f"make it of plain data, or of classes defined at the top level of a module"
        )
        for index in batch:
            try:
                pickle.dumps(items[index])
            except Exception:  # noqa: BLE001 - __reduce__ may raise anything
                blame(problem, index=index, item=items[index], model=self._model)
                break
        return problem

    def _death(self, error: KilledWorker, batches: Sequence[range], items: Sequence[Any]) -> WorkerDiedError:
        """Dask suspects all that the worker had, what waited there too."""
        self._losses.settle()
        suspects = [
            batch
            for future, batch in zip(self._running, batches, strict=True)
            if future.key == error.task or future.status == "error"
        ]
        first, last = min(each.start for each in suspects), max(each.stop for each in suspects) - 1
        self._cancel()
        self._over = f"a worker process of {self._model!r} died"
        return WorkerDiedError(
            f"{self._over} while working on one of items {first} to {last} of {len(items)}, "
            f"{error.allowed_failures + 1} time(s): Dask tries no more; look for os._exit, a crash in an extension "
            f"module, or too little memory"
        )

    def _open(self) -> None:
        self._client, workers = self._cluster.open()
        self._client.sync(_calm)
        self._losses.watch(self._client, workers)
        embedded = isinstance(self._cluster, EmbeddedCluster)
        self._client.register_plugin(Job(self._job, self._setup, embedded=embedded), name=self._job)
        self._open_slots()

    def _close(self) -> list[BaseException]:
        """Closes the resources and leaves the cluster, or ends it; returns what went wrong."""
        if self._client is None:
            return []
        interrupted = bool(self._running)
        problems: list[BaseException] = []
        try:
            self._losses.forget(self._client)
            self._cancel()
            if self._slots and self._over is None:
                slots = self._everywhere(close_slot, _INTERRUPTED_S if interrupted else _CLOSING_S)
                failures = [slot.answer.failure for slot in slots if slot.answer.failure is not None]
                problems += [protocol.unpack_failure(each, WorkloadError) for each in failures]
            self._client.unregister_worker_plugin(name=self._job)
        except (TimeoutError, WorkerDiedError) as error:
            self._over = self._over or "it was interrupted"
            problems += self._stuck(error, interrupted=interrupted)
        finally:
            self._cluster.close(sorted(self._pids), at_once=self._over is not None)
        return problems

    def _stuck(self, error: Exception, *, interrupted: bool) -> list[BaseException]:
        if interrupted:
            if isinstance(self._cluster, EmbeddedCluster):
                return []  # its processes are ended
            return [TimetrialError(f"workers of {self._cluster.name} go on with the items that they are at")]
        return [
            TimetrialError(
                f"a worker process of {self._model!r} did not close its resource in {_CLOSING_S:g} s "
                f"({type(error).__name__}); give the blocking calls of its task and resource a timeout"
            )
        ]


async def _calm() -> None:
    """Dask leaves a task an item behind where a gathering is given up, and its loop would print each."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda loop, told: None if isinstance(told.get("exception"), AllExit) else loop.default_exception_handler(told)
    )
