"""The journal in detail: requests by path and status, by connection and client port, and one by one if asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ConnectionRecord:
    """One connection, as ``Journal`` lists it.

    ``connection``: its number in its server process, from 1. ``client_port``: the TCP port at its other end.
    ``requests``: how many came over it, in this part of the server. ``reset``: whether either side reset it; False
    while it is open.
    """

    connection: int
    client_port: int
    requests: int
    reset: bool


@dataclass(frozen=True)
class RequestRecord:
    """One request that has ended, as ``View.recording`` keeps it.

    ``scope``: the name of the part of the server that it was for, empty for the server's own. ``method``; ``path``:
    decoded, without prefix and query. ``status``: of its answer, also where a fault was done to it. ``fault``: its
    name, or empty. ``whole``: False where the client left before the end. ``connection`` and ``client_port``: as in
    ConnectionRecord. ``arrived_s`` and ``ended_s``: seconds of the server's monotonic clock, from its headers to its
    last byte. ``delay_s``: the delay that was asked for, without the time in a queue.
    """

    scope: str
    method: str
    path: str
    status: int
    fault: str
    whole: bool
    connection: int
    client_port: int
    arrived_s: float
    ended_s: float
    delay_s: float


@dataclass(frozen=True)
class Journal:
    """Requests that have ended, as ``View.journal`` tells them.

    ``by_path``: how many by path. ``by_outcome``: how many by path and status; a request that a fault was done to, or
    whose client left before the end, has the status 0. ``connections``: the last 10,000 that ended, and all open.

    Paths are decoded, and without a test's own prefix and the query. Once the outcomes of a part of the server take
    16 MiB, new ones are counted as ``(other paths)``; whoever came without the server's token is
    ``(without the token)``.
    """

    by_path: Mapping[str, int]
    by_outcome: Mapping[tuple[str, int], int]
    connections: Sequence[ConnectionRecord]


def journal_of(answers: Sequence[Mapping[str, Any]]) -> Journal:
    """The journal from what each server process sent."""
    outcomes: Counter[tuple[str, int]] = Counter()
    paths: Counter[str] = Counter()
    for answer in answers:
        for path, status, times in answer["outcomes"]:
            outcomes[path, status] += times
            paths[path] += times
    rows = (row for answer in answers for row in answer["connections"])
    connections = [ConnectionRecord(number, port, requests, bool(reset)) for number, port, requests, reset in rows]
    return Journal(dict(sorted(paths.items())), dict(sorted(outcomes.items())), connections)


def last_records(answers: Sequence[Sequence[Sequence[Any]]], limit: int) -> list[RequestRecord]:
    """The last requests to end, from what each server process sent, the oldest first."""
    records = [RequestRecord(*row) for answer in answers for row in answer]
    return sorted(records, key=lambda record: record.ended_s)[-limit:]
