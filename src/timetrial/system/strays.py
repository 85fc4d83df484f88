"""Processes that left the group of the program that started them: on Linux they become this process's children."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SET_SUBREAPER: Final = 36  # PR_SET_CHILD_SUBREAPER, <linux/prctl.h>
_GET_SUBREAPER: Final = 37
_GRACE_S: Final = 1.0
_PATIENCE_S: Final = 2.0
_PAUSE_S: Final = 0.01
_LONGEST_COMMAND: Final = 100


@dataclass(frozen=True)
class Stray:
    """One that was found: ``command`` as it was called, ``folder`` where it worked."""

    pid: int
    command: str
    folder: str


class Strays:
    """Those that come to this process while it adopts; ``known`` are its own children."""

    def __init__(self, known: set[int]) -> None:
        self._known = known

    def end(self) -> list[Stray]:
        """Kills those there are, and what they leave behind in turn; to be asked once their programs have ended.

        They get a moment to end by themselves first, as a fork server does that sees its program gone.
        """
        found: dict[int, Stray] = {}
        self._let_end()
        deadline_s = time.monotonic() + _PATIENCE_S
        while (strays := _children() - self._known) and time.monotonic() < deadline_s:
            for pid in strays:
                if pid not in found and not _is_zombie(pid):
                    found[pid] = _described(pid)
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            _take_notice(strays)
            time.sleep(_PAUSE_S)
        return list(found.values())

    def _let_end(self) -> None:
        deadline_s = time.monotonic() + _GRACE_S
        while (strays := _children() - self._known) and time.monotonic() < deadline_s:
            _take_notice(strays)
            time.sleep(_PAUSE_S)


@contextmanager
def adopting() -> Iterator[Strays]:
    """Within, a process whose parent ends becomes a child of this one, where the system can do that (Linux)."""
    before = _subreaper()
    _become_subreaper(1)
    try:
        yield Strays(_children())
    finally:
        _become_subreaper(before)


def _take_notice(pids: set[int]) -> None:
    """Those that have ended are no processes any more."""
    for pid in pids:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _become_subreaper(whether: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_SUBREAPER, whether, 0, 0, 0)


def _subreaper() -> int:
    if sys.platform != "linux":
        return 0
    answer = ctypes.c_int()
    ctypes.CDLL(None).prctl(_GET_SUBREAPER, ctypes.byref(answer), 0, 0, 0)
    return answer.value


def _children() -> set[int]:
    """Those of this process; none where the system doesn't tell."""
    if sys.platform != "linux":
        return set()
    own, found = str(os.getpid()).encode(), set()
    for entry in os.listdir("/proc"):  # noqa: PTH208 - a Path for each costs more than the reading
        if entry.isdigit() and _stat(entry)[1:2] == [own]:
            found.add(int(entry))
    return found


def _is_zombie(pid: int) -> bool:
    return _stat(str(pid))[:1] in ([b"Z"], [])


def _stat(pid: str) -> list[bytes]:
    """State, parent and all that follows; nothing for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []


def _described(pid: int) -> Stray:
    command = folder = ""
    with suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        folder = os.readlink(f"/proc/{pid}/cwd")  # noqa: PTH115 - it may hold what no Path would keep
    return Stray(pid, command[:_LONGEST_COMMAND] or "?", folder)
