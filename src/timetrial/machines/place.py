"""What a Dask worker keeps of ours: a bench on its machine, for as long as the client wants it."""

from __future__ import annotations

import pickle
import queue
import subprocess
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Final

from distributed import get_worker
from distributed.utils import thread_state  # type: ignore[attr-defined,unused-ignore]  # there, but not declared

from timetrial.errors import ClusterError
from timetrial.machines import bench
from timetrial.machines.orders import Order
from timetrial.system.affinity import usable_cpus

_LOOK_S: Final = 0.2
_ENDING_S: Final = 30.0
"""How long a bench gets to end what it is at, and to remove its folder."""


class BenchGoneError(Exception):
    """A bench ended without an answer: it was killed, or its machine has no memory left."""


class Place:
    """A bench that is open. Dask keeps it on the worker as the result of a task that the client holds on to.

    When the client lets go of it, ends or is killed, the scheduler has the worker forget it, and the bench ends too.
    """

    def __init__(self) -> None:
        self._process = bench.start()
        assert self._process.stdin is not None
        self._orders: IO[bytes] = self._process.stdin
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=_hear, args=(self._process, self._answers), daemon=True).start()
        weakref.finalize(self, _let_go, self._process)

    def __reduce__(self) -> Any:
        """It is of this machine: raises TypeError for whoever would move it to another one."""
        raise TypeError("a bench stays on its machine")

    def carry_out(self, order: Order, still_wanted: Callable[[], bool]) -> Any:
        """What comes of an order; raises BenchGoneError, and ClusterError once it is not wanted any more."""
        try:
            pickle.dump(order, self._orders)
            self._orders.flush()
        except OSError as error:
            raise BenchGoneError(self._how_it_ended()) from error
        while still_wanted():
            with suppress(queue.Empty):
                answer = self._answers.get(timeout=_LOOK_S)
                if answer is _GONE:
                    raise BenchGoneError(self._how_it_ended())
                return answer
        self._end()
        raise ClusterError("this launch is not wanted any more")

    def _end(self) -> None:
        """Has it end what it is at; returns once nothing of it is left, so that nobody measures beside it."""
        with suppress(OSError):
            self._orders.close()
        try:
            self._process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _how_it_ended(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            return f"its process ended with status {self._process.wait(_LOOK_S)}"
        return "its process hung up"


_GONE: Final = object()


def _hear(process: subprocess.Popen[bytes], answers: queue.SimpleQueue[Any]) -> None:
    """Takes answers in until the process ends, and asks how it did, or it would stay as a zombie."""
    assert process.stdout is not None
    with suppress(EOFError, OSError, pickle.UnpicklingError), process.stdout as pipe:
        while True:
            answers.put(pickle.load(pipe))
    answers.put(_GONE)
    process.wait()


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Closing its pipe ends it."""
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()


def open_place() -> Place:
    """A task: its result stays on the worker."""
    return Place()


def carry_out(place: Place, order: Order) -> Any:
    """A task: an order to a place on this worker."""
    return place.carry_out(order, _still_wanted)


def _still_wanted() -> bool:
    """Whether the task that this thread is at has not been called off, by its client or by that one's end."""
    task = get_worker().state.tasks.get(thread_state.key)
    return task is not None and task.state == "executing"


def cpus_here() -> tuple[int, ...]:
    """The processors that this worker, and so what it starts, may use; empty where the system doesn't tell."""
    return tuple(usable_cpus())
