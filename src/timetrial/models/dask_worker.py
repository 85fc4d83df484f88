"""What Dask's workers run for us: they load the task once a process, open its resource once a thread, run batches.

A worker of somebody's cluster outlives our executors and may have several of them at once, so all that it keeps is
kept by the executor's job.
"""

from __future__ import annotations

import logging
import os
import platform
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from distributed import WorkerPlugin

from timetrial.environment.facts import ROOT, text_of
from timetrial.errors import WorkloadError
from timetrial.models.futures_worker import Answer, ItemFailure, WorkerState
from timetrial.models.pool import protocol
from timetrial.models.pool.worker import load, settle, unpack_batch, unsendable
from timetrial.system.clocks import clocks


class BatchFailedError(Exception):
    """What ended a batch: ``index`` is that of the item that failed, or None where it isn't known which."""

    def __init__(self, index: int | None, failure: protocol.Failure) -> None:
        super().__init__(index, failure)
        self.index = index
        self.failure = failure


@dataclass(frozen=True)
class Slot:
    """One thread of one worker, as it answers to a call that each is to answer once."""

    address: str
    host: str
    """The machine that it is on; see ``this_host``."""
    answer: Answer


class Job(WorkerPlugin):
    """What an executor's workers are to load, at every worker that there is and at each that comes later.

    ``embedded`` tells that they are processes of our own cluster, which live and die with it.
    """

    def __init__(self, name: str, setup: Mapping[str, Any], *, embedded: bool) -> None:
        self.name = name
        self._setup = setup
        self._embedded = embedded

    def setup(self, worker: Any) -> None:
        """Called by the worker, in the thread of its event loop."""
        if self._embedded and threading.current_thread() is threading.main_thread():
            settle()
        _jobs[self.name] = _JobHere(worker.address, self._setup, embedded=self._embedded)

    def teardown(self, worker: Any) -> None:
        """The same at the end."""
        del worker
        _jobs.pop(self.name, None)


def open_slot(job: str) -> Slot:
    """Loads the task, opens the resource in this thread, and says how it went; again, once it has nothing to do."""
    return _jobs[job].asked("opened", _jobs[job].open_here)


def close_slot(job: str) -> Slot:
    """Closes what this thread has opened."""
    return _jobs[job].asked("closed", WorkerState.leave)


def run_batch(job: str, message: bytes) -> bytes:
    """The results of the batch in that message and how long they took in seconds, as another one.

    Raises BatchFailedError for what ended it.
    """
    state = _jobs[job].opened()
    try:
        start, items = unpack_batch(message)
    except WorkloadError as error:
        raise BatchFailedError(None, protocol.pack_failure(error)) from error
    began_s = clocks.perf_counter()
    results = state.run(start, items)
    took_s = clocks.perf_counter() - began_s
    if isinstance(results, ItemFailure):
        raise BatchFailedError(results.index, results.failure)
    try:
        return bytes(protocol.pack(protocol.DONE, results, took_s))
    except Exception as error:
        index, problem = unsendable(range(start, start + len(items)), results, state.task, error)
        raise BatchFailedError(index, protocol.pack_failure(problem)) from error


def this_host() -> str:
    """The machine and its present start, by which processes elsewhere are told from our own of the same number."""
    return f"{platform.node()} {text_of(ROOT / 'proc/sys/kernel/random/boot_id') or ''}".strip()


class _JobHere:
    """A job in one worker process: its task, and the state of each thread that has had to do with it."""

    def __init__(self, address: str, setup: Mapping[str, Any], *, embedded: bool) -> None:
        self._address = address
        self._setup = setup
        self._embedded = embedded
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any, Mapping[str, object]] | None = None
        self._states: dict[int, WorkerState] = {}
        self._opened: dict[int, WorkerState] = {}

    def asked(self, name: str, act: Callable[[WorkerState], Mapping[str, object] | None]) -> Slot:
        return Slot(self._address, this_host(), self._state().once(name, act))

    def open_here(self, state: WorkerState) -> Mapping[str, object]:
        with self._lock:
            if self._loaded is None:
                self._loaded = _loaded_in_our_own(self._setup) if self._embedded else _loaded_elsewhere(self._setup)
        task, resource, facts = self._loaded
        state.enter(task, resource)
        self._opened[threading.get_ident()] = state
        return facts

    def opened(self) -> WorkerState:
        """The state of this thread; it opens its resource now where it comes in place of a worker that was lost."""
        state = self._opened.get(threading.get_ident())
        if state is None:
            failure = self.asked("opened", self.open_here).answer.failure
            if failure is not None:
                raise BatchFailedError(None, failure)
            state = self._opened[threading.get_ident()]
        return state

    def _state(self) -> WorkerState:
        return self._states.setdefault(threading.get_ident(), WorkerState())


def _loaded_in_our_own(setup: Mapping[str, Any]) -> tuple[Any, Any, Mapping[str, object]]:
    """The same in a process that is there for one trial; what Dask has to say of it comes out as an exception."""
    found = load(dict(setup))
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # the trial's world has levels of its own
    return found


def _loaded_elsewhere(setup: Mapping[str, Any]) -> tuple[Any, Any, Mapping[str, object]]:
    """The task and the resource in a process that others use too, so that its world is left as it is."""
    try:
        task, resource = protocol.unpack(setup["payload"])
    except Exception as error:
        raise WorkloadError(
            f"the task or its resource can't be loaded in a worker of the cluster, process {os.getpid()} of "
            f"{platform.node()} ({type(error).__name__}: {error}); install the package that it is in there too, or "
            f"start the worker with PYTHONPATH set to the module's folder"
        ) from error
    return task, resource, {}


_jobs: dict[str, _JobHere] = {}
