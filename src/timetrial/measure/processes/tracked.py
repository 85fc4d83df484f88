"""One process of an accounting round: what was read of it first and last, and what each reading cost."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from timetrial.measure.processes.readings import Glance, Memory, Switches

_NO_MEMORY = Memory(0, "")


class Costs:
    """What each kind of reading took of the reader's own CPU time when it was last made, 0 before the first."""

    def __init__(self, latest_ns: Mapping[str, int] | None = None) -> None:
        self._latest_ns = dict(latest_ns or {})

    def copy(self) -> Costs:
        """The same, to be expected of a process that is like another one."""
        return Costs(self._latest_ns)

    def __getitem__(self, kind: str) -> int:
        return self._latest_ns.get(kind, 0)

    @contextmanager
    def noting(self, kind: str) -> Generator[None]:
        """Notes what the body takes."""
        began_ns = time.process_time_ns()
        yield
        self._latest_ns[kind] = time.process_time_ns() - began_ns


@dataclass(eq=False)
class Tracked:
    """One process: what was read of it when its counting began (``base``), and what was read last."""

    pid: int
    role: str
    """client, worker or server."""
    base: Glance
    last: Glance
    gone: bool = False
    """It has ended; ``last`` is all that is known."""
    memory: Memory = _NO_MEMORY
    """As last read."""
    rss_at_memory_bytes: int = 0
    """Its resident size then: by how much that moved since tells how stale the reading is."""
    sockets: int = 0
    """As last counted."""
    files_at_sockets: int | None = 0
    """Open files then; None where that is not known."""
    switches_base: Switches = field(default_factory=dict)
    """Context switches of each thread when counting began."""
    switches: dict[int, tuple[int, int]] = field(default_factory=dict)
    """The same as last read, threads that have ended included."""
    costs: Costs = field(default_factory=Costs)
    """CPU nanoseconds that each kind of reading took last."""

    @property
    def memory_cost_ns(self) -> int:
        """What reading its memory will take: the kernel walks through all of it, and there may be more by now."""
        grown = self.last.rss_bytes / self.rss_at_memory_bytes if self.rss_at_memory_bytes else 1.0
        return round(self.costs["memory"] * max(1.0, grown))

    @property
    def memory_bytes(self) -> int:
        """Its memory now: what was read last, and what its resident size has grown by since; 0 before it was read."""
        if self.memory is _NO_MEMORY:
            return 0
        return max(0, self.memory.size_bytes + self.last.rss_bytes - self.rss_at_memory_bytes)

    @property
    def memory_is_stale_by_bytes(self) -> int:
        """How far the resident size has moved since the memory was read."""
        return abs(self.last.rss_bytes - self.rss_at_memory_bytes)

    @property
    def sockets_are_stale(self) -> bool:
        """Whether sockets may have been opened or closed since they were counted."""
        return self.last.files is None or self.last.files != self.files_at_sockets
