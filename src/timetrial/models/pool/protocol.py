"""What goes over the pipe between the parent and a worker process: one byte that says what it is, then a pickle."""

from __future__ import annotations

import io
import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# From the parent to a worker.
SETUP = b"S"  # what to run: module names, then the pickled task and resource
BATCH = b"B"  # first index, items
CANCEL = b"X"  # begin nothing more of this round, then say STOPPED
CLOSE = b"Q"  # close the resource, say CLOSED and end

# From a worker to the parent.
READY = b"R"  # the resource is open; facts for Executor.details
DONE = b"D"  # indices, their results, whether another batch is asked for
FAILED = b"F"  # index or None, a Failure
STOPPED = b"Z"  # the answer to CANCEL
CLOSED = b"C"  # the answer to CLOSE


@dataclass(frozen=True)
class Failure:
    """An exception on its way to the parent: as a pickle if it survives that, and in words in any case."""

    pickled: bytes | None
    """The exception; None where it can not be pickled and loaded again."""
    description: str
    """Its class and its text."""
    obstacle: str
    """What kept it from being pickled; empty where nothing did."""
    worker_traceback: str
    """As Python prints it."""


def pack(kind: bytes, *values: Any) -> memoryview:
    """One message; raises whatever pickling raises."""
    buffer = io.BytesIO()
    buffer.write(kind)
    pickle.dump(values, buffer, pickle.HIGHEST_PROTOCOL)
    return buffer.getbuffer()


def kind_of(message: bytes) -> bytes:
    """The message's first byte."""
    return message[:1]


def unpack(message: bytes) -> Any:
    """The values of a message; raises whatever unpickling raises."""
    return pickle.loads(memoryview(message)[1:])


def pack_failure(error: BaseException) -> Failure:
    """The exception as it can travel: tried both ways, since many can be pickled but not unpickled."""
    text = "".join(traceback.format_exception(error))
    description = "".join(traceback.format_exception_only(error)).strip()
    try:
        pickled = pickle.dumps(error)
        pickle.loads(pickled)
    except Exception as obstacle:  # noqa: BLE001 - __reduce__ and __init__ may raise anything
        return Failure(None, description, f"{type(obstacle).__name__}: {obstacle}", text)
    return Failure(pickled, description, "", text)


def unpack_failure(failure: Failure, instead: Callable[[str], BaseException]) -> BaseException:
    """The exception itself with the worker's traceback as a note, or ``instead(why)`` where it couldn't travel."""
    obstacle = failure.obstacle
    if failure.pickled is not None:
        try:
            error = pickle.loads(failure.pickled)
        except Exception as problem:  # noqa: BLE001 - __init__ may raise anything
            obstacle = f"{type(problem).__name__}: {problem}"
        else:
            if isinstance(error, BaseException):
                error.add_note(f"timetrial: in the worker:\n{failure.worker_traceback}")
                return error
            obstacle = f"it comes back as a {type(error).__name__}"
    return instead(
        f"{failure.description}\n"
        f"(the exception itself can't be sent between processes: {obstacle}; define its class at the top level of a "
        f"module and let __init__ take what it passes to super().__init__)\n{failure.worker_traceback}"
    )
