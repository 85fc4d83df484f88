"""The process on a machine in which sides are made and launches run: ``python -m timetrial.machines.bench``.

A Dask worker starts it and speaks with it through pipes, in pickles: an order, its answer, the next order. So that a
launch has a main thread of its own, children of its own, and an end of its own: when the worker closes the pipe, or
ends in whatever way, what runs is ended and the folder is removed.
"""

from __future__ import annotations

import _thread
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from typing import IO, Any

from timetrial.errors import TimetrialError
from timetrial.gate.sides.scratch import gate_folder
from timetrial.machines.orders import Bench, Order, Refusal
from timetrial.system.signals import endings_unwind
from timetrial.system.warden import warden


def command() -> list[str]:
    """How a bench is started: in the environment of whoever asks, its folders left out of the path."""
    return [sys.executable, "-P", "-m", "timetrial.machines.bench"]


def main() -> None:
    """Carries out orders until the pipe that they come through is closed."""
    answers = os.fdopen(os.dup(1), "wb")
    given = os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)  # nothing that a test or an installer prints is an answer
    os.environ.pop("PYTHONPATH", None)  # it was for the worker: a side has its own
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it, and so do launches
    orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
    try:
        with endings_unwind(), warden(), gate_folder() as folder:
            threading.Thread(target=_hear, args=(given, orders), daemon=True).start()
            bench = Bench(folder)
            while (order := orders.get()) is not None:
                pickle.dump(_answer(order, bench), answers)
                answers.flush()
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(1)  # nobody waits for an answer any more


def _answer(order: Order, bench: Bench) -> Any:
    try:
        return order.carry_out(bench)
    except TimetrialError as error:
        return Refusal(str(error))
    except Exception as error:  # noqa: BLE001 - it is told where somebody reads it
        return Refusal(f"{type(error).__name__}: {error}")


def _hear(pipe: IO[bytes], orders: queue.SimpleQueue[Order | None]) -> None:
    """Takes orders in; the end of the pipe also interrupts the order that is under way."""
    try:
        while True:
            orders.put(pickle.load(pipe))
    except (EOFError, OSError, pickle.UnpicklingError):
        orders.put(None)
        _interrupt()


def _interrupt() -> None:
    """Unwinds the main thread, also while it waits for the system, as SIGTERM from anybody else would."""
    main_thread = threading.main_thread().ident
    if sys.platform != "win32" and main_thread is not None:
        signal.pthread_kill(main_thread, signal.SIGTERM)
    else:
        _thread.interrupt_main()


def start() -> subprocess.Popen[bytes]:
    """A bench of this machine, in a session of its own, so that it outlives nobody but is ended by its pipe alone."""
    return subprocess.Popen(
        command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )


if __name__ == "__main__":
    main()
