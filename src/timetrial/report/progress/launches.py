"""How far ``timetrial measure`` is: one live line on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from timetrial.launches.run import LaunchProgress
from timetrial.report.progress.line import StepsLine
from timetrial.report.text import about


class LaunchesProgress:
    """Tells a stream where the launches are and how long they still take, between benchmarks only."""

    def __init__(self, stream: TextIO, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._shown = StepsLine(stream, clock_s)
        self._clock_s = clock_s
        self._started_s = clock_s()

    def __call__(self, progress: LaunchProgress) -> None:
        """Shows the line; on no terminal, only now and then as a launch begins."""
        self._shown.show(self._line(progress), progress.launch)

    def say(self, text: str) -> None:
        """A line that stays."""
        self._shown.say(text)

    def clear(self) -> None:
        """Takes the live line away."""
        self._shown.clear()

    def _line(self, progress: LaunchProgress) -> str:
        within = f", benchmark {min(progress.done + 1, progress.total)} of {progress.total}" if progress.total else ""
        return f"launch {progress.launch} of {progress.launches}{within}{self._left(progress)}"

    def _left(self, progress: LaunchProgress) -> str:
        share = (progress.launch - 1 + progress.done / max(1, progress.total)) / progress.launches
        if not share:
            return ""
        return f", about {about((self._clock_s() - self._started_s) * (1 / share - 1))} left"
