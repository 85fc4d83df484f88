"""An Executor on one of concurrent.futures' own pools: as people would write it, opened, proved and closed as ours."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from typing import Any

from timetrial.errors import TimetrialError, WorkerDiedError, WorkloadError, blame
from timetrial.models.futures_worker import Answer, ItemFailure, close_own, run_batch
from timetrial.models.opening import OpenedExecutor
from timetrial.models.pool import protocol
from timetrial.system.clocks import clocks

_CLOSING_S = 10.0
"""How long workers get to close their resources."""

_INTERRUPTED_S = 1.0
"""How long they get to end what they are at, after Ctrl-C or where one of them has died."""

_BATCHES_A_WORKER = 4
"""As multiprocessing's own pool shares items out: few enough to cost little, and some to even out what takes longer."""


class PooledExecutor(OpenedExecutor):
    """An Executor on a pool whose workers get batches, and the context manager that opens their resources.

    ``opening`` is what each worker runs once, with its arguments; ``kind`` is what a worker is called in errors;
    ``details`` are as in Executor.
    """

    _closing: Callable[[], Answer] = staticmethod(close_own)
    """What closes a worker's resource there."""

    _run_batch: Callable[[int, Sequence[Any]], list[Any] | ItemFailure] = staticmethod(run_batch)
    """What works through a batch there."""

    _least = 1
    """How many items a batch has at least: as many as a worker has in flight."""

    def __init__(
        self,
        pool: futures.Executor,
        workers: int,
        opening: tuple[Any, ...],
        *,
        model: str,
        kind: str,
        one_at_a_time: bool,
        details: Mapping[str, object],
    ) -> None:
        self._pool = pool
        self._workers = workers
        self._opening = opening
        self._model = model
        self._kind = kind
        self._one_at_a_time = one_at_a_time
        self._answers: Sequence[Answer] = ()
        self._running: Sequence[futures.Future[Any]] = ()
        self._lost: str | None = None
        self.details = {"workers": workers, **details}

    def worker_pids(self) -> Sequence[int]:
        """As in Executor."""
        return sorted({answer.pid for answer in self._answers})

    def run(self, items: Sequence[Any]) -> list[Any]:
        """As in Executor; raises WorkerDiedError too where the pool is lost, since a worker had died."""
        if self._lost is not None:
            raise WorkerDiedError(f"this pool is closed since {self._lost}; open a new one")
        batches = self._batches(len(items))
        results: list[Any] = []
        try:
            self._running = [
                self._pool.submit(self._run_batch, each.start, items[each.start : each.stop]) for each in batches
            ]
            for batch, future in zip(batches, self._running, strict=True):
                results += self._result_of(future, batch, items)
        except futures.BrokenExecutor as error:
            raise self._death(batches, items) from error
        except KeyboardInterrupt:
            raise  # what runs is not waited for
        except BaseException:
            self._stop()
            raise
        self._running = ()
        return results

    def _batches(self, count: int) -> list[range]:
        size = max(self._least, 1 if self._one_at_a_time else -(-count // (_BATCHES_A_WORKER * self._workers)))
        return [range(start, min(start + size, count)) for start in range(0, count, size)]

    def _result_of(self, future: futures.Future[Any], batch: range, items: Sequence[Any]) -> list[Any]:
        try:
            done: list[Any] | ItemFailure = future.result()
        except (futures.BrokenExecutor, KeyboardInterrupt):
            raise
        except Exception as error:
            raise self._untransferable(error, batch, items) from error
        if isinstance(done, ItemFailure):
            failure = protocol.unpack_failure(done.failure, WorkloadError)
            if done.index is not None:
                blame(failure, index=done.index, item=items[done.index], model=self._model)
            raise failure
        return done

    def _stop(self) -> None:
        """Has nothing more begin, and waits for what runs, so that another round can follow."""
        for future in self._running:
            future.cancel()
        futures.wait(self._running)
        self._running = ()

    def _untransferable(self, error: Exception, batch: range, items: Sequence[Any]) -> WorkloadError:
        """What an item or a result came to that could not be sent."""
        index, what = None, f"a result of items {batch.start} to {batch.stop - 1} can't be sent back from"
        for each in batch:
            try:
                pickle.dumps(items[each])
            except Exception:  # noqa: BLE001 - __reduce__ may raise anything
                index, what = each, "an item can't be sent to"
                break
        problem = WorkloadError(
            f"{what} {self._kind} ({type(error).__name__}: {error}); "
            f"make it of plain data, or of classes defined at the top level of a module"
        )
        if index is not None:
            blame(problem, index=index, item=items[index], model=self._model)
        return problem

    def _death(self, batches: Sequence[range], items: Sequence[Any]) -> WorkerDiedError:
        """The pool does not tell which worker it was, nor how it ended."""
        left = [batch for batch, future in zip(batches, self._running, strict=False) if not _went_well(future)]
        where = f" while working on one of items {left[0].start} to {left[-1].stop - 1}" if left else ""
        self._lost = f"{self._kind} of {self._model!r} died"
        return WorkerDiedError(
            f"{self._lost}{where} of {len(items)}; look for os._exit, a crash in an extension module, too little "
            f"memory, or a script without `if __name__ == '__main__':`"
        )

    def _open(self) -> None:
        self._answers = everywhere(self._pool, self._workers, self._opening)
        self.details |= {name: value for answer in self._answers for name, value in answer.facts.items()}
        raise_first(self._answers)

    def _close(self) -> list[BaseException]:
        """Closes the resources and ends the pool; returns what went wrong."""
        for future in self._running:
            future.cancel()
        if self._lost is not None or futures.wait(self._running, _INTERRUPTED_S).not_done:
            return self._end_at_once()
        problems: list[BaseException] = []
        try:
            problems += _failures(
                everywhere(self._pool, self._workers, (self._closing,), _CLOSING_S) if self._answers else ()
            )
        except (TimeoutError, futures.BrokenExecutor) as error:
            return [self._stuck_error(error), *self._end_at_once()]
        self._pool.shutdown()
        return problems

    def _end_at_once(self) -> list[BaseException]:
        """Lets go of the pool, whose workers can't be ended from outside; tells of those that are still at it."""
        self._pool.shutdown(wait=False)
        busy = sum(not future.done() for future in self._running)
        if not busy:
            return []
        return [
            TimetrialError(
                f"{self._model!r} was still at {busy} item(s) or batches {_INTERRUPTED_S:g} s after its end, and "
                f"Python waits for them before it ends; give the task's blocking calls a timeout"
            )
        ]

    def _stuck_error(self, error: Exception) -> TimetrialError:
        return TimetrialError(
            f"{self._kind} of {self._model!r} did not close its resource in {_CLOSING_S:g} s ({type(error).__name__}); "
            f"give the blocking calls of its task and resource a timeout"
        )


def everywhere(
    pool: futures.Executor, workers: int, call: tuple[Any, ...], within_s: float | None = None
) -> list[Answer]:
    """Has every worker call a function that gives the same answer when it is called again; one answer a worker.

    ``call`` is the function with its arguments. Raises TimeoutError where that takes longer than ``within_s``.
    """
    answers: dict[tuple[int, int], Answer] = {}
    deadline = None if within_s is None else clocks.monotonic() + within_s
    while len(answers) < workers:
        for future in [pool.submit(*call) for _ in range(workers)]:
            answer = future.result(None if deadline is None else max(0.0, deadline - clocks.monotonic()))
            answers[answer.pid, answer.thread] = answer
    return list(answers.values())


def _went_well(future: futures.Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _failures(answers: Sequence[Answer]) -> list[BaseException]:
    return [protocol.unpack_failure(each.failure, WorkloadError) for each in answers if each.failure is not None]


def raise_first(answers: Sequence[Answer]) -> None:
    """Raises what kept the first of these workers from doing as it was told."""
    for error in _failures(answers):
        raise error
