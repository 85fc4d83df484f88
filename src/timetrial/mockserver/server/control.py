"""Answers the parent's commands over standard output: counters and the journal, in lines of JSON."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from timetrial.errors import MockServerError
from timetrial.mockserver.server.engine import Engine
from timetrial.mockserver.server.lifeline import Lifeline
from timetrial.mockserver.server.port import Port
from timetrial.mockserver.server.unsteady_port import UnsteadyPorts

# What a pipe takes at once on every platform, so that the loop never waits for the parent to read.
_WRITTEN_AT_ONCE_BYTES: Final = 4_096


class Control:
    """Takes commands one by one, inside the event loop, and carries them out in their order.

    The parent sends the next one when it has the answer, or when waiting for it was interrupted.
    """

    def __init__(self, engine: Engine, port: Port, unsteady_ports: UnsteadyPorts, out: int) -> None:
        self.engine = engine
        self.answers = Answers(out)
        self.in_turn = asyncio.Lock()
        self.under_way: set[asyncio.Future[None]] = set()
        self.commands: dict[str, Callable[..., object]] = {
            "counters": engine.counters,
            "journal": engine.journal,
            "record": engine.record,
            "records": engine.recorded,
            "open_scope": engine.open_scope,
            "close_scope": engine.close_scope,
            "refuse": lambda _scope: port.close(),
            "accept": lambda _scope: port.open(),
            "open_unsteady_port": unsteady_ports.open,
            "close_unsteady_port": unsteady_ports.close,
        }

    def start(self, lifeline: Lifeline) -> None:
        """Begins to answer."""
        lifeline.follow(self.engine.loop, self._take)

    def _take(self, line: bytes) -> None:
        number: object = None
        try:
            command = json.loads(line)
            number = command["n"]
            result = self.commands[command["do"]](*command["with"])
        except Exception as problem:  # noqa: BLE001 - whatever it is, the parent must hear of it instead of waiting
            self._complain(number, problem)
            return
        if isinstance(result, Awaitable):
            under_way = asyncio.ensure_future(self._answer_later(number, result), loop=self.engine.loop)
            self.under_way.add(under_way)
            under_way.add_done_callback(self.under_way.discard)
        else:
            self.answers.put({"ok": result, "n": number})

    async def _answer_later(self, number: object, result: Awaitable[object]) -> None:
        try:
            async with self.in_turn:
                self.answers.put({"ok": await result, "n": number})
        except Exception as problem:  # noqa: BLE001 - as above
            self._complain(number, problem)

    def _complain(self, number: object, problem: Exception) -> None:
        words = f"{problem}" if isinstance(problem, MockServerError) else f"{type(problem).__name__}: {problem}"
        self.answers.put({"error": words, "n": number})


class Answers:
    """Lines to the parent, in order: one that the pipe may not take at once, and those after it, go by a thread."""

    def __init__(self, out: int) -> None:
        self.out = out
        self.lock = threading.Lock()
        self.left: deque[bytes] = deque()  # with the one that is being written

    def put(self, message: object) -> None:
        """Writes it, or has it written; called by the loop's thread alone."""
        data = line_of(message)
        with self.lock:
            busy = bool(self.left)
            at_once = not busy and len(data) <= _WRITTEN_AT_ONCE_BYTES
            if not at_once:
                self.left.append(data)
        if at_once:
            write(self.out, data)
        elif not busy:
            threading.Thread(target=self._write_all, name="answers", daemon=True).start()

    def _write_all(self) -> None:
        more = True
        while more:
            with suppress(OSError):  # the parent is gone, and this process ends with it
                write(self.out, self.left[0])
            with self.lock:
                self.left.popleft()
                more = bool(self.left)


def line_of(message: object) -> bytes:
    """A message to the parent."""
    return json.dumps(message).encode() + b"\n"


def write(out: int, data: bytes) -> None:
    """Writes all of it, however long the parent takes to read."""
    left = memoryview(data)
    while left:
        left = left[os.write(out, left) :]
