"""Conditional and partial requests: ETag, If-Match, If-None-Match, Range and If-Range. Pure functions."""

from __future__ import annotations

import hashlib
import re

from timetrial.mockserver.content import Content
from timetrial.mockserver.server.messages import Reply, Request, text_reply

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)


def tag_of(body: bytes | Content) -> str:
    """A strong entity tag: equal bytes have equal tags. It takes a millisecond a megabyte of bytes that are there."""
    told = body if isinstance(body, bytes) else body.name.encode()
    return f'"{hashlib.sha256(told).hexdigest()[:24]}"'


def conditional(request: Request, reply: Reply) -> Reply:
    """The reply with a tag to a GET or HEAD, after the request's conditions: itself, a part, 304, 412 or 416."""
    etag = reply.tag
    reply.headers += [("ETag", etag), ("Accept-Ranges", "bytes")]
    wanted = request.header(b"if-match")
    if wanted is not None and not _matches(wanted, etag, weak=False):
        return text_reply(412, "Precondition Failed: the ETag is another one")
    known = request.header(b"if-none-match")
    if known is not None and _matches(known, etag, weak=True):
        return Reply(304, headers=[("ETag", etag)])
    span = request.header(b"range") if request.method == b"GET" else None
    if span is None or request.header(b"if-range") not in (None, etag):
        return reply
    return _partial(reply, span, etag)


def _matches(tags: str, etag: str, *, weak: bool) -> bool:
    if tags.strip() == "*":
        return True
    known = (tag.strip() for tag in tags.split(","))
    return any((tag.removeprefix("W/") if weak else tag) == etag for tag in known)


def _partial(reply: Reply, text: str, etag: str) -> Reply:
    """One range is served; several, or what is no range of bytes, may be ignored by RFC 9110 and are."""
    found = _RANGE.fullmatch(text.strip())
    if found is None or found.groups() == ("", ""):
        return reply
    size = reply.size_bytes
    first, last = found.groups()
    if first and last and int(first) > int(last):
        return reply
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if start >= size:
        refusal = text_reply(416, f"the body has {size} bytes")
        refusal.headers = [("Content-Range", f"bytes */{size}"), ("ETag", etag)]
        return refusal
    reply.status, reply.span = 206, (start, stop)
    reply.headers.append(("Content-Range", f"bytes {start}-{stop - 1}/{size}"))
    return reply
