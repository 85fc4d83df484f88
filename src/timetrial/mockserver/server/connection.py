"""One client's connection: bytes become requests, requests become exchanges, and each is counted."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import cast

from timetrial.mockserver.behaviour import PLAIN
from timetrial.mockserver.server.answering import Answering
from timetrial.mockserver.server.counts import Counts, Tally
from timetrial.mockserver.server.engine import Engine
from timetrial.mockserver.server.exchange import Exchange
from timetrial.mockserver.server.messages import Request
from timetrial.mockserver.server.plans import Plan, plan_for
from timetrial.mockserver.server.receiver import END, Event, Receiver, Refusal, flaw_of_body, too_large
from timetrial.mockserver.server.resources import Missing, NoToken
from timetrial.mockserver.server.targets import Target

# What the smallest of requests take some 10 ms to fill.
_TURN_BYTES = 4_096


class Connection(asyncio.Protocol):
    """A connection, from its opening to its end; the event loop calls its methods.

    ``idle`` is the one thing that the quick way through ``data_received`` asks: nothing is being received,
    answered or waited for, so that bytes seen before mean the same request as before. ``deaf`` is set once nothing
    that the client still says counts.
    """

    __slots__ = (
        "answering", "client", "counts", "deaf", "engine", "idle", "incoming", "invitation_due", "lost",
        "most_body_bytes", "number", "plans", "port", "receiver", "tallies", "tally", "total", "transport", "unread",
        "write",
    )  # fmt: skip

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.plans = engine.plans
        self.idle = True
        self.counts: Counts | None = None
        self.tallies: dict[Counts, Tally] = {}
        self.receiver: Receiver | None = None
        self.incoming: Exchange | None = None
        self.most_body_bytes = 0
        self.unread = b""
        self.deaf = self.lost = self.invitation_due = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client is here."""
        self.transport = cast("asyncio.Transport", transport)
        self.write = self.transport.write
        self.answering = Answering(self.transport, self.engine.loop, self._answered)
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
        if self.unread:
            self.unread += data
        elif not self.deaf:
            self._receive(data)

    def _answer_from(self, plan: Plan) -> None:
        began = perf_counter()
        counts = plan.counts
        if counts is not self.counts:
            self._enter(counts)
        self.tally.requests += 1
        total = self.engine.total
        self.total.requests += 1
        if counts.pending >= counts.pending_peak:
            counts.pending_peak = counts.pending + 1
        if total.pending >= total.pending_peak:
            total.pending_peak = total.pending + 1
        plan.served += 1
        self.write(plan.sent(self.engine.clock))
        if plan.close:
            self._hang_up()
        counts.service_s += perf_counter() - began

    def _begin_from(self, plan: Plan) -> None:
        """The same for an answer that is known but has to wait."""
        plan.counts.bytes_in += plan.request_bytes
        exchange = self._arrive(plan.request, plan.target)
        exchange.plan = plan
        self.idle = False
        self.answering.begin(exchange)
        self._settle()

    def _enter(self, counts: Counts) -> None:
        """Counts this connection there, the first time that it is used for it."""
        tally = self.tallies.get(counts)
        if tally is None:
            # Those of tests that are over would pile up on a connection that is kept for all of them.
            self.tallies = {part: own for part, own in self.tallies.items() if not part.absorbed}
            tally = self.tallies[counts] = Tally(self.number, self.port)
            counts.enter(tally)
        self.counts, self.tally = counts, tally

    def _receive(self, data: bytes) -> None:
        """Takes what came; of thousands of requests at once some now, and the others in the loop's next turns."""
        if len(data) > _TURN_BYTES and self.incoming is None:
            data, self.unread = data[:_TURN_BYTES], data[_TURN_BYTES:]
            self.answering.held_back = True
            self.transport.pause_reading()
            self.engine.loop.call_soon(self._receive_unread)
        if self.receiver is None:
            self.receiver = Receiver(self.engine.limits)
        fresh = self.idle
        events = self.receiver.feed(data)
        exchange = self._take(events)
        self._own_counts().bytes_in += len(data)  # only now is it known whom a first request is counted for
        if fresh and exchange is not None and len(events) == 2:
            plan = plan_for(data, exchange.target, exchange.request, exchange.reply)
            if plan is not None:
                self.engine.remember(data, plan)
        self._settle()

    def _receive_unread(self) -> None:
        data, self.unread = self.unread, b""
        self.answering.held_back = False
        if self.deaf or self.lost:
            return
        self._receive(data)
        self._read_on()

    def _read_on(self) -> None:
        """Reads again, unless there is a reason not to."""
        if not (self.deaf or self.unread or self.answering.paused or self.answering.crowded):
            self.transport.resume_reading()

    def _take(self, events: list[Event]) -> Exchange | None:
        """What the client said, in its order; returns the last exchange of it that is complete."""
        complete = None
        for event in events:
            if self.deaf:
                break
            if event is END:
                complete = self._take_end()
            elif isinstance(event, Request):
                self._take_request(event)
            elif isinstance(event, bytes):
                self._take_body(event)
            elif isinstance(event, Refusal):
                self._refuse(event)
        return complete

    def _take_request(self, request: Request) -> None:
        target = self.engine.target(request.url)
        self.incoming = exchange = self._arrive(request, target)
        self.most_body_bytes = target.resource.prepare(request) or self.engine.limits.body_bytes
        uninvited = isinstance(target.resource, NoToken)
        flaw = Refusal(403, NoToken.told) if uninvited else flaw_of_body(request, self.most_body_bytes)
        if flaw is not None:
            self._submit_last(exchange, flaw)
        elif request.version == "1.1" and request.header(b"expect") is not None:
            self.invitation_due = True
            self._invite()

    def _take_body(self, chunk: bytes) -> None:
        exchange = self.incoming
        if exchange is None:
            return
        self.invitation_due = False  # the client has begun without it
        request = exchange.request
        request.body_bytes += len(chunk)
        if request.body_bytes > self.most_body_bytes:
            self._submit_last(exchange, too_large(self.most_body_bytes))
        elif request.sink is not None:
            request.sink(chunk)

    def _take_end(self) -> Exchange | None:
        exchange, self.incoming = self.incoming, None
        self.invitation_due = False
        if exchange is not None:
            self.deaf = not exchange.request.keep_alive
            self.answering.submit(exchange)
        return exchange

    def _invite(self) -> None:
        """Says 100 Continue to a client that waits for it, once all answers before it have been sent."""
        if self.invitation_due and self.answering.current is None and not self.answering.waiting:
            self.invitation_due = False
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, refusal: Refusal) -> None:
        """Answers what is no valid request; one whose headers had arrived is abandoned."""
        counts = self._own_counts()
        counts.malformed += 1
        if self.incoming is not None:
            self._ended(self.incoming, whole=False)
        target = Target("", Missing(refusal.status, refusal.text), PLAIN, counts)
        exchange = Exchange(self.engine.services, target, Request(b"GET", b"", "1.1", []), "", reused=False)
        exchange.counted = False
        self._submit_last(exchange, refusal)

    def _submit_last(self, exchange: Exchange, refusal: Refusal) -> None:
        """Answers with the refusal, and reads no more."""
        self.incoming = None
        self.invitation_due = False
        self.deaf = True
        exchange.refuse(refusal.status, refusal.text)
        self.answering.submit(exchange)

    def _own_counts(self) -> Counts:
        return self.engine.unscoped if self.counts is None or self.counts.absorbed else self.counts

    def _arrive(self, request: Request, target: Target) -> Exchange:
        """A request's headers are here: it counts from now on."""
        counts = target.counts
        if counts is not self.counts:
            self._enter(counts)
        self.tally.requests += 1
        self.total.requests += 1
        client = f"connection {self.number}" if target.how.per == "connection" else self.client
        exchange = Exchange(self.engine.services, target, request, client, reused=self.total.requests > 1)
        counts.arrived += 1
        for part in (counts, self.engine.total):
            part.pending += 1
            part.pending_peak = max(part.pending_peak, part.pending)
        return exchange

    def _answered(self, exchange: Exchange) -> None:
        self._ended(exchange, whole=True)
        if exchange.linger:
            self.deaf = True
            self.answering.linger()
        elif exchange.close:
            self._hang_up()
        elif not self.answering.follow():
            self._invite()
        self._settle()

    def _ended(self, exchange: Exchange, *, whole: bool) -> None:
        if exchange.counted:
            exchange.target.counts.pending -= 1
            self.engine.total.pending -= 1
        self.engine.ended(exchange, self.number, self.port, whole=whole)
        exchange.release()

    def _hang_up(self) -> None:
        self.deaf = True
        self.idle = False
        self.answering.finally_do(self.transport.close)

    def _settle(self) -> None:
        receiving = self.receiver is not None and self.receiver.receiving
        self.idle = not (self.answering.busy or receiving or self.unread or self.deaf)

    def pause_writing(self) -> None:
        """The client reads more slowly than the server writes: take nothing new until it has caught up."""
        self.answering.paused = True
        self.idle = False
        if not self.deaf:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        if self.lost:
            return
        self.answering.go_on()
        self._read_on()
        self._settle()

    def eof_received(self) -> bool:
        """The client has said its last, which nobody does who waits for an answer: what is in flight is abandoned."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over, whoever ended it."""
        self.lost = True
        self.idle = False
        unfinished = self.answering.drop()
        if self.incoming is not None:
            unfinished.append(self.incoming)
            self.incoming = None
        for exchange in unfinished:
            exchange.drop()
            self._ended(exchange, whole=False)
        reset = self.answering.was_reset or isinstance(exc, ConnectionResetError)
        for counts, tally in self.tallies.items():
            counts.leave(tally, reset=reset)
        self.engine.total.leave(self.total, reset=reset)
        if self.receiver is not None:
            self.receiver.release()
