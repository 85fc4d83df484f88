"""What the mock server counted, as a frozen snapshot; two of them can be subtracted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

KeyT = TypeVar("KeyT", int, str)

# Above this share of a core the server, not the client, decides how fast things go.
SATURATED_SHARE = 0.9
# A loop that is late by this much on average answers late too.
SATURATED_LAG_S = 0.005


@dataclass(frozen=True)
class Peaks:
    """The highest values between one snapshot and the next: numbers, and seconds for ``loop_lag_s``."""

    requests_in_flight: int = 0
    connections_open: int = 0
    loop_lag_s: float = 0.0


def highest(windows: Sequence[Peaks]) -> Peaks:
    """The highest value of each kind; zero where there are no windows."""
    return Peaks(*(max((getattr(window, f.name) for window in windows), default=0) for f in fields(Peaks)))


@dataclass(frozen=True)
class Counters:
    """The journal's counts at one moment, or between two of them: ``after - before``.

    Every request that arrived is in exactly one of ``requests_completed`` (answered in full, whatever the status),
    ``requests_faulted`` (a fault was done to it), ``requests_abandoned`` (the client left before the end) and
    ``requests_in_flight``. What was no valid HTTP is in ``requests_malformed`` only, unless its body went wrong
    after its headers had arrived.

    Numbers: ``requests_…``; ``requests_in_flight_max`` and ``connections_open_max`` are the most at once;
    ``connections_opened`` and ``…_closed``, ``…_open`` now, ``…_reused`` (over which more than one request came) and
    ``…_reset`` by either side; ``loop_ticks``, how often the loop's lag was looked at; ``processes``. ``by_status``:
    completed requests by status. ``by_fault``: requests by the fault that was done to them. Bytes: ``bytes_in`` and
    ``bytes_out``, heads and bodies as they went over the wire, without TLS.

    Seconds: ``service_s`` is the time spent answering, without the delays that were asked for; these are in
    ``delay_s``, and ``delay_late_s`` is by how much they were overrun. ``cpu_s`` is the server processes' own CPU
    time, and ``cpu_s_by_process`` that of each. ``wall_s`` is the time that has passed. ``loop_lag_s`` is the sum of
    what the event loop was late by at each tick, and ``loop_lag_max_s`` the largest of it.
    With several server processes the ``…_max`` figures are the sum of each one's: an upper bound.

    ``windows`` and ``window`` are for subtracting: the peaks between all snapshots, and how many of them came before
    this one.
    """

    requests_arrived: int = 0
    requests_completed: int = 0
    requests_faulted: int = 0
    requests_abandoned: int = 0
    requests_malformed: int = 0
    requests_in_flight: int = 0
    requests_in_flight_max: int = 0
    connections_opened: int = 0
    connections_closed: int = 0
    connections_open: int = 0
    connections_open_max: int = 0
    connections_reused: int = 0
    connections_reset: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    service_s: float = 0.0
    delay_s: float = 0.0
    delay_late_s: float = 0.0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    loop_lag_s: float = 0.0
    loop_lag_max_s: float = 0.0
    loop_ticks: int = 0
    processes: int = 1
    cpu_s_by_process: tuple[float, ...] = ()
    by_status: Mapping[int, int] = field(default_factory=dict)
    by_fault: Mapping[str, int] = field(default_factory=dict)
    windows: Sequence[Peaks] = field(default=(), repr=False, compare=False)
    window: int = field(default=0, repr=False, compare=False)

    def __sub__(self, before: Counters) -> Counters:
        """What was counted between ``before`` and this snapshot; the ``…_max`` figures are those of that time."""
        changed: dict[str, Any] = {name: getattr(self, name) - getattr(before, name) for name in _ADDITIVE}
        peaks = highest(self.windows[before.window : self.window])
        each_s = zip(self.cpu_s_by_process, before.cpu_s_by_process or [0.0] * self.processes, strict=False)
        changed["cpu_s_by_process"] = tuple(one - other for one, other in each_s)
        changed["by_status"] = _difference(self.by_status, before.by_status)
        changed["by_fault"] = _difference(self.by_fault, before.by_fault)
        return Counters(
            **changed,
            requests_in_flight=self.requests_in_flight,
            requests_in_flight_max=peaks.requests_in_flight,
            connections_open=self.connections_open,
            connections_open_max=peaks.connections_open,
            loop_lag_max_s=peaks.loop_lag_s,
            processes=self.processes,
            windows=self.windows,
            window=self.window,
        )

    @property
    def busy_share(self) -> float:
        """CPU time by wall time and process: 1.0 is a server that never rests."""
        return self.cpu_s / (self.wall_s * self.processes) if self.wall_s else 0.0

    @property
    def ceiling_requests_per_s(self) -> float:
        """How many such requests a second the server could answer, by its own CPU time for each."""
        return self.processes * self.requests_completed / self.cpu_s if self.cpu_s else float("inf")

    @property
    def loop_lag_mean_s(self) -> float:
        """How late the event loop was on average, asked ten times a second."""
        return self.loop_lag_s / self.loop_ticks if self.loop_ticks else 0.0

    @property
    def saturated(self) -> bool:
        """Whether the server was at its ceiling, so that times say more about it than about the client."""
        return self.busy_share > SATURATED_SHARE or self.loop_lag_mean_s > SATURATED_LAG_S


_GAUGES = {"requests_in_flight", "requests_in_flight_max", "connections_open", "connections_open_max"}
_OTHERS = {"loop_lag_max_s", "processes", "cpu_s_by_process", "by_status", "by_fault", "windows", "window"}
_ADDITIVE = tuple(f.name for f in fields(Counters) if f.name not in _GAUGES | _OTHERS)


def _difference(after: Mapping[KeyT, int], before: Mapping[KeyT, int]) -> dict[KeyT, int]:
    return {key: count - before.get(key, 0) for key, count in after.items() if count != before.get(key, 0)}
