"""``python -m benchmarks.mockserver.clock URL PER_SECOND SECONDS``: how long answers take, as exactly as can be.

Requests are sent by a schedule, not when an answer has come: one late answer would otherwise make the next ones late,
and requests that were delayed together would stay together. The client never sleeps, so that what it measures holds
no time in which it would have had to wake up.
"""

from __future__ import annotations

import gc
import json
import select
import socket
import sys
from collections import deque
from time import perf_counter
from urllib.parse import urlsplit

_WARM_UP_S = 0.5
_AFTER_S = 1.0


class Clock:
    """Sends a request every so often, each over a connection that has nothing in flight."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.request = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        self.address = parts.hostname or "", parts.port or 80
        self.poll = select.epoll()
        self.busy: dict[int, tuple[socket.socket, float]] = {}
        self.free: deque[socket.socket] = deque()
        self.took_s: list[float] = []
        self.errors = 0

    def open(self, connections: int) -> None:
        """Opens connections."""
        for _ in range(connections):
            client = socket.create_connection(self.address)
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.poll.register(client, select.EPOLLIN)
            self.free.append(client)

    def run(self, per_second: int, seconds: float) -> None:
        """Keeps the schedule; the answers to the warm-up are not kept."""
        began = perf_counter()
        due = began
        while due - began < _WARM_UP_S + seconds:
            now = perf_counter()
            while due <= now:
                self._ask()
                due += 1 / per_second
            self._take(keep=now - began > _WARM_UP_S)
        end = perf_counter() + _AFTER_S
        while self.busy and perf_counter() < end:
            self._take(keep=True)
        self.errors += len(self.busy)

    def _ask(self) -> None:
        if not self.free:
            self.errors += 1  # more in flight than there should ever be
            return
        client = self.free.popleft()
        self.busy[client.fileno()] = client, perf_counter()
        client.send(self.request)

    def _take(self, *, keep: bool) -> None:
        for number, _ in self.poll.poll(0):
            if number not in self.busy:
                continue
            client, sent = self.busy.pop(number)
            data = client.recv(65_536)
            took_s = perf_counter() - sent
            self.errors += not (data.startswith(b"HTTP/1.1 200 ") and len(data) > 1024)
            self.free.append(client)
            if keep:
                self.took_s.append(took_s)


if __name__ == "__main__":
    url, per_second, seconds = sys.argv[1:]
    gc.disable()
    clock = Clock(url)
    clock.open(int(int(per_second) * 0.4))  # four times what a delay of 100 ms keeps in flight
    clock.run(int(per_second), float(seconds))
    print(json.dumps({"took_s": sorted(clock.took_s), "errors": clock.errors}))
