"""How long a thread was ready to run and had no core, which is neither waiting nor computing."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Self


class RunQueue:
    """The calling thread's time in the queue for a core, so far; 0 where the system doesn't tell (Linux does)."""

    def __init__(self) -> None:
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._descriptor = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def waited_s(self) -> float:
        """In seconds."""
        if self._descriptor is None:
            return 0.0
        try:
            return int(os.pread(self._descriptor, 200, 0).split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0
