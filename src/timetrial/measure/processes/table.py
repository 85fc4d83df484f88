"""What can be read about other processes, the same on every platform: a glance is cheap, the rest is not."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from timetrial.errors import AccountingError


class CpuReading(NamedTuple):
    """CPU time so far. ``total_ns`` may be finer than the other two, which then only say how it divides."""

    total_ns: int
    user_ns: int
    system_ns: int


class Glance(NamedTuple):
    """What is cheap to know about a process at one moment.

    ``born`` tells it from a later process with the same id; ``reaped`` is the CPU time of its children that ended
    and were waited for; ``threads`` is 0 when it has ended but was not waited for; ``files`` is how many files and
    sockets it has open, None where that is not cheap to know.
    """

    parent_pid: int
    born: float
    cpu: CpuReading
    reaped: CpuReading
    threads: int
    rss_bytes: int
    files: int | None


class Memory(NamedTuple):
    """Bytes, of what kind they are, and the resident size at the same moment, where that is known."""

    size_bytes: int
    kind: str
    rss_bytes: int | None = None


Switches = Mapping[int, tuple[int, int]]
"""Voluntary and involuntary context switches so far of each thread, by its id."""


class ProcessTable(Protocol):
    """Reads what a process uses. Every method raises ProcessLookupError when the process is gone."""

    def glance(self, pid: int) -> Glance:
        """What is cheap to know."""
        ...

    def memory(self, pid: int) -> Memory:
        """Its memory, shared pages counted as fairly as the platform can."""
        ...

    def sockets(self, pid: int) -> int:
        """How many of its open files are sockets."""
        ...

    def switches(self, pid: int) -> Switches:
        """Its context switches, thread by thread."""
        ...

    def parents(self) -> Mapping[int, int]:
        """The parent of every process there is."""
        ...

    def command(self, pid: int) -> str:
        """Its command line."""
        ...


def open_table() -> ProcessTable:
    """The table of this machine's processes; raises AccountingError where psutil is needed and missing."""
    if sys.platform == "linux":
        from timetrial.measure.processes.procfs import ProcFiles

        return ProcFiles()
    try:
        from timetrial.measure.processes.psutil_table import PsutilTable

        return PsutilTable()
    except ModuleNotFoundError as error:
        raise AccountingError(
            f"reading what processes use on {sys.platform} needs psutil, which is not installed; "
            f"install timetrial[accounting]"
        ) from error


def descendants(parents: Mapping[int, int], ancestors: Mapping[int, object]) -> dict[int, int]:
    """Every process below one of the ancestors that is none itself, with the nearest ancestor it has among them."""
    found: dict[int, int] = {}
    for pid in parents:
        if pid in ancestors:
            continue
        above: int | None = pid
        for _ in range(len(parents)):
            above = None if above is None else parents.get(above)
            if above is None or above in ancestors:
                break
        if above is not None and above in ancestors:
            found[pid] = above
    return found


def is_helper(command: str) -> bool:
    """Whether a process is one of those that stay by design: a fork server, a resource tracker, a sampler."""
    helpers = (
        "multiprocessing.forkserver",
        "multiprocessing.resource_tracker",
        "timetrial.measure.processes.sampler_process",
    )
    return any(name in command for name in helpers)
