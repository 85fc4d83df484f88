"""How far a run's trials are, below pytest's own output: what runs now, its rounds, how long it all still takes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from timetrial.report.progress.line import RedrawnLine, can_redraw
from timetrial.report.text import about, duration

_SHORTEST_INTERVAL_S = 0.2


def terminal_of(stream: TextIO | None = None) -> TextIO | None:
    """A stream of our own onto the terminal that pytest writes to, or None where there is none to draw on.

    It is a duplicate of the descriptor, so that it reaches the terminal while pytest captures a test's output.
    """
    stream = stream or sys.stdout
    try:
        if not can_redraw(stream) or os.name == "nt":
            return None
        return os.fdopen(os.dup(stream.fileno()), "w", encoding="utf-8", errors="replace")
    except (OSError, ValueError, AttributeError):
        return None


class TrialsProgress:
    """Shows the trials of a run between rounds and never during one, at most five times a second.

    ``expected_s`` is how long each trial is expected to take, in seconds, in the order in which they run: the time that
    is left is told from the start, and corrected by how well that was met so far.
    """

    def __init__(
        self, stream: TextIO, expected_s: Sequence[float], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._line = RedrawnLine(stream, below=True)
        self._expected_s = expected_s
        self._clock_s = clock_s
        self._started_s = clock_s()
        self._drawn_s = float("-inf")
        self._done = 0
        self._done_s = 0.0
        self._name = ""

    def begin(self, name: str) -> None:
        """A trial starts: shown at once, since opening its model may take a while."""
        self._name = name
        self._draw(f"{name}  starting")

    def round(self, count: int, latest_s: float) -> None:
        """So many rounds are timed; the last took so long."""
        if self._clock_s() - self._drawn_s >= _SHORTEST_INTERVAL_S:
            self._draw(f"{self._name}  round {count}, {duration(latest_s)}")

    def end(self) -> None:
        """A trial is over, whatever its outcome."""
        self._done += 1
        self._done_s = self._clock_s() - self._started_s

    def clear(self) -> None:
        """Leaves the terminal as if the line had never been."""
        self._line.clear()

    def close(self) -> None:
        """Clears the line and lets go of the terminal."""
        self._line.close()

    def _draw(self, text: str) -> None:
        self._drawn_s = self._clock_s()
        self._line.draw(f"[{self._done + 1}/{len(self._expected_s)}] {text}{self._left()}")

    def _left(self) -> str:
        """From when the trials that are done were over, so that the one that runs is in it as a whole."""
        expected_s = sum(self._expected_s[: self._done])
        correction = self._done_s / expected_s if expected_s else 1.0
        return f"  about {about(correction * sum(self._expected_s[self._done :]))} left"
