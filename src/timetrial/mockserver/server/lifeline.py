"""Ends the server's process with its parent, whatever happens to that parent; also carries the control channel.

The parent's end of standard input closes when the parent dies. Where another child of the parent holds a copy of it
(after a bare fork), the change of the parent's process id gives it away.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from queue import SimpleQueue

_LOOK_UP_S = 0.25


class Lifeline:
    """Reads lines from the parent in a thread of its own, which ends the process when there is no parent any more."""

    def __init__(self, parent_pid: int) -> None:
        self.parent_pid = parent_pid
        self.lines: SimpleQueue[bytes] = SimpleQueue()
        self._rest = b""
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def _watch(self) -> None:
        while True:
            self._end_with_parent()
            if self._readable():
                self._take(os.read(0, 65_536))

    def _readable(self) -> bool:
        if sys.platform == "win32":
            return True  # reading blocks until there is something or the parent is gone
        return bool(select.select([0], [], [], _LOOK_UP_S)[0])

    def _take(self, data: bytes) -> None:
        if not data:
            os._exit(0)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self.lines.put(line)

    def _end_with_parent(self) -> None:
        if sys.platform != "win32" and os.getppid() != self.parent_pid:
            os._exit(0)
