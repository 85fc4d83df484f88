"""One client's connection: bytes become requests, requests become exchanges, answers leave in order."""

from __future__ import annotations

import asyncio
from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, cast

from timetrial.mockserver.server.counts import Ledger, Tally
from timetrial.mockserver.server.exchange import Exchange, Plan, plannable
from timetrial.mockserver.server.messages import Request
from timetrial.mockserver.server.receiver import Reception
from timetrial.mockserver.server.steps import Act
from timetrial.mockserver.server.targets import Target
from timetrial.mockserver.server.unsteady_port import reset_at_close

if TYPE_CHECKING:
    from timetrial.mockserver.server.engine import Engine

_LINGER_S = 2.0
# A client that reads as fast as the server writes gets this much before others have their turn.
_TURN_BYTES = 4 * 2**20
_MOST_WAITING = 64
_LARGEST_REMEMBERED_BYTES = 2_048


class Connection(asyncio.Protocol):
    """A connection, from its opening to its end.

    ``idle`` is the one thing that the quick way through ``data_received`` asks: nothing is being received,
    answered or waited for, so that bytes seen before mean the same request as before.
    """

    __slots__ = (
        "client", "current", "deaf", "engine", "idle", "ledger", "lost", "number", "paused", "plans", "port",
        "reception", "tallies", "tally", "timer", "tls", "total", "transport", "waiting", "was_reset", "write",
    )  # fmt: skip

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.plans = engine.plans
        self.idle = True
        self.ledger: Ledger | None = None
        self.tallies: dict[Ledger, Tally] = {}
        self.reception: Reception | None = None
        self.current: Exchange | None = None
        self.waiting: deque[Exchange] | None = None
        self.timer: asyncio.Handle | None = None
        self.deaf = self.lost = self.paused = self.was_reset = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client is here."""
        self.transport = cast("asyncio.Transport", transport)
        self.write = self.transport.write
        self.tls = transport.get_extra_info("ssl_object") is not None
        peer = transport.get_extra_info("peername") or ("", 0)  # a client that has left already has no name
        self.client, self.port = peer[0], peer[1]
        self.number = next(self.engine.numbers)
        self.total = Tally(self.number, self.port)
        self.engine.total.enter(self.total)

    def data_received(self, data: bytes) -> None:
        """Answers from a plan where it can; everything else takes the long way."""
        if self.idle:
            plan = self.plans.get(data)
            if plan is not None:
                if plan.direct:
                    self._answer_from(plan)
                else:
                    self._begin_from(plan)
                return
        self._receive(data)

    def _answer_from(self, plan: Plan) -> None:
        began = perf_counter()
        ledger = plan.ledger
        if ledger is not self.ledger:
            self.enter(ledger)
        self.tally.requests += 1
        total = self.engine.total
        self.total.requests += 1
        if ledger.pending >= ledger.pending_peak:
            ledger.pending_peak = ledger.pending + 1
        if total.pending >= total.pending_peak:
            total.pending_peak = total.pending + 1
        plan.served += 1
        self.write(plan.sent(self.engine.clock))
        if plan.close:
            self._hang_up()
        ledger.service_s += perf_counter() - began

    def _begin_from(self, plan: Plan) -> None:
        """The same for an answer that is known but has to wait."""
        plan.ledger.bytes_in += plan.request_bytes
        exchange = self.arrive(plan.request, plan.target)
        exchange.plan = plan
        self.idle = False
        self._begin(exchange)
        self._settle()

    def enter(self, ledger: Ledger) -> None:
        """Counts this connection in the ledger, the first time that it is used for it."""
        tally = self.tallies.get(ledger)
        if tally is None:
            tally = self.tallies[ledger] = Tally(self.number, self.port)
            ledger.enter(tally)
        self.ledger, self.tally = ledger, tally

    def _receive(self, data: bytes) -> None:
        if self.deaf:
            return
        if self.reception is None:
            self.reception = Reception(self, self.engine)
        fresh = self.idle
        whole = self.reception.feed(data)
        if fresh and whole is not None and len(data) <= _LARGEST_REMEMBERED_BYTES:
            self._remember(data, whole)
        self._settle()

    def _remember(self, data: bytes, exchange: Exchange) -> None:
        if data.endswith(b"\r\n\r\n") and data.count(b"\r\n\r\n") == 1 and plannable(exchange.target, exchange.request):
            self.engine.remember(data, Plan(exchange.target, exchange.request, len(data)))

    def arrive(self, request: Request, target: Target) -> Exchange:
        """A request's headers are here: it counts from now on."""
        ledger = target.ledger
        if ledger is not self.ledger:
            self.enter(ledger)
        self.tally.requests += 1
        self.total.requests += 1
        client = f"connection {self.number}" if target.how.per == "connection" else self.client
        exchange = Exchange(self.engine, target, request, client, reused=self.total.requests > 1)
        ledger.arrived += 1
        for part in (ledger, self.engine.total):
            part.pending += 1
            part.pending_peak = max(part.pending_peak, part.pending)
        return exchange

    def abandon(self, exchange: Exchange) -> None:
        """A request that had arrived turned out to be malformed after all."""
        self._ended(exchange, whole=False)

    def submit(self, exchange: Exchange) -> None:
        """A request is complete, or will not be: it is answered when those before it have been."""
        if self.current is None and not self.paused:
            self._begin(exchange)
            return
        if self.waiting is None:
            self.waiting = deque()
        self.waiting.append(exchange)
        if len(self.waiting) >= _MOST_WAITING:
            self.transport.pause_reading()

    def _begin(self, exchange: Exchange) -> None:
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
        if exchange is None or self.lost:
            return
        began = perf_counter()
        self.timer = None
        ended = self._advance(exchange)
        exchange.target.ledger.service_s += perf_counter() - began
        if ended:
            self._finish(exchange)

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
                    self.timer = self.engine.loop.call_soon(exchange.resume)
                    return False
            elif isinstance(step, float):
                self.timer = self.engine.loop.call_later(step, exchange.resume)
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
            self.transport.abort()
        return True

    def _finish(self, exchange: Exchange) -> None:
        self.current = None
        self._ended(exchange, whole=True)
        if exchange.linger:
            self._linger()
        elif exchange.close:
            self._hang_up()
        elif self.waiting and not self.paused:
            following = self.waiting.popleft()
            if len(self.waiting) == _MOST_WAITING // 2:
                self.transport.resume_reading()
            # Not a plain call: a thousand pipelined requests would be as many frames deep.
            self.timer = self.engine.loop.call_soon(self._follow, following)
            self.current = following
        elif self.reception is not None:
            self.reception.invite()
        self._settle()

    def _follow(self, exchange: Exchange) -> None:
        if not self.lost:
            self._begin(exchange)
            self._settle()

    def _ended(self, exchange: Exchange, *, whole: bool) -> None:
        if exchange.counted:
            exchange.target.ledger.pending -= 1
            self.engine.total.pending -= 1
        self.engine.ended(exchange, self.number, self.port, whole=whole)
        exchange.release()

    def _hang_up(self) -> None:
        self.deaf = True
        self.idle = False
        self.transport.close()

    def _linger(self) -> None:
        """Ends the connection so that a client that is still sending can read the answer before it."""
        self.deaf = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.timer = self.engine.loop.call_later(_LINGER_S, self.transport.close)

    def _settle(self) -> None:
        receiving = self.reception is not None and self.reception.receiving
        self.idle = not (self.current or self.waiting or receiving or self.paused or self.deaf)

    def pause_writing(self) -> None:
        """The client reads more slowly than the server writes: take nothing new until it has caught up."""
        self.paused = True
        self.idle = False
        if not self.deaf:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.paused = False
        if self.lost:
            return
        if not self.deaf and len(self.waiting or ()) < _MOST_WAITING:
            self.transport.resume_reading()
        if self.current is not None:
            if self.timer is None:
                self._run()
        elif self.waiting:
            self._begin(self.waiting.popleft())
        self._settle()

    def eof_received(self) -> bool:
        """The client has said its last, which nobody does who waits for an answer: what is in flight is abandoned."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over, whoever ended it."""
        self.lost = True
        self.idle = False
        if self.timer is not None:
            self.timer.cancel()
        reset = self.was_reset or isinstance(exc, ConnectionResetError)
        unfinished = [self.current, *(self.waiting or ()), self.reception and self.reception.incoming]
        self.current = self.waiting = None
        for exchange in unfinished:
            if exchange is not None:
                exchange.drop()
                self._ended(exchange, whole=False)
        for ledger, tally in self.tallies.items():
            ledger.leave(tally, reset=reset)
        self.engine.total.leave(self.total, reset=reset)
        if self.reception is not None:
            self.reception.release()
