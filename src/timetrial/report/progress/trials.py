"""One live line on a terminal, below pytest's own output: what runs now, how far it is, how long it still takes."""

from __future__ import annotations

import io
import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

from timetrial.report.text import about, duration

_SHORTEST_INTERVAL_S = 0.2
# Go one line down and back without leaving the column, so that a line exists below also at the screen's bottom;
# remember the place; write below it; return.
_OPEN = "\x1bD\x1bM\x1b7\x1bD\r\x1b[2K"
_CLOSE = "\x1b8"


def terminal_of(stream: TextIO | None = None) -> TextIO | None:
    """A stream of our own onto the terminal that pytest writes to, or None where there is none to draw on.

    It is a duplicate of the descriptor, so that it reaches the terminal while pytest captures a test's output.
    """
    stream = stream or sys.stdout
    try:
        if not stream.isatty() or os.environ.get("TERM") == "dumb" or os.name == "nt":
            return None
        return os.fdopen(os.dup(stream.fileno()), "w", encoding="utf-8", errors="replace")
    except (OSError, ValueError, AttributeError):
        return None


class LiveLine:
    """Draws the line between rounds, never during one, and at most five times a second."""

    def __init__(self, stream: TextIO, total: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._total = total
        self._clock_s = clock_s
        self._started_s = clock_s()
        self._drawn_s = float("-inf")
        self._done = 0
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

    def clear(self) -> None:
        """Leaves the terminal as if the line had never been."""
        self._write(f"{_OPEN}{_CLOSE}")

    def close(self) -> None:
        """Clears the line and lets go of the terminal."""
        self.clear()
        self._stream.close()

    def _draw(self, text: str) -> None:
        self._drawn_s = self._clock_s()
        line = f"[{self._done + 1}/{self._total}] {text}{self._left()}"
        width = shutil.get_terminal_size().columns
        self._write(f"{_OPEN}{line[: width - 1]}{_CLOSE}")

    def _left(self) -> str:
        if not self._done:
            return ""
        per_trial_s = (self._clock_s() - self._started_s) / self._done
        return f"  about {about(per_trial_s * (self._total - self._done))} left"

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = io.StringIO()  # the terminal is gone; the run goes on
