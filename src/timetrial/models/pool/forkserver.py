"""Imported first in a fork server: takes over its parent's import path, and tidies up after a parent that is killed."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType

from timetrial.models.pool import import_paths

VARIABLE = "TIMETRIAL_FORKSERVER"
_DYING_S = 1.0
"""How long a parent may take to be gone that is ended by the same signal; one with much memory is not gone at once."""

_MOST_CHARACTERS = 60_000
"""How much is told of where modules are: Linux has room for 128 KiB in a variable. Workers are told the rest."""


def describe_parent(places: import_paths.Places, cwd: str | None = None) -> str:
    """What a fork server is told about the process that starts it, in the environment variable VARIABLE.

    ``cwd`` is the folder in which it imports; None is the one in which it is started.
    """
    from multiprocessing.util import get_temp_dir

    told = places if len(json.dumps(places)) <= _MOST_CHARACTERS else {}
    parent = {"sys_path": sys.path, "cwd": cwd, "parent": os.getpid(), "folder": get_temp_dir()}
    return json.dumps({**parent, "places": told})


def remove_folder_of_killed_parent(folder: str, parent: int, server: int) -> None:
    """Removes the folder with the fork server's socket, which only a parent that ends by itself removes.

    Workers inherit the call and do nothing in it.
    """
    if os.getpid() == server and Path(folder).name.startswith("pymp-") and _is_orphaned(parent):
        shutil.rmtree(folder, ignore_errors=True)


def _is_orphaned(parent: int) -> bool:
    """Whether the parent is gone. It hangs up on the fork server a moment before it is, so this waits that moment."""
    deadline_s = time.monotonic() + _DYING_S
    while os.getppid() == parent and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return os.getppid() != parent


def _is_fork_server_of(parent: int) -> bool:
    """Whether this is the fork server, not a process that it forked, which imports this where the server could not.

    The parent may be gone already.
    """
    if os.getppid() == parent:
        return True
    try:
        os.kill(parent, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


class TidySignals:
    """Has this process tidy up before it dies of SIGTERM or SIGHUP, which end whole process groups and run no atexit.

    Processes that it forks are not to notice: they begin with the signals as they would have been, and none that is
    sent to them is lost.
    """

    def __init__(self, tidy: Callable[[], None]) -> None:
        self._tidy = tidy
        self._process = os.getpid()
        self._mask: set[int] | None = None
        self._signals: list[signal.Signals] = []

    def take_over(self) -> None:
        """Begins with it, for those signals that nobody else handles or ignores."""
        if sys.platform == "win32":
            return
        self._signals = [
            number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL
        ]
        for number in self._signals:
            signal.signal(number, self._die)
        os.register_at_fork(
            before=self._hold_back, after_in_parent=self._let_through, after_in_child=self._begin_as_child
        )

    def _die(self, number: int, frame: FrameType | None) -> None:
        del frame
        signal.signal(number, signal.SIG_IGN)  # a second one must not break off what takes a second at most
        self._tidy()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _hold_back(self) -> None:
        """Until the child handles them by itself: what Python has noted by then, it forgets in a child."""
        if sys.platform != "win32" and os.getpid() == self._process:
            self._mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, self._signals))

    def _let_through(self) -> None:
        if sys.platform != "win32" and self._mask is not None:
            mask, self._mask = self._mask, None
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _begin_as_child(self) -> None:
        if self._mask is None:  # the child of a child
            return
        for number in self._signals:
            if signal.getsignal(number) == self._die:
                signal.signal(number, signal.SIG_DFL)
        self._let_through()


_told = os.environ.pop(VARIABLE, None)
if _told is not None:
    _parent = json.loads(_told)
    sys.path[:] = _parent["sys_path"]
    if _parent["cwd"] is not None:
        with suppress(OSError):  # it may be gone by now
            os.chdir(_parent["cwd"])
    import_paths.install(_parent["places"])
    if _is_fork_server_of(_parent["parent"]):
        _tidy = partial(remove_folder_of_killed_parent, _parent["folder"], _parent["parent"], os.getpid())
        atexit.register(_tidy)
        TidySignals(_tidy).take_over()
