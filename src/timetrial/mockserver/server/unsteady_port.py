"""Further ports of the server that refuse or reset connections by a plan, reproducibly from its seed."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable, Coroutine
from itertools import count
from typing import cast

from timetrial.mockserver.draws import draw
from timetrial.mockserver.server.port import Port
from timetrial.mockserver.unsteady import Unsteady

_Work = Callable[[], Coroutine[None, None, None]]
_MakePort = Callable[[Callable[[], asyncio.Protocol]], Port]
_LINGER_0 = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def reset_at_close(transport: asyncio.BaseTransport) -> None:
    """Whatever ends this connection now, its client gets a reset."""
    raw: socket.socket = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)


class _Resetter(asyncio.Protocol):
    """What a client meets that got in only to be thrown out."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ends it at once."""
        reset_at_close(transport)
        cast("asyncio.Transport", transport).abort()


class UnsteadyPort:
    """One port with its plan.

    The kernel refuses connections to a port on which nobody listens, and tells nobody: the server can decide when
    to listen, and no more. A reset is the next best thing for a single connection, and can be counted.
    """

    def __init__(self, plan: Unsteady, enter: Callable[[], asyncio.Protocol], port: _MakePort) -> None:
        self.plan = plan
        self.enter = enter
        self.port = port(self._let_in)
        self.accepted = 0
        self.windows = count()
        self.timer: asyncio.TimerHandle | None = None
        self.works: set[asyncio.Task[None]] = set()
        self.over = False

    async def open(self) -> int:
        """Begins with the plan; returns the port's number."""
        if self.plan.how == "refuse" and self.plan.share:
            await self._next_window()
        elif self.plan.how == "refuse" and self.plan.nth == 1:
            self._again(self.plan.for_ms, self.port.open)
        else:
            await self.port.open()
        return self.port.number

    async def close(self) -> None:
        """Ends the plan and gives the port back."""
        self.over = True
        if self.timer is not None:
            self.timer.cancel()
        for work in self.works:
            work.cancel()
        await self.port.close()
        self.port.held.close()

    def _let_in(self) -> asyncio.Protocol:
        self.accepted += 1
        if self.plan.how == "reset" and self._is_hit(self.accepted):
            return _Resetter()
        if self.plan.how == "refuse" and self.accepted == self.plan.nth - 1:
            self._do(self._pause)
        return self.enter()

    def _is_hit(self, number: int) -> bool:
        plan = self.plan
        return number == plan.nth or number <= plan.first or draw(plan.seed, number - 1) < plan.share

    async def _pause(self) -> None:
        await self.port.close()
        self._again(self.plan.for_ms, self.port.open)

    async def _next_window(self) -> None:
        """The time is cut into windows; the seed says in which of them nobody listens."""
        refused = draw(self.plan.seed, next(self.windows)) < self.plan.share
        if refused and self.port.server is not None:
            await self.port.close()
        elif not refused and self.port.server is None:
            await self.port.open()
        self._again(self.plan.window_ms, self._next_window)

    def _again(self, after_ms: float, what: _Work) -> None:
        if not self.over:
            self.timer = asyncio.get_running_loop().call_later(after_ms / 1e3, self._do, what)

    def _do(self, what: _Work) -> None:
        work = asyncio.get_running_loop().create_task(what())
        self.works.add(work)
        work.add_done_callback(self.works.discard)


class UnsteadyPorts:
    """All such ports of one server process."""

    def __init__(self, enter: Callable[[], asyncio.Protocol], port: _MakePort) -> None:
        self.enter = enter
        self.port = port
        self.opened: dict[int, UnsteadyPort] = {}

    async def open(self, _scope: str | None, plan: dict[str, object]) -> int:
        """Opens one; returns its number."""
        port = UnsteadyPort(Unsteady(**plan), self.enter, self.port)  # type: ignore[arg-type] # checked by the parent
        number = await port.open()
        self.opened[number] = port
        return number

    async def close(self, _scope: str | None, number: int) -> None:
        """Closes the one with this number."""
        await self.opened.pop(number).close()
