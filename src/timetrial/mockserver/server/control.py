"""Answers the parent's commands over standard output: counters and the journal, in lines of JSON."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from inspect import isawaitable
from typing import Any

from timetrial.mockserver.server.doors import Doors
from timetrial.mockserver.server.engine import Engine
from timetrial.mockserver.server.lifeline import Lifeline
from timetrial.mockserver.server.port import Port


class Control:
    """Takes commands one by one; each runs inside the event loop, and all the rest of the work outside of it."""

    def __init__(self, lifeline: Lifeline, engine: Engine, port: Port, doors: Doors, out: int) -> None:
        self.lifeline = lifeline
        self.engine = engine
        self.out = out
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

    def start(self) -> None:
        """Begins to answer."""
        threading.Thread(target=self._serve, name="control", daemon=True).start()

    def _serve(self) -> None:
        while True:
            command = json.loads(self.lifeline.lines.get())
            answer: Future[object] = Future()
            asyncio.run_coroutine_threadsafe(self._carry_out(command, answer), self.engine.loop)
            send(self.out, answer.result())

    async def _carry_out(self, command: dict[str, Any], answer: Future[object]) -> None:
        try:
            result = self.commands[command["do"]](*command["with"])
            answer.set_result({"ok": await result if isawaitable(result) else result})
        except Exception as problem:  # noqa: BLE001 - whatever it is, the parent must hear of it instead of waiting
            answer.set_result({"error": f"{type(problem).__name__}: {problem}"})


def send(out: int, message: object) -> None:
    """Writes one message to the parent."""
    data = memoryview(json.dumps(message).encode() + b"\n")
    while data:
        data = data[os.write(out, data) :]
