"""What the connections of one server process share: ledgers, remembered targets and plans, the clock, the limits."""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from dataclasses import dataclass
from itertools import count
from time import monotonic, process_time

from timetrial.errors import MockServerError
from timetrial.mockserver.options import PLAIN
from timetrial.mockserver.server.counts import Ledger, snapshot
from timetrial.mockserver.server.exchange import Exchange, Plan
from timetrial.mockserver.server.messages import Clock
from timetrial.mockserver.server.resources import NoScope
from timetrial.mockserver.server.routes import Routes
from timetrial.mockserver.server.slots import ServiceQueue
from timetrial.mockserver.server.targets import Target, resolve, split_url

_MOST_PLANS = 8_192
_MOST_TARGETS = 65_536
_TICK_S = 0.1
_TICKS_A_COLLECTION = 10
_MOST_UNCOLLECTED = 1_000_000
SCOPE_MARK = "/~"


@dataclass(frozen=True)
class Limits:
    """How much a request may bring before it is refused."""

    head_bytes: int = 65_536
    url_bytes: int = 16_384
    body_bytes: int = 4 * 2**30


@dataclass(frozen=True)
class Recording:
    """The last requests of a scope, or of the whole server, one by one while somebody wants them."""

    scope: str | None
    rows: deque[list[object]]


class Engine:
    """The state of one server process; everything here runs in its event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, routes: Routes, limits: Limits) -> None:
        self.loop = loop
        self.routes = routes
        self.limits = limits
        self.clock = Clock()
        self.numbers = count(1)
        self.total = Ledger("the whole server")
        self.unscoped = Ledger("")
        self.scopes: dict[str, Ledger] = {}
        self.plans: dict[bytes, Plan] = {}
        self.targets: dict[bytes, Target] = {}
        self.forgettable: deque[bytes] = deque()  # those of them that can be made anew and behave the same
        self.queues: dict[tuple[str, str], ServiceQueue] = {}
        self.recordings: dict[int, Recording] = {}
        self.retired: list[Ledger] = []
        # uvloop rounds to whole milliseconds, and counts them from the last one: its timers can be 1 ms too early.
        self.timers_early_s = 0.0006 if type(loop).__module__.startswith("uvloop") else 0.0
        self.lag_s = 0.0
        self.ticks = 0
        self._due = loop.time() + _TICK_S
        loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        """Renews the date and sees how late the loop is."""
        now = self.loop.time()
        lag = max(now - self._due, 0.0)
        self.lag_s += lag
        for ledger in (self.total, *self.scopes.values()):
            ledger.lag_peak_s = max(ledger.lag_peak_s, lag)
        self.ticks += 1
        self.clock.tick()
        if self.ticks % _TICKS_A_COLLECTION == 0 and self._may_collect():
            gc.collect()
        self._due = now + _TICK_S
        self.loop.call_at(self._due, self._tick)

    def _may_collect(self) -> bool:
        """While nobody waits for an answer; otherwise only where far more has piled up than answers leave behind."""
        return not self.total.pending or gc.get_count()[0] > _MOST_UNCOLLECTED

    def target(self, url: bytes) -> Target:
        """The target of a URL, remembered."""
        target = self.targets.get(url)
        if target is None:
            target = self._resolve(url)
            if not isinstance(target.resource, NoScope):
                self._remember_target(url, target)
        return target

    def _remember_target(self, url: bytes, target: Target) -> None:
        """In the place of the oldest that nobody will miss; where every URL counts its requests, of the oldest."""
        if len(self.targets) >= _MOST_TARGETS:
            if not (self.forgettable or target.counts):
                return
            del self.targets[self.forgettable.popleft() if self.forgettable else next(iter(self.targets))]
        self.targets[url] = target
        if not target.counts:
            self.forgettable.append(url)

    def _resolve(self, url: bytes) -> Target:
        path, query = split_url(url)
        ledger = self.unscoped
        if path.startswith(SCOPE_MARK):
            name, slash, rest = path[len(SCOPE_MARK) :].partition("/")
            if name not in self.scopes:
                return Target(path, NoScope(name), PLAIN, ledger)
            ledger, path = self.scopes[name], slash + rest
        resource, how = self.routes.find(path) or resolve(path, query)
        return Target(path, resource, how, ledger)

    def queue(self, target: Target) -> ServiceQueue:
        """The queue with service slots that this target shares with those of the same name."""
        name = target.how.queue or f"{target.path}?{target.how.query()}"
        key = target.ledger.name, name
        if key not in self.queues:
            self.queues[key] = ServiceQueue(target.how.slots, self.loop.call_soon)
        return self.queues[key]

    def remember(self, data: bytes, plan: Plan) -> None:
        """Answers the very same bytes from this plan from now on."""
        if self.recordings:
            return
        if len(self.plans) >= _MOST_PLANS:
            self.forget_plans()
        self.plans[data] = plan

    def forget_plans(self) -> None:
        """Drops all plans; their counts stay."""
        self.fold()
        self.plans.clear()

    def fold(self) -> None:
        """Brings the ledgers up to date."""
        for plan in self.plans.values():
            plan.fold()
        for ledger in [ledger for ledger in self.retired if not ledger.pending]:
            self.retired.remove(ledger)
            self.unscoped.absorb(ledger)

    def open_scope(self, name: str) -> None:
        """A ledger for the URLs below ``/~name``."""
        self.scopes[name] = Ledger(name)

    def close_scope(self, name: str) -> None:
        """Forgets the scope's URLs; its counts become the server's own once its last request has ended.

        Those of others stay remembered, with the number of requests that each of them had.
        """
        ledger = self.scopes.pop(name)
        self.fold()
        for data in [data for data, plan in self.plans.items() if plan.ledger is ledger]:
            del self.plans[data]
        self.targets = {url: target for url, target in self.targets.items() if target.ledger is not ledger}
        self.forgettable = deque(url for url in self.forgettable if url in self.targets)
        self.queues = {key: queue for key, queue in self.queues.items() if key[0] != name}
        self.retired.append(ledger)

    def _scope(self, name: str) -> Ledger:
        if name not in self.scopes:
            raise MockServerError(f"scope {name} is closed; ask inside its with block, or ask the server itself")
        return self.scopes[name]

    def counters(self, scope: str | None) -> dict[str, object]:
        """A consistent snapshot: nothing else runs while it is taken."""
        self.fold()
        if scope is None:
            counts = snapshot(self.total, [self.unscoped, *self.retired, *self.scopes.values()])
        else:
            own = self._scope(scope)
            counts = snapshot(own, [own])
        times = {"cpu_s": process_time(), "wall_s": self.loop.time(), "lag_s": self.lag_s, "ticks": self.ticks}
        return {**counts, **times}

    def journal(self, scope: str | None) -> dict[str, object]:
        """Requests by path and status, and by connection and client port."""
        self.fold()
        ledgers = [self.unscoped, *self.retired, *self.scopes.values()] if scope is None else [self._scope(scope)]
        connections = self.total if scope is None else ledgers[0]
        return {
            "outcomes": [[path, status, n] for part in ledgers for (path, status), n in part.outcomes.items()],
            "connections": [tally.row() for tally in [*connections.gone, *connections.open]],
        }

    def record(self, scope: str | None, number: int, limit: int) -> None:
        """Keeps the scope's last ``limit`` requests one by one, at the price of the plans; 0 ends it.

        The parent numbers its recordings, so that each has an end of its own, also of several in the same scope.
        """
        if limit and scope is not None:
            self._scope(scope)
        self.forget_plans()
        if limit:
            self.recordings[number] = Recording(scope, deque(maxlen=limit))
        else:
            self.recordings.pop(number, None)

    def recorded(self, _scope: str | None, number: int) -> list[list[object]]:
        """What the recording with this number has kept."""
        if number not in self.recordings:
            raise MockServerError("nothing is recorded any more; ask inside the with block of recording()")
        return list(self.recordings[number].rows)

    def ended(self, exchange: Exchange, connection: int, port: int, *, whole: bool) -> None:
        """An exchange is over."""
        exchange.end(whole=whole)
        if self.recordings and exchange.counted:
            target = exchange.target
            what = target.ledger.name, exchange.request.method.decode("latin-1"), target.path, exchange.status
            times = exchange.began, monotonic(), exchange.delay_s
            row: list[object] = [*what, exchange.fault, whole, connection, port, *times]
            for recording in self.recordings.values():
                if recording.scope in (None, target.ledger.name):
                    recording.rows.append(row)
