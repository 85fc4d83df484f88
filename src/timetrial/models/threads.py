"""threads: persistent worker threads of our own, each with its own resource, taking items from one queue."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from queue import SimpleQueue
from typing import Any

from timetrial.errors import TimetrialError, blame
from timetrial.languages import Text
from timetrial.measure.tracing import hold_off_here
from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import Call, check_computed, opened_task, require_concurrency, require_task
from timetrial.models.opening import OpenedExecutor
from timetrial.models.pool.limits import starting
from timetrial.system.clocks import clocks
from timetrial.system.real_threads import patched_by
from timetrial.workload import Workload

_CLOSING_S = 5.0
"""How long threads get to finish the item they are at and to close their resources."""

_CLOSING_INTERRUPTED_S = 1.0
"""The same after Ctrl-C in the middle of a round."""

_WAIT_S = 0.5 if sys.platform == "win32" else threading.TIMEOUT_MAX
"""Windows hears Ctrl-C only between two waits on a lock; elsewhere a wait can be interrupted."""


def no_threads() -> str | None:
    """Why there are no threads here, or None."""
    said = Text("this platform has no threads", "此平台不支持线程")
    return said if sys.platform in ("emscripten", "wasi") else None


class ThreadsModel:
    """As many threads as items in flight, started and warm before the first round."""

    name = "threads"

    def unavailable(self) -> str | None:
        """Platforms without threads (WebAssembly) say so."""
        return no_threads()

    def suits(self, workload: Workload) -> bool:
        """Whether there is a task to call."""
        return workload.task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open: ``concurrency`` threads, with a resource each."""
        own: Callable[[int], AbstractContextManager[Executor]] | None = workload.implementations.get(self.name)
        return own(concurrency) if own is not None else ThreadsExecutor(workload, require_concurrency(concurrency))


def create(settings: ModelSettings) -> ThreadsModel:
    """The model; it has neither processes nor an event loop."""
    del settings
    return ThreadsModel()


class ThreadTeam(OpenedExecutor):
    """An Executor on worker threads, and the context manager that starts and ends them.

    ``worker`` opens what a thread of that number works with, for as long as the thread lives, and gives the function
    that works through a round there; ``model`` is the name that errors tell, ``task`` what is called.
    """

    def __init__(
        self, workload: Workload, threads: int, worker: Worker, *, model: str, task: Callable[..., Any]
    ) -> None:
        self._worker = worker
        self._model = model
        self._task = task
        # As threading and queue have them now: gevent may have put others in their places since we were imported.
        self._rounds: list[SimpleQueue[Round | None]] = [queue.SimpleQueue() for _ in range(threads)]
        self._threads = [
            threading.Thread(
                target=self._serve, args=(number, rounds), name=f"timetrial-{workload.name}-{number}", daemon=True
            )
            for number, rounds in enumerate(self._rounds)
        ]
        self._opened = _Countdown(threads)
        self._errors: list[BaseException] = []
        self._system_threads: set[int] = set()
        self._current: Round | None = None
        self._ran_before = False

    @property
    def details(self) -> Mapping[str, object]:
        """As in Executor: ``workers``, the number of threads; ``no_threads`` if they are none, and what they are."""
        workers = len(self._threads)
        if len(self._system_threads) == workers:
            return {"workers": workers}
        patched = patched_by()
        made = f"{patched}'s green threads" if patched else "no threads of the system"
        return {"workers": workers, "no_threads": f"{made}: {workers} share {len(self._system_threads)}"}

    def run(self, items: Sequence[Any]) -> list[Any]:
        """As in Executor."""
        if not len(items):
            return []
        current = self.work_through(items)
        if current.failures:
            _raise_first(current, self._model)
        if not self._ran_before:
            check_computed(current.results, self._task)
            self._ran_before = True
        return current.results

    def work_through(self, items: Sequence[Any]) -> Round:
        """The round of these items, one or more, once it is over: its results, or what failed."""
        threads = min(len(self._threads), len(items))
        self._current = current = self._new_round(items, threads)
        for rounds in self._rounds[:threads]:
            rounds.put(current)
        current.finished.wait()
        self._current = None
        return current

    def cancel(self) -> None:
        """Items of the round in progress that have not begun are not begun; any thread may call this."""
        if (current := self._current) is not None:
            current.cancel()

    def worker_pids(self) -> Sequence[int]:
        """As in Executor: this process."""
        return [os.getpid()]

    def _open(self) -> None:
        """Starts the threads and waits until each has its resource open; raises what opening raised."""
        for number, thread in enumerate(self._threads):
            with starting("threads", number, len(self._threads)):
                thread.start()
        self._opened.wait()
        if self._errors:
            raise self._errors.pop(0)

    def _close(self) -> list[BaseException]:
        """Stops the threads; returns what went wrong, threads that did not stop in time included."""
        grace_s = _CLOSING_S
        if self._current is not None:  # Ctrl-C has come in the middle of a round
            self._current.cancel()
            grace_s = _CLOSING_INTERRUPTED_S
        for rounds in self._rounds:
            rounds.put(None)
        deadline = clocks.monotonic() + grace_s
        started = [thread for thread in self._threads if thread.ident is not None]
        for thread in started:
            thread.join(max(0.0, deadline - clocks.monotonic()))
        stuck = [thread.name for thread in started if thread.is_alive()]
        return [*self._errors, *([_stuck_error(stuck, grace_s)] if stuck else [])]

    def _new_round(self, items: Sequence[Any], threads: int) -> Round:
        return Round(items, threads)

    def _serve(self, number: int, rounds: SimpleQueue[Round | None]) -> None:
        opened = False
        hold_off_here()
        self._system_threads.add(threading.get_native_id())
        try:
            with self._worker(number) as work:
                opened = True
                self._opened.arrive()
                while (current := rounds.get()) is not None:
                    work(current)
                    current.finished.arrive()
                    del current
        except BaseException as error:  # noqa: BLE001 - whoever opens or closes the executor raises it
            self._errors.append(error)
            if not opened:
                self._opened.arrive()


class ThreadsExecutor(ThreadTeam):
    """An Executor on threads that call the task."""

    def __init__(self, workload: Workload, concurrency: int) -> None:
        task, resource = require_task(workload, ThreadsModel.name), workload.resource

        @contextmanager
        def worker(_number: int) -> Generator[Callable[[Round], None]]:
            with opened_task(task, resource, 1) as call:
                yield lambda current: current.work(call)

        super().__init__(workload, concurrency, worker, model=ThreadsModel.name, task=task)


class Round:
    """One run: the items still to be taken, the results by index, what failed."""

    def __init__(self, items: Sequence[Any], threads: int) -> None:
        self.items = items
        self.results: list[Any] = [None] * len(items)
        self.failures: list[tuple[int, BaseException]] = []
        self.finished = _Countdown(threads)
        # A deque's popleft is atomic with and without the GIL; a shared iterator is not.
        self._indices = deque(range(len(items)))
        self.take = self._indices.popleft
        """Gives the next index; raises IndexError where none is left."""

    def work(self, call: Call) -> None:
        """Works until no index is left."""
        take, items, results = self.take, self.items, self.results
        while True:
            try:
                index = take()
            except IndexError:
                return
            try:
                results[index] = call(items[index])
            except BaseException as error:  # noqa: BLE001 - the caller raises it, whatever it is
                self.failures.append((index, error))
                self.cancel()

    def cancel(self) -> None:
        """Items that have not begun are not begun."""
        self._indices.clear()


class _Countdown:
    """Wakes one waiting thread when the last of several has arrived."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._counting = threading.Lock()
        self._done = threading.Lock()
        self._done.acquire()

    def arrive(self) -> None:
        with self._counting:
            self._left -= 1
            last = self._left == 0
        if last:
            self._done.release()

    def wait(self) -> None:
        while not self._done.acquire(timeout=_WAIT_S):
            pass


Worker = Callable[[int], AbstractContextManager[Callable[[Round], None]]]


def _raise_first(current: Round, model: str) -> None:
    index, error = current.failures[0]
    blame(error, index=index, item=current.items[index], model=model)
    try:
        raise error
    finally:
        # The traceback holds this frame: a cycle that would keep the round's items alive.
        del error, current


def _stuck_error(names: Sequence[str], grace_s: float) -> TimetrialError:
    return TimetrialError(
        f"{len(names)} thread(s) did not stop within {grace_s:g} s and were left behind: {', '.join(names)}; "
        f"give the task's blocking calls a timeout"
    )
