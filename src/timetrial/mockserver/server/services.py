"""What the answers of one server process share: the date, the queues with service slots, the limits of a request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from timetrial.mockserver.server.messages import Clock
from timetrial.mockserver.server.slots import ServiceQueue
from timetrial.mockserver.server.targets import Target


@dataclass(frozen=True)
class Limits:
    """How much a request may bring before it is refused.

    ``head_bytes``: the names and values of its headers, and 4 for each; more is 431. ``url_bytes``: its target; more is
    414. ``body_bytes``: its body, without the framing of chunks; more is 413.
    """

    head_bytes: int = 65_536
    url_bytes: int = 16_384
    body_bytes: int = 4 * 2**30


class Services:
    """The date, the queues and the timers' precision, for all exchanges of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.clock = Clock()
        # uvloop rounds to whole milliseconds, and counts them from the last one: its timers can be 1 ms too early.
        self.timers_early_s = 0.0006 if type(loop).__module__.startswith("uvloop") else 0.0
        self.queues: dict[tuple[str, str], ServiceQueue] = {}

    def queue(self, target: Target) -> ServiceQueue:
        """The queue with service slots that this target shares with those of the same name."""
        name = target.how.queue or f"{target.path}?{target.how.query()}"
        key = target.counts.name, name
        if key not in self.queues:
            self.queues[key] = ServiceQueue(target.how.slots, self.loop.call_soon)
        return self.queues[key]

    def forget_queues(self, scope: str) -> None:
        """Drops the queues of a scope that is closed; who waits in one keeps it until its turn has come."""
        self.queues = {key: queue for key, queue in self.queues.items() if key[0] != scope}
