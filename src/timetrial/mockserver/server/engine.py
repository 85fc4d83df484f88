"""What the connections of one server process share: counts, remembered targets and plans, the clock, the limits."""

from __future__ import annotations

import asyncio
import gc
from hmac import compare_digest
from itertools import count
from time import monotonic, process_time

from timetrial.errors import MockServerError
from timetrial.mockserver.behaviour import PLAIN
from timetrial.mockserver.bounded import Bounded
from timetrial.mockserver.server.counts import Counts, snapshot
from timetrial.mockserver.server.exchange import Exchange
from timetrial.mockserver.server.plans import Plan
from timetrial.mockserver.server.recordings import Recording
from timetrial.mockserver.server.resources import NoScope, NoToken
from timetrial.mockserver.server.routes import Routes
from timetrial.mockserver.server.services import Limits, Services
from timetrial.mockserver.server.targets import Target, resolve, split_url

_MOST_PLANS_BYTES = 64 * 2**20
# Of URLs whose answers depend on how many came before, and as much of the others, which can be made anew.
_MOST_TARGETS_BYTES = 64 * 2**20
_TICK_S = 0.1
# Objects, of which the collector looks at some five in a microsecond.
_FEW_OBJECTS, _MOST_UNCOLLECTED, _OF_A_REQUEST = 500, 20_000, 100
SCOPE_MARK = "/~"
_UNINVITED = "(without the token)"


class Engine:
    """The state of one server process; everything here runs in its event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, routes: Routes, limits: Limits, prefix: str = "") -> None:
        self.loop = loop
        self.routes = routes
        self.limits = limits
        self.prefix = prefix  # with the token, where one is needed
        self.services = Services(loop)
        self.clock = self.services.clock
        self.numbers = count(1)
        self.total = Counts("the whole server")
        self.unscoped = Counts("")
        self.scopes: dict[str, Counts] = {}
        self.remembered: Bounded[bytes, Plan] = Bounded(_MOST_PLANS_BYTES, Plan.fold)
        self.plans = self.remembered.values  # by the bytes of their requests
        self.targets: Bounded[bytes, Target] = Bounded(_MOST_TARGETS_BYTES)
        self.numbered: Bounded[bytes, Target] = Bounded(_MOST_TARGETS_BYTES)
        self.recordings: dict[int, Recording] = {}
        self.retired: list[Counts] = []
        self.lag_s = 0.0
        self.ticks = 0
        self._due = loop.time() + _TICK_S
        loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        """Renews the date and sees how late the loop is."""
        now = self.loop.time()
        lag = max(now - self._due, 0.0)
        self.lag_s += lag
        for counts in (self.total, *self.scopes.values()):
            counts.lag_peak_s = max(counts.lag_peak_s, lag)
        self.ticks += 1
        self.clock.tick()
        if self._may_collect():
            gc.collect()
            gc.freeze()  # what is remembered is not looked through again; answers leave no rings in it
        self._due = now + _TICK_S
        self.loop.call_at(self._due, self._tick)

    def _may_collect(self) -> bool:
        """Often, so that each takes little; while somebody waits, only where more has piled up than is in flight."""
        made = gc.get_count()[0]
        return made > (_MOST_UNCOLLECTED + _OF_A_REQUEST * self.total.pending if self.total.pending else _FEW_OBJECTS)

    def target(self, url: bytes) -> Target:
        """The target of a URL, remembered."""
        target = self.targets.get(url)
        if target is None:
            target = self.numbered.get(url)
        if target is None:
            target = self._resolve(url)
            if not isinstance(target.resource, (NoScope, NoToken)):
                (self.numbered if target.numbered else self.targets).keep(url, target, target.size_bytes(url))
        return target

    def _resolve(self, url: bytes) -> Target:
        path, query = split_url(url)
        counts = self.unscoped
        if self.prefix:
            given, path = path[: len(self.prefix)], path[len(self.prefix) :]
            if not compare_digest(given.encode("utf-8", "replace"), self.prefix.encode()) or path[:1] != "/":
                return Target(_UNINVITED, NoToken(), PLAIN, counts)
        if path.startswith(SCOPE_MARK):
            name, slash, rest = path[len(SCOPE_MARK) :].partition("/")
            if name not in self.scopes:
                return Target(path, NoScope(name), PLAIN, counts)
            counts, path = self.scopes[name], slash + rest
        resource, how = self.routes.find(path) or resolve(path, query)
        return Target(path, resource, how, counts)

    def remember(self, data: bytes, plan: Plan) -> None:
        """Answers the very same bytes from this plan from now on."""
        if not self.recordings:
            self.remembered.keep(data, plan, plan.size_bytes)

    def fold(self) -> None:
        """Brings all counts up to date."""
        for plan in self.plans.values():
            plan.fold()
        for counts in [counts for counts in self.retired if not counts.pending]:
            self.retired.remove(counts)
            self.unscoped.absorb(counts)

    def open_scope(self, name: str) -> None:
        """Counts for the URLs below ``/~name``."""
        self.scopes[name] = Counts(name)

    def close_scope(self, name: str) -> None:
        """Forgets the scope's URLs; its counts become the server's own once its last request has ended.

        Those of others stay remembered, with the number of requests that each of them had.
        """
        counts = self.scopes.pop(name)
        self.fold()
        for data in [data for data, plan in self.plans.items() if plan.counts is counts]:
            self.remembered.drop(data)
        for targets in (self.targets, self.numbered):
            for url in [url for url, target in targets.values.items() if target.counts is counts]:
                targets.drop(url)
        self.services.forget_queues(name)
        self.retired.append(counts)

    def _scope(self, name: str) -> Counts:
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
        all_counts = [self.unscoped, *self.retired, *self.scopes.values()] if scope is None else [self._scope(scope)]
        connections = self.total if scope is None else all_counts[0]
        return {
            "outcomes": [[path, status, n] for part in all_counts for (path, status), n in part.outcomes.items()],
            "connections": [tally.row() for tally in [*connections.gone, *connections.open]],
        }

    def record(self, scope: str | None, number: int, limit: int) -> None:
        """Keeps the scope's last ``limit`` requests one by one, at the price of the plans; 0 ends it.

        The parent numbers its recordings, so that each has an end of its own, also of several in the same scope.
        """
        if limit and scope is not None:
            self._scope(scope)
        self.remembered.clear()
        if limit:
            self.recordings[number] = Recording(scope, limit)
        else:
            self.recordings.pop(number, None)

    def recorded(self, _scope: str | None, number: int) -> list[list[object]]:
        """What the recording with this number has kept."""
        if number not in self.recordings:
            raise MockServerError("nothing is recorded any more; ask inside the with block of recording()")
        return self.recordings[number].all_rows()

    def ended(self, exchange: Exchange, connection: int, port: int, *, whole: bool) -> None:
        """An exchange is over."""
        exchange.end(whole=whole)
        if self.recordings and exchange.counted:
            target = exchange.target
            what = target.counts.name, exchange.request.method.decode("latin-1"), target.path, exchange.status
            times = exchange.began, monotonic(), exchange.delay_s
            row: list[object] = [*what, exchange.fault, whole, connection, port, *times]
            for recording in self.recordings.values():
                if recording.scope in (None, target.counts.name):
                    recording.add(row)
