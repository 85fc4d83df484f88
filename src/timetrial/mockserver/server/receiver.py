"""The receiving side of a connection: bytes become events, and what is no valid HTTP becomes a Refusal.

It knows neither the connection nor what is served. Whoever feeds it takes the events in their order: a Request once its
headers are here, bytes for each part of its body, END with its last byte, or a Refusal, after which nothing counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

import httptools

from timetrial.mockserver.server.messages import Request
from timetrial.mockserver.server.services import Limits

_UNKNOWN_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40} \S+ HTTP/1\.[01]\r\n")
# uri-host [ ":" port ] of RFC 9110; an empty one is allowed for a target without a host.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.~%!$&'()*+;=-]*)(:\d*)?", re.ASCII)
_MOST_HEADERS = 200


class End(Enum):
    """The last byte of a request."""

    END = auto()


END = End.END


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered instead of serving a request: a status, and a sentence for whoever reads it."""

    status: int
    text: str


Event = Request | bytes | End | Refusal


class _RefusedError(Exception):
    """Leaves llhttp's callbacks; the refusal is among the events already."""


class Receiver:
    """One connection's parser and the message that it is in the middle of.

    ``receiving`` says whether there is one. Once a Refusal has come out, or a request that is the last
    one (``keep_alive`` is False), nothing more should be fed to it.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.parser = httptools.HttpRequestParser(self)
        self.receiving = False
        self.events: list[Event] = []
        self._reset()

    def _reset(self) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.head_bytes = self.unfinished_bytes = 0
        self.complete = False

    def release(self) -> None:
        """Lets go of what would otherwise be a ring of references."""
        del self.parser

    def feed(self, data: bytes) -> list[Event]:
        """Takes bytes as they came; returns the events that they complete, in their order."""
        events: list[Event] = []
        self.events = events
        left: bytes | memoryview = data
        try:
            while left:
                left = self._parse(left)
        except httptools.HttpParserCallbackError as problem:
            if not isinstance(problem.__context__, _RefusedError):
                raise
        except _RefusedError:
            pass
        except httptools.HttpParserError as problem:
            events.append(self._why(data, problem))
        return events

    def _parse(self, data: bytes | memoryview) -> bytes | memoryview:
        """Parses as far as an upgrade that is offered, and returns what comes after it.

        A server may ignore Upgrade, and this one does: what follows is HTTP/1.1 as before.
        """
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.parser = httptools.HttpRequestParser(self)
            return memoryview(data)[upgrade.args[0] :]
        if self.receiving and not self.complete:
            self._grow_head(0 if END in self.events else len(data))
        return b""

    def _grow_head(self, size_bytes: int) -> None:
        """A head that never ends is not waited for: llhttp would keep all of it."""
        self.unfinished_bytes += size_bytes
        self.head_bytes = max(self.head_bytes, self.unfinished_bytes)
        self._limit_head()

    def on_message_begin(self) -> None:
        """llhttp: the first byte of a request."""
        self.receiving = True
        self._reset()

    def on_url(self, url: bytes) -> None:
        """llhttp: a part of the target."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """llhttp: a header, or a trailer after the body, which is not needed."""
        if not self.complete:
            self.headers.append((name, value))
            self.head_bytes += len(name) + len(value) + 4

    def on_headers_complete(self) -> None:
        """llhttp: the request has arrived as far as it decides what is done about it."""
        parser = self.parser
        request = Request(parser.get_method(), self.url, parser.get_http_version(), self.headers)
        request.keep_alive = parser.should_keep_alive()
        refusal = _flaw(request)
        if refusal is not None:
            self._refuse(refusal)
        self._limit_head()
        self.complete = True
        self.events.append(request)

    def on_body(self, chunk: bytes) -> None:
        """llhttp: a part of the body."""
        self.events.append(chunk)

    def on_message_complete(self) -> None:
        """llhttp: the last byte of a request."""
        self.receiving = False
        self.events.append(END)

    def _limit_head(self) -> None:
        limits = self.limits
        if len(self.url) > limits.url_bytes:
            self._refuse(Refusal(414, f"URLs here have up to {limits.url_bytes} bytes"))
        if self.head_bytes > limits.head_bytes or len(self.headers) > _MOST_HEADERS:
            self._refuse(Refusal(431, f"headers here have up to {limits.head_bytes} bytes and {_MOST_HEADERS} lines"))

    def _why(self, data: bytes, problem: httptools.HttpParserError) -> Refusal:
        """What is answered to bytes that llhttp can make no sense of."""
        self.receiving = False
        first = END not in self.events
        if first and data.startswith(b"PRI * HTTP/2.0"):
            return Refusal(505, "HTTP/2 is not spoken here, HTTP/1.1 is")
        if first and isinstance(problem, httptools.HttpParserInvalidMethodError) and _UNKNOWN_METHOD.match(data):
            return Refusal(501, "this method is unknown here")
        if str(problem) == "Invalid HTTP version":
            return Refusal(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
        return Refusal(400, f"this is not HTTP: {problem}")

    def _refuse(self, refusal: Refusal) -> None:
        self.receiving = False
        self.events.append(refusal)
        raise _RefusedError


def _flaw(request: Request) -> Refusal | None:
    """What is wrong with a request's head beyond its grammar."""
    if request.version not in ("1.0", "1.1"):
        return Refusal(505, f"HTTP/{request.version} is not spoken here, HTTP/1.1 is")
    hosts = request.many(b"host")
    if hosts > 1 or (not hosts and request.version == "1.1"):
        return Refusal(400, f"a request has one Host header, not {hosts}")
    if hosts and not _HOST.fullmatch(request.header(b"host") or ""):
        return Refusal(400, "a Host header holds a host and perhaps a port")
    if request.method == b"CONNECT":
        return Refusal(501, "this is no proxy")
    return _flaw_of_target(request) or _flaw_of_coding(request)


def _flaw_of_target(request: Request) -> Refusal | None:
    if request.url == b"*" and request.method == b"OPTIONS":
        return None
    if not request.url.startswith(b"/") and b"://" not in request.url:
        return Refusal(400, "the target is neither a path nor a URL")
    return Refusal(400, "a target has no fragment") if b"#" in request.url else None


def _flaw_of_coding(request: Request) -> Refusal | None:
    coding = request.header(b"transfer-encoding")
    if coding is None:
        return None
    if request.version == "1.0":
        return Refusal(400, "HTTP/1.0 has no Transfer-Encoding, so nobody can tell where this body ends")
    return None if coding.lower() == "chunked" else Refusal(501, "the one transfer coding here is chunked")


def flaw_of_body(request: Request, most_bytes: int) -> Refusal | None:
    """What is wrong with a body that is still to come: it is declared too large, or expects what can't be had."""
    declared = request.header(b"content-length")
    if declared is not None and int(declared) > most_bytes:
        return too_large(most_bytes)
    expected = request.header(b"expect")
    if expected is None or request.version != "1.1" or expected.lower() == "100-continue":
        return None
    return Refusal(417, f"only 100-continue can be expected, not {expected}")


def too_large(most_bytes: int) -> Refusal:
    """A body of more bytes than are taken there."""
    return Refusal(413, f"bodies here have up to {most_bytes} bytes")
