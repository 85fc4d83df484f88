"""HTTP/1.1 on the wire: requests as they were parsed, replies as they are to be sent, heads as bytes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import quote

from timetrial.mockserver.combinations import NO_BODY
from timetrial.mockserver.content import CHUNK_BYTES, Content, pieces_of, size_of

REASONS = {status.value: status.phrase for status in HTTPStatus}
Chunk = bytes | memoryview
_URL_SYNTAX = "%:/?#[]@!$&'()*+,;=~"
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


class Clock:
    """The Date header's line, renewed once a second at most; ``second`` changes when it does."""

    def __init__(self) -> None:
        self.tick()

    def tick(self) -> None:
        """Takes the time; the engine calls this ten times a second, so that the date is never late by more."""
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


class Pieces:
    """A body that was made in pieces, and is never joined, since a large one would hold up everybody."""

    def __init__(self, name: str, pieces: list[bytes]) -> None:
        self.name = name
        self.pieces = pieces
        self.size_bytes = sum(map(len, pieces))

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[Chunk]:
        """Its bytes from ``start`` to ``stop``, or to its end."""
        end = self.size_bytes if stop is None else stop
        for piece in self.pieces:
            if start < len(piece) and end > 0:
                yield from pieces_of(piece, max(start, 0), end)
            start -= len(piece)
            end -= len(piece)


@dataclass
class Reply:
    """An answer before it is put on the wire.

    ``body`` is built or described; ``parts``, where it is still to be made, yields it piece by piece. ``tag`` is its
    entity tag with the quotes, or empty. ``span`` are the first byte to send and the one after the last, for a Range.
    ``chunked`` sends chunks instead of a declared length, and ``close`` ends the connection.
    """

    status: int
    body: bytes | Content = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)
    tag: str = ""
    parts: Iterator[bytes] | None = None
    span: tuple[int, int] | None = None
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
        if not isinstance(self.body, bytes):
            yield from self.body.chunks(*(self.span or (0, None)))
        elif self.span is not None or len(self.body) > CHUNK_BYTES:
            yield from pieces_of(self.body, *(self.span or (0, None)))
        elif self.body:
            yield self.body

    def head(self, date: bytes, framing: str | None = None, version: str = "1.1") -> bytes:
        """The status line and headers; ``framing`` replaces the lines that say where the body ends."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}\r\nServer: timetrial\r\n"]
        if self.status not in NO_BODY:
            lines.append(f"Content-Type: {self.content_type}\r\n")
            lines.append(self._framing() if framing is None else framing)
        elif self.status == 205:
            lines.append("Content-Length: 0\r\n")  # the one of the three that declares its length (RFC 9110, 15.3.6)
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
    return Reply(status, b"" if status in NO_BODY else f"{status} {words}\n".encode(), close=close)
