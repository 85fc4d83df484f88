"""What the mock server sends, as pure functions, so that a client knows what to expect without asking it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from timetrial.mockserver.bounded import Bounded

# Bodies repeat after this many bytes. It is prime, so that a lost or doubled chunk shows up in the digest.
PERIOD_BYTES = 1_048_573
CHUNK_BYTES = 262_144
_MOST_BLOCKS_BYTES = 32 * 2**20


class Content(Protocol):
    """A body that is described rather than built. ``name`` is the same for the same bytes only."""

    @property
    def name(self) -> str:
        """What it is called; short, whatever its size."""
        ...

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""
        ...

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes | memoryview]:
        """Its bytes from ``start`` to ``stop``, or to its end, in pieces of at most CHUNK_BYTES."""
        ...


@dataclass(frozen=True)
class Body:
    """The bytes of a body, described rather than built: any part of it can be had at once, whatever its size.

    ``seed``: what the bytes are made from. ``size_bytes``: how many.
    """

    seed: str
    size_bytes: int

    @property
    def name(self) -> str:
        """The seed and the size, which decide all of it."""
        return f"{self.seed}/{self.size_bytes}"

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[memoryview]:
        """The bytes from ``start`` to ``stop``, in chunks that are views and never copies."""
        end = self.size_bytes if stop is None else stop
        block = self._block() if start < end else memoryview(b"")
        while start < end:
            offset = start % PERIOD_BYTES
            step = min(CHUNK_BYTES, PERIOD_BYTES - offset, end - start)
            yield block[offset : offset + step]
            start += step

    def whole(self) -> bytes:
        """All of it, built in memory."""
        return b"".join(self.chunks())

    def _block(self) -> memoryview:
        """The bytes that repeat."""
        size_bytes = min(self.size_bytes, PERIOD_BYTES)
        block = _BLOCKS.get((self.seed, size_bytes))
        if block is None:
            raw = hashlib.shake_256(self.seed.encode()).digest(size_bytes * 3 // 4 + 3)
            block = memoryview(base64.b64encode(raw)[:size_bytes])
            _BLOCKS.keep((self.seed, size_bytes), block, size_bytes + 500)
        return block


_BLOCKS: Bounded[tuple[str, int], memoryview] = Bounded(_MOST_BLOCKS_BYTES)


def pieces_of(data: bytes, start: int = 0, stop: int | None = None) -> Iterator[memoryview]:
    """Bytes that are there, from ``start`` to ``stop``, in views of at most CHUNK_BYTES."""
    view = memoryview(data)[start:stop]
    return (view[at : at + CHUNK_BYTES] for at in range(0, len(view), CHUNK_BYTES))


def size_of(body: bytes | Content) -> int:
    """How many bytes it has, built or described."""
    return len(body) if isinstance(body, bytes) else body.size_bytes


def page_content(size_bytes: int, key: int) -> Body:
    """The body of ``page(size_bytes, key=key)``; it depends on both."""
    return Body(f"timetrial page {key} of {size_bytes}", size_bytes)


def stream_content(size_bytes: int, key: int) -> Body:
    """The body of ``stream(size_bytes, key=key)``; a shorter one is the beginning of a longer one."""
    return Body(f"timetrial stream {key}", size_bytes)


def page_body(size_bytes: int = 1024, key: int = 0) -> bytes:
    """What ``server.page(size_bytes, key=key)`` answers with: ASCII text, exactly this long."""
    return page_content(size_bytes, key).whole()


def stream_chunks(size_bytes: int, key: int = 0) -> Iterator[memoryview]:
    """What ``server.stream(size_bytes, key=key)`` answers with, chunk by chunk in constant memory."""
    return stream_content(size_bytes, key).chunks()


@lru_cache(maxsize=64)
def stream_sha256(size_bytes: int, key: int = 0) -> str:
    """The SHA-256 of that stream, in hexadecimal."""
    digest = hashlib.sha256()
    for chunk in stream_chunks(size_bytes, key):
        digest.update(chunk)
    return digest.hexdigest()
