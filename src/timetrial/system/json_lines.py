"""Lines to and from a process over its standard input and output, with one time-out for both directions."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

# What a pipe holds on Linux. A megabyte, which malloc maps and unmaps for each answer, made every processor forget its
# address translations: the round of 6 ms after it took 3 % longer.
_PIECE_BYTES = 65_536


class LateError(Exception):
    """The process took too long and was ended; no TimeoutError, which a test's own alarm may raise meanwhile."""


class Lines:
    """The pipes of a process that was started without buffers; one that takes too long is ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._to = process.stdin.fileno()
        self._from = process.stdout.fileno()
        self._rest = bytearray()  # what came behind the last line, or of one that is not whole yet
        self._searched = 0
        self._deadline = 0.0
        if sys.platform != "win32":
            os.set_blocking(self._to, False)

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """What is sent and received in the block takes so long at most, or the process is ended: LateError."""
        self._deadline = time.monotonic() + seconds
        if sys.platform != "win32":  # and no thread, which would still be ending while the next round is timed
            yield
            return
        alarm = threading.Timer(seconds, self._process.kill)  # nothing can wait for a pipe with a time-out there
        alarm.daemon = True
        alarm.start()
        try:
            yield
        except OSError as problem:
            raise LateError if time.monotonic() >= self._deadline else problem from None
        finally:
            alarm.cancel()

    def send(self, data: bytes) -> None:
        """Writes all of it; raises OSError where nobody reads any more."""
        left = memoryview(data)
        while left:
            if sys.platform != "win32":
                self._await(self._to, select.POLLOUT)
            try:
                left = left[os.write(self._to, left[:_PIECE_BYTES]) :]
            except BlockingIOError:  # there was room, but not for this
                if time.monotonic() > self._deadline:
                    self._give_up()

    def receive(self) -> bytes:
        """The next line; raises OSError where the other end is gone."""
        while (end := self._rest.find(b"\n", self._searched)) < 0:
            self._searched = len(self._rest)
            if sys.platform != "win32":
                self._await(self._from, select.POLLIN)
            more = os.read(self._from, _PIECE_BYTES)
            if not more:
                raise BrokenPipeError
            self._rest += more
        line = bytes(self._rest[: end + 1])
        self._searched = 0
        del self._rest[: end + 1]
        return line

    def _await(self, pipe: int, event: int) -> None:
        """Waits until the pipe is ready, or broken, which reading or writing will tell."""
        if sys.platform == "win32":
            return
        poll = select.poll()
        poll.register(pipe, event)
        if not poll.poll(max(0.0, self._deadline - time.monotonic()) * 1e3):
            self._give_up()

    def _give_up(self) -> NoReturn:
        self._process.kill()
        raise LateError
