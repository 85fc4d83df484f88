"""How far a gate is: one live line on a terminal, a line now and then elsewhere, such as in a CI job's log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from timetrial.gate.plan import Progress
from timetrial.gate.record import Phase
from timetrial.report.progress.line import StepsLine
from timetrial.report.text import about

_WORDS = {Phase.SCREEN: "looking at everything", Phase.CONFIRM: "looking again"}


class GateProgress:
    """Tells a stream of each step; never during a round, since it is called between benchmarks only."""

    def __init__(self, stream: TextIO, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._shown = StepsLine(stream, clock_s)
        self._clock_s = clock_s
        self._started_s = clock_s()

    def say(self, text: str) -> None:
        """A line that stays."""
        self._shown.say(text)

    def __call__(self, progress: Progress) -> None:
        """Shows where the gate is and how long it may still take; on no terminal, now and then as a launch begins."""
        self._shown.show(f"{self._line(progress)}{progress.name}", (progress.phase, progress.launch))

    def clear(self) -> None:
        """Takes the live line away."""
        self._shown.clear()

    def _line(self, progress: Progress) -> str:
        minutes, seconds = divmod(round(self._clock_s() - self._started_s), 60)
        left = f", at most {about(progress.left_s)} left" if progress.left_s else ""
        return (
            f"[{minutes}:{seconds:02}] {_WORDS[progress.phase]}: launch {progress.launch} of {progress.launches}, "
            f"benchmark {progress.benchmark} of {progress.benchmarks}{left}: "
        )
