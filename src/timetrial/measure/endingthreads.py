"""When this process's own threads that have ended are gone for good, and no longer counted by the system."""

from __future__ import annotations

import os
import threading
import time
from typing import Final

from timetrial.measure.processtable import ProcessTable, open_table

_STEADY_LOOKS: Final = 10
_STEADY_LOOKS_OF_A_CROWD: Final = 500
_CROWD: Final = 64
_PACE_S: Final = 0.01


def let_threads_end(ended: int, table: ProcessTable | None = None, *, patience_s: float = 20.0) -> None:
    """Waits for threads that were joined a moment before the system has taken them down: thousands can take seconds.

    ``ended`` is about how many they may be. Costs nothing where the system has no more threads than Python knows of,
    and little where it does: a library may have threads of its own, so that it is enough if their number stays the
    same for a moment. A crowd's end may stand still for longer, on a machine that is busy.
    """
    table = table or open_table()
    deadline_s = time.monotonic() + patience_s
    fewest, looks = _own_threads(table), 0
    while (more := fewest - threading.active_count()) > 0 and time.monotonic() < deadline_s:
        if looks >= (_STEADY_LOOKS_OF_A_CROWD if min(more, ended) > _CROWD else _STEADY_LOOKS):
            break
        time.sleep(_PACE_S)
        count, before = _own_threads(table), fewest
        fewest, looks = min(count, before), 0 if count < before else looks + 1


def _own_threads(table: ProcessTable) -> int:
    return table.glance(os.getpid()).threads
