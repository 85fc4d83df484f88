"""How far a gate is: one live line on a terminal, one line a launch elsewhere, such as in a CI job's log."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from typing import TextIO

from timetrial.gate.flow import Progress
from timetrial.gate.record import Phase
from timetrial.report.text import about

_WORDS = {Phase.SCREEN: "looking at everything", Phase.CONFIRM: "looking again"}


class GateProgress:
    """Tells a stream of each step; never during a round, since it is called between benchmarks only."""

    def __init__(self, stream: TextIO, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._clock_s = clock_s
        self._started_s = clock_s()
        self._launch: tuple[Phase, int] | None = None

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        print(text, file=self._stream, flush=True)

    def __call__(self, progress: Progress) -> None:
        """Shows where the gate is and how long it may still take."""
        if self._live:
            width = shutil.get_terminal_size().columns
            self._stream.write(f"\r\x1b[2K{self._line(progress)}  {progress.name}"[: width + 4])
            self._stream.flush()
        elif self._launch != (progress.phase, progress.launch):
            self._launch = progress.phase, progress.launch
            print(self._line(progress), file=self._stream, flush=True)

    def clear(self) -> None:
        """Takes the live line away."""
        if self._live:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()

    def _line(self, progress: Progress) -> str:
        minutes, seconds = divmod(round(self._clock_s() - self._started_s), 60)
        left = f", at most {about(progress.left_s)} left" if progress.left_s else ""
        return (
            f"[{minutes}:{seconds:02}] {_WORDS[progress.phase]}: launch {progress.launch} of {progress.launches}, "
            f"benchmark {progress.benchmark} of {progress.benchmarks}{left}"
        )
