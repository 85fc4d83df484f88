"""How the server misbehaves: one small program for each fault of timetrial.mockserver.behaviour.FAULTS."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice

from timetrial.mockserver.content import Body
from timetrial.mockserver.server.messages import Chunk
from timetrial.mockserver.server.steps import Act, Step, Wire, in_chunks, plain

# Long enough for what was sent to be read before the reset, which would otherwise overtake it.
_BEFORE_RESET_S = 0.02
_EXTRA = b"and this is more than was declared"

# The answers that are whole all the same; every other fault makes its request one of requests_faulted.
COMPLETE = frozenset({"drip", "close_after", "redirect_loop"})


def _first(wire: Wire, size_bytes: int) -> Iterator[Step]:
    """The head and so many bytes of the body."""
    yield wire.head()
    body = _beginning(wire.reply.chunks(), size_bytes)
    yield from in_chunks(body, ended=False) if wire.reply.chunked else body


def _beginning(body: Iterator[Chunk], size_bytes: int) -> Iterator[Chunk]:
    for chunk in body:
        if size_bytes <= 0:
            return
        yield chunk[:size_bytes]
        size_bytes -= len(chunk)


def _half(wire: Wire) -> Iterator[Step]:
    return _first(wire, wire.reply.size_bytes // 2)


def reset_before_headers(wire: Wire) -> Iterator[Step]:  # noqa: ARG001 - all faults look alike
    """A reset instead of an answer."""
    yield Act.RESET


def reset_in_headers(wire: Wire) -> Iterator[Step]:
    """A reset after half of the head."""
    head = wire.head()
    yield head[: len(head) // 2]
    yield _BEFORE_RESET_S
    yield Act.RESET


def reset_after_headers(wire: Wire) -> Iterator[Step]:
    """A reset after the head and before the body."""
    yield wire.head()
    yield _BEFORE_RESET_S
    yield Act.RESET


def reset_in_body(wire: Wire) -> Iterator[Step]:
    """A reset after half of the body."""
    yield from _half(wire)
    yield _BEFORE_RESET_S
    yield Act.RESET


def short_body(wire: Wire) -> Iterator[Step]:
    """Fewer bytes than declared, then the end of the connection."""
    cut = wire.behaviour.cut_after_bytes
    yield from _first(wire, wire.reply.size_bytes // 2 if cut < 0 else min(cut, max(wire.reply.size_bytes - 1, 0)))
    yield Act.CLOSE


def long_body(wire: Wire) -> Iterator[Step]:
    """More bytes than declared."""
    yield from plain(wire)
    yield _EXTRA
    yield Act.CLOSE


def drip(wire: Wire) -> Iterator[Step]:
    """The right answer, one byte at a time, ``interval_ms`` apart."""
    for step in plain(wire):
        if isinstance(step, (bytes, memoryview)):
            for position in range(len(step)):
                yield step[position : position + 1]
                yield wire.behaviour.interval_ms / 1e3


def hang(wire: Wire) -> Iterator[Step]:  # noqa: ARG001 - all faults look alike
    """Nothing, until the client gives up."""
    yield Act.HANG


def hang_in_body(wire: Wire) -> Iterator[Step]:
    """Half of the body, then nothing until the client gives up."""
    yield from _half(wire)
    yield Act.HANG


def bad_chunks(wire: Wire) -> Iterator[Step]:
    """A chunked body whose second chunk has no readable size."""
    first = b"".join(islice(wire.reply.chunks(), 1))[:1024]
    yield wire.head("Transfer-Encoding: chunked\r\n")
    yield b"%x\r\n" % len(first) + first + b"\r\n" if first else b""
    yield b"this is no size\r\n" + first + b"\r\n"
    yield Act.CLOSE


def bad_encoding(wire: Wire) -> Iterator[Step]:
    """A body that is said to be gzip and isn't."""
    wire.reply.headers.append(("Content-Encoding", "gzip"))
    yield from plain(wire)


def garbage(wire: Wire) -> Iterator[Step]:
    """Bytes that are no HTTP at all, from the seed."""
    # The first byte is fixed, so that no seed can begin with something that looks like a status line.
    yield b"\x00" + random.Random(wire.behaviour.seed).randbytes(255) + b"\r\n\r\n"
    yield Act.CLOSE


def endless_body(wire: Wire) -> Iterator[Step]:
    """A chunked body that never ends; for HTTP/1.0 one without a length."""
    old = wire.request.version == "1.0"
    yield wire.head("" if old else "Transfer-Encoding: chunked\r\n")
    chunk = Body("timetrial endless", 65_536).whole()
    while True:
        yield chunk if old else b"%x\r\n%b\r\n" % (len(chunk), chunk)


def redirect_loop(wire: Wire) -> Iterator[Step]:
    """A redirect to the very same URL."""
    return plain(wire)  # the reply is that already


def close_after(wire: Wire) -> Iterator[Step]:
    """The right answer, which promises to keep the connection, and then its end: the next request finds it closed."""
    yield from plain(wire)
    yield Act.CLOSE


def close_on_reuse(wire: Wire) -> Iterator[Step]:
    """The right answer to a connection's first request, and the end of the connection instead of a later one."""
    if wire.reused:
        yield Act.CLOSE
    else:
        yield from plain(wire)


PROGRAMS: dict[str, Callable[[Wire], Iterator[Step]]] = {
    program.__name__: program
    for program in (
        reset_before_headers,
        reset_in_headers,
        reset_after_headers,
        reset_in_body,
        short_body,
        long_body,
        drip,
        hang,
        hang_in_body,
        bad_chunks,
        bad_encoding,
        garbage,
        endless_body,
        redirect_loop,
        close_after,
        close_on_reuse,
    )
}
