"""Answers as programs: generators of steps that a connection carries out, one after the other.

A step is bytes to send, a float of seconds to wait, an Act, or a function that is called with what resumes the
program and says whether it may go on at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from time import monotonic

from timetrial.mockserver.behaviour import Behaviour
from timetrial.mockserver.combinations import NO_BODY
from timetrial.mockserver.content import CHUNK_BYTES
from timetrial.mockserver.server.messages import Chunk, Reply, Request

PIECES_PER_S = 20
_CHUNK_BYTES = 65_536


class Act(Enum):
    """What a program can do to its connection besides sending and waiting."""

    RESET = auto()
    CLOSE = auto()
    HANG = auto()


Turn = Callable[[Callable[[], None]], bool]
Step = Chunk | float | Act | Turn


@dataclass(frozen=True)
class Wire:
    """A reply with all that is needed to put it on the wire, properly or not."""

    reply: Reply
    request: Request
    behaviour: Behaviour
    date: bytes
    reused: bool

    @property
    def with_body(self) -> bool:
        """Whether a body follows the head."""
        return self.request.method != b"HEAD" and self.reply.status not in NO_BODY

    def head(self, framing: str | None = None) -> bytes:
        """The status line and headers, with other framing where a fault wants it."""
        return self.reply.head(self.date, framing, self.request.version)


def plain(wire: Wire) -> Iterator[Step]:
    """The reply as it should be."""
    head = wire.head()
    if not wire.with_body:
        yield head
    elif wire.reply.size_bytes <= CHUNK_BYTES and not wire.reply.chunked:
        yield head + b"".join(wire.reply.chunks())
    else:
        yield head
        yield from in_chunks(wire.reply.chunks()) if wire.reply.chunked else wire.reply.chunks()


def in_chunks(body: Iterator[Chunk], *, ended: bool = True) -> Iterator[Step]:
    """The body in the chunked transfer coding; without the last chunk where it is not ended."""
    for part in body:
        for start in range(0, len(part), _CHUNK_BYTES):
            piece = part[start : start + _CHUNK_BYTES]
            yield b"".join((b"%x\r\n" % len(piece), piece, b"\r\n"))
    if ended:
        yield b"0\r\n\r\n"


def paced(steps: Iterator[Step], rate_bytes_per_s: int) -> Iterator[Step]:
    """The same steps with no more than so many bytes a second, in pieces of a twentieth of a second."""
    began, sent = monotonic(), 0
    piece = max(1, rate_bytes_per_s // PIECES_PER_S)
    for step in steps:
        if not isinstance(step, (bytes, memoryview)):
            yield step
            continue
        for start in range(0, len(step), piece):
            part = memoryview(step)[start : start + piece]
            yield part
            sent += len(part)
            ahead = began + sent / rate_bytes_per_s - monotonic()
            if ahead > 0:
                yield ahead
