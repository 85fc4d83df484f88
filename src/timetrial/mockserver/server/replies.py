"""Which reply a request gets before any fault is done to it: its status, its form, and its conditions."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from time import perf_counter

from timetrial.mockserver.combinations import REDIRECTS
from timetrial.mockserver.content import CHUNK_BYTES, Content
from timetrial.mockserver.server.conditions import conditional
from timetrial.mockserver.server.messages import Chunk, Pieces, Reply, Request, location, text_reply
from timetrial.mockserver.server.resources import Redirect, redirection
from timetrial.mockserver.server.services import Services
from timetrial.mockserver.server.targets import Target

# A reply that may take a while to make: it yields wherever others should have their turn, and returns the reply.
Making = Generator[None, None, Reply]

# Longer than this nobody else is kept waiting.
_TURN_S = 0.002
_PACKED_BYTES = 16_384
# What RFC 9110 wants beside these statuses.
_ALSO = {
    401: [("WWW-Authenticate", 'Basic realm="timetrial"')],
    407: [("Proxy-Authenticate", 'Basic realm="timetrial"')],
    426: [("Upgrade", "HTTP/2.0"), ("Connection", "Upgrade")],
}


def made(target: Target, request: Request, services: Services, status: int = 0) -> Making:
    """The reply to a request; with a ``status`` that the URL asks for, the one of that status."""
    reply = _answer(target, request, status)
    if reply.parts is not None:
        reply.body = _joined("", (yield from _in_turns(reply.parts)))
        reply.parts = None
    return (yield from _formed(reply, target, request, services))


def looped(target: Target, request: Request, services: Services) -> Making:
    """A redirect to the very same URL."""
    reply = redirection(target.how.status or 302, location(request.url.decode("latin-1")))
    _add_retry_after(reply, target)
    return (yield from _formed(reply, target, request, services))


def _answer(target: Target, request: Request, status: int) -> Reply:
    resource = target.resource
    if resource.methods and request.method not in resource.methods:
        return _not_allowed(target, f"{request.method.decode('latin-1')} is not for this URL")
    if status in (0, 200):
        reply = resource.reply(request)
    elif status in REDIRECTS and isinstance(resource, Redirect):
        reply = redirection(status, resource.location)
    elif status == 405:
        reply = _not_allowed(target)
    else:
        reply = text_reply(status)
        reply.headers += _ALSO.get(status, [])
        if status == 206:
            reply.headers.append(("Content-Range", f"bytes 0-{reply.size_bytes - 1}/{reply.size_bytes}"))
    if status:
        _add_retry_after(reply, target)
    return reply


def _not_allowed(target: Target, text: str = "") -> Reply:
    reply = text_reply(405, text)
    reply.headers.append(("Allow", ", ".join(method.decode() for method in target.resource.methods)))
    return reply


def _add_retry_after(reply: Reply, target: Target) -> None:
    if target.how.retry_after_s >= 0:
        reply.headers.append(("Retry-After", str(target.how.retry_after_s)))


def _formed(reply: Reply, target: Target, request: Request, services: Services) -> Making:
    """Compressed, conditional, chunked, as the URL and the request ask for."""
    how = target.how
    if how.gzip:
        reply.headers.append(("Vary", "Accept-Encoding"))
        if reply.size_bytes and _accepts_gzip(request):
            yield from _compressed(reply, services)
    if reply.tag:
        reply = conditional(request, reply)
    reply.chunked = how.chunked and request.version == "1.1"
    return reply


def _accepts_gzip(request: Request) -> bool:
    """By its name, or else by the star that stands for all that have none."""
    accepted: dict[str, bool] = {}
    for part in (request.header(b"accept-encoding") or "").replace(" ", "").lower().split(","):
        coding, _, weight = part.partition(";q=")
        accepted[coding] = weight.strip("0.") != "" or not weight
    return accepted.get("gzip", accepted.get("*", False))


def _compressed(reply: Reply, services: Services) -> Generator[None, None, None]:
    body = services.gzipped.get(reply.tag) if reply.tag else None
    if body is None:
        name = f"gzip of {reply.tag}"
        body = Pieces(name, (yield from _in_turns(_gzip(reply.chunks()))))
        if reply.tag:
            services.gzipped.keep(reply.tag, body, body.size_bytes + 1_000)
    reply.body = _joined(body.name, body.pieces)
    reply.tag = reply.tag and f'{reply.tag[:-1]}-gzip"'
    reply.headers.append(("Content-Encoding", "gzip"))


def _gzip(body: Iterator[Chunk]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    for chunk in body:
        for start in range(0, len(chunk), _PACKED_BYTES):
            yield packer.compress(chunk[start : start + _PACKED_BYTES])
    yield packer.flush()


def _in_turns(parts: Iterator[bytes]) -> Generator[None, None, list[bytes]]:
    """All the parts; others have their turn in between, where they take a while."""
    pieces: list[bytes] = []
    began = perf_counter()
    for part in parts:
        pieces.append(part)
        if perf_counter() - began > _TURN_S:
            yield
            began = perf_counter()
    return pieces


def _joined(name: str, pieces: list[bytes]) -> bytes | Content:
    """Joined where that takes no time."""
    whole = Pieces(name, pieces)
    return b"".join(pieces) if whole.size_bytes <= CHUNK_BYTES else whole
