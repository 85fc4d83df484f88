"""The receiving side of a connection: llhttp's callbacks, and what is refused before it becomes an exchange."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httptools

from timetrial.mockserver.options import PLAIN
from timetrial.mockserver.server.counts import Ledger
from timetrial.mockserver.server.exchange import Exchange
from timetrial.mockserver.server.messages import Request
from timetrial.mockserver.server.resources import Missing
from timetrial.mockserver.server.targets import Target

if TYPE_CHECKING:
    from timetrial.mockserver.server.connection import Connection
    from timetrial.mockserver.server.engine import Engine

_UNKNOWN_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40} \S+ HTTP/1\.[01]\r\n")
# uri-host [ ":" port ] of RFC 9110; an empty one is allowed for a target without a host.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.~%!$&'()*+;=-]*)(:\d*)?", re.ASCII)
_MOST_HEADERS = 200


class _RefusedError(Exception):
    """Leaves llhttp's callbacks; the answer has been submitted already."""


class Reception:
    """One connection's parser and the message that it is in the middle of."""

    def __init__(self, connection: Connection, engine: Engine) -> None:
        self.connection = connection
        self.engine = engine
        self.parser = httptools.HttpRequestParser(self)
        self.receiving = False
        self.incoming: Exchange | None = None
        self.whole: Exchange | None = None
        self.messages = 0
        self._reset()

    def _reset(self) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.head_bytes = self.unfinished_bytes = 0
        self.invitation_due = False
        self.most_body_bytes = 0

    def release(self) -> None:
        """Lets go of what would otherwise be a ring of references."""
        del self.parser
        self.incoming = self.whole = None

    def feed(self, data: bytes) -> Exchange | None:
        """Takes bytes; returns the exchange where they were exactly one request."""
        self.whole, self.messages = None, 0
        try:
            self._parse(data)
        except _RefusedError:
            return None
        finally:
            self._ledger().bytes_in += len(data)  # only now is it known whom a first request is counted for
        return self.whole if self.messages == 1 and not self.receiving else None

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
            if self.receiving and self.incoming is None:
                self._grow_head(0 if self.messages else len(data))
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data, upgrade)
        except httptools.HttpParserCallbackError as problem:
            if not isinstance(problem.__context__, _RefusedError):
                raise
        except httptools.HttpParserError as problem:
            self._malformed(data, problem)

    def _grow_head(self, size_bytes: int) -> None:
        """A head that never ends is not waited for: llhttp would keep all of it."""
        self.unfinished_bytes += size_bytes
        self.head_bytes = max(self.head_bytes, self.unfinished_bytes)
        self._limit_head()

    def _ledger(self) -> Ledger:
        ledger = self.connection.ledger
        return self.engine.unscoped if ledger is None or ledger.absorbed else ledger

    def _ignore_upgrade(self, data: bytes, upgrade: httptools.HttpParserUpgrade) -> None:
        """A server may ignore Upgrade, and this one does: what follows is HTTP/1.1 as before."""
        self.parser = httptools.HttpRequestParser(self)
        rest = data[upgrade.args[0] :]
        if rest and not self.connection.deaf:
            self.feed(rest)
            self.messages += 1

    def on_message_begin(self) -> None:
        """llhttp: the first byte of a request."""
        self.receiving = True
        self._reset()

    def on_url(self, url: bytes) -> None:
        """llhttp: a part of the target."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """llhttp: a header, or a trailer after the body, which is not needed."""
        if self.incoming is None:
            self.headers.append((name, value))
            self.head_bytes += len(name) + len(value) + 4

    def on_headers_complete(self) -> None:
        """llhttp: the request has arrived as far as it decides what is done about it."""
        parser = self.parser
        request = Request(parser.get_method(), self.url, parser.get_http_version(), self.headers)
        request.keep_alive = parser.should_keep_alive()
        self._check(request)
        self._limit_head()
        self.incoming = exchange = self.connection.arrive(request, self.engine.target(request.url))
        self.most_body_bytes = exchange.target.resource.prepare(request) or self.engine.limits.body_bytes
        self._check_body(exchange)

    def _check(self, request: Request) -> None:
        if request.version not in ("1.0", "1.1"):
            self._refuse(505, f"HTTP/{request.version} is not spoken here, HTTP/1.1 is")
        hosts = request.many(b"host")
        if hosts > 1 or (not hosts and request.version == "1.1"):
            self._refuse(400, f"a request has one Host header, not {hosts}")
        if hosts and not _HOST.fullmatch(request.header(b"host") or ""):
            self._refuse(400, "a Host header holds a host and perhaps a port")
        if request.method == b"CONNECT":
            self._refuse(501, "this is no proxy")
        self._check_target(request)
        self._check_coding(request)

    def _check_target(self, request: Request) -> None:
        if request.url == b"*" and request.method == b"OPTIONS":
            return
        if not request.url.startswith(b"/") and b"://" not in request.url:
            self._refuse(400, "the target is neither a path nor a URL")
        if b"#" in request.url:
            self._refuse(400, "a target has no fragment")

    def _check_coding(self, request: Request) -> None:
        coding = request.header(b"transfer-encoding")
        if coding is None:
            return
        if request.version == "1.0":
            self._refuse(400, "HTTP/1.0 has no Transfer-Encoding, so nobody can tell where this body ends")
        if coding.lower() != "chunked":
            self._refuse(501, "the one transfer coding here is chunked")

    def _check_body(self, exchange: Exchange) -> None:
        request = exchange.request
        declared = request.header(b"content-length")
        if declared is not None and int(declared) > self.most_body_bytes:
            self._give_up(413, f"bodies here have up to {self.most_body_bytes} bytes")
        expected = request.header(b"expect")
        if expected is None or request.version != "1.1":
            return
        if expected.lower() != "100-continue":
            self._give_up(417, f"only 100-continue can be expected, not {expected}")
        self.invitation_due = True
        self.invite()

    def invite(self) -> None:
        """Says 100 Continue to a client that waits for it, once all answers before it have been sent."""
        if self.invitation_due and self.connection.current is None and not self.connection.waiting:
            self.invitation_due = False
            self.connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, chunk: bytes) -> None:
        """llhttp: a part of the body."""
        exchange = self.incoming
        if exchange is None:
            return
        self.invitation_due = False  # the client has begun without it
        request = exchange.request
        request.body_bytes += len(chunk)
        if request.body_bytes > self.most_body_bytes:
            self._give_up(413, f"bodies here have up to {self.most_body_bytes} bytes")
        if request.sink is not None:
            request.sink(chunk)

    def on_message_complete(self) -> None:
        """llhttp: the last byte of a request."""
        exchange = self.incoming
        self.receiving = self.invitation_due = False
        self.incoming = None
        self.messages += 1
        if exchange is not None:
            self.whole = exchange
            if not exchange.request.keep_alive:
                self.connection.deaf = True
            self.connection.submit(exchange)

    def _limit_head(self) -> None:
        limits = self.engine.limits
        if len(self.url) > limits.url_bytes:
            self._refuse(414, f"URLs here have up to {limits.url_bytes} bytes")
        if self.head_bytes > limits.head_bytes or len(self.headers) > _MOST_HEADERS:
            self._refuse(431, f"headers here have up to {limits.head_bytes} bytes and {_MOST_HEADERS} lines")

    def _malformed(self, data: bytes, problem: httptools.HttpParserError) -> None:
        if self.connection.deaf:
            return
        try:
            if self.messages == 0 and data.startswith(b"PRI * HTTP/2.0"):
                self._refuse(505, "HTTP/2 is not spoken here, HTTP/1.1 is")
            unknown = isinstance(problem, httptools.HttpParserInvalidMethodError)
            if unknown and self.messages == 0 and _UNKNOWN_METHOD.match(data):
                self._refuse(501, "this method is unknown here")
            if str(problem) == "Invalid HTTP version":
                self._refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
            self._refuse(400, f"this is not HTTP: {problem}")
        except _RefusedError:
            return

    def _refuse(self, status: int, text: str) -> None:
        """Answers what is no valid request; one whose headers had arrived is abandoned as well."""
        self._ledger().malformed += 1
        if self.incoming is not None:
            self.connection.abandon(self.incoming)
            self.incoming = None
        request = Request(b"GET", b"", "1.1", [])
        target = Target("", Missing(status, text), PLAIN, self._ledger())
        refusal = Exchange(self.engine, target, request, "", reused=False)
        refusal.counted = False
        self._submit_last(refusal, status, text)

    def _give_up(self, status: int, text: str) -> None:
        """Answers a valid request before its body has been read, and reads no more."""
        exchange = self.incoming
        self.incoming = None
        if exchange is not None:
            self._submit_last(exchange, status, text)

    def _submit_last(self, exchange: Exchange, status: int, text: str) -> None:
        exchange.refuse(status, text)
        self.receiving = self.invitation_due = False
        self.connection.deaf = True
        self.connection.submit(exchange)
        raise _RefusedError
