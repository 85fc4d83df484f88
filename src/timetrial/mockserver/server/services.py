"""What the answers of one server process share: the date, the queues with service slots, the limits of a request."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

from timetrial.mockserver.addresses import MOST_URL_BYTES
from timetrial.mockserver.bounded import Bounded
from timetrial.mockserver.server.messages import Clock, Pieces
from timetrial.mockserver.server.slots import ServiceQueue, Turns
from timetrial.mockserver.server.targets import Target

_MOST_TRIES_BYTES = 32 * 2**20
_MOST_GZIPPED_BYTES = 32 * 2**20
# A queue is remembered, with its name's digest, in less than a kilobyte.
_MOST_QUEUES = 4_096
_QUEUES_LOOKED_AT = 8


@dataclass(frozen=True)
class Limits:
    """How much a request may bring before it is refused.

    ``head_bytes``: the names and values of its headers, and 4 for each; more is 431. ``url_bytes``: its target; more is
    414. ``body_bytes``: its body, without the framing of chunks; more is 413.
    """

    head_bytes: int = 65_536
    url_bytes: int = MOST_URL_BYTES
    body_bytes: int = 4 * 2**30


class Services:
    """The date, the queues and the timers' precision, for all exchanges of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.clock = Clock()
        # uvloop rounds to whole milliseconds, and counts them from the last one: its timers can be 1 ms too early.
        self.timers_early_s = 0.0006 if type(loop).__module__.startswith("uvloop") else 0.0
        self.turns = Turns(loop.call_soon)
        self.queues: OrderedDict[tuple[str, bytes], ServiceQueue] = OrderedDict()
        self.tries: Bounded[tuple[int, bytes], int] = Bounded(_MOST_TRIES_BYTES)
        self.gzipped: Bounded[str, Pieces] = Bounded(_MOST_GZIPPED_BYTES)

    def queue(self, target: Target) -> ServiceQueue:
        """The queue with service slots that this target shares with those of the same name."""
        name = target.how.queue or f"{target.path}?{target.how.query()}"
        key = target.counts.name, blake2b(name.encode(errors="replace"), digest_size=16).digest()
        queue = self.queues.get(key)
        if queue is None:
            self._make_room()
            queue = self.queues[key] = ServiceQueue(target.how.slots, self.loop.call_soon)
        return queue

    def _make_room(self) -> None:
        """Forgets the oldest queue in which nobody is, where there are many; at most a few are looked at."""
        for _ in range(_QUEUES_LOOKED_AT if len(self.queues) >= _MOST_QUEUES else 0):
            key, queue = self.queues.popitem(last=False)
            if queue.idle:
                return
            self.queues[key] = queue

    def forget_queues(self, scope: str) -> None:
        """Drops the queues of a scope that is closed; who waits in one keeps it until its turn has come."""
        for key in [key for key in self.queues if key[0] == scope]:
            del self.queues[key]
