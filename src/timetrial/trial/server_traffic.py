"""What a server attests of a trial: its requests, connections and concurrency, and how busy the server was."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final, Protocol

from timetrial.environment.facts import known
from timetrial.environment.limits import ephemeral_ports
from timetrial.trial import traffic_reasons as reasons
from timetrial.trial.void import Kind, Void

MOST_BUSY_SHARE: Final = 0.70
"""Of its measured ceiling; past it the server decides how fast a trial goes (docs/fairness.md)."""

SHORTEST_LOOK_S: Final = 0.05
"""Over less than this, what asking the server costs it would weigh as much as what it answered."""

MOST_OF_THE_PORTS: Final = 0.95


class Counters(Protocol):
    """What a server counted, as far as every trial asks for it; what else ``Load`` reads is used if it is there."""

    @property
    def requests_completed(self) -> int:
        """Requests answered, faults included, since the server started."""
        ...

    @property
    def connections_opened(self) -> int:
        """Connections accepted since the server started."""
        ...

    @property
    def bytes_out(self) -> int:
        """Bytes sent since the server started."""
        ...


class CountingServer(Protocol):
    """A server that can prove how many requests it answered; MockServer is one.

    One that has ``paths_asked()`` too, a mapping from each path to how often it was asked for so far, also proves that
    the models of a test ask for the same.
    """

    def counters(self) -> Counters:
        """A consistent snapshot."""
        ...


@dataclass(frozen=True)
class Load:
    """What a server did between two snapshots; ``cpu_s`` and ``in_flight_max`` are None where it doesn't tell.

    ``cpu_s_each`` is the CPU time of each of its processes.
    """

    requests: int = 0
    connections_opened: int = 0
    bytes_out: int = 0
    cpu_s_each: tuple[float, ...] | None = None
    delay_s: float = 0.0
    in_flight_max: int | None = None
    processes: int = 1

    @classmethod
    def between(cls, before: Counters, after: Counters) -> Load:
        """What was counted from ``before`` to ``after``."""
        return cls(
            requests=after.requests_completed - before.requests_completed,
            connections_opened=after.connections_opened - before.connections_opened,
            bytes_out=after.bytes_out - before.bytes_out,
            cpu_s_each=_cpu_s_each(before, after),
            delay_s=_grown(before, after, "delay_s") or 0.0,
            in_flight_max=_peak(before, after),
            processes=getattr(after, "processes", 1),
        )

    def __add__(self, other: Load) -> Load:
        """Both together."""
        peaks = [each for each in (self.in_flight_max, other.in_flight_max) if each is not None]
        return Load(
            self.requests + other.requests,
            self.connections_opened + other.connections_opened,
            self.bytes_out + other.bytes_out,
            _added(self.cpu_s_each, other.cpu_s_each),
            self.delay_s + other.delay_s,
            max(peaks, default=None),
            other.processes,
        )

    @property
    def cpu_s(self) -> float | None:
        """Of all its processes together."""
        return None if self.cpu_s_each is None else sum(self.cpu_s_each)


class Traffic:
    """Adds up what the server did for one trial, round by round, and finds what is wrong with it.

    With ``turns``, others may ask the same server between two rounds, so it is looked at before each round too.
    """

    def __init__(
        self, server: CountingServer, *, expected: int, concurrency: int, items: int, turns: bool = False
    ) -> None:
        self._server = server
        self._turns = turns
        self._expected = expected
        # An item that takes several requests may have all of them on their way at once.
        self._most_at_once = concurrency * max(1, math.ceil(expected / max(1, items)))
        self._at_once = min(concurrency, items, expected)
        self._before = server.counters()
        self._asking_cpu_s = Load.between(self._before, server.counters()).cpu_s_each or ()
        # A client that outlives its trial may use connections of its own that are open already.
        self._found_open: int = getattr(self._before, "connections_open", 0)
        self._opened: int | None = None
        self._round = Load()
        self._rounds: list[Load] = []

    def count_from_here(self) -> None:
        """Before each round: a resource may have asked for something, or another trial have had its turn."""
        if self._opened is not None and not self._turns:
            return  # nobody else asked for anything since the last round's end
        now = self._server.counters()
        if self._opened is None:
            self._opened = now.connections_opened - self._before.connections_opened
        self._before = now

    def round_over(self) -> None:
        """Straight after a round, so that the server's CPU time is that of the round."""
        now = self._server.counters()
        self._round = Load.between(self._before, now)
        self._before = now
        self._opened = self.connections_opened + self._round.connections_opened
        self._rounds.append(self._round)

    def forget_rounds(self) -> None:
        """The rounds so far were not timed; the connections that they opened remain."""
        self._rounds.clear()

    def paths(self) -> Mapping[str, int]:
        """How often each path was asked for so far; nothing of a server that doesn't tell."""
        asked = getattr(self._server, "paths_asked", None)
        paths: Mapping[str, int] = asked() if asked is not None else {}
        return paths

    def wrong_work(self) -> Void | None:
        """Why the latest round was not the work that was asked for, or None."""
        counted, most = self._round.requests, self._round.in_flight_max
        if counted != self._expected:
            return Void(Kind.REQUESTS, reasons.answered(counted, 1, self._expected))
        # Of several server processes each has a peak of its own, whose sum is no proof.
        if most is not None and most > self._most_at_once and self._round.processes == 1:
            return Void(Kind.CONCURRENCY, reasons.too_many_at_once(most, self._most_at_once))
        return None

    def unfair(self, durations_s: float) -> list[Void]:
        """Why the timed rounds mean nothing, though their work was right."""
        found = (
            self.too_small_a_pool(durations_s),
            self.server_bound(durations_s),
            ports_used_up(self.connections_opened, known(ephemeral_ports)),
        )
        return [each for each in found if each is not None]

    def too_small_a_pool(self, durations_s: float) -> Void | None:
        """Whether fewer requests were in flight than asked for since the client's pool had no room for more.

        Requests in flight at once take a connection each (HTTP/1.1), so fewer connections than that, in the whole
        life of the trial, prove that there never were so many. A client that opens connections anew proves nothing by
        their number: there, on delayed pages, the very same peak in flight in every one of many rounds gives its
        pool's size away.
        """
        opened, wanted = self.connections_opened, self._at_once
        if not self._rounds or wanted <= 1:
            return None
        if self._found_open + opened < wanted and self._held_up(durations_s):
            return Void(Kind.POOL, reasons.few_connections(opened, wanted))
        reopens = all(each.connections_opened for each in self._rounds)
        peak = self._steady_peak() if reopens or opened < wanted else None
        if peak is None or peak >= wanted:
            return None
        return Void(Kind.POOL, reasons.steady_peak(peak, wanted))

    def _held_up(self, durations_s: float) -> bool:
        """Whether it was the connections that there were too few of, and no slow client that needed no more.

        On delayed pages a round then has most of them in use at once. Of a few, a slow client may do so too, but
        leaves them idle in between. On other pages the two can't be told apart.
        """
        peaks = [each.in_flight_max for each in self._rounds if each.in_flight_max is not None]
        if not peaks or not all(each.delay_s for each in self._rounds):
            return True
        peak = statistics.median(peaks)
        busy_share = sum(each.delay_s for each in self._rounds) / (durations_s * max(1, peak))
        most_used = peak >= _BUSY_CONNECTIONS * self.connections_opened
        return most_used and (peak >= _LEAST_POOL or busy_share >= _BUSY_CONNECTIONS)

    def _steady_peak(self) -> int | None:
        """The peak of requests in flight, if it was the same in every round and can't be so by chance."""
        peaks = {each.in_flight_max for each in self._rounds}
        peak = self._rounds[0].in_flight_max
        telling = len(self._rounds) >= _ROUNDS_TO_TELL_BY and all(each.delay_s for each in self._rounds)
        return peak if peak is not None and peaks == {peak} and telling and peak >= _LEAST_POOL else None

    @property
    def connections_opened(self) -> int:
        """By the trial, from its opening on."""
        return self._opened or 0

    def server_bound(self, durations_s: float) -> Void | None:
        """Whether the server was past its share of its ceiling in the timed rounds."""
        share = self.busy_share(durations_s)
        if share is None or share <= MOST_BUSY_SHARE:
            return None
        return Void(Kind.SERVER_BOUND, reasons.near_ceiling(share, self._ceiling_per_s(), MOST_BUSY_SHARE))

    def busy_share(self, durations_s: float) -> float | None:
        """CPU time by wall time of the busiest server process in the timed rounds; None where that can't be told.

        The ceiling is what the server could answer until that process fills a core, by its CPU time for each of these
        requests; so this is at once how busy it was and how near to its ceiling.
        """
        cpu_s_each = self._cpu_s_each()
        if cpu_s_each is None or durations_s < SHORTEST_LOOK_S:
            return None
        return max(cpu_s_each) / durations_s

    def figures(self, durations_s: float) -> dict[str, Any]:
        """For JSON, of the timed rounds: what every server tells, and what this one tells beyond."""
        total = sum(self._rounds, Load(cpu_s_each=()))
        figures: dict[str, Any] = {
            "requests": total.requests,
            "connections_opened": total.connections_opened,
            "bytes_out": total.bytes_out,
        }
        if total.cpu_s is None or total.in_flight_max is None:
            return figures
        return figures | {
            "connections_ever": self.connections_opened,
            "requests_in_flight_max": total.in_flight_max,
            "cpu_s": None if (cpu_s_each := self._cpu_s_each()) is None else sum(cpu_s_each),
            "busy_share": self.busy_share(durations_s),
            "ceiling_requests_per_s": self._ceiling_per_s(),
        }

    def _cpu_s_each(self) -> tuple[float, ...] | None:
        """Each server process's CPU time in the timed rounds, without what asking it costs."""
        total = sum(self._rounds, Load(cpu_s_each=())).cpu_s_each
        if not total:
            return None
        both = zip_longest(total, self._asking_cpu_s, fillvalue=0.0)
        return tuple(max(0.0, cpu_s - asking_s * len(self._rounds)) for cpu_s, asking_s in both)

    def _ceiling_per_s(self) -> float | None:
        busiest_s, requests = max(self._cpu_s_each() or (0.0,)), sum(each.requests for each in self._rounds)
        return requests / busiest_s if busiest_s else None


def ports_used_up(connections: int, ports: Sequence[int] | None) -> Void | None:
    """Whether a trial opened so many connections that closed ones still hold the ports that new ones need.

    A closed connection holds its port for a minute (TIME_WAIT), longer than most trials last.
    """
    available = ports[1] - ports[0] + 1 if ports else None
    if available is None or connections < MOST_OF_THE_PORTS * available:
        return None
    return Void(Kind.LIMIT, reasons.no_ports(connections, available))


_ROUNDS_TO_TELL_BY: Final = 5
_LEAST_POOL: Final = 8  # below it, two rounds have the same peak by chance
_BUSY_CONNECTIONS: Final = 0.75  # of them, or of their time, with a delayed answer on its way: the client's is the rest


def _grown(before: Counters, after: Counters, name: str) -> float | None:
    one, other = getattr(before, name, None), getattr(after, name, None)
    return None if one is None or other is None else other - one


def _cpu_s_each(before: Counters, after: Counters) -> tuple[float, ...] | None:
    """What each process took; of a server that tells only their sum, an equal share of it."""
    one, other = (getattr(each, "cpu_s_by_process", ()) for each in (before, after))
    if other and len(one) == len(other):
        return tuple(now_s - then_s for then_s, now_s in zip(one, other, strict=True))
    cpu_s, processes = _grown(before, after, "cpu_s"), getattr(after, "processes", 1)
    return None if cpu_s is None else (cpu_s / processes,) * processes


def _added(one: tuple[float, ...] | None, other: tuple[float, ...] | None) -> tuple[float, ...] | None:
    if one is None or other is None:
        return None
    return tuple(each + more for each, more in zip_longest(one, other, fillvalue=0.0))


def _peak(before: Any, after: Any) -> int | None:
    """The most requests in flight between the two; only a server whose snapshots can be subtracted knows it."""
    if not hasattr(after, "requests_in_flight_max") or not hasattr(after, "__sub__"):
        return None
    peak: int = (after - before).requests_in_flight_max
    return peak
