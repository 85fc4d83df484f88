"""``python -m benchmarks.mockserver.stream URL``: how long a large body takes to arrive, read from the bare socket."""

from __future__ import annotations

import json
import socket
import sys
from time import perf_counter
from urllib.parse import urlsplit


def receive(url: str) -> dict[str, float]:
    """Bytes and seconds, from the request to the last byte."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    buffer = bytearray(2**20)
    with socket.create_connection((parts.hostname or "", parts.port or 80)) as client:
        began = perf_counter()
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = client.recv(65_536).partition(b"\r\n\r\n")
        size_bytes = len(body)
        while step := client.recv_into(buffer):
            size_bytes += step
        took_s = perf_counter() - began
    assert head.startswith(b"HTTP/1.1 200 "), head
    return {"size_bytes": size_bytes, "took_s": took_s}


if __name__ == "__main__":
    print(json.dumps(receive(sys.argv[1])))
