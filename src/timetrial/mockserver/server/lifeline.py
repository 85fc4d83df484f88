"""Ends the server's process with its parent, whatever happens to that parent; also carries the control channel.

The parent's end of standard input closes when the parent dies. Where another child of the parent holds a copy of it
(after a bare fork), the change of the parent's process id gives it away. A thread of its own looks for both, so that
an event loop that hangs ends with its parent too; what comes through the pipe is read by the loop itself, since each
thread that a command passes through would make the requests after it slower.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

_LOOK_UP_S = 0.25


class Lifeline:
    """Standard input, in lines; the process ends when it does, or when there is no parent any more.

    It takes ``folder`` along, which the parent removes itself where it can.
    """

    def __init__(self, parent_pid: int) -> None:
        self.parent_pid = parent_pid
        self.folder = ""  # with a private key, which must not outlive a parent that cannot remove it any more
        self._begun: list[bytes] = []  # the pieces of a line whose end has not come yet
        if sys.platform != "win32":
            threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def first_line(self) -> bytes:
        """Waits for it; before there is a loop that could read."""
        lines: list[bytes] = []
        while not lines:
            lines = self._read()
        return lines[0]

    def follow(self, loop: asyncio.AbstractEventLoop, take: Callable[[bytes], None]) -> None:
        """Calls ``take`` in the loop with every line that comes from now on."""

        def read() -> None:
            for line in self._read():
                take(line)

        if sys.platform == "win32":  # whose loops can't wait for a pipe
            threading.Thread(target=self._pass_on, args=(loop, take), name="lifeline", daemon=True).start()
        else:
            loop.add_reader(0, read)

    def _pass_on(self, loop: asyncio.AbstractEventLoop, take: Callable[[bytes], None]) -> None:
        while True:
            for line in self._read():
                loop.call_soon_threadsafe(take, line)

    def _read(self) -> list[bytes]:
        data = os.read(0, 65_536)
        if not data:
            self._end()
        self._begun.append(data)
        if b"\n" not in data:
            return []
        *lines, rest = b"".join(self._begun).split(b"\n")
        self._begun = [rest]
        return [line for line in lines if line]

    def _watch(self) -> None:
        if sys.platform != "win32":
            poll = select.poll()
            poll.register(0, 0)  # tells nothing but that the other end is gone
            while os.getppid() == self.parent_pid and not poll.poll(_LOOK_UP_S * 1e3):
                pass
        self._end()

    def end_by(self, number: int, _frame: object = None) -> None:
        """Ends the process by this signal: one that is meant for the parent's whole group comes here too."""
        self._remove_folder()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _end(self) -> NoReturn:
        self._remove_folder()
        os._exit(0)

    def _remove_folder(self) -> None:
        if self.folder:
            with suppress(OSError):  # of two threads, or processes, one is the first
                for file in Path(self.folder).iterdir():
                    file.unlink(missing_ok=True)
                Path(self.folder).rmdir()
