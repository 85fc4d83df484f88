"""One round of a pool of worker processes: deal batches, gather results by index, cancel the rest on failure."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from multiprocessing.connection import wait
from typing import Any

from timetrial.errors import WorkerDiedError, WorkloadError, blame, shorten
from timetrial.models.pool import protocol
from timetrial.models.pool.batches import Dealer
from timetrial.models.pool.handle import RemoteWorker
from timetrial.system.clocks import clocks

_MISSING = object()
_MOST_ITEMS_NAMED = 3


class PoolRound:
    """A round in progress. ``over`` says whether every worker is idle again, so that another can follow."""

    def __init__(
        self, workers: Sequence[RemoteWorker], items: Sequence[Any], dealer: Dealer, model: str, batches_ahead: int
    ) -> None:
        self.over = False
        self._workers = workers
        self._items = items
        self._dealer = dealer
        self._model = model
        self._batches_ahead = batches_ahead
        self._results: list[Any] = [_MISSING] * len(items)
        self._left = len(items)
        self._failure: BaseException | None = None
        self._by_handle: dict[Any, RemoteWorker] = {}
        for worker in workers:
            self._by_handle[worker.connection] = worker
            self._by_handle[worker.sentinel] = worker
        self._handles = list(self._by_handle)
        self._began_s = clocks.perf_counter()

    def run(self) -> list[Any]:
        """The results in the items' order; raises the first failure once all workers have stopped."""
        self._begin()
        while self._left and self._failure is None:
            self._hear()
        if self._failure is not None:
            self._stop()
        self.over = True
        if self._failure is not None:
            raise self._failure
        return self._results

    def _begin(self) -> None:
        for worker, indices in zip(self._workers, self._dealer.first(), strict=True):
            worker.ranges, worker.batches, worker.delivered = [], 0, 0
            if indices:
                self._send(worker, indices)
        for worker in self._workers:
            self._top_up(worker)

    def _top_up(self, worker: RemoteWorker) -> None:
        ahead = self._batches_ahead if self._dealer.prefetches else 1
        while worker.batches < ahead and self._dealer.remaining and self._failure is None:
            self._send(worker, self._dealer.next(self._workers.index(worker)))

    def _send(self, worker: RemoteWorker, indices: range) -> None:
        try:
            message = protocol.pack(protocol.BATCH, indices.start, self._items[indices.start : indices.stop])
        except Exception as error:  # noqa: BLE001 - __reduce__ may raise anything
            self._fail(*self._unsendable(indices, error))
            return
        worker.ranges.append(indices)
        worker.batches += 1
        self._tell(worker, message)

    def _hear(self) -> None:
        """Waits for one or more workers and takes a message from each."""
        ready = wait(self._handles)
        speaking = [handle for handle in ready if not isinstance(handle, int)]
        for connection in speaking:
            self._take(self._by_handle[connection])
        if not speaking:
            raise self._death(self._by_handle[ready[0]])

    def _take(self, worker: RemoteWorker) -> None:
        message = self._receive(worker)
        kind = protocol.kind_of(message)
        if kind == protocol.FAILED:
            index, failure = protocol.unpack(message)
            self._fail(index, protocol.unpack_failure(failure, WorkloadError))
        elif kind == protocol.DONE and self._failure is None:
            self._store(worker, message)
            self._top_up(worker)

    def _store(self, worker: RemoteWorker, message: bytes) -> None:
        try:
            indices, results, asks = protocol.unpack(message)
        except Exception as error:  # noqa: BLE001 - a result's __setstate__ may raise anything
            self._fail(None, _unreadable(error))
            return
        if isinstance(indices, range):
            self._results[indices.start : indices.stop] = results
        else:
            for index, result in zip(indices, results, strict=True):
                self._results[index] = result
        self._left -= len(results)
        worker.batches -= asks
        first = not worker.delivered
        worker.delivered += len(results)
        if worker.delivered:
            self._dealer.report((clocks.perf_counter() - self._began_s) / worker.delivered, first=first)

    def _fail(self, index: int | None, error: BaseException) -> None:
        if self._failure is None:
            if index is not None:
                blame(error, index=index, item=self._items[index], model=self._model)
            self._failure = error

    def _stop(self) -> None:
        """Has every worker begin nothing more, and waits until each has said so."""
        for worker in self._workers:
            self._tell(worker, protocol.pack(protocol.CANCEL))
        running = set(self._workers)
        while running:
            ready = wait(self._handles)
            speaking = [handle for handle in ready if not isinstance(handle, int)]
            for connection in speaking:
                worker = self._by_handle[connection]
                if protocol.kind_of(self._receive(worker)) == protocol.STOPPED:
                    running.discard(worker)
            if not speaking:
                raise self._death(self._by_handle[ready[0]])

    def _tell(self, worker: RemoteWorker, message: memoryview) -> None:
        try:
            worker.send(message)
        except BrokenPipeError:
            raise self._death(worker) from None

    def _receive(self, worker: RemoteWorker) -> bytes:
        try:
            return worker.connection.recv_bytes()
        except (EOFError, OSError):
            raise self._death(worker) from None

    def _death(self, worker: RemoteWorker) -> WorkerDiedError:
        return worker.death(self._unfinished(worker))

    def _unfinished(self, worker: RemoteWorker) -> str:
        """The items that the worker may have been working on, in words."""
        indices = [index for given in worker.ranges for index in given if self._results[index] is _MISSING]
        if not indices:
            return ""
        named = ", ".join(f"{index} ({shorten(self._items[index])})" for index in indices[:_MOST_ITEMS_NAMED])
        more = len(indices) - _MOST_ITEMS_NAMED
        if len(indices) == 1:
            return f"working on item {named}"
        return f"working on one of items {named}" + (f" and {more} more" if more > 0 else "")

    def _unsendable(self, indices: range, error: Exception) -> tuple[int | None, WorkloadError]:
        for index in indices:
            try:
                pickle.dumps(self._items[index])
            except Exception as problem:  # noqa: BLE001 - __reduce__ may raise anything
                return index, _unsendable_error(problem)
        return None, _unsendable_error(error)


def _unsendable_error(error: Exception) -> WorkloadError:
    return WorkloadError(
        f"an item can't be sent to a worker process ({type(error).__name__}: {error}); "
        f"make items of plain data, or of classes defined at the top level of a module"
    )


def _unreadable(error: Exception) -> WorkloadError:
    return WorkloadError(
        f"results of a worker process can't be read back ({type(error).__name__}: {error}); "
        f"return plain data, or objects that survive pickle.loads(pickle.dumps(...))"
    )
