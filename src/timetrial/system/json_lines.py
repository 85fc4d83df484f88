"""JSON objects, one a line, between processes: how they are written and taken apart, and pipes with a time-out."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from timetrial.system.clocks import clocks

# What a pipe holds on Linux. A megabyte, which malloc maps and unmaps for each answer, made every processor forget its
# address translations: the round of 6 ms after it took 3 % longer.
PIECE_BYTES: Final = 65_536

Message = dict[str, Any]


class NoMessageError(ValueError):
    """A line that is no JSON object; the error's text shows its beginning."""


class LateError(Exception):
    """The process took too long and was ended; no TimeoutError, which a test's own alarm may raise meanwhile."""


def line_of(message: Message) -> bytes:
    """A message as it is sent: JSON in one line, with its end."""
    return json.dumps(message).encode() + b"\n"


def message_in(line: bytes) -> Message:
    """The message that a line holds; raises NoMessageError for anything but a JSON object."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise NoMessageError(repr(line[:80].decode(errors="replace")))
    return message


class LineBuffer:
    """Puts together the lines that arrive in pieces; no byte is searched twice for a line's end."""

    def __init__(self) -> None:
        self._received = bytearray()  # what came behind the last line, or of one that is not whole yet
        self._searched = 0

    def __len__(self) -> int:
        return len(self._received)

    def feed(self, piece: bytes) -> None:
        """Takes in what has arrived."""
        self._received += piece

    def next_line(self) -> bytes | None:
        """The next line without its end; None until it is whole."""
        end = self._received.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._received)
            return None
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        self._searched = 0
        return line


class Lines:
    """The pipes of a process that was started with ``bufsize=0``; one that takes too long is ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._to = process.stdin.fileno()
        self._from = process.stdout.fileno()
        self._buffer = LineBuffer()
        self._deadline = 0.0
        if sys.platform != "win32":
            os.set_blocking(self._to, False)

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """What is sent and received in the block takes so long at most, or the process is ended: LateError."""
        self._deadline = clocks.monotonic() + seconds
        if sys.platform != "win32":  # and no thread, which would still be ending while the next round is timed
            yield
            return
        alarm = threading.Timer(seconds, self._process.kill)  # nothing can wait for a pipe with a time-out there
        alarm.daemon = True
        alarm.start()
        try:
            yield
        except OSError as problem:
            raise LateError if clocks.monotonic() >= self._deadline else problem from None
        finally:
            alarm.cancel()

    def send(self, data: bytes) -> None:
        """Writes all of it; raises OSError where nobody reads any more, and LateError."""
        left = memoryview(data)
        while left:
            if sys.platform != "win32":
                self._await(self._to, select.POLLOUT)
            try:
                left = left[os.write(self._to, left[:PIECE_BYTES]) :]
            except BlockingIOError:  # there was room, but not for this
                if clocks.monotonic() > self._deadline:
                    self._give_up()

    def receive(self) -> bytes:
        """The next line without its end; raises OSError where the other end is gone, and LateError."""
        while (line := self._buffer.next_line()) is None:
            if sys.platform != "win32":
                self._await(self._from, select.POLLIN)
            piece = os.read(self._from, PIECE_BYTES)
            if not piece:
                raise BrokenPipeError
            self._buffer.feed(piece)
        return line

    def _await(self, pipe: int, event: int) -> None:
        """Waits until the pipe is ready, or broken, which reading or writing will tell."""
        if sys.platform == "win32":
            return
        poll = select.poll()
        poll.register(pipe, event)
        if not poll.poll(max(0.0, self._deadline - clocks.monotonic()) * 1e3):
            self._give_up()

    def _give_up(self) -> NoReturn:
        self._process.kill()
        raise LateError
