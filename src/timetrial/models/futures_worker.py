"""What the workers of concurrent.futures' own pools run for us, be they processes, threads or interpreters.

A pool can't be told which of its workers a call is for. So a call that each is to answer once stays a moment where it
is, the pool gives the next one to somebody else, and whoever is called again gives the same answer.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from timetrial.errors import WorkloadError
from timetrial.measure.tracing import hold_off_here, pause
from timetrial.models.calling import Call, check_computed, opened_async_task, opened_task
from timetrial.models.pool import protocol

_MOMENT_S = 0.002


@dataclass(frozen=True)
class Answer:
    """What one worker answers to a call that each is to answer once."""

    pid: int
    thread: int
    facts: Mapping[str, object]
    """What is to be known about it."""
    failure: protocol.Failure | None = None
    """What kept it from doing as it was told."""


@dataclass(frozen=True)
class ItemFailure:
    """What an item of a batch raised; ``index`` is None where it isn't known which."""

    index: int | None
    failure: protocol.Failure


def open_in_process(setup: Mapping[str, Any]) -> Answer:
    """Loads the task in a worker process, as ours do it, and opens its resource."""
    return _own().once("opened", lambda worker: _load_in_process(worker, setup))


def open_in_interpreter(setup: Mapping[str, Any]) -> Answer:
    """The same in an interpreter: it has this process's variables and folder, but not its search path."""
    return _own().once("opened", lambda worker: _load_in_interpreter(worker, setup))


def open_loop_in_interpreter(setup: Mapping[str, Any]) -> Answer:
    """As open_in_interpreter, for an async task: in an event loop that the interpreter has until it is closed."""
    return _own().once("opened", lambda worker: _load_in_loop(worker, setup))


def open_in_thread(task: Callable[..., Any], resource: Callable[[int], Any] | None) -> Answer:
    """Opens the resource in a thread."""
    hold_off_here()
    return _of_thread().once("opened", lambda worker: worker.enter(task, resource))


def close_own() -> Answer:
    """Closes what this process or interpreter has opened."""
    return _own().once("closed", WorkerState.leave)


def close_in_thread() -> Answer:
    """Closes what this thread has opened."""
    return _of_thread().once("closed", WorkerState.leave)


def run_one(item: Any) -> Any:
    """The task's result, in a thread; raises what it raises."""
    return _threads.worker.call(item)


def run_batch(start: int, items: Sequence[Any]) -> list[Any] | ItemFailure:
    """The results of items in a row, from the index ``start`` on; or what the first that failed raised."""
    return _own().run(start, items)


def run_batch_in_loop(start: int, items: Sequence[Any]) -> list[Any] | ItemFailure:
    """As run_batch, several items at once."""
    try:
        return _own().run_in_loop(items, start)
    except BaseException as error:  # noqa: BLE001 - the parent raises it, whatever it is
        return ItemFailure(None, protocol.pack_failure(error))  # a note says which item it was


class WorkerState:
    """One worker's own: its task, with its resource behind it."""

    call: Call
    task: Callable[..., Any]
    run_in_loop: Callable[[Sequence[Any], int], list[Any]]

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.ran_before = False
        self._answers: dict[str, Answer] = {}
        self._stack = ExitStack()

    def once(self, name: str, act: Callable[[WorkerState], Mapping[str, object] | None]) -> Answer:
        """Acts at the first call of that name, and gives the same answer again at all others."""
        if name not in self._answers:
            facts, failure = None, None
            try:
                facts = act(self)
            except BaseException as error:  # noqa: BLE001 - the parent raises it, whatever it is
                failure = protocol.pack_failure(error)
            self._answers[name] = Answer(self.pid, threading.get_ident(), facts or {}, failure)
        time.sleep(_MOMENT_S)
        return self._answers[name]

    def enter(self, task: Callable[..., Any], resource: Callable[[int], Any] | None) -> None:
        """Opens the resource behind the task."""
        self.task = task
        self.call = self._stack.enter_context(opened_task(task, resource, 1))

    def enter_in_loop(
        self, task: Callable[..., Any], resource: Callable[[int], Any] | None, slots: int, model: str
    ) -> None:
        """The same in an event loop, which stays until ``leave``."""
        import asyncio

        from timetrial.models.coroutines import CoroutinesAsyncExecutor, Keeper

        runner = self._stack.enter_context(asyncio.Runner())
        keeper = Keeper(opened_async_task(task, resource, slots))
        executor = CoroutinesAsyncExecutor(task, runner.run(keeper.open()), slots, model)
        self._stack.callback(lambda: runner.run(keeper.close()))
        self.run_in_loop = lambda items, start: runner.run(executor.run(items, start))

    def run(self, start: int, items: Sequence[Any]) -> list[Any] | ItemFailure:
        """As run_batch."""
        call = self.call
        results: list[Any] = []
        try:
            for item in items:
                results.append(call(item))  # noqa: PERF401 - what there is when one fails tells which it was
        except BaseException as error:  # noqa: BLE001 - the parent raises it, whatever it is
            return ItemFailure(start + len(results), protocol.pack_failure(error))
        if not self.ran_before:
            try:
                check_computed(results, self.task)
            except Exception as error:  # noqa: BLE001 - as above
                return ItemFailure(None, protocol.pack_failure(error))
            self.ran_before = True
        return results

    def leave(self) -> None:
        """Closes it."""
        self._stack.close()


_threads = threading.local()
_main: list[WorkerState] = []


def _of_thread() -> WorkerState:
    """The worker that this thread is."""
    if not hasattr(_threads, "worker"):
        _threads.worker = WorkerState()
    worker: WorkerState = _threads.worker
    return worker


def _own() -> WorkerState:
    """The worker that this process is, or this interpreter: each has this module for itself, or a copy by a fork."""
    if not _main or _main[0].pid != os.getpid():
        _main[:] = [WorkerState()]
    return _main[0]


def _load_in_process(worker: WorkerState, setup: Mapping[str, Any]) -> Mapping[str, object]:
    from timetrial.models.pool.worker import load, settle, watch_parent

    settle()
    watch_parent()
    task, resource, facts = load(dict(setup))
    worker.enter(task, resource)
    return facts


def _load_in_interpreter(worker: WorkerState, setup: Mapping[str, Any]) -> Mapping[str, object]:
    worker.enter(*_loaded_in_interpreter(setup))
    return _untraced(setup)


def _load_in_loop(worker: WorkerState, setup: Mapping[str, Any]) -> Mapping[str, object]:
    task, resource = _loaded_in_interpreter(setup)
    worker.enter_in_loop(task, resource, setup["slots"], setup["model"])
    return _untraced(setup)


def _untraced(setup: Mapping[str, Any]) -> Mapping[str, object]:
    """Holds off what listens to this interpreter, as ``worker.load`` does in a process; what can't be is a fact."""
    left = () if setup["traced"] else pause().left
    return {"traced": ", ".join(left)} if left else {}


def _loaded_in_interpreter(setup: Mapping[str, Any]) -> Any:
    from timetrial.models.pool import import_paths

    sys.path[:] = setup["path"]
    import_paths.install(setup["places"])
    if setup["main"] is not None:
        _import_main(setup["main"])
    try:
        return protocol.unpack(setup["payload"])
    except ImportError:
        raise
    except Exception as error:
        raise WorkloadError(
            f"the task or its resource can't be loaded in another interpreter ({type(error).__name__}: {error}); "
            f"define it at the top level of a module"
        ) from error


def _import_main(file: str) -> None:
    """Runs the program's main module as multiprocessing does it for a new process: by another name."""
    import runpy

    main = ModuleType("__mp_main__")
    main.__dict__.update(runpy.run_path(file, run_name=main.__name__))
    sys.modules["__main__"] = sys.modules[main.__name__] = main
