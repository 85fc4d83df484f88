"""Which processors a process may use, for all of its threads; a platform that can't pin says so."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Collection, Iterable
from pathlib import Path


def can_pin() -> bool:
    """Whether this platform lets a program choose its processors (Linux does)."""
    return hasattr(os, "sched_setaffinity")


def usable_cpus() -> list[int]:
    """The processors that this process may use, in order; empty where it can't be known."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def count_usable_cpus() -> int:
    """How many processors this process may use, at least 1; as Python counts them, where it does (3.13)."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    return len(usable_cpus()) or os.cpu_count() or 1


def pin(pids: Iterable[int], cpus: Collection[int]) -> None:
    """Moves processes, with every thread that they have now, to these processors; those that are gone are passed over.

    The call that pins a process pins one thread only, so each has its own. Threads and processes that they start
    later inherit the choice.
    """
    if not can_pin():
        return
    for pid in pids:
        for thread in _threads(pid):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(thread, cpus)


def _threads(pid: int) -> list[int]:
    try:
        return [int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return [pid]
