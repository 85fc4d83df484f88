"""The process side of a worker pool: how a worker starts, hears its parent, and ends with it."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing import active_children, current_process, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, NoReturn

from timetrial.errors import NeverAwaitedError, NothingComputedError, WorkloadError
from timetrial.measure.tracing import pause
from timetrial.models.calling import check_computed
from timetrial.models.pool import import_paths, protocol
from timetrial.models.pool.parent_state import KeptWarnings, enter, import_as_in
from timetrial.system.real_threads import start_thread

Deliver = Callable[[bytes], None]

_PARENT_IS_GONE = 70

_BETWEEN_LOOKS_S = 0.5
"""How often a worker looks for its parent where the system can't tell it."""


def main(connection: Connection, inherited: list[Connection], serve: str) -> None:
    """What a worker process runs: ``serve``, named as ``module:function``, until the parent says CLOSE.

    ``inherited`` are the parent's ends of all pipes, which a forked worker closes, so that each worker sees its
    parent go.
    """
    for end in inherited:
        end.close()
    settle()
    kept_warnings = KeptWarnings()
    link = Link(connection)
    module, function = serve.split(":")
    message = link.receive()
    if protocol.kind_of(message) != protocol.SETUP:  # not all workers could be started, and the parent closes
        link.send(protocol.CLOSED)
        return
    setup = protocol.unpack(message)[0]
    try:
        getattr(import_module(module), function)(link, setup)
    except BaseException as error:  # noqa: BLE001 - the parent raises it: what failed is loading, opening or closing
        link.send(protocol.FAILED, None, protocol.pack_failure(error))
    else:
        link.send(protocol.CLOSED)
    finally:
        kept_warnings.tell()
        _end_children()


def settle() -> None:
    """Makes this process a worker: it leads a group, leaves Ctrl-C to its parent, and ends when that does."""
    _lead_a_group()
    _leave_ctrl_c_to_the_parent()
    _end_with_the_parent()


class Link:
    """A worker's end of the pipe. Once it listens, the end of the parent is the end of the worker."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.cancelled = False
        """Set as soon as CANCEL has arrived; whoever answers it clears it."""

    def receive(self) -> bytes:
        """The next message, waited for in this thread."""
        try:
            return self._connection.recv_bytes()
        except (EOFError, OSError):
            _go_with_the_parent()

    def listen(self, deliver: Deliver) -> None:
        """Hands every message to ``deliver``, from a thread of its own that sees the parent go at any time."""
        start_thread(self._listen, deliver, name="timetrial-link")

    def send(self, kind: bytes, *values: Any) -> None:
        """Sends one message; raises whatever pickling raises."""
        message = protocol.pack(kind, *values)
        try:
            self._connection.send_bytes(message)
        except OSError:
            _go_with_the_parent()

    def _listen(self, deliver: Deliver) -> None:
        while True:
            message = self.receive()
            if protocol.kind_of(message) == protocol.CANCEL:
                self.cancelled = True
            deliver(message)


def load(setup: dict[str, Any]) -> tuple[Any, Any, dict[str, object]]:
    """The task, the resource, and what is to be known about their loading.

    ``preloaded`` says whether a fork server had their modules imported already when this process began. It stays
    out where that can't be told: without a fork server, and for ``__main__``, which every worker has in some way.
    ``unlike_parent`` says in what this process differs from its parent, if it does.
    ``traced`` names what traces or profiles this process and can't be held off.
    Raises WorkloadError for what can't be imported or unpickled.
    """
    facts: dict[str, object] = {}
    if setup["forkserver"] and "__main__" not in setup["modules"]:
        facts["preloaded"] = all(module in sys.modules for module in setup["modules"])
    import_paths.install(setup["places"])
    import_as_in(setup["imports"], setup["modules"])
    if unlike := enter(setup["world"]):
        facts["unlike_parent"] = "; ".join(unlike)
    left = [*_untraced(setup)]
    # Who forks here is warned of another thread, which is ours and only waits for the parent's messages.
    warnings.filterwarnings("ignore", message=".*multi-threaded, use of fork", category=DeprecationWarning)
    try:
        task, resource = protocol.unpack(setup["payload"])
    except Exception as error:
        raise WorkloadError(
            f"the {setup['kind']} or its resource can't be loaded in a worker process "
            f"({type(error).__name__}: {error}); define it at the top level of a module that workers can import too"
        ) from error
    left += _untraced(setup)  # once more: a module that was imported may have begun to trace
    if left:
        facts["traced"] = ", ".join(dict.fromkeys(left))
    return task, resource, facts


def _untraced(setup: dict[str, Any]) -> Sequence[str]:
    """Holds off what traces this process, for good: a worker is there for the rounds of one trial.

    Returns what can't be held off. Where the trial is run for its coverage, and times nothing, nothing is.
    """
    return () if setup["traced"] else pause().left


def unpack_batch(message: bytes) -> tuple[int, list[Any]]:
    """The first index of a batch and its items; raises WorkloadError where they can't be loaded."""
    try:
        start, items = protocol.unpack(message)
    except Exception as error:
        raise WorkloadError(
            f"items can't be loaded in a worker process ({type(error).__name__}: {error}); "
            f"make them of plain data, or of classes that survive pickle.loads(pickle.dumps(...)) and are defined at "
            f"the top level of a module that workers can import too"
        ) from error
    return start, items


def send_results(
    link: Link, indices: Sequence[int], results: list[Any], task: Callable[..., Any], *, asks: bool = True
) -> bool:
    """Sends results, and ``asks`` for another batch with them; each batch may ask once.

    Where they can't be pickled, sends which one it is, and returns False.
    """
    try:
        link.send(protocol.DONE, indices, results, asks)
    except Exception as error:  # noqa: BLE001 - __reduce__ may raise anything
        index, problem = unsendable(indices, results, task, error)
        link.send(protocol.FAILED, index, protocol.pack_failure(problem))
        return False
    return True


def unsendable(
    indices: Sequence[int], results: list[Any], task: Callable[..., Any], error: Exception
) -> tuple[int | None, Exception]:
    """Which result can't be pickled, and what to raise for it; ``error`` is what pickling all of them raised."""
    for index, result in zip(indices, results, strict=True):
        try:
            protocol.pack(protocol.DONE, result)
        except Exception as problem:  # noqa: BLE001 - __reduce__ may raise anything
            try:
                check_computed(results, task)
            except (NeverAwaitedError, NothingComputedError) as no_result:
                return index, no_result
            return index, _unsendable_error(problem)
    return None, _unsendable_error(error)


def _unsendable_error(error: Exception) -> WorkloadError:
    return WorkloadError(
        f"a result can't be sent back from a worker process ({type(error).__name__}: {error}); "
        f"return plain data, or objects of classes defined at the top level of a module"
    )


def _lead_a_group() -> None:
    """Lets the task start processes of its own, and keeps them together, so that they can be ended with this one.

    A daemonic process may have no children; the parent still takes this one for daemonic, and ends it when it exits.
    """
    current_process().daemon = False
    if hasattr(os, "setpgid"):
        with suppress(OSError):  # it leads one already
            os.setpgid(0, 0)


def _end_children() -> None:
    """Those that the task has left: multiprocessing would wait for them, except for daemonic ones, which it ends."""
    for child in active_children():
        if not child.daemon:
            child.terminate()


def _go_with_the_parent() -> NoReturn:
    """Takes along what the task has started."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(_PARENT_IS_GONE)


def watch_parent() -> None:
    """Starts a thread that sees the parent go: for workers of other pools, whose pipes are not ours to listen to."""
    start_thread(_wait_for_the_parent, name="timetrial-parent")


def _wait_for_the_parent() -> None:
    parent = os.getppid()
    end = getattr(parent_process(), "sentinel", None)
    if not isinstance(end, int) and hasattr(os, "pidfd_open"):  # loky's workers know no sentinel
        end = os.pidfd_open(parent)
    if isinstance(end, int):
        wait([end])
    else:
        while os.getppid() == parent:
            time.sleep(_BETWEEN_LOOKS_S)
    _go_with_the_parent()


def _leave_ctrl_c_to_the_parent() -> None:
    """A terminal sends Ctrl-C to every process of the group; the parent decides what it means, and closes us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end_with_the_parent() -> None:
    """Has the kernel end this process when the parent goes, even if a task never lets go of the GIL.

    multiprocessing gives every worker a pipe whose other end only the parent holds. Where that is a plain file
    descriptor, it can raise SIGIO, whose default is to end the process; the whole group gets it, with all that the task
    has started. Elsewhere the listening thread does it.
    """
    parent = parent_process()
    sentinel = getattr(parent, "sentinel", None)
    if sys.platform == "win32" or not isinstance(sentinel, int):
        return
    import fcntl

    if not hasattr(fcntl, "F_SETOWN") or not hasattr(os, "O_ASYNC"):
        return
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(sentinel, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(sentinel, fcntl.F_SETFL, fcntl.fcntl(sentinel, fcntl.F_GETFL) | os.O_ASYNC)
