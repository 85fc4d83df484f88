"""Answers the parent's commands over standard output: counters and the journal, in lines of JSON."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Awaitable, Callable
from typing import Final

from timetrial.mockserver.server.doors import Doors
from timetrial.mockserver.server.engine import Engine
from timetrial.mockserver.server.lifeline import Lifeline
from timetrial.mockserver.server.port import Port

# What a pipe takes at once on every platform, so that the loop never waits for the parent to read.
_WRITTEN_AT_ONCE_BYTES: Final = 4_096


class Control:
    """Takes commands one by one, inside the event loop; the parent sends the next when it has the answer."""

    def __init__(self, engine: Engine, port: Port, doors: Doors, out: int) -> None:
        self.engine = engine
        self.out = out
        self.under_way: asyncio.Future[None] | None = None
        self.commands: dict[str, Callable[..., object]] = {
            "counters": engine.counters,
            "journal": engine.journal,
            "record": engine.record,
            "records": lambda scope: list(engine.records[scope]),
            "open_scope": engine.open_scope,
            "close_scope": engine.close_scope,
            "refuse": lambda _scope: port.close(),
            "accept": lambda _scope: port.open(),
            "open_door": doors.open,
            "close_door": doors.close,
        }

    def start(self, lifeline: Lifeline) -> None:
        """Begins to answer."""
        lifeline.follow(self.engine.loop, self._take)

    def _take(self, line: bytes) -> None:
        try:
            command = json.loads(line)
            result = self.commands[command["do"]](*command["with"])
        except Exception as problem:  # noqa: BLE001 - whatever it is, the parent must hear of it instead of waiting
            self._complain(problem)
            return
        if isinstance(result, Awaitable):
            self.under_way = asyncio.ensure_future(self._answer_later(result), loop=self.engine.loop)
        else:
            self._answer({"ok": result})

    async def _answer_later(self, result: Awaitable[object]) -> None:
        try:
            self._answer({"ok": await result})
        except Exception as problem:  # noqa: BLE001 - as above
            self._complain(problem)

    def _complain(self, problem: Exception) -> None:
        self._answer({"error": f"{type(problem).__name__}: {problem}"})

    def _answer(self, message: object) -> None:
        data = line_of(message)
        if len(data) <= _WRITTEN_AT_ONCE_BYTES:
            write(self.out, data)
        else:
            threading.Thread(target=write, args=(self.out, data), name="answer", daemon=True).start()


def line_of(message: object) -> bytes:
    """A message to the parent."""
    return json.dumps(message).encode() + b"\n"


def write(out: int, data: bytes) -> None:
    """Writes all of it, however long the parent takes to read."""
    left = memoryview(data)
    while left:
        left = left[os.write(out, left) :]
