"""When this process's own threads that have ended are gone for good, and no longer counted by the system."""

from __future__ import annotations

import os
import threading
import time
from typing import Final

from timetrial.measure.processtable import ProcessTable, open_table

_STEADY_LOOKS: Final = 10
_CROWD: Final = 64
_PACE_S: Final = 0.01


class EndingThreads:
    """Waits for threads that were joined a moment before the system has taken them down: thousands can take seconds.

    Costs nothing where the system has no more threads than Python knows of, and little where it does: a library may
    have threads of its own, so that it is enough if their number stays the same for a moment. A crowd hardly is a
    library's, and on a machine that is busy its end may stand still for a while: it gets all the patience there is,
    once. If it is still there then, it is taken for a library's from then on.
    """

    def __init__(self, table: ProcessTable | None = None) -> None:
        self._table = table or open_table()
        self._staying = _CROWD

    def wait(self, *, patience_s: float = 20.0) -> None:
        """Returns when they are gone, when those left look as if they stayed, or after ``patience_s``."""
        deadline_s = time.monotonic() + patience_s
        fewest, looks = self._count(), 0
        while (more := fewest - threading.active_count()) > 0:
            if time.monotonic() >= deadline_s:
                self._staying = max(self._staying, more)
                return
            if looks >= _STEADY_LOOKS and more <= self._staying:
                return
            time.sleep(_PACE_S)
            count, before = self._count(), fewest
            fewest, looks = min(count, before), 0 if count < before else looks + 1

    def _count(self) -> int:
        return self._table.glance(os.getpid()).threads
