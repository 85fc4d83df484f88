"""The parent's side of a pool of worker processes: start them, run rounds, close them; nothing is left behind."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Self

from timetrial.errors import TimetrialError, WorkerDiedError, WorkloadError
from timetrial.models.calling import check_computed
from timetrial.models.pool import parent_state, protocol, start_methods
from timetrial.models.pool.batches import MOST_HELD_BACK, Dealer
from timetrial.models.pool.handle import RemoteWorker
from timetrial.models.pool.limits import starting
from timetrial.models.pool.round import PoolRound
from timetrial.models.pool.setup import Parts, prepare, setup_of
from timetrial.models.pool.worker import main
from timetrial.system.clocks import clocks

_CLOSING_S = 10.0
"""How long workers get to close their resources after a round that went well, or failed by a task's own error."""

_CLOSING_INTERRUPTED_S = 1.0
"""The same after Ctrl-C or the death of a worker, when they may be in the middle of a long item."""

_ENDING_S = 1.0
"""How long a worker gets after SIGTERM before it is killed."""

_MOST_WORKERS_ON_WINDOWS = 30
"""Windows waits for at most 63 things at once, and each worker is two: its pipe and its process."""


@dataclass(frozen=True)
class Job:
    """What a pool's workers do.

    ``serve`` names the function that each runs, as ``module:function``; ``slots`` is for each worker how many
    items it has in flight at once; ``batches_ahead`` how many batches it may hold; ``one_at_a_time`` whether each
    item is dealt by itself; ``options`` go to ``serve``.
    """

    parts: Parts
    """What is called for each item, and what each worker opens once, called with its slots."""
    model: str
    """The model's name, for errors."""
    serve: str
    slots: tuple[int, ...]
    batches_ahead: int
    one_at_a_time: bool
    options: Mapping[str, object]

    @property
    def workload(self) -> str:
        """The workload's name, for errors."""
        return self.parts.workload


class WorkerPool:
    """An Executor on worker processes, and the context manager that starts and ends them."""

    _main: Callable[..., None] = staticmethod(main)
    """What each worker process runs."""

    def __init__(self, job: Job, start_method: str) -> None:
        if sys.platform == "win32" and len(job.slots) > _MOST_WORKERS_ON_WINDOWS:
            raise WorkloadError(
                f"Windows can't wait for more than {_MOST_WORKERS_ON_WINDOWS} worker processes at once; "
                f"ask for a lower concurrency than {len(job.slots)}"
            )
        self._job = job
        self._start_method = start_method
        self._workers: list[RemoteWorker] = []
        self._facts: dict[str, object] = {}
        self._pace_s: float | None = None
        self._held_back = MOST_HELD_BACK
        self._lost: str | None = None
        self._ran_before = False

    @property
    def details(self) -> Mapping[str, object]:
        """As in Executor: ``workers``, ``start_method``, ``preloaded`` and what the workers themselves report."""
        return {"workers": len(self._workers), "start_method": self._start_method, **self._facts}

    def worker_pids(self) -> Sequence[int]:
        """As in Executor."""
        return [worker.pid for worker in self._workers]

    def run(self, items: Sequence[Any]) -> list[Any]:
        """As in Executor; raises WorkerDiedError too where the pool was closed before, since a worker had died."""
        if self._lost is not None:
            raise WorkerDiedError(f"this pool is closed since {self._lost}; open a new one")
        if not len(items):
            return []
        dealer = self._dealer(len(items))
        current = PoolRound(self._workers, items, dealer, self._job.model, self._job.batches_ahead)
        try:
            results = current.run()
        except BaseException as error:
            if not current.over:
                self._lose(error)
            raise
        self._pace_s, self._held_back = dealer.pace_s, dealer.next_held_back()
        if not self._ran_before:
            check_computed(results, self._job.parts.task)
            self._ran_before = True
        return results

    def _dealer(self, items: int) -> Dealer:
        return Dealer(
            items,
            self._job.slots,
            self._pace_s,
            held_back=self._held_back,
            one_at_a_time=self._job.one_at_a_time,
        )

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException as error:
            self._lose(error)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        problems = self._close(_CLOSING_S if self._lost is None else _CLOSING_INTERRUPTED_S)
        if error is None and problems:
            raise problems[0]
        for problem in problems:
            if error is not None:
                error.add_note(f"timetrial: while the workers were closed: {problem}")

    def _start(self) -> None:
        parts = self._job.parts
        payload = parts.pickled()
        prepare(parts, self._start_method)
        context = multiprocessing.get_context(self._start_method)
        wanted = len(self._job.slots)
        with parent_state.variables_of(start_methods.world_of_imports() if self._start_method == "spawn" else {}):
            for number in range(wanted):
                with starting("worker processes", number, wanted):
                    self._workers.append(RemoteWorker.start(context, self._job, number, self._workers, self._main))
        setup = setup_of(parts, payload, self._start_method, tuple(self._job.options.items()))
        for worker, slots in zip(self._workers, self._job.slots, strict=True):
            worker.set_up(protocol.pack(protocol.SETUP, {**setup, "slots": slots}))
        for worker in self._workers:
            _merge(self._facts, worker.await_ready())

    def _lose(self, error: BaseException) -> None:
        """Closes the pool early: a worker has died, or Ctrl-C has come in the middle of a round."""
        self._lost = str(error).split(";")[0] or type(error).__name__
        for problem in self._close(_CLOSING_INTERRUPTED_S):
            if str(problem) != str(error):  # what one worker can't load, none can
                error.add_note(f"timetrial: while the workers were closed: {problem}")

    def _close(self, grace_s: float) -> list[BaseException]:
        problems: list[BaseException] = []
        workers, self._workers = self._workers, []
        try:
            for worker in workers:
                worker.ask_to_close()
            _hear_out(workers, clocks.monotonic() + grace_s, problems)
        finally:
            for worker in workers:
                worker.terminate_if_running()
            deadline = clocks.monotonic() + _ENDING_S
            for worker in workers:
                worker.end(deadline)
        return problems


def _merge(facts: dict[str, object], more: Mapping[str, object]) -> None:
    """Takes in what one more worker reports; where workers differ, all that they say is kept."""
    for name, value in more.items():
        known = facts.setdefault(name, value)
        if known != value and isinstance(known, bool):
            facts[name] = False  # preloaded: only if every one of them was
        elif known != value and str(value) not in str(known).split(" and "):
            facts[name] = f"{known} and {value}"


def _hear_out(workers: Sequence[RemoteWorker], deadline: float, problems: list[BaseException]) -> None:
    """Reads what closing workers still have to say, and waits for their end until the deadline."""
    talking = {worker.connection: worker for worker in workers if not (worker.is_lost or worker.is_over)}
    while talking:
        ready = wait(list(talking), max(0.0, deadline - clocks.monotonic()))
        if not ready:
            break
        for connection in ready:
            worker = talking[connection]  # type: ignore[index]  # wait returns what it was given
            last_words = worker.last_words()
            if last_words.over:
                del talking[worker.connection]
            if last_words.problem is not None:
                problems.append(last_words.problem)
    problems += [_stuck_error(worker) for worker in workers if not worker.has_ended_by(deadline)]


def _stuck_error(worker: RemoteWorker) -> TimetrialError:
    return TimetrialError(
        f"worker process {worker.pid} did not close in time and was terminated; "
        f"give the blocking calls of its task and resource a timeout"
    )
