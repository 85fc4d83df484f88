"""``python -m benchmarks.mockserver.clock URL PER_SECOND SECONDS PID``: how long answers take, as exactly as can be.

Requests are sent by a schedule, not when an answer has come: one late answer would otherwise make the next ones late,
and requests that were delayed together would stay together. The client never sleeps, so that what it measures holds
no time in which it would have had to wake up.

Linux counts how long a process that could have run had to wait, because others held its processor. An answer that was
on its way while that happened to the server (PID) or to this client is kept apart: it says how busy the machine is.
"""

from __future__ import annotations

import gc
import json
import os
import select
import socket
import sys
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

_WARM_UP_S = 0.5
_AFTER_S = 1.0
_LOOK_S = 0.02
_MOST_WAIT_NS = 1_000_000  # in each look; without others it is a hundredth or a tenth of that


class Waits:
    """When one of these processes had to wait for its processor."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._files = [Path(f"/proc/{pid}/schedstat").open("rb", buffering=0) for pid in pids]  # noqa: SIM115
        self._waited_ns = self._read_ns()
        self._last = perf_counter()
        self._ends: list[float] = []

    def look(self, now: float) -> None:
        """Whether any has waited since the last look; to be called again and again."""
        if now - self._last < _LOOK_S:
            return
        waited_ns = self._read_ns()
        if any(new - old > _MOST_WAIT_NS for new, old in zip(waited_ns, self._waited_ns, strict=True)):
            self._ends.append(now)
        self._waited_ns, self._last = waited_ns, now

    def within(self, began: float, end: float) -> bool:
        """Whether one has waited at some time in between, as far as looks can tell."""
        number = bisect_left(self._ends, began)
        return number < len(self._ends) and self._ends[number] - 2 * _LOOK_S <= end

    def _read_ns(self) -> list[int]:
        for each in self._files:
            each.seek(0)
        return [int(each.read().split()[1]) for each in self._files]


class Clock:
    """Sends a request every so often, each over a connection that has nothing in flight."""

    def __init__(self, url: str, waits: Waits) -> None:
        parts = urlsplit(url)
        self.waits = waits
        self.request = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        self.address = parts.hostname or "", parts.port or 80
        self.poll = select.epoll()
        self.busy: dict[int, tuple[socket.socket, float]] = {}
        self.free: deque[socket.socket] = deque()
        self.answers: list[tuple[float, float]] = []
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
            self.waits.look(now)
            while due <= now:
                self._ask()
                due += 1 / per_second
            self._take(keep=now - began > _WARM_UP_S)
        end = perf_counter() + _AFTER_S
        while self.busy and (now := perf_counter()) < end:
            self.waits.look(now)
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
            came = perf_counter()
            self.errors += not (data.startswith(b"HTTP/1.1 200 ") and len(data) > 1024)
            self.free.append(client)
            if keep:
                self.answers.append((sent, came))

    def took_s(self, *, undisturbed: bool) -> list[float]:
        """Of all answers, or of those during which nobody had to wait for a processor; in order."""
        kept = (each for each in self.answers if not (undisturbed and self.waits.within(*each)))
        return sorted(came - sent for sent, came in kept)


if __name__ == "__main__":
    url, per_second, seconds, server = sys.argv[1:]
    gc.disable()
    clock = Clock(url, Waits([int(server), os.getpid()]))
    clock.open(int(int(per_second) * 0.4))  # four times what a delay of 100 ms keeps in flight
    clock.run(int(per_second), float(seconds))
    took_s = {name: clock.took_s(undisturbed=name == "undisturbed") for name in ("all", "undisturbed")}
    print(json.dumps({"took_s": took_s, "errors": clock.errors}))
