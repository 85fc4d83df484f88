"""A line that tells how far a long command is: it changes in place on a terminal, and is written anew elsewhere."""

from __future__ import annotations

import os
import shutil
from typing import TextIO


class ProgressLine:
    """Drawn between steps, never during one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._step: object = None

    def show(self, text: str, step: object) -> None:
        """Shows the line; on no terminal only where ``step`` is another one than the last."""
        if self._live:
            self._write(f"\r\x1b[2K{text[: shutil.get_terminal_size().columns - 1]}")
        elif step != self._step:
            self._step = step
            self._write(f"{text}\n")

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        self._write(f"{text}\n")

    def clear(self) -> None:
        """Takes the live line away."""
        if self._live:
            self._write("\r\x1b[2K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
