"""HTTP/1.1 on the wire: requests as they were parsed, replies as they are to be sent, heads as bytes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import quote

from timetrial.mockserver.content import Body, size_of

REASONS = {status.value: status.phrase for status in HTTPStatus}
Chunk = bytes | memoryview
_URL_SYNTAX = "%:/?#[]@!$&'()*+,;=~"
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


class Clock:
    """The Date header's line, renewed once a second at most; ``second`` changes when it does."""

    def __init__(self) -> None:
        self.tick()

    def tick(self) -> None:
        """Takes the time; the engine calls this once a second."""
        self.second = int(time.time())
        self.date = f"Date: {formatdate(self.second, usegmt=True)}\r\n".encode()


class Request:
    """A request whose headers have arrived; its body, where it has one, is taken by ``sink``."""

    __slots__ = ("body_bytes", "headers", "keep_alive", "method", "sink", "url", "version")

    def __init__(self, method: bytes, url: bytes, version: str, headers: list[tuple[bytes, bytes]]) -> None:
        self.method = method
        self.url = url
        self.version = version
        self.headers = headers
        self.keep_alive = True
        self.body_bytes = 0
        self.sink: Callable[[bytes], None] | None = None

    def header(self, name: bytes) -> str | None:
        """All values of this header (its name in lower case), joined by commas; None where it is missing."""
        values = [value for key, value in self.headers if key.lower() == name]
        return b", ".join(values).decode("latin-1") if values else None

    def many(self, name: bytes) -> int:
        """How often the header was sent."""
        return sum(key.lower() == name for key, _ in self.headers)


@dataclass
class Reply:
    """An answer before it is put on the wire: a status, headers and a body described rather than built."""

    status: int
    body: bytes | Body = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)
    span: tuple[int, int] | None = None  # the part of the body to send, for a Range
    chunked: bool = False
    close: bool = False

    @property
    def size_bytes(self) -> int:
        """How many bytes of body will be sent."""
        if self.span is not None:
            return self.span[1] - self.span[0]
        return size_of(self.body)

    def chunks(self) -> Iterator[Chunk]:
        """The body's bytes, in chunks."""
        if isinstance(self.body, Body):
            yield from self.body.chunks(*(self.span or (0, None)))
        elif self.span is not None:
            yield self.body[slice(*self.span)]
        elif self.body:
            yield self.body

    def head(self, date: bytes, framing: str | None = None, version: str = "1.1") -> bytes:
        """The status line and headers; ``framing`` replaces the lines that say where the body ends."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}\r\nServer: timetrial\r\n"]
        if self.status not in (204, 304):
            lines.append(f"Content-Type: {self.content_type}\r\n")
            lines.append(self._framing() if framing is None else framing)
        lines += [f"{name}: {value}\r\n" for name, value in self.headers]
        if self.close:
            lines.append("Connection: close\r\n")
        elif version == "1.0":
            lines.append("Connection: keep-alive\r\n")
        return "".join(lines).encode("latin-1") + date + b"\r\n"

    def _framing(self) -> str:
        return "Transfer-Encoding: chunked\r\n" if self.chunked else f"Content-Length: {self.size_bytes}\r\n"


def location(url: str) -> str:
    """The URL as a Location header can carry it: what is no URL's character is escaped, and escapes stay."""
    return _BARE_PERCENT.sub("%25", quote(url, safe=_URL_SYNTAX))


def text_reply(status: int, text: str = "", *, close: bool = False) -> Reply:
    """A reply in a few words, for errors and redirects."""
    words = text or REASONS.get(status, "Unknown")
    return Reply(status, b"" if status in (204, 304) else f"{status} {words}\n".encode(), close=close)
