"""The end of a process that leads a group of its own, together with everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any, Final

from timetrial.system.warden import gone

_LAST_WORDS_S: Final = 0.5


def end_group(process: subprocess.Popen[Any], patience_s: float, *, ask: Callable[[], None] | None = None) -> None:
    """Asks for the end, waits up to ``patience_s``, then kills what is left; returns once the process is waited for.

    ``process`` was started by ``warden.start``. ``ask`` is how it is asked, in place of SIGTERM to the
    whole group. Its output is read meanwhile and dropped, so that none of it waits for a full pipe. Windows has no
    groups and nothing to ask with: there the process alone is killed, at once.
    """
    if os.name != "nt":
        if ask is None:
            _signal_group(process.pid, signal.SIGTERM)
        else:
            ask()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=patience_s)
    kill_group(process)
    # What left the group may have the output open, for as long as it likes.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_LAST_WORDS_S)
    process.wait()
    leave_output(process)


def leave_output(process: subprocess.Popen[Any]) -> None:
    """Closes this side of its output, which others may go on writing to."""
    if os.name != "nt":  # there a thread reads it, and closing would wait for that
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def kill_group(process: subprocess.Popen[Any]) -> None:
    """Kills a process and all of its group, whose first one may have ended already; on Windows the process alone."""
    if os.name != "nt":
        kill_group_of(process.pid)
    else:
        process.kill()
    gone(process)


def kill_group_of(leader: int) -> None:
    """Kills what is left of the group that a process of this number leads or led; Windows has no groups."""
    if os.name != "nt":
        _signal_group(leader, signal.SIGKILL)


def _signal_group(leader: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter: only zombies are left, on macOS
        os.killpg(leader, number)
