"""One request on its way to its end: which program answers it, and how its end is counted, exactly once."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Generator, Iterator
from functools import lru_cache
from time import monotonic

from timetrial.mockserver.content import Body, size_of
from timetrial.mockserver.server.conditions import MOST_REMEMBERED_BYTES, conditional
from timetrial.mockserver.server.faults import COMPLETE, PROGRAMS
from timetrial.mockserver.server.messages import Clock, Reply, Request, text_reply
from timetrial.mockserver.server.services import Services
from timetrial.mockserver.server.steps import Step, Wire, paced, plain
from timetrial.mockserver.server.targets import Target

# Larger bodies are sent in chunks and never joined with their head.
PLANNED_BYTES = 262_144


def proper_reply(target: Target, request: Request) -> Reply:
    """The reply that no fault has touched."""
    resource = target.resource
    if resource.methods and request.method not in resource.methods:
        refusal = text_reply(405, f"{request.method.decode('latin-1')} is not for this URL")
        refusal.headers.append(("Allow", ", ".join(method.decode() for method in resource.methods)))
        return refusal
    reply = resource.reply(request)
    if target.how.status and target.always and not target.how.fault:
        return status_reply(target)
    if resource.fixed and reply.status == 200 and request.method in (b"GET", b"HEAD"):
        if target.how.gzip and _accepts_gzip(request):
            _compress(reply)
        reply = conditional(request, reply)
    reply.chunked = target.how.chunked and request.version == "1.1" and reply.span is None
    return reply


def status_reply(target: Target) -> Reply:
    """The status that the URL asks for."""
    reply = text_reply(target.how.status)
    if target.how.retry_after_s >= 0:
        reply.headers.append(("Retry-After", str(target.how.retry_after_s)))
    return reply


def _accepts_gzip(request: Request) -> bool:
    accepted = (request.header(b"accept-encoding") or "").replace(" ", "").lower().split(",")
    return any(part.split(";q=0")[0] == "gzip" and not part.endswith((";q=0", ";q=0.0")) for part in accepted)


def _compress(reply: Reply) -> None:
    reply.body = _gzipped(reply.body)
    reply.headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]


def _gzipped(body: bytes | Body) -> bytes:
    return _remembered(body) if size_of(body) <= MOST_REMEMBERED_BYTES else _packed(body)


@lru_cache(maxsize=64)
def _remembered(body: bytes | Body) -> bytes:
    return _packed(body)


def _packed(body: bytes | Body) -> bytes:
    return gzip.compress(body.whole() if isinstance(body, Body) else body, mtime=0)


class Plan:
    """The answer to a request that always gets the same one: rendered once a second, for the Date, and counted here."""

    __slots__ = (
        "close",
        "counts",
        "direct",
        "payload",
        "reply",
        "request",
        "request_bytes",
        "second",
        "served",
        "target",
    )

    def __init__(self, target: Target, request: Request, request_bytes: int) -> None:
        self.target = target
        self.request = request
        self.counts = target.counts
        self.request_bytes = request_bytes
        self.served = 0
        self.second = 0
        self.payload = b""
        self.direct = target.undisturbed
        self.close = not request.keep_alive
        self.reply = proper_reply(target, request)
        self.reply.close = self.close

    def sent(self, clock: Clock) -> bytes:
        """The bytes to send, with this second's date."""
        return self.payload if self.second == clock.second else self.render(clock)

    def render(self, clock: Clock) -> bytes:
        """Makes them anew."""
        wire = Wire(self.reply, self.request, self.target.how, clock.date, reused=False)
        self.payload = b"".join(step for step in plain(wire) if isinstance(step, (bytes, memoryview)))
        self.second = clock.second
        return self.payload

    def fold(self) -> None:
        """Moves what was counted here to its part of the server."""
        counts, times = self.counts, self.served
        if times:
            self.served = 0
            counts.arrived += times
            counts.completed += times
            counts.bytes_in += times * self.request_bytes
            counts.bytes_out += times * len(self.payload)
            counts.count(self.target.path, self.reply.status, times)


def plannable(target: Target, request: Request) -> bool:
    """Whether a Plan can answer such requests."""
    if not (target.steady and target.resource.fixed and request.method in (b"GET", b"HEAD")):
        return False
    if target.how.gzip and target.resource.reply(request).size_bytes > MOST_REMEMBERED_BYTES:
        return False  # compressing it only to see how large it becomes would take as long as the answer
    return request.method == b"HEAD" or proper_reply(target, request).size_bytes <= PLANNED_BYTES


class Exchange:
    """A request between its arrival and its end."""

    __slots__ = (
        "began", "bytes_out", "client", "close", "counted", "delay_s", "fault", "linger", "plan", "program", "request",
        "resume", "reused", "services", "status", "target",
    )  # fmt: skip

    def __init__(self, services: Services, target: Target, request: Request, client: str, *, reused: bool) -> None:
        self.services = services
        self.target = target
        self.request = request
        self.client = client
        self.reused = reused
        self.began = monotonic()
        self.bytes_out = 0
        self.delay_s = 0.0
        self.status = 0
        self.fault = ""
        self.close = not request.keep_alive
        self.linger = False
        self.counted = True
        self.plan: Plan | None = None
        self.resume: Callable[[], None] = _nothing
        self.program: Iterator[Step] = iter(())

    def prepare(self) -> None:
        """Decides on the program that answers; the request's body has arrived."""
        target, how = self.target, self.target.how
        number, disturbed = target.hit(self._client() if how.first else self.client)
        if self.plan is not None:
            self.status = self.plan.reply.status
            self.program = iter((self.plan.sent(self.services.clock),))
        else:
            self._answer_properly(disturbed)
        if how.rate_bytes_per_s:
            self.program = paced(self.program, how.rate_bytes_per_s)
        if how.slots:
            self.program = self._queued(number, self.program)
        if how.delay_ms is not None:
            self.program = self._delayed(how.delay_ms.sample_s(target.delay_seed, number), self.program)

    def _client(self) -> str:
        """Whose first tries are counted."""
        per = self.target.how.per
        named = None if per in ("address", "connection") else self.request.header(per.encode())
        return self.client if named is None else f"named {named}"

    def _answer_properly(self, disturbed: bool) -> None:
        target, how = self.target, self.target.how
        reply = proper_reply(target, self.request)
        if disturbed and how.status and not target.always:
            reply = status_reply(target)
        fault = target.fault if disturbed else ""
        if fault == "close_on_reuse" and not self.reused:
            fault = ""
        self.answer(reply, fault)

    def answer(self, reply: Reply, fault: str = "") -> None:
        """Sets the program for this reply."""
        reply.close = self.close = self.close or reply.close
        wire = Wire(reply, self.request, self.target.how, self.services.clock.date, self.reused)
        self.fault = fault
        self.status = 302 if fault == "redirect_loop" else reply.status
        self.program = PROGRAMS[fault](wire) if fault else plain(wire)

    def refuse(self, status: int, text: str) -> None:
        """Answers with an error at once and ends the connection, gently, so that a client still sending sees it."""
        self.linger = True
        self.answer(text_reply(status, text, close=True))

    def _delayed(self, delay_s: float, steps: Iterator[Step]) -> Iterator[Step]:
        self.delay_s = delay_s
        due = self.began + delay_s
        counts = self.target.counts
        counts.delay_s += delay_s
        early_s = self.services.timers_early_s
        while (left := due - monotonic()) > 0:
            yield left + early_s
        counts.delay_late_s += max(monotonic() - due, 0.0)
        yield from steps

    def _queued(self, number: int, steps: Iterator[Step]) -> Iterator[Step]:
        how, queue = self.target.how, self.services.queue(self.target)
        service_s = how.service_ms.sample_s(self.target.service_seed, number) if how.service_ms else 0.0
        resume = self.resume
        try:
            yield queue.enter
            yield service_s
        finally:
            queue.leave(resume)
        yield from steps

    def drop(self) -> None:
        """Lets the program clean up after itself where it will not run to its end."""
        if isinstance(self.program, Generator):
            self.program.close()

    def release(self) -> None:
        """Lets go of what would otherwise be a ring of references, which the garbage collector stops all to find."""
        self.resume = _nothing
        self.program = iter(())

    def end(self, *, whole: bool) -> None:
        """Counts how it ended; ``whole``: its program ran to its end."""
        if not self.counted:
            return
        counts = self.target.counts
        counts.bytes_out += self.bytes_out
        status = 0
        if self.fault and self.fault not in COMPLETE:
            counts.faulted += 1
        elif whole:
            counts.completed += 1
            status = self.status
        else:
            counts.abandoned += 1
        counts.count(self.target.path, status)
        if self.fault:
            counts.faults[self.fault] += 1


def _nothing() -> None:
    """What resumes an exchange that has not begun."""
