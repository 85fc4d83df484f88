"""The sending side of a connection: its answers leave one after the other, each as its program says."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter

from timetrial.mockserver.server.exchange import Exchange
from timetrial.mockserver.server.steps import Act
from timetrial.mockserver.server.unsteady_port import reset_at_close

# A client that reads as fast as the server writes gets this much before others have their turn.
_TURN_BYTES = 4 * 2**20
_MOST_WAITING = 64
_LINGER_S = 2.0


class Answering:
    """The exchange that is being answered and those that wait for it.

    ``ended`` is called with each exchange whose program has run to its end, in their order, and may call ``follow`` to
    begin the next one. ``paused`` is set while the client reads more slowly than the server writes, and
    ``held_back`` while more has been read than was taken, so that no more should be.
    """

    __slots__ = (
        "current",
        "ended",
        "held_back",
        "loop",
        "paused",
        "resuming",
        "timer",
        "transport",
        "waiting",
        "was_reset",
        "write",
    )

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, ended: Callable[[Exchange], None]
    ) -> None:
        self.transport = transport
        self.write = transport.write
        self.loop = loop
        self.ended = ended
        self.current: Exchange | None = None
        self.waiting: deque[Exchange] | None = None
        self.timer: asyncio.Handle | None = None
        self.paused = self.resuming = self.was_reset = self.held_back = False

    @property
    def busy(self) -> bool:
        """Whether anything has to leave before a new answer may."""
        return bool(self.current or self.waiting or self.paused)

    @property
    def crowded(self) -> bool:
        """Whether so many exchanges wait that no more should be read."""
        return self.waiting is not None and len(self.waiting) >= _MOST_WAITING

    def submit(self, exchange: Exchange) -> None:
        """A request is complete, or will not be: it is answered when those before it have been."""
        if self.current is None and not self.paused:
            self.begin(exchange)
            return
        if self.waiting is None:
            self.waiting = deque()
        self.waiting.append(exchange)
        if self.crowded:
            self.transport.pause_reading()

    def begin(self, exchange: Exchange) -> None:
        """Answers it now; nothing else may be under way."""
        self.current = exchange

        def resume() -> None:
            if self.current is exchange:
                self._run()

        exchange.resume = resume
        if not exchange.linger:
            exchange.prepare()
        self._run()

    def _run(self) -> None:
        exchange = self.current
        if exchange is None:
            return
        began = perf_counter()
        self.timer = None
        over = self._advance(exchange)
        exchange.target.counts.service_s += perf_counter() - began
        if over:
            self.current = None
            self.ended(exchange)

    def _advance(self, exchange: Exchange) -> bool:
        """Carries out steps until one has to wait; True when there are no more."""
        sent = exchange.bytes_out
        for step in exchange.program:
            if isinstance(step, (bytes, memoryview)):
                self.write(step)
                exchange.bytes_out += len(step)
                if self.paused:
                    return False
                if exchange.bytes_out - sent > _TURN_BYTES:
                    self.timer = self.loop.call_soon(exchange.resume)
                    return False
            elif isinstance(step, float):
                self.timer = self.loop.call_later(step, exchange.resume)
                return False
            elif isinstance(step, Act):
                return self._act(step, exchange)
            elif not step(exchange.resume):
                return False
        return True

    def _act(self, act: Act, exchange: Exchange) -> bool:
        if act is Act.HANG:
            return False
        exchange.close = True
        if act is Act.RESET:
            self.was_reset = True
            reset_at_close(self.transport)
            self.finally_do(self.transport.abort)
        return True

    def finally_do(self, end: Callable[[], None]) -> None:
        """Ends the transport in one way or another; not while it says that it can write again.

        asyncio's own would look after that whether it is closing, and end a second time (CPython 3.11 to 3.14).
        """
        if self.resuming:
            self.loop.call_soon(end)
        else:
            end()

    def linger(self) -> None:
        """Ends the connection so that a client that is still sending can read the answer before it."""
        if self.transport.can_write_eof():
            self.finally_do(self.transport.write_eof)
        self.timer = self.loop.call_later(_LINGER_S, self.transport.close)

    def follow(self) -> bool:
        """Has the next exchange answered that waits, in the loop's next turn; False if none does."""
        if not self.waiting or self.paused:
            return False
        following = self.waiting.popleft()
        if len(self.waiting) == _MOST_WAITING // 2 and not self.held_back:
            self.transport.resume_reading()
        # Not a plain call: a thousand pipelined requests would be as many frames deep.
        self.timer = self.loop.call_soon(self.begin, following)
        self.current = following
        return True

    def go_on(self) -> None:
        """The client has caught up: what waited for that is sent."""
        self.paused = False
        self.resuming = True
        if self.current is not None:
            if self.timer is None:
                self._run()
        elif self.waiting:
            self.begin(self.waiting.popleft())
        self.resuming = False

    def drop(self) -> list[Exchange]:
        """Ends everything where it is; returns what has not been answered in full."""
        if self.timer is not None:
            self.timer.cancel()
        unfinished = [*([self.current] if self.current else ()), *(self.waiting or ())]
        self.current = self.waiting = None
        self.ended = _nobody
        return unfinished


def _nobody(_exchange: Exchange) -> None:
    """Who is told of an answer's end once its connection is lost; what would otherwise be a ring of references."""
