"""One line on a terminal that changes in place, and how a long command's steps are told where there is none."""

from __future__ import annotations

import io
import math
import os
import shutil
import time
from collections.abc import Callable
from typing import Final, TextIO

from timetrial.report.escaped import cut_in_the_middle, in_terminal, lines_in_terminal

_CLEARED: Final = "\r\x1b[2K"
# Go one line down and back without leaving the column, so that a line exists below also at the screen's bottom;
# remember the place; write below it; return.
_OPEN_BELOW: Final = f"\x1bD\x1bM\x1b7\x1bD{_CLEARED}"
_CLOSE_BELOW: Final = "\x1b8"
_BETWEEN_LINES_S: Final = 30.0


def can_redraw(stream: TextIO) -> bool:
    """Whether a stream is a terminal that moves its cursor, on which a line can change in place."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


class RedrawnLine:
    """The line itself: drawn over and over, cut to the terminal's width so that it never wraps.

    ``below`` draws it on the line below the cursor and leaves the cursor where it is, for output of somebody else's
    above it. A terminal that goes away ends the line and not the run.
    """

    def __init__(self, stream: TextIO, *, below: bool = False) -> None:
        self._stream = stream
        self._open, self._close = (_OPEN_BELOW, _CLOSE_BELOW) if below else (_CLEARED, "")

    def draw(self, text: str) -> None:
        """Shows this text in place of what the line showed."""
        cut = cut_in_the_middle(in_terminal(text), shutil.get_terminal_size().columns - 1)
        self._write(f"{self._open}{cut}{self._close}")

    def clear(self) -> None:
        """Leaves the terminal as if the line had never been."""
        self._write(f"{self._open}{self._close}")

    def close(self) -> None:
        """Clears the line and closes the stream."""
        self.clear()
        self._stream.close()

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = io.StringIO()


class StepsLine:
    """How far a command is: one line that changes on a terminal, a line now and then elsewhere, such as in a log."""

    def __init__(self, stream: TextIO, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock_s = clock_s
        self._said_s = -math.inf
        self._line = RedrawnLine(stream) if can_redraw(stream) else None
        self._step: object = None

    def show(self, text: str, step: object) -> None:
        """Shows the text; on no terminal for another ``step`` than the last, and twice a minute at most."""
        if self._line is not None:
            self._line.draw(text)
        elif step != self._step and self._clock_s() - self._said_s >= _BETWEEN_LINES_S:
            self._step, self._said_s = step, self._clock_s()
            self.say(text)

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        self._stream.write(f"{lines_in_terminal(text)}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Takes the changing line away."""
        if self._line is not None:
            self._line.clear()
