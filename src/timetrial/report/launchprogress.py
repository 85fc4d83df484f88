"""How far ``timetrial measure`` is: one live line on a terminal, one line a launch elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TextIO

from timetrial.gate.launches import LaunchProgress
from timetrial.report.text import about


class LaunchesLine:
    """Tells a stream where the launches are and how long they still take, between benchmarks only."""

    def __init__(self, stream: TextIO, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._clock_s = clock_s
        self._started_s = clock_s()
        self._told = 0

    def __call__(self, progress: LaunchProgress) -> None:
        """Shows the line; on no terminal, only as a launch begins."""
        if self._live:
            self._stream.write(f"\r\x1b[2K{self._line(progress)}")
            self._stream.flush()
        elif progress.launch > self._told:
            self._told = progress.launch
            print(self._line(progress), file=self._stream, flush=True)

    def clear(self) -> None:
        """Takes the live line away."""
        if self._live:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()

    def _line(self, progress: LaunchProgress) -> str:
        within = f", benchmark {min(progress.done + 1, progress.total)} of {progress.total}" if progress.total else ""
        return f"launch {progress.launch} of {progress.launches}{within}{self._left(progress)}"

    def _left(self, progress: LaunchProgress) -> str:
        share = (progress.launch - 1 + progress.done / max(1, progress.total)) / progress.launches
        if not share:
            return ""
        return f", about {about((self._clock_s() - self._started_s) * (1 / share - 1))} left"
