"""The journal on the server's side: plain integers that a request adds to, and sums made only when asked."""

from __future__ import annotations

from collections import Counter, deque

_MOST_OUTCOMES_BYTES = 16 * 2**20
# What an outcome takes beside its path.
_OUTCOME_BYTES = 250
MOST_CONNECTIONS = 10_000
OTHER_PATHS = "(other paths)"


class Tally:
    """What one connection did in one part of the server."""

    __slots__ = ("client_port", "connection", "requests", "reset")

    def __init__(self, connection: int, client_port: int) -> None:
        self.connection = connection
        self.client_port = client_port
        self.requests = 0
        self.reset = False

    def row(self) -> list[int]:
        """For the control channel."""
        return [self.connection, self.client_port, self.requests, int(self.reset)]


class Counts:
    """The counts of one part of the server: a test's own prefix, or everything that has none.

    Requests that are answered from a plan are counted in the plan; ``fold`` adds them up when a snapshot is taken.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.absorbed = False  # by the server's own: what is counted here now would be lost
        self.arrived = self.completed = self.faulted = self.abandoned = self.malformed = 0
        self.pending = self.pending_peak = 0
        self.opened = self.closed = self.reused_closed = self.reset = self.open_peak = 0
        self.bytes_in = self.bytes_out = 0
        self.lag_peak_s = 0.0
        self.service_s = self.delay_s = self.delay_late_s = 0.0
        self.outcomes: Counter[tuple[str, int]] = Counter()
        self.outcomes_bytes = 0
        self.faults: Counter[str] = Counter()
        self.open: set[Tally] = set()
        self.gone: deque[Tally] = deque(maxlen=MOST_CONNECTIONS)

    def enter(self, tally: Tally) -> None:
        """A connection was opened, or first used for this part."""
        self.open.add(tally)
        self.opened += 1
        if len(self.open) > self.open_peak:
            self.open_peak = len(self.open)

    def leave(self, tally: Tally, *, reset: bool) -> None:
        """A connection ended."""
        self.open.discard(tally)
        self.closed += 1
        self.reused_closed += tally.requests > 1
        self.reset += reset
        tally.reset = reset
        self.gone.append(tally)

    def count(self, path: str, status: int, times: int = 1) -> None:
        """So many requests for the path were answered with the status; 0: they were not answered in full."""
        if (path, status) not in self.outcomes:
            size_bytes = _OUTCOME_BYTES + 2 * len(path)
            if self.outcomes_bytes + size_bytes > _MOST_OUTCOMES_BYTES:
                path = OTHER_PATHS
            else:
                self.outcomes_bytes += size_bytes
        self.outcomes[path, status] += times

    def take_peaks(self) -> dict[str, float]:
        """The most requests in flight, connections open and loop lag since this was last asked."""
        peaks = {"in_flight_max": self.pending_peak, "open_max": self.open_peak, "lag_max_s": self.lag_peak_s}
        self.pending_peak, self.open_peak, self.lag_peak_s = self.pending, len(self.open), 0.0
        return peaks

    def absorb(self, other: Counts) -> None:
        """Adds the sums of a part that is closed for good."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        other.absorbed = True
        for (path, status), times in other.outcomes.items():
            self.count(path, status, times)
        self.faults.update(other.faults)


# The sums that belong to requests; those of connections are the engine's own and not the sum of its parts'.
_SUMS = (
    "arrived",
    "completed",
    "faulted",
    "abandoned",
    "malformed",
    "bytes_in",
    "bytes_out",
    "service_s",
    "delay_s",
    "delay_late_s",
)


def snapshot(total: Counts, parts: list[Counts]) -> dict[str, object]:
    """The counts of the parts with the connections of ``total``, as sent over the control channel."""
    sums: dict[str, object] = {name: sum(getattr(part, name) for part in parts) for name in _SUMS}
    by_status: Counter[int] = Counter()
    by_fault: Counter[str] = Counter()
    for part in parts:
        by_fault.update(part.faults)
        for (_, status), times in part.outcomes.items():
            if status:
                by_status[status] += times
    return {
        **sums,
        **total.take_peaks(),
        "in_flight": total.pending,
        "opened": total.opened,
        "closed": total.closed,
        "open": len(total.open),
        "reused": total.reused_closed + sum(tally.requests > 1 for tally in total.open),
        "reset": total.reset,
        "by_status": dict(by_status),
        "by_fault": dict(by_fault),
    }
