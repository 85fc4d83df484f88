"""Answers to requests that always get the same one: found by the request's very bytes, and counted by the plan."""

from __future__ import annotations

from timetrial.mockserver.content import CHUNK_BYTES
from timetrial.mockserver.server.messages import Clock, Reply, Request
from timetrial.mockserver.server.steps import Wire, plain
from timetrial.mockserver.server.targets import Target

# What a plan takes beside the bytes that it is found by and those that it sends.
_OWN_BYTES = 2_500
_LARGEST_REQUEST_BYTES = 2_048


class Plan:
    """The answer to one request in all its bytes: rendered once a second, for the Date, and counted here.

    ``served`` is how often it was sent since ``fold`` was last called; ``direct`` says that it is due at once.
    """

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

    def __init__(self, target: Target, request: Request, request_bytes: int, reply: Reply) -> None:
        self.target = target
        self.request = request
        self.counts = target.counts
        self.request_bytes = request_bytes
        self.served = 0
        self.second = 0
        self.payload = b""
        self.direct = target.undisturbed
        self.close = not request.keep_alive
        self.reply = reply

    @property
    def size_bytes(self) -> int:
        """What it takes to remember it."""
        return _OWN_BYTES + self.request_bytes + (self.reply.size_bytes if self.request.method == b"GET" else 0)

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


def plan_for(data: bytes, target: Target, request: Request, reply: Reply | None) -> Plan | None:
    """A Plan for requests of these very bytes, which had this reply; None where the next one may get another.

    ``data`` was exactly one request.
    """
    if reply is None or len(data) > _LARGEST_REQUEST_BYTES or not data.endswith(b"\r\n\r\n"):
        return None
    if not (target.steady and target.resource.fixed and request.method in (b"GET", b"HEAD")):
        return None
    if data.count(b"\r\n\r\n") > 1 or (request.method == b"GET" and reply.size_bytes > CHUNK_BYTES):
        return None
    return Plan(target, request, len(data), reply)
