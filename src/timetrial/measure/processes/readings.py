"""What is read of other processes: the figures, and the methods that every platform's table has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class CpuReading(NamedTuple):
    """CPU time so far. ``total_ns`` may be finer than the other two, which then only say how it divides."""

    total_ns: int
    user_ns: int
    system_ns: int
    """All three in nanoseconds."""


class Glance(NamedTuple):
    """What is cheap to know about a process at one moment.

    ``born`` tells it from a later process with the same id; ``reaped`` is the CPU time of its children that ended
    and were waited for; ``threads`` is 0 when it has ended but was not waited for; ``files`` is how many files and
    sockets it has open, None where that is not cheap to know.
    """

    parent_pid: int
    born: float
    cpu: CpuReading
    """Its own CPU time."""
    reaped: CpuReading
    threads: int
    rss_bytes: int
    """Resident memory."""
    files: int | None


class Memory(NamedTuple):
    """Bytes, of what kind they are, and the resident size at the same moment, where that is known."""

    size_bytes: int
    kind: str
    """pss, uss, footprint or rss."""
    rss_bytes: int | None = None
    """The resident size."""


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
