"""How far a run's trials are, below pytest's own output: what runs now, its rounds, how long it all still takes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from timetrial.report.progress.line import RedrawnLine, can_redraw
from timetrial.report.text import about, duration
from timetrial.results.standings import Standings

_SHORTEST_INTERVAL_S = 0.2
_BETWEEN_LINES_S = 60.0


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


def best_line(standings: Standings, group: str) -> str:
    """The fastest model of a group so far, and what an item takes under it; empty before any was measured."""
    fair = [entry for entry in standings.entries if entry.group == group and not entry.void]
    best = min(fair, key=lambda entry: entry.s_per_item, default=None)
    return f"best so far: {best.measurement.model}, {duration(best.s_per_item)} an item" if best is not None else ""


class Pace:
    """How many trials are done, and about how long the others still take.

    ``expected_s`` is how long each trial is expected to take, in seconds, in the order in which they run: the time that
    is left is told from the start, and corrected by how well that was met so far.
    """

    def __init__(self, expected_s: Sequence[float], clock_s: Callable[[], float]) -> None:
        self._expected_s = expected_s
        self._clock_s = clock_s
        self._started_s = clock_s()
        self._done = 0
        self._done_s = 0.0

    def end(self) -> None:
        """A trial is over, whatever its outcome."""
        self._done += 1
        self._done_s = self._clock_s() - self._started_s

    @property
    def place(self) -> str:
        """Which trial of how many runs now, such as ``[3/24]``."""
        return f"[{self._done + 1}/{len(self._expected_s)}]"

    @property
    def left(self) -> str:
        """From when the trials that are done were over, so that the one that runs is in it as a whole."""
        expected_s = sum(self._expected_s[: self._done])
        correction = self._done_s / expected_s if expected_s else 1.0
        return f"about {about(correction * sum(self._expected_s[self._done :]))} left"


class TrialsProgress:
    """Shows the trials of a run between rounds and never during one, at most five times a second.

    ``expected_s`` is how long each trial is expected to take, as Pace has it.
    """

    def __init__(
        self, stream: TextIO, expected_s: Sequence[float], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._line = RedrawnLine(stream, below=True)
        self._clock_s = clock_s
        self._pace = Pace(expected_s, clock_s)
        self._drawn_s = float("-inf")
        self._name = ""
        self._best = ""

    def begin(self, name: str, best: str = "") -> None:
        """A trial starts: shown at once, since opening its model may take a while; ``best`` of its group so far."""
        self._name, self._best = name, best
        self._draw(f"{name}  starting")

    def round(self, count: int, latest_s: float) -> None:
        """So many rounds are timed; the last took so long."""
        if self._clock_s() - self._drawn_s >= _SHORTEST_INTERVAL_S:
            self._draw(f"{self._name}  round {count}, {duration(latest_s)}")

    def end(self) -> None:
        """A trial is over, whatever its outcome."""
        self._pace.end()

    def clear(self) -> None:
        """Leaves the terminal as if the line had never been."""
        self._line.clear()

    def close(self) -> None:
        """Clears the line and lets go of the terminal."""
        self._line.close()

    def _draw(self, text: str) -> None:
        self._drawn_s = self._clock_s()
        best = f"  {self._best}" if self._best else ""
        self._line.draw(f"{self._pace.place} {text}{best}  {self._pace.left}")


class TrialsLog:
    """The same where there is no terminal, such as in a CI job's log: a line once a minute, between two tests.

    Whoever writes the log asks for the line when nothing else is being written.
    """

    def __init__(self, expected_s: Sequence[float], clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._pace = Pace(expected_s, clock_s)
        self._told_s = clock_s()

    def line(self, name: str, best: str = "") -> str | None:
        """What to write before this trial; None where the last line is not a minute old."""
        if self._clock_s() - self._told_s < _BETWEEN_LINES_S:
            return None
        self._told_s = self._clock_s()
        return "  ".join(filter(None, [f"{self._pace.place} {name}", best, self._pace.left]))

    def end(self) -> None:
        """A trial is over, whatever its outcome."""
        self._pace.end()
